package loo

import (
	"cmp"
	"fmt"
	"slices"
)

// Comparison places one of several models.
type Comparison struct {
	Model int // its place among those compared
	ELPD  Estimate
	// Difference is its elpd less that of the best model, summed over the points; the
	// standard error is that of the sum of the pointwise differences. Both are 0 for
	// the best one.
	Difference Estimate
}

// Compare orders models of the same points, the best first. Whether the points are
// the same data is for the caller to know: all that is seen here is that there are as
// many. A model whose elpd is NaN is the last.
func Compare(models ...Result) ([]Comparison, error) {
	var out []Comparison
	for i, m := range models {
		if n := len(models[0].Points); len(m.Points) != n {
			return nil, fmt.Errorf("model 1 has %d points and model %d has %d: they are not fits of the same data", n, i+1, len(m.Points))
		}
		out = append(out, Comparison{Model: i, ELPD: m.ELPD()})
	}
	slices.SortStableFunc(out, func(a, b Comparison) int { return cmp.Compare(b.ELPD.Value, a.ELPD.Value) }) // NaN is the least
	for i := 1; i < len(out); i++ {
		out[i].Difference = difference(models[out[0].Model], models[out[i].Model])
	}
	return out, nil
}

// difference is that of two models' elpd, points on which both say the same, be it −Inf,
// counting 0.
func difference(best, m Result) Estimate {
	return total(len(best.Points), func(i int) float64 {
		a, b := m.Points[i].ELPD, best.Points[i].ELPD
		if a == b {
			return 0
		}
		return a - b
	})
}

package inference

import (
	"math"

	"ppl/graph"
	"ppl/inference/target"
)

// mostReported numbers are looked at for their precision.
const mostReported = 300

// Monte-Carlo errors that are aimed at: of an sd, relative to it, and of the quantiles at
// 5 and 95 %, relative to the width between them in sds of a normal.
const (
	preciseSD       = 0.05
	preciseQuantile = 0.05
	normalWidth     = 3.29
)

// coarse is the largest Monte-Carlo error of the sds and quantiles that are reported, in
// multiples of what is aimed at: above 1, more draws are called for.
func (f *fitter) coarse(w *Weighted) (float64, error) {
	if f.reporter == nil {
		r, err := f.t.NewReporter(target.Lanes)
		if err != nil {
			return 0, err
		}
		f.reporter = r
	}
	values, err := f.reporter.Report(w.U)
	if err != nil {
		return 0, err
	}
	n := w.N()
	weights := w.W
	if weights == nil {
		weights = fill(make([]float64, n), 1/float64(n))
	}
	worst, seen := 0.0, 0
	for _, columns := range values {
		for at := 0; at < len(columns) && seen < mostReported; at += n {
			x := columns[at : at+n]
			if seen++; !graph.AllFinite(x) {
				continue
			}
			g := describe(x, weights, max(1, w.Chains))
			if width := (g.high - g.low) / normalWidth; width > 0 && g.sd > 1e-12*math.Abs(g.mean) && graph.Finite(g.errSD) {
				worst = math.Max(worst, g.errSD/preciseSD)
				worst = math.Max(worst, math.Max(g.errLow, g.errHigh)/width/preciseQuantile)
			}
		}
	}
	return worst, nil
}

package random

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/optimize"
)

// seeds are places of one branch that its integral must see: local maxima, from
// the best of many random points and from the family's own starts.
func (g *grid) seeds(branch int) [][]float64 {
	r := rand.New(rand.NewPCG(1, uint64(branch)))
	type place struct {
		u     []float64
		level float64
	}
	places := make([]place, 0, 400)
	for range 300 * len(g.lo) {
		u := make([]float64, len(g.lo))
		for i := range u {
			u[i] = g.lo[i] + r.Float64()*(g.hi[i]-g.lo[i])
		}
		if v := g.log(u, branch); !math.IsNaN(v) {
			places = append(places, place{u, v})
		}
	}
	slices.SortStableFunc(places, func(a, b place) int { return cmp.Compare(b.level, a.level) })
	from := slices.Clone(g.starts)
	climbs := 12
	if g.branches > 4 {
		climbs = 3
	}
	for k := range min(climbs, len(places)) {
		if k >= climbs/2 {
			k = r.IntN(1 + len(places)/4) // not all from the best mode
		}
		from = append(from, places[k].u)
	}
	out := make([][]float64, 0, len(from))
	for _, u := range from {
		out = append(out, g.climb(u, branch))
	}
	return out
}

// climb goes to a local maximum in the box.
func (g *grid) climb(from []float64, branch int) []float64 {
	inside := func(z []float64) []float64 {
		u := make([]float64, len(z))
		for i := range z {
			u[i] = min(max(g.lo[i]+z[i]*(g.hi[i]-g.lo[i]), g.lo[i]), g.hi[i])
		}
		return u
	}
	start := make([]float64, len(from))
	for i := range from {
		start[i] = (from[i] - g.lo[i]) / (g.hi[i] - g.lo[i])
	}
	loss := func(z []float64) float64 {
		v := -g.log(inside(z), branch)
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return 1e300
		}
		return v
	}
	result, err := optimize.Minimize(optimize.Problem{Func: loss}, start,
		&optimize.Settings{FuncEvaluations: 200 * len(from)}, &optimize.NelderMead{SimplexSize: 0.01})
	if result == nil || (err != nil && result.X == nil) {
		return from
	}
	return inside(result.X)
}

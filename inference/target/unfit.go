package target

import (
	"ppl/graph"
	"ppl/graph/lower"
	"ppl/graph/named"
	"ppl/guide"
	"ppl/inference/random"
	"ppl/lang/diag"
)

// unfitElements bounds the arrays of Unfit, in which nothing is thrown away.
const unfitElements = 1 << 22

// Unfit names the data for which the log density is not finite at any of some
// starting points: see lower.Unfit. It looks at 16, or at fewer if the model is
// large.
func (t *Target) Unfit(seed uint64) diag.List {
	for _, s := range []int{16, 4, 1} {
		b := named.New()
		ax := &named.Axis{Name: "particle", Size: s, Class: named.Particle}
		u := b.G.Constant(graph.Shape{s, t.D}, t.someStarts(seed, s))
		opt := t.Options
		opt.Elements = unfitElements
		if found := lower.Unfit(t.Model, t.Data, &guide.Packed{U: b.Wrap(u, ax), Centring: t.Centring}, b, opt); len(found) > 0 {
			return found
		}
	}
	return nil
}

// someStarts are points such as fits start from, closer to the origin of the
// unconstrained scale and farther. The origin itself, where many parameters are 1,
// is none: a density there may be finite, and its gradient not.
func (t *Target) someStarts(seed uint64, n int) []float64 {
	u := make([]float64, n*t.D)
	widths := []float64{0.5, 2, 5}
	for k := range n {
		r := random.Stream(seed, "unfit", k)
		for i := range t.D {
			u[k*t.D+i] = (2*r.Float64() - 1) * widths[k%len(widths)]
		}
	}
	return u
}

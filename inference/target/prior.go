package target

import (
	"math"
	"math/rand/v2"

	"ppl/graph/lower"
	"ppl/graph/named"
	"ppl/guide"
	"ppl/lang"
)

// PriorPoints draws n points from the prior of the latents, rows of the unconstrained
// scale. Coordinates that a draw has no value for are NaN (missing elements of data, a
// value that rounding put on a bound). It is nil where the prior cannot be drawn from:
// an improper one, say.
func (t *Target) PriorPoints(r *rand.Rand, n int, halted func() bool) []float64 {
	if t.Written() {
		return nil // of the noise of a draw there is no telling
	}
	if t.Block != nil {
		return pickColumns(t.whole.PriorPoints(r, n, halted), t.whole.D, t.Block.Outside)
	}
	out := make([]float64, 0, n*t.D)
	opt := t.Options
	opt.LatentsOnly = true
	for range n {
		if halted() {
			return nil
		}
		drawn, ds := lower.SimulateLatents(t.Model, t.Data, r)
		if ds.HasErrors() {
			return nil
		}
		values := map[*lang.Symbol]*lower.Array{}
		for _, x := range drawn.Latents {
			values[x.Symbol] = x.Array
		}
		u := t.unpack(values, opt)
		if len(u) != t.D && opt.LatentsOnly { // missing data are latents, too
			opt = t.Options
			u = t.unpack(values, opt)
		}
		if len(u) != t.D {
			return nil
		}
		out = append(out, u...)
	}
	return out
}

// pickColumns are some of the d columns of rows; nil of none.
func pickColumns(rows []float64, d int, columns []int) []float64 {
	var out []float64
	for at := 0; at < len(rows); at += d {
		for _, c := range columns {
			out = append(out, rows[at+c])
		}
	}
	return out
}

// unpack are the unconstrained numbers of the values of latents.
func (t *Target) unpack(values map[*lang.Symbol]*lower.Array, opt lower.Options) []float64 {
	p := &guide.Unpacked{Centring: t.Centring, Values: values}
	if _, ds := lower.LowerWith(t.Model, t.Data, p, bare(), opt); ds.HasErrors() && allNaN(p.U) {
		return nil
	}
	return p.U
}

// bare makes graphs that are only looked at.
func bare() *named.Builder {
	b := named.New()
	b.G.Bare = true
	return b
}

func allNaN(x []float64) bool {
	for _, v := range x {
		if !math.IsNaN(v) {
			return false
		}
	}
	return true
}

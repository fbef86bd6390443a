package dist

import (
	"math"
	"math/rand/v2"

	"ppl/graph"
	"ppl/graph/kernel"
	"ppl/graph/named"
)

// SampleTruncated draws from d truncated to (lower, upper), or to the integers
// lower..upper; infinite bounds are none. It rejects draws outside, and where
// the interval is too far out for that it inverts the distribution function,
// from whichever tail is smaller, by bisection on the log scale: slow, but
// exact to rounding. It gives NaN if the interval has no mass.
func SampleTruncated(r *rand.Rand, d *Dist, p Numbers, lower, upper float64) float64 {
	if d.Sample == nil { // Flat: proper on a bounded interval
		return lower + (upper-lower)*open01(r)
	}
	discrete := d.Support.Discrete()
	var out [1]float64
	for i := 0; i < 100; i++ {
		d.Sample(r, p, out[:])
		if x := out[0]; x > lower && x < upper || discrete && (x == lower || x == upper) {
			return x
		}
	}
	if d.LogCDF == nil {
		return math.NaN()
	}
	if discrete {
		lower = math.Ceil(lower) - 1 // P(X ≥ l) is P(X > l − 1)
	}
	return invert(r, d, p, lower, upper)
}

// invert finds the x in (lower, upper] with log F(x), or log(1 − F(x)), at a
// level that is uniform between those of the bounds.
func invert(r *rand.Rand, d *Dist, p Numbers, lower, upper float64) float64 {
	cdf, survival := d.tail(d.LogCDF, p), d.tail(d.LogSurvival, p)
	f, s := cdf(lower, upper), survival(lower, upper)
	left := f[1] < s[0]
	tail, small, large := survival, s[1], s[0]
	if left {
		tail, small, large = cdf, f[0], f[1]
	}
	level := kernel.LogSumExp2(small, math.Log(open01(r))+kernel.LogDiffExp(large, small))
	if math.IsNaN(level) || math.IsInf(level, -1) {
		return math.NaN()
	}
	h := &halving{discrete: d.Support.Discrete(), below: func(x ...float64) []bool {
		out := make([]bool, len(x))
		for i, v := range tail(x...) {
			out[i] = (v < level) == left
		}
		return out
	}}
	h.lo, h.hi = bracket(lower, upper, func(x float64) bool { return h.below(x)[0] })
	for i := 0; i < 2000 && h.narrow(); i += ahead {
	}
	if h.hi == upper && !h.discrete { // the interval is open
		return h.lo
	}
	return h.hi
}

// halving is a bisection that decides several halvings by one evaluation, of all the
// middles that they may come to: it builds a graph, which takes longer than the numbers.
type halving struct {
	lo, hi   float64
	discrete bool
	below    func(x ...float64) []bool
}

// ahead is the number of halvings of one evaluation.
const ahead = 4

// middle of an interval; false if there is nothing between its ends.
func (h *halving) middle(lo, hi float64) (mid float64, ok bool) {
	mid = lo + (hi-lo)/2
	if h.discrete {
		mid = math.Floor(mid)
	}
	return mid, !(mid <= lo || mid >= hi)
}

// narrow halves the interval up to ahead times; false if there is no more to do.
func (h *halving) narrow() bool {
	var middles [1<<ahead - 1]float64 // of the halves of middles[i]: 2i+1 and 2i+2
	h.fill(middles[:], 0, h.lo, h.hi)
	below := h.below(middles[:]...)
	for i := 0; i < len(middles); {
		mid, ok := h.middle(h.lo, h.hi)
		if !ok {
			return false
		}
		if below[i] {
			h.lo, i = mid, 2*i+2
		} else {
			h.hi, i = mid, 2*i+1
		}
	}
	return true
}

// fill sets the middles that halving (lo, hi) may come to, from number i on.
func (h *halving) fill(middles []float64, i int, lo, hi float64) {
	if i < len(middles) {
		mid, _ := h.middle(lo, hi)
		middles[i] = mid
		h.fill(middles, 2*i+1, lo, mid)
		h.fill(middles, 2*i+2, mid, hi)
	}
}

// bracket replaces infinite ends by ones that enclose the change of below.
func bracket(lower, upper float64, below func(x float64) bool) (lo, hi float64) {
	lo, hi = lower, upper
	from := 0.0
	if !math.IsInf(lower, 0) {
		from = lower
	} else if !math.IsInf(upper, 0) {
		from = upper
	}
	for step := 1.0; math.IsInf(hi, 1) && step < huge/4; step *= 2 {
		if !below(from + step) {
			hi = from + step
		}
	}
	for step := 1.0; math.IsInf(lo, -1) && step < huge/4; step *= 2 {
		if below(from - step) {
			lo = from - step
		}
	}
	return lo, hi
}

// tail evaluates a log distribution function at numbers.
func (d *Dist) tail(f func(b *named.Builder, x named.Value, p Params) named.Value, p Numbers) func(x ...float64) []float64 {
	return func(x ...float64) []float64 {
		b := named.New()
		q := Params{Form: p.Form, Values: map[string]named.Value{}}
		for _, s := range d.Forms[p.Form].Params {
			v, shape := p.Values[s.Name], graph.Shape{}
			if s.Rank > 0 {
				shape = graph.Shape{len(v)}
			}
			q.Values[s.Name] = b.Array(shape, v)
		}
		points := &named.Axis{Name: "points", Size: len(x), Class: named.Particle}
		return b.With(f(b, b.Wrap(b.G.Constant(graph.Shape{len(x)}, x), points), q), points).Const()
	}
}

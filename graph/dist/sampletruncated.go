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
	left := cdf(upper) < survival(lower)
	tail, small, large := survival, survival(upper), survival(lower)
	if left {
		tail, small, large = cdf, cdf(lower), cdf(upper)
	}
	level := kernel.LogSumExp2(small, math.Log(open01(r))+kernel.LogDiffExp(large, small))
	if math.IsNaN(level) || math.IsInf(level, -1) {
		return math.NaN()
	}
	below := func(x float64) bool { return (tail(x) < level) == left }
	lo, hi := bracket(lower, upper, below)
	for i := 0; i < 2000; i++ {
		mid := lo + (hi-lo)/2
		if d.Support.Discrete() {
			mid = math.Floor(mid)
		}
		if mid <= lo || mid >= hi {
			break
		}
		if below(mid) {
			lo = mid
		} else {
			hi = mid
		}
	}
	if hi == upper && !d.Support.Discrete() { // the interval is open
		return lo
	}
	return hi
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
func (d *Dist) tail(f func(b *named.Builder, x named.Value, p Params) named.Value, p Numbers) func(x float64) float64 {
	return func(x float64) float64 {
		b := named.New()
		q := Params{Form: p.Form, Values: map[string]named.Value{}}
		for _, s := range d.Forms[p.Form].Params {
			v, shape := p.Values[s.Name], graph.Shape{}
			if s.Rank > 0 {
				shape = graph.Shape{len(v)}
			}
			q.Values[s.Name] = b.Array(shape, v)
		}
		return f(b, b.Scalar(x), q).Const()[0]
	}
}

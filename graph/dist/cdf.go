package dist

import (
	"fmt"
	"math"

	"ppl/graph/named"
	"ppl/graph/op"
)

// Distribution functions, of distributions truncated or not, at any argument.

// LogTail is log P(X ≤ x), or log P(X > x) if above, for X distributed as d
// truncated to (lower, upper), or to the integers lower..upper; nil bounds are
// none. x may be anything, infinite or beyond the support: the probability is then
// 0 or 1, and has the derivative 0. For an integer P(X > x) leaves x itself out.
func LogTail(b *named.Builder, d *Dist, x named.Value, p Params, above bool, lower, upper *named.Value) (named.Value, error) {
	switch {
	case d.LogCDF == nil:
		return named.Value{}, fmt.Errorf("%s has no distribution function: %s", d.Name, d.NoCDF)
	case unbounded(lower) && unbounded(upper):
		v := d.logTail(b, x, p, above)
		return v, d.known(v)
	case d.NoTruncation != "":
		return named.Value{}, fmt.Errorf("%s cannot be truncated: %s", d.Name, d.NoTruncation)
	}
	return d.truncatedTail(b, x, p, above, lower, upper)
}

// known reports a distribution function that could not be built.
func (d *Dist) known(v named.Value) error {
	if v.Valid() {
		return nil
	}
	return fmt.Errorf("the distribution function of %s is a sum over its values, whose number must be known from the data", d.Name)
}

// logTail replaces arguments at which the probability is 0 or 1 by one inside
// the support: what a distribution function makes of those is never asked for.
func (d *Dist) logTail(b *named.Builder, x named.Value, p Params, above bool) named.Value {
	s := d.bounds(b, p)
	zero, one := b.Scalar(negInf), b.Scalar(0) // the log of the cdf below and beyond the support
	f := d.LogCDF
	if above {
		zero, one, f = one, zero, d.LogSurvival
	}
	begun := b.Greater(x, s.lower)
	if d.Support.Discrete() {
		begun = b.GreaterEq(x, s.lower)
	}
	over := b.GreaterEq(x, s.upper)
	inside := newCut(b, x, b.And(begun, b.Not(over)), s.inside)
	if !inside.some {
		return b.Where(over, one, zero)
	}
	v := f(b, inside.at, p)
	if !v.Valid() {
		return v
	}
	return inside.where(b, v, b.Where(over, one, zero))
}

// truncatedTail is the log probability of what the interval has on one side of x.
func (d *Dist) truncatedTail(b *named.Builder, x named.Value, p Params, above bool, lower, upper *named.Value) (named.Value, error) {
	from, to := b.Scalar(math.Inf(-1)), b.Scalar(math.Inf(1))
	if d.Support.Discrete() {
		x = b.Apply(op.Floor, x)
	}
	switch {
	case !above:
		to = x
	case d.Support.Discrete(): // P(X > x) is P(X ≥ ⌊x⌋ + 1)
		from = b.AddScalar(x, 1)
	default:
		from = x
	}
	return LogInterval(b, d, p, from, to, lower, upper)
}

// Possible is 1 where the interval from..to has a part of the support of d, else 0.
func Possible(b *named.Builder, d *Dist, p Params, from, to named.Value) named.Value {
	s := d.bounds(b, p)
	if d.Support.Discrete() {
		return b.And(b.GreaterEq(to, s.lower), b.LessEq(from, s.upper))
	}
	return b.And(b.Greater(to, s.lower), b.Less(from, s.upper))
}

// LogInterval is log P(from < X < to), for integers log P(from ≤ X ≤ to), for X
// distributed as d truncated to (lower, upper), or to lower..upper; nil bounds are
// none. Elements of all of these may be infinite or lie beyond the support.
func LogInterval(b *named.Builder, d *Dist, p Params, from, to named.Value, lower, upper *named.Value) (named.Value, error) {
	if unbounded(lower) && unbounded(upper) {
		v := logProbability(b, d, p, &from, &to)
		return v, d.known(v)
	}
	all := logProbability(b, d, p, lower, upper)
	if err := d.known(all); err != nil {
		return all, err
	}
	least, most := b.Scalar(math.Inf(-1)), b.Scalar(math.Inf(1))
	if lower != nil {
		least = *lower
	}
	if upper != nil {
		most = *upper
	}
	// What the two intervals share; where that is nothing, the derivatives are those of the whole.
	l, u := b.Max(from, least), b.Min(to, most)
	some := b.Less(l, u)
	if d.Support.Discrete() {
		some = b.LessEq(l, u)
	}
	l, u = b.Where(some, l, least), b.Where(some, u, most)
	part := logProbability(b, d, p, &l, &u)
	return b.Where(some, b.Sub(part, all), b.Scalar(negInf)), nil
}

// sumTail is a tail of a distribution over the integers lower..upper that has no
// closed form: the log of the sum of the masses at most x, or beyond it. The terms are
// all of one sign, so that either tail is accurate. It is no value if the data do
// not tell how many there are.
func sumTail(b *named.Builder, density func(*named.Builder, named.Value, Params) Terms, x named.Value, p Params, lower, upper named.Value, cdf bool) named.Value {
	if !lower.IsConst() || !upper.IsConst() {
		return named.Value{}
	}
	least, most := math.Inf(1), math.Inf(-1)
	for _, v := range lower.Const() {
		least = math.Min(least, v)
	}
	for _, v := range upper.Const() {
		most = math.Max(most, v)
	}
	if !(most >= least) {
		return b.Where(b.Less(x, lower), b.Scalar(0), b.Scalar(negInf))
	}
	axis := &named.Axis{Name: "value", Size: int(most-least) + 1, Class: named.Comprehension, Depth: math.MaxInt32}
	k := b.Counter(axis, int(least))
	valid := b.And(b.GreaterEq(k, lower), b.LessEq(k, upper))
	side := b.Greater(k, x)
	if cdf {
		side = b.LessEq(k, x)
	}
	p.Inside = false
	ts := density(b, b.Where(valid, k, lower), p)
	masses := b.Where(b.And(valid, side), b.Total(ts[0], ts[1:]...), b.Scalar(negInf))
	return b.Min(b.ReduceAxis(op.LogSumExp, b.With(masses, axis), axis), b.Scalar(0)) // all of it, and rounding
}

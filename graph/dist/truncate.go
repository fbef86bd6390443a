package dist

import (
	"fmt"
	"math"

	"ppl/graph/named"
	"ppl/lang"
)

// Truncated is the log density at x of d truncated to the open interval
// (lower, upper), or to the integers lower..upper for a discrete d, and
// normalised; Flat alone is never normalised. A nil bound is none. Bounds may
// depend on anything and vary along any axis, and any of their elements may be
// infinite or lie beyond the support: such an element cuts nothing off.
//
// The normaliser is log(F(u) − F(l)), found as a log-difference of whichever
// of the two tails is the smaller at the interval: both log F and log(1 − F)
// are accurate in their tails, so an interval 40 standard deviations out is as
// good as one around the mode.
func Truncated(b *named.Builder, d *Dist, x named.Value, p Params, lower, upper *named.Value) (Terms, error) {
	if unbounded(lower) && unbounded(upper) {
		return d.LogDensity(b, x, p), nil
	}
	if d.NoTruncation != "" {
		return nil, fmt.Errorf("%s cannot be truncated: %s", d.Name, d.NoTruncation)
	}
	ts := append(Terms(nil), d.LogDensity(b, x, p)...)
	if d.LogCDF != nil {
		mass := logProbability(b, d, p, lower, upper)
		if err := d.known(mass); err != nil {
			return nil, err
		}
		if c, ok := mass.N.ConstScalar(); !ok || c != 0 {
			ts = append(ts, b.Neg(mass))
		}
	}
	return p.guard(b, ts, func() named.Value { return inBounds(b, d, x, lower, upper) }), nil
}

// unbounded reports whether a bound is known to be infinite.
func unbounded(v *named.Value) bool {
	if v == nil {
		return true
	}
	c, ok := v.N.ConstScalar()
	return ok && math.IsInf(c, 0)
}

func inBounds(b *named.Builder, d *Dist, x named.Value, lower, upper *named.Value) named.Value {
	in := b.Scalar(1)
	if d.Ends != [2]float64{} { // angles: the density goes on beyond
		in = b.And(b.GreaterEq(x, b.Scalar(d.Ends[0])), b.LessEq(x, b.Scalar(d.Ends[1])))
	}
	closed := d.Support.Discrete()
	if !unbounded(lower) {
		if closed {
			in = b.And(in, b.GreaterEq(x, *lower))
		} else {
			in = b.And(in, b.Greater(x, *lower))
		}
	}
	if !unbounded(upper) {
		if closed {
			in = b.And(in, b.LessEq(x, *upper))
		} else {
			in = b.And(in, b.Less(x, *upper))
		}
	}
	return in
}

// cut is a bound of a truncation, with what it takes off the support.
type cut struct {
	at   named.Value // inside the support throughout: elements that cut nothing are replaced
	on   named.Value // 1 where the element takes something off; unless every
	some bool        // some elements may
	all  bool        // every element does
}

// cuts finds which elements of the bounds take something off the support: an
// infinite one does not, nor does the 0 of LogNormal(0, 1) in (0, 3). What a
// distribution function makes of those is never asked for: its value would be
// right, but its derivatives at infinity or at the edge of the support are no numbers.
func (d *Dist) cuts(b *named.Builder, p Params, lower, upper *named.Value) (l, u cut) {
	s := d.bounds(b, p)
	if lower != nil {
		l = newCut(b, *lower, b.Greater(*lower, s.lower), s.inside)
	}
	if upper != nil {
		u = newCut(b, *upper, b.Less(*upper, s.upper), s.inside)
	}
	return l, u
}

func newCut(b *named.Builder, at, on, inside named.Value) cut {
	c := cut{at: at, on: on, some: true}
	if on.IsConst() {
		n := 0
		for _, v := range on.Const() {
			if v != 0 {
				n++
			}
		}
		c.some, c.all = n > 0, n == len(on.Const())
	}
	if !c.all {
		c.at = b.Where(on, at, inside)
	}
	return c
}

// line is a support on the line: its ends, and a point between them.
type line struct{ lower, upper, inside named.Value }

// bounds are the ends of the support of a univariate distribution.
func (d *Dist) bounds(b *named.Builder, p Params) line {
	num := func(lower, upper, inside float64) line {
		return line{b.Scalar(lower), b.Scalar(upper), b.Scalar(inside)}
	}
	inf := math.Inf(1)
	switch s := d.SupportOf(p); s.Kind {
	case lang.SupportPositive:
		return num(0, inf, 1)
	case lang.SupportUnit:
		return num(0, 1, 0.5)
	case lang.SupportLower:
		return line{s.Lower, b.Scalar(inf), b.AddScalar(s.Lower, 1)}
	case lang.SupportInterval:
		return line{s.Lower, s.Upper, b.Scale(0.5, b.Add(s.Lower, s.Upper))}
	case lang.SupportCircle:
		return num(s.Min, s.Max, 0)
	case lang.SupportNaturals:
		return num(0, inf, 0)
	case lang.SupportBool:
		return num(0, 1, 0)
	case lang.SupportCategories:
		return num(1, float64(s.Count), 1)
	case lang.SupportIntRange:
		lower := b.Scalar(0)
		if s.Lower.Valid() {
			lower = s.Lower
		}
		return line{lower, s.Upper, lower}
	}
	return num(-inf, inf, 0)
}

// logProbability is the log probability of the interval from lower to upper, nil
// where there is none: open, or closed for a discrete distribution. It is no value where LogCDF is none.
func logProbability(b *named.Builder, d *Dist, p Params, lower, upper *named.Value) named.Value {
	l, u := d.cuts(b, p, lower, upper)
	if d.Support.Discrete() && l.some { // P(X ≥ l) is P(X > l − 1)
		l.at = b.AddScalar(l.at, -1)
	}
	if !l.some && !u.some {
		return b.Scalar(0)
	}
	var fu, sl named.Value
	if u.some {
		fu = d.LogCDF(b, u.at, p)
	}
	if l.some {
		sl = d.LogSurvival(b, l.at, p)
	}
	switch {
	case u.some && !fu.Valid() || l.some && !sl.Valid():
		return named.Value{}
	case !l.some:
		return u.where(b, fu, b.Scalar(0))
	case !u.some:
		return l.where(b, sl, b.Scalar(0))
	}
	left := b.Less(fu, sl) // from the left tail
	large := b.Where(left, fu, sl)
	small := b.Where(left, d.LogCDF(b, l.at, p), d.LogSurvival(b, u.at, p))
	if l.all && u.all {
		return b.LogDiffExp(large, small)
	}
	// Rows of one bound: of them the difference is not asked for, its derivatives would be infinite.
	both := l.where(b, u.where(b, b.Scalar(1), b.Scalar(0)), b.Scalar(0))
	difference := b.LogDiffExp(b.Where(both, large, b.Scalar(0)), b.Where(both, small, b.Scalar(-1)))
	return b.Where(both, difference, l.where(b, sl, u.where(b, fu, b.Scalar(0))))
}

// where is yes for the elements that cut, no for the others.
func (c cut) where(b *named.Builder, yes, no named.Value) named.Value {
	if c.all {
		return yes
	}
	return b.Where(c.on, yes, no)
}

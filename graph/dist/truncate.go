package dist

import (
	"fmt"
	"math"

	"ppl/graph/named"
	"ppl/lang"
)

// Truncated is the log density at x of d truncated to the open interval
// (lower, upper), or to the integers lower..upper for a discrete d, and
// normalised; Flat alone is never normalised. A nil bound, or one known to be
// infinite, is none. Bounds may depend on anything.
//
// The normaliser is log(F(u) − F(l)), found as a log-difference of whichever
// of the two tails is the smaller at the interval: both log F and log(1 − F)
// are accurate in their tails, so an interval 40 standard deviations out is as
// good as one around the mode.
func Truncated(b *named.Builder, d *Dist, x named.Value, p Params, lower, upper *named.Value) (Terms, error) {
	lower, upper = finite(lower), finite(upper)
	if lower == nil && upper == nil {
		return d.LogDensity(b, x, p), nil
	}
	if d.NoTruncation != "" {
		return nil, fmt.Errorf("%s cannot be truncated: %s", d.Name, d.NoTruncation)
	}
	ts := append(Terms(nil), d.LogDensity(b, x, p)...)
	if l, u := d.cuts(lower, upper); d.LogCDF != nil && (l != nil || u != nil) {
		ts = append(ts, b.Neg(logProbability(b, d, p, l, u)))
	}
	return p.guard(b, ts, func() named.Value { return inBounds(b, d, x, lower, upper) }), nil
}

// finite drops a bound that is known to be infinite.
func finite(v *named.Value) *named.Value {
	if v == nil {
		return nil
	}
	if c, ok := v.N.ConstScalar(); ok && math.IsInf(c, 0) {
		return nil
	}
	return v
}

// cuts drops a known bound that takes nothing off the support: the 0 of
// HalfNormal(1) in (0, 3).
func (d *Dist) cuts(lower, upper *named.Value) (l, u *named.Value) {
	from, to := math.Inf(-1), math.Inf(1)
	switch d.Support {
	case lang.SupportUnit:
		from, to = 0, 1
	case lang.SupportPositive, lang.SupportNaturals:
		from = 0
	case lang.SupportIntRange:
		if d.Lower == "" {
			from = 0
		}
	}
	if lower != nil {
		if c, ok := lower.N.ConstScalar(); ok && c <= from {
			lower = nil
		}
	}
	if upper != nil {
		if c, ok := upper.N.ConstScalar(); ok && c >= to {
			upper = nil
		}
	}
	return lower, upper
}

func inBounds(b *named.Builder, d *Dist, x named.Value, lower, upper *named.Value) named.Value {
	in := b.Scalar(1)
	closed := d.Support.Discrete()
	if lower != nil {
		if closed {
			in = b.GreaterEq(x, *lower)
		} else {
			in = b.Greater(x, *lower)
		}
	}
	if upper != nil {
		if closed {
			in = b.And(in, b.LessEq(x, *upper))
		} else {
			in = b.And(in, b.Less(x, *upper))
		}
	}
	return in
}

// logProbability is the log probability of the interval.
func logProbability(b *named.Builder, d *Dist, p Params, lower, upper *named.Value) named.Value {
	if d.Support.Discrete() && lower != nil { // P(X ≥ l) is P(X > l − 1)
		l := b.AddScalar(*lower, -1)
		lower = &l
	}
	switch {
	case lower == nil:
		return d.LogCDF(b, *upper, p)
	case upper == nil:
		return d.LogSurvival(b, *lower, p)
	}
	fu, sl := d.LogCDF(b, *upper, p), d.LogSurvival(b, *lower, p)
	left := b.LogDiffExp(fu, d.LogCDF(b, *lower, p))
	right := b.LogDiffExp(sl, d.LogSurvival(b, *upper, p))
	return b.Where(b.Less(fu, sl), left, right)
}

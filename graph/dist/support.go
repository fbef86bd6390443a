package dist

import (
	"ppl/graph/named"
	"ppl/lang"
)

// Support is the set of values of a distribution with given parameters.
type Support struct {
	Kind lang.SupportKind
	// Lower and Upper bound SupportInterval, SupportLower, SupportUpper and
	// SupportIntRange. Where one is not valid the bound is a number: Min, Max.
	Lower, Upper named.Value
	Min, Max     float64
	// Unbounded says that elements of Lower or Upper may be infinite: such an
	// element has no bound on that side.
	Unbounded bool
	// Count is the number of categories of SupportCategories.
	Count int
}

// SupportOf is the set of values that the distribution has with parameters p.
// It may be a little larger than where the density is positive: a
// HyperGeometric is given as 0..draws.
func (d *Dist) SupportOf(p Params) Support {
	s := Support{Kind: d.Support, Min: d.Ends[0], Max: d.Ends[1]}
	if d.Lower != "" {
		s.Lower = p.get(d.Lower)
	}
	if d.Upper != "" {
		s.Upper = p.get(d.Upper)
	}
	if d.Categories != nil {
		s.Count = d.Categories(p)
	}
	return s
}

package chains

import "ppl/inference"

// GroupSizes are the sizes of the groups that are found: by tables, of infinitely many
// values, and the number of elements drawn one by one.
func GroupSizes(fit *inference.Answer) (finite, infinite []int, single int, err error) {
	j, err := inference.NewJoint(fit.Target, 8)
	if err != nil {
		return nil, nil, 0, err
	}
	g, err := findGroups(&batch{j: j, u: make([]float64, 8*j.D), halted: func() bool { return false }}, fit, 1)
	if err != nil {
		return nil, nil, 0, err
	}
	for _, x := range g.finite {
		finite = append(finite, len(x))
	}
	for _, x := range g.infinite {
		infinite = append(infinite, len(x))
	}
	return finite, infinite, len(g.single), nil
}

// Together makes all elements one group of each kind, whatever factors they share.
func Together(o *Options) { o.together = true }

// Nested is the plain diagnosis of chains.
var Nested = nested

// Shown is a result without what lets it go on.
func Shown(r *Result) Result {
	s := *r
	s.run = nil
	return s
}

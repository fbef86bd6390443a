package inference

import (
	"sort"

	"ppl/inference/arrow"
)

// leastBudget is the number of Hessian products that a run from a further start
// may take in any case.
const leastBudget = 2000

// explore optimises from dispersed starts as well, and lists the optima that
// are not the one already found. A run ends as soon as it comes so near to a
// known optimum that it must be on its hill. A better optimum takes over, and any
// that is not worse than where a first run that did not converge has come to.
func (f *fitter) explore(fit *Fit, o *objective, best *ascent) (*objective, *ascent, error) {
	f.stage = "modes"
	n := f.dispersed()
	if !best.converged {
		n = min(n, 3) // each may take as long
	}
	if n == 0 || f.pattern == nil || f.halted() {
		return o, best, nil
	}
	starts, err := f.starts(1 + n)
	if err != nil {
		return nil, nil, err
	}
	var known []*ascent
	hills := []*arrow.Matrix{}
	add := func(a *ascent) error {
		known = append(known, a)
		return f.addHill(&hills, a)
	}
	if best.converged {
		if err := add(best); err != nil {
			return nil, nil, err
		}
	}
	fit.Starts = len(starts)
	// A run that takes far longer than the first one wanders where there is nothing.
	f.budget = max(leastBudget, 2*best.products)
	defer func() { f.budget = 0 }()
	for _, s := range starts[1:] {
		if f.halted() {
			break
		}
		near := func(loc []float64) bool { return nearAny(known, hills, loc) }
		p := newObjective(f.surf, f.opt.Seed, f.opt.Particles)
		a, err := f.climbAndAscend(p, s, near)
		if err != nil {
			if _, is := err.(*ErrNoStart); is {
				continue
			}
			return nil, nil, err
		}
		if !a.converged || near(a.loc) {
			continue
		}
		if err := add(a); err != nil {
			return nil, nil, err
		}
		if a.value > best.value {
			o, best = p, a
		}
	}
	if !best.converged {
		return o, best, o.eval(best.loc, best.logsd)
	}
	sort.SliceStable(known, func(i, j int) bool { return known[i].value > known[j].value })
	f.take(fit, best)
	for _, a := range known[1:] {
		if matters(a, best) {
			fit.Modes = append(fit.Modes, Mode{a.loc, a.value})
		} else {
			fit.Minor = append(fit.Minor, Mode{a.loc, a.value})
		}
	}
	// The objective's state must be that of the optimum.
	return o, best, o.eval(best.loc, best.logsd)
}

// dispersed is the number of further starts, the fewer the dearer they are.
func (f *fitter) dispersed() int {
	if f.pattern == nil {
		return 0
	}
	if f.surf.integrates() {
		return 8 // of the periods that fit some of the data few fit all
	}
	switch work := f.surf.cost() * float64(f.pattern.Probes()); {
	case work < 1e5: // one of two equal hills is missed once in 256 times
		return 8
	case work < 1e6:
		return 3
	case work < 5e7:
		return 1
	}
	return 0
}

func (f *fitter) addHill(hills *[]*arrow.Matrix, a *ascent) error {
	h, _, err := f.hessian(a.loc)
	*hills = append(*hills, h)
	return err
}

// nearAny reports whether a location lies among the bulk of a known optimum's
// hill, by the curvature there.
func nearAny(known []*ascent, hills []*arrow.Matrix, loc []float64) bool {
	d := len(loc)
	x, y := make([]float64, d), make([]float64, d)
	for i, a := range known {
		for j := range x {
			x[j] = loc[j] - a.loc[j]
		}
		hills[i].MulVec(x, y)
		if q := dot(x, y); q >= 0 && q < 9+2*float64(d) {
			return true
		}
	}
	return false
}

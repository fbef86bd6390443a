package inference

import (
	"slices"
	"sort"

	"ppl/inference/arrow"
	"ppl/inference/target"
)

// leastBudget is the number of Hessian products that a run from a further start
// may take in any case.
const leastBudget = 2000

// explore optimises from dispersed starts as well, and lists the optima that
// are not the one already found. A run ends as soon as it comes so near to a
// known optimum that it must be on its hill. A better optimum takes over, and any
// that is not worse than where a first run that did not converge has come to.
func (f *fitter) explore(fit *Answer, o *objective, best *ascent) (*objective, *ascent, error) {
	if f.opt.Quick {
		return o, best, nil
	}
	f.stage = "modes"
	var err error
	if f.sym, err = f.findSymmetry(best); err != nil {
		return nil, nil, err
	}
	defer func() { f.sym = f.sym.about(best); fit.Symmetry = f.sym }()
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
	// from optimises from a further start, and reports whether that is the best so far.
	from := func(s []float64) (bool, error) {
		near := func(loc []float64) bool {
			return slices.ContainsFunc(f.sym.onto(loc, known), func(image []float64) bool { return nearAny(known, hills, image) })
		}
		p := newObjective(f.surf, f.opt.Seed, f.opt.Particles, f.still())
		a, err := f.climbAndAscend(p, s, near)
		if err != nil {
			if _, is := err.(*target.ErrNoStart); is {
				return false, nil
			}
			return false, err
		}
		if !a.converged || near(a.loc) {
			return false, nil
		}
		if rounded, err := a.rounded(); rounded || err != nil {
			return false, err
		}
		if err := add(a); err != nil {
			return false, err
		}
		if a.value > best.value {
			o, best = p, a
			return true, nil
		}
		return false, nil
	}
	for _, s := range starts[1:] {
		if f.halted() {
			break
		}
		if _, err := from(s); err != nil {
			return nil, nil, err
		}
	}
	for tries := 2 * n; tries > 0 && best.converged; {
		better := false
		for _, s := range f.relabelled(best) {
			if tries--; tries < 0 || f.halted() {
				break
			}
			fit.Starts++
			if better, err = from(s); err != nil {
				return nil, nil, err
			}
			if better {
				break
			}
		}
		if !better {
			break
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

// relabelled are starts in which two labels of a discrete latent are exchanged in all that
// has such labels: a mixture whose components have different priors keeps a component where
// a start has put it, while the posterior may be elsewhere. Labels that the density does not
// tell apart lead to no other mode.
func (f *fitter) relabelled(a *ascent) [][]float64 {
	var out [][]float64
	done := map[int]bool{}
	for _, z := range f.t.Discrete {
		k := len(z.Values)
		if done[k] || k < 2 || k > mostLabels {
			continue
		}
		done[k] = true
		items := labelled(f.t.Slots)[k]
		if len(items) == 0 {
			continue
		}
		s := &Symmetry{slots: f.t.Slots, d: f.t.D}
		for i := range k {
			for j := range i {
				u := slices.Clone(a.loc)
				s.swap(u, Exchange{labels: k, items: items}, j, i)
				out = append(out, u)
			}
		}
	}
	return out
}

// dispersed is the number of further starts, the fewer the dearer they are.
func (f *fitter) dispersed() int {
	if f.pattern == nil {
		return 0
	}
	if f.surf.Integrates() {
		return 8 // of the periods that fit some of the data few fit all
	}
	switch work := f.surf.Cost() * float64(f.pattern.Probes()); {
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

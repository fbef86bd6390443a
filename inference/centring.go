package inference

import (
	"math"

	"ppl/graph"
)

// Parameterisation. A latent x with a hierarchical prior of location m and
// scale s is hard to follow for any Gaussian where the data say little about it
// (then x and s depend on one another: the funnel), and its standardised form
// is hard where the data say much. In between, the held variable
//
//	x̃ = λm + s^λ (x − m)/s
//
// is independent of m a posteriori, for normal data with known variances, at
//
//	λ = 1 − v/s²,
//
// with v the variance of x given its parents (Papaspiliopoulos, Roberts &
// Sköld 2003, "Non-centered parameterisations for hierarchical models and data
// augmentation", sec. 3). The mean-field guide supplies v: its variances are
// the inverse of the expected curvature in each coordinate.

// relativeSlots lists the slots that may be parameterised anew.
func (t *Target) relativeSlots() []int {
	var out []int
	for i, s := range t.Slots {
		if s.Relative && s.Free.Size() > 0 {
			out = append(out, i)
		}
	}
	return out
}

// centred is a Centring with the same λ for all relative slots.
func (t *Target) centred(lambda float64) [][]float64 {
	out := make([][]float64, len(t.Slots))
	for _, i := range t.relativeSlots() {
		out[i] = make([]float64, t.Slots[i].Free.Size())
		for k := range out[i] {
			out[i][k] = lambda
		}
	}
	return out
}

// lambda is λ of element k of a slot.
func (t *Target) lambda(slot, k int) float64 {
	if t.Centring == nil || t.Centring[slot] == nil {
		return 1
	}
	return t.Centring[slot][k]
}

// frames evaluates, at the point u, the location and log scale of each element
// of the relative slots: arrays by slot, nil for others.
func (t *Target) frames(u []float64) (location, logScale [][]float64, err error) {
	b := t.builder()
	in := b.G.Input("u", graph.Shape{t.D})
	l, err := t.lower(b, b.Wrap(in))
	if err != nil {
		return nil, nil, err
	}
	var outs []*graph.Node
	for _, f := range l.pack.Frames {
		outs = append(outs, f.Location.N, f.LogScale.N)
	}
	p, err := t.compile(b.G, outs...)
	if err != nil {
		return nil, nil, err
	}
	p.set(in, u)
	if err := p.state.Run(); err != nil {
		return nil, nil, err
	}
	location, logScale = make([][]float64, len(t.Slots)), make([][]float64, len(t.Slots))
	for i, f := range l.pack.Frames {
		n := t.Slots[f.Slot].Free.Size()
		location[f.Slot] = repeated(p.state.Output(2*i), n)
		logScale[f.Slot] = repeated(p.state.Output(2*i+1), n)
	}
	return location, logScale, nil
}

// repeated copies x, or n times its only element.
func repeated(x []float64, n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = x[i%len(x)]
	}
	return out
}

// move translates a mean-field guide from the parameterisation of t to that of
// to.
func (t *Target) move(to *Target, loc, logsd []float64) (newLoc, newLogSD []float64, err error) {
	m, ls, err := t.frames(loc)
	if err != nil {
		return nil, nil, err
	}
	newLoc, newLogSD = append([]float64(nil), loc...), append([]float64(nil), logsd...)
	for _, i := range t.relativeSlots() {
		for k := range m[i] {
			at := t.Slots[i].Offset + k
			old, now := t.lambda(i, k), to.lambda(i, k)
			z := (loc[at] - old*m[i][k]) / math.Exp(old*ls[i][k])
			newLoc[at] = now*m[i][k] + math.Exp(now*ls[i][k])*z
			newLogSD[at] = logsd[at] + (now-old)*ls[i][k]
		}
	}
	return newLoc, newLogSD, nil
}

// suggest computes λ = 1 − v/s² for each relative element from a fitted guide,
// and the largest change from the present one.
func (t *Target) suggest(loc, logsd []float64) (lambda [][]float64, change float64, err error) {
	_, ls, err := t.frames(loc)
	if err != nil {
		return nil, 0, err
	}
	lambda = make([][]float64, len(t.Slots))
	for _, i := range t.relativeSlots() {
		lambda[i] = make([]float64, len(ls[i]))
		for k := range lambda[i] {
			now := t.lambda(i, k)
			// x = m + s^(1−λ)(x̃ − λm): var x = s^(2−2λ) var x̃.
			w := 1 - math.Exp(2*(logsd[t.Slots[i].Offset+k]-now*ls[i][k]))
			w = math.Round(100*math.Min(1, math.Max(0, w))) / 100
			if math.IsNaN(w) {
				w = now
			}
			lambda[i][k] = w
			change = math.Max(change, math.Abs(w-now))
		}
	}
	return lambda, change, nil
}

// optimise fits the mean-field guide in the parameterisation with the highest
// ELBO among those tried: non-centred, the one that fit suggests (again, if it
// changes), and the model as written.
func (f *fitter) optimise() (*objective, *ascent, error) {
	written := f.t
	slots := written.relativeSlots()
	if len(slots) == 0 {
		return f.fresh(written)
	}
	o, best, err := f.fresh(written.WithCentring(written.centred(0)))
	if err != nil || f.halted() {
		return o, best, err
	}
	try := func(t *Target) error {
		loc, logsd, err := best.f.t.move(t, best.loc, best.logsd)
		if err != nil {
			return err
		}
		back := *f
		if err := f.use(t); err != nil {
			return err
		}
		next := newObjective(f.surf, f.opt.Seed, f.opt.Particles)
		f.pattern = back.pattern
		a, err := f.ascend(next, loc, logsd, nil)
		if err != nil {
			return err
		}
		if a.converged && (!best.converged || a.value > best.value) {
			o, best = next, a
			return nil
		}
		f.retreat(&back)
		return nil
	}
	for round := 0; round < 3 && !f.halted(); round++ {
		lambda, change, err := f.t.suggest(best.loc, best.logsd)
		if err != nil {
			return nil, nil, err
		}
		if change < 0.05 {
			break
		}
		before := best
		if err := try(written.WithCentring(lambda)); err != nil {
			return nil, nil, err
		}
		if best == before {
			break
		}
	}
	if mostlyCentred(f.t) && !f.halted() {
		if err := try(written); err != nil {
			return nil, nil, err
		}
	}
	return o, best, nil
}

// mostlyCentred reports whether the parameterisation is nearer to the model as
// written than to the non-centred one.
func mostlyCentred(t *Target) bool {
	sum, n := 0.0, 0
	for _, i := range t.relativeSlots() {
		for k := 0; k < t.Slots[i].Free.Size(); k++ {
			sum += t.lambda(i, k)
			n++
		}
	}
	return sum > 0.5*float64(n)
}

// retreat puts a former target back to work.
func (f *fitter) retreat(old *fitter) {
	f.spent += f.surf.evaluations() - old.surf.evaluations()
	f.t, f.surf, f.curved, f.pattern = old.t, old.surf, old.curved, old.pattern
}

package inference

import (
	"math"

	"ppl/inference/target"
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

// suggest computes λ = 1 − v/s² for each relative element from a fitted guide,
// and the largest change from the present one.
func suggest(t *target.Target, loc, logsd []float64) (lambda [][]float64, change float64, err error) {
	_, ls, err := t.Frames(loc)
	if err != nil {
		return nil, 0, err
	}
	lambda = make([][]float64, len(t.Slots))
	for _, i := range t.RelativeSlots() {
		lambda[i] = make([]float64, len(ls[i]))
		for k := range lambda[i] {
			now := t.Lambda(i, k)
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
	slots := written.RelativeSlots()
	if len(slots) == 0 {
		return f.fresh(written)
	}
	o, best, err := f.fresh(written.WithCentring(written.Centred(0)))
	if err != nil || f.halted() {
		return o, best, err
	}
	try := func(t *target.Target) error {
		loc, logsd, err := best.f.t.Move(t, best.loc, best.logsd)
		if err != nil {
			return err
		}
		back := *f
		if err := f.use(t); err != nil {
			return err
		}
		f.pattern = back.pattern
		next := f.objective()
		a, err := f.ascend(next, loc, logsd, nil)
		if err != nil {
			return err
		}
		if a.converged && (!best.converged || a.value > best.value) {
			switch rounded, err := a.rounded(); {
			case err != nil:
				return err
			case !rounded:
				o, best = next, a
				return nil
			}
		}
		f.retreat(&back)
		return nil
	}
	for round := 0; round < 3 && !f.halted(); round++ {
		lambda, change, err := suggest(f.t, best.loc, best.logsd)
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
func mostlyCentred(t *target.Target) bool {
	sum, n := 0.0, 0
	for _, i := range t.RelativeSlots() {
		for k := 0; k < t.Slots[i].Free.Size(); k++ {
			sum += t.Lambda(i, k)
			n++
		}
	}
	return sum > 0.5*float64(n)
}

// retreat puts a former target back to work.
func (f *fitter) retreat(old *fitter) {
	f.spent += f.surf.Evaluations() - old.surf.Evaluations()
	f.t, f.surf, f.curved, f.pattern = old.t, old.surf, old.curved, old.pattern
}

package methods

import (
	"errors"

	"ppl/graph/lower"
	"ppl/inference"
	"ppl/inference/target"
)

// Learn estimates the params of a target, before any method infers the rest.
func Learn(r *Run, t *target.Target) (*inference.Learned, error) {
	if t.Guided() {
		e := &Refusal{Option: "Discrete", Why: "a `param` beside discrete latents that have a guide of their own is not supported yet: sum them out"}
		for _, d := range t.Discrete {
			if d.Strategy != lower.Exact {
				e.Sites = append(e.Sites, d.Symbol.Name)
			}
		}
		return nil, e
	}
	ctx, cancel := r.Limited()
	defer cancel()
	l, err := inference.Learn(ctx, t, r.Options)
	if err != nil || l.Interrupted || l.TimedOut || t.D == t.Params() {
		return l, err
	}
	// Draws of the latents as they are quickly had; those of the default where the weights are unsteady.
	quick := *r
	quick.Context, quick.Options.Quick, quick.Options.Init, quick.Options.Guide = ctx, true, nil, ""
	quick.Options.Draws, quick.Options.Correct = max(MinDraws, min(mostScored, scoredNumbers/max(1, t.D))), ""
	thorough := quick
	thorough.Options.Quick = false
	err = l.Improve(t, r.Options.Seed, func(fixed *target.Target) (*inference.Answer, error) {
		a, err := Variational{}.Infer(&quick, fixed)
		if err != nil || r.Options.Quick || !(a.Draws.KHat >= inference.SteadyKHat) || a.Interrupted || a.TimedOut {
			return a, err
		}
		return Variational{}.Infer(&thorough, fixed)
	})
	if stopped := (*inference.ErrStopped)(nil); errors.As(err, &stopped) {
		err = nil // the estimates are those of the bound
	}
	return l, err
}

// Draws that the score of params is averaged over: as many as these, of so many numbers together.
const mostScored, scoredNumbers = 16384, 1 << 21

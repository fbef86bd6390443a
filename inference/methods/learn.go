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
		e := &Refusal{Option: "Discrete", Why: "does not go with `param`s yet but for latents that are summed out (exact)"}
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
	quick.Options.Correct = ""
	thorough := quick
	thorough.Options.Quick = false
	err = l.Improve(t, r.Options, func(fixed *target.Target, draws int, last bool) (*inference.Answer, error) {
		quick.Options.Draws, thorough.Options.Draws = draws, draws
		a, err := Variational{}.Infer(&quick, fixed)
		if err != nil || r.Options.Quick || a.Draws.KHat < inference.UsableKHat && !last || !(a.Draws.KHat >= inference.SteadyKHat) || a.Interrupted || a.TimedOut {
			return a, err
		}
		return Variational{}.Infer(&thorough, fixed)
	})
	if stopped := (*inference.ErrStopped)(nil); errors.As(err, &stopped) {
		err = nil // the estimates are those of the bound
	}
	return l, err
}

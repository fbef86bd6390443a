package methods

import (
	"context"
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
	model, fixed := l, t
	if t.Written() {
		switch m, at, err := l.OfModel(t); {
		case err != nil:
			return nil, err
		case m != nil:
			model, fixed = m, at
		case readsNone(l, t):
			return l, nil // the guide's are those of the bound, which is what they are for
		}
	}
	if err := improve(r, ctx, model, fixed); err != nil || model == l {
		return l, err
	}
	// The guide at the estimates of the model.
	at, ds := t.At(model.Values)
	if err := ds.Err(); err != nil {
		return nil, err
	}
	opt := r.Options
	opt.Init, opt.Quick = inference.InitOf(l.Values), true
	g, err := inference.Learn(ctx, at, opt)
	if stopped := (*inference.ErrStopped)(nil); errors.As(err, &stopped) {
		g, err = l, nil
	}
	if err == nil {
		l.Join(model, g)
	}
	return l, err
}

// readsNone reports whether the model itself reads none of the params.
func readsNone(l *inference.Learned, t *target.Target) bool {
	for _, x := range l.Values {
		if !t.Model.GuideParams[x.Symbol] {
			return false
		}
	}
	return true
}

// improve moves estimates from the maximum of the bound to that of the likelihood, by draws of the latents as they are
// quickly had, or those of the default where the weights are unsteady.
func improve(r *Run, ctx context.Context, l *inference.Learned, t *target.Target) error {
	quick := *r
	quick.Context, quick.Options.Quick, quick.Options.Init, quick.Options.Guide = ctx, true, nil, ""
	quick.Options.Correct = ""
	thorough := quick
	thorough.Options.Quick = false
	err := l.Improve(t, r.Options, func(fixed *target.Target, draws int, last bool) (*inference.Answer, error) {
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
	return err
}

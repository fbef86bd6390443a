package methods

import (
	"fmt"
	"strings"

	"ppl/graph/lower"
	"ppl/inference"
	"ppl/inference/target"
)

// Variational is the default: the exact answer where all latents are discrete and summed out;
// else a guide that is fitted to the posterior, with linear response, importance weights around it
// and a look from the prior (package inference); and where these leave a doubt, the correctors.
type Variational struct{}

// Name is "variational".
func (Variational) Name() string { return "variational" }

// Suits refuses a guide that does not go with discrete latents that have one of their own.
func (Variational) Suits(r *Run, t *target.Target) error {
	plain := inference.Guides[0]
	if !t.Guided() || r.Options.Guide == "" || r.Options.Guide == plain {
		return nil
	}
	e := &Refusal{Option: "Guide"}
	for _, d := range t.Discrete {
		if d.Strategy != lower.Exact {
			e.Sites = append(e.Sites, d.Symbol.Name)
		}
	}
	e.Why = fmt.Sprintf("%s does not go with discrete latents that have a guide of their own (`%s`): use %s, or sum them out", r.Options.Guide, strings.Join(e.Sites, "`, `"), plain)
	return e
}

// Infer is the whole of it.
func (Variational) Infer(r *Run, t *target.Target) (*inference.Answer, error) {
	a, err := inference.Infer(r.Context, t, r.Options)
	if err != nil {
		return nil, err
	}
	a, _, err = Correct(r, a)
	return a, err
}

// Correct has each corrector improve an answer that wants it, in order; better says that one has.
// A report of the answer may show that it wants one that it did not seem to want before: so it is
// asked again.
func Correct(r *Run, a *inference.Answer) (next *inference.Answer, better bool, err error) {
	next = a
	for _, c := range Correctors {
		if next.Interrupted || next.TimedOut || r.Options.Quick || next.Tried(c.Name()) || !c.Wanted(r, next) {
			continue
		}
		var ok bool
		if next, ok, err = c.Correct(r, next); err != nil {
			return nil, false, err
		}
		better = better || ok
	}
	return next, better, nil
}

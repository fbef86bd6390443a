package inference

import (
	"context"
	"math"

	"ppl/graph"
	"ppl/inference/target"
)

// ExactSum is the Correction of a fit of discrete latents alone: all of them
// were summed out.
const ExactSum Correction = "exact"

// Infer is Variational, or the exact answer where all latents are discrete. Latents that are Gaussian given a few others are
// integrated out.
func Infer(ctx context.Context, t *target.Target, opt Options) (*Answer, error) {
	if t.D == 0 && !t.Guided() {
		return exactly(t)
	}
	if a, err := integrated(ctx, t, opt); a != nil || err != nil {
		return a, err
	}
	return Variational(ctx, t, opt)
}

// exactly is the answer for a model all of whose latents were summed out: its
// log density is the log evidence.
func exactly(t *target.Target) (*Answer, error) {
	c, err := t.NewSites(1, false)
	if err != nil {
		return nil, err
	}
	lp, _, err := c.Marginals(nil)
	if err != nil {
		return nil, err
	}
	if !graph.Finite(lp[0]) {
		e := &target.ErrNoStart{}
		for _, d := range t.Discrete {
			e.Sites = append(e.Sites, d.Symbol.Name)
		}
		return nil, e
	}
	a := newAnswer(t)
	a.Draws, a.Applied = &Weighted{KHat: math.NaN(), ESS: math.Inf(1)}, ExactSum
	a.Ending = Ending{Converged: true, Ended: "all latents were summed out"}
	if len(t.Discrete) == 0 {
		a.Ended = "there are no latents"
	}
	a.ELBO, a.Modes, a.Evaluations = lp[0], []Mode{{ELBO: lp[0]}}, 1
	return a, nil
}

package methods

import (
	"errors"
	"fmt"
	"math"

	"ppl/inference"
	"ppl/inference/chains"
	"ppl/inference/mcmc"
	"ppl/inference/nuts"
	"ppl/inference/random"
	"ppl/inference/target"
)

// NUTS samples the posterior by Hamiltonian Monte Carlo, in the parameterisation that a fit would
// choose and from where tempering, or a guide, leads. Where discrete latents cannot be summed out
// its chains move in them, too (package chains).
type NUTS struct{}

// Name is "nuts".
func (NUTS) Name() string { return "nuts" }

// Suits refuses a guide, of which nothing would come.
func (m NUTS) Suits(r *Run, _ *target.Target) error {
	if g := r.Options.Guide; g != "" && g != inference.Guides[0] {
		return &Refusal{Option: "Guide", Why: fmt.Sprintf("%s is not used by %s, whose draws are the posterior's own: leave one of them out", g, m.Name())}
	}
	return nil
}

// Infer gives the exact answer where there are no continuous latents.
func (m NUTS) Infer(r *Run, t *target.Target) (*inference.Answer, error) {
	switch {
	case t.Guided():
		return m.around(r, t)
	case t.D == 0:
		return inference.Infer(r.Context, t, r.Options)
	}
	ctx, cancel := r.Limited()
	defer cancel()
	begin, err := inference.Begin(ctx, t, r.Options.Seed, r.Chains, r.Options.Init)
	if err != nil {
		return nil, err
	}
	got, err := nuts.Run(ctx, begin.Target, nuts.Options{
		Init: begin.Points, InvMetric: begin.Variances,
		Seed: r.Options.Seed, Chains: r.Chains, Warmup: r.Warmup, Draws: (r.Draws + r.Chains - 1) / r.Chains,
		TargetAccept: r.TargetAccept, Progress: r.Sampler,
	})
	if err != nil {
		return nil, err
	}
	if end := (inference.Ending{}); len(got.Chains[0].Draws) == 0 {
		end.End(r.Context.Err() != nil)
		return nil, &inference.ErrStopped{Why: end.Ended + " during warm-up"}
	}
	a := answerOf(begin, got)
	if got.Interrupted {
		a.End(r.Context.Err() != nil)
	}
	if begin.Look != nil && !got.Interrupted {
		begin.Look.Compare(a.Draws)
		a.Look = begin.Look
	}
	begin.Symmetry.Spread(a.Draws.U, random.Stream(r.Options.Seed, "images", 0))
	return a, nil
}

// around are chains that begin with the guides of discrete latents. They are asked for: there is no
// answer without them, unless time is up.
func (NUTS) around(r *Run, t *target.Target) (*inference.Answer, error) {
	a, err := inference.Infer(r.Context, t, r.Options)
	if err != nil || a.Interrupted || a.TimedOut {
		return a, err
	}
	a, err = Chains{}.run(r, a, r.independent())
	if refused := (*chains.ErrRefused)(nil); errors.As(err, &refused) {
		return nil, &Refusal{Option: "Method", Why: "nuts is not possible: " + refused.Why}
	}
	return a, err
}

// answerOf are the draws with how they came about.
func answerOf(begin *inference.Initial, r *nuts.Result) *inference.Answer {
	nan := math.NaN()
	s := &inference.Sampling{
		Chains: len(r.Chains), Groups: len(r.Chains), Warmup: r.Warmup, Draws: len(r.Chains[0].Draws), MaxDepth: r.MaxDepth,
		TargetAccept: r.TargetAccept, Trajectories: len(r.Chains) * len(r.Chains[0].Draws), Divergences: r.Divergences, Saturated: r.Saturated, Restarts: r.Restarts,
		EBFMI: mcmc.EBFMI(r.Energies()),
	}
	for _, c := range r.Chains {
		s.StepSize = append(s.StepSize, c.StepSize)
		s.Dense = s.Dense || c.Dense
	}
	return &inference.Answer{
		Target: begin.Target, Sampling: s, Symmetry: begin.Symmetry, Evaluations: r.Evaluations,
		Draws:   &inference.Weighted{D: r.D, U: r.Places(), KHat: nan, Chains: len(r.Chains)},
		Ending:  inference.Ending{Ended: "all draws were made"},
		Optimum: inference.Optimum{ELBO: nan, MCSE: nan, KHatMeanField: nan, LocError: nan},
	}
}

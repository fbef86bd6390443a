package methods

import (
	"errors"
	"math"

	"ppl/inference"
	"ppl/inference/chains"
	"ppl/inference/nuts"
)

// Widening draws more importance draws, from a wider proposal: if their weights are steady beyond
// doubt, no Markov chains are needed.
type Widening struct{}

// Name is "widening".
func (Widening) Name() string { return "widening" }

// Wanted is where weights of a fit of continuous latents are in doubt, and it is not more draws
// that have shown so.
func (Widening) Wanted(_ *Run, a *inference.Answer) bool {
	return !a.Target.Guided() && a.Doubtful() && !a.Extended
}

// Correct leaves the answer as it is where the weights stay in doubt.
func (w Widening) Correct(r *Run, a *inference.Answer) (*inference.Answer, bool, error) {
	ctx, cancel := r.Limited()
	defer cancel()
	next, sure, err := a.Widen(ctx, r.Options.Seed)
	if err != nil {
		return nil, false, err
	}
	return next.After(inference.Step{Name: w.Name()}), sure, nil
}

// Chains are Markov chains that start from an answer: from the guide of discrete latents that
// cannot be summed out, or where importance weights cannot carry the answer (package chains).
type Chains struct{}

// Name is "chains".
func (Chains) Name() string { return "chains" }

// Wanted is where discrete latents have a guide, or the answer is in doubt.
func (Chains) Wanted(r *Run, a *inference.Answer) bool {
	if a.Applied == inference.Sampled {
		return false
	}
	if a.Target.Guided() {
		return r.automatic()
	}
	return a.Doubtful()
}

// Chains of continuous latents begin with the metric of the proposal. What they may work through grows with the root of
// the number of latents, above some.
const (
	doubtfulWarmup    = 100
	longWarmup        = 200 // where there is no proposal, or one for the variances alone
	doubtfulEffective = 600
	doubtfulWork      = 1e11 // some thirty seconds of one core
	doubtfulLatents   = 300
)

// Correct leaves the answer as it is where there can be no chains, they came to little, or stayed in
// the modes that they started in.
func (c Chains) Correct(r *Run, a *inference.Answer) (*inference.Answer, bool, error) {
	o := chains.Options{Seed: r.Options.Seed, Keep: r.Keep(), TargetAccept: r.TargetAccept, Progress: r.Sampler}
	if !a.Target.Guided() {
		o.Warmup, o.Effective = doubtfulWarmup, doubtfulEffective
		if !a.Proposes() {
			o.Warmup = longWarmup
		}
		o.Work = doubtfulWork * math.Sqrt(math.Max(1, float64(a.Target.D)/doubtfulLatents))
	}
	next, err := c.run(r, a, o)
	if refused := (*chains.ErrRefused)(nil); errors.As(err, &refused) {
		return a.After(inference.Step{Name: c.Name(), Refused: refused.Why}), false, nil
	}
	return next, err == nil && next.Applied == inference.Sampled, err
}

// run runs chains with the options; the answer stays that of the guide where they are not to be had.
func (c Chains) run(r *Run, a *inference.Answer, o chains.Options) (*inference.Answer, error) {
	ctx, cancel := r.Limited()
	defer cancel()
	got, err := chains.Run(ctx, a, o)
	if err != nil {
		return nil, err
	}
	// Weights that are unsteady are better than a few draws.
	if got == nil || got.Interrupted && !a.Target.Guided() && got.Chains*got.Draws < MinDraws {
		next := a.After(inference.Step{Name: c.Name()})
		next.Interrupted = r.Context.Err() != nil
		next.TimedOut = !next.Interrupted && a.Target.Guided()
		return next, nil
	}
	if a.Applied == inference.Tempered && !got.Interrupted {
		draws := &inference.Weighted{D: a.Target.D, U: got.U, Chains: got.Chains}
		if !got.Agreed || !a.Look.Confirms(draws) { // chains do not leave the modes that they start in
			return a.After(inference.Step{Name: c.Name(), Refused: got.Ended}), nil
		}
	}
	next := got.Answer().After(inference.Step{Name: c.Name()})
	if got.Interrupted {
		next.End(r.Context.Err() != nil)
	}
	return next, nil
}

// independent are the options of as many chains as are asked for, each with a start of its own.
func (r *Run) independent() chains.Options {
	each := (r.Draws + r.Chains - 1) / r.Chains
	o := chains.Options{Seed: r.Options.Seed, Chains: r.Chains, Groups: r.Chains, Warmup: r.Warmup, Draws: each, Keep: each * r.Chains, TargetAccept: r.TargetAccept, Progress: r.Sampler}
	if o.Warmup == 0 {
		o.Warmup = nuts.DefaultWarmup
	}
	return o
}

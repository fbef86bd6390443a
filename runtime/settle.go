package runtime

import (
	"context"
	"math"

	"ppl/inference"
	"ppl/inference/methods"
	"ppl/inference/tails"
)

// report evaluates everything that is reported, with more draws as long as only these are missing,
// as far as there is time.
func (post *making) report(run *methods.Run) error {
	ctx, cancel := run.Limited()
	defer cancel()
	if post.fit.Sampling == nil || post.fit.Applied == inference.Tempered {
		post.late = lateness(ctx)
	}
	for {
		if err := post.reportOnce(run.Context); err != nil {
			return err
		}
		more := false
		if !post.options.Quick && post.wantsDraws() {
			var err error
			if post.fit, more, err = post.fit.Extend(ctx, len(post.quantities)); err != nil {
				return err
			}
		}
		if !more {
			break
		}
		post.draws, post.quantities, post.byName, post.discrete = nil, nil, nil, discreteMaking{}
	}
	if post.options.Quick {
		return nil
	}
	return post.lookFurther(ctx)
}

// reportOnce evaluates it from the draws that there are.
func (post *making) reportOnce(ctx context.Context) error {
	post.options.Draws = post.asks.Draws
	if s := post.fit.Sampling; s != nil { // of which as many are kept as were asked for in the end: see thin
		post.options.Draws = s.Chains * s.Draws
		post.sampling = samplingOf(s)
	}
	if err := post.reportQuantities(post.options.Draws); err != nil {
		return err
	}
	if err := post.reportDiscrete(ctx); err != nil {
		return err
	}
	if err := post.reportGiven(); err != nil {
		return err
	}
	post.diagnoseDiscrete()
	return nil
}

// conclude judges what has been reported, and lets go of what nobody needs any more.
func (post *making) conclude() {
	post.fit.Release()
	post.fit = post.fit.Final()
	s := post.sampling
	if s == nil {
		post.judge()
		post.judgeBatches()
		post.judgeChosen()
		post.judgeParams()
		return
	}
	draws := *post.fit.Draws
	draws.ESS = math.Min(s.ESSBulk, s.ESSTail)
	post.fit.Draws, post.fit.Converged = &draws, s.RHat < goodRHat
	post.judgeSampling()
	post.judgeParams()
	if post.options.Method != MethodNUTS {
		post.thin(post.asks.Draws)
	}
}

// samplingOf is how draws were sampled, before anything has been diagnosed.
func samplingOf(s *inference.Sampling) *Sampling {
	return &Sampling{
		Chains: s.Chains, Groups: s.Groups, Warmup: s.Warmup, Draws: s.Draws, Particles: s.Particles,
		Trajectories: s.Trajectories, Divergences: s.Divergences, Saturated: s.Saturated, MaxDepth: s.MaxDepth, Restarts: s.Restarts,
		EBFMI: s.EBFMI, TargetAccept: s.TargetAccept, StepSize: s.StepSize, Dense: s.Dense, RHat: 1, ESSBulk: math.Inf(1), ESSTail: math.Inf(1),
	}
}

// Quantities with a tail index above someTail are reported from manyDraws draws at
// least: of fewer, a sample that has missed the tail looks as exact as one that has not.
const (
	someTail  = 0.1
	manyDraws = 16384
)

// wantsDraws reports whether more draws would make the report better.
func (post *making) wantsDraws() bool {
	n := post.fit.Draws.N()
	if w := post.fit.Draws.W; w != nil {
		n = len(w)
	}
	if s := post.sampling; s != nil && !(s.RHat < goodRHat) {
		return false // what is missing is something else
	}
	if l := post.fit.Look; post.fit.Applied == inference.Tempered && !l.Precise() {
		return true
	}
	for i := range post.quantities {
		q := &post.quantities[i]
		switch {
		case q.NotFinite || q.SD == 0:
		case math.Max(q.TailIndex, q.squareIndex/2) > someTail && n < manyDraws,
			q.Moments != tails.None && q.MCSE > goodMCSE*q.Spread(),
			q.tailError() > fairTailError,
			post.fit.Applied == inference.Importance && q.tailError() > cheapTailError,
			q.Moments == tails.Both && q.MCSESD > fairSDError*q.SD:
			return true
		}
	}
	return false
}

// lookFurther looks for a tail that the draws stop short of, and whether they are out of place.
func (post *making) lookFurther(ctx context.Context) (err error) {
	if d := post.fit.Draws; post.fit.Applied == inference.Importance || post.sampling != nil {
		if post.shortfall, err = inference.ShortfallOf(ctx, post.fit.Target, d.U, d.W, d.Chains); err != nil {
			return err
		}
		post.displaced, err = inference.DisplacementOf(ctx, post.fit.Target, d.U, d.W, d.Chains)
	}
	return err
}

package runtime

import (
	"context"
	"errors"
	"math"
	"time"

	"ppl/inference"
	"ppl/inference/chains"
	"ppl/inference/mcmc"
	"ppl/inference/nuts"
)

// Markov chains that start from a fit: from the guide of discrete latents that cannot be
// summed out, or where importance weights cannot carry the answer (package chains).

// corrects reports whether chains may correct the fit. Where they are asked for they
// are all that there is.
func (p *Problem) corrects(opt Options, fit *inference.Fit) bool {
	switch {
	case fit.Interrupted || fit.TimedOut || opt.Quick:
		return false
	case p.target.Guided():
		return opt.Method == MethodNUTS || opt.Correct == "" || opt.Correct == inference.Corrections[0]
	}
	return fit.Doubtful()
}

// Chains of continuous latents begin with the metric of the proposal, and must not
// take much longer than the fit.
const (
	doubtfulWarmup    = 100
	doubtfulEffective = 600
	doubtfulWork      = 6e9
	stalledTimes      = 4 // where there is no answer without chains
)

// chainOptions are those of package chains.
func (p *Problem) chainOptions(opt Options, fit *inference.Fit) chains.Options {
	o := chains.Options{Seed: opt.Seed, Keep: max(opt.Draws, minDraws), TargetAccept: opt.TargetAccept, Progress: opt.SamplerProgress}
	switch {
	case opt.Method == MethodNUTS: // as many as are asked for, of independent chains
		o.Chains, o.Groups, o.Warmup = opt.Chains, opt.Chains, opt.Warmup
		o.Draws = (opt.Draws + opt.Chains - 1) / opt.Chains
		if o.Warmup == 0 {
			o.Warmup = nuts.DefaultWarmup
		}
		o.Keep = o.Draws * o.Chains
	case !p.target.Guided():
		o.Warmup, o.Work, o.Effective = doubtfulWarmup, doubtfulWork, doubtfulEffective
		if fit.Stalled() {
			o.Work *= stalledTimes
		}
	}
	return o
}

// chained makes the posterior of the chains that start from a fit, with its report; nil
// where the fit has to be the answer (see Fit.Uncorrected).
func (p *Problem) chained(ctx context.Context, opt Options, fit *inference.Fit, begun time.Time) (*Posterior, error) {
	user := ctx
	if opt.MaxTime > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, begun.Add(opt.MaxTime))
		defer cancel()
	}
	o := p.chainOptions(opt, fit)
	r, err := chains.Run(ctx, fit, o)
	refused := (*chains.ErrRefused)(nil)
	switch {
	case errors.As(err, &refused) && opt.Method == MethodNUTS:
		return nil, &OptionError{"Method", "nuts is not possible: " + refused.Why}
	case errors.As(err, &refused):
		fit.Uncorrected = refused.Why
		return nil, nil
	case err != nil:
		return nil, p.explain(err)
	}
	// Weights that are unsteady are better than a few draws.
	if r == nil || r.Interrupted && !p.target.Guided() && r.Chains*r.Draws < minDraws {
		fit.Interrupted = user.Err() != nil
		fit.TimedOut = !fit.Interrupted && p.target.Guided()
		return nil, nil
	}
	if fit.Applied == inference.Tempered && !r.Interrupted {
		draws := &inference.Weighted{D: fit.Target.D, U: r.U, Chains: r.Chains}
		if !r.Agreed || !fit.Look.Confirms(draws) {
			fit.Uncorrected = r.Ended // chains do not leave the modes that they start in
			return nil, nil
		}
	}
	post := &making{problem: p, asks: opt, options: opt, fit: fit}
	post.takeChains(r)
	if r.Interrupted {
		fit.Ended = "the time limit was reached"
		if fit.Interrupted, fit.TimedOut = user.Err() != nil, user.Err() == nil; fit.Interrupted {
			fit.Ended = "interrupted"
		}
	}
	err = post.reportChains(ctx, opt.Draws, func() (bool, error) {
		more, err := r.Extend(len(post.quantities))
		if more {
			post.takeChains(r)
		}
		return more, err
	})
	if err != nil {
		return nil, err
	}
	fit.Release()
	return post.done(begun), nil
}

// takeChains makes draws of chains the answer.
func (post *making) takeChains(r *chains.Result) {
	r.Apply(post.fit)
	post.options.Draws = r.Chains * r.Draws
	post.sampling = &Sampling{
		Chains: r.Chains, Groups: r.Groups, Warmup: r.Warmup, Draws: r.Draws, MaxDepth: r.MaxDepth, Divergences: r.Divergences, Saturated: r.Saturated,
		TargetAccept: r.TargetAccept, Trajectories: r.Trajectories, StepSize: []float64{r.StepSize}, Dense: r.Dense, RHat: 1, ESSBulk: math.Inf(1), ESSTail: math.Inf(1),
	}
}

// tempered makes the posterior of tempered particles, with its report.
func (p *Problem) tempered(ctx context.Context, opt Options, fit *inference.Fit, begun time.Time) (*Posterior, error) {
	post := &making{problem: p, asks: opt, options: opt, fit: fit, late: lateness(ctx)}
	post.takeParticles()
	err := post.reportChains(ctx, opt.Draws, func() (bool, error) {
		more, err := fit.Extend(ctx, opt.Seed, len(post.quantities))
		if more {
			post.takeParticles()
		}
		return more, err
	})
	if err != nil {
		return nil, err
	}
	fit.Release()
	return post.done(begun), nil
}

// takeParticles makes tempered particles the answer: runs are its chains.
func (post *making) takeParticles() {
	w := post.fit.Draws
	post.options.Draws = w.N()
	post.sampling = &Sampling{Chains: w.Chains, Groups: w.Chains, Draws: w.N() / w.Chains, Particles: post.fit.Look.Each(), Trajectories: w.N(), RHat: 1, ESSBulk: math.Inf(1), ESSTail: math.Inf(1)}
}

// reportChains makes the report of draws of chains, or of tempered particles, of which as
// many are kept as were asked for; more draws more, if that is possible.
func (post *making) reportChains(ctx context.Context, asked int, more func() (bool, error)) error {
	report := func() error {
		if err := post.reportAll(ctx, post.options.Draws); err != nil {
			return err
		}
		post.diagnoseDiscrete()
		return nil
	}
	err := post.settle(ctx, report, more)
	if err != nil {
		return err
	}
	s := post.sampling
	post.fit.Draws.ESS = math.Min(s.ESSBulk, s.ESSTail)
	post.fit.Converged = s.RHat < goodRHat
	post.judgeSampling()
	if post.options.Method != MethodNUTS {
		post.thin(asked)
	}
	return nil
}

// diagnoseDiscrete computes the diagnostics of discrete latents with a guide.
func (post *making) diagnoseDiscrete() {
	s := post.sampling
	for k, site := range post.fit.Target.Discrete {
		g := post.guideOf(k)
		if g == nil {
			continue
		}
		n := site.Shape.Size()
		draws := make([]float64, s.Chains*s.Draws)
		for e := range n {
			for i := range draws {
				draws[i] = float64(g.Draws[i*n+e])
			}
			rhat, ess := mcmc.DiagnosePlain(byChain(draws, s.Chains), s.Groups)
			if math.IsNaN(rhat) { // it does not vary
				continue
			}
			q := &post.discrete.quantities[post.discrete.first[k]+e]
			q.RHat, q.ESS = rhat, ess
			s.RHat, s.ESSBulk = math.Max(s.RHat, rhat), math.Min(s.ESSBulk, ess)
		}
	}
}

// thin keeps some of the draws.
func (post *making) thin(n int) {
	rows := post.pickRows(n)
	if post.draws != nil {
		post.draws.Rows, post.draws.Kept = rows, n
	}
	for i, all := range post.discrete.draws {
		kept := make([]int, n)
		for k, row := range rows {
			kept[k] = all[row]
		}
		post.discrete.draws[i] = kept
	}
	post.options.Draws = n
}

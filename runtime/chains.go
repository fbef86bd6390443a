package runtime

import (
	"context"
	"errors"
	"math"
	"time"

	"ppl/inference"
	"ppl/inference/chains"
	"ppl/inference/nuts"
)

// Markov chains that start from a fit: from the guide of discrete latents that cannot be
// summed out, or where importance weights cannot carry the answer (package chains).

// corrects reports whether chains may correct the fit.
func (p *Problem) corrects(opt Options, fit *inference.Fit) bool {
	auto := opt.Correct == "" || opt.Correct == inference.Corrections[0]
	if !auto || fit.Interrupted || fit.TimedOut {
		return false
	}
	return p.target.Guided() || fit.Doubtful() && p.target.D <= inference.MostChained
}

// Chains of continuous latents begin with the metric of the proposal, and must not
// take much longer than the fit.
const (
	doubtfulWarmup    = 100
	doubtfulEffective = 600
	doubtfulWork      = 1e10
)

// chained makes the posterior of the chains that start from a fitted guide; nil
// where the guide has to be the answer (see Fit.Uncorrected).
func (p *Problem) chained(ctx context.Context, opt Options, fit *inference.Fit, begun time.Time) (*Posterior, *chains.Result, error) {
	user := ctx
	if opt.MaxTime > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, begun.Add(opt.MaxTime))
		defer cancel()
	}
	o := chains.Options{Seed: opt.Seed, Keep: max(opt.Draws, minDraws), TargetAccept: opt.TargetAccept, Progress: opt.SamplerProgress}
	if !p.target.Guided() {
		o.Warmup, o.Work, o.Effective = doubtfulWarmup, doubtfulWork, doubtfulEffective
	}
	if opt.Method == MethodNUTS { // as many as are asked for, of independent chains
		o.Chains, o.Groups, o.Warmup, o.MaxDepth = opt.Chains, opt.Chains, opt.Warmup, 10
		o.Draws = (opt.Draws + opt.Chains - 1) / opt.Chains
		if o.Warmup == 0 {
			o.Warmup = nuts.DefaultWarmup
		}
		o.Keep = o.Draws * o.Chains
	}
	r, err := chains.Run(ctx, fit, o)
	if refused := (*chains.ErrRefused)(nil); errors.As(err, &refused) {
		fit.Uncorrected = refused.Why
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, p.explain(err)
	}
	if r == nil { // stopped in the warm-up
		fit.Interrupted, fit.TimedOut = user.Err() != nil, user.Err() == nil
		return nil, nil, nil
	}
	r.Apply(fit)
	if r.Interrupted {
		fit.Interrupted, fit.TimedOut = user.Err() != nil, user.Err() == nil
	}
	post := &Posterior{problem: p, options: opt, fit: fit}
	post.options.Draws = r.Chains * r.Draws
	post.sampling = &Sampling{
		Chains: r.Chains, Groups: r.Groups, Warmup: r.Warmup, Draws: r.Draws, MaxDepth: r.MaxDepth, Divergences: r.Divergences, Saturated: r.Saturated,
		TargetAccept: r.TargetAccept, Trajectories: r.Trajectories, StepSize: []float64{r.StepSize}, Dense: r.Dense, RHat: 1, ESSBulk: math.Inf(1), ESSTail: math.Inf(1),
	}
	return post, r, nil
}

// reportChains makes the report of draws of chains, of which as many are kept as
// were asked for.
func (post *Posterior) reportChains(ctx context.Context, r *chains.Result, asked int) error {
	if err := post.report(post.options.Draws); err != nil {
		return err
	}
	if err := post.reportDiscrete(ctx); err != nil {
		return err
	}
	if err := post.reportGiven(); err != nil {
		return err
	}
	post.diagnoseDiscrete(r)
	s := post.sampling
	post.fit.Draws.ESS = math.Min(s.ESSBulk, s.ESSTail)
	post.fit.Converged = s.RHat < goodRHat
	post.judgeSampling()
	if post.options.Method != MethodNUTS {
		post.thin(asked)
	}
	return nil
}

// diagnoseDiscrete takes the diagnostics of discrete latents with a guide.
func (post *Posterior) diagnoseDiscrete(r *chains.Result) {
	s := post.sampling
	for k, site := range post.fit.Target.Discrete {
		if post.guideOf(k) == nil {
			continue
		}
		for e := range site.Shape.Size() {
			q := &post.discrete.quantities[post.discrete.first[k]+e]
			q.RHat, q.ESS = r.RHat[k][e], r.ESS[k][e]
			s.RHat, s.ESSBulk = math.Max(s.RHat, q.RHat), math.Min(s.ESSBulk, q.ESS)
		}
	}
}

// thin keeps some of the draws.
func (post *Posterior) thin(n int) {
	rows := post.pickRows(n)
	for i := range post.quantities {
		q := &post.quantities[i]
		all := q.Draws
		q.Draws = make([]float64, n)
		for k, row := range rows {
			q.Draws[k] = all[row]
		}
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

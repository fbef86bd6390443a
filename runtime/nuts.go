package runtime

import (
	"context"
	"fmt"
	"math"
	"sort"
	"time"

	"ppl/inference"
	"ppl/inference/mcmc"
	"ppl/inference/nuts"
	"ppl/inference/random"
	"ppl/inference/target"
	"ppl/runtime/answer"
)

// The values of Options.Method.
const (
	MethodVariational = "variational"
	MethodNUTS        = "nuts"
)

// Limits of the verdict on sampled draws: Vehtari, Gelman, Simpson, Carpenter &
// Bürkner (2021), sec. 4, and Betancourt (2016) for E-BFMI.
const (
	goodRHat, cautionRHat = 1.01, 1.05
	cautionESS            = 100
	goodEBFMI             = 0.3
	cautionDivergent      = 0.01 // share of the draws
	rareTrajectories      = 0.001
)

// sample runs NUTS, in the parameterisation that the variational fit chooses.
func (p *Problem) sample(ctx context.Context, opt Options) (*Posterior, error) {
	begun := time.Now()
	user := ctx
	if opt.MaxTime > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, opt.MaxTime)
		defer cancel()
	}
	initial := inference.Begin(ctx, p.target, opt.Seed, opt.Chains)
	target := initial.Target
	r, err := nuts.Run(ctx, target, nuts.Options{
		Init: initial.Points, InvMetric: initial.Variances,
		Seed: opt.Seed, Chains: opt.Chains, Warmup: opt.Warmup, Draws: (opt.Draws + opt.Chains - 1) / opt.Chains,
		TargetAccept: opt.TargetAccept, Progress: opt.SamplerProgress,
	})
	if err != nil {
		return nil, p.explain(err)
	}
	post := &making{problem: p, asks: opt, options: opt}
	if len(r.Chains[0].Draws) == 0 {
		why := "interrupted"
		if user.Err() == nil {
			why = "the time limit was reached"
		}
		return nil, &Stopped{why + " during warm-up"}
	}
	post.describe(r, target, user.Err() != nil)
	post.compare(r, initial.Look)
	post.spread(r, initial.Symmetry)
	if err := post.gather(r, target); err != nil {
		return nil, err
	}
	if err := post.reportDiscrete(ctx); err != nil {
		return nil, err
	}
	if err := post.reportGiven(); err != nil {
		return nil, err
	}
	post.fit.Draws.ESS = math.Min(post.sampling.ESSBulk, post.sampling.ESSTail)
	if post.shortfall, err = inference.ShortfallOf(ctx, target, r.Places(), nil, len(r.Chains)); err != nil {
		return nil, err
	}
	post.judgeSampling()
	post.fit.Converged = post.sampling.RHat < goodRHat
	return post.done(begun), nil
}

// describe fills in how the draws came about.
func (post *making) describe(r *nuts.Result, target *target.Target, byUser bool) {
	nan := math.NaN()
	s := &Sampling{
		Chains: len(r.Chains), Groups: len(r.Chains), Warmup: r.Warmup, Draws: len(r.Chains[0].Draws), MaxDepth: r.MaxDepth,
		TargetAccept: r.TargetAccept, Trajectories: len(r.Chains) * len(r.Chains[0].Draws), Divergences: r.Divergences, Saturated: r.Saturated, Restarts: r.Restarts, EBFMI: mcmc.EBFMI(r.Energies()), RHat: 1, ESSBulk: math.Inf(1), ESSTail: math.Inf(1),
	}
	for _, c := range r.Chains {
		s.StepSize = append(s.StepSize, c.StepSize)
		s.Dense = s.Dense || c.Dense
	}
	post.sampling = s
	post.fit = &inference.Fit{
		Target: target, ELBO: nan, MCSE: nan, KHatMeanField: nan, LocError: nan, Evaluations: r.Evaluations,
		Draws: &inference.Weighted{D: target.D, KHat: nan, Chains: len(r.Chains)}, Ended: "all draws were made",
		Interrupted: r.Interrupted && byUser, TimedOut: r.Interrupted && !byUser,
	}
	post.options.Draws = s.Chains * s.Draws
	if len(target.Discrete) > 0 { // whose posterior is found from the draws
		post.fit.Draws.U = r.Places()
	}
	switch {
	case post.fit.Interrupted:
		post.fit.Ended = "interrupted"
	case post.fit.TimedOut:
		post.fit.Ended = "the time limit was reached"
	}
}

// compare holds the draws against what tempering from the prior has found.
func (post *making) compare(r *nuts.Result, look *inference.Look) {
	if look == nil || post.fit.Interrupted || post.fit.TimedOut {
		return
	}
	w := &inference.Weighted{D: r.D, Chains: len(r.Chains)}
	for _, c := range r.Chains {
		for _, u := range c.Draws {
			w.U = append(w.U, u...)
		}
	}
	look.Compare(w)
	post.fit.Look = look
}

// spread gives each of the modes that are images of one another its share of the draws.
func (post *making) spread(r *nuts.Result, images *inference.Symmetry) {
	if post.fit.Symmetry = images; images == nil {
		return
	}
	random := random.Stream(post.options.Seed, "images", 0)
	for _, c := range r.Chains {
		for _, u := range c.Draws {
			images.Spread(u, random)
		}
	}
	if post.fit.Draws.U != nil {
		post.fit.Draws.U = r.Places()
	}
}

// gather makes the quantities, in the order in which the model declares them.
func (post *making) gather(r *nuts.Result, target *target.Target) error {
	rep, err := target.NewReporter(64)
	if err != nil {
		return err
	}
	values, err := r.Values(rep)
	if err != nil {
		return err
	}
	order := make([]int, len(rep.Symbols))
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(i, j int) bool {
		return rep.Symbols[order[i]].Span.Start < rep.Symbols[order[j]].Span.Start
	})
	post.byName = map[string]int{}
	total := post.sampling.Chains * post.sampling.Draws
	post.draws = &answer.Draws{N: total, Chains: post.sampling.Chains, Kept: total}
	for _, k := range order {
		for e, chains := range values[k] {
			q := post.problem.naming().part(rep.Symbols[k], rep.Shapes[k], rep.Parts[k], e)
			q.sampled(chains, post.draws)
			values[k][e] = nil
			worst(post.sampling, &q)
			post.byName[q.Name] = len(post.quantities)
			post.quantities = append(post.quantities, q)
		}
	}
	columns := make([][]float64, len(post.quantities))
	for i := range columns {
		columns[i], _ = post.quantities[i].Made()
	}
	return post.findPoles(columns, nil, r.Chains[0].Draws[0])
}

// sampled computes summaries and diagnostics from chains of draws.
func (q *quantity) sampled(chains [][]float64, of *answer.Draws) {
	values := make([]float64, 0, of.N)
	for _, c := range chains {
		values = append(values, c...)
	}
	q.Hold(values, of)
	q.summariseChains(chains, len(chains), 1)
	q.MeanFieldSD = math.NaN()
}

// worst keeps the worst figures. A quantity that does not vary has none, and one
// with draws that are not finite is judged by itself.
func worst(s *Sampling, q *quantity) {
	if q.SD == 0 || q.NotFinite {
		return
	}
	s.RHat = math.Max(s.RHat, q.RHat) // NaN if there is one
	s.ESSBulk, s.ESSTail = math.Min(s.ESSBulk, q.ESSBulk), math.Min(s.ESSTail, q.ESSTail)
}

// judgeSampling sets the verdict on sampled draws, with reasons and what to try.
func (post *making) judgeSampling() {
	post.verdict, post.reasons = Good, nil
	s := post.sampling
	post.judgeFinite()
	total := s.Trajectories
	if post.fit.Interrupted || post.fit.TimedOut {
		post.lower(Caution, "%s after %d draws of each chain", post.fit.Ended, s.Draws)
	}
	if q := post.where(func(q *quantity) float64 { return q.RHat }); !(s.RHat < goodRHat) {
		advice := "try more --warmup and --draws"
		if post.automatic() {
			advice = "those that started elsewhere stay apart, or need longer; try --method nuts with more --warmup and --draws"
			if post.problem.target.Guided() {
				advice += "; order labels that may be exchanged (`ordered[K]`)"
			}
		}
		post.lower(rated(s.RHat < cautionRHat), "R̂ of `%s` is %.3f: the chains have not mixed; %s", q, s.RHat, advice)
	}
	if ess := math.Min(s.ESSBulk, s.ESSTail); !(ess >= goodESS) {
		q := post.where(func(q *quantity) float64 { return -math.Min(q.ESSBulk, q.ESSTail) })
		advice := "try more --draws"
		if post.automatic() {
			advice = "try --method nuts with more --draws"
		}
		post.lower(rated(ess >= cautionESS), "`%s` has only %.0f effective draws; %s", q, ess, advice)
	}
	if float64(s.Divergences) > post.rare() {
		post.lower(rated(float64(s.Divergences) <= cautionDivergent*float64(total)),
			"%d of %d trajectories diverged: the draws may miss a region of strong curvature; try --target-accept=0.95, or other priors for scales", s.Divergences, total)
	}
	if float64(s.Saturated) > post.rare() {
		post.lower(Caution, "%d of %d trajectories reached their greatest length, 2^%d steps: the posterior is long and narrow; rescale or centre predictors", s.Saturated, total, s.MaxDepth)
	}
	for i, e := range s.EBFMI {
		if e < goodEBFMI {
			post.lower(Caution, "E-BFMI of chain %d is %.2f: the energies are explored slowly, as with heavy tails or a funnel", i+1, e)
			break
		}
	}
	if s.Chains < 2 {
		post.lower(Caution, "one chain cannot show that another start leads elsewhere; use --chains=4")
	}
	post.judgeMoments()
	post.judgeRounding(post.fit)
	if post.automatic() {
		post.judgeModes(post.fit)
	}
	post.judgeLook(post.fit)
	if l := post.fit.Look; post.fit.Applied == inference.Tempered && !l.Precise() {
		post.lower(Caution, "sds and quantiles of the runs differ: their Monte-Carlo error is up to %.0f %% of an sd", 5*l.Coarse())
	}
	if len(post.reasons) == 0 && post.fit.Applied == inference.Tempered {
		post.reasons = []string{fmt.Sprintf("%d runs that were tempered from the prior agree: R̂ at most %.3f, at least %.0f effective draws", s.Chains, s.RHat, math.Min(s.ESSBulk, s.ESSTail))}
	}
	if len(post.reasons) == 0 {
		divergences := "no divergences"
		if s.Divergences > 0 {
			divergences = fmt.Sprintf("%d of %d trajectories divergent", s.Divergences, s.Trajectories)
		}
		post.reasons = []string{fmt.Sprintf("R̂ at most %.3f, at least %.0f effective draws, %s", s.RHat, math.Min(s.ESSBulk, s.ESSTail), divergences)}
	}
	post.noteMoments()
	post.noteSymmetry()
}

// automatic says that the draws are of chains that correct a guide, of a length that
// they choose themselves.
func (post *making) automatic() bool {
	return post.fit.Applied == inference.Sampled && post.options.Method != MethodNUTS
}

// rare is the number of divergent or saturated trajectories that is borne without a
// word: none of NUTS, one in a thousand of the many that chains which adapt until there
// are no more of them make.
func (post *making) rare() float64 {
	if post.automatic() {
		return rareTrajectories * float64(post.sampling.Trajectories)
	}
	return 0
}

// rated is Caution if a figure is at least bearable.
func rated(bearable bool) Verdict {
	if bearable {
		return Caution
	}
	return Poor
}

// where names the quantity that varies and has the largest figure, NaN foremost. Of
// discrete latents that chains move in, R̂ and the effective draws count too.
func (post *making) where(figure func(*quantity) float64) string {
	name, most := "", math.Inf(-1)
	for i := range post.quantities {
		q := &post.quantities[i]
		if x := figure(q); q.SD != 0 && (name == "" || x > most || math.IsNaN(x) && !math.IsNaN(most)) {
			name, most = q.Name, x
		}
	}
	for i := range post.discrete.quantities {
		d := &post.discrete.quantities[i]
		if d.RHat == 0 {
			continue
		}
		if x := figure(&quantity{Quantity: Quantity{RHat: d.RHat, ESSBulk: d.ESS, ESSTail: math.Inf(1)}}); name == "" || x > most {
			name, most = d.Name, x
		}
	}
	return name
}

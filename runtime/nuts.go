package runtime

import (
	"fmt"
	"math"

	"ppl/inference"
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
		advice := "try more Options.Warmup and Options.Draws"
		if post.automatic() {
			advice = "those that started elsewhere stay apart, or need longer; try Options.Method nuts with more Options.Warmup and Options.Draws"
			if post.problem.target.Guided() {
				advice += "; order labels that may be exchanged (`ordered[K]`)"
			}
		}
		post.lower(rated(s.RHat < cautionRHat), "R̂ of `%s` is %.3f: the chains have not mixed; %s", q, s.RHat, advice)
	}
	if ess := math.Min(s.ESSBulk, s.ESSTail); !(ess >= goodESS) {
		q := post.where(func(q *quantity) float64 { return -math.Min(q.ESSBulk, q.ESSTail) })
		advice := "try more Options.Draws"
		if post.automatic() {
			advice = "try Options.Method nuts with more Options.Draws"
		}
		post.lower(rated(ess >= cautionESS), "`%s` has only %.0f effective draws; %s", q, ess, advice)
	}
	if float64(s.Divergences) > post.rare() {
		post.lower(rated(float64(s.Divergences) <= cautionDivergent*float64(total)),
			"%d of %d trajectories diverged: the draws may miss a region of strong curvature; try Options.TargetAccept=0.95, or other priors for scales", s.Divergences, total)
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
		post.lower(Caution, "one chain cannot show that another start leads elsewhere; use Options.Chains=4")
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

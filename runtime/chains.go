package runtime

import (
	"math"

	"ppl/inference/mcmc"
)

// diagnoseDiscrete computes the diagnostics of discrete latents with a guide.
func (post *making) diagnoseDiscrete() {
	s := post.sampling
	if s == nil {
		return
	}
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

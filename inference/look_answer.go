package inference

import (
	"math"
)

// An answer that is made from particles.

// temperedParts is the most components of a mixture that is fitted to particles, temperedRounds
// how often it is fitted anew to what it was weighted to.
const (
	temperedParts  = 6
	remixTails     = 2 // degrees of freedom: heavier than those of a fit's weights
	temperedRounds = 2
)

// takeParticles makes the answer from what the particles have found. Of few latents they
// are the answer as they stand, if they are precise. Otherwise draws of a mixture that
// is fitted to them are weighed: if the weights are steady and agree with the particles
// they are the answer. Otherwise the particles are, until Markov chains that start from
// them say more.
func (f *fitter) takeParticles(fit *Answer) error {
	l := fit.Look
	if !f.direct(l) || l.coarse > 1 {
		w, err := f.remix(l.Particles)
		if err != nil {
			return err
		}
		if w != nil && w.steady() && w.ESS >= FewESS {
			if f.t.D <= fewTempered {
				l.replaces(w)
			} else {
				l.Compare(w)
			}
			if l.Agrees && (w.KHat <= safeKHat || !f.direct(l)) {
				fit.Draws, fit.Applied = w, Importance
				f.found(fit)
				return nil
			}
		}
	}
	fit.taken(l)
	l.Agrees = true
	f.found(fit)
	fit.chained = fit.chained && !(f.direct(l) && l.Precise())
	return nil
}

// taken makes particles the answer, whose runs count as chains.
func (fit *Answer) taken(l *Look) {
	w := l.Particles
	fit.Look, fit.Draws, fit.Applied = l, w, Tempered
	fit.Sampling = &Sampling{Chains: w.Chains, Groups: w.Chains, Draws: w.N() / w.Chains, Particles: l.size.particles, Trajectories: w.N()}
}

// direct reports whether particles may be the answer as they stand.
func (f *fitter) direct(l *Look) bool { return f.t.D <= fewTempered && l.coarse < bearable }

// bearable is how coarse particles may be, nearly what is not worth more of them, and
// precise what is left to no chains.
const (
	bearable = 1.4
	nearly   = 1.1
	precise  = 1.25
)

// found marks that the particles have found what the optimiser did not.
func (f *fitter) found(fit *Answer) {
	fit.Look.Used = true
	fit.Modes, fit.Flat, fit.NoResponse = fit.Modes[:1], nil, ""
	fit.Converged = true
	fit.chained = f.chained(fit)
}

// remix weights draws of a mixture that is fitted to particles, and then to the weighted
// draws; nil if there is none. Shares of the draws come from wide surroundings of all
// particles, whose tails are heavy.
func (f *fitter) remix(p *Weighted) (*Weighted, error) {
	n := p.N()
	df := math.Max(remixTails, float64(p.D)/2)
	equal := &Weighted{D: p.D, U: p.U, logP: p.logP, W: fill(make([]float64, n), 1/float64(n)), ESS: float64(n)}
	broad := equal.refit()
	m := fitMixture(equal, nil, df, temperedParts)
	if m == nil || broad == nil {
		return nil, nil
	}
	defence := func(m *mixture) *mixture {
		if m = m.defended(broad.inflated(1.5), 0.1); p.D <= fewTempered { // of more, draws that wide are lost
			m = m.defended(broad.inflated(5), 0.1)
		}
		return m
	}
	var best *Weighted
	for round := range temperedRounds {
		if f.halted() {
			break
		}
		w, err := f.weighMixture(defence(m), 2*f.opt.Draws, "tempered", round)
		if err != nil {
			return nil, err
		}
		if best == nil || w.better(best) {
			best = w
		}
		if best.KHat <= enough || w.ESS < 2*float64(p.D)+20 {
			break
		}
		if m = fitMixture(w, m, df, temperedParts+1); m == nil {
			break
		}
	}
	for more := 0; more < 2 && best != nil && best.KHat <= SteadyKHat && !f.halted(); more++ {
		coarse, err := f.coarse(best)
		if err != nil {
			return nil, err
		}
		if best.ESS > ample && coarse < 1 {
			break
		}
		w, err := f.weighMixture(best.proposal, 4*best.N(), "tempered", temperedRounds+more)
		if err != nil {
			return nil, err
		}
		best = w
	}
	if best != nil {
		best.measureSpread()
	}
	return best, nil
}

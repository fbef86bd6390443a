package mcmc

import "math"

// RHat is the rank-normalised split-R̂: the larger one of the R̂ of the normal
// scores of the draws (a difference in location) and of their distances from the
// median (a difference in scale).
func RHat(chains [][]float64) float64 {
	if undefined(chains) {
		return math.NaN()
	}
	return rankRHat(chains, normalScores(split(chains)), pooled(chains))
}

// rankRHat is RHat where the normal scores of the halves and the draws in
// ascending order are known.
func rankRHat(chains, scores [][]float64, sorted []float64) float64 {
	bulk := plainRHat(scores)
	folded := plainRHat(normalScores(split(fold(chains, quantile(sorted, 0.5)))))
	if math.IsNaN(folded) { // all draws equally far from the median: a coin
		return bulk
	}
	return math.Max(bulk, folded)
}

// plainRHat is √((B/W + n − 1)/n), with n·variance of the chains' means for B
// and the mean of their variances for W.
func plainRHat(chains [][]float64) float64 {
	if undefined(chains) || len(chains[0]) < 2 {
		return math.NaN()
	}
	n := float64(len(chains[0]))
	means := make([]float64, len(chains))
	within := 0.0
	for i, c := range chains {
		m, v := meanVar(c)
		means[i] = m
		within += v / float64(len(chains))
	}
	_, between := meanVar(means)
	return math.Sqrt((n*between/within + n - 1) / n)
}

// EBFMI is the energy Bayesian fraction of missing information of each chain,
// Σ(E_t − E_{t−1})²/Σ(E_t − Ē)². Below 0.3 the chain explores its energies too
// slowly, as with heavy tails or funnels (Betancourt 2016).
func EBFMI(energies [][]float64) []float64 {
	out := make([]float64, len(energies))
	for i, e := range energies {
		out[i] = math.NaN()
		if undefined([][]float64{e}) {
			continue
		}
		mean, _ := meanVar(e)
		steps, spread := 0.0, 0.0
		for t, v := range e {
			spread += (v - mean) * (v - mean)
			if t > 0 {
				steps += (v - e[t-1]) * (v - e[t-1])
			}
		}
		out[i] = steps / spread
	}
	return out
}

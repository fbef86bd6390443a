package mcmc

import "math"

// RHat is the rank-normalised split-R̂: the larger one of the R̂ of the normal
// scores of the draws (a difference in location) and of their distances from the
// median (a difference in scale).
func RHat(chains [][]float64) float64 {
	if undefined(chains) {
		return math.NaN()
	}
	return rankRHat(chains, normalScores(split(chains)), pooled(chains), len(chains))
}

// rankRHat is RHat of groups of chains where the normal scores of the halves and
// the draws in ascending order are known.
func rankRHat(chains, scores [][]float64, sorted []float64, groups int) float64 {
	bulk := plainRHat(joined(scores, groups))
	folded := plainRHat(joined(normalScores(split(fold(chains, quantile(sorted, 0.5)))), groups))
	if math.IsNaN(folded) { // all draws equally far from the median: a coin
		return bulk
	}
	return math.Max(bulk, folded)
}

// joined makes one chain of the first halves of a group's chains and one of the
// second halves: with W the variance within groups, R̂ says how far groups that started
// elsewhere agree, however short a chain is by itself (Margossian, Hoffman,
// Sountsov, Riou-Durand, Vehtari & Gelman 2024, "Nested R̂").
func joined(halves [][]float64, groups int) [][]float64 {
	chains := len(halves) / 2
	if groups >= chains {
		return halves
	}
	out := make([][]float64, 2*groups)
	for c := range chains {
		g := c * groups / chains
		out[2*g] = append(out[2*g], halves[2*c]...)
		out[2*g+1] = append(out[2*g+1], halves[2*c+1]...)
	}
	return out
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

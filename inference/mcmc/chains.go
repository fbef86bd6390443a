package mcmc

import (
	"cmp"
	"math"
	"slices"

	"gonum.org/v1/gonum/mathext"
)

// undefined says that nothing can be said of the chains: there are no draws,
// the lengths differ, some draw is not finite, or all draws are equal.
func undefined(chains [][]float64) bool {
	if len(chains) == 0 || len(chains[0]) == 0 {
		return true
	}
	low, high := math.Inf(1), math.Inf(-1)
	for _, c := range chains {
		if len(c) != len(chains[0]) {
			return true
		}
		for _, v := range c {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				return true
			}
			low, high = math.Min(low, v), math.Max(high, v)
		}
	}
	return low == high
}

// split cuts each chain in two halves; the middle draw of an odd number is left
// out, a single draw stays.
func split(chains [][]float64) [][]float64 {
	n := len(chains[0])
	if n < 2 {
		return chains
	}
	var out [][]float64
	for _, c := range chains {
		out = append(out, c[:n/2], c[(n+1)/2:])
	}
	return out
}

// each maps the draws.
func each(chains [][]float64, f func(float64) float64) [][]float64 {
	out := make([][]float64, len(chains))
	for i, c := range chains {
		out[i] = make([]float64, len(c))
		for t, v := range c {
			out[i][t] = f(v)
		}
	}
	return out
}

// fold takes the draws' distances from a centre.
func fold(chains [][]float64, centre float64) [][]float64 {
	return each(chains, func(v float64) float64 { return math.Abs(v - centre) })
}

// normalScores replaces each draw by Φ⁻¹((r − 3/8)/(S + 1/4)), r its rank among
// all S draws; equal draws share the mean of their ranks.
func normalScores(chains [][]float64) [][]float64 {
	type draw struct {
		value float64
		at    int
	}
	n := len(chains[0])
	var all []draw
	for i, c := range chains {
		for t, v := range c {
			all = append(all, draw{v, i*n + t})
		}
	}
	slices.SortFunc(all, func(a, b draw) int { return cmp.Compare(a.value, b.value) })
	out := each(chains, func(float64) float64 { return 0 })
	for k := 0; k < len(all); {
		end := k + 1
		for end < len(all) && all[end].value == all[k].value {
			end++
		}
		rank := float64(k+1+end) / 2
		z := mathext.NormalQuantile((rank - 3.0/8) / (float64(len(all)) + 1.0/4))
		for ; k < end; k++ {
			out[all[k].at/n][all[k].at%n] = z
		}
	}
	return out
}

// pooled are all draws, ascending.
func pooled(chains [][]float64) []float64 {
	all := slices.Concat(chains...)
	slices.Sort(all)
	return all
}

// quantile interpolates between the order statistics (R's type 7).
func quantile(sorted []float64, p float64) float64 {
	h := p * float64(len(sorted)-1)
	i := min(int(h), len(sorted)-1)
	j := min(i+1, len(sorted)-1)
	return sorted[i] + (h-float64(i))*(sorted[j]-sorted[i])
}

// meanVar gives the mean and the unbiased variance.
func meanVar(x []float64) (mean, variance float64) {
	for _, v := range x {
		mean += v
	}
	mean /= float64(len(x))
	for _, v := range x {
		variance += (v - mean) * (v - mean)
	}
	return mean, variance / float64(len(x)-1)
}

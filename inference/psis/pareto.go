package psis

import "math"

// FitPareto estimates the shape k and scale σ of the generalised Pareto
// distribution
//
//	p(x) = 1/σ · (1 + k·x/σ)^(−1/k − 1),  x ≥ 0,
//
// from excesses x in ascending order: the empirical Bayes estimate of Zhang &
// Stephens (2009, Technometrics 51:316), with k then drawn towards ½ as if ten
// more observations said so (Vehtari et al. 2024, appendix G). Both are NaN
// where the first quartile of x is not above its minimum.
func FitPareto(x []float64) (k, sigma float64) {
	const prior, most = 10, 0.5
	k, sigma = zhangStephens(x)
	n := float64(len(x))
	return (n*k + prior*most) / (n + prior), sigma
}

// zhangStephens profiles the likelihood over θ = −k/σ: for a given θ the best
// shape is k(θ) = mean log(1 − θx), and the profile log likelihood is
// n·(log(−θ/k) − k − 1). θ is the mean of a grid under that likelihood; the
// grid is the quantiles of a prior that the sample's quartile and maximum set.
func zhangStephens(x []float64) (k, sigma float64) {
	n := len(x)
	quartile := x[max(int(float64(n)/4+0.5), 1)-1]
	if !(quartile > x[0]) || math.IsInf(x[n-1], 0) {
		return math.NaN(), math.NaN()
	}
	m := 30 + int(math.Sqrt(float64(n)))
	theta, loglik := make([]float64, m), make([]float64, m)
	top := math.Inf(-1)
	for j := range theta {
		theta[j] = 1/x[n-1] + (1-math.Sqrt(float64(m)/(float64(j)+0.5)))/(3*quartile)
		shape := shapeAt(theta[j], x)
		loglik[j] = float64(n) * (math.Log(-theta[j]/shape) - shape - 1)
		if loglik[j] > top {
			top = loglik[j]
		}
	}
	best, total := 0.0, 0.0
	for j, l := range loglik {
		if w := math.Exp(l - top); w > 0 { // not NaN
			best += w * theta[j]
			total += w
		}
	}
	best /= total
	k = shapeAt(best, x)
	return k, -k / best
}

func shapeAt(theta float64, x []float64) float64 {
	sum := 0.0
	for _, v := range x {
		sum += math.Log1p(-theta * v)
	}
	return sum / float64(len(x))
}

// paretoQuantile is σ·((1 − p)^−k − 1)/k, and −σ·log(1 − p) at k = 0.
func paretoQuantile(p, k, sigma float64) float64 {
	l := -math.Log1p(-p)
	if math.Abs(k) < 1e-300 {
		return sigma * l
	}
	return sigma * math.Expm1(k*l) / k
}

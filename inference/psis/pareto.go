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
// where the first quartile of x is 0.
func FitPareto(x []float64) (k, sigma float64) {
	if !(firstQuartile(x, nil) > 0) {
		return math.NaN(), math.NaN()
	}
	n := float64(len(x))
	k, sigma = zhangStephens(x, nil, n)
	return shrunk(k, n), sigma
}

// FitParetoWeighted is FitPareto for excesses with weights w, worth n effective ones:
// each counts in the likelihood in proportion to its weight. Both are NaN where the
// first quartile of x is not above its minimum: these are counts, not a tail.
func FitParetoWeighted(x, w []float64, n float64) (k, sigma float64) {
	if !(firstQuartile(x, w) > x[0]) {
		return math.NaN(), math.NaN()
	}
	k, sigma = zhangStephens(x, w, n)
	return shrunk(k, n), sigma
}

// shrunk is a shape estimated from n observations, with the weak prior.
func shrunk(k, n float64) float64 {
	const prior, most = 10, 0.5
	return (n*k + prior*most) / (n + prior)
}

// zhangStephens profiles the likelihood over θ = −k/σ: for a given θ the best
// shape is k(θ) = mean log(1 − θx), and the profile log likelihood is
// n·(log(−θ/k) − k − 1). θ is the mean of a grid under that likelihood; the
// grid is the quantiles of a prior that the sample's quartile and maximum set.
func zhangStephens(x, w []float64, size float64) (k, sigma float64) {
	n := len(x)
	quartile := firstQuartile(x, w)
	if math.IsInf(x[n-1], 0) {
		return math.NaN(), math.NaN()
	}
	m := 30 + int(math.Sqrt(size))
	theta, loglik := make([]float64, m), make([]float64, m)
	top := math.Inf(-1)
	for j := range theta {
		theta[j] = 1/x[n-1] + (1-math.Sqrt(float64(m)/(float64(j)+0.5)))/(3*quartile)
		shape := shapeAt(theta[j], x, w)
		loglik[j] = size * (math.Log(-theta[j]/shape) - shape - 1)
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
	k = shapeAt(best, x, w)
	return k, -k / best
}

// firstQuartile is that of excesses in ascending order.
func firstQuartile(x, w []float64) float64 {
	if w == nil {
		return x[max(int(float64(len(x))/4+0.5), 1)-1]
	}
	total, sum := 0.0, 0.0
	for _, v := range w {
		total += v
	}
	for i, v := range w {
		if sum += v; sum >= total/4 {
			return x[i]
		}
	}
	return x[len(x)-1]
}

func shapeAt(theta float64, x, w []float64) float64 {
	sum := 0.0
	if w == nil {
		for _, v := range x {
			sum += math.Log1p(-theta * v)
		}
		return sum / float64(len(x))
	}
	total := 0.0
	for i, v := range x {
		sum += w[i] * math.Log1p(-theta*v)
		total += w[i]
	}
	return sum / total
}

// ParetoQuantile is σ·((1 − p)^−k − 1)/k, and −σ·log(1 − p) at k = 0.
func ParetoQuantile(p, k, sigma float64) float64 {
	l := -math.Log1p(-p)
	if math.Abs(k) < 1e-300 {
		return sigma * l
	}
	return sigma * math.Expm1(k*l) / k
}

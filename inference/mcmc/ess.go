package mcmc

import (
	"math"

	"gonum.org/v1/gonum/dsp/fourier"
)

// ESSBulk is the effective sample size for the middle of the distribution: that
// of the normal scores.
func ESSBulk(chains [][]float64) float64 {
	if undefined(chains) {
		return math.NaN()
	}
	return ess(normalScores(split(chains)))
}

// ESSTail is the smaller one of the effective sample sizes for the 5 % and the
// 95 % quantile.
func ESSTail(chains [][]float64) float64 {
	if undefined(chains) {
		return math.NaN()
	}
	sorted := pooled(chains)
	return math.Min(essQuantile(chains, sorted, 0.05), essQuantile(chains, sorted, 0.95))
}

// ESSMean is the effective sample size for the mean.
func ESSMean(chains [][]float64) float64 {
	if undefined(chains) {
		return math.NaN()
	}
	return ess(split(chains))
}

// ESSSD is the effective sample size for the standard deviation: that of the
// distances from the mean.
func ESSSD(chains [][]float64) float64 {
	if undefined(chains) {
		return math.NaN()
	}
	mean, _ := meanVar(pooled(chains))
	return ess(split(fold(chains, mean)))
}

// ESSQuantile is the effective sample size for the p-quantile: that of the
// indicator of lying at or below it.
func ESSQuantile(chains [][]float64, p float64) float64 {
	if undefined(chains) {
		return math.NaN()
	}
	return essQuantile(chains, pooled(chains), p)
}

// essQuantile is the effective sample size of the indicator of lying at or below the
// p-quantile. Of counts and indicators that may be the largest draw, at or below which
// everything lies: there it is the indicator of lying below.
func essQuantile(chains [][]float64, sorted []float64, p float64) float64 {
	q := quantile(sorted, p)
	top := q == sorted[len(sorted)-1]
	return ess(split(each(chains, func(v float64) float64 {
		if v < q || v == q && !top {
			return 1
		}
		return 0
	})))
}

// fewest is the number of draws in half a chain below which there are no
// autocorrelations to sum.
const fewest = 6

// ess is the effective sample size of chains as they come. With several chains
// the autocorrelation at lag t is ρ_t = 1 − (W − mean autocovariance)/var⁺, with
// W the variance within and var⁺ that of all draws together.
func ess(chains [][]float64) float64 {
	if undefined(chains) || len(chains[0]) < fewest {
		return math.NaN()
	}
	n := len(chains[0])
	acov, means := autocovariance(chains)
	within := acov[0] * float64(n) / float64(n-1)
	total := acov[0]
	if len(chains) > 1 {
		_, between := meanVar(means)
		total += between
	}
	draws := float64(n * len(chains))
	tau := geyer(func(t int) float64 { return 1 - (within-acov[t])/total }, n)
	// Antithetic chains can be worth more than independent draws, within reason.
	return draws / math.Max(tau, 1/math.Log10(draws))
}

// geyer is τ = −1 + 2Σρ_t over Geyer's initial monotone sequence: sums of
// successive pairs are positive, and made not to increase. The even term after
// the last pair is counted once where it is positive, which reduces the variance
// for antithetic chains.
func geyer(rho func(t int) float64, n int) float64 {
	pairs := [][2]float64{{1, rho(1)}}
	even, odd := 1.0, rho(1)
	last := 0
	for t := 0; t < n-5 && even+odd > 0; {
		t += 2
		even, odd = rho(t), rho(t+1)
		if last = t; even+odd >= 0 {
			pairs = append(pairs, [2]float64{even, odd})
		}
	}
	pairs = pairs[:min(len(pairs), last/2)]
	tau := -1.0
	for i, p := range pairs {
		if i > 0 && p[0]+p[1] > pairs[i-1][0]+pairs[i-1][1] {
			half := (pairs[i-1][0] + pairs[i-1][1]) / 2
			p = [2]float64{half, half}
			pairs[i] = p
		}
		tau += 2 * (p[0] + p[1])
	}
	return tau + math.Max(even, 0)
}

// autocovariance gives Σ (x_i − mean)(x_{i+t} − mean)/n for each lag t, averaged
// over the chains, and the chains' means: the inverse Fourier transform of the
// power spectra, with zeros appended so that the ends do not meet.
func autocovariance(chains [][]float64) (acov, means []float64) {
	n, size := len(chains[0]), 1
	for size < 2*n {
		size *= 2
	}
	fft := fourier.NewFFT(size)
	padded, coeff, power := make([]float64, size), make([]complex128, size/2+1), make([]complex128, size/2+1)
	for _, c := range chains {
		mean, _ := meanVar(c)
		means = append(means, mean)
		for t, v := range c {
			padded[t] = v - mean
		}
		for i, z := range fft.Coefficients(coeff, padded) {
			power[i] += complex(real(z)*real(z)+imag(z)*imag(z), 0)
		}
	}
	acov = fft.Sequence(padded, power)[:n]
	for t := range acov {
		acov[t] /= float64(size) * float64(n) * float64(len(chains))
	}
	return acov, means
}

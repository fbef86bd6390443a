package random

import "math"

// The log densities here are written from the books, not from package graph: an
// error there must not cancel. x outside the support has density 0.

const halfLog2Pi = 0.91893853320467274178 // ½ log 2π

func logNormal(x, mean, sd float64) float64 {
	z := (x - mean) / sd
	return -0.5*z*z - math.Log(sd) - halfLog2Pi
}

func logStudent(x, df, mean, scale float64) float64 {
	z := (x - mean) / scale
	return lgamma((df+1)/2) - lgamma(df/2) - 0.5*math.Log(df*math.Pi) - math.Log(scale) - (df+1)/2*math.Log1p(z*z/df)
}

func logCauchy(x, location, scale float64) float64 {
	z := (x - location) / scale
	return -math.Log(math.Pi*scale) - math.Log1p(z*z)
}

func logLaplace(x, mean, scale float64) float64 {
	return -math.Abs(x-mean)/scale - math.Log(2*scale)
}

func logGamma(x, shape, rate float64) float64 {
	return shape*math.Log(rate) - lgamma(shape) + (shape-1)*math.Log(x) - rate*x
}

func logInvGamma(x, shape, scale float64) float64 {
	return shape*math.Log(scale) - lgamma(shape) - (shape+1)*math.Log(x) - scale/x
}

func logLogNormal(x, location, scale float64) float64 {
	return logNormal(math.Log(x), location, scale) - math.Log(x)
}

func logExponential(x, rate float64) float64 { return math.Log(rate) - rate*x }

func logPoisson(k int, rate float64) float64 {
	return float64(k)*math.Log(rate) - rate - lgamma(float64(k)+1)
}

// logNegBinomial has the given mean and variance mean + mean²/dispersion.
func logNegBinomial(k int, mean, dispersion float64) float64 {
	n := float64(k)
	return lgamma(n+dispersion) - lgamma(n+1) - lgamma(dispersion) -
		dispersion*math.Log1p(mean/dispersion) + n*(math.Log(mean)-math.Log(dispersion+mean))
}

// logBernoulli is the log probability of y where the log odds of 1 are eta.
func logBernoulli(y int, eta float64) float64 {
	if y == 0 {
		eta = -eta
	}
	if eta < -35 {
		return eta
	}
	return -math.Log1p(math.Exp(-eta))
}

func lgamma(x float64) float64 {
	v, _ := math.Lgamma(x)
	return v
}

// logAdd is log(eᵃ + eᵇ).
func logAdd(a, b float64) float64 {
	if a < b {
		a, b = b, a
	}
	if math.IsInf(a, -1) {
		return a
	}
	return a + math.Log1p(math.Exp(b-a))
}

package kernel

import "math"

// GammaLogQuantile returns the log of the x with P(a, x) = Φ(z), for a > 0: a draw from Gamma(a, 1), on the log scale, if
// z is standard normal. Far down, where P is xᵃ/Γ(a+1), it is in closed form, and elsewhere found from the
// approximation of Wilson and Hilferty (1931, PNAS 17). The error is 1e-13 standard deviations, and 4ε relative
// besides. It is ±Inf at z = ±Inf. Its derivatives are φ(z)/exp(GammaLogDensity(a, u)) in z and GammaQuantileDa(a, u)
// in a, at its value u.
func GammaLogQuantile(a, z float64) float64 {
	switch {
	case !(a > 0) || math.IsInf(a, 1) || math.IsNaN(z):
		return math.NaN()
	case math.IsInf(z, 0):
		return z
	}
	lp, lq := scoreLevels(z)
	far := (lp + lgamma1p(a)) / a
	if far < gammaFar {
		return far
	}
	return quantileOf(gammaCurve{a}, gammaStart(a, z, far, lq), math.Sqrt((1+1/a)/a), lp, lq)
}

// gammaFar is the log of an x so small that P(a, x) is xᵃ/Γ(a+1) to all digits.
const gammaFar = -45

// gammaStart is a first approximation of the quantile; far is that of the lower tail.
func gammaStart(a, z, far, lq float64) float64 {
	c := 1 / (9 * a)
	if v := 1 - c + z*math.Sqrt(c); v > 0.3 && a > 0.1 {
		return math.Log(a) + 3*math.Log(v)
	}
	if z < 0 || far < -1 {
		return min(far, math.Log(a+1))
	}
	r := math.Log(a) - lq // Q is about a·E₁(x), and that about e⁻ˣ/x
	return math.Log(max(0.3, r-math.Log(max(1, r))))
}

// gammaCurve is the distribution of u = log X for X from Gamma(a, 1).
type gammaCurve struct{ a float64 }

func (c gammaCurve) at(u float64, upper bool) (tail, density, slope float64) {
	x := math.Exp(u)
	return gammaTail(c.a, x, false).logValue(upper), GammaLogDensity(c.a, u), c.a - x
}

// GammaLogDensity returns a·u − eᵘ − log Γ(a), the log density of log X at u for X from Gamma(a, 1), to 4ε relative to
// the larger of 1, |f| and |a·u| where a < 10. Its derivatives are a − eᵘ in u and u − ψ(a) in a.
func GammaLogDensity(a, u float64) float64 {
	switch {
	case !(a > 0):
		return math.NaN()
	case u < gammaFar || math.IsInf(u, 1):
		return a*u - Lgamma(a) - math.Exp(u)
	}
	_, log := gammaLead(a, math.Exp(u))
	return log + logOf(a)
}

// GammaQuantileDa returns −(∂P/∂a)/p at u = log x, with p the density of log X: the derivative of the quantile of log X
// in a, to 1e-12 relative. Its derivative in u is ψ(a) − u − f·(a − eᵘ), f its value.
func GammaQuantileDa(a, u float64) float64 {
	switch {
	case !(a > 0) || math.IsInf(a, 1) || math.IsNaN(u) || math.IsInf(u, 0):
		return math.NaN()
	case u < gammaFar:
		return (Digamma(a+1) - u) / a
	}
	t := gammaTail(a, math.Exp(u), true)
	return t.quantileSlope(t.da, GammaLogDensity(a, u))
}

// quantileSlope is minus the derivative of the lower probability out of its mantissa, over a density.
func (t tail) quantileSlope(mantissa, logDensity float64) float64 {
	d := math.Exp(t.log-logDensity) * mantissa
	if t.upper {
		return d
	}
	return -d
}

package kernel

import "math"

// LogSkewNormalCdf returns the log of the distribution function of the skew normal with
// density 2φ(z)Φ(αz) (Azzalini 1985), log(Φ(z) − 2T(z, α)) with Owen's T. Since
//
//	∂F/∂α = −e^(−(1+α²)z²/2) / (π(1+α²)),
//
// which is even in z, F differs from its limits at α = ±∞ by
//
//	G(z, a) = (1/π) ∫ₐ^∞ e^(−(1+s²)z²/2)/(1+s²) ds,
//
// and is G, erf(z/√2) + G, 2Φ(z) − G or 1 − G as the signs of α and z say: a
// difference only where G is at most half. α is finite. The error is 1e-13 relative to max(1, |f|).
// Its derivatives are exp(log density − f) in z and exp(log|∂F/∂α| − f), negative, in α.
func LogSkewNormalCdf(alpha, z float64) float64 {
	if math.IsNaN(z) || math.IsNaN(alpha-alpha) {
		return math.NaN()
	}
	g := logOwenTail(math.Abs(z), math.Abs(alpha))
	switch {
	case alpha >= 0 && z < 0:
		return g
	case alpha >= 0:
		return math.Log(math.Erf(z*math.Sqrt2/2) + math.Exp(g))
	case z < 0:
		return LogDiffExp(LogPhi(z)+ln2, g)
	}
	return math.Log1p(-math.Exp(g))
}

// logOwenTail is log G(z, a) for z, a ≥ 0, by double exponential quadrature over s = a + u
// (Takahasi and Mori 1974): u = c·exp(½π sinh t), which is dense on every scale near c.
func logOwenTail(z, a float64) float64 {
	lead := -0.5 * z * z * (1 + a*a)
	switch {
	case z == 0:
		return math.Log(math.Atan2(1, a) / math.Pi)
	case math.IsInf(lead, -1):
		return math.Inf(-1)
	}
	c := 1 / (a*z*z + z + 1/(1+a))
	h := 1.0 / 32
	if z*(1+a) < 0.1 { // e^(−(zs)²/2) and 1/(1+s²) fall on scales far apart
		h = 1.0 / 64
	}
	sum := 0.0
	for t := -4.0; t <= 3.5; t += h {
		u := c * math.Exp(0.5*math.Pi*math.Sinh(t))
		s := a + u
		sum += u * math.Cosh(t) * math.Exp(-0.5*z*z*u*(a+s)) / (1 + s*s)
	}
	return lead + math.Log(0.5*h*sum)
}

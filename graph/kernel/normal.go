package kernel

import "math"

// Phi returns the standard normal cdf, to 4ε relative for every x down to underflow
// at −38.5. Below −1 it is ½·exp(−x²/2)·erfcx(−x/√2) with the square taken exactly; above,
// ½·erfc(−x/√2). Its derivative is the normal density.
func Phi(x float64) float64 {
	if x >= -1 {
		return 0.5 * math.Erfc(-x*math.Sqrt2/2)
	}
	if x < -39 {
		return 0
	}
	return 0.5 * expSquare(x, -0.5) * erfcx(-x*math.Sqrt2/2)
}

// LogPhi returns log Φ(x), to 4ε relative for every x: log1p(−Φ(−x)) for positive x, and
// −x²/2 + log(½·erfcx(−x/√2)) below −1. It overflows to −Inf below −1.9e154. Its
// derivative is InvMills.
func LogPhi(x float64) float64 {
	switch {
	case x > 0:
		return math.Log1p(-Phi(-x))
	case x >= -1:
		return math.Log(Phi(x))
	case x < -1e9: // the logarithm of the mantissa is below half an ulp of x²/2
		return -0.5 * x * x
	}
	return math.Log(0.5*erfcx(-x*math.Sqrt2/2)) - 0.5*x*x
}

// InvMills returns φ(x)/Φ(x), the derivative of LogPhi, as √(2/π)/erfcx(−x/√2) below
// zero, to 4ε relative for every x. It tends to −x on the left and underflows to zero
// above 38.6. Its derivative is InvMillsDeriv.
func InvMills(x float64) float64 {
	switch {
	case x > 39:
		return 0
	case x > 0:
		return invSqrt2Pi * expSquare(x, -0.5) / Phi(x)
	case x < -1e9:
		return -x
	}
	return sqrt2OvPi / erfcx(-x*math.Sqrt2/2)
}

// InvMillsDeriv returns the second derivative of LogPhi, −m·(x+m) with m = InvMills(x).
// It is negative, and tends to −1 on the left. There x+m cancels, so below −3 it is taken
// from Laplace's continued fraction, m(−t) = t + 1/(t+2/(t+3/(t+…))). The error is at most
// 1e-14 relative.
func InvMillsDeriv(x float64) float64 {
	if !(x < -3) {
		m := InvMills(x)
		if m == 0 {
			return 0 // not 0·Inf
		}
		return -m * (x + m)
	}
	if x < -1e9 {
		return -1
	}
	t := -x
	r := t
	for k := 10 + math.Floor(1200/(t*t)); k >= 2; k-- {
		r = t + k/r
	}
	return -(t + 1/r) / r
}

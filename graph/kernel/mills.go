package kernel

import "math"

// LogMills returns the log of Mills' ratio, (1 − Φ(x))/φ(x) = √(π/2)·erfcx(x/√2), to 4ε
// relative to max(1, |f|): what is left of a normal tail when e^(−x²/2) is taken out.
// Its derivative is LogMillsDeriv.
func LogMills(x float64) float64 {
	if x < -20 {
		return LogPhi(-x) + 0.5*x*x + lnSqrt2Pi
	}
	return math.Log(erfcx(x*math.Sqrt2/2) / sqrt2OvPi)
}

// LogMillsDeriv returns the derivative of LogMills, x − m with m = InvMills(−x). Above 3
// it is taken from Laplace's continued fraction, m = x + 1/(x+2/(x+3/(x+…))), as the
// difference cancels there. The error is at most 1e-14 relative. It is negative and tends to
// −1/x on the right; its derivative is LogMillsCurve.
func LogMillsDeriv(x float64) float64 {
	switch {
	case !(x > 3):
		return x - InvMills(-x)
	case x > 1e9:
		return -1 / x
	}
	r, _ := laplaceFraction(x)
	return -1 / r
}

// LogMillsCurve returns the second derivative of LogMills, 1 + d·(x − d) with d =
// LogMillsDeriv(x), to 1e-13 relative. It tends to 1/x² on the right; its derivative is d + c·(x − 2d),
// with c its value.
func LogMillsCurve(x float64) float64 {
	switch {
	case !(x > 3):
		d := LogMillsDeriv(x)
		return 1 + d*(x-d)
	case x > 1e9:
		return 1 / x / x
	}
	r, rest := laplaceFraction(x)
	return (rest*r - 1) / r / r
}

// laplaceFraction is x + 2/(x+3/(x+…)), and what follows the first x, for 3 < x < 1e9.
func laplaceFraction(x float64) (r, rest float64) {
	r = x
	for k := 10 + math.Floor(1200/(x*x)); k >= 2; k-- {
		rest = k / r
		r = x + rest
	}
	return r, rest
}

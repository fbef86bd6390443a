package kernel

import "math"

// GammaLead returns (a−1)·log x − x − log Γ(a+1), the log density of Gamma(a, 1) at x less log a, for a ≥ 0 and
// x ≥ 0. It is −Inf at x = ∞ and for a = ∞.
func GammaLead(a, x float64) float64 {
	switch {
	case !(a >= 0) || !(x >= 0):
		return math.NaN()
	case math.IsInf(x, 1) || math.IsInf(a, 1):
		return math.Inf(-1)
	}
	return XLogY(a-1, x) - x - Lgamma(a+1)
}

// BetaLead returns (a−1)·log x + (b−1)·log(1−x) − log B(a+1, b+1), the log density of Beta(a, b) at x up to the
// logarithm of ab/((a+b)(a+b+1)), for a, b ≥ 0 and 0 ≤ x ≤ 1. It is −Inf where a parameter is infinite or, at the
// end where it has no mass, 0.
func BetaLead(a, b, x float64) float64 {
	switch {
	case !(a >= 0) || !(b >= 0) || !(x >= 0 && x <= 1):
		return math.NaN()
	case math.IsInf(a, 1) || math.IsInf(b, 1) || a == 0 && x == 1 || b == 0 && x == 0:
		return math.Inf(-1)
	}
	return XLogY(a-1, x) + XLog1PY(b-1, -x) - Lbeta(a+1, b+1)
}

// StudentTLogDensity returns the log density of Student's t with df > 0 degrees of freedom, that of the
// standard normal for df = ∞.
func StudentTLogDensity(df, t float64) float64 {
	switch {
	case !(df > 0) || math.IsNaN(t):
		return math.NaN()
	case math.IsInf(t, 0):
		return math.Inf(-1)
	case df > 1e17:
		return -0.5*t*t - lnSqrt2Pi
	}
	w := math.Abs(t) / math.Sqrt(df)
	l := 2 * math.Log(w)
	if w < 1e9 {
		l = math.Log1p(w * w)
	}
	return -0.5*(df+1)*l - Lbeta(df/2, 0.5) - 0.5*math.Log(df)
}

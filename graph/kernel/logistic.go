package kernel

import "math"

// InvLogit returns 1/(1+e⁻ˣ), to 3ε relative in both tails. It underflows to zero with
// eˣ, and is 0 and 1 at −Inf and +Inf.
func InvLogit(x float64) float64 {
	if x < 0 {
		e := math.Exp(x)
		return e / (1 + e)
	}
	return 1 / (1 + math.Exp(-x))
}

// Logit returns log(p/(1−p)), to 4ε relative, also next to its zero at p = ½, where
// it is log1p((2p−1)/(1−p)) and 2p−1 is exact. It is −Inf at 0, +Inf at 1 and NaN
// outside [0, 1].
func Logit(p float64) float64 {
	if p > 0.25 && p < 0.75 {
		return math.Log1p((2*p - 1) / (1 - p))
	}
	return logOf(p) - math.Log1p(-p)
}

// Softplus returns log(1+eˣ), to 3ε relative for every x. Its derivative is InvLogit.
func Softplus(x float64) float64 {
	switch {
	case x > 37: // e⁻ˣ is below half an ulp of x
		return x
	case x > 0:
		return x + math.Log1p(math.Exp(-x))
	default:
		return math.Log1p(math.Exp(x))
	}
}

// LogInvLogit returns log(1/(1+e⁻ˣ)) = −Softplus(−x), to 3ε relative. Its derivative
// is InvLogit(−x).
func LogInvLogit(x float64) float64 { return -Softplus(-x) }

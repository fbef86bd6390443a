package kernel

import "math"

// Lbeta returns log B(a, b) = log Γ(a) + log Γ(b) − log Γ(a+b) for a, b > 0. With an argument of
// 10 or more the large gammas are paired off by their Stirling corrections (DiDonato and
// Morris 1992, TOMS 708, algdiv and bcorr; Fullerton's dlbeta), so that nothing is
// lost where one is large and the other small. The error is 8ε relative to max(1, |f|).
// It is +Inf where an argument is 0, −Inf where one is +Inf and the other positive, and NaN for a
// negative argument or 0 with +Inf. Its derivatives are ψ(a) − ψ(a+b) and ψ(b) − ψ(a+b).
func Lbeta(a, b float64) float64 {
	p, q := min(a, b), max(a, b)
	switch {
	case !(p >= 0) || p == 0 && math.IsInf(q, 1):
		return math.NaN()
	case p == 0:
		return math.Inf(1)
	case math.IsInf(q, 1):
		return math.Inf(-1)
	case p == 1:
		return 0 - logOf(q) // +0 at q = 1
	case p >= 10:
		r := p / q
		corr := stirling(p) + stirling(q) - stirling(p+q)
		return -0.5*math.Log(q) + lnSqrt2Pi + corr + (p-0.5)*(math.Log(r)-math.Log1p(r)) - q*math.Log1p(r)
	case q >= 10:
		return Lgamma(p) - p*math.Log(q) - gammaShift(p, q)
	case p < 1e-100:
		return -logOf(p) + math.Log1p(p/q)
	}
	return math.Log(math.Gamma(p) * (math.Gamma(q) / math.Gamma(p+q)))
}

// Lchoose returns log C(n, k) = −log((n+1)·B(k+1, n−k+1)) for real 0 ≤ k ≤ n, to 16ε
// relative to max(1, |f|), and exactly 0 at k = 0 and k = n. Outside it is −Inf, the
// logarithm of no ways, and NaN for negative n.
func Lchoose(n, k float64) float64 {
	switch {
	case math.IsNaN(n) || math.IsNaN(k) || n < 0 || math.IsInf(n, 1) && k > 0:
		return math.NaN()
	case k < 0 || k > n:
		return math.Inf(-1)
	}
	k = min(k, n-k)
	switch k {
	case 0:
		return 0
	case 1:
		return math.Log(n)
	}
	if n < 20 {
		return -math.Log1p(n) - Lbeta(k+1, n-k+1)
	}
	// Γ(n+1)/Γ(n−k+1) is (n−k+1)ᵏ times the shift.
	m := n - k + 1
	return k*math.Log(m) + gammaShift(k, m) - Lgamma(k+1)
}

package kernel

import "math"

// NormalScore returns the x with log Φ(x) = lp and log Φ(−x) = lq, taken from the smaller of the two, to 8ε relative to
// max(1, |x|). It is ±Inf where one of them is −Inf. Its derivatives are Φ(x)/φ(x) in lp or −Φ(−x)/φ(x) in lq, whichever was taken.
func NormalScore(lp, lq float64) float64 {
	switch {
	case lp <= lq:
		return phiInvLog(lp)
	case lq < lp:
		return -phiInvLog(lq)
	}
	return math.NaN()
}

// phiInvLog returns the x with log Φ(x) = l, for l ≤ −log 2. Where e^l underflows it is found by Newton's iteration,
// which converges from everywhere as log Φ is concave, from the leading terms of the asymptotic expansion.
func phiInvLog(l float64) float64 {
	if l > -700 {
		return phiInv(math.Exp(l))
	}
	if math.IsInf(l, -1) {
		return l
	}
	x := -math.Sqrt(-2*l - math.Log(-2*l) - 2*lnSqrt2Pi)
	for range 4 {
		x -= (LogPhi(x) - l) / InvMills(x)
	}
	return x
}

// TruncatedScore returns the y in (l, u) with Φ(y) = Φ(l) + Φ(z)·(Φ(u) − Φ(l)): a standard normal z made a draw of the
// normal distribution truncated to that interval, whose ends may be infinite. It is written as
// Φ(−z)·Φ(l) + Φ(z)·Φ(u), or the like of 1 − Φ in the right tail, and Φ − ½ in the middle: sums without cancellation, so
// that y has the relative error of its own tail, 16ε, and next to a bound at 0 its full relative precision. It is NaN
// unless l < u.
func TruncatedScore(z, l, u float64) float64 {
	switch {
	case !(l < u) || math.IsNaN(z):
		return math.NaN()
	case math.IsInf(l, -1) && math.IsInf(u, 1):
		return z
	}
	var y float64
	if q := Phi(-z)*halfErf(l) + Phi(z)*halfErf(u); math.Abs(q) <= 0.425 {
		y = q * ratio7(0.180625-q*q, &quantileCentre)
	} else if q < 0 {
		y = phiInvLog(LogSumExp2(LogPhi(l)+LogPhi(-z), LogPhi(u)+LogPhi(z)))
	} else {
		y = -phiInvLog(LogSumExp2(LogPhi(-l)+LogPhi(-z), LogPhi(-u)+LogPhi(z)))
	}
	return math.Min(math.Max(y, l), u)
}

// halfErf is Φ(x) − ½.
func halfErf(x float64) float64 { return 0.5 * math.Erf(x/math.Sqrt2) }

// LogPhiBetween returns log(Φ(u) − Φ(l)) for l ≤ u, from the smaller tail, to 16ε relative but for what
// the rounding of l and u itself does where they are close. Its derivatives are φ(u)/e^f in u and −φ(l)/e^f in l.
func LogPhiBetween(l, u float64) float64 {
	switch rest := Phi(l) + Phi(-u); {
	case !(l <= u):
		return math.NaN()
	case rest < 0.5:
		return math.Log1p(-rest)
	case l < 0 && u > 0:
		return math.Log(halfErf(u) - halfErf(l))
	case l < 0:
		return LogDiffExp(LogPhi(u), LogPhi(l))
	}
	return LogDiffExp(LogPhi(-l), LogPhi(-u))
}

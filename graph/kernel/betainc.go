package kernel

import "math"

// betaInc returns the regularised incomplete beta function,
// I_x(a, b) = 1/B(a, b) ∫₀ˣ tᵃ⁻¹(1−t)ᵇ⁻¹ dt, for a, b ≥ 0 and 0 ≤ x ≤ 1.
//
// The tail on the side of x away from (a+1)/(a+b+2) is computed, and the other is its complement.
// The method is the continued fraction of DiDonato and Morris (TOMS 708, 1992, eq. 9); a
// power series where that tail is one minus something small because its far parameter is
// small; quadrature over the tail where both parameters exceed 3000; and the gamma limit
// where one parameter is so large that two terms of it are exact.
//
// The error is 1e-13 + 4ε·|log f| relative. The edges are I₀ = 0, I₁ = 1, and
// with a = 0 or b = ∞ 1, with b = 0 or a = ∞ 0 for x inside; where two of these
// meet it is NaN. Its derivatives are betaIncDa, betaIncDb and betaIncDx.
func betaInc(a, b, x float64) float64 {
	if p, edge := betaEdge(a, b, x); edge {
		return p
	}
	return betaTail(newBetaArgs(a, b, x), false).value(false)
}

// LogBetaInc returns log I_x(a, b), also where I underflows, with the relative error of
// betaInc for the larger of |f| and the tail's own size.
func LogBetaInc(a, b, x float64) float64 {
	if p, edge := betaEdge(a, b, x); edge {
		return math.Log(p)
	}
	return betaTail(newBetaArgs(a, b, x), false).logValue(false)
}

// LogBetaIncC returns log(1 − I_x(a, b)), with the errors of LogBetaInc.
func LogBetaIncC(a, b, x float64) float64 {
	if p, edge := betaEdge(a, b, x); edge {
		return math.Log(1 - p)
	}
	return betaTail(newBetaArgs(a, b, x), false).logValue(true)
}

// betaIncDx returns ∂I_x(a, b)/∂x = xᵃ⁻¹(1−x)ᵇ⁻¹/B(a, b), the beta density.
func betaIncDx(a, b, x float64) float64 {
	if !(a > 0) || !(b > 0) || !(x >= 0 && x <= 1) || math.IsInf(a, 1) || math.IsInf(b, 1) {
		return math.NaN()
	}
	if x == 0 || x == 1 {
		p, q := a, b
		if x == 1 {
			p, q = b, a
		}
		switch {
		case p < 1:
			return math.Inf(1)
		case p == 1:
			return q
		}
		return 0
	}
	v := newBetaArgs(a, b, x)
	return math.Exp(v.lead() + logOf(a) - v.logX - v.logY)
}

// betaEdge gives I on the border of its domain, and NaN outside.
func betaEdge(a, b, x float64) (p float64, edge bool) {
	one := b == 0 || math.IsInf(a, 1) // all mass at x = 1
	zero := a == 0 || math.IsInf(b, 1)
	switch {
	case !(a >= 0) || !(b >= 0) || !(x >= 0 && x <= 1), zero && one, zero && x == 0, one && x == 1:
		return math.NaN(), true
	case one || x == 0:
		return 0, true
	case zero || x == 1:
		return 1, true
	}
	return 0, false
}

// betaArgs is the argument of an incomplete beta function with y = 1 − x and both logarithms, each
// exact in itself: where x is within ε of an end only the caller may know them.
type betaArgs struct{ a, b, x, y, logX, logY float64 }

func newBetaArgs(a, b, x float64) betaArgs {
	return betaArgs{a, b, x, 1 - x, logOf(x), math.Log1p(-x)}
}

// flip exchanges the two ends.
func (v betaArgs) flip() betaArgs { return betaArgs{v.b, v.a, v.y, v.x, v.logY, v.logX} }

// lead returns log(xᵃyᵇ/(a·B(a, b))).
func (v betaArgs) lead() float64 {
	a, b := v.a, v.b
	switch {
	case min(a, b) >= 10:
		// a·φ(x/x₀) + b·φ(y/y₀) around the mean x₀; the linear terms cancel.
		n := a + b
		d := v.fromMean()
		return a*phiAt(d/a, v.logX, a/n) + b*phiAt(-d/b, v.logY, b/n) +
			0.5*(math.Log(b/n)-math.Log(a)) - lnSqrt2Pi - (stirling(a) + stirling(b) - stirling(n))
	case b >= 10:
		return a*(v.logX+math.Log(b)) + b*v.logY + gammaShift(a, b) - lgamma1p(a)
	case a >= 10:
		return v.flip().lead() + logOf(b) - math.Log(a)
	}
	return a*v.logX + b*v.logY - logAB(a, b)
}

// fromMean returns (a+b)·x − a = b·x − a·y, from the smaller of x and y.
func (v betaArgs) fromMean() float64 {
	if v.x <= v.y {
		return math.FMA(v.a+v.b, v.x, -v.a)
	}
	return -math.FMA(v.a+v.b, v.y, -v.b)
}

// phiAt returns log(1+u) − u, where 1+u is x over the mean m; far below the mean from the
// logarithm of x, which u no longer holds.
func phiAt(u, logX, m float64) float64 {
	if u < -0.4 {
		return logX - math.Log(m) - u
	}
	return log1pmx(u)
}

// betaTail returns the tail of I on the side of x away from (a+1)/(a+b+2), which lies between mean and
// mode where both are large, and near the middle where the mass sits at the ends.
func betaTail(v betaArgs, deriv bool) tail {
	flipped := v.fromMean() > v.y-v.x // which is exact next to the mean too
	if flipped {
		v = v.flip()
	}
	t := betaLower(v, deriv)
	if flipped { // the lower tail of the flipped arguments
		t.upper = !t.upper
		t.da, t.db = t.db, t.da
	}
	t.lead = math.Exp(t.log)
	return t
}

// betaLower picks the method for x on the lower side; it may return the upper tail.
func betaLower(v betaArgs, deriv bool) tail {
	switch {
	case min(v.a, v.b) < tinyParameter:
		return betaTiny(v, deriv)
	case min(v.a, v.b) > 3000:
		return betaQuadrature(v)
	case v.nearlyGamma():
		return betaGammaLimit(v, deriv)
	case v.a < 0.7 && v.a <= v.b && v.a*v.logX > -ln2 && v.b*v.x < 1 && v.x < 0.7:
		return betaSmall(v, deriv)
	}
	return betaFraction(v, deriv)
}

package kernel

import "math"

// gammaP returns the regularised lower incomplete gamma function,
// P(a, x) = 1/Γ(a) ∫₀ˣ tᵃ⁻¹e⁻ᵗ dt, for a ≥ 0 and x ≥ 0.
//
// The smaller of P and Q is computed: P by its power series, Q by Legendre's continued
// fraction or, for x < 1.5, a series without cancellation, and either by Temme's uniform
// expansion for a ≥ 20 and x/a between 0.7 and 2.35; the division is that of Gil, Segura and
// Temme ("Efficient and accurate algorithms for the computation and inversion of the
// incomplete gamma function ratios", SIAM J. Sci. Comput. 34, 2012).
//
// The error is 1e-14 + 4ε·|log f| relative. At the edges P(a, 0) = 0, P(a, ∞) = 1, P(0, x) = 1 and
// P(∞, x) = 0; where two of these meet it is NaN. Its derivatives are gammaPDa and
// gammaPDx.
func gammaP(a, x float64) float64 {
	if p, edge := gammaEdge(a, x); edge {
		return p
	}
	return gammaTail(a, x, false).value(false)
}

// gammaQ returns the regularised upper incomplete gamma function, 1 − gammaP(a, x), with the
// same relative error where it is small.
func gammaQ(a, x float64) float64 {
	if p, edge := gammaEdge(a, x); edge {
		return 1 - p
	}
	return gammaTail(a, x, false).value(true)
}

// LogGammaP returns log P(a, x), also where P underflows, to 1e-14 relative to max(1, |f|) and
// 1e-14 relative where P is near one.
func LogGammaP(a, x float64) float64 {
	if p, edge := gammaEdge(a, x); edge {
		return math.Log(p)
	}
	return gammaTail(a, x, false).logValue(false)
}

// LogGammaQ returns log Q(a, x), with the errors of LogGammaP.
func LogGammaQ(a, x float64) float64 {
	if p, edge := gammaEdge(a, x); edge {
		return math.Log(1 - p)
	}
	return gammaTail(a, x, false).logValue(true)
}

// gammaPDx returns ∂P/∂x = xᵃ⁻¹e⁻ˣ/Γ(a), the gamma density, with the relative error of gammaP.
func gammaPDx(a, x float64) float64 {
	if !(a > 0) || !(x >= 0) || math.IsInf(a, 1) {
		if a >= 0 && x > 0 {
			return 0
		}
		return math.NaN()
	}
	switch {
	case math.IsInf(x, 1):
		return 0
	case x == 0 && a > 1:
		return 0
	case x == 0 && a == 1:
		return 1
	case x == 0:
		return math.Inf(1)
	}
	lead, log := gammaLead(a, x)
	if lead < smallest || x < a*0x1p-1000 { // a/x or the product could leave the range
		return math.Exp(log + logOf(a) - logOf(x))
	}
	return lead * (a / x)
}

// gammaEdge gives P on the border of its domain, and NaN outside.
func gammaEdge(a, x float64) (p float64, edge bool) {
	switch {
	case !(a >= 0) || !(x >= 0), a == 0 && x == 0, math.IsInf(a, 1) && math.IsInf(x, 1):
		return math.NaN(), true
	case x == 0 || math.IsInf(a, 1):
		return 0, true
	case a == 0 || math.IsInf(x, 1):
		return 1, true
	}
	return 0, false
}

// gammaTail picks the method; deriv says whether da is wanted.
func gammaTail(a, x float64, deriv bool) tail {
	if a < tinyParameter { // Q is proportional to a
		t := gammaTail(tinyParameter, x, deriv).normalised()
		t.mant = a / tinyParameter
		return t
	}
	mu := (x - a) / a
	half := x + 0.25 // about the a at which P = Q = ½
	if x < 0.5 {
		half = -ln2 / math.Log(x)
	}
	switch {
	case a >= 20 && mu > -0.3 && mu < 1.35:
		return gammaUniform(a, mu, deriv)
	case a >= half:
		return gammaSeries(a, x, deriv)
	case x < 1.5:
		return gammaSmall(a, x, deriv)
	}
	return gammaFraction(a, x, deriv)
}

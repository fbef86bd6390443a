package kernel

import "math"

// stirling returns Stirling's correction, log Γ(x) − (x−½)·log x + x − ½·log 2π, for
// x ≥ 10: the series Σ B₂ₖ/(2k(2k−1)x²ᵏ⁻¹), exact to ε there.
func stirling(x float64) float64 {
	y := 1 / x
	z := y * y
	return y * (1.0/12 - z*(1.0/360-z*(1.0/1260-z*(1.0/1680-z*(1.0/1188-z*(691.0/360360-z*(1.0/156)))))))
}

// gammaShift returns log(Γ(b+a)/Γ(b)) − a·log b for b ≥ 10 and a ≥ 0, which is
// about a(a−1)/2b. Written around b the logarithms of the large gammas cancel exactly
// (algdiv and bcorr of DiDonato and Morris, TOMS 708).
func gammaShift(a, b float64) float64 {
	u := a / b
	return b*log1pmx(u) + (a-0.5)*math.Log1p(u) + stirlingShift(a, b)
}

// stirlingShift returns stirling(a+b) − stirling(b), relative also to a small a: as the terms' differences
// y₁ⁿ − y₂ⁿ = (y₁−y₂)·h, h = y₁ⁿ⁻¹ + y₁ⁿ⁻²y₂ + … + y₂ⁿ⁻¹.
func stirlingShift(a, b float64) float64 {
	if a > 0.01 {
		return stirling(a+b) - stirling(b)
	}
	y1, y2 := 1/(a+b), 1/b
	h, power, sum := 1.0, y2, 0.0
	for _, c := range stirlingCoefficients {
		sum += c * h
		for range 2 {
			h = y1*h + power
			power *= y2
		}
	}
	return -a * y1 * y2 * sum
}

// stirlingCoefficients is B₂ₖ/(2k(2k−1)) for k from 1.
var stirlingCoefficients = [...]float64{1.0 / 12, -1.0 / 360, 1.0 / 1260, -1.0 / 1680, 1.0 / 1188, -691.0 / 360360, 1.0 / 156}

// digammaShift returns ψ(a+b) − ψ(a) for a > 0 and b ≥ 0, without cancellation where b
// is small beside a large a; NaN outside.
func digammaShift(a, b float64) float64 {
	if !(a > 0 && b >= 0) {
		return math.NaN()
	}
	sum := 0.0
	if a < 0x1p-500 { // whose square underflows
		sum = b / (a + b) / a
		a++
	}
	for ; a < 15; a++ {
		if b > 20 {
			return sum + Digamma(a+b) - Digamma(a)
		}
		sum += b / (a * (a + b)) // 1/a − 1/(a+b)
	}
	if b > 1e3*a {
		return sum + Digamma(a+b) - Digamma(a)
	}
	c := a + b
	ra, rc := 1/(a*a), 1/(c*c)
	diff := b / a / c * (1/a + 1/c) // 1/a² − 1/c²
	// ψ(x) ~ log x − 1/2x − 1/12x² + 1/120x⁴ − 1/252x⁶ + 1/240x⁸ − 1/132x¹⁰, term by term
	// in differences of powers of 1/x².
	s := 1.0/12 - (ra+rc)/120 + (ra*ra+ra*rc+rc*rc)/252 - (ra+rc)*(ra*ra+rc*rc)/240 +
		(ra*ra*ra*ra+ra*ra*ra*rc+ra*ra*rc*rc+ra*rc*rc*rc+rc*rc*rc*rc)/132
	return sum + math.Log1p(b/a) + 0.5*(b/a/c) + diff*s
}

package kernel

import "math"

// Digamma returns ψ(x) = Γ′(x)/Γ(x). For x ≥ 10 it is the asymptotic series; in [1, 2] a
// rational approximation with the factor x − x₀, x₀ = 1.4616… its root, so that the
// relative error stays small through it (Maddock, Boost.Math); in between the recurrence;
// below zero the reflection ψ(1−x) − π·cot πx. The error is 4ε relative for x > 0, and
// 4ε relative to max(1, |f|) multiplied by the condition of the poles for x < 0. It is NaN
// at 0, −1, −2, … and −Inf, except −Inf at +0 and +Inf at −0. Its derivative is Trigamma.
func Digamma(x float64) float64 {
	if x <= 0 {
		return digammaReflected(x)
	}
	if x >= 10 {
		return digammaLarge(x)
	}
	sum := 0.0
	for ; x > 2; x-- {
		sum += 1 / (x - 1)
	}
	if x < 1 {
		sum = -1 / x
		x++
	}
	return sum + digammaCentre(x)
}

// digammaReflected carries Digamma to x ≤ 0 and NaN.
func digammaReflected(x float64) float64 {
	if x == 0 {
		return -1 / x
	}
	return Digamma(1-x) - math.Pi*cotPi(x)
}

// cotPi returns cot(πx), with the integer part of x taken off exactly. NaN at the poles.
func cotPi(x float64) float64 {
	f := x - math.Round(x)
	switch {
	case f == 0:
		return math.NaN()
	case math.Abs(f) > 0.25: // from the zero at ½
		return math.Tan(math.Pi * (math.Copysign(0.5, f) - f))
	}
	return 1 / math.Tan(math.Pi*f)
}

// digammaLarge is the asymptotic series log x − 1/2x − Σ B₂ₖ/(2k·x²ᵏ), for x ≥ 10.
func digammaLarge(x float64) float64 {
	y := 1 / x
	z := y * y
	s := z * (1.0/12 - z*(1.0/120-z*(1.0/252-z*(1.0/240-z*(1.0/132-z*(691.0/32760-z*(1.0/12)))))))
	return math.Log(x) - 0.5*y - s
}

// digammaCentre is Maddock's approximation on [1, 2], (x−x₀)(Y + R(x−1)), the root x₀ in
// three parts.
func digammaCentre(x float64) float64 {
	const y = 0.99558162689208984375
	const (
		root1 = 1569415565.0 / 1073741824
		root2 = 381566830.0 / 1073741824 / 1073741824
		root3 = 0.9016312093258695918615325266959189453125e-19
	)
	g := x - root1 - root2 - root3
	t := x - 1
	num := -0.0020713321167745952*t - 0.045251321448739056
	num = num*t - 0.28919126444774784
	num = num*t - 0.65031853770896507
	num = num*t - 0.32555033186804491
	num = num*t + 0.25479851061131551
	den := -0.55789841321675513e-6*t + 0.0021284987017821144
	den = den*t + 0.054151797245674225
	den = den*t + 0.43593529692665969
	den = den*t + 1.4606242909763515
	den = den*t + 2.0767117023730469
	den = den*t + 1
	return g*y + g*(num/den)
}

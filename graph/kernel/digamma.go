package kernel

import "math"

// Digamma returns ψ(x) = Γ′(x)/Γ(x). For x ≥ 10 it is the asymptotic series; in [1, 2] a
// rational approximation with the factor x − x₀, x₀ = 1.4616… its root, so that the
// relative error stays small through it; in between the recurrence;
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

// digammaCentre is (x−x₀)(Y + R(x−1)) on [1, 2], the root x₀ in three parts. The form is that
// of Boost.Math; the rational function R interpolates at 12 Chebyshev nodes, to 7e-18.
func digammaCentre(x float64) float64 {
	const y = 0.99558162689208984375
	const (
		root1 = 1569415565.0 / 1073741824
		root2 = 381566830.0 / 1073741824 / 1073741824
		root3 = 0.9016312093258695918615325266959189453125e-19
	)
	g := x - root1 - root2 - root3
	t := x - 1
	num := -0.0020358193573490218357*t - 0.044806877631320862461
	num = num*t - 0.28779348140672556665
	num = num*t - 0.64941160971714471981
	num = num*t - 0.3261679752204792648
	num = num*t + 0.2547985106113155075
	den := -5.3513440995782489167e-7*t + 0.0020915583530410308496
	den = den*t + 0.053571034825140631831
	den = den*t + 0.43324354903999994392
	den = den*t + 1.4560522263441509034
	den = den*t + 2.074287577714883916
	den = den*t + 1
	return g*y + g*(num/den)
}

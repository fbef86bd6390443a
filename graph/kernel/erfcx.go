package kernel

import "math"

const (
	invSqrtPi  = 0.564189583547756286948079451561
	sqrt2OvPi  = 0.797884560802865355879892119869 // sqrt(2/π)
	invSqrt2Pi = 0.398942280401432677939946059934
)

// erfcx returns exp(x²)·erfc(x), by the rational minimax approximations of Cody
// ("Rational Chebyshev approximations for the error function", Math. Comp. 23, 1969) for
// x > 0.46875, from math.Erf around zero, and as 2·exp(x²) − erfcx(−x) below. The error
// is at most 4ε relative for every x. It overflows to +Inf below −26.63 and falls as
// 1/(x√π) above. Its derivative is 2x·erfcx(x) − 2/√π.
func erfcx(x float64) float64 {
	switch {
	case x > 4:
		return erfcxTail(x)
	case x > 0.46875:
		return erfcxMiddle(x)
	case x >= -0.46875:
		return math.Exp(x*x) * (1 - math.Erf(x))
	case x < -26.7:
		return math.Inf(1)
	case x < 0:
		return 2*expSquare(x, 1) - erfcx(-x)
	}
	return math.NaN()
}

// expSquare returns exp(c·x²) for c that is a power of two up to sign. The rounding
// error of x², which would be magnified by the exponent, goes in separately.
func expSquare(x, c float64) float64 {
	h := x * x
	l := math.FMA(x, x, -h)
	return math.Exp(c*h) * (1 + c*l)
}

// erfcxMiddle is Cody's approximation for 0.46875 ≤ x ≤ 4.
func erfcxMiddle(x float64) float64 {
	num := 2.15311535474403846e-8*x + 5.64188496988670089e-1
	num = num*x + 8.88314979438837594
	num = num*x + 66.1191906371416295
	num = num*x + 298.635138197400131
	num = num*x + 881.952221241769090
	num = num*x + 1712.04761263407058
	num = num*x + 2051.07837782607147
	num = num*x + 1230.33935479799725
	den := x + 15.7449261107098347
	den = den*x + 117.693950891312499
	den = den*x + 537.181101862009858
	den = den*x + 1621.38957456669019
	den = den*x + 3290.79923573345963
	den = den*x + 4362.61909014324716
	den = den*x + 3439.36767414372164
	den = den*x + 1230.33935480374942
	return num / den
}

// erfcxTail is Cody's approximation for x > 4, in 1/x².
func erfcxTail(x float64) float64 {
	if x > 1e8 {
		return invSqrtPi / x
	}
	y := 1 / (x * x)
	num := 1.63153871373020978e-2*y + 3.05326634961232344e-1
	num = num*y + 3.60344899949804439e-1
	num = num*y + 1.25781726111229246e-1
	num = num*y + 1.60837851487422766e-2
	num = num*y + 6.58749161529837803e-4
	den := y + 2.56852019228982242
	den = den*y + 1.87295284992346725
	den = den*y + 5.27905102951428412e-1
	den = den*y + 6.05183413124413191e-2
	den = den*y + 2.33520497626869185e-3
	return (invSqrtPi - y*num/den) / x
}

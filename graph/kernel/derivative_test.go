package kernel

import (
	"math"
	"testing"
)

// TestDerivatives checks each derivative that a doc comment names against Richardson's
// extrapolation of central differences, good to about 1e-9 of the scale of f.
func TestDerivatives(t *testing.T) {
	type function = func(float64) float64
	at := func(f func(x, y float64) float64, y float64) function {
		return func(x float64) float64 { return f(x, y) }
	}
	from := func(x float64, f func(x, y float64) float64) function {
		return func(y float64) float64 { return f(x, y) }
	}
	everywhere := []float64{-40, -12.3, -3.01, -2.99, -1.01, -0.4, 0.3, 0.99, 2.2, 4.1, 9}
	positive := []float64{0.02, 0.3, 0.9, 1.7, 3.1, 7, 9.98, 10.03, 14, 21, 33, 150}
	unit := []float64{0.003, 0.1, 0.3, 0.45, 0.6, 0.8, 0.99}
	tests := []struct {
		name   string
		f, df  function
		points []float64
	}{
		{"Softplus", Softplus, InvLogit, everywhere},
		{"LogInvLogit", LogInvLogit, func(x float64) float64 { return InvLogit(-x) }, everywhere},
		{"Log1mExp", Log1mExp, func(x float64) float64 { return -1 / math.Expm1(-x) }, everywhere[:6]},
		{"XLogY in y", from(2.5, XLogY), func(y float64) float64 { return 2.5 / y }, positive},
		{"XLog1PY in y", from(2.5, XLog1PY), func(y float64) float64 { return 2.5 / (1 + y) }, positive},
		{"LogPhi", LogPhi, InvMills, everywhere},
		{"InvMills", InvMills, InvMillsDeriv, everywhere},
		{"Erfcx", erfcx, func(x float64) float64 { return 2*x*erfcx(x) - 2*invSqrtPi }, everywhere[2:]},
		{"PhiInv", phiInv, func(p float64) float64 { x := phiInv(p); return math.Exp(x*x/2) / invSqrt2Pi }, unit},
		{"Lgamma", Lgamma, Digamma, append(positive, -0.3, -2.6, -7.2)},
		{"Digamma", Digamma, trigamma, append(positive, -0.3, -2.6, -7.2)},
		{"Trigamma", trigamma, at2(Polygamma, 2), append(positive, -0.3, -2.6, -7.2)},
		{"Polygamma 5", at2(Polygamma, 5), at2(Polygamma, 6), append(positive, -0.3, -2.6, -7.2)},
		{"Lbeta small", at(Lbeta, 0.7), func(a float64) float64 { return Digamma(a) - Digamma(a+0.7) }, positive},
		{"Lbeta large", at(Lbeta, 52), func(a float64) float64 { return Digamma(a) - Digamma(a+52) }, positive},
		{"LogI0", LogI0, BesselRatio, everywhere},
		{"BesselRatio", BesselRatio, BesselRatioDeriv, append(positive, everywhere...)},
		{"BetaInc in x", func(x float64) float64 { return betaInc(0.4, 14, x) }, func(x float64) float64 { return betaIncDx(0.4, 14, x) }, unit},
		{"BetaInc in x, flipped", func(x float64) float64 { return betaInc(14, 0.4, x) }, func(x float64) float64 { return betaIncDx(14, 0.4, x) }, unit},
		{"BetaInc in x, large", func(x float64) float64 { return betaInc(44, 29, x) }, func(x float64) float64 { return betaIncDx(44, 29, x) }, unit},
	}
	for _, a := range []float64{0.05, 1.3, 8, 19, 24, 90} {
		tests = append(tests, []struct {
			name   string
			f, df  function
			points []float64
		}{
			{"GammaP in x", from(a, gammaP), from(a, gammaPDx), positive},
			{"GammaP in a", at(gammaP, a), at(gammaPDa, a), positive},
			{"LogGammaP in a", at(LogGammaP, a), at(LogGammaPDa, a), positive},
			{"LogGammaQ in a", at(LogGammaQ, a), at(LogGammaQDa, a), positive},
			{"BetaInc in a", func(x float64) float64 { return betaInc(x, a, 0.3) }, func(x float64) float64 { return betaIncDa(x, a, 0.3) }, positive},
			{"BetaInc in b", func(x float64) float64 { return betaInc(a, x, 0.7) }, func(x float64) float64 { return betaIncDb(a, x, 0.7) }, positive},
		}...)
	}
	for _, test := range tests {
		for _, x := range test.points {
			want, scale := richardson(test.f, x)
			if got := test.df(x); !(math.Abs(got-want) <= 2e-9*math.Max(math.Abs(want), scale)) {
				t.Errorf("%s: derivative at %v is %v, differences give %v", test.name, x, got, want)
			}
		}
	}
}

func at2(f func(int, float64) float64, n int) func(float64) float64 {
	return func(x float64) float64 { return f(n, x) }
}

// richardson returns the sixth-order central difference of f at x, and the size of f over the
// step, which bounds what rounding does to it.
func richardson(f func(float64) float64, x float64) (d, scale float64) {
	h := 2e-3 * math.Min(math.Abs(x), 1)
	if x > 0.5 && x < 1 { // f may live on (0, 1)
		h = 2e-3 * (1 - x)
	}
	central := func(h float64) float64 { return (f(x+h) - f(x-h)) / (2 * h) }
	a, b, c := central(h), central(h/2), central(h/4)
	ab, bc := (4*b-a)/3, (4*c-b)/3
	return (16*bc - ab) / 15, 1e-5 * math.Abs(f(x)) / h
}

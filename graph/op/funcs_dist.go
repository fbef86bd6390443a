package op

import (
	"math"

	"ppl/graph/kernel"
)

// Scalar functions that only densities and distribution functions need. Their
// first derivatives are expressions; where those involve the derivative of a
// distribution function in its shape, the next order is a difference quotient
// (see slope).
var (
	// Log1pSquare is log(1 + x²), also where x² overflows, and Log1pSquareDeriv
	// its derivative 2x/(1 + x²).
	Log1pSquare, Log1pSquareDeriv *Func
	// LogI0 is the log of the modified Bessel function I₀, BesselRatio I₁/I₀.
	LogI0, BesselRatio, besselRatioDeriv *Func
	// LogGammaP and LogGammaQ are the logs of the regularised incomplete gamma
	// functions P(a, x) and Q(a, x).
	LogGammaP, LogGammaQ *Func
	// LogBetaInc is log I_x(a, b) of (a, b, x), LogBetaIncC log(1 − I_x(a, b)).
	LogBetaInc, LogBetaIncC *Func
	// LogStudentTCdf is the log distribution function of (df, t).
	LogStudentTCdf *Func
)

func init() {
	heavyTails()
	bessel()
	incompleteGamma()
	incompleteBeta()
	studentT()
}

func heavyTails() {
	Log1pSquare = unary("log1p_square", func(x float64) float64 {
		if x = math.Abs(x); x > 1e9 {
			return 2 * math.Log(x)
		}
		return math.Log1p(x * x)
	}, func(e Frame, x, _ Term) Term { return e.Apply(Log1pSquareDeriv, x) })
	// d = 2x/(1 + x²), d' = 2/(1 + x²) − d².
	Log1pSquareDeriv = unary("log1p_square_deriv", func(x float64) float64 {
		if math.Abs(x) > 1 {
			return 2 / (x + 1/x)
		}
		return 2 * x / (1 + x*x)
	}, func(e Frame, x, y Term) Term {
		r := e.Apply(Recip, e.Apply(Add, e.Scalar(1), e.Apply(Square, x)))
		return e.Apply(Sub, e.Apply(Mul, e.Scalar(2), r), e.Apply(Square, y))
	})
}

func bessel() {
	LogI0 = unary("log_i0", kernel.LogI0, func(e Frame, x, _ Term) Term { return e.Apply(BesselRatio, x) })
	BesselRatio = unary("bessel_ratio", kernel.BesselRatio, func(e Frame, x, _ Term) Term { return e.Apply(besselRatioDeriv, x) })
	besselRatioDeriv = &Func{Name: "bessel_ratio_deriv", Arity: 1, F1: kernel.BesselRatioDeriv}
	besselRatioDeriv.Partial = func(e Frame, x []Term, _ Term, _ int) Term { return e.Apply(slope(besselRatioDeriv, 0), x...) }
}

// incompleteGamma: ∂P/∂x is the gamma density, and ∂/∂a has kernels of its own.
func incompleteGamma() {
	density := func(e Frame, a, x, f Term) Term {
		t := e.Apply(Sub, e.Apply(XLogY, e.Apply(Sub, a, e.Scalar(1)), x), x)
		return e.Apply(Exp, e.Apply(Sub, e.Apply(Sub, t, e.Apply(Lgamma, a)), f))
	}
	pda := numeric2("log_gamma_p_da", kernel.LogGammaPDa)
	qda := numeric2("log_gamma_q_da", kernel.LogGammaQDa)
	LogGammaP = binary("log_gamma_p", kernel.LogGammaP,
		func(e Frame, a, x, _ Term) Term { return e.Apply(pda, a, x) }, density)
	LogGammaQ = binary("log_gamma_q", kernel.LogGammaQ,
		func(e Frame, a, x, _ Term) Term { return e.Apply(qda, a, x) },
		func(e Frame, a, x, f Term) Term { return e.Apply(Neg, density(e, a, x, f)) })
}

func incompleteBeta() {
	density := func(e Frame, x []Term, f Term) Term {
		one := e.Scalar(1)
		t := e.Apply(XLogY, e.Apply(Sub, x[0], one), x[2])
		t = e.Apply(Add, t, e.Apply(XLog1PY, e.Apply(Sub, x[1], one), e.Apply(Neg, x[2])))
		return e.Apply(Exp, e.Apply(Sub, e.Apply(Sub, t, e.Apply(Lbeta, x[0], x[1])), f))
	}
	ternary := func(name string, f, da, db func(a, b, x float64) float64, dx func(e Frame, x []Term, f Term) Term) *Func {
		ds := []*Func{numeric3(name+"_da", da), numeric3(name+"_db", db)}
		return &Func{Name: name, Arity: 3, F3: f, Partial: func(e Frame, x []Term, y Term, k int) Term {
			if k == 2 {
				return dx(e, x, y)
			}
			return e.Apply(ds[k], x...)
		}}
	}
	LogBetaInc = ternary("log_beta_inc", kernel.LogBetaInc, kernel.LogBetaIncDa, kernel.LogBetaIncDb, density)
	LogBetaIncC = ternary("log_beta_inc_c", kernel.LogBetaIncC, kernel.LogBetaIncCDa, kernel.LogBetaIncCDb,
		func(e Frame, x []Term, f Term) Term { return e.Apply(Neg, density(e, x, f)) })
}

func studentT() {
	ddf := numeric2("log_student_t_cdf_ddf", kernel.LogStudentTCdfDdf)
	LogStudentTCdf = binary("log_student_t_cdf", kernel.LogStudentTCdf,
		func(e Frame, df, t, _ Term) Term { return e.Apply(ddf, df, t) },
		func(e Frame, df, t, f Term) Term {
			half := e.Scalar(0.5)
			w := e.Apply(Mul, t, e.Apply(Recip, e.Apply(Sqrt, df)))
			p := e.Apply(Mul, e.Apply(Mul, half, e.Apply(Add, df, e.Scalar(1))), e.Apply(Log1pSquare, w))
			norm := e.Apply(Add, e.Apply(Lbeta, e.Apply(Mul, half, df), half), e.Apply(Mul, half, e.Apply(Log, df)))
			return e.Apply(Exp, e.Apply(Neg, e.Apply(Add, e.Apply(Add, p, norm), f)))
		})
}

// numeric2 and numeric3 are functions whose derivatives are difference quotients.
func numeric2(name string, f func(x, y float64) float64) *Func {
	fn := &Func{Name: name, Arity: 2, F2: f}
	fn.Partial = func(e Frame, x []Term, _ Term, k int) Term { return e.Apply(slope(fn, k), x...) }
	return fn
}

func numeric3(name string, f func(x, y, z float64) float64) *Func {
	fn := &Func{Name: name, Arity: 3, F3: f}
	fn.Partial = func(e Frame, x []Term, _ Term, k int) Term { return e.Apply(slope(fn, k), x...) }
	return fn
}

// slope is ∂f/∂x[k] by central differences with one step of Richardson
// extrapolation, to about 1e-9 relative: it serves Hessians only.
func slope(f *Func, k int) *Func {
	s := &Func{Name: f.Name + "_slope" + string(rune('0'+k)), Arity: f.Arity}
	d := func(at float64, g func(x float64) float64) float64 {
		h := 1e-3 * math.Max(math.Abs(at), 1e-3)
		return (8*(g(at+h)-g(at-h)) - (g(at+2*h) - g(at-2*h))) / (12 * h)
	}
	switch f.Arity {
	case 1:
		s.F1 = func(x float64) float64 { return d(x, f.F1) }
	case 2:
		s.F2 = func(x, y float64) float64 {
			if k == 0 {
				return d(x, func(x float64) float64 { return f.F2(x, y) })
			}
			return d(y, func(y float64) float64 { return f.F2(x, y) })
		}
	default:
		s.F3 = func(x, y, z float64) float64 {
			v := [3]float64{x, y, z}
			return d(v[k], func(t float64) float64 { v[k] = t; return f.F3(v[0], v[1], v[2]) })
		}
	}
	s.Partial = func(e Frame, x []Term, _ Term, j int) Term { return e.Apply(slope(s, j), x...) }
	return s
}

package op

import (
	"math"

	"ppl/graph/kernel"
)

// Scalar functions that only densities and distribution functions need. Their
// first derivatives are expressions, or kernels where they are derivatives of a
// log distribution function f in a shape a. The next order of these is a
// difference quotient in a (see slope), and exact in the argument x:
//
//	∂²f/∂a∂x = f_x·(∂ log p/∂a − f_a), since f_x = p/F with the density p.
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
	// LogMills is log((1 − Φ(x))/φ(x)), Mills' ratio; LogMillsDeriv its derivative.
	LogMills, LogMillsDeriv *Func
	// LogSkewNormalCdf is the log distribution function of (shape, z).
	LogSkewNormalCdf *Func
	// LogVonMisesArc is log ∫ e^(κ(cos t − 1)) dt of (κ, from, to), over at most a turn.
	LogVonMisesArc *Func
	// gammaLead, (a−1)·log x − x − log Γ(a+1) as a function of (a, x), and
	// betaLead, (a−1)·log x + (b−1)·log(1−x) − log B(a+1, b+1) of (a, b, x), are
	// log densities without the factors that vanish where a parameter is 0;
	// studentTLogDensity is that of StudentT(df) at t. They are −∞, not
	// ∞ − ∞, where the mass is elsewhere.
	gammaLead, betaLead, studentTLogDensity *Func
)

func init() {
	heavyTails()
	bessel()
	incompleteGamma()
	incompleteBeta()
	studentT()
	mills()
	skewNormal()
	vonMises()
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
	gammaLead = binary("gamma_lead", kernel.GammaLead,
		func(e Frame, a, x, _ Term) Term {
			return e.Apply(Sub, e.Apply(Log, x), e.Apply(Digamma, e.Apply(Add, a, e.Scalar(1))))
		},
		func(e Frame, a, x, _ Term) Term {
			one := e.Scalar(1)
			return e.Apply(Sub, e.Apply(MulZ, e.Apply(Sub, a, one), e.Apply(Recip, x)), one)
		})
	// The density over a·e^f. Its log has no derivative at 0, where the density, a power, may.
	density := func(e Frame, a, x, f Term) Term {
		one := e.Scalar(1)
		inside := e.Apply(Exp, e.Apply(Sub, e.Apply(gammaLead, a, x), f))
		rest := e.Apply(Exp, e.Apply(Neg, e.Apply(Add, e.Apply(Add, x, e.Apply(Lgamma, e.Apply(Add, a, one))), f)))
		atZero := e.Apply(MulZ, e.Apply(Pow, x, e.Apply(Sub, a, one)), rest)
		return e.Apply(Where, e.Apply(Equal, x, e.Scalar(0)), atZero, inside)
	}
	tail := func(name string, f, da func(a, x float64) float64, sign float64) *Func {
		fn := &Func{Name: name, Arity: 2, F2: f}
		slopeX := func(e Frame, x []Term, y Term) Term { return e.Apply(Mul, e.Scalar(sign), density(e, x[0], x[1], y)) }
		d := &Func{Name: name + "_da", Arity: 2, F2: da}
		d.Partial = func(e Frame, x []Term, fa Term, k int) Term {
			if k == 0 {
				return e.Apply(slope(d, 0), x...)
			}
			one := e.Scalar(1)
			rise := e.Apply(Sub, e.Apply(Log, x[1]), e.Apply(Digamma, e.Apply(Add, x[0], one)))
			score := e.Apply(Add, e.Apply(MulZ, x[0], rise), one) // a·∂ log p/∂a
			return e.Apply(MulZ, slopeX(e, x, e.Apply(fn, x...)), e.Apply(Sub, score, e.Apply(MulZ, x[0], fa)))
		}
		fn.Partial = func(e Frame, x []Term, y Term, k int) Term {
			if k == 0 {
				return e.Apply(d, x...)
			}
			return e.Apply(MulZ, x[0], slopeX(e, x, y))
		}
		return fn
	}
	LogGammaP = tail("log_gamma_p", kernel.LogGammaP, kernel.LogGammaPDa, 1)
	LogGammaQ = tail("log_gamma_q", kernel.LogGammaQ, kernel.LogGammaQDa, -1)
}

// incompleteBeta: likewise, with ∂ log p/∂a = log x + ψ(a+b) − ψ(a) and the
// same of 1 − x by b.
func incompleteBeta() {
	betaLead = &Func{Name: "beta_lead", Arity: 3, F3: kernel.BetaLead, Partial: func(e Frame, x []Term, _ Term, k int) Term {
		one := e.Scalar(1)
		if k == 2 {
			return e.Apply(Sub,
				e.Apply(MulZ, e.Apply(Sub, x[0], one), e.Apply(Recip, x[2])),
				e.Apply(MulZ, e.Apply(Sub, x[1], one), e.Apply(Recip, e.Apply(Sub, one, x[2]))))
		}
		l := e.Apply(Log, x[2]) // plus ψ(a+b+2) − ψ(a+1)
		if k == 1 {
			l = e.Apply(Log1p, e.Apply(Neg, x[2]))
		}
		return e.Apply(Add, l, e.Apply(DigammaRise, e.Apply(Add, x[k], one), e.Apply(Add, x[1-k], one)))
	}}
	// The density over ab·e^f, with 1/B(a, b) = ab/((a+b)(a+b+1)) / B(a+1, b+1). At
	// the ends it is a power, which may have a derivative where its log has none.
	density := func(e Frame, x []Term, f Term) Term {
		one := e.Scalar(1)
		inside := e.Apply(Exp, e.Apply(Sub, e.Apply(betaLead, x...), f))
		rest := e.Apply(Exp, e.Apply(Neg, e.Apply(Add, e.Apply(Lbeta, e.Apply(Add, x[0], one), e.Apply(Add, x[1], one)), f)))
		p := e.Apply(Pow, x[2], e.Apply(Sub, x[0], one))
		q := e.Apply(Pow, e.Apply(Sub, one, x[2]), e.Apply(Sub, x[1], one))
		atEnd := e.Apply(MulZ, e.Apply(MulZ, p, q), rest)
		end := e.Apply(Or, e.Apply(Equal, x[2], e.Scalar(0)), e.Apply(Equal, x[2], one))
		n := e.Apply(Add, x[0], x[1])
		return e.Apply(MulZ, e.Apply(Recip, e.Apply(Mul, n, e.Apply(Add, n, one))), e.Apply(Where, end, atEnd, inside))
	}
	// a·∂ log p/∂a, or b·∂ log p/∂b, where ψ(a) = ψ(a+1) − 1/a.
	score := func(e Frame, x []Term, shape int) Term {
		l := e.Apply(Log, x[2])
		if shape == 1 {
			l = e.Apply(Log1p, e.Apply(Neg, x[2]))
		}
		one := e.Scalar(1)
		rise := e.Apply(DigammaRise, e.Apply(Add, x[shape], one), e.Apply(Sub, x[1-shape], one))
		return e.Apply(Add, e.Apply(MulZ, x[shape], e.Apply(Add, l, rise)), one)
	}
	tail := func(name string, f, da, db func(a, b, x float64) float64, sign float64) *Func {
		fn := &Func{Name: name, Arity: 3, F3: f}
		slopeX := func(e Frame, x []Term, y Term) Term { return e.Apply(Mul, e.Scalar(sign), density(e, x, y)) }
		shape := func(name string, f func(a, b, x float64) float64, i int) *Func {
			d := &Func{Name: name, Arity: 3, F3: f}
			d.Partial = func(e Frame, x []Term, fa Term, k int) Term {
				if k < 2 {
					return e.Apply(slope(d, k), x...)
				}
				over := e.Apply(MulZ, x[1-i], slopeX(e, x, e.Apply(fn, x...)))
				return e.Apply(MulZ, over, e.Apply(Sub, score(e, x, i), e.Apply(MulZ, x[i], fa)))
			}
			return d
		}
		ds := []*Func{shape(name+"_da", da, 0), shape(name+"_db", db, 1)}
		fn.Partial = func(e Frame, x []Term, y Term, k int) Term {
			if k == 2 {
				return e.Apply(MulZ, e.Apply(Mul, x[0], x[1]), slopeX(e, x, y))
			}
			return e.Apply(ds[k], x...)
		}
		return fn
	}
	LogBetaInc = tail("log_beta_inc", kernel.LogBetaInc, kernel.LogBetaIncDa, kernel.LogBetaIncDb, 1)
	LogBetaIncC = tail("log_beta_inc_c", kernel.LogBetaIncC, kernel.LogBetaIncCDa, kernel.LogBetaIncCDb, -1)
}

func studentT() {
	// With w = t/√df: ∂t = −t(1 + 1/df)/(1 + w²) and
	// 2·∂df = ψ((df+1)/2) − ψ(df/2) − 1/df − log(1 + w²) + (1 + 1/df)·w²/(1 + w²).
	score := func(e Frame, df, t, _ Term) Term {
		half, r := e.Scalar(0.5), e.Apply(Recip, df)
		w := e.Apply(Mul, t, e.Apply(Sqrt, r))
		d := e.Apply(Sub, e.Apply(DigammaRise, e.Apply(Mul, half, df), half), e.Apply(Add, r, e.Apply(Log1pSquare, w)))
		share := e.Apply(Mul, half, e.Apply(Mul, w, e.Apply(Log1pSquareDeriv, w)))
		d = e.Apply(Add, d, e.Apply(Mul, e.Apply(Add, e.Scalar(1), r), share))
		return e.Apply(Mul, half, d)
	}
	studentTLogDensity = binary("student_t_log_density", kernel.StudentTLogDensity, score,
		func(e Frame, df, t, _ Term) Term {
			one, r := e.Scalar(1), e.Apply(Recip, df)
			w := e.Apply(Mul, t, e.Apply(Sqrt, r))
			d := e.Apply(Mul, t, e.Apply(Add, one, r))
			return e.Apply(Neg, e.Apply(Mul, d, e.Apply(Recip, e.Apply(Add, one, e.Apply(Square, w)))))
		})
	slopeT := func(e Frame, df, t, f Term) Term {
		return e.Apply(Exp, e.Apply(Sub, e.Apply(studentTLogDensity, df, t), f))
	}
	ddf := &Func{Name: "log_student_t_cdf_ddf", Arity: 2, F2: kernel.LogStudentTCdfDdf}
	ddf.Partial = func(e Frame, x []Term, fa Term, k int) Term {
		if k == 0 {
			return e.Apply(slope(ddf, 0), x...)
		}
		f := e.Apply(LogStudentTCdf, x...)
		return e.Apply(MulZ, slopeT(e, x[0], x[1], f), e.Apply(Sub, score(e, x[0], x[1], f), fa))
	}
	LogStudentTCdf = binary("log_student_t_cdf", kernel.LogStudentTCdf,
		func(e Frame, df, t, _ Term) Term { return e.Apply(ddf, df, t) }, slopeT)
}

// mills: d = (log R)' has c = d' = 1 + d·(x − d), since R' = xR − 1, and c' = d + c·(x − 2d).
func mills() {
	LogMills = unary("log_mills", kernel.LogMills, func(e Frame, x, _ Term) Term { return e.Apply(LogMillsDeriv, x) })
	curve := unary("log_mills_curve", kernel.LogMillsCurve, func(e Frame, x, c Term) Term {
		d := e.Apply(LogMillsDeriv, x)
		return e.Apply(Add, d, e.Apply(MulZ, c, e.Apply(Sub, x, e.Apply(Mul, e.Scalar(2), d))))
	})
	LogMillsDeriv = unary("log_mills_deriv", kernel.LogMillsDeriv, func(e Frame, x, _ Term) Term { return e.Apply(curve, x) })
}

// skewNormal: ∂F/∂z = 2φ(z)Φ(αz), ∂F/∂α = −e^(−(1+α²)z²/2)/(π(1+α²)).
func skewNormal() {
	halfSquare := func(e Frame, z Term) Term { return e.Apply(Mul, e.Scalar(0.5), e.Apply(Square, z)) }
	LogSkewNormalCdf = binary("log_skew_normal_cdf", kernel.LogSkewNormalCdf,
		func(e Frame, alpha, z, f Term) Term {
			one := e.Apply(Add, e.Scalar(1), e.Apply(Square, alpha))
			l := e.Apply(Add, e.Apply(MulZ, halfSquare(e, z), one), e.Apply(Log, e.Apply(Mul, e.Scalar(math.Pi), one)))
			return e.Apply(Neg, e.Apply(Exp, e.Apply(Neg, e.Apply(Add, l, f))))
		},
		func(e Frame, alpha, z, f Term) Term {
			l := e.Apply(Sub, e.Apply(LogPhi, e.Apply(MulZ, alpha, z)), halfSquare(e, z))
			return e.Apply(Exp, e.Apply(Sub, e.Apply(Add, l, e.Scalar(0.5*math.Log(2/math.Pi))), f))
		})
}

// vonMises: the derivatives by the ends are −p(from) and p(to), with the density
// p(t) = e^(κ(cos t − 1) − f); that by κ is the mean of cos t − 1, whose own by an
// end is ±p(t)·(cos t − 1 − mean).
func vonMises() {
	cosine := func(e Frame, t Term) Term { // cos t − 1
		return e.Apply(Mul, e.Scalar(-2), e.Apply(Square, e.Apply(Sin, e.Apply(Mul, e.Scalar(0.5), t))))
	}
	density := func(e Frame, x []Term, f Term, k int) Term {
		p := e.Apply(Exp, e.Apply(Sub, e.Apply(Mul, x[0], cosine(e, x[k])), f))
		if k == 1 {
			p = e.Apply(Neg, p)
		}
		return p
	}
	LogVonMisesArc = &Func{Name: "log_von_mises_arc", Arity: 3, F3: kernel.LogVonMisesArc}
	mean := &Func{Name: "log_von_mises_arc_dk", Arity: 3, F3: kernel.LogVonMisesArcDk}
	mean.Partial = func(e Frame, x []Term, y Term, k int) Term {
		if k == 0 {
			return e.Apply(slope(mean, 0), x...)
		}
		p := density(e, x, e.Apply(LogVonMisesArc, x...), k)
		return e.Apply(Mul, p, e.Apply(Sub, cosine(e, x[k]), y))
	}
	LogVonMisesArc.Partial = func(e Frame, x []Term, f Term, k int) Term {
		if k == 0 {
			return e.Apply(mean, x...)
		}
		return density(e, x, f, k)
	}
}

// slope is ∂f/∂x[k] by differences (slopeAt). Steps in a shape, which may be
// tiny but not negative, are relative to it.
func slope(f *Func, k int) *Func {
	least := 1e-3
	if f.Arity > 1 {
		least = math.SmallestNonzeroFloat64
	}
	s := &Func{Name: f.Name + "_slope" + string(rune('0'+k)), Arity: f.Arity}
	switch f.Arity {
	case 1:
		s.F1 = func(x float64) float64 { return slopeAt(x, least, f.F1) }
	case 2:
		s.F2 = func(x, y float64) float64 {
			if k == 0 {
				return slopeAt(x, least, func(x float64) float64 { return f.F2(x, y) })
			}
			return slopeAt(y, least, func(y float64) float64 { return f.F2(x, y) })
		}
	default:
		s.F3 = func(x, y, z float64) float64 {
			v := [3]float64{x, y, z}
			return slopeAt(v[k], least, func(t float64) float64 { v[k] = t; return f.F3(v[0], v[1], v[2]) })
		}
	}
	s.Partial = func(e Frame, x []Term, _ Term, j int) Term { return e.Apply(slope(s, j), x...) }
	return s
}

// slopeAt is the derivative of g at a point by central differences with one
// step of Richardson extrapolation, to about 1e-9 relative: it serves Hessians
// only. Where the domain ends it is one-sided; at infinity it is 0, the limit
// of the slope of whatever is bounded there. Steps are those of a point no nearer
// to 0 than least.
func slopeAt(at, least float64, g func(x float64) float64) float64 {
	if math.IsInf(at, 0) {
		return 0 * g(at)
	}
	h := 1e-3 * math.Max(math.Abs(at), least)
	if h == 0 { // at 0 itself
		h = 1e-6
	}
	if d := (8*(g(at+h)-g(at-h)) - (g(at+2*h) - g(at-2*h))) / (12 * h); !math.IsNaN(d) {
		return d
	}
	for _, s := range []float64{h, -h} {
		if d := (48*g(at+s) - 25*g(at) - 36*g(at+2*s) + 16*g(at+3*s) - 3*g(at+4*s)) / (12 * s); !math.IsNaN(d) {
			return d
		}
	}
	return math.NaN()
}

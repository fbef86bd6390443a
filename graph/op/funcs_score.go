package op

import (
	"math"

	"ppl/graph/kernel"
)

// Scalar functions that turn standard normal numbers into draws: quantiles in normal scores.
var (
	// NormalScore is the x with log Φ(x) = lp and log(1 − Φ(x)) = lq, of (lp, lq).
	NormalScore *Func
	// TruncatedScore is the y in (l, u) with Φ(y) = Φ(l) + Φ(z)·(Φ(u) − Φ(l)), of
	// (z, l, u); the ends may be infinite. logPhiBetween is log(Φ(u) − Φ(l)) of (l, u).
	TruncatedScore, logPhiBetween *Func
	// GammaLogQuantile is the log of the quantile of Gamma(a, 1) at the normal score z, of (a, z);
	// BetaLogitQuantile the logit of that of Beta(a, b), of (a, b, z); StudentTQuantile that of
	// StudentT, of (df, z); CauchyQuantile that of the Cauchy distribution, of z; SkewNormalQuantile of (shape, z);
	// WaldLogQuantile the log of that of Wald(1, shape), of (shape, z); VonMisesQuantile of (mean, concentration, z).
	GammaLogQuantile, BetaLogitQuantile, StudentTQuantile, CauchyQuantile, SkewNormalQuantile, WaldLogQuantile, VonMisesQuantile *Func
	// gammaLogDensity is the log density of log X of (a, u), betaLogitDensity that
	// of logit X of (a, b, u); the others are −(∂F/∂a)/p at a quantile (see implicit).
	gammaLogDensity, gammaQuantileDa, betaLogitDensity, betaQuantileDa, studentTQuantileDdf *Func
	// Inside is x, moved to the next number inside where it is not in the open interval
	// (l, u), of (x, l, u).
	Inside *Func
)

func init() {
	normalScores()
	gammaQuantile()
	betaQuantile()
	studentTQuantile()
	skewNormalQuantile()
	waldQuantile()
	vonMisesQuantile()
	CauchyQuantile = unary("cauchy_quantile", kernel.CauchyQuantile, func(e Frame, z, x Term) Term {
		l := e.Apply(Add, e.Apply(Log1pSquare, x), e.Apply(Mul, e.Scalar(-0.5), e.Apply(Square, z)))
		return e.Apply(Exp, e.Apply(Add, l, e.Scalar(0.5*math.Log(math.Pi/2))))
	})
}

func normalScores() {
	// Φ(x)/φ(x), Mills' ratio of −x, by the one that the score was taken from.
	ratio := func(e Frame, x Term) Term { return e.Apply(Exp, e.Apply(LogMills, x)) }
	NormalScore = binary("normal_score", kernel.NormalScore,
		func(e Frame, lp, lq, x Term) Term {
			return e.Apply(Where, e.Apply(LessEq, lp, lq), ratio(e, e.Apply(Neg, x)), e.Scalar(0))
		},
		func(e Frame, lp, lq, x Term) Term {
			return e.Apply(Where, e.Apply(LessEq, lp, lq), e.Scalar(0), e.Apply(Neg, ratio(e, x)))
		})
	// φ(x)/φ(y) as exp(½(y − x)(y + x)), which is 0 for infinite x.
	densities := func(e Frame, x, y, logFactor Term) Term {
		d := e.Apply(Mul, e.Apply(Sub, y, x), e.Apply(Add, y, x))
		return e.Apply(Exp, e.Apply(Add, e.Apply(Mul, e.Scalar(0.5), d), logFactor))
	}
	TruncatedScore = &Func{Name: "truncated_score", Arity: 3, F3: kernel.TruncatedScore}
	TruncatedScore.Partial = func(e Frame, x []Term, y Term, k int) Term {
		factor := e.Apply(logPhiBetween, x[1], x[2])
		switch k {
		case 1:
			factor = e.Apply(LogPhi, e.Apply(Neg, x[0]))
		case 2:
			factor = e.Apply(LogPhi, x[0])
		}
		return densities(e, x[k], y, factor)
	}
	density := func(e Frame, x, f Term) Term {
		l := e.Apply(Sub, e.Apply(Mul, e.Scalar(-0.5), e.Apply(Square, x)), f)
		return e.Apply(Exp, e.Apply(Add, l, e.Scalar(-0.5*math.Log(2*math.Pi))))
	}
	logPhiBetween = binary("log_phi_between", kernel.LogPhiBetween,
		func(e Frame, l, _, f Term) Term { return e.Apply(Neg, density(e, l, f)) },
		func(e Frame, _, u, f Term) Term { return density(e, u, f) })
	Inside = &Func{Name: "inside", Arity: 3, F3: func(x, l, u float64) float64 {
		switch {
		case x <= l:
			return math.Nextafter(l, math.Inf(1))
		case x >= u:
			return math.Nextafter(u, math.Inf(-1))
		}
		return x
	}}
	Inside.Partial = func(e Frame, x []Term, _ Term, k int) Term {
		switch k {
		case 1:
			return e.Apply(LessEq, x[0], x[1])
		case 2:
			return e.Apply(And, e.Apply(Greater, x[0], x[1]), e.Apply(GreaterEq, x[0], x[2]))
		}
		return e.Apply(And, e.Apply(Greater, x[0], x[1]), e.Apply(Less, x[0], x[2]))
	}
}

// Implicit reparameterisation (Figurnov, Mohamed & Mnih 2018, NeurIPS 31): the quantile u with F(u; a) = Φ(z) has
//
//	∂u/∂z = φ(z)/p(u), ∂u/∂a = −(∂F/∂a)/p(u),
//
// and the latter, as a function f(a, u), has ∂f/∂u = −∂ log p/∂a − f·∂ log p/∂u, with all partials exact but
// for ∂f/∂a, which is a difference quotient (see slope).

// scoreSlope is φ(z)/p.
func scoreSlope(e Frame, z, logDensity Term) Term {
	l := e.Apply(Sub, e.Apply(Mul, e.Scalar(-0.5), e.Apply(Square, z)), logDensity)
	return e.Apply(Exp, e.Apply(Add, l, e.Scalar(-0.5*math.Log(2*math.Pi))))
}

// implicit sets the partials of f, of shapes and last the argument, with the log density p of the same operands;
// f is that of the first shape.
func implicit(f, p *Func) {
	f.Partial = func(e Frame, x []Term, y Term, k int) Term {
		last := f.Arity - 1
		if k < last {
			return e.Apply(slope(f, k), x...)
		}
		v := e.Apply(p, x...)
		return e.Apply(Neg, e.Apply(Add, p.Partial(e, x, v, 0), e.Apply(Mul, y, p.Partial(e, x, v, last))))
	}
}

func gammaQuantile() {
	gammaLogDensity = binary("gamma_log_density", kernel.GammaLogDensity,
		func(e Frame, a, u, _ Term) Term { return e.Apply(Sub, u, e.Apply(Digamma, a)) },
		func(e Frame, a, u, _ Term) Term { return e.Apply(Sub, a, e.Apply(Exp, u)) })
	gammaQuantileDa = &Func{Name: "gamma_quantile_da", Arity: 2, F2: kernel.GammaQuantileDa}
	implicit(gammaQuantileDa, gammaLogDensity)
	GammaLogQuantile = binary("gamma_log_quantile", kernel.GammaLogQuantile,
		func(e Frame, a, _, u Term) Term { return e.Apply(gammaQuantileDa, a, u) },
		func(e Frame, a, z, u Term) Term { return scoreSlope(e, z, e.Apply(gammaLogDensity, a, u)) })
}

func betaQuantile() {
	share := func(e Frame, u Term) (x, y Term) { return e.Apply(InvLogit, u), e.Apply(InvLogit, e.Apply(Neg, u)) }
	betaLogitDensity = &Func{Name: "beta_logit_density", Arity: 3, F3: kernel.BetaLogitDensity, Partial: func(e Frame, x []Term, _ Term, k int) Term {
		switch k {
		case 0:
			return e.Apply(Add, e.Apply(LogInvLogit, x[2]), e.Apply(DigammaRise, x[0], x[1]))
		case 1:
			return e.Apply(Add, e.Apply(LogInvLogit, e.Apply(Neg, x[2])), e.Apply(DigammaRise, x[1], x[0]))
		}
		p, q := share(e, x[2])
		return e.Apply(Sub, e.Apply(Mul, x[0], q), e.Apply(Mul, x[1], p))
	}}
	betaQuantileDa = &Func{Name: "beta_quantile_da", Arity: 3, F3: kernel.BetaQuantileDa}
	implicit(betaQuantileDa, betaLogitDensity)
	BetaLogitQuantile = &Func{Name: "beta_logit_quantile", Arity: 3, F3: kernel.BetaLogitQuantile, Partial: func(e Frame, x []Term, u Term, k int) Term {
		switch k {
		case 0:
			return e.Apply(betaQuantileDa, x[0], x[1], u)
		case 1: // 1 − x is Beta(b, a)
			return e.Apply(Neg, e.Apply(betaQuantileDa, x[1], x[0], e.Apply(Neg, u)))
		}
		return scoreSlope(e, x[2], e.Apply(betaLogitDensity, x[0], x[1], u))
	}}
}

func studentTQuantile() {
	studentTQuantileDdf = &Func{Name: "student_t_quantile_ddf", Arity: 2, F2: kernel.StudentTQuantileDdf}
	implicit(studentTQuantileDdf, studentTLogDensity)
	StudentTQuantile = binary("student_t_quantile", kernel.StudentTQuantile,
		func(e Frame, df, _, t Term) Term { return e.Apply(studentTQuantileDdf, df, t) },
		func(e Frame, df, z, t Term) Term { return scoreSlope(e, z, e.Apply(studentTLogDensity, df, t)) })
}

// skewNormalQuantile: −(∂F/∂α)/p is (φ/Φ)(αt)/(1 + α²), see skewNormal.
func skewNormalQuantile() {
	SkewNormalQuantile = binary("skew_normal_quantile", kernel.SkewNormalQuantile,
		func(e Frame, alpha, _, t Term) Term {
			r := e.Apply(Recip, e.Apply(Add, e.Scalar(1), e.Apply(Square, alpha)))
			return e.Apply(Mul, e.Apply(InvMills, e.Apply(Mul, alpha, t)), r)
		},
		func(e Frame, alpha, z, t Term) Term {
			l := e.Apply(Sub, e.Apply(LogPhi, e.Apply(Mul, alpha, t)), e.Apply(Mul, e.Scalar(0.5), e.Apply(Square, t)))
			return scoreSlope(e, z, e.Apply(Add, l, e.Scalar(0.5*math.Log(2/math.Pi))))
		})
}

// waldQuantile: see kernel.WaldLogQuantile.
func waldQuantile() {
	half := func(e Frame, u Term) Term { return e.Apply(Mul, e.Scalar(0.5), u) }
	WaldLogQuantile = binary("wald_log_quantile", kernel.WaldLogQuantile,
		func(e Frame, s, _, u Term) Term {
			root := e.Apply(Sqrt, s)
			c := e.Apply(Mul, e.Scalar(2), e.Apply(Mul, root, e.Apply(Cosh, half(e, u))))
			m := e.Apply(Exp, e.Apply(Add, e.Apply(LogMills, c), half(e, u)))
			return e.Apply(Sub, e.Apply(Recip, s), e.Apply(Mul, e.Scalar(2), e.Apply(Mul, m, e.Apply(Recip, root))))
		},
		func(e Frame, s, z, u Term) Term {
			a := e.Apply(Mul, e.Scalar(2), e.Apply(Mul, e.Apply(Sqrt, s), e.Apply(Sinh, half(e, u))))
			l := e.Apply(Sub, half(e, e.Apply(Sub, e.Apply(Log, s), u)), half(e, e.Apply(Square, a)))
			return scoreSlope(e, z, e.Apply(Add, l, e.Scalar(-0.5*math.Log(2*math.Pi))))
		})
}

// vonMisesQuantile: see kernel.VonMisesQuantile and VonMisesQuantileDk.
func vonMisesQuantile() {
	whole := func(e Frame, kappa Term) []Term { return []Term{kappa, e.Scalar(-math.Pi), e.Scalar(math.Pi)} }
	cosine := func(e Frame, mean, x Term) Term { // cos(x − mean) − 1
		return e.Apply(Mul, e.Scalar(-2), e.Apply(Square, e.Apply(Sin, e.Apply(Mul, e.Scalar(0.5), e.Apply(Sub, x, mean)))))
	}
	// By κ and by x the log density κ·(cos(x − mean) − 1) − log ∫ has these derivatives.
	byKappa := func(e Frame, mean, kappa, x Term) Term {
		return e.Apply(Sub, cosine(e, mean, x), LogVonMisesArc.Partial(e, whole(e, kappa), Term{}, 0))
	}
	byX := func(e Frame, mean, kappa, x Term) Term {
		return e.Apply(Neg, e.Apply(Mul, kappa, e.Apply(Sin, e.Apply(Sub, x, mean))))
	}
	edge := func(e Frame, mean, kappa, x Term) Term { // p(−π)/p(x)
		d := e.Apply(Sub, cosine(e, mean, e.Scalar(-math.Pi)), cosine(e, mean, x))
		return e.Apply(Exp, e.Apply(Mul, kappa, d))
	}
	byConcentration := &Func{Name: "von_mises_quantile_dk", Arity: 3, F3: kernel.VonMisesQuantileDk}
	byConcentration.Partial = func(e Frame, x []Term, f Term, k int) Term {
		if k == 1 {
			return e.Apply(slope(byConcentration, 1), x...)
		}
		along := e.Apply(Mul, f, byX(e, x[0], x[1], x[2]))
		at := e.Apply(Add, byKappa(e, x[0], x[1], x[2]), along)
		if k == 2 {
			return e.Apply(Neg, at)
		}
		return e.Apply(Sub, at, e.Apply(Mul, byKappa(e, x[0], x[1], e.Scalar(-math.Pi)), edge(e, x[0], x[1], x[2])))
	}
	VonMisesQuantile = &Func{Name: "von_mises_quantile", Arity: 3, F3: kernel.VonMisesQuantile, Partial: func(e Frame, x []Term, y Term, k int) Term {
		switch k {
		case 0:
			return e.Apply(Sub, e.Scalar(1), edge(e, x[0], x[1], y))
		case 1:
			return e.Apply(byConcentration, x[0], x[1], y)
		}
		l := e.Apply(Sub, e.Apply(Mul, x[1], cosine(e, x[0], y)), e.Apply(LogVonMisesArc, whole(e, x[1])...))
		return scoreSlope(e, x[2], l)
	}}
}

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
	// Inside is x, moved to the next number inside where it is not in the open interval
	// (l, u), of (x, l, u).
	Inside *Func
)

func init() {
	normalScores()
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

package dist

import (
	"math"
	"math/rand/v2"

	"ppl/graph/named"
	"ppl/graph/op"
	"ppl/lang"
)

// Poisson: counts with the given mean, given as a rate or as its logarithm.
//
//	P(k) = rate^k e^−rate / k!, k = 0, 1, ...
var poisson = &Dist{
	DistSig: lang.DistSig{
		Name: "Poisson",
		Forms: []lang.FormSig{
			form(
				nonneg("rate", "mean", "lambda", "mu"),
			),
			form(
				loc("log_rate", "log of the mean", "log_lambda"),
			),
		},
		Support: lang.SupportNaturals,
		Doc:     "Counts with the given mean, given as a rate or as its logarithm.",
		Density: "P(k) = rate^k e^−rate / k!, k = 0, 1, ...",
		Source:  "Johnson, Kemp & Kotz (2005), Univariate Discrete Distributions, ch. 4",
		Example: "count[i in 1..N] ~ Poisson(log_rate = a + b * x[i])",
	},
	NoFromNormal: noSteps,

	LogDensity: func(b *named.Builder, x named.Value, p Params) Terms {
		var ts Terms
		if p.has("log_rate") {
			eta := p.get("log_rate")
			ts = Terms{times(b, x, eta), b.Neg(b.Exp(eta)), b.Neg(lfactorial(b, x))}
		} else {
			rate := p.get("rate")
			ts = Terms{times(b, x, logOf(b, rate)), nonNegative(b, rate, b.Neg(rate)), b.Neg(lfactorial(b, x))}
		}
		return p.guard(b, ts, natural(b, x))
	},
	LogCDF: func(b *named.Builder, x named.Value, p Params) named.Value {
		return poissonTail(b, op.LogGammaQ, x, p)
	},
	LogSurvival: func(b *named.Builder, x named.Value, p Params) named.Value {
		return poissonTail(b, op.LogGammaP, x, p)
	},
	Sample:   func(r *rand.Rand, p Numbers, out []float64) { out[0] = poissonDraw(r, p.rate()) },
	Mean:     func(p Numbers) []float64 { return []float64{p.rate()} },
	Variance: func(p Numbers) []float64 { return []float64{p.rate()} },
}

// rate is the mean in either form.
func (n Numbers) rate() float64 {
	if n.has("log_rate") {
		return math.Exp(n.F("log_rate"))
	}
	return n.F("rate")
}

// poissonTail: P(X ≤ k) = Q(k + 1, rate), and P is the complement.
func poissonTail(b *named.Builder, f *op.Func, x named.Value, p Params) named.Value {
	var rate named.Value
	if p.has("log_rate") {
		rate = b.Exp(p.get("log_rate"))
	} else {
		rate = p.get("rate")
	}
	k := b.Apply(op.Floor, x)
	return naturalTail(b, k, f == op.LogGammaQ, b.Apply(f, b.AddScalar(b.Max(k, b.Scalar(0)), 1), rate))
}

// naturalTail is a tail of a distribution on 0, 1, ...: below 0 the cdf is 0
// and the survival 1.
func naturalTail(b *named.Builder, k named.Value, cdf bool, inside named.Value) named.Value {
	below := 0.0
	if cdf {
		below = negInf
	}
	return b.Where(b.Less(k, b.Scalar(0)), b.Scalar(below), inside)
}

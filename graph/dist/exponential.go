package dist

import (
	"math/rand/v2"

	"ppl/graph/named"
	"ppl/lang"
)

// Exponential: the exponential distribution with the given rate (inverse scale).
//
//	p(x) = rate · exp(−rate x), x > 0
var exponential = &Dist{
	DistSig: lang.DistSig{
		Name: "Exponential",
		Forms: []lang.FormSig{
			form(
				pos("rate", "rate, one over the mean", "lambda"),
			),
		},
		Support: lang.SupportPositive,
		Doc:     "The exponential distribution with the given rate (inverse scale).",
		Density: "p(x) = rate · exp(−rate x), x > 0",
		Source:  "Johnson, Kotz & Balakrishnan (1994), Continuous Univariate Distributions 1, ch. 19",
		Example: "sigma ~ Exponential(1)",
	},
	LogDensity: func(b *named.Builder, x named.Value, p Params) Terms {
		rate := p.get("rate")
		return p.guard(b, Terms{b.Neg(b.Mul(rate, x)), logOf(b, rate)}, fromZero(b, x))
	},
	LogCDF: func(b *named.Builder, x named.Value, p Params) named.Value {
		return b.Log1mExp(exponentialTail(b, x, p))
	},
	LogSurvival: exponentialTail,
	FromNormal: func(b *named.Builder, z named.Value, p Params) named.Value {
		return b.Mul(exponentialScore(b, z), b.Recip(p.get("rate")))
	},
	Sample: func(r *rand.Rand, p Numbers, out []float64) {
		out[0] = within(r.ExpFloat64()/p.F("rate"), tiny, huge)
	},
	Mean:     func(p Numbers) []float64 { return []float64{1 / p.F("rate")} },
	Variance: func(p Numbers) []float64 { return []float64{1 / (p.F("rate") * p.F("rate"))} },
}

func exponentialTail(b *named.Builder, x named.Value, p Params) named.Value {
	return b.Neg(b.Mul(p.get("rate"), b.Max(x, b.Scalar(0))))
}

// exponentialScore is −log Φ(−z), which is Exponential(1).
func exponentialScore(b *named.Builder, z named.Value) named.Value {
	return b.Neg(b.LogPhi(b.Neg(z)))
}

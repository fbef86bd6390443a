package dist

import (
	"math"
	"math/rand/v2"

	"ppl/graph/named"
	"ppl/graph/op"
	"ppl/lang"
)

// Geometric: the number of failures before the first success, from 0: NegBinomial(1, p).
//
//	P(k) = p (1−p)^k, k = 0, 1, ...
var geometric = &Dist{
	DistSig: lang.DistSig{
		Name: "Geometric",
		Forms: []lang.FormSig{
			form(
				unit("p", "probability of a success", "prob", "probs"),
			),
		},
		Support: lang.SupportNaturals,
		Doc:     "The number of failures before the first success, from 0: NegBinomial(1, p).",
		Density: "P(k) = p (1−p)^k, k = 0, 1, ...",
		Source:  "Johnson, Kemp & Kotz (2005), Univariate Discrete Distributions, ch. 5.2",
		Example: "tries[i in 1..N] ~ Geometric(p)",
	},
	NoFromNormal: noSteps,

	LogDensity: func(b *named.Builder, x named.Value, p Params) Terms {
		q := probability(b, p.get("p"))
		return p.guard(b, Terms{times(b, x, b.Log1p(b.Neg(q))), logOf(b, q)}, natural(b, x))
	},
	LogCDF: func(b *named.Builder, x named.Value, p Params) named.Value {
		q, k := b.OneMinus(p.get("p")), geometricTrials(b, x)
		return powerOr(b, q, k, b.Log1mExp(geometricTail(b, x, p)), func(power named.Value) named.Value { return b.Log1p(b.Neg(power)) })
	},
	LogSurvival: geometricTail,
	Sample: func(r *rand.Rand, p Numbers, out []float64) {
		out[0] = math.Floor(-r.ExpFloat64() / math.Log1p(-p.F("p")))
	},
	Mean:     func(p Numbers) []float64 { return []float64{(1 - p.F("p")) / p.F("p")} },
	Variance: func(p Numbers) []float64 { return []float64{(1 - p.F("p")) / (p.F("p") * p.F("p"))} },
}

// geometricTail is (k + 1)·log(1 − p).
func geometricTail(b *named.Builder, x named.Value, p Params) named.Value {
	return times(b, geometricTrials(b, x), b.Log1p(b.Neg(p.get("p"))))
}

// geometricTrials are the trials that a success after at most x failures takes: k + 1.
func geometricTrials(b *named.Builder, x named.Value) named.Value {
	return b.Max(b.AddScalar(b.Apply(op.Floor, x), 1), b.Scalar(0))
}

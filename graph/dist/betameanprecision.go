package dist

import (
	"math/rand/v2"

	"ppl/graph/named"
	"ppl/graph/op"
	"ppl/lang"
)

// BetaMeanPrecision: the beta distribution given by its mean and precision: Beta(mean·precision, (1 − mean)·precision).
//
//	p(x) = x^(mean·precision−1) (1−x)^((1−mean)·precision−1) / B(mean·precision, (1−mean)·precision), 0 < x < 1
var betaMeanPrecision = &Dist{
	DistSig: lang.DistSig{
		Name: "BetaMeanPrecision",
		Forms: []lang.FormSig{
			form(
				unit("mean", "mean, between 0 and 1", "mu"),
				pos("precision", "precision: alpha + beta", "kappa", "phi"),
			),
		},
		Support: lang.SupportUnit,
		Doc:     "The beta distribution given by its mean and precision: Beta(mean·precision, (1 − mean)·precision).",
		Density: "p(x) = x^(mean·precision−1) (1−x)^((1−mean)·precision−1) / B(mean·precision, (1−mean)·precision), 0 < x < 1",
		Source:  "Ferrari & Cribari-Neto (2004), Beta regression for modelling rates and proportions, J. Appl. Stat. 31(7)",
		Example: "share[i in 1..N] ~ BetaMeanPrecision(inv_logit(a + b * x[i]), phi)",
	},
	LogDensity: func(b *named.Builder, x named.Value, p Params) Terms {
		a, c := betaShapes(b, p)
		return betaTerms(b, x, p, a, c)
	},
	LogCDF: func(b *named.Builder, x named.Value, p Params) named.Value {
		a, c := betaShapes(b, p)
		return betaTail(b, op.LogBetaInc, x, a, c)
	},
	LogSurvival: func(b *named.Builder, x named.Value, p Params) named.Value {
		a, c := betaShapes(b, p)
		return betaTail(b, op.LogBetaIncC, x, a, c)
	},
	FromNormal: func(b *named.Builder, z named.Value, p Params) named.Value {
		a, c := betaShapes(b, p)
		return inverseLogitWithin(b, b.Apply(op.BetaLogitQuantile, a, c, z))
	},
	Sample: func(r *rand.Rand, p Numbers, out []float64) {
		m, k := p.F("mean"), p.F("precision")
		out[0], _ = betaDraw(r, m*k, (1-m)*k)
	},
	Mean:     func(p Numbers) []float64 { return []float64{p.F("mean")} },
	Variance: func(p Numbers) []float64 { m := p.F("mean"); return []float64{m * (1 - m) / (1 + p.F("precision"))} },
}

func betaShapes(b *named.Builder, p Params) (a, c named.Value) {
	m, k := p.get("mean"), p.get("precision")
	return b.Mul(m, k), b.Mul(b.OneMinus(m), k)
}

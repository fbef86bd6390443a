package dist

import (
	"math"
	"math/rand/v2"

	"ppl/graph/named"
	"ppl/lang"
)

// Logistic: the logistic distribution, whose distribution function is inv_logit((x − location)/scale).
//
//	p(x) = e^−z / (scale (1 + e^−z)²), z = (x − location)/scale
var logistic = &Dist{
	DistSig: lang.DistSig{
		Name: "Logistic",
		Forms: []lang.FormSig{
			form(
				loc("location", "mean and median", "mean", "loc", "mu"),
				pos("scale", "scale", "sigma", "s"),
			),
		},
		Support: lang.SupportReal,
		Doc:     "The logistic distribution, whose distribution function is inv_logit((x − location)/scale).",
		Density: "p(x) = e^−z / (scale (1 + e^−z)²), z = (x − location)/scale",
		Source:  "Johnson, Kotz & Balakrishnan (1995), Continuous Univariate Distributions 2, ch. 23",
		Example: "alpha ~ Logistic(0, 1)",
	},
	LogDensity: func(b *named.Builder, x named.Value, p Params) Terms {
		scale := p.get("scale")
		z := standardised(b, x, p.get("location"), scale)
		return Terms{b.Sub(z, b.Scale(2, b.Softplus(z))), b.Neg(b.Log(scale))}
	},
	LogCDF: func(b *named.Builder, x named.Value, p Params) named.Value {
		return b.LogInvLogit(standardised(b, x, p.get("location"), p.get("scale")))
	},
	LogSurvival: func(b *named.Builder, x named.Value, p Params) named.Value {
		return b.LogInvLogit(standardised(b, p.get("location"), x, p.get("scale")))
	},
	FromNormal: func(b *named.Builder, z named.Value, p Params) named.Value {
		return b.Add(p.get("location"), b.Mul(p.get("scale"), b.Sub(b.LogPhi(z), b.LogPhi(b.Neg(z)))))
	},
	Sample: func(r *rand.Rand, p Numbers, out []float64) {
		out[0] = p.F("location") + p.F("scale")*logisticDraw(r)
	},
	Mean:     func(p Numbers) []float64 { return []float64{p.F("location")} },
	Variance: func(p Numbers) []float64 { s := p.F("scale") * math.Pi; return []float64{s * s / 3} },
}

func logisticDraw(r *rand.Rand) float64 {
	u := open01(r)
	return math.Log(u) - math.Log1p(-u)
}

package dist

import (
	"math"
	"math/rand/v2"

	"ppl/graph/named"
	"ppl/lang"
)

// Gumbel: the Gumbel distribution of largest values (extreme value type I).
//
//	p(x) = exp(−z − e^−z) / scale, z = (x − location)/scale
var gumbel = &Dist{
	DistSig: lang.DistSig{
		Name: "Gumbel",
		Forms: []lang.FormSig{
			form(
				loc("location", "mode", "loc", "mu"),
				pos("scale", "scale", "sigma", "beta"),
			),
		},
		Support: lang.SupportReal,
		Doc:     "The Gumbel distribution of largest values (extreme value type I).",
		Density: "p(x) = exp(−z − e^−z) / scale, z = (x − location)/scale",
		Source:  "Johnson, Kotz & Balakrishnan (1995), Continuous Univariate Distributions 2, ch. 22",
		Example: "flood[i in 1..N] ~ Gumbel(mu, sigma)",
	},
	LogDensity: func(b *named.Builder, x named.Value, p Params) Terms {
		scale := p.get("scale")
		z := standardised(b, x, p.get("location"), scale)
		return Terms{b.Neg(b.Add(z, b.Exp(b.Neg(z)))), b.Neg(b.Log(scale))}
	},
	LogCDF: func(b *named.Builder, x named.Value, p Params) named.Value {
		return b.Neg(b.Exp(standardised(b, p.get("location"), x, p.get("scale"))))
	},
	LogSurvival: func(b *named.Builder, x named.Value, p Params) named.Value {
		return b.Log1mExp(b.Neg(b.Exp(standardised(b, p.get("location"), x, p.get("scale")))))
	},
	FromNormal: func(b *named.Builder, z named.Value, p Params) named.Value {
		return b.Sub(p.get("location"), b.Mul(p.get("scale"), b.Log(b.Neg(b.LogPhi(z)))))
	},
	Sample: func(r *rand.Rand, p Numbers, out []float64) {
		out[0] = p.F("location") - p.F("scale")*math.Log(r.ExpFloat64())
	},
	Mean:     func(p Numbers) []float64 { return []float64{p.F("location") + eulerGamma*p.F("scale")} },
	Variance: func(p Numbers) []float64 { s := p.F("scale") * math.Pi; return []float64{s * s / 6} },
}

const eulerGamma = 0.57721566490153286060651209008240243 // Euler's constant

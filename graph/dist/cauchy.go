package dist

import (
	"math"
	"math/rand/v2"

	"ppl/graph/named"
	"ppl/graph/op"
	"ppl/lang"
)

// Cauchy: the Cauchy distribution. It has no mean and no variance.
//
//	p(x) = 1 / (π scale (1 + ((x − location)/scale)²))
var cauchy = &Dist{
	DistSig: lang.DistSig{
		Name: "Cauchy",
		Forms: []lang.FormSig{
			form(
				loc("location", "median", "loc", "mu"),
				pos("scale", "half the interquartile range", "sigma"),
			),
		},
		Support: lang.SupportReal,
		Doc:     "The Cauchy distribution. It has no mean and no variance.",
		Density: "p(x) = 1 / (π scale (1 + ((x − location)/scale)²))",
		Source:  "Johnson, Kotz & Balakrishnan (1994), Continuous Univariate Distributions 1, ch. 16",
		Example: "beta ~ Cauchy(0, 2.5)",
	},
	LogDensity: func(b *named.Builder, x named.Value, p Params) Terms {
		scale := p.get("scale")
		z := standardised(b, x, p.get("location"), scale)
		return Terms{b.Neg(b.Apply(op.Log1pSquare, z)), b.Neg(b.Log(scale)), b.Scalar(-math.Log(math.Pi))}
	},
	LogCDF: func(b *named.Builder, x named.Value, p Params) named.Value {
		return logCauchyCDF(b, standardised(b, x, p.get("location"), p.get("scale")))
	},
	LogSurvival: func(b *named.Builder, x named.Value, p Params) named.Value {
		return logCauchyCDF(b, standardised(b, p.get("location"), x, p.get("scale")))
	},
	FromNormal: func(b *named.Builder, z named.Value, p Params) named.Value {
		return b.Add(p.get("location"), b.Mul(p.get("scale"), b.Apply(op.CauchyQuantile, z)))
	},
	Sample: func(r *rand.Rand, p Numbers, out []float64) {
		out[0] = p.F("location") + p.F("scale")*math.Tan(math.Pi*(open01(r)-0.5))
	},
	Mean:     func(p Numbers) []float64 { return []float64{math.NaN()} },
	Variance: func(p Numbers) []float64 { return []float64{math.NaN()} },
}

// logCauchyCDF is log(½ + atan(z)/π), in the left tail as log(atan(−1/z)/π).
func logCauchyCDF(b *named.Builder, z named.Value) named.Value {
	left := b.Less(z, b.Scalar(-1))
	tail := b.Apply(op.Atan, b.Neg(b.Recip(b.Min(z, b.Scalar(-1)))))
	body := b.AddScalar(b.Apply(op.Atan, z), math.Pi/2)
	return b.AddScalar(b.Log(b.Where(left, tail, body)), -math.Log(math.Pi))
}

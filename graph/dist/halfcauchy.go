package dist

import (
	"math"
	"math/rand/v2"

	"ppl/graph/named"
	"ppl/graph/op"
	"ppl/lang"
)

// HalfCauchy: the absolute value of a Cauchy variable with location 0. It has no mean and no variance.
//
//	p(x) = 2 / (π scale (1 + (x/scale)²)), x > 0
var halfCauchy = &Dist{
	DistSig: lang.DistSig{
		Name: "HalfCauchy",
		Forms: []lang.FormSig{
			form(
				pos("scale", "median", "sigma"),
			),
		},
		Support: lang.SupportPositive,
		Doc:     "The absolute value of a Cauchy variable with location 0. It has no mean and no variance.",
		Density: "p(x) = 2 / (π scale (1 + (x/scale)²)), x > 0",
		Source:  "Polson & Scott (2012), On the half-Cauchy prior for a global scale parameter, Bayesian Analysis 7(4)",
		Example: "tau ~ HalfCauchy(5)",
	},
	LogDensity: func(b *named.Builder, x named.Value, p Params) Terms {
		scale := p.get("scale")
		z := b.Mul(x, b.Recip(scale))
		ts := Terms{b.Neg(b.Apply(op.Log1pSquare, z)), b.Neg(b.Log(scale)), b.Scalar(math.Log(2 / math.Pi))}
		return p.guard(b, ts, fromZero(b, x))
	},
	LogCDF: func(b *named.Builder, x named.Value, p Params) named.Value {
		return b.AddScalar(b.Log(b.Apply(op.Atan, halfZ(b, x, p, "scale"))), math.Log(2/math.Pi))
	},
	LogSurvival: func(b *named.Builder, x named.Value, p Params) named.Value {
		return b.AddScalar(logCauchyCDF(b, b.Neg(halfZ(b, x, p, "scale"))), math.Ln2)
	},
	FromNormal: func(b *named.Builder, z named.Value, p Params) named.Value {
		return b.Mul(p.get("scale"), b.Apply(op.CauchyQuantile, halfScore(b, z)))
	},
	Sample: func(r *rand.Rand, p Numbers, out []float64) {
		out[0] = p.F("scale") * math.Tan(math.Pi/2*open01(r))
	},
	Mean:     func(p Numbers) []float64 { return []float64{math.Inf(1)} },
	Variance: func(p Numbers) []float64 { return []float64{math.NaN()} },
}

package dist

import (
	"math"
	"math/rand/v2"

	"ppl/graph/named"
	"ppl/graph/op"
	"ppl/lang"
)

// ChiSquared: the chi-squared distribution, Gamma(df/2, 1/2): the sum of df squared standard normals.
//
//	p(x) = x^(df/2−1) e^(−x/2) / (2^(df/2) Γ(df/2)), x > 0
var chiSquared = &Dist{
	DistSig: lang.DistSig{
		Name: "ChiSquared",
		Forms: []lang.FormSig{
			form(
				pos("df", "degrees of freedom", "nu", "dof", "k"),
			),
		},
		Support: lang.SupportPositive,
		Doc:     "The chi-squared distribution, Gamma(df/2, 1/2): the sum of df squared standard normals.",
		Density: "p(x) = x^(df/2−1) e^(−x/2) / (2^(df/2) Γ(df/2)), x > 0",
		Source:  "Johnson, Kotz & Balakrishnan (1994), Continuous Univariate Distributions 1, ch. 18",
		Example: "q ~ ChiSquared(3)",
	},
	LogDensity: func(b *named.Builder, x named.Value, p Params) Terms {
		return gammaTerms(b, x, p, b.Scale(0.5, p.get("df")), b.Scalar(0.5))
	},
	LogCDF: func(b *named.Builder, x named.Value, p Params) named.Value {
		return gammaTail(b, op.LogGammaP, x, b.Scale(0.5, p.get("df")), b.Scalar(0.5))
	},
	LogSurvival: func(b *named.Builder, x named.Value, p Params) named.Value {
		return gammaTail(b, op.LogGammaQ, x, b.Scale(0.5, p.get("df")), b.Scalar(0.5))
	},
	FromNormal: func(b *named.Builder, z named.Value, p Params) named.Value {
		return expWithin(b, logChiSquared(b, p.get("df"), z))
	},
	Sample: func(r *rand.Rand, p Numbers, out []float64) {
		out[0] = gammaDraw(r, p.F("df")/2, 0.5)
	},
	Mean:     func(p Numbers) []float64 { return []float64{p.F("df")} },
	Variance: func(p Numbers) []float64 { return []float64{2 * p.F("df")} },
}

// logChiSquared is the log of the quantile of ChiSquared(df) at the normal score z.
func logChiSquared(b *named.Builder, df, z named.Value) named.Value {
	return b.AddScalar(b.Apply(op.GammaLogQuantile, b.Scale(0.5, df), z), math.Ln2)
}

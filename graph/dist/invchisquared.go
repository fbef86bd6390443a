package dist

import (
	"math/rand/v2"

	"ppl/graph/named"
	"ppl/graph/op"
	"ppl/lang"
)

// InvChiSquared: the inverse of a chi-squared variable, InvGamma(df/2, 1/2).
//
//	p(x) = x^(−df/2−1) e^(−1/(2x)) / (2^(df/2) Γ(df/2)), x > 0
var invChiSquared = &Dist{
	DistSig: lang.DistSig{
		Name: "InvChiSquared",
		Forms: []lang.FormSig{
			form(
				pos("df", "degrees of freedom", "nu", "dof"),
			),
		},
		Support: lang.SupportPositive,
		Doc:     "The inverse of a chi-squared variable, InvGamma(df/2, 1/2).",
		Density: "p(x) = x^(−df/2−1) e^(−1/(2x)) / (2^(df/2) Γ(df/2)), x > 0",
		Source:  "Gelman et al. (2013), Bayesian Data Analysis, 3rd ed., appendix A",
		Example: "v ~ InvChiSquared(4)",
	},
	LogDensity: func(b *named.Builder, x named.Value, p Params) Terms {
		return invGammaTerms(b, x, p, b.Scale(0.5, p.get("df")), b.Scalar(0.5))
	},
	LogCDF: func(b *named.Builder, x named.Value, p Params) named.Value {
		return invGammaTail(b, op.LogGammaQ, x, b.Scale(0.5, p.get("df")), b.Scalar(0.5))
	},
	LogSurvival: func(b *named.Builder, x named.Value, p Params) named.Value {
		return invGammaTail(b, op.LogGammaP, x, b.Scale(0.5, p.get("df")), b.Scalar(0.5))
	},
	FromNormal: func(b *named.Builder, z named.Value, p Params) named.Value {
		return expWithin(b, b.Neg(logChiSquared(b, p.get("df"), b.Neg(z))))
	},
	Sample: func(r *rand.Rand, p Numbers, out []float64) {
		out[0] = invGammaDraw(r, p.F("df")/2, 0.5)
	},
	Mean:     func(p Numbers) []float64 { return []float64{invGammaMean(p.F("df")/2, 0.5)} },
	Variance: func(p Numbers) []float64 { return []float64{invGammaVariance(p.F("df")/2, 0.5)} },
}

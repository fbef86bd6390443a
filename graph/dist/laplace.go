package dist

import (
	"math"
	"math/rand/v2"

	"ppl/graph/named"
	"ppl/lang"
)

// Laplace: the Laplace (double exponential) distribution.
//
//	p(x) = exp(−|x − mean|/scale) / (2 scale)
var laplace = &Dist{
	DistSig: lang.DistSig{
		Name: "Laplace",
		Forms: []lang.FormSig{
			form(
				loc("mean", "mean and median", "location", "loc", "mu"),
				pos("scale", "scale: the mean absolute deviation", "sigma", "b"),
			),
		},
		Support: lang.SupportReal,
		Doc:     "The Laplace (double exponential) distribution.",
		Density: "p(x) = exp(−|x − mean|/scale) / (2 scale)",
		Source:  "Johnson, Kotz & Balakrishnan (1995), Continuous Univariate Distributions 2, ch. 24",
		Example: "beta ~ Laplace(0, 1)",
	},
	LogDensity: func(b *named.Builder, x named.Value, p Params) Terms {
		scale := p.get("scale")
		z := standardised(b, x, p.get("mean"), scale)
		return Terms{b.Neg(b.Abs(z)), b.Neg(b.Log(scale)), b.Scalar(-math.Ln2)}
	},
	LogCDF: func(b *named.Builder, x named.Value, p Params) named.Value {
		return logLaplaceCDF(b, standardised(b, x, p.get("mean"), p.get("scale")))
	},
	LogSurvival: func(b *named.Builder, x named.Value, p Params) named.Value {
		return logLaplaceCDF(b, standardised(b, p.get("mean"), x, p.get("scale")))
	},
	FromNormal: func(b *named.Builder, z named.Value, p Params) named.Value {
		return b.Add(p.get("mean"), b.Mul(p.get("scale"), laplaceQuantile(b, z)))
	},
	Sample: func(r *rand.Rand, p Numbers, out []float64) {
		out[0] = p.F("mean") + p.F("scale")*(r.ExpFloat64()-r.ExpFloat64())
	},
	Mean:     func(p Numbers) []float64 { return []float64{p.F("mean")} },
	Variance: func(p Numbers) []float64 { return []float64{2 * p.F("scale") * p.F("scale")} },
}

// logLaplaceCDF is z − log 2 to the left of 0, log(1 − ½e^−z) to the right.
func logLaplaceCDF(b *named.Builder, z named.Value) named.Value {
	zero := b.Scalar(0)
	right := b.Log1p(b.Scale(-0.5, b.Exp(b.Neg(b.Max(z, zero)))))
	return b.Where(b.Less(z, zero), b.AddScalar(z, -math.Ln2), right)
}

// laplaceQuantile is log 2Φ(z) to the left of 0, and mirrored. At 0 the slope is taken from the left,
// where Min passes it on.
func laplaceQuantile(b *named.Builder, z named.Value) named.Value {
	tail := b.AddScalar(b.LogPhi(b.Min(z, b.Neg(z))), math.Ln2)
	return b.Where(b.LessEq(z, b.Scalar(0)), tail, b.Neg(tail))
}

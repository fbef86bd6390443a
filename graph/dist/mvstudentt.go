package dist

import (
	"math"
	"math/rand/v2"

	"ppl/graph"
	"ppl/graph/kernel"
	"ppl/graph/named"
	"ppl/lang"
)

// MvStudentT: the multivariate Student t distribution with scale matrix cov, given as itself, as its lower Cholesky factor or as its inverse.
//
//	p(x) = Γ((df+K)/2) / (Γ(df/2) √((df π)^K det cov)) · (1 + (x − mean)ᵀ cov⁻¹ (x − mean)/df)^(−(df+K)/2)
var mvStudentT = &Dist{
	DistSig: lang.DistSig{
		Name: "MvStudentT",
		Forms: []lang.FormSig{
			form(
				pos("df", "degrees of freedom", "nu", "dof"),
				vector("mean", "location; the mean where df > 1", "K", lang.AnyReal, "location", "loc", "mu"),
				matrix("cov", "scale matrix; the covariance is df/(df − 2) times this", "K", lang.PositiveDefinite, "scale", "Sigma"),
			),
			form(
				pos("df", "degrees of freedom", "nu", "dof"),
				vector("mean", "location; the mean where df > 1", "K", lang.AnyReal, "location", "loc", "mu"),
				matrix("chol", "lower Cholesky factor of the scale matrix", "K", lang.CholeskyFactor, "scale_tril", "L"),
			),
			form(
				pos("df", "degrees of freedom", "nu", "dof"),
				vector("mean", "location; the mean where df > 1", "K", lang.AnyReal, "location", "loc", "mu"),
				matrix("precision", "inverse of the scale matrix", "K", lang.PositiveDefinite, "Omega"),
			),
		},
		Support:      lang.SupportReal,
		EventRank:    1,
		EventDims:    []string{"K"},
		Doc:          "The multivariate Student t distribution with scale matrix cov, given as itself, as its lower Cholesky factor or as its inverse.",
		Density:      "p(x) = Γ((df+K)/2) / (Γ(df/2) √((df π)^K det cov)) · (1 + (x − mean)ᵀ cov⁻¹ (x − mean)/df)^(−(df+K)/2)",
		Source:       "Kotz & Nadarajah (2004), Multivariate t Distributions and Their Applications, ch. 1",
		Example:      "b ~ MvStudentT(4, zeros(2), cov = S)",
		NoTruncation: noOrder,
		NoCDF:        noOrder,
	},
	LogDensity: func(b *named.Builder, x named.Value, p Params) Terms {
		z, logDet := whitened(b, x, p)
		df, k := p.get("df"), float64(x.Shape()[0])
		quad := b.Log1p(b.Mul(b.Sum(b.Square(z), 1), b.Recip(df)))
		norm := b.Add(lbeta(b, b.Scale(0.5, df), b.Scalar(k/2)), b.Scale(k/2, b.Log(df)))
		return Terms{
			b.Mul(b.Scale(-0.5, b.AddScalar(df, k)), quad), b.Neg(norm), b.Neg(logDet),
			b.Scalar(kernel.Lgamma(k/2) - k/2*math.Log(math.Pi)),
		}
	},
	FromNormal: func(b *named.Builder, z named.Value, p Params) named.Value {
		k := z.Shape()[0] - 1
		last := b.Reshape(b.Index(z, named.IndexArg{Lo: k + 1, Hi: k + 1}), graph.Shape{})
		df := p.get("df")
		stretch := expWithin(b, b.Scale(0.5, b.Sub(b.Log(df), logChiSquared(b, df, last))))
		return b.Add(p.get("mean"), b.Mul(stretch, coloured(b, b.Index(z, named.IndexArg{Lo: 1, Hi: k}), p)))
	},
	Noise: func(event graph.Shape) graph.Shape { return graph.Shape{event[0] + 1} }, // the last for the chi-squared variable
	Sample: func(r *rand.Rand, p Numbers, out []float64) {
		for i := range out {
			out[i] = r.NormFloat64()
		}
		p.colour(out)
		df := p.F("df")
		s := math.Exp(0.5 * (math.Log(df/2) - logGammaDraw(r, df/2)))
		for i, m := range p.V("mean") {
			out[i] = m + s*out[i]
		}
	},
	Mean: func(p Numbers) []float64 {
		out := append([]float64(nil), p.V("mean")...)
		for i := range out {
			if p.F("df") <= 1 {
				out[i] = math.NaN()
			}
		}
		return out
	},
	Variance: func(p Numbers) []float64 {
		out := p.scaleDiagonal()
		for i := range out {
			out[i] *= studentVariance(p.F("df"))
		}
		return out
	},
}

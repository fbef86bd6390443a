package dist

import (
	"math/rand/v2"

	"ppl/graph/named"
	"ppl/lang"
)

// MvNormal: the multivariate normal distribution, by its covariance, by the lower Cholesky factor of that, or by its inverse.
//
//	p(x) = exp(−½(x − mean)ᵀ cov⁻¹ (x − mean)) / √((2π)^K det cov)
var mvNormal = &Dist{
	DistSig: lang.DistSig{
		Name: "MvNormal",
		Forms: []lang.FormSig{
			form(
				vector("mean", "mean", "K", lang.AnyReal, "loc", "mu"),
				matrix("cov", "covariance", "K", lang.PositiveDefinite, "covariance", "Sigma"),
			),
			form(
				vector("mean", "mean", "K", lang.AnyReal, "loc", "mu"),
				matrix("chol", "lower Cholesky factor of the covariance", "K", lang.CholeskyFactor, "scale_tril", "L"),
			),
			form(
				vector("mean", "mean", "K", lang.AnyReal, "loc", "mu"),
				matrix("precision", "inverse of the covariance", "K", lang.PositiveDefinite, "precision_matrix", "Omega"),
			),
		},
		Support:      lang.SupportReal,
		EventRank:    1,
		EventDims:    []string{"K"},
		Doc:          "The multivariate normal distribution, by its covariance, by the lower Cholesky factor of that, or by its inverse.",
		Density:      "p(x) = exp(−½(x − mean)ᵀ cov⁻¹ (x − mean)) / √((2π)^K det cov)",
		Source:       "Kotz, Balakrishnan & Johnson (2000), Continuous Multivariate Distributions 1, ch. 45",
		Example:      "f ~ MvNormal(zeros(N), cov = K)",
		NoTruncation: noOrder,
		NoCDF:        noOrder,
	},
	LogDensity: func(b *named.Builder, x named.Value, p Params) Terms {
		z, logDet := whitened(b, x, p)
		k := float64(x.Shape()[0])
		return Terms{b.Scale(-0.5, b.Sum(b.Square(z), 1)), b.Neg(logDet), b.Scalar(-k * halfLog2Pi)}
	},
	FromNormal: func(b *named.Builder, z named.Value, p Params) named.Value {
		return b.Add(p.get("mean"), coloured(b, z, p))
	},
	Sample: func(r *rand.Rand, p Numbers, out []float64) {
		for i := range out {
			out[i] = r.NormFloat64()
		}
		p.colour(out)
		for i, m := range p.V("mean") {
			out[i] += m
		}
	},
	Mean:     func(p Numbers) []float64 { return p.V("mean") },
	Variance: func(p Numbers) []float64 { return p.scaleDiagonal() },
}

// whitened is z with zᵀz = (x − mean)ᵀ cov⁻¹ (x − mean), and ½ log det cov, in
// any of the three forms: L⁻¹d for cov = L·Lᵀ, and Mᵀd for cov⁻¹ = M·Mᵀ.
func whitened(b *named.Builder, x named.Value, p Params) (z, logDet named.Value) {
	d := b.Sub(x, p.get("mean"))
	if p.has("precision") {
		m := b.Cholesky(p.get("precision"))
		return b.MatMul(d, m), b.Neg(logDiagonal(b, m))
	}
	var l named.Value
	if p.has("chol") {
		l = p.get("chol")
	} else {
		l = b.Cholesky(p.get("cov"))
	}
	return b.SolveLower(l, d, false), logDiagonal(b, l)
}

// coloured is white noise z turned into noise with the covariance: L·z for cov = L·Lᵀ, and M⁻ᵀz for
// cov⁻¹ = M·Mᵀ.
func coloured(b *named.Builder, z named.Value, p Params) named.Value {
	switch {
	case p.has("chol"):
		return b.MatMul(p.get("chol"), z)
	case p.has("cov"):
		return b.MatMul(b.Cholesky(p.get("cov")), z)
	}
	return b.SolveLower(b.Cholesky(p.get("precision")), z, true)
}

// colour turns white noise into noise with the covariance.
func (n Numbers) colour(x []float64) {
	switch {
	case n.has("chol"):
		lowerMul(n.V("chol"), x)
	case n.has("cov"):
		lowerMul(cholesky(n.V("cov"), len(x)), x)
	default:
		backSolve(cholesky(n.V("precision"), len(x)), x)
	}
}

// scaleDiagonal is the diagonal of the covariance (or scale matrix).
func (n Numbers) scaleDiagonal() []float64 {
	k := len(n.V("mean"))
	out := make([]float64, k)
	if n.has("cov") {
		for i := range out {
			out[i] = n.V("cov")[i*k+i]
		}
		return out
	}
	for j := 0; j < k; j++ { // columns of the factor
		e := make([]float64, k)
		e[j] = 1
		n.colour(e)
		for i, v := range e {
			out[i] += v * v
		}
	}
	return out
}

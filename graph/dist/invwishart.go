package dist

import (
	"math"
	"math/rand/v2"

	"ppl/graph/named"
	"ppl/lang"
)

// InvWishart: the inverse of a Wishart matrix.
//
//	p(X) = det(scale)^(df/2) det(X)^(−(df+K+1)/2) exp(−½ tr(scale X⁻¹)) / (2^(df K/2) Γ_K(df/2))
var invWishart = &Dist{
	DistSig: lang.DistSig{
		Name: "InvWishart",
		Forms: []lang.FormSig{
			form(
				pos("df", "degrees of freedom, above K − 1", "nu", "dof"),
				matrix("scale", "scale matrix; the mean is scale/(df − K − 1)", "K", lang.PositiveDefinite, "Psi", "S"),
			),
		},
		Support:      lang.SupportCov,
		EventRank:    2,
		EventDims:    []string{"K", "K"},
		Doc:          "The inverse of a Wishart matrix.",
		Density:      "p(X) = det(scale)^(df/2) det(X)^(−(df+K+1)/2) exp(−½ tr(scale X⁻¹)) / (2^(df K/2) Γ_K(df/2))",
		Source:       "Gelman et al. (2013), Bayesian Data Analysis, 3rd ed., appendix A",
		Example:      "Sigma ~ InvWishart(5, eye(3))",
		NoTruncation: noOrder,
		NoCDF:        noOrder,
	},
	LogDensity: func(b *named.Builder, x named.Value, p Params) Terms {
		df, k := p.get("df"), float64(x.Shape()[0])
		l, m := b.Cholesky(p.get("scale")), b.Cholesky(x)
		trace := b.Sum(b.Square(b.SolveLower(m, l, false)), 2) // tr ΨX⁻¹ = |M⁻¹L|²
		return Terms{
			b.Neg(b.Mul(b.AddScalar(df, k+1), logDiagonal(b, m))), b.Scale(-0.5, trace),
			b.Mul(df, logDiagonal(b, l)), wishartNorm(b, df, x.Shape()[0]),
		}
	},
	FromNormal: func(b *named.Builder, z named.Value, p Params) named.Value {
		a := bartlettFromNormal(b, p.get("df"), z)
		c := b.SolveLower(a, b.Transpose(b.Cholesky(p.get("scale")), 1, 0), false) // Bᵀ of Sample
		return b.MatMul(b.Transpose(c, 1, 0), c)
	},
	Noise: triangleNoise,
	// With A·Aᵀ from Wishart(df, I) and L the factor of the scale, X = B·Bᵀ for
	// B = L·A⁻ᵀ: row i of B solves A·b = row i of L.
	Sample: func(r *rand.Rand, p Numbers, out []float64) {
		k := side(out)
		a, l := bartlett(r, p.F("df"), k), cholesky(p.V("scale"), k)
		for i := 0; i < k; i++ {
			row := out[i*k : i*k+k]
			for j := range row {
				row[j] = l[i*k+j]
				for m := 0; m < j; m++ {
					row[j] -= a[j*k+m] * row[m]
				}
				row[j] /= a[j*k+j]
			}
		}
		outerSquare(out)
	},
	Mean: func(p Numbers) []float64 {
		out := append([]float64(nil), p.V("scale")...)
		d := p.F("df") - float64(side(out)) - 1
		for i := range out {
			if out[i] /= d; d <= 0 {
				out[i] = math.NaN()
			}
		}
		return out
	},
	Variance: func(p Numbers) []float64 {
		s := p.V("scale")
		k := side(s)
		d := p.F("df") - float64(k)
		out := make([]float64, len(s))
		for i := range out {
			r, c := i/k, i%k
			out[i] = ((d+1)*s[i]*s[i] + (d-1)*s[r*k+r]*s[c*k+c]) / (d * (d - 1) * (d - 1) * (d - 3))
			if d <= 3 {
				out[i] = math.NaN()
			}
		}
		return out
	},
}

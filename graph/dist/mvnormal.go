package dist

import (
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
		NoTruncation: noCDF,
		NotYet:       "MvNormal is not supported yet",
	},
}

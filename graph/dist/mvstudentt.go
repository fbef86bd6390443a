package dist

import (
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
		NoTruncation: noCDF,
		NotYet:       "MvStudentT is not supported yet",
	},
}

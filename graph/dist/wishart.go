package dist

import (
	"ppl/lang"
)

// Wishart: the Wishart distribution of positive definite matrices.
//
//	p(X) = det(X)^((df−K−1)/2) exp(−½ tr(scale⁻¹ X)) / (2^(df K/2) det(scale)^(df/2) Γ_K(df/2))
var wishart = &Dist{
	DistSig: lang.DistSig{
		Name: "Wishart",
		Forms: []lang.FormSig{
			form(
				pos("df", "degrees of freedom, above K − 1", "nu", "dof"),
				matrix("scale", "scale matrix; the mean is df·scale", "K", lang.PositiveDefinite, "V", "S"),
			),
		},
		Support:      lang.SupportCov,
		EventRank:    2,
		EventDims:    []string{"K", "K"},
		Doc:          "The Wishart distribution of positive definite matrices.",
		Density:      "p(X) = det(X)^((df−K−1)/2) exp(−½ tr(scale⁻¹ X)) / (2^(df K/2) det(scale)^(df/2) Γ_K(df/2))",
		Source:       "Gelman et al. (2013), Bayesian Data Analysis, 3rd ed., appendix A",
		Example:      "Omega ~ Wishart(5, eye(3))",
		NoTruncation: noCDF,
		NotYet:       "Wishart is not supported yet",
	},
}

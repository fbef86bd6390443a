package dist

import (
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
		NoTruncation: noCDF,
		NotYet:       "InvWishart is not supported yet",
	},
}

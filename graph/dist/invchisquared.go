package dist

import (
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
		Support:      lang.SupportPositive,
		Doc:          "The inverse of a chi-squared variable, InvGamma(df/2, 1/2).",
		Density:      "p(x) = x^(−df/2−1) e^(−1/(2x)) / (2^(df/2) Γ(df/2)), x > 0",
		Source:       "Gelman et al. (2013), Bayesian Data Analysis, 3rd ed., appendix A",
		Example:      "v ~ InvChiSquared(4)",
		NoTruncation: noCDF,
		NotYet:       "InvChiSquared is not supported yet",
	},
}

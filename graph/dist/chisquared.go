package dist

import (
	"ppl/lang"
)

// ChiSquared: the chi-squared distribution, Gamma(df/2, 1/2): the sum of df squared standard normals.
//
//	p(x) = x^(df/2−1) e^(−x/2) / (2^(df/2) Γ(df/2)), x > 0
var chiSquared = &Dist{
	DistSig: lang.DistSig{
		Name: "ChiSquared",
		Forms: []lang.FormSig{
			form(
				pos("df", "degrees of freedom", "nu", "dof", "k"),
			),
		},
		Support:      lang.SupportPositive,
		Doc:          "The chi-squared distribution, Gamma(df/2, 1/2): the sum of df squared standard normals.",
		Density:      "p(x) = x^(df/2−1) e^(−x/2) / (2^(df/2) Γ(df/2)), x > 0",
		Source:       "Johnson, Kotz & Balakrishnan (1994), Continuous Univariate Distributions 1, ch. 18",
		Example:      "q ~ ChiSquared(3)",
		NoTruncation: noCDF,
		NotYet:       "ChiSquared is not supported yet",
	},
}

package dist

import (
	"ppl/lang"
)

// InvGamma: the inverse of a gamma variable with the given shape and rate = scale; its mean is scale/(shape − 1).
//
//	p(x) = scale^shape / Γ(shape) · x^(−shape−1) exp(−scale/x), x > 0
var invGamma = &Dist{
	DistSig: lang.DistSig{
		Name: "InvGamma",
		Forms: []lang.FormSig{
			form(
				pos("shape", "shape", "alpha", "concentration"),
				pos("scale", "scale", "beta"),
			),
		},
		Support:      lang.SupportPositive,
		Doc:          "The inverse of a gamma variable with the given shape and rate = scale; its mean is scale/(shape − 1).",
		Density:      "p(x) = scale^shape / Γ(shape) · x^(−shape−1) exp(−scale/x), x > 0",
		Source:       "Gelman et al. (2013), Bayesian Data Analysis, 3rd ed., appendix A",
		Example:      "rho ~ InvGamma(5, 5)",
		NoTruncation: noCDF,
		NotYet:       "InvGamma is not supported yet",
	},
}

package dist

import (
	"ppl/lang"
)

// HalfCauchy: the absolute value of a Cauchy variable with location 0. It has no mean and no variance.
//
//	p(x) = 2 / (π scale (1 + (x/scale)²)), x > 0
var halfCauchy = &Dist{
	DistSig: lang.DistSig{
		Name: "HalfCauchy",
		Forms: []lang.FormSig{
			form(
				pos("scale", "median", "sigma"),
			),
		},
		Support:      lang.SupportPositive,
		Doc:          "The absolute value of a Cauchy variable with location 0. It has no mean and no variance.",
		Density:      "p(x) = 2 / (π scale (1 + (x/scale)²)), x > 0",
		Source:       "Polson & Scott (2012), On the half-Cauchy prior for a global scale parameter, Bayesian Analysis 7(4)",
		Example:      "tau ~ HalfCauchy(5)",
		NoTruncation: noCDF,
		NotYet:       "HalfCauchy is not supported yet",
	},
}

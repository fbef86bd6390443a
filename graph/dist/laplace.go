package dist

import (
	"ppl/lang"
)

// Laplace: the Laplace (double exponential) distribution.
//
//	p(x) = exp(−|x − mean|/scale) / (2 scale)
var laplace = &Dist{
	DistSig: lang.DistSig{
		Name: "Laplace",
		Forms: []lang.FormSig{
			form(
				loc("mean", "mean and median", "location", "loc", "mu"),
				pos("scale", "scale: the mean absolute deviation", "sigma", "b"),
			),
		},
		Support:      lang.SupportReal,
		Doc:          "The Laplace (double exponential) distribution.",
		Density:      "p(x) = exp(−|x − mean|/scale) / (2 scale)",
		Source:       "Johnson, Kotz & Balakrishnan (1995), Continuous Univariate Distributions 2, ch. 24",
		Example:      "beta ~ Laplace(0, 1)",
		NoTruncation: noCDF,
		NotYet:       "Laplace is not supported yet",
	},
}

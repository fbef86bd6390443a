package dist

import (
	"ppl/lang"
)

// Gamma: the gamma distribution with the given shape and rate (inverse scale); its mean is shape/rate.
//
//	p(x) = rate^shape / Γ(shape) · x^(shape−1) exp(−rate x), x > 0
var gamma = &Dist{
	DistSig: lang.DistSig{
		Name: "Gamma",
		Forms: []lang.FormSig{
			form(
				pos("shape", "shape", "alpha", "concentration"),
				pos("rate", "rate (inverse scale)", "beta"),
			),
		},
		Support:      lang.SupportPositive,
		Doc:          "The gamma distribution with the given shape and rate (inverse scale); its mean is shape/rate.",
		Density:      "p(x) = rate^shape / Γ(shape) · x^(shape−1) exp(−rate x), x > 0",
		Source:       "Johnson, Kotz & Balakrishnan (1994), Continuous Univariate Distributions 1, ch. 17",
		Example:      "precision ~ Gamma(2, 0.1)",
		NoTruncation: noCDF,
		NotYet:       "Gamma is not supported yet",
	},
}

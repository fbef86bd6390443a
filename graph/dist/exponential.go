package dist

import (
	"ppl/lang"
)

// Exponential: the exponential distribution with the given rate (inverse scale).
//
//	p(x) = rate · exp(−rate x), x > 0
var exponential = &Dist{
	DistSig: lang.DistSig{
		Name: "Exponential",
		Forms: []lang.FormSig{
			form(
				pos("rate", "rate, one over the mean", "lambda"),
			),
		},
		Support:      lang.SupportPositive,
		Doc:          "The exponential distribution with the given rate (inverse scale).",
		Density:      "p(x) = rate · exp(−rate x), x > 0",
		Source:       "Johnson, Kotz & Balakrishnan (1994), Continuous Univariate Distributions 1, ch. 19",
		Example:      "sigma ~ Exponential(1)",
		NoTruncation: noCDF,
		NotYet:       "Exponential is not supported yet",
	},
}

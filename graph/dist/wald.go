package dist

import (
	"ppl/lang"
)

// Wald: the Wald (inverse Gaussian) distribution; its variance is mean³/shape.
//
//	p(x) = √(shape/(2π x³)) exp(−shape (x − mean)² / (2 mean² x)), x > 0
var wald = &Dist{
	DistSig: lang.DistSig{
		Name: "Wald",
		Forms: []lang.FormSig{
			form(
				pos("mean", "mean", "mu"),
				pos("shape", "shape", "lambda"),
			),
		},
		Support:      lang.SupportPositive,
		Doc:          "The Wald (inverse Gaussian) distribution; its variance is mean³/shape.",
		Density:      "p(x) = √(shape/(2π x³)) exp(−shape (x − mean)² / (2 mean² x)), x > 0",
		Source:       "Johnson, Kotz & Balakrishnan (1994), Continuous Univariate Distributions 1, ch. 15",
		Example:      "t[i in 1..N] ~ Wald(mu, lambda)",
		NoTruncation: noCDF,
		NotYet:       "Wald is not supported yet",
	},
}

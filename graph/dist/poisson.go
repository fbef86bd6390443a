package dist

import (
	"ppl/lang"
)

// Poisson: counts with the given mean, given as a rate or as its logarithm.
//
//	P(k) = rate^k e^−rate / k!, k = 0, 1, ...
var poisson = &Dist{
	DistSig: lang.DistSig{
		Name: "Poisson",
		Forms: []lang.FormSig{
			form(
				nonneg("rate", "mean", "lambda", "mu"),
			),
			form(
				loc("log_rate", "log of the mean", "log_lambda"),
			),
		},
		Support:      lang.SupportNaturals,
		Doc:          "Counts with the given mean, given as a rate or as its logarithm.",
		Density:      "P(k) = rate^k e^−rate / k!, k = 0, 1, ...",
		Source:       "Johnson, Kemp & Kotz (2005), Univariate Discrete Distributions, ch. 4",
		Example:      "count[i in 1..N] ~ Poisson(log_rate = a + b * x[i])",
		NoTruncation: noCDF,
		NotYet:       "Poisson is not supported yet",
	},
}

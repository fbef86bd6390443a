package dist

import (
	"ppl/lang"
)

// Geometric: the number of failures before the first success, from 0: NegBinomial(1, p).
//
//	P(k) = p (1−p)^k, k = 0, 1, ...
var geometric = &Dist{
	DistSig: lang.DistSig{
		Name: "Geometric",
		Forms: []lang.FormSig{
			form(
				unit("p", "probability of a success", "prob", "probs"),
			),
		},
		Support:      lang.SupportNaturals,
		Doc:          "The number of failures before the first success, from 0: NegBinomial(1, p).",
		Density:      "P(k) = p (1−p)^k, k = 0, 1, ...",
		Source:       "Johnson, Kemp & Kotz (2005), Univariate Discrete Distributions, ch. 5.2",
		Example:      "tries[i in 1..N] ~ Geometric(p)",
		NoTruncation: noCDF,
		NotYet:       "Geometric is not supported yet",
	},
}

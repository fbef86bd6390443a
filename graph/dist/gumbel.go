package dist

import (
	"ppl/lang"
)

// Gumbel: the Gumbel distribution of largest values (extreme value type I).
//
//	p(x) = exp(−z − e^−z) / scale, z = (x − location)/scale
var gumbel = &Dist{
	DistSig: lang.DistSig{
		Name: "Gumbel",
		Forms: []lang.FormSig{
			form(
				loc("location", "mode", "loc", "mu"),
				pos("scale", "scale", "sigma", "beta"),
			),
		},
		Support:      lang.SupportReal,
		Doc:          "The Gumbel distribution of largest values (extreme value type I).",
		Density:      "p(x) = exp(−z − e^−z) / scale, z = (x − location)/scale",
		Source:       "Johnson, Kotz & Balakrishnan (1995), Continuous Univariate Distributions 2, ch. 22",
		Example:      "flood[i in 1..N] ~ Gumbel(mu, sigma)",
		NoTruncation: noCDF,
		NotYet:       "Gumbel is not supported yet",
	},
}

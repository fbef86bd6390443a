package dist

import (
	"ppl/lang"
)

// Frechet: the Fréchet distribution of largest values (extreme value type II).
//
//	p(x) = shape/scale · (x/scale)^(−shape−1) exp(−(x/scale)^−shape), x > 0
var frechet = &Dist{
	DistSig: lang.DistSig{
		Name: "Frechet",
		Forms: []lang.FormSig{
			form(
				pos("shape", "tail index", "alpha"),
				pos("scale", "scale", "sigma", "s"),
			),
		},
		Support:      lang.SupportPositive,
		Doc:          "The Fréchet distribution of largest values (extreme value type II).",
		Density:      "p(x) = shape/scale · (x/scale)^(−shape−1) exp(−(x/scale)^−shape), x > 0",
		Source:       "Johnson, Kotz & Balakrishnan (1995), Continuous Univariate Distributions 2, ch. 22",
		Example:      "peak[i in 1..N] ~ Frechet(alpha, s)",
		NoTruncation: noCDF,
		NotYet:       "Frechet is not supported yet",
	},
}

package dist

import (
	"ppl/lang"
)

// Rayleigh: the Rayleigh distribution: the length of a vector of two independent normals with mean 0 and standard deviation scale.
//
//	p(x) = x/scale² · exp(−½(x/scale)²), x > 0
var rayleigh = &Dist{
	DistSig: lang.DistSig{
		Name: "Rayleigh",
		Forms: []lang.FormSig{
			form(
				pos("scale", "mode", "sigma"),
			),
		},
		Support:      lang.SupportPositive,
		Doc:          "The Rayleigh distribution: the length of a vector of two independent normals with mean 0 and standard deviation scale.",
		Density:      "p(x) = x/scale² · exp(−½(x/scale)²), x > 0",
		Source:       "Johnson, Kotz & Balakrishnan (1994), Continuous Univariate Distributions 1, ch. 18.10",
		Example:      "wind[i in 1..N] ~ Rayleigh(s)",
		NoTruncation: noCDF,
		NotYet:       "Rayleigh is not supported yet",
	},
}

package dist

import (
	"ppl/lang"
)

// Weibull: the Weibull distribution; for shape 1 it is exponential with mean scale.
//
//	p(x) = shape/scale · (x/scale)^(shape−1) exp(−(x/scale)^shape), x > 0
var weibull = &Dist{
	DistSig: lang.DistSig{
		Name: "Weibull",
		Forms: []lang.FormSig{
			form(
				pos("shape", "shape", "alpha", "k"),
				pos("scale", "scale", "sigma", "lambda"),
			),
		},
		Support:      lang.SupportPositive,
		Doc:          "The Weibull distribution; for shape 1 it is exponential with mean scale.",
		Density:      "p(x) = shape/scale · (x/scale)^(shape−1) exp(−(x/scale)^shape), x > 0",
		Source:       "Johnson, Kotz & Balakrishnan (1994), Continuous Univariate Distributions 1, ch. 21",
		Example:      "lifetime[i in 1..N] ~ Weibull(k, lambda)",
		NoTruncation: noCDF,
		NotYet:       "Weibull is not supported yet",
	},
}

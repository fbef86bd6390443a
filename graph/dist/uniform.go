package dist

import (
	"ppl/lang"
)

// Uniform: the uniform distribution between lower and upper.
//
//	p(x) = 1 / (upper − lower), lower < x < upper
var uniform = &Dist{
	DistSig: lang.DistSig{
		Name: "Uniform",
		Forms: []lang.FormSig{
			form(
				loc("lower", "lower end", "low", "min", "a"),
				loc("upper", "upper end", "high", "max", "b"),
			),
		},
		Support:      lang.SupportInterval,
		Lower:        "lower",
		Upper:        "upper",
		Doc:          "The uniform distribution between lower and upper.",
		Density:      "p(x) = 1 / (upper − lower), lower < x < upper",
		Source:       "Johnson, Kotz & Balakrishnan (1995), Continuous Univariate Distributions 2, ch. 26",
		Example:      "phi ~ Uniform(-1, 1)",
		NoTruncation: noCDF,
		NotYet:       "Uniform is not supported yet",
	},
}

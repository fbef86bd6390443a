package dist

import (
	"ppl/lang"
)

// Pareto: the Pareto (type I) distribution of values above a positive minimum.
//
//	p(x) = shape · minimum^shape / x^(shape+1), x > minimum
var pareto = &Dist{
	DistSig: lang.DistSig{
		Name: "Pareto",
		Forms: []lang.FormSig{
			form(
				pos("minimum", "smallest value", "min", "scale", "x_min", "xm"),
				pos("shape", "tail index", "alpha"),
			),
		},
		Support:      lang.SupportLower,
		Lower:        "minimum",
		Doc:          "The Pareto (type I) distribution of values above a positive minimum.",
		Density:      "p(x) = shape · minimum^shape / x^(shape+1), x > minimum",
		Source:       "Johnson, Kotz & Balakrishnan (1994), Continuous Univariate Distributions 1, ch. 20",
		Example:      "income[i in 1..N] ~ Pareto(10000, alpha)",
		NoTruncation: noCDF,
		NotYet:       "Pareto is not supported yet",
	},
}

package dist

import (
	"ppl/lang"
)

// HalfNormal: the absolute value of a normal variable with mean 0 and the given standard deviation.
//
//	p(x) = √(2/π)/sd · exp(−½(x/sd)²), x > 0
var halfNormal = &Dist{
	DistSig: lang.DistSig{
		Name: "HalfNormal",
		Forms: []lang.FormSig{
			form(
				pos("sd", "scale: the standard deviation of the normal that is folded", "scale", "sigma"),
			),
		},
		Support:      lang.SupportPositive,
		Doc:          "The absolute value of a normal variable with mean 0 and the given standard deviation.",
		Density:      "p(x) = √(2/π)/sd · exp(−½(x/sd)²), x > 0",
		Source:       "Johnson, Kotz & Balakrishnan (1994), Continuous Univariate Distributions 1, ch. 13.10",
		Example:      "tau ~ HalfNormal(2)",
		NoTruncation: noCDF,
		NotYet:       "HalfNormal is not supported yet",
	},
}

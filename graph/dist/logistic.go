package dist

import (
	"ppl/lang"
)

// Logistic: the logistic distribution, whose distribution function is inv_logit((x − location)/scale).
//
//	p(x) = e^−z / (scale (1 + e^−z)²), z = (x − location)/scale
var logistic = &Dist{
	DistSig: lang.DistSig{
		Name: "Logistic",
		Forms: []lang.FormSig{
			form(
				loc("location", "mean and median", "mean", "loc", "mu"),
				pos("scale", "scale", "sigma", "s"),
			),
		},
		Support:      lang.SupportReal,
		Doc:          "The logistic distribution, whose distribution function is inv_logit((x − location)/scale).",
		Density:      "p(x) = e^−z / (scale (1 + e^−z)²), z = (x − location)/scale",
		Source:       "Johnson, Kotz & Balakrishnan (1995), Continuous Univariate Distributions 2, ch. 23",
		Example:      "alpha ~ Logistic(0, 1)",
		NoTruncation: noCDF,
		NotYet:       "Logistic is not supported yet",
	},
}

package dist

import (
	"ppl/lang"
)

// Beta: the beta distribution on (0, 1); its mean is alpha/(alpha + beta).
//
//	p(x) = x^(alpha−1) (1−x)^(beta−1) / B(alpha, beta), 0 < x < 1
var beta = &Dist{
	DistSig: lang.DistSig{
		Name: "Beta",
		Forms: []lang.FormSig{
			form(
				pos("alpha", "first shape", "a", "shape1", "concentration1"),
				pos("beta", "second shape", "b", "shape2", "concentration0"),
			),
		},
		Support:      lang.SupportUnit,
		Doc:          "The beta distribution on (0, 1); its mean is alpha/(alpha + beta).",
		Density:      "p(x) = x^(alpha−1) (1−x)^(beta−1) / B(alpha, beta), 0 < x < 1",
		Source:       "Johnson, Kotz & Balakrishnan (1995), Continuous Univariate Distributions 2, ch. 25",
		Example:      "theta ~ Beta(1, 1)",
		NoTruncation: noCDF,
		NotYet:       "Beta is not supported yet",
	},
}

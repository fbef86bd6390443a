package dist

import (
	"ppl/lang"
)

// Cauchy: the Cauchy distribution. It has no mean and no variance.
//
//	p(x) = 1 / (π scale (1 + ((x − location)/scale)²))
var cauchy = &Dist{
	DistSig: lang.DistSig{
		Name: "Cauchy",
		Forms: []lang.FormSig{
			form(
				loc("location", "median", "loc", "mu"),
				pos("scale", "half the interquartile range", "sigma"),
			),
		},
		Support:      lang.SupportReal,
		Doc:          "The Cauchy distribution. It has no mean and no variance.",
		Density:      "p(x) = 1 / (π scale (1 + ((x − location)/scale)²))",
		Source:       "Johnson, Kotz & Balakrishnan (1994), Continuous Univariate Distributions 1, ch. 16",
		Example:      "beta ~ Cauchy(0, 2.5)",
		NoTruncation: noCDF,
		NotYet:       "Cauchy is not supported yet",
	},
}

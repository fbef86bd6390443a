package dist

import (
	"ppl/graph/named"
	"ppl/lang"
)

// Flat: the improper distribution with density 1 everywhere. Within `in (a, b)` it is 1 on the interval, and never normalised.
//
//	p(x) = 1
var flat = &Dist{
	DistSig: lang.DistSig{
		Name: "Flat",
		Forms: []lang.FormSig{
			form(),
		},
		NoCDF:   noArea,
		Support: lang.SupportReal,
		Doc:     "The improper distribution with density 1 everywhere. Within `in (a, b)` it is 1 on the interval, and never normalised.",
		Density: "p(x) = 1",
		Source:  "Gelman et al. (2013), Bayesian Data Analysis, 3rd ed., ch. 2.8",
		Example: "mu ~ Flat()",
	},
	NoFromNormal: noProper,

	LogDensity: func(b *named.Builder, x named.Value, p Params) Terms {
		return Terms{b.Scalar(0)}
	},
}

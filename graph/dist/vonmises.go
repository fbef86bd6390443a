package dist

import (
	"ppl/lang"
)

// VonMises: the von Mises distribution of angles. The value is any real number within π of the mean direction; outside, the density is 0.
//
//	p(x) = exp(concentration · cos(x − mean)) / (2π I₀(concentration)), |x − mean| ≤ π
var vonMises = &Dist{
	DistSig: lang.DistSig{
		Name: "VonMises",
		Forms: []lang.FormSig{
			form(
				loc("mean", "mean direction, in radians", "mu", "location", "loc"),
				nonneg("concentration", "concentration", "kappa"),
			),
		},
		Support:      lang.SupportReal,
		Doc:          "The von Mises distribution of angles. The value is any real number within π of the mean direction; outside, the density is 0.",
		Density:      "p(x) = exp(concentration · cos(x − mean)) / (2π I₀(concentration)), |x − mean| ≤ π",
		Source:       "Mardia & Jupp (2000), Directional Statistics, ch. 3.5",
		Example:      "heading[i in 1..N] ~ VonMises(mu, kappa)",
		NoTruncation: noCDF,
		NotYet:       "VonMises is not supported yet",
	},
}

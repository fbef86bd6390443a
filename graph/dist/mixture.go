package dist

import "ppl/lang"

// Mixture is a finite mixture of distributions with one support,
//
//	p(x) = Σₖ w[k] pₖ(x).
var mixture = &Dist{
	DistSig: lang.DistSig{
		Name: "Mixture",
		Forms: []lang.FormSig{form(
			vector("w", "weights, one for each distribution", "K", lang.ProbabilityVector, "weights"),
		)},
		TakesDists:   true,
		Support:      lang.SupportReal,
		Doc:          "A finite mixture: the distributions d1, d2, ... with the given weights. The support is that of the distributions.",
		Density:      "p(x) = Σ_k w[k] p_k(x)",
		Source:       "McLachlan & Peel (2000), Finite Mixture Models",
		Example:      "y[i in 1..N] ~ Mixture([w, 1 - w], Normal(0, 1), Normal(4, 1))",
		NoTruncation: noCDF,
		NoCDF:        noCDF,
		NotYet:       "Mixture is not supported yet: write the component as a Categorical latent, which is summed out",
	},
	NoFromNormal: noParts,
}

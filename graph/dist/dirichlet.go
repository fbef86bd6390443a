package dist

import (
	"ppl/lang"
)

// Dirichlet: the Dirichlet distribution of vectors of K positive numbers that sum to 1.
//
//	p(x) = Γ(Σ concentration) / Π Γ(concentration[k]) · Π x[k]^(concentration[k]−1)
var dirichlet = &Dist{
	DistSig: lang.DistSig{
		Name: "Dirichlet",
		Forms: []lang.FormSig{
			form(
				vector("concentration", "concentrations", "K", lang.Positive, "alpha"),
			),
		},
		Support:      lang.SupportSimplex,
		EventRank:    1,
		EventDims:    []string{"K"},
		Doc:          "The Dirichlet distribution of vectors of K positive numbers that sum to 1.",
		Density:      "p(x) = Γ(Σ concentration) / Π Γ(concentration[k]) · Π x[k]^(concentration[k]−1)",
		Source:       "Kotz, Balakrishnan & Johnson (2000), Continuous Multivariate Distributions 1, ch. 49",
		Example:      "w ~ Dirichlet(ones(K))",
		NoTruncation: noCDF,
		NotYet:       "Dirichlet is not supported yet",
	},
}

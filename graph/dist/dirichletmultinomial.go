package dist

import (
	"ppl/lang"
)

// DirichletMultinomial: counts of each of K categories in n trials whose common probabilities are drawn from Dirichlet(concentration).
//
//	P(x) = n! Γ(A)/Γ(n + A) · Π Γ(x[k] + a[k]) / (x[k]! Γ(a[k])), a = concentration, A = Σ a, Σ x = n
var dirichletMultinomial = &Dist{
	DistSig: lang.DistSig{
		Name: "DirichletMultinomial",
		Forms: []lang.FormSig{
			form(
				count("n", "number of trials: the sum of the counts", "total_count"),
				vector("concentration", "concentrations of the Dirichlet", "K", lang.Positive, "alpha"),
			),
		},
		Support:      lang.SupportNaturals,
		EventRank:    1,
		EventDims:    []string{"K"},
		Doc:          "Counts of each of K categories in n trials whose common probabilities are drawn from Dirichlet(concentration).",
		Density:      "P(x) = n! Γ(A)/Γ(n + A) · Π Γ(x[k] + a[k]) / (x[k]! Γ(a[k])), a = concentration, A = Σ a, Σ x = n",
		Source:       "Mosimann (1962), On the compound multinomial distribution, Biometrika 49",
		Example:      "x[i in 1..N] ~ DirichletMultinomial(total[i], alpha)",
		NoTruncation: noCDF,
		NotYet:       "DirichletMultinomial is not supported yet",
	},
}

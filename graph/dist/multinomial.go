package dist

import (
	"ppl/lang"
)

// Multinomial: counts of each of K categories in n independent trials.
//
//	P(x) = n! / Π x[k]! · Π p[k]^x[k], Σ x = n
var multinomial = &Dist{
	DistSig: lang.DistSig{
		Name: "Multinomial",
		Forms: []lang.FormSig{
			form(
				count("n", "number of trials: the sum of the counts", "total_count"),
				vector("p", "probabilities", "K", lang.ProbabilityVector, "prob", "probs"),
			),
		},
		Support:      lang.SupportNaturals,
		EventRank:    1,
		EventDims:    []string{"K"},
		Doc:          "Counts of each of K categories in n independent trials.",
		Density:      "P(x) = n! / Π x[k]! · Π p[k]^x[k], Σ x = n",
		Source:       "Johnson, Kotz & Balakrishnan (1997), Discrete Multivariate Distributions, ch. 35",
		Example:      "votes[i in 1..N] ~ Multinomial(total[i], theta)",
		NoTruncation: noCDF,
		NotYet:       "Multinomial is not supported yet",
	},
}

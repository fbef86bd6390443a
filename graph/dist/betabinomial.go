package dist

import (
	"ppl/lang"
)

// BetaBinomial: the number of successes in n trials whose common probability is drawn from Beta(alpha, beta).
//
//	P(k) = C(n, k) B(k + alpha, n − k + beta) / B(alpha, beta), k = 0..n
var betaBinomial = &Dist{
	DistSig: lang.DistSig{
		Name: "BetaBinomial",
		Forms: []lang.FormSig{
			form(
				count("n", "number of trials", "trials", "total_count"),
				pos("alpha", "first shape of the beta", "a", "concentration1"),
				pos("beta", "second shape of the beta", "b", "concentration0"),
			),
		},
		Support:      lang.SupportIntRange,
		Upper:        "n",
		Doc:          "The number of successes in n trials whose common probability is drawn from Beta(alpha, beta).",
		Density:      "P(k) = C(n, k) B(k + alpha, n − k + beta) / B(alpha, beta), k = 0..n",
		Source:       "Johnson, Kemp & Kotz (2005), Univariate Discrete Distributions, ch. 6.2.2",
		Example:      "k[i in 1..N] ~ BetaBinomial(n[i], a, b)",
		NoTruncation: noCDF,
		NotYet:       "BetaBinomial is not supported yet",
	},
}

package dist

import (
	"ppl/lang"
)

// Binomial: the number of successes in n independent trials, each with probability p, given as p or on the logit scale.
//
//	P(k) = C(n, k) p^k (1−p)^(n−k), k = 0..n
var binomial = &Dist{
	DistSig: lang.DistSig{
		Name: "Binomial",
		Forms: []lang.FormSig{
			form(
				count("n", "number of trials", "trials", "total_count"),
				unit("p", "probability of a success", "prob", "probs"),
			),
			form(
				count("n", "number of trials", "trials", "total_count"),
				loc("logit", "log-odds of a success", "logits"),
			),
		},
		Support:      lang.SupportIntRange,
		Upper:        "n",
		Doc:          "The number of successes in n independent trials, each with probability p, given as p or on the logit scale.",
		Density:      "P(k) = C(n, k) p^k (1−p)^(n−k), k = 0..n",
		Source:       "Johnson, Kemp & Kotz (2005), Univariate Discrete Distributions, ch. 3",
		Example:      "deaths[i in 1..N] ~ Binomial(patients[i], logit = a + b * x[i])",
		NoTruncation: noCDF,
		NotYet:       "Binomial is not supported yet",
	},
}

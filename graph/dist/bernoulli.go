package dist

import (
	"ppl/lang"
)

// Bernoulli: a 0 or 1, with probability p of a 1, given as p or on the logit scale.
//
//	P(1) = p, P(0) = 1 − p; p = inv_logit(logit)
var bernoulli = &Dist{
	DistSig: lang.DistSig{
		Name: "Bernoulli",
		Forms: []lang.FormSig{
			form(
				unit("p", "probability of 1", "prob", "probs"),
			),
			form(
				loc("logit", "log-odds of 1", "logits"),
			),
		},
		Support:      lang.SupportBool,
		Doc:          "A 0 or 1, with probability p of a 1, given as p or on the logit scale.",
		Density:      "P(1) = p, P(0) = 1 − p; p = inv_logit(logit)",
		Source:       "Johnson, Kemp & Kotz (2005), Univariate Discrete Distributions, ch. 3",
		Example:      "y[i in 1..N] ~ Bernoulli(logit = a + b * x[i])",
		NoTruncation: noCDF,
		NotYet:       "Bernoulli is not supported yet",
	},
}

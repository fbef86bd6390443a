package dist

import (
	"ppl/lang"
)

// Categorical: a category 1, ..., K with the given probabilities, or with probabilities softmax(logit).
//
//	P(k) = p[k], k = 1..K
var categorical = &Dist{
	DistSig: lang.DistSig{
		Name: "Categorical",
		Forms: []lang.FormSig{
			form(
				vector("p", "probabilities of 1, ..., K", "K", lang.ProbabilityVector, "prob", "probs"),
			),
			form(
				vector("logit", "log-probabilities of 1, ..., K up to a constant", "K", lang.AnyReal, "logits"),
			),
		},
		Support:      lang.SupportCategories,
		Doc:          "A category 1, ..., K with the given probabilities, or with probabilities softmax(logit).",
		Density:      "P(k) = p[k], k = 1..K",
		Source:       "Johnson, Kotz & Balakrishnan (1997), Discrete Multivariate Distributions, ch. 35",
		Example:      "z[i in 1..N] ~ Categorical(w)",
		NoTruncation: noCDF,
		NotYet:       "Categorical is not supported yet",
	},
}

package dist

import (
	"ppl/lang"
)

// OrderedLogistic: an ordered category 1, ..., C + 1: where a logistic variable with location eta falls among the C cutpoints.
//
//	P(k) = inv_logit(cutpoints[k] − eta) − inv_logit(cutpoints[k−1] − eta), k = 1..C+1, with cutpoints[0] = −∞ and cutpoints[C+1] = ∞
var orderedLogistic = &Dist{
	DistSig: lang.DistSig{
		Name: "OrderedLogistic",
		Forms: []lang.FormSig{
			form(
				loc("eta", "linear predictor", "location", "predictor"),
				vector("cutpoints", "increasing cutpoints, one fewer than there are categories", "C", lang.IncreasingVector, "c", "cuts"),
			),
		},
		Support:      lang.SupportCategories,
		Doc:          "An ordered category 1, ..., C + 1: where a logistic variable with location eta falls among the C cutpoints.",
		Density:      "P(k) = inv_logit(cutpoints[k] − eta) − inv_logit(cutpoints[k−1] − eta), k = 1..C+1, with cutpoints[0] = −∞ and cutpoints[C+1] = ∞",
		Source:       "McCullagh (1980), Regression models for ordinal data, JRSS B 42(2)",
		Example:      "rating[i in 1..N] ~ OrderedLogistic(b * x[i], c)",
		NoTruncation: noCDF,
		NotYet:       "OrderedLogistic is not supported yet",
	},
}

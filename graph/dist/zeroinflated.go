package dist

import "ppl/lang"

// ZeroInflated is a distribution of counts with more zeros,
//
//	P(0) = p + (1 − p)·P₁(0), P(k) = (1 − p)·P₁(k).
var zeroInflated = &Dist{
	DistSig: lang.DistSig{
		Name: "ZeroInflated",
		Forms: []lang.FormSig{form(
			unit("p", "probability of an extra zero", "gate"),
		)},
		TakesDists:   true,
		Support:      lang.SupportNaturals,
		Doc:          "Counts from a distribution, given first, except that with probability p the value is 0.",
		Density:      "P(0) = p + (1 − p)·P₁(0); P(k) = (1 − p)·P₁(k), k = 1, 2, ...",
		Source:       "Lambert (1992), Zero-inflated Poisson regression, Technometrics 34(1)",
		Example:      "y[i in 1..N] ~ ZeroInflated(Poisson(mu), p)",
		NoTruncation: noCDF,
		NoCDF:        noCDF,
		NotYet:       "ZeroInflated is not supported yet: write `zero[i] ~ Bernoulli(p)` and `y[i] ~ Poisson(if zero[i] == 1 then 0 else mu)`, and `zero` is summed out",
	},
	NoFromNormal: noParts,
}

package dist

import (
	"ppl/lang"
)

// DiscreteUniform: the integers from lower to upper, all equally likely.
//
//	P(k) = 1 / (upper − lower + 1), k = lower..upper
var discreteUniform = &Dist{
	DistSig: lang.DistSig{
		Name: "DiscreteUniform",
		Forms: []lang.FormSig{
			form(
				integer("lower", "smallest value", "low", "min", "a"),
				integer("upper", "largest value", "high", "max", "b"),
			),
		},
		Support:      lang.SupportIntRange,
		Lower:        "lower",
		Upper:        "upper",
		Doc:          "The integers from lower to upper, all equally likely.",
		Density:      "P(k) = 1 / (upper − lower + 1), k = lower..upper",
		Source:       "Johnson, Kemp & Kotz (2005), Univariate Discrete Distributions, ch. 6.10.1",
		Example:      "t ~ DiscreteUniform(1, 100)",
		NoTruncation: noCDF,
		NotYet:       "DiscreteUniform is not supported yet",
	},
}

package dist

import (
	"ppl/lang"
)

// HyperGeometric: the number of marked items among those drawn without replacement from a population.
//
//	P(k) = C(successes, k) C(population − successes, draws − k) / C(population, draws)
var hyperGeometric = &Dist{
	DistSig: lang.DistSig{
		Name: "HyperGeometric",
		Forms: []lang.FormSig{
			form(
				count("population", "number of items", "N"),
				count("successes", "number of marked items", "K"),
				count("draws", "number of items drawn", "n"),
			),
		},
		Support:      lang.SupportIntRange,
		Upper:        "draws",
		Doc:          "The number of marked items among those drawn without replacement from a population.",
		Density:      "P(k) = C(successes, k) C(population − successes, draws − k) / C(population, draws)",
		Source:       "Johnson, Kemp & Kotz (2005), Univariate Discrete Distributions, ch. 6",
		Example:      "k ~ HyperGeometric(50, 10, 5)",
		NoTruncation: noCDF,
		NotYet:       "HyperGeometric is not supported yet",
	},
}

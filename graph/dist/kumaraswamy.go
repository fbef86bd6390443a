package dist

import (
	"ppl/lang"
)

// Kumaraswamy: the Kumaraswamy distribution on (0, 1), much like the beta but with a distribution function in closed form.
//
//	p(x) = a b x^(a−1) (1 − x^a)^(b−1), 0 < x < 1
var kumaraswamy = &Dist{
	DistSig: lang.DistSig{
		Name: "Kumaraswamy",
		Forms: []lang.FormSig{
			form(
				pos("a", "first shape", "alpha"),
				pos("b", "second shape", "beta"),
			),
		},
		Support:      lang.SupportUnit,
		Doc:          "The Kumaraswamy distribution on (0, 1), much like the beta but with a distribution function in closed form.",
		Density:      "p(x) = a b x^(a−1) (1 − x^a)^(b−1), 0 < x < 1",
		Source:       "Jones (2009), Kumaraswamy's distribution, Statistical Methodology 6(1)",
		Example:      "theta ~ Kumaraswamy(2, 3)",
		NoTruncation: noCDF,
		NotYet:       "Kumaraswamy is not supported yet",
	},
}

package dist

import (
	"ppl/lang"
)

// LKJ: a random correlation matrix of the size that the left side has.
//
//	p(R) ∝ det(R)^(concentration − 1)
var lkj = &Dist{
	DistSig: lang.DistSig{
		Name: "LKJ",
		Forms: []lang.FormSig{
			form(
				pos("concentration", "shape: 1 is uniform, larger draws towards the identity", "eta", "shape"),
			),
		},
		Support:      lang.SupportCorr,
		EventRank:    2,
		EventDims:    []string{"K", "K"},
		Doc:          "A random correlation matrix of the size that the left side has.",
		Density:      "p(R) ∝ det(R)^(concentration − 1)",
		Source:       "Lewandowski, Kurowicka & Joe (2009), Generating random correlation matrices based on vines and extended onion method, J. Multivar. Anal. 100",
		Example:      "R : corr[K] ~ LKJ(2)",
		NoTruncation: noCDF,
		NotYet:       "LKJ is not supported yet",
	},
}

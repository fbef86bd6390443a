package dist

import (
	"ppl/lang"
)

// LKJCholesky: the Cholesky factor of a random correlation matrix of the size that the left side has.
//
//	p(L) ∝ Π_{k=2..K} L[k, k]^(K − k + 2·concentration − 2)
var lkjCholesky = &Dist{
	DistSig: lang.DistSig{
		Name: "LKJCholesky",
		Forms: []lang.FormSig{
			form(
				pos("concentration", "shape: 1 is uniform over correlation matrices, larger draws towards the identity", "eta", "shape"),
			),
		},
		Support:      lang.SupportCholeskyCorr,
		EventRank:    2,
		EventDims:    []string{"K", "K"},
		Doc:          "The Cholesky factor of a random correlation matrix of the size that the left side has.",
		Density:      "p(L) ∝ Π_{k=2..K} L[k, k]^(K − k + 2·concentration − 2)",
		Source:       "Lewandowski, Kurowicka & Joe (2009), Generating random correlation matrices based on vines and extended onion method, J. Multivar. Anal. 100",
		Example:      "L : cholesky_corr[K] ~ LKJCholesky(2)",
		NoTruncation: noCDF,
		NotYet:       "LKJCholesky is not supported yet",
	},
}

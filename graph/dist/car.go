package dist

import (
	"ppl/lang"
)

// CAR: the proper conditional autoregressive model of values on a graph.
//
//	MvNormal(mean, precision = precision·(D − alpha·W)), D the diagonal of the row sums of W = adjacency
var car = &Dist{
	DistSig: lang.DistSig{
		Name: "CAR",
		Forms: []lang.FormSig{
			form(
				vector("mean", "mean", "K", lang.AnyReal, "loc", "mu"),
				matrix("adjacency", "symmetric weights of neighbours, 0 on the diagonal", "K", lang.AnyReal, "W", "adj_matrix"),
				loc("alpha", "spatial correlation, between −1 and 1", "correlation"),
				pos("precision", "conditional precision", "tau", "conditional_precision"),
			),
		},
		Support:      lang.SupportReal,
		EventRank:    1,
		EventDims:    []string{"K"},
		Doc:          "The proper conditional autoregressive model of values on a graph.",
		Density:      "MvNormal(mean, precision = precision·(D − alpha·W)), D the diagonal of the row sums of W = adjacency",
		Source:       "Besag (1974), Spatial interaction and the statistical analysis of lattice systems, JRSS B 36",
		Example:      "phi ~ CAR(zeros(N), W, alpha, tau)",
		NoTruncation: noCDF,
		NotYet:       "CAR is not supported yet",
	},
}

package dist

import (
	"ppl/lang"
)

// GaussianRandomWalk: a random walk with normal steps, of the length that the left side has; the first element is one step from start.
//
//	p(x) = Π_t Normal(x[t]; x[t−1], sd), x[0] = start
var gaussianRandomWalk = &Dist{
	DistSig: lang.DistSig{
		Name: "GaussianRandomWalk",
		Forms: []lang.FormSig{
			form(
				pos("sd", "standard deviation of a step", "scale", "sigma"),
				def("0", loc("start", "the value before the first step", "init")),
			),
		},
		Support:      lang.SupportReal,
		EventRank:    1,
		EventDims:    []string{"T"},
		Doc:          "A random walk with normal steps, of the length that the left side has; the first element is one step from start.",
		Density:      "p(x) = Π_t Normal(x[t]; x[t−1], sd), x[0] = start",
		Source:       "Harvey (1989), Forecasting, Structural Time Series Models and the Kalman Filter, ch. 2",
		Example:      "level : real[T] ~ GaussianRandomWalk(tau)",
		NoTruncation: noCDF,
		NotYet:       "GaussianRandomWalk is not supported yet",
	},
}

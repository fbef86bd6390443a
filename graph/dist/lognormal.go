package dist

import (
	"ppl/lang"
)

// LogNormal: a variable whose logarithm is normal with the given location (mean) and scale (standard deviation).
//
//	p(x) = exp(−½((log x − location)/scale)²) / (x scale √(2π)), x > 0
var logNormal = &Dist{
	DistSig: lang.DistSig{
		Name: "LogNormal",
		Forms: []lang.FormSig{
			form(
				loc("location", "mean of log x", "loc", "mu", "mean_log", "meanlog"),
				pos("scale", "standard deviation of log x", "sigma", "sd_log", "sdlog"),
			),
		},
		Support:      lang.SupportPositive,
		Doc:          "A variable whose logarithm is normal with the given location (mean) and scale (standard deviation).",
		Density:      "p(x) = exp(−½((log x − location)/scale)²) / (x scale √(2π)), x > 0",
		Source:       "Johnson, Kotz & Balakrishnan (1994), Continuous Univariate Distributions 1, ch. 14",
		Example:      "dose ~ LogNormal(0, 1)",
		NoTruncation: noCDF,
		NotYet:       "LogNormal is not supported yet",
	},
}

package dist

import (
	"ppl/lang"
)

// NegBinomial: counts more spread than Poisson: the number of failures before the size-th success, with mean size·(1 − p)/p; or given by its mean and dispersion, with variance mean + mean²/dispersion.
//
//	P(k) = Γ(k + size)/(k! Γ(size)) p^size (1−p)^k, k = 0, 1, ...; size = dispersion, p = dispersion/(mean + dispersion)
var negBinomial = &Dist{
	DistSig: lang.DistSig{
		Name: "NegBinomial",
		Forms: []lang.FormSig{
			form(
				pos("size", "number of successes waited for (any positive number)", "r"),
				unit("p", "probability of a success", "prob"),
			),
			form(
				pos("mean", "mean", "mu"),
				pos("dispersion", "dispersion: the variance is mean + mean²/dispersion", "phi"),
			),
		},
		Support:      lang.SupportNaturals,
		Doc:          "Counts more spread than Poisson: the number of failures before the size-th success, with mean size·(1 − p)/p; or given by its mean and dispersion, with variance mean + mean²/dispersion.",
		Density:      "P(k) = Γ(k + size)/(k! Γ(size)) p^size (1−p)^k, k = 0, 1, ...; size = dispersion, p = dispersion/(mean + dispersion)",
		Source:       "Johnson, Kemp & Kotz (2005), Univariate Discrete Distributions, ch. 5",
		Example:      "bites[i in 1..N] ~ NegBinomial(mean = exp(a + b * x[i]), dispersion = phi)",
		NoTruncation: noCDF,
		NotYet:       "NegBinomial is not supported yet",
	},
}

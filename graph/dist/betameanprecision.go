package dist

import (
	"ppl/lang"
)

// BetaMeanPrecision: the beta distribution given by its mean and precision: Beta(mean·precision, (1 − mean)·precision).
//
//	p(x) = x^(mean·precision−1) (1−x)^((1−mean)·precision−1) / B(mean·precision, (1−mean)·precision), 0 < x < 1
var betaMeanPrecision = &Dist{
	DistSig: lang.DistSig{
		Name: "BetaMeanPrecision",
		Forms: []lang.FormSig{
			form(
				unit("mean", "mean, between 0 and 1", "mu"),
				pos("precision", "precision: alpha + beta", "kappa", "phi"),
			),
		},
		Support:      lang.SupportUnit,
		Doc:          "The beta distribution given by its mean and precision: Beta(mean·precision, (1 − mean)·precision).",
		Density:      "p(x) = x^(mean·precision−1) (1−x)^((1−mean)·precision−1) / B(mean·precision, (1−mean)·precision), 0 < x < 1",
		Source:       "Ferrari & Cribari-Neto (2004), Beta regression for modelling rates and proportions, J. Appl. Stat. 31(7)",
		Example:      "share[i in 1..N] ~ BetaMeanPrecision(inv_logit(a + b * x[i]), phi)",
		NoTruncation: noCDF,
		NotYet:       "BetaMeanPrecision is not supported yet",
	},
}

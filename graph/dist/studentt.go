package dist

import (
	"ppl/lang"
)

// StudentT: Student's t distribution with df degrees of freedom, moved and scaled. It is the Cauchy distribution for df = 1 and tends to the normal as df grows.
//
//	p(x) = Γ((df+1)/2) / (Γ(df/2) √(df π) scale) · (1 + z²/df)^(−(df+1)/2), z = (x − mean)/scale
var studentT = &Dist{
	DistSig: lang.DistSig{
		Name: "StudentT",
		Forms: []lang.FormSig{
			form(
				pos("df", "degrees of freedom", "nu", "dof"),
				loc("mean", "location; the mean where df > 1", "location", "loc", "mu"),
				pos("scale", "scale", "sigma"),
			),
		},
		Support:      lang.SupportReal,
		Doc:          "Student's t distribution with df degrees of freedom, moved and scaled. It is the Cauchy distribution for df = 1 and tends to the normal as df grows.",
		Density:      "p(x) = Γ((df+1)/2) / (Γ(df/2) √(df π) scale) · (1 + z²/df)^(−(df+1)/2), z = (x − mean)/scale",
		Source:       "Johnson, Kotz & Balakrishnan (1995), Continuous Univariate Distributions 2, ch. 28",
		Example:      "slope ~ StudentT(4, 0, 2.5)",
		NoTruncation: noCDF,
		NotYet:       "StudentT is not supported yet",
	},
}

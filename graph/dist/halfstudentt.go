package dist

import (
	"ppl/lang"
)

// HalfStudentT: the absolute value of a Student t variable with location 0.
//
//	p(x) = 2Γ((df+1)/2) / (Γ(df/2) √(df π) scale) · (1 + (x/scale)²/df)^(−(df+1)/2), x > 0
var halfStudentT = &Dist{
	DistSig: lang.DistSig{
		Name: "HalfStudentT",
		Forms: []lang.FormSig{
			form(
				pos("df", "degrees of freedom", "nu", "dof"),
				pos("scale", "scale", "sigma"),
			),
		},
		Support:      lang.SupportPositive,
		Doc:          "The absolute value of a Student t variable with location 0.",
		Density:      "p(x) = 2Γ((df+1)/2) / (Γ(df/2) √(df π) scale) · (1 + (x/scale)²/df)^(−(df+1)/2), x > 0",
		Source:       "Gelman (2006), Prior distributions for variance parameters in hierarchical models, Bayesian Analysis 1(3)",
		Example:      "tau ~ HalfStudentT(3, 2.5)",
		NoTruncation: noCDF,
		NotYet:       "HalfStudentT is not supported yet",
	},
}

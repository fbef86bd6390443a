package dist

import (
	"ppl/lang"
)

// SkewNormal: the skew normal distribution of Azzalini; shape 0 is the normal.
//
//	p(x) = 2/scale · φ(z) Φ(shape·z), z = (x − location)/scale
var skewNormal = &Dist{
	DistSig: lang.DistSig{
		Name: "SkewNormal",
		Forms: []lang.FormSig{
			form(
				loc("location", "location", "loc", "mu", "xi"),
				pos("scale", "scale", "sigma", "omega"),
				loc("shape", "shape: skewed to the right if positive", "alpha", "skew"),
			),
		},
		Support:      lang.SupportReal,
		Doc:          "The skew normal distribution of Azzalini; shape 0 is the normal.",
		Density:      "p(x) = 2/scale · φ(z) Φ(shape·z), z = (x − location)/scale",
		Source:       "Azzalini (1985), A class of distributions which includes the normal ones, Scand. J. Stat. 12",
		Example:      "eps ~ SkewNormal(0, 1, 4)",
		NoTruncation: noCDF,
		NotYet:       "SkewNormal is not supported yet",
	},
}

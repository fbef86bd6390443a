package dist

import (
	"math"
	"math/rand/v2"

	"ppl/graph/named"
	"ppl/lang"
)

// Rayleigh: the Rayleigh distribution: the length of a vector of two independent normals with mean 0 and standard deviation scale.
//
//	p(x) = x/scale² · exp(−½(x/scale)²), x > 0
var rayleigh = &Dist{
	DistSig: lang.DistSig{
		Name: "Rayleigh",
		Forms: []lang.FormSig{
			form(
				pos("scale", "mode", "sigma"),
			),
		},
		Support: lang.SupportPositive,
		Doc:     "The Rayleigh distribution: the length of a vector of two independent normals with mean 0 and standard deviation scale.",
		Density: "p(x) = x/scale² · exp(−½(x/scale)²), x > 0",
		Source:  "Johnson, Kotz & Balakrishnan (1994), Continuous Univariate Distributions 1, ch. 18.10",
		Example: "wind[i in 1..N] ~ Rayleigh(s)",
	},
	LogDensity: func(b *named.Builder, x named.Value, p Params) Terms {
		scale := p.get("scale")
		z := b.Mul(x, b.Recip(scale))
		ts := Terms{b.Scale(-0.5, b.Square(z)), b.Log(x), b.Scale(-2, b.Log(scale))}
		return p.guard(b, ts, fromZero(b, x))
	},
	LogCDF: func(b *named.Builder, x named.Value, p Params) named.Value {
		return b.Log1mExp(rayleighTail(b, x, p))
	},
	LogSurvival: rayleighTail,
	FromNormal: func(b *named.Builder, z named.Value, p Params) named.Value {
		return b.Mul(p.get("scale"), b.Sqrt(b.Scale(2, exponentialScore(b, z))))
	},
	Sample: func(r *rand.Rand, p Numbers, out []float64) {
		out[0] = within(p.F("scale")*math.Sqrt(2*r.ExpFloat64()), tiny, huge)
	},
	Mean:     func(p Numbers) []float64 { return []float64{p.F("scale") * math.Sqrt(math.Pi/2)} },
	Variance: func(p Numbers) []float64 { return []float64{p.F("scale") * p.F("scale") * (2 - math.Pi/2)} },
}

func rayleighTail(b *named.Builder, x named.Value, p Params) named.Value {
	return b.Scale(-0.5, b.Square(halfZ(b, x, p, "scale")))
}

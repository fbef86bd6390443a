package dist

import (
	"math"
	"math/rand/v2"

	"ppl/graph/named"
	"ppl/graph/op"
	"ppl/lang"
)

// Uniform: the uniform distribution between lower and upper.
//
//	p(x) = 1 / (upper − lower), lower < x < upper
var uniform = &Dist{
	DistSig: lang.DistSig{
		Name: "Uniform",
		Forms: []lang.FormSig{
			form(
				loc("lower", "lower end", "low", "min", "a"),
				loc("upper", "upper end", "high", "max", "b"),
			),
		},
		Support: lang.SupportInterval,
		Lower:   "lower",
		Upper:   "upper",
		Doc:     "The uniform distribution between lower and upper.",
		Density: "p(x) = 1 / (upper − lower), lower < x < upper",
		Source:  "Johnson, Kotz & Balakrishnan (1995), Continuous Univariate Distributions 2, ch. 26",
		Example: "phi ~ Uniform(-1, 1)",
	},
	LogDensity: func(b *named.Builder, x named.Value, p Params) Terms {
		lo, hi := p.get("lower"), p.get("upper")
		return p.guard(b, Terms{b.Neg(b.Log(b.Sub(hi, lo)))}, func() named.Value {
			return b.And(b.GreaterEq(x, lo), b.LessEq(x, hi))
		})
	},
	LogCDF: func(b *named.Builder, x named.Value, p Params) named.Value {
		lo, hi := p.get("lower"), p.get("upper")
		c := b.Min(b.Max(x, lo), hi)
		return b.Sub(b.Log(b.Sub(c, lo)), b.Log(b.Sub(hi, lo)))
	},
	LogSurvival: func(b *named.Builder, x named.Value, p Params) named.Value {
		lo, hi := p.get("lower"), p.get("upper")
		c := b.Min(b.Max(x, lo), hi)
		return b.Sub(b.Log(b.Sub(hi, c)), b.Log(b.Sub(hi, lo)))
	},
	FromNormal: func(b *named.Builder, z named.Value, p Params) named.Value {
		lo, hi := p.get("lower"), p.get("upper")
		return b.Apply(op.Inside, b.Add(b.Mul(lo, b.Phi(b.Neg(z))), b.Mul(hi, b.Phi(z))), lo, hi)
	},
	Sample: func(r *rand.Rand, p Numbers, out []float64) {
		lo, hi := p.F("lower"), p.F("upper")
		out[0] = within(lo+(hi-lo)*open01(r), math.Nextafter(lo, hi), math.Nextafter(hi, lo))
	},
	Mean:     func(p Numbers) []float64 { return []float64{0.5*p.F("lower") + 0.5*p.F("upper")} },
	Variance: func(p Numbers) []float64 { d := p.F("upper") - p.F("lower"); return []float64{d * d / 12} },
}

package dist

import (
	"math"
	"math/rand/v2"

	"ppl/graph/named"
	"ppl/graph/op"
	"ppl/lang"
)

// HalfNormal: the absolute value of a normal variable with mean 0 and the given standard deviation.
//
//	p(x) = √(2/π)/sd · exp(−½(x/sd)²), x > 0
var halfNormal = &Dist{
	DistSig: lang.DistSig{
		Name: "HalfNormal",
		Forms: []lang.FormSig{
			form(
				pos("sd", "scale: the standard deviation of the normal that is folded", "scale", "sigma"),
			),
		},
		Support: lang.SupportPositive,
		Doc:     "The absolute value of a normal variable with mean 0 and the given standard deviation.",
		Density: "p(x) = √(2/π)/sd · exp(−½(x/sd)²), x > 0",
		Source:  "Johnson, Kotz & Balakrishnan (1994), Continuous Univariate Distributions 1, ch. 13.10",
		Example: "tau ~ HalfNormal(2)",
	},
	LogDensity: func(b *named.Builder, x named.Value, p Params) Terms {
		sd := p.get("sd")
		z := b.Mul(x, b.Recip(sd))
		ts := Terms{b.Scale(-0.5, b.Square(z)), b.Neg(b.Log(sd)), b.Scalar(math.Ln2 - halfLog2Pi)}
		return p.guard(b, ts, fromZero(b, x))
	},
	LogCDF: func(b *named.Builder, x named.Value, p Params) named.Value {
		z := halfZ(b, x, p, "sd")
		small := b.Less(z, b.Scalar(1))
		body := b.Log(b.Apply(op.Erf, b.Scale(math.Sqrt2/2, z)))
		return b.Where(small, body, b.Log1mExp(halfNormalTail(b, b.Where(small, b.Scalar(1), z))))
	},
	LogSurvival: func(b *named.Builder, x named.Value, p Params) named.Value {
		return halfNormalTail(b, halfZ(b, x, p, "sd"))
	},
	FromNormal: func(b *named.Builder, z named.Value, p Params) named.Value {
		return b.Mul(p.get("sd"), halfScore(b, z))
	},
	Sample: func(r *rand.Rand, p Numbers, out []float64) {
		out[0] = math.Abs(p.F("sd") * r.NormFloat64())
	},
	Mean:     func(p Numbers) []float64 { return []float64{p.F("sd") * math.Sqrt(2/math.Pi)} },
	Variance: func(p Numbers) []float64 { return []float64{p.F("sd") * p.F("sd") * (1 - 2/math.Pi)} },
}

// halfNormalTail is log(2Φ(−z)).
func halfNormalTail(b *named.Builder, z named.Value) named.Value {
	return b.AddScalar(b.LogPhi(b.Neg(z)), math.Ln2)
}

package dist

import (
	"math"
	"math/rand/v2"

	"ppl/graph/named"
	"ppl/lang"
)

var negInf = math.Inf(-1)

const halfLog2Pi = 0.91893853320467274178032973640562 // ½ log 2π

// normal is the normal distribution,
//
//	p(x) = exp(−½((x − μ)/σ)²) / (σ√(2π)).
var normal = &Dist{
	DistSig: lang.DistSig{
		Name: "Normal",
		Forms: spreadForms(
			[]lang.ParamSig{loc("mean", "mean", "loc", "mu")},
			pos("sd", "standard deviation", "scale", "sigma"),
			pos("precision", "1/sd²", "tau", "prec"),
			pos("variance", "sd²", "var"),
		),
		Support: lang.SupportReal,
		Doc:     "The normal (Gaussian) distribution with the given mean and standard deviation, precision 1/sd² or variance sd².",
		Density: "p(x) = exp(−½((x − mean)/sd)²) / (sd √(2π))",
		Source:  "Johnson, Kotz & Balakrishnan (1994), Continuous Univariate Distributions 1, ch. 13",
		Example: "mu ~ Normal(0, 10)",
	},
	LogDensity: func(b *named.Builder, x named.Value, p Params) Terms {
		mean, sd := p.get("mean"), p.spread(b, "sd")
		z := standardised(b, x, mean, sd)
		return Terms{b.Scale(-0.5, b.Square(z)), b.Neg(b.Log(sd)), b.Scalar(-halfLog2Pi)}
	},
	LogCDF: func(b *named.Builder, x named.Value, p Params) named.Value {
		return b.LogPhi(standardised(b, x, p.get("mean"), p.spread(b, "sd")))
	},
	LogSurvival: func(b *named.Builder, x named.Value, p Params) named.Value {
		return b.LogPhi(standardised(b, p.get("mean"), x, p.spread(b, "sd")))
	},
	FromNormal: func(b *named.Builder, z named.Value, p Params) named.Value {
		return b.Add(p.get("mean"), b.Mul(p.spread(b, "sd"), z))
	},
	Sample: func(r *rand.Rand, p Numbers, out []float64) {
		out[0] = p.F("mean") + p.spread("sd")*r.NormFloat64()
	},
	Mean: func(p Numbers) []float64 { return []float64{p.F("mean")} },
	Variance: func(p Numbers) []float64 {
		sd := p.spread("sd")
		return []float64{sd * sd}
	},
}

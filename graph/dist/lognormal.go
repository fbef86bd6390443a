package dist

import (
	"math"
	"math/rand/v2"

	"ppl/graph/named"
	"ppl/lang"
)

// LogNormal: a variable whose logarithm is normal with the given location (mean) and scale (standard deviation).
//
//	p(x) = exp(−½((log x − location)/scale)²) / (x scale √(2π)), x > 0
var logNormal = &Dist{
	DistSig: lang.DistSig{
		Name: "LogNormal",
		Forms: spreadForms(
			[]lang.ParamSig{loc("location", "mean of log x", "loc", "mu", "mean_log", "meanlog")},
			pos("scale", "standard deviation of log x", "sigma", "sd_log", "sdlog"),
			pos("precision", "1/scale²", "tau", "prec"),
		),
		Support: lang.SupportPositive,
		Doc:     "A variable whose logarithm is normal with the given location (mean) and scale (standard deviation), or precision 1/scale².",
		Density: "p(x) = exp(−½((log x − location)/scale)²) / (x scale √(2π)), x > 0",
		Source:  "Johnson, Kotz & Balakrishnan (1994), Continuous Univariate Distributions 1, ch. 14",
		Example: "dose ~ LogNormal(0, 1)",
	},
	LogDensity: func(b *named.Builder, x named.Value, p Params) Terms {
		scale := p.spread(b, "scale")
		lx := b.Log(x)
		z := standardised(b, lx, p.get("location"), scale)
		ts := Terms{b.Scale(-0.5, b.Square(z)), b.Neg(b.Log(scale)), b.Neg(lx), b.Scalar(-halfLog2Pi)}
		return p.guard(b, ts, aboveZero(b, x))
	},
	LogCDF: func(b *named.Builder, x named.Value, p Params) named.Value {
		return b.LogPhi(logNormalZ(b, x, p))
	},
	LogSurvival: func(b *named.Builder, x named.Value, p Params) named.Value {
		return b.LogPhi(b.Neg(logNormalZ(b, x, p)))
	},
	FromNormal: func(b *named.Builder, z named.Value, p Params) named.Value {
		return b.Exp(b.Add(p.get("location"), b.Mul(p.spread(b, "scale"), z)))
	},
	Sample: func(r *rand.Rand, p Numbers, out []float64) {
		out[0] = within(math.Exp(p.F("location")+p.spread("scale")*r.NormFloat64()), tiny, huge)
	},
	Mean: func(p Numbers) []float64 {
		s := p.spread("scale")
		return []float64{math.Exp(p.F("location") + s*s/2)}
	},
	Variance: func(p Numbers) []float64 {
		s := p.spread("scale")
		return []float64{math.Expm1(s*s) * math.Exp(2*p.F("location")+s*s)}
	},
}

func logNormalZ(b *named.Builder, x named.Value, p Params) named.Value {
	return standardised(b, b.Log(b.Max(x, b.Scalar(0))), p.get("location"), p.spread(b, "scale"))
}

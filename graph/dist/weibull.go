package dist

import (
	"math"
	"math/rand/v2"

	"ppl/graph/named"
	"ppl/lang"
)

// Weibull: the Weibull distribution; for shape 1 it is exponential with mean scale.
//
//	p(x) = shape/scale · (x/scale)^(shape−1) exp(−(x/scale)^shape), x > 0
var weibull = &Dist{
	DistSig: lang.DistSig{
		Name: "Weibull",
		Forms: []lang.FormSig{
			form(
				pos("shape", "shape", "alpha", "k"),
				pos("scale", "scale", "sigma", "lambda"),
			),
		},
		Support: lang.SupportPositive,
		Doc:     "The Weibull distribution; for shape 1 it is exponential with mean scale.",
		Density: "p(x) = shape/scale · (x/scale)^(shape−1) exp(−(x/scale)^shape), x > 0",
		Source:  "Johnson, Kotz & Balakrishnan (1994), Continuous Univariate Distributions 1, ch. 21",
		Example: "lifetime[i in 1..N] ~ Weibull(k, lambda)",
	},
	LogDensity: func(b *named.Builder, x named.Value, p Params) Terms {
		k, logScale := p.get("shape"), logOf(b, p.get("scale"))
		power := weibullPower(b, x, k, logScale)
		norm := b.Sub(b.Log(k), b.Mul(k, logScale))
		ts := Terms{b.Neg(power), b.XLogY(b.AddScalar(k, -1), x), norm}
		return p.guard(b, ts, fromZero(b, x))
	},
	LogCDF: func(b *named.Builder, x named.Value, p Params) named.Value {
		return b.Log1mExp(weibullTail(b, x, p))
	},
	LogSurvival: weibullTail,
	FromNormal: func(b *named.Builder, z named.Value, p Params) named.Value {
		return expWithin(b, b.Add(logOf(b, p.get("scale")), b.Div(b.Log(exponentialScore(b, z)), p.get("shape"))))
	},
	Sample: func(r *rand.Rand, p Numbers, out []float64) {
		out[0] = within(p.F("scale")*math.Pow(r.ExpFloat64(), 1/p.F("shape")), tiny, huge)
	},
	Mean: func(p Numbers) []float64 { return []float64{p.F("scale") * math.Gamma(1+1/p.F("shape"))} },
	Variance: func(p Numbers) []float64 {
		k, s := p.F("shape"), p.F("scale")
		m := math.Gamma(1 + 1/k)
		return []float64{s * s * (math.Gamma(1+2/k) - m*m)}
	},
}

// weibullTail is −(x/scale)^shape.
func weibullTail(b *named.Builder, x named.Value, p Params) named.Value {
	return b.Neg(weibullPower(b, b.Max(x, b.Scalar(0)), p.get("shape"), logOf(b, p.get("scale"))))
}

// weibullPower is (x/scale)^k.
func weibullPower(b *named.Builder, x, k, logScale named.Value) named.Value {
	power := b.Exp(b.Mul(k, b.Sub(b.Log(x), logScale)))
	return powerOr(b, x, k, power, func(p named.Value) named.Value { return b.Mul(p, b.Exp(b.Neg(b.Mul(k, logScale)))) })
}

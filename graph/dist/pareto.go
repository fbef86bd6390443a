package dist

import (
	"math"
	"math/rand/v2"

	"ppl/graph/named"
	"ppl/graph/op"
	"ppl/lang"
)

// Pareto: the Pareto (type I) distribution of values above a positive minimum.
//
//	p(x) = shape · minimum^shape / x^(shape+1), x > minimum
var pareto = &Dist{
	DistSig: lang.DistSig{
		Name: "Pareto",
		Forms: []lang.FormSig{
			form(
				pos("minimum", "smallest value", "min", "scale", "x_min", "xm"),
				pos("shape", "tail index", "alpha"),
			),
		},
		Support: lang.SupportLower,
		Lower:   "minimum",
		Doc:     "The Pareto (type I) distribution of values above a positive minimum.",
		Density: "p(x) = shape · minimum^shape / x^(shape+1), x > minimum",
		Source:  "Johnson, Kotz & Balakrishnan (1994), Continuous Univariate Distributions 1, ch. 20",
		Example: "income[i in 1..N] ~ Pareto(10000, alpha)",
	},
	LogDensity: func(b *named.Builder, x named.Value, p Params) Terms {
		m, a := p.get("minimum"), p.get("shape")
		norm := b.Add(b.Log(a), b.Mul(a, b.Log(m)))
		return p.guard(b, Terms{b.Neg(b.Mul(b.AddScalar(a, 1), b.Log(x))), norm}, atLeast(b, x, m))
	},
	LogCDF: func(b *named.Builder, x named.Value, p Params) named.Value {
		return b.Log1mExp(paretoTail(b, x, p))
	},
	LogSurvival: paretoTail,
	FromNormal: func(b *named.Builder, z named.Value, p Params) named.Value {
		m := p.get("minimum")
		x := b.Mul(m, expWithin(b, b.Div(exponentialScore(b, z), p.get("shape"))))
		return b.Apply(op.Inside, x, m, b.Scalar(math.Inf(1)))
	},
	Sample: func(r *rand.Rand, p Numbers, out []float64) {
		m := p.F("minimum")
		out[0] = within(m*math.Exp(r.ExpFloat64()/p.F("shape")), m, huge)
	},
	Mean: func(p Numbers) []float64 {
		m, a := p.F("minimum"), p.F("shape")
		if a <= 1 {
			return []float64{math.Inf(1)}
		}
		return []float64{m * a / (a - 1)}
	},
	Variance: func(p Numbers) []float64 {
		m, a := p.F("minimum"), p.F("shape")
		switch {
		case a > 2:
			return []float64{m * m * a / ((a - 1) * (a - 1) * (a - 2))}
		case a > 1:
			return []float64{math.Inf(1)}
		}
		return []float64{math.NaN()}
	},
}

// paretoTail is shape·log(minimum/x).
func paretoTail(b *named.Builder, x named.Value, p Params) named.Value {
	m := p.get("minimum")
	return b.Mul(p.get("shape"), b.Sub(b.Log(m), b.Log(b.Max(x, m))))
}

package dist

import (
	"math"
	"math/rand/v2"

	"ppl/graph/named"
	"ppl/lang"
)

// Frechet: the Fréchet distribution of largest values (extreme value type II).
//
//	p(x) = shape/scale · (x/scale)^(−shape−1) exp(−(x/scale)^−shape), x > 0
var frechet = &Dist{
	DistSig: lang.DistSig{
		Name: "Frechet",
		Forms: []lang.FormSig{
			form(
				pos("shape", "tail index", "alpha"),
				pos("scale", "scale", "sigma", "s"),
			),
		},
		Support: lang.SupportPositive,
		Doc:     "The Fréchet distribution of largest values (extreme value type II).",
		Density: "p(x) = shape/scale · (x/scale)^(−shape−1) exp(−(x/scale)^−shape), x > 0",
		Source:  "Johnson, Kotz & Balakrishnan (1995), Continuous Univariate Distributions 2, ch. 22",
		Example: "peak[i in 1..N] ~ Frechet(alpha, s)",
	},
	LogDensity: func(b *named.Builder, x named.Value, p Params) Terms {
		a, logScale := p.get("shape"), logOf(b, p.get("scale"))
		lx := b.Log(x)
		w := b.Mul(a, b.Sub(lx, logScale))
		ts := Terms{b.Neg(b.Add(w, b.Exp(b.Neg(w)))), b.Neg(lx), b.Log(a)}
		return p.guard(b, ts, aboveZero(b, x))
	},
	LogCDF: frechetCDF,
	LogSurvival: func(b *named.Builder, x named.Value, p Params) named.Value {
		return b.Log1mExp(frechetCDF(b, x, p))
	},
	FromNormal: func(b *named.Builder, z named.Value, p Params) named.Value {
		return expWithin(b, b.Sub(logOf(b, p.get("scale")), b.Div(b.Log(b.Neg(b.LogPhi(z))), p.get("shape"))))
	},
	Sample: func(r *rand.Rand, p Numbers, out []float64) {
		out[0] = within(p.F("scale")*math.Pow(r.ExpFloat64(), -1/p.F("shape")), tiny, huge)
	},
	Mean: func(p Numbers) []float64 {
		a := p.F("shape")
		if a <= 1 {
			return []float64{math.Inf(1)}
		}
		return []float64{p.F("scale") * math.Gamma(1-1/a)}
	},
	Variance: func(p Numbers) []float64 {
		a, s := p.F("shape"), p.F("scale")
		switch {
		case a > 2:
			m := math.Gamma(1 - 1/a)
			return []float64{s * s * (math.Gamma(1-2/a) - m*m)}
		case a > 1:
			return []float64{math.Inf(1)}
		}
		return []float64{math.NaN()}
	},
}

// frechetCDF is −(x/scale)^−shape.
func frechetCDF(b *named.Builder, x named.Value, p Params) named.Value {
	lx := b.Log(b.Max(x, b.Scalar(0)))
	return b.Neg(b.Exp(b.Mul(p.get("shape"), b.Sub(logOf(b, p.get("scale")), lx))))
}

package dist

import (
	"math"
	"math/rand/v2"

	"ppl/graph/kernel"
	"ppl/graph/named"
	"ppl/lang"
)

// Kumaraswamy: the Kumaraswamy distribution on (0, 1), much like the beta but with a distribution function in closed form.
//
//	p(x) = a b x^(a−1) (1 − x^a)^(b−1), 0 < x < 1
var kumaraswamy = &Dist{
	DistSig: lang.DistSig{
		Name: "Kumaraswamy",
		Forms: []lang.FormSig{
			form(
				pos("a", "first shape", "alpha"),
				pos("b", "second shape", "beta"),
			),
		},
		Support: lang.SupportUnit,
		Doc:     "The Kumaraswamy distribution on (0, 1), much like the beta but with a distribution function in closed form.",
		Density: "p(x) = a b x^(a−1) (1 − x^a)^(b−1), 0 < x < 1",
		Source:  "Jones (2009), Kumaraswamy's distribution, Statistical Methodology 6(1)",
		Example: "theta ~ Kumaraswamy(2, 3)",
	},
	LogDensity: func(b *named.Builder, x named.Value, p Params) Terms {
		a, c := p.get("a"), p.get("b")
		tail := times(b, b.AddScalar(c, -1), kumaraswamyRest(b, x, a))
		ts := Terms{b.XLogY(b.AddScalar(a, -1), x), tail, b.Log(a), b.Log(c)}
		return p.guard(b, ts, unitClosed(b, x))
	},
	LogCDF: func(b *named.Builder, x named.Value, p Params) named.Value {
		return b.Log1mExp(kumaraswamyTail(b, x, p))
	},
	LogSurvival: kumaraswamyTail,
	FromNormal: func(b *named.Builder, z named.Value, p Params) named.Value {
		l := b.Log1mExp(b.Neg(b.Div(exponentialScore(b, z), p.get("b"))))
		return b.Min(expWithin(b, b.Div(l, p.get("a"))), b.Scalar(almost1))
	},
	Sample: func(r *rand.Rand, p Numbers, out []float64) {
		u := -math.Expm1(-r.ExpFloat64() / p.F("b"))
		out[0] = within(math.Pow(u, 1/p.F("a")), tiny, almost1)
	},
	Mean: func(p Numbers) []float64 { return []float64{kumaraswamyMoment(p, 1)} },
	Variance: func(p Numbers) []float64 {
		m := kumaraswamyMoment(p, 1)
		return []float64{kumaraswamyMoment(p, 2) - m*m}
	},
}

// kumaraswamyTail is b·log(1 − x^a).
func kumaraswamyTail(b *named.Builder, x named.Value, p Params) named.Value {
	return b.Mul(p.get("b"), kumaraswamyRest(b, b.Min(b.Max(x, b.Scalar(0)), b.Scalar(1)), p.get("a")))
}

// kumaraswamyRest is log(1 − x^a).
func kumaraswamyRest(b *named.Builder, x, a named.Value) named.Value {
	rest := b.Log1mExp(b.Mul(a, b.Log(x)))
	return powerOr(b, x, a, rest, func(p named.Value) named.Value { return b.Log1p(b.Neg(p)) })
}

// kumaraswamyMoment is E xⁿ = b·B(1 + n/a, b).
func kumaraswamyMoment(p Numbers, n float64) float64 {
	return p.F("b") * math.Exp(kernel.Lbeta(1+n/p.F("a"), p.F("b")))
}

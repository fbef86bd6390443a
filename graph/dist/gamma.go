package dist

import (
	"math/rand/v2"

	"ppl/graph/named"
	"ppl/graph/op"
	"ppl/lang"
)

// Gamma: the gamma distribution with the given shape and rate (inverse scale); its mean is shape/rate.
//
//	p(x) = rate^shape / Γ(shape) · x^(shape−1) exp(−rate x), x > 0
var gamma = &Dist{
	DistSig: lang.DistSig{
		Name: "Gamma",
		Forms: []lang.FormSig{
			form(
				pos("shape", "shape", "alpha", "concentration"),
				pos("rate", "rate (inverse scale)", "beta"),
			),
		},
		Support: lang.SupportPositive,
		Doc:     "The gamma distribution with the given shape and rate (inverse scale); its mean is shape/rate.",
		Density: "p(x) = rate^shape / Γ(shape) · x^(shape−1) exp(−rate x), x > 0",
		Source:  "Johnson, Kotz & Balakrishnan (1994), Continuous Univariate Distributions 1, ch. 17",
		Example: "precision ~ Gamma(2, 0.1)",
	},
	LogDensity: func(b *named.Builder, x named.Value, p Params) Terms {
		return gammaTerms(b, x, p, p.get("shape"), p.get("rate"))
	},
	LogCDF: func(b *named.Builder, x named.Value, p Params) named.Value {
		return gammaTail(b, op.LogGammaP, x, p.get("shape"), p.get("rate"))
	},
	LogSurvival: func(b *named.Builder, x named.Value, p Params) named.Value {
		return gammaTail(b, op.LogGammaQ, x, p.get("shape"), p.get("rate"))
	},
	FromNormal: func(b *named.Builder, z named.Value, p Params) named.Value {
		return expWithin(b, b.Sub(b.Apply(op.GammaLogQuantile, p.get("shape"), z), logOf(b, p.get("rate"))))
	},
	Sample: func(r *rand.Rand, p Numbers, out []float64) {
		out[0] = gammaDraw(r, p.F("shape"), p.F("rate"))
	},
	Mean: func(p Numbers) []float64 { return []float64{p.F("shape") / p.F("rate")} },
	Variance: func(p Numbers) []float64 {
		return []float64{p.F("shape") / (p.F("rate") * p.F("rate"))}
	},
}

// gammaTerms is the log density of Gamma(shape, rate) at x.
func gammaTerms(b *named.Builder, x named.Value, p Params, shape, rate named.Value) Terms {
	norm := b.Sub(b.Mul(shape, logOf(b, rate)), lgammaPos(b, shape))
	ts := Terms{b.XLogY(b.AddScalar(shape, -1), x), b.Neg(b.Mul(rate, x)), norm}
	return p.guard(b, ts, fromZero(b, x))
}

// gammaTail is the log of P or Q of (shape, rate·x).
func gammaTail(b *named.Builder, f *op.Func, x, shape, rate named.Value) named.Value {
	return b.Apply(f, shape, b.Mul(rate, b.Max(x, b.Scalar(0))))
}

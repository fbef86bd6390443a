package dist

import (
	"math"
	"math/rand/v2"

	"ppl/graph/named"
	"ppl/graph/op"
	"ppl/lang"
)

// InvGamma: the inverse of a gamma variable with the given shape and rate = scale; its mean is scale/(shape − 1).
//
//	p(x) = scale^shape / Γ(shape) · x^(−shape−1) exp(−scale/x), x > 0
var invGamma = &Dist{
	DistSig: lang.DistSig{
		Name: "InvGamma",
		Forms: []lang.FormSig{
			form(
				pos("shape", "shape", "alpha", "concentration"),
				pos("scale", "scale", "beta"),
			),
		},
		Support: lang.SupportPositive,
		Doc:     "The inverse of a gamma variable with the given shape and rate = scale; its mean is scale/(shape − 1).",
		Density: "p(x) = scale^shape / Γ(shape) · x^(−shape−1) exp(−scale/x), x > 0",
		Source:  "Gelman et al. (2013), Bayesian Data Analysis, 3rd ed., appendix A",
		Example: "rho ~ InvGamma(5, 5)",
	},
	LogDensity: func(b *named.Builder, x named.Value, p Params) Terms {
		return invGammaTerms(b, x, p, p.get("shape"), p.get("scale"))
	},
	LogCDF: func(b *named.Builder, x named.Value, p Params) named.Value {
		return invGammaTail(b, op.LogGammaQ, x, p.get("shape"), p.get("scale"))
	},
	LogSurvival: func(b *named.Builder, x named.Value, p Params) named.Value {
		return invGammaTail(b, op.LogGammaP, x, p.get("shape"), p.get("scale"))
	},
	FromNormal: func(b *named.Builder, z named.Value, p Params) named.Value {
		return expWithin(b, b.Sub(logOf(b, p.get("scale")), b.Apply(op.GammaLogQuantile, p.get("shape"), b.Neg(z))))
	},
	Sample: func(r *rand.Rand, p Numbers, out []float64) {
		out[0] = invGammaDraw(r, p.F("shape"), p.F("scale"))
	},
	Mean:     func(p Numbers) []float64 { return []float64{invGammaMean(p.F("shape"), p.F("scale"))} },
	Variance: func(p Numbers) []float64 { return []float64{invGammaVariance(p.F("shape"), p.F("scale"))} },
}

// invGammaTerms is the log density of InvGamma(shape, scale) at x.
func invGammaTerms(b *named.Builder, x named.Value, p Params, shape, scale named.Value) Terms {
	norm := b.Sub(b.Mul(shape, logOf(b, scale)), lgammaPos(b, shape))
	ts := Terms{b.Neg(b.Mul(b.AddScalar(shape, 1), b.Log(x))), b.Neg(b.Mul(scale, b.Recip(x))), norm}
	return p.guard(b, ts, aboveZero(b, x))
}

func invGammaTail(b *named.Builder, f *op.Func, x, shape, scale named.Value) named.Value {
	return b.Apply(f, shape, b.Mul(scale, b.Recip(b.Max(x, b.Scalar(0)))))
}

func invGammaDraw(r *rand.Rand, shape, scale float64) float64 {
	return within(math.Exp(math.Log(scale)-logGammaDraw(r, shape)), tiny, huge)
}

func invGammaMean(shape, scale float64) float64 {
	if shape <= 1 {
		return math.Inf(1)
	}
	return scale / (shape - 1)
}

func invGammaVariance(shape, scale float64) float64 {
	switch {
	case shape > 2:
		m := scale / (shape - 1)
		return m * m / (shape - 2)
	case shape > 1:
		return math.Inf(1)
	}
	return math.NaN()
}

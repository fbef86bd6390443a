package dist

import (
	"math/rand/v2"

	"ppl/graph/named"
	"ppl/graph/op"
	"ppl/lang"
)

// Beta: the beta distribution on (0, 1); its mean is alpha/(alpha + beta).
//
//	p(x) = x^(alpha−1) (1−x)^(beta−1) / B(alpha, beta), 0 < x < 1
var beta = &Dist{
	DistSig: lang.DistSig{
		Name: "Beta",
		Forms: []lang.FormSig{
			form(
				pos("alpha", "first shape", "a", "shape1", "concentration1"),
				pos("beta", "second shape", "b", "shape2", "concentration0"),
			),
		},
		Support: lang.SupportUnit,
		Doc:     "The beta distribution on (0, 1); its mean is alpha/(alpha + beta).",
		Density: "p(x) = x^(alpha−1) (1−x)^(beta−1) / B(alpha, beta), 0 < x < 1",
		Source:  "Johnson, Kotz & Balakrishnan (1995), Continuous Univariate Distributions 2, ch. 25",
		Example: "theta ~ Beta(1, 1)",
	},
	LogDensity: func(b *named.Builder, x named.Value, p Params) Terms {
		return betaTerms(b, x, p, p.get("alpha"), p.get("beta"))
	},
	LogCDF: func(b *named.Builder, x named.Value, p Params) named.Value {
		return betaTail(b, op.LogBetaInc, x, p.get("alpha"), p.get("beta"))
	},
	LogSurvival: func(b *named.Builder, x named.Value, p Params) named.Value {
		return betaTail(b, op.LogBetaIncC, x, p.get("alpha"), p.get("beta"))
	},
	FromNormal: func(b *named.Builder, z named.Value, p Params) named.Value {
		return inverseLogitWithin(b, b.Apply(op.BetaLogitQuantile, p.get("alpha"), p.get("beta"), z))
	},
	Sample: func(r *rand.Rand, p Numbers, out []float64) {
		out[0], _ = betaDraw(r, p.F("alpha"), p.F("beta"))
	},
	Mean: func(p Numbers) []float64 { return []float64{p.F("alpha") / (p.F("alpha") + p.F("beta"))} },
	Variance: func(p Numbers) []float64 {
		return []float64{betaVariance(p.F("alpha"), p.F("beta"))}
	},
}

// betaTerms is the log density of Beta(a, c) at x. Where x is inv_logit(u), as a latent is,
// u says what x is close to 1, where 1 − x is 0 from u = 37 on, and the density infinite
// for c < 1.
func betaTerms(b *named.Builder, x named.Value, p Params, a, c named.Value) Terms {
	if u, ok := logitOf(b, x); ok {
		return p.guard(b, Terms{b.Mul(b.AddScalar(a, -1), b.LogInvLogit(u)), b.Mul(b.AddScalar(c, -1), b.LogInvLogit(b.Neg(u))), b.Neg(lbeta(b, a, c))}, unitClosed(b, x))
	}
	ts := Terms{b.XLogY(b.AddScalar(a, -1), x), b.XLog1PY(b.AddScalar(c, -1), b.Neg(x)), b.Neg(lbeta(b, a, c))}
	return p.guard(b, ts, unitClosed(b, x))
}

func betaTail(b *named.Builder, f *op.Func, x, a, c named.Value) named.Value {
	return b.Apply(f, a, c, b.Min(b.Max(x, b.Scalar(0)), b.Scalar(1)))
}

func betaVariance(a, c float64) float64 {
	s := a + c
	return a / s * (c / s) / (s + 1)
}

package dist

import (
	"math/rand/v2"

	"ppl/graph/named"
	"ppl/lang"
)

// BetaBinomial: the number of successes in n trials whose common probability is drawn from Beta(alpha, beta).
//
//	P(k) = C(n, k) B(k + alpha, n − k + beta) / B(alpha, beta), k = 0..n
var betaBinomial = &Dist{
	DistSig: lang.DistSig{
		Name: "BetaBinomial",
		Forms: []lang.FormSig{
			form(
				count("n", "number of trials", "trials", "total_count"),
				pos("alpha", "first shape of the beta", "a", "concentration1"),
				pos("beta", "second shape of the beta", "b", "concentration0"),
			),
		},
		Support: lang.SupportIntRange,
		Upper:   "n",
		Doc:     "The number of successes in n trials whose common probability is drawn from Beta(alpha, beta).",
		Density: "P(k) = C(n, k) B(k + alpha, n − k + beta) / B(alpha, beta), k = 0..n",
		Source:  "Johnson, Kemp & Kotz (2005), Univariate Discrete Distributions, ch. 6.2.2",
		Example: "k[i in 1..N] ~ BetaBinomial(n[i], a, b)",
	},
	NoFromNormal: noSteps,

	LogDensity: betaBinomialTerms,
	LogCDF: func(b *named.Builder, x named.Value, p Params) named.Value {
		return sumTail(b, betaBinomialTerms, x, p, b.Scalar(0), p.get("n"), true)
	},
	LogSurvival: func(b *named.Builder, x named.Value, p Params) named.Value {
		return sumTail(b, betaBinomialTerms, x, p, b.Scalar(0), p.get("n"), false)
	},
	Sample: func(r *rand.Rand, p Numbers, out []float64) {
		q, _ := betaDraw(r, p.F("alpha"), p.F("beta"))
		out[0] = binomialDraw(r, p.F("n"), q)
	},
	Mean: func(p Numbers) []float64 {
		a, c := p.F("alpha"), p.F("beta")
		return []float64{p.F("n") * a / (a + c)}
	},
	Variance: func(p Numbers) []float64 {
		n, a, c := p.F("n"), p.F("alpha"), p.F("beta")
		return []float64{n * (n + a + c) * betaVariance(a, c)}
	},
}

// betaBinomialTerms is the log mass at x.
func betaBinomialTerms(b *named.Builder, x named.Value, p Params) Terms {
	n, a, c := p.get("n"), p.get("alpha"), p.get("beta")
	ts := Terms{lchoose(b, n, x), lbeta(b, b.Add(x, a), b.Add(b.Sub(n, x), c)), b.Neg(lbeta(b, a, c))}
	return p.guard(b, ts, integers(b, x, b.Scalar(0), n))
}

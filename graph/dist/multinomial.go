package dist

import (
	"math/rand/v2"

	"ppl/graph/named"
	"ppl/lang"
)

// Multinomial: counts of each of K categories in n independent trials.
//
//	P(x) = n! / Π x[k]! · Π p[k]^x[k], Σ x = n
var multinomial = &Dist{
	DistSig: lang.DistSig{
		Name: "Multinomial",
		Forms: []lang.FormSig{
			form(
				count("n", "number of trials: the sum of the counts", "total_count"),
				vector("p", "probabilities", "K", lang.ProbabilityVector, "prob", "probs"),
			),
		},
		Support:      lang.SupportNaturals,
		EventRank:    1,
		EventDims:    []string{"K"},
		Doc:          "Counts of each of K categories in n independent trials.",
		Density:      "P(x) = n! / Π x[k]! · Π p[k]^x[k], Σ x = n",
		Source:       "Johnson, Kotz & Balakrishnan (1997), Discrete Multivariate Distributions, ch. 35",
		Example:      "votes[i in 1..N] ~ Multinomial(total[i], theta)",
		NoTruncation: noOrder,
		NoCDF:        noOrder,
	},
	NoFromNormal: noSteps,

	LogDensity: func(b *named.Builder, x named.Value, p Params) Terms {
		n, q := p.get("n"), p.get("p")
		ts := Terms{
			b.Sum(times(b, x, logOf(b, q)), 1), lfactorial(b, n), b.Neg(b.Sum(lfactorial(b, x), 1)),
		}
		return p.guard(b, ts, counts(b, x, n))
	},
	Sample: func(r *rand.Rand, p Numbers, out []float64) {
		multinomialDraw(r, p.F("n"), p.V("p"), out)
	},
	Mean: func(p Numbers) []float64 {
		out := append([]float64(nil), p.V("p")...)
		for i := range out {
			out[i] *= p.F("n")
		}
		return out
	},
	Variance: func(p Numbers) []float64 {
		out := append([]float64(nil), p.V("p")...)
		for i, q := range out {
			out[i] = p.F("n") * q * (1 - q)
		}
		return out
	},
}

// multinomialDraw draws each count from a binomial given those before.
func multinomialDraw(r *rand.Rand, n float64, p, out []float64) {
	left := total(p)
	for i := range out {
		q := 1.0
		if i < len(out)-1 && left > 0 {
			q = within(p[i]/left, 0, 1)
		}
		out[i] = binomialDraw(r, n, q)
		n -= out[i]
		left -= p[i]
	}
}

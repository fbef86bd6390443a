package dist

import (
	"math/rand/v2"

	"ppl/graph/named"
	"ppl/lang"
)

// HyperGeometric: the number of marked items among those drawn without replacement from a population.
//
//	P(k) = C(successes, k) C(population − successes, draws − k) / C(population, draws)
var hyperGeometric = &Dist{
	DistSig: lang.DistSig{
		Name: "HyperGeometric",
		Forms: []lang.FormSig{
			form(
				count("population", "number of items", "N"),
				count("successes", "number of marked items", "K"),
				count("draws", "number of items drawn", "n"),
			),
		},
		Support: lang.SupportIntRange,
		Upper:   "draws",
		Doc:     "The number of marked items among those drawn without replacement from a population.",
		Density: "P(k) = C(successes, k) C(population − successes, draws − k) / C(population, draws)",
		Source:  "Johnson, Kemp & Kotz (2005), Univariate Discrete Distributions, ch. 6",
		Example: "k ~ HyperGeometric(50, 10, 5)",
	},
	NoFromNormal: noSteps,

	LogDensity: hyperGeometricTerms,
	LogCDF: func(b *named.Builder, x named.Value, p Params) named.Value {
		return sumTail(b, hyperGeometricTerms, x, p, b.Scalar(0), p.get("draws"), true)
	},
	LogSurvival: func(b *named.Builder, x named.Value, p Params) named.Value {
		return sumTail(b, hyperGeometricTerms, x, p, b.Scalar(0), p.get("draws"), false)
	},
	// One item after the other.
	Sample: func(r *rand.Rand, p Numbers, out []float64) {
		all, marked := p.F("population"), p.F("successes")
		out[0] = 0
		for i := 0.0; i < p.F("draws"); i++ {
			if open01(r)*(all-i) < marked {
				marked--
				out[0]++
			}
		}
	},
	Mean: func(p Numbers) []float64 {
		return []float64{p.F("draws") * p.F("successes") / p.F("population")}
	},
	Variance: func(p Numbers) []float64 {
		n, f := p.F("population"), p.F("successes")/p.F("population")
		if n <= 1 {
			return []float64{0}
		}
		return []float64{p.F("draws") * f * (1 - f) * (n - p.F("draws")) / (n - 1)}
	},
}

// hyperGeometricTerms is the log mass at x.
func hyperGeometricTerms(b *named.Builder, x named.Value, p Params) Terms {
	all, marked, n := p.get("population"), p.get("successes"), p.get("draws")
	ts := Terms{
		lchoose(b, marked, x), lchoose(b, b.Sub(all, marked), b.Sub(n, x)), b.Neg(lchoose(b, all, n)),
	}
	return p.guard(b, ts, func() named.Value {
		fit := b.And(b.LessEq(marked, all), b.LessEq(n, all))
		return b.And(fit, integers(b, x, b.Max(b.Scalar(0), b.Add(n, b.Sub(marked, all))), b.Min(n, marked))())
	})
}

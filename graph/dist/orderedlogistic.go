package dist

import (
	"math"
	"math/rand/v2"

	"ppl/graph"
	"ppl/graph/named"
	"ppl/graph/op"
	"ppl/lang"
)

// OrderedLogistic: an ordered category 1, ..., C + 1: where a logistic variable with location eta falls among the C cutpoints.
//
//	P(k) = inv_logit(cutpoints[k] − eta) − inv_logit(cutpoints[k−1] − eta), k = 1..C+1, with cutpoints[0] = −∞ and cutpoints[C+1] = ∞
var orderedLogistic = &Dist{
	DistSig: lang.DistSig{
		Name: "OrderedLogistic",
		Forms: []lang.FormSig{
			form(
				loc("eta", "linear predictor", "location", "predictor"),
				vector("cutpoints", "increasing cutpoints, one fewer than there are categories", "C", lang.IncreasingVector, "c", "cuts"),
			),
		},
		Support:      lang.SupportCategories,
		Doc:          "An ordered category 1, ..., C + 1: where a logistic variable with location eta falls among the C cutpoints.",
		Density:      "P(k) = inv_logit(cutpoints[k] − eta) − inv_logit(cutpoints[k−1] − eta), k = 1..C+1, with cutpoints[0] = −∞ and cutpoints[C+1] = ∞",
		Source:       "McCullagh (1980), Regression models for ordinal data, JRSS B 42(2)",
		Example:      "rating[i in 1..N] ~ OrderedLogistic(b * x[i], c)",
		NoTruncation: noNumber,
	},
	NoFromNormal: noSteps,

	Categories: func(p Params) int { return p.get("cutpoints").Shape()[0] + 1 },
	// inv_logit(u) − inv_logit(l) = inv_logit(u)·inv_logit(−l)·(1 − e^(l−u)).
	LogDensity: func(b *named.Builder, x named.Value, p Params) Terms {
		eta, c := p.get("eta"), p.get("cutpoints")
		k := c.Shape()[0] + 1
		lower := b.Concat(b.Vector(negInf), c)
		upper := b.Concat(c, b.Vector(math.Inf(1)))
		// Between equal cutpoints, which may be infinite, there is no category.
		gap := b.Where(b.Equal(lower, upper), b.Scalar(negInf), b.Log1mExp(b.Sub(lower, upper)))
		if !x.IsConst() {
			eta = b.Spread(eta, graph.Shape{k})
			all := b.Total(gap, b.LogInvLogit(b.Sub(upper, eta)), b.LogInvLogit(b.Sub(eta, lower)))
			return p.guard(b, Terms{choose(b, all, x)}, category(b, x, k))
		}
		ts := Terms{
			b.LogInvLogit(b.Sub(choose(b, upper, x), eta)), b.LogInvLogit(b.Sub(eta, choose(b, lower, x))),
			choose(b, gap, x),
		}
		return p.guard(b, ts, category(b, x, k))
	},
	LogCDF: func(b *named.Builder, x named.Value, p Params) named.Value {
		return orderedTail(b, x, p, true)
	},
	LogSurvival: func(b *named.Builder, x named.Value, p Params) named.Value {
		return orderedTail(b, x, p, false)
	},
	Sample: func(r *rand.Rand, p Numbers, out []float64) {
		u := p.F("eta") + logisticDraw(r)
		out[0] = 1
		for _, c := range p.V("cutpoints") {
			if u > c {
				out[0]++
			}
		}
	},
	Probabilities: orderedProbabilities,
}

// orderedTail: P(X ≤ k) = inv_logit(cutpoints[k] − eta), and the complement.
func orderedTail(b *named.Builder, x named.Value, p Params, cdf bool) named.Value {
	c := p.get("cutpoints")
	n := c.Shape()[0]
	k := b.Apply(op.Floor, x)
	below, above := b.Scalar(0), b.Scalar(negInf) // of the survival
	if cdf {
		below, above = above, below
	}
	if n == 0 {
		return b.Where(b.Less(k, b.Scalar(1)), below, above)
	}
	at := choose(b, c, b.Max(b.Scalar(1), b.Min(k, b.Scalar(float64(n)))))
	d := b.Sub(at, p.get("eta"))
	if !cdf {
		d = b.Neg(d)
	}
	out := b.Where(b.Greater(k, b.Scalar(float64(n))), above, b.LogInvLogit(d))
	return b.Where(b.Less(k, b.Scalar(1)), below, out)
}

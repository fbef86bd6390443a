package dist

import (
	"math/rand/v2"

	"ppl/graph/named"
	"ppl/lang"
)

// Categorical: a category 1, ..., K with the given probabilities, or with probabilities softmax(logit).
//
//	P(k) = p[k], k = 1..K
var categorical = &Dist{
	DistSig: lang.DistSig{
		Name: "Categorical",
		Forms: []lang.FormSig{
			form(
				vector("p", "probabilities of 1, ..., K", "K", lang.ProbabilityVector, "prob", "probs"),
			),
			form(
				vector("logit", "log-probabilities of 1, ..., K up to a constant", "K", lang.AnyReal, "logits"),
			),
		},
		Support:      lang.SupportCategories,
		Doc:          "A category 1, ..., K with the given probabilities, or with probabilities softmax(logit).",
		Density:      "P(k) = p[k], k = 1..K",
		Source:       "Johnson, Kotz & Balakrishnan (1997), Discrete Multivariate Distributions, ch. 35",
		Example:      "z[i in 1..N] ~ Categorical(w)",
		NoTruncation: noNumber,
	},
	NoFromNormal: noSteps,

	Categories: categoryCount,
	LogDensity: categoricalTerms,
	LogCDF: func(b *named.Builder, x named.Value, p Params) named.Value {
		return sumTail(b, categoricalTerms, x, p, b.Scalar(1), b.Scalar(float64(categoryCount(p))), true)
	},
	LogSurvival: func(b *named.Builder, x named.Value, p Params) named.Value {
		return sumTail(b, categoricalTerms, x, p, b.Scalar(1), b.Scalar(float64(categoryCount(p))), false)
	},
	Sample: func(r *rand.Rand, p Numbers, out []float64) {
		if p.has("p") {
			out[0] = float64(1 + categoryDraw(r, p.V("p")))
			return
		}
		out[0] = float64(1 + categoryDraw(r, categoryProbabilities(p)))
	},
	Probabilities: categoryProbabilities,
}

func categoryProbabilities(p Numbers) []float64 {
	if p.has("p") {
		return p.V("p")
	}
	w := append([]float64(nil), p.V("logit")...)
	softmax(w)
	return w
}

func categoryCount(p Params) int {
	if p.has("p") {
		return p.get("p").Shape()[0]
	}
	return p.get("logit").Shape()[0]
}

// categoricalTerms is the log mass at x.
func categoricalTerms(b *named.Builder, x named.Value, p Params) Terms {
	var ts Terms
	var k int
	if p.has("p") {
		v := p.get("p")
		k = v.Shape()[0]
		ts = Terms{logChosen(b, v, x)}
	} else {
		v := p.get("logit")
		k = v.Shape()[0]
		ts = Terms{choose(b, v, x), b.Neg(b.LogSumExp(v))}
	}
	return p.guard(b, ts, category(b, x, k))
}

// logChosen is log v[x], taking logs of whichever are fewer: the vector or the
// elements chosen.
func logChosen(b *named.Builder, v, x named.Value) named.Value {
	if x.IsConst() && !lacks(v, x) {
		return b.Log(choose(b, v, x))
	}
	return choose(b, logOf(b, v), x)
}

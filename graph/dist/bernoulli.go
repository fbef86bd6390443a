package dist

import (
	"math/rand/v2"

	"ppl/graph/kernel"
	"ppl/graph/named"
	"ppl/lang"
)

// Bernoulli: a 0 or 1, with probability p of a 1, given as p or on the logit scale.
//
//	P(1) = p, P(0) = 1 − p; p = inv_logit(logit)
var bernoulli = &Dist{
	DistSig: lang.DistSig{
		Name: "Bernoulli",
		Forms: []lang.FormSig{
			form(
				unit("p", "probability of 1", "prob", "probs"),
			),
			form(
				loc("logit", "log-odds of 1", "logits"),
			),
		},
		Support:      lang.SupportBool,
		Doc:          "A 0 or 1, with probability p of a 1, given as p or on the logit scale.",
		Density:      "P(1) = p, P(0) = 1 − p; p = inv_logit(logit)",
		Source:       "Johnson, Kemp & Kotz (2005), Univariate Discrete Distributions, ch. 3",
		Example:      "y[i in 1..N] ~ Bernoulli(logit = a + b * x[i])",
		NoTruncation: "it has two values only",
	},
	NoFromNormal: noSteps,

	LogDensity: func(b *named.Builder, x named.Value, p Params) Terms {
		var ts Terms
		if logit, ok := p.logit(b); ok {
			ts = bernoulliLogit(b, x, logit)
		} else {
			ts = bernoulliP(b, x, probability(b, p.get("p")))
		}
		return p.guard(b, ts, integers(b, x, b.Scalar(0), b.Scalar(1)))
	},
	LogCDF: func(b *named.Builder, x named.Value, p Params) named.Value {
		return bernoulliTail(b, x, p, 0)
	},
	LogSurvival: func(b *named.Builder, x named.Value, p Params) named.Value {
		return bernoulliTail(b, x, p, 1)
	},
	Sample: func(r *rand.Rand, p Numbers, out []float64) {
		out[0] = 0
		if open01(r) < p.successes() {
			out[0] = 1
		}
	},
	Mean:     func(p Numbers) []float64 { return []float64{p.successes()} },
	Variance: func(p Numbers) []float64 { q := p.successes(); return []float64{q * (1 - q)} },
}

// bernoulliTail is log P(X ≤ x) for of = 0, log P(X > x) for of = 1: between 0 and
// 1 that is the probability of the value itself.
func bernoulliTail(b *named.Builder, x named.Value, p Params, of float64) named.Value {
	var middle named.Value
	if logit, ok := p.logit(b); ok {
		middle = b.LogInvLogit(b.Scale(2*of-1, logit))
	} else if q := probability(b, p.get("p")); of == 1 {
		middle = logOf(b, q)
	} else {
		middle = b.Log1p(b.Neg(q))
	}
	ends := []named.Value{b.Scalar(negInf), b.Scalar(0)} // of the cdf
	middle = b.Where(b.GreaterEq(x, b.Scalar(1)), ends[1-int(of)], middle)
	return b.Where(b.Less(x, b.Scalar(0)), ends[int(of)], middle)
}

// bernoulliLogit is −softplus((1 − 2x)·logit) for a known x, where the sign
// folds; for others x·logit − softplus(logit), which is linear in x, and has one
// softplus where several x share a logit.
func bernoulliLogit(b *named.Builder, x, logit named.Value) Terms {
	if x.IsConst() && !lacks(logit, x) {
		return Terms{b.Neg(b.Softplus(b.Mul(b.OneMinus(b.Scale(2, x)), logit)))}
	}
	return Terms{b.Mul(x, logit), b.Neg(b.Softplus(logit))}
}

// bernoulliP takes one log for each x where each has its own p, and two for
// each p otherwise.
func bernoulliP(b *named.Builder, x, q named.Value) Terms {
	if x.IsConst() && !lacks(q, x) {
		return Terms{b.Log(b.Where(x, q, b.OneMinus(q)))}
	}
	return Terms{times(b, x, logOf(b, q)), times(b, b.OneMinus(x), b.Log1p(b.Neg(q)))}
}

// logit is the log-odds of a success, if that is how it was given.
func (p Params) logit(b *named.Builder) (named.Value, bool) {
	if p.has("logit") {
		return p.get("logit"), true
	}
	return logitOf(b, p.get("p"))
}

// successes is the probability of a success in either form.
func (n Numbers) successes() float64 {
	if n.has("logit") {
		return kernel.InvLogit(n.F("logit"))
	}
	return n.F("p")
}

package dist

import (
	"math/rand/v2"

	"ppl/graph/named"
	"ppl/graph/op"
	"ppl/lang"
)

// Binomial: the number of successes in n independent trials, each with probability p, given as p or on the logit scale.
//
//	P(k) = C(n, k) p^k (1−p)^(n−k), k = 0..n
var binomial = &Dist{
	DistSig: lang.DistSig{
		Name: "Binomial",
		Forms: []lang.FormSig{
			form(
				count("n", "number of trials", "trials", "total_count"),
				unit("p", "probability of a success", "prob", "probs"),
			),
			form(
				count("n", "number of trials", "trials", "total_count"),
				loc("logit", "log-odds of a success", "logits"),
			),
		},
		Support: lang.SupportIntRange,
		Upper:   "n",
		Doc:     "The number of successes in n independent trials, each with probability p, given as p or on the logit scale.",
		Density: "P(k) = C(n, k) p^k (1−p)^(n−k), k = 0..n",
		Source:  "Johnson, Kemp & Kotz (2005), Univariate Discrete Distributions, ch. 3",
		Example: "deaths[i in 1..N] ~ Binomial(patients[i], logit = a + b * x[i])",
	},
	NoFromNormal: noSteps,

	LogDensity: func(b *named.Builder, x named.Value, p Params) Terms {
		n := p.get("n")
		ts := Terms{lchoose(b, n, x)}
		if logit, ok := p.logit(b); ok {
			ts = append(ts, b.Mul(x, logit), b.Neg(b.Mul(n, b.Softplus(logit))))
		} else {
			q := probability(b, p.get("p"))
			ts = append(ts, times(b, x, logOf(b, q)), times(b, b.Sub(n, x), b.Log1p(b.Neg(q))))
		}
		return p.guard(b, ts, integers(b, x, b.Scalar(0), n))
	},
	LogCDF: func(b *named.Builder, x named.Value, p Params) named.Value {
		return binomialTail(b, op.LogBetaIncC, x, p)
	},
	LogSurvival: func(b *named.Builder, x named.Value, p Params) named.Value {
		return binomialTail(b, op.LogBetaInc, x, p)
	},
	Sample: func(r *rand.Rand, p Numbers, out []float64) {
		out[0] = binomialDraw(r, p.F("n"), p.successes())
	},
	Mean:     func(p Numbers) []float64 { return []float64{p.F("n") * p.successes()} },
	Variance: func(p Numbers) []float64 { q := p.successes(); return []float64{p.F("n") * q * (1 - q)} },
}

// binomialTail is P(X > k) = I_p(k + 1, n − k) or its complement; outside
// 0 ≤ k < n it is all or nothing. By a logit the smaller of p and 1 − p is the exact one.
func binomialTail(b *named.Builder, f *op.Func, x named.Value, p Params) named.Value {
	n := p.get("n")
	k := b.Apply(op.Floor, x)
	safe := b.Max(b.Scalar(0), b.Min(k, b.AddScalar(n, -1)))
	more, rest := b.AddScalar(safe, 1), b.Sub(n, safe)
	var in named.Value
	if p.has("logit") {
		logit := p.get("logit")
		reflected := op.LogBetaInc
		if f == op.LogBetaInc {
			reflected = op.LogBetaIncC
		}
		rare := b.Less(logit, b.Scalar(0))
		few := b.InvLogit(b.Where(rare, logit, b.Neg(logit))) // |logit| has no slope at 0
		in = b.Where(rare, b.Apply(f, more, rest, few), b.Apply(reflected, rest, more, few))
	} else {
		in = b.Apply(f, more, rest, p.get("p"))
	}
	below, above := 0.0, negInf // of the survival
	if f == op.LogBetaIncC {
		below, above = above, below
	}
	in = b.Where(b.GreaterEq(k, n), b.Scalar(above), in)
	return b.Where(b.Less(k, b.Scalar(0)), b.Scalar(below), in)
}

package dist

import (
	"math"
	"math/rand/v2"

	"ppl/graph/named"
	"ppl/graph/op"
	"ppl/lang"
)

// NegBinomial: counts more spread than Poisson: the number of failures before the size-th success, with mean size·(1 − p)/p; or given by its mean and dispersion, with variance mean + mean²/dispersion.
//
//	P(k) = Γ(k + size)/(k! Γ(size)) p^size (1−p)^k, k = 0, 1, ...; size = dispersion, p = dispersion/(mean + dispersion)
var negBinomial = &Dist{
	DistSig: lang.DistSig{
		Name: "NegBinomial",
		Forms: []lang.FormSig{
			form(
				pos("size", "number of successes waited for (any positive number)", "r"),
				unit("p", "probability of a success", "prob"),
			),
			form(
				pos("mean", "mean", "mu"),
				pos("dispersion", "dispersion: the variance is mean + mean²/dispersion", "phi"),
			),
		},
		Support: lang.SupportNaturals,
		Doc:     "Counts more spread than Poisson: the number of failures before the size-th success, with mean size·(1 − p)/p; or given by its mean and dispersion, with variance mean + mean²/dispersion.",
		Density: "P(k) = Γ(k + size)/(k! Γ(size)) p^size (1−p)^k, k = 0, 1, ...; size = dispersion, p = dispersion/(mean + dispersion)",
		Source:  "Johnson, Kemp & Kotz (2005), Univariate Discrete Distributions, ch. 5",
		Example: "bites[i in 1..N] ~ NegBinomial(mean = exp(a + b * x[i]), dispersion = phi)",
	},
	NoFromNormal: noSteps,

	// Γ(k + r)/(k! Γ(r)) is 1/((k + r)·B(k + 1, r)), which loses nothing for
	// large r; nor does k·log m − k·log r − (k + r)·log(1 + m/r), with mean m.
	LogDensity: func(b *named.Builder, x named.Value, p Params) Terms {
		var ts Terms
		if p.has("mean") {
			m, r := p.get("mean"), p.get("dispersion")
			ts = Terms{
				negBinomialChoose(b, x, r), times(b, x, b.Sub(logOf(b, m), b.Log(r))),
				nonNegative(b, m, b.Neg(b.Mul(b.Add(x, r), b.Log1p(b.Mul(m, b.Recip(r)))))),
			}
		} else {
			r, q := p.get("size"), probability(b, p.get("p"))
			ts = Terms{negBinomialChoose(b, x, r), b.Mul(r, logOf(b, q)), times(b, x, b.Log1p(b.Neg(q)))}
		}
		return p.guard(b, ts, natural(b, x))
	},
	LogCDF: func(b *named.Builder, x named.Value, p Params) named.Value {
		return negBinomialTail(b, true, x, p)
	},
	LogSurvival: func(b *named.Builder, x named.Value, p Params) named.Value {
		return negBinomialTail(b, false, x, p)
	},
	Sample: func(r *rand.Rand, p Numbers, out []float64) {
		m, s := p.meanSize()
		out[0] = poissonDraw(r, m/s*math.Exp(logGammaDraw(r, s)))
	},
	Mean:     func(p Numbers) []float64 { m, _ := p.meanSize(); return []float64{m} },
	Variance: func(p Numbers) []float64 { m, s := p.meanSize(); return []float64{m + m*m/s} },
}

func negBinomialChoose(b *named.Builder, k, r named.Value) named.Value {
	return b.Neg(b.Add(b.Log(b.Add(k, r)), lbeta(b, b.AddScalar(k, 1), r)))
}

// negBinomialTail: P(X ≤ k) = I_p(size, k + 1). In terms of the mean m, p is
// r/(r + m); where that is near 1 the complement m/(r + m) is the exact one.
func negBinomialTail(b *named.Builder, cdf bool, x named.Value, p Params) named.Value {
	direct, reflected := op.LogBetaIncC, op.LogBetaInc
	if cdf {
		direct, reflected = reflected, direct
	}
	k := b.Apply(op.Floor, x)
	k1 := b.AddScalar(b.Max(k, b.Scalar(0)), 1)
	if p.has("p") {
		return naturalTail(b, k, cdf, b.Apply(direct, p.get("size"), k1, p.get("p")))
	}
	m, r := p.get("mean"), p.get("dispersion")
	q := b.Recip(b.Add(r, m))
	tail := b.Where(b.Less(r, m), b.Apply(direct, r, k1, b.Mul(r, q)), b.Apply(reflected, k1, r, b.Mul(m, q)))
	return naturalTail(b, k, cdf, tail)
}

// meanSize is the mean and the size (dispersion) in either form.
func (n Numbers) meanSize() (mean, size float64) {
	if n.has("mean") {
		return n.F("mean"), n.F("dispersion")
	}
	q := n.F("p")
	return n.F("size") * (1 - q) / q, n.F("size")
}

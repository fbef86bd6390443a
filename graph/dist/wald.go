package dist

import (
	"math"
	"math/rand/v2"

	"ppl/graph/named"
	"ppl/graph/op"
	"ppl/lang"
)

// Wald: the Wald (inverse Gaussian) distribution; its variance is mean³/shape.
//
//	p(x) = √(shape/(2π x³)) exp(−shape (x − mean)² / (2 mean² x)), x > 0
var wald = &Dist{
	DistSig: lang.DistSig{
		Name: "Wald",
		Forms: []lang.FormSig{
			form(
				pos("mean", "mean", "mu"),
				pos("shape", "shape", "lambda"),
			),
		},
		Support: lang.SupportPositive,
		Doc:     "The Wald (inverse Gaussian) distribution; its variance is mean³/shape.",
		Density: "p(x) = √(shape/(2π x³)) exp(−shape (x − mean)² / (2 mean² x)), x > 0",
		Source:  "Johnson, Kotz & Balakrishnan (1994), Continuous Univariate Distributions 1, ch. 15",
		Example: "t[i in 1..N] ~ Wald(mu, lambda)",
	},
	LogDensity: func(b *named.Builder, x named.Value, p Params) Terms {
		mu, shape := p.get("mean"), p.get("shape")
		lx := b.Log(x)
		d := standardised(b, x, mu, mu)
		quad := b.Mul(shape, b.Mul(b.Square(d), b.Recip(x)))
		ts := Terms{b.Scale(-0.5, quad), b.Scale(-1.5, lx), b.Scale(0.5, b.Log(shape)), b.Scalar(-halfLog2Pi)}
		ts[2] = positive(b, mu, ts[2])
		return p.guard(b, ts, aboveZero(b, x))
	},
	LogCDF:      waldCDF,
	LogSurvival: waldSurvival,
	FromNormal: func(b *named.Builder, z named.Value, p Params) named.Value {
		mean := p.get("mean")
		return expWithin(b, b.Add(logOf(b, mean), b.Apply(op.WaldLogQuantile, b.Div(p.get("shape"), mean), z)))
	},
	Sample: func(r *rand.Rand, p Numbers, out []float64) {
		out[0] = within(waldDraw(r, p.F("mean"), p.F("shape")), tiny, huge)
	},
	Mean:     func(p Numbers) []float64 { return []float64{p.F("mean")} },
	Variance: func(p Numbers) []float64 { return []float64{math.Pow(p.F("mean"), 3) / p.F("shape")} },
}

// waldArgs are a = √(shape/x)·(x/mean − 1) and c = √(shape/x)·(x/mean + 1): with
// Mills' ratio R = (1 − Φ)/φ, and since c² = a² + 4·shape/mean,
//
//	F(x) = Φ(a) + e^(2·shape/mean)·Φ(−c) = Φ(a) + φ(a)·R(c),
//	1 − F(x) = φ(a)·(R(a) − R(c)),
//
// in which nothing overflows (Giner & Smyth 2016, statmod, The R Journal 8(1)).
func waldArgs(b *named.Builder, x named.Value, p Params) (a, c named.Value) {
	mu, shape := p.get("mean"), p.get("shape")
	root := b.Sqrt(b.Mul(shape, b.Recip(b.Max(x, b.Scalar(0)))))
	return b.Mul(root, standardised(b, x, mu, mu)), b.Mul(root, b.AddScalar(b.Mul(x, b.Recip(mu)), 1))
}

// logPhiDensity is log φ(z).
func logPhiDensity(b *named.Builder, z named.Value) named.Value {
	return b.AddScalar(b.Scale(-0.5, b.Square(z)), -halfLog2Pi)
}

func waldCDF(b *named.Builder, x named.Value, p Params) named.Value {
	a, c := waldArgs(b, x, p)
	return b.LogSumExp2(b.LogPhi(a), b.Add(logPhiDensity(b, a), b.Apply(op.LogMills, c)))
}

func waldSurvival(b *named.Builder, x named.Value, p Params) named.Value {
	a, c := waldArgs(b, x, p)
	right := b.Greater(a, b.Scalar(0))
	safe := b.Where(right, a, b.Scalar(0))
	tail := b.Add(logPhiDensity(b, a), b.LogDiffExp(b.Apply(op.LogMills, safe), b.Apply(op.LogMills, c)))
	return b.Where(right, tail, b.Log1mExp(b.Where(right, b.Scalar(-1), waldCDF(b, x, p))))
}

// waldDraw solves the quadratic that is chi-squared and picks a root: Michael,
// Schucany & Haas (1976), "Generating random variates using transformations
// with multiple roots", Am. Stat. 30(2). The smaller root is μ²/larger, which
// does not cancel.
func waldDraw(r *rand.Rand, mu, shape float64) float64 {
	n := r.NormFloat64()
	y := mu * n * n / (2 * shape)
	large := mu * (1 + y + math.Sqrt(y*(2+y)))
	small := mu * (mu / large)
	if open01(r) <= mu/(mu+small) {
		return small
	}
	return large
}

package dist

import (
	"math/rand/v2"

	"ppl/graph/named"
	"ppl/graph/op"
	"ppl/lang"
)

// Dirichlet: the Dirichlet distribution of vectors of K positive numbers that sum to 1.
//
//	p(x) = Γ(Σ concentration) / Π Γ(concentration[k]) · Π x[k]^(concentration[k]−1)
var dirichlet = &Dist{
	DistSig: lang.DistSig{
		Name: "Dirichlet",
		Forms: []lang.FormSig{
			form(
				vector("concentration", "concentrations", "K", lang.Positive, "alpha"),
			),
		},
		Support:      lang.SupportSimplex,
		EventRank:    1,
		EventDims:    []string{"K"},
		Doc:          "The Dirichlet distribution of vectors of K positive numbers that sum to 1.",
		Density:      "p(x) = Γ(Σ concentration) / Π Γ(concentration[k]) · Π x[k]^(concentration[k]−1)",
		Source:       "Kotz, Balakrishnan & Johnson (2000), Continuous Multivariate Distributions 1, ch. 49",
		Example:      "w ~ Dirichlet(ones(K))",
		NoTruncation: noOrder,
		NoCDF:        noOrder,
	},
	LogDensity: func(b *named.Builder, x named.Value, p Params) Terms {
		a := p.get("concentration")
		norm := b.Sub(b.Lgamma(b.Sum(a, 1)), b.Sum(lgammaPos(b, a), 1))
		ts := Terms{b.Sum(b.XLogY(b.AddScalar(a, -1), x), 1), norm}
		return p.guard(b, ts, func() named.Value {
			in := b.Reduce(op.AllOf, b.GreaterEq(x, b.Scalar(0)), 1)
			return b.And(in, b.LessEq(b.Abs(b.AddScalar(b.Sum(x, 1), -1)), b.Scalar(simplexTolerance)))
		})
	},
	FromNormal: func(b *named.Builder, z named.Value, p Params) named.Value {
		g := b.Apply(op.GammaLogQuantile, p.get("concentration"), z)
		return expWithin(b, b.Sub(g, b.LogSumExp(g)))
	},
	Sample: func(r *rand.Rand, p Numbers, out []float64) {
		dirichletDraw(r, p.V("concentration"), out)
	},
	Mean: func(p Numbers) []float64 {
		a := p.V("concentration")
		out := make([]float64, len(a))
		for i := range a {
			out[i] = a[i] / total(a)
		}
		return out
	},
	Variance: func(p Numbers) []float64 {
		a := p.V("concentration")
		out := make([]float64, len(a))
		for i := range a {
			out[i] = betaVariance(a[i], total(a)-a[i])
		}
		return out
	},
}

// simplexTolerance is how far from 1 a vector on the simplex may sum.
const simplexTolerance = 1e-8

func total(x []float64) float64 {
	t := 0.0
	for _, v := range x {
		t += v
	}
	return t
}

package dist

import (
	"math/rand/v2"

	"ppl/graph"
	"ppl/graph/named"
	"ppl/lang"
)

// GaussianRandomWalk: a random walk with normal steps, of the length that the left side has; the first element is one step from start.
//
//	p(x) = Π_t Normal(x[t]; x[t−1], sd), x[0] = start
var gaussianRandomWalk = &Dist{
	DistSig: lang.DistSig{
		Name: "GaussianRandomWalk",
		Forms: []lang.FormSig{
			form(
				pos("sd", "standard deviation of a step", "scale", "sigma"),
				def("0", loc("start", "the value before the first step", "init")),
			),
		},
		Support:      lang.SupportReal,
		EventRank:    1,
		EventDims:    []string{"T"},
		Doc:          "A random walk with normal steps, of the length that the left side has; the first element is one step from start.",
		Density:      "p(x) = Π_t Normal(x[t]; x[t−1], sd), x[0] = start",
		Source:       "Harvey (1989), Forecasting, Structural Time Series Models and the Kalman Filter, ch. 2",
		Example:      "level : real[T] ~ GaussianRandomWalk(tau)",
		NoTruncation: noOrder,
		NoCDF:        noOrder,
	},
	LogDensity: func(b *named.Builder, x named.Value, p Params) Terms {
		sd, start, n := p.get("sd"), p.get("start"), x.Shape()[0]
		first := b.Reshape(start, graph.Shape{1})
		before := b.Concat(first, b.Index(x, named.IndexArg{Lo: 1, Hi: n - 1}))
		z := standardised(b, x, before, sd)
		size := float64(n)
		return Terms{
			b.Scale(-0.5, b.Sum(b.Square(z), 1)), b.Scale(-size, b.Log(sd)), b.Scalar(-size * halfLog2Pi),
		}
	},
	FromNormal: func(b *named.Builder, z named.Value, p Params) named.Value {
		return b.Add(p.get("start"), b.Mul(p.get("sd"), b.CumSum(z)))
	},
	Sample: func(r *rand.Rand, p Numbers, out []float64) {
		at := p.F("start")
		for i := range out {
			at += p.F("sd") * r.NormFloat64()
			out[i] = at
		}
	},
	MeanOf: func(p Numbers, n int) []float64 {
		out := make([]float64, n)
		for i := range out {
			out[i] = p.F("start")
		}
		return out
	},
}

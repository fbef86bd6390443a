package dist

import (
	"math/rand/v2"

	"ppl/graph/named"
	"ppl/lang"
)

// CAR: the proper conditional autoregressive model of values on a graph.
//
//	MvNormal(mean, precision = precision·(D − alpha·W)), D the diagonal of the row sums of W = adjacency
var car = &Dist{
	DistSig: lang.DistSig{
		Name: "CAR",
		Forms: []lang.FormSig{
			form(
				vector("mean", "mean", "K", lang.AnyReal, "loc", "mu"),
				matrix("adjacency", "symmetric weights of neighbours, 0 on the diagonal", "K", lang.AnyReal, "W", "adj_matrix"),
				loc("alpha", "spatial correlation, between −1 and 1", "correlation"),
				pos("precision", "conditional precision", "tau", "conditional_precision"),
			),
		},
		Support:      lang.SupportReal,
		EventRank:    1,
		EventDims:    []string{"K"},
		Doc:          "The proper conditional autoregressive model of values on a graph.",
		Density:      "MvNormal(mean, precision = precision·(D − alpha·W)), D the diagonal of the row sums of W = adjacency",
		Source:       "Besag (1974), Spatial interaction and the statistical analysis of lattice systems, JRSS B 36",
		Example:      "phi ~ CAR(zeros(N), W, alpha, tau)",
		NoTruncation: noOrder,
		NoCDF:        noOrder,
	},
	LogDensity: func(b *named.Builder, x named.Value, p Params) Terms {
		tau, k := p.get("precision"), float64(x.Shape()[0])
		m := b.Cholesky(carMatrix(b, p))
		z := b.MatMul(b.Sub(x, p.get("mean")), m)
		return Terms{
			b.Mul(b.Scale(-0.5, tau), b.Sum(b.Square(z), 1)), b.Sum(b.Log(b.Diagonal(m)), 1),
			b.Scale(k/2, b.Log(tau)), b.Scalar(-k * halfLog2Pi),
		}
	},
	FromNormal: func(b *named.Builder, z named.Value, p Params) named.Value {
		m := b.Cholesky(carMatrix(b, p))
		return b.Add(p.get("mean"), b.Mul(b.Recip(b.Sqrt(p.get("precision"))), b.SolveLower(m, z, true)))
	},
	Sample: func(r *rand.Rand, p Numbers, out []float64) {
		m := cholesky(carPrecision(p, len(out)), len(out))
		for i := range out {
			out[i] = r.NormFloat64()
		}
		backSolve(m, out)
		for i, mean := range p.V("mean") {
			out[i] += mean
		}
	},
	Mean: func(p Numbers) []float64 { return p.V("mean") },
	Variance: func(p Numbers) []float64 {
		k := len(p.V("mean"))
		return Numbers{Values: map[string][]float64{"mean": p.V("mean"), "precision": carPrecision(p, k)}}.scaleDiagonal()
	},
}

// carMatrix is D − alpha·W.
func carMatrix(b *named.Builder, p Params) named.Value {
	w := p.get("adjacency")
	return b.Sub(b.DiagonalMatrix(b.Sum(w, 1)), b.Mul(p.get("alpha"), w))
}

// carPrecision is precision·(D − alpha·W).
func carPrecision(p Numbers, k int) []float64 {
	w, q := p.V("adjacency"), make([]float64, k*k)
	for i := 0; i < k; i++ {
		for j := 0; j < k; j++ {
			q[i*k+j] -= p.F("precision") * p.F("alpha") * w[i*k+j]
			q[i*k+i] += p.F("precision") * w[i*k+j]
		}
	}
	return q
}

package dist

import (
	"math"
	"math/rand/v2"

	"ppl/graph/named"
	"ppl/graph/op"
	"ppl/lang"
)

// LKJ: a random correlation matrix of the size that the left side has.
//
//	p(R) ∝ det(R)^(concentration − 1)
var lkj = &Dist{
	DistSig: lang.DistSig{
		Name: "LKJ",
		Forms: []lang.FormSig{
			form(
				pos("concentration", "shape: 1 is uniform, larger draws towards the identity", "eta", "shape"),
			),
		},
		Support:      lang.SupportCorr,
		EventRank:    2,
		EventDims:    []string{"K", "K"},
		Doc:          "A random correlation matrix of the size that the left side has.",
		Density:      "p(R) ∝ det(R)^(concentration − 1)",
		Source:       "Lewandowski, Kurowicka & Joe (2009), Generating random correlation matrices based on vines and extended onion method, J. Multivar. Anal. 100",
		Example:      "R : corr[K] ~ LKJ(2)",
		NoTruncation: noOrder,
		NoCDF:        noOrder,
	},
	// (η − 1)·log det R. The normaliser is that of the factor: the Jacobian
	// Π L[k,k]^(K−k) is all that lies between the two.
	LogDensity: func(b *named.Builder, x named.Value, p Params) Terms {
		eta, k := p.get("concentration"), x.Shape()[0]
		inside := func() named.Value {
			off := b.Abs(b.AddScalar(b.Diagonal(x), -1))
			return b.Reduce(op.AllOf, b.LessEq(off, b.Scalar(simplexTolerance)), 1)
		}
		if k < 2 {
			return p.guard(b, Terms{b.Scalar(0)}, inside)
		}
		logs := logDiagonal(b, b.Cholesky(x))
		ts := Terms{b.Mul(b.Scale(2, b.AddScalar(eta, -1)), logs), lkjNorm(b, eta, k)}
		return p.guard(b, ts, inside)
	},
	FromNormal: func(b *named.Builder, z named.Value, p Params) named.Value {
		l := lkjFromNormal(b, z, p)
		return b.MatMul(l, b.Transpose(l, 1, 0))
	},
	Noise: lkjNoise,
	Sample: func(r *rand.Rand, p Numbers, out []float64) {
		lkjDraw(r, p.F("concentration"), out)
		outerSquare(out)
	},
	MeanOf: func(p Numbers, n int) []float64 { // a sign of a row and its column changes nothing
		k := int(math.Round(math.Sqrt(float64(n))))
		out := make([]float64, n)
		for i := range k {
			out[i*k+i] = 1
		}
		return out
	},
}

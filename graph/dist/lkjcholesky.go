package dist

import (
	"math"
	"math/rand/v2"

	"ppl/graph"
	"ppl/graph/named"
	"ppl/graph/op"
	"ppl/lang"
)

// LKJCholesky: the Cholesky factor of a random correlation matrix of the size that the left side has.
//
//	p(L) ∝ Π_{k=2..K} L[k, k]^(K − k + 2·concentration − 2)
var lkjCholesky = &Dist{
	DistSig: lang.DistSig{
		Name: "LKJCholesky",
		Forms: []lang.FormSig{
			form(
				pos("concentration", "shape: 1 is uniform over correlation matrices, larger draws towards the identity", "eta", "shape"),
			),
		},
		Support:      lang.SupportCholeskyCorr,
		EventRank:    2,
		EventDims:    []string{"K", "K"},
		Doc:          "The Cholesky factor of a random correlation matrix of the size that the left side has.",
		Density:      "p(L) ∝ Π_{k=2..K} L[k, k]^(K − k + 2·concentration − 2)",
		Source:       "Lewandowski, Kurowicka & Joe (2009), Generating random correlation matrices based on vines and extended onion method, J. Multivar. Anal. 100",
		Example:      "L : cholesky_corr[K] ~ LKJCholesky(2)",
		NoTruncation: noOrder,
		NoCDF:        noOrder,
	},
	LogDensity: func(b *named.Builder, x named.Value, p Params) Terms {
		eta, k := p.get("concentration"), x.Shape()[0]
		if k < 2 {
			return p.guard(b, Terms{b.Scalar(0)}, func() named.Value { return isCholeskyCorr(b, x) })
		}
		power := make([]float64, k) // K − k − 2 of L[k, k], and 0 of L[1, 1]
		for i := 1; i < k; i++ {
			power[i] = float64(k - i - 3)
		}
		logs := b.Log(b.Diagonal(x))
		ts := Terms{
			b.MatMul(b.Vector(power...), logs), b.Mul(b.Scale(2, eta), b.Sum(logs, 1)), lkjNorm(b, eta, k),
		}
		return p.guard(b, ts, func() named.Value { return isCholeskyCorr(b, x) })
	},
	FromNormal: lkjFromNormal,
	Noise:      lkjNoise,
	Sample: func(r *rand.Rand, p Numbers, out []float64) {
		lkjDraw(r, p.F("concentration"), out)
	},
	MeanOf: lkjCholeskyMean,
}

// lkjNorm is minus the log of the integral of Π L[k,k]^(K−k+2η−2) over the
// Cholesky factors: Π_k π^(−k/2) Γ(η + (K−1)/2) / Γ(η + (K−1−k)/2), k < K. It
// follows from the beta distributions of the onion method.
func lkjNorm(b *named.Builder, eta named.Value, k int) named.Value {
	half := make([]float64, k-1)
	logPi := 0.0
	for j := range half {
		half[j] = 0.5 * float64(k-2-j)
		logPi += 0.5 * float64(j+1) * math.Log(math.Pi)
	}
	each := lgammaPos(b, b.Add(b.Spread(eta, graph.Shape{k - 1}), b.Vector(half...)))
	top := b.Scale(float64(k-1), b.Lgamma(b.AddScalar(eta, 0.5*float64(k-1))))
	return b.AddScalar(b.Sub(top, b.Sum(each, 1)), -logPi)
}

// isCholeskyCorr: lower triangular, positive diagonal, rows of length 1.
func isCholeskyCorr(b *named.Builder, x named.Value) named.Value {
	k := x.Shape()[0]
	upper := make([]float64, k*k)
	for i := 0; i < k; i++ {
		for j := i + 1; j < k; j++ {
			upper[i*k+j] = 1
		}
	}
	above := b.Sum(b.Abs(b.Mul(x, b.Array(graph.Shape{k, k}, upper))), 2)
	off := b.Abs(b.AddScalar(b.Sum(b.Square(x), 1), -1))
	rows := b.Reduce(op.AllOf, b.LessEq(off, b.Scalar(simplexTolerance)), 1)
	diagonal := b.Reduce(op.AllOf, b.Greater(b.Diagonal(x), b.Scalar(0)), 1)
	return b.And(b.Equal(above, b.Scalar(0)), b.And(rows, diagonal))
}

// lkjDraw is the onion method of Lewandowski, Kurowicka & Joe (2009), section
// 3.2, which builds the factor row by row: row k + 1 is a random direction in k
// dimensions times √y, with y from a beta distribution, then √(1 − y).
func lkjDraw(r *rand.Rand, eta float64, out []float64) {
	k := side(out)
	clear(out)
	out[0] = 1
	for i := 1; i < k; i++ {
		row := out[i*k : i*k+i+1]
		y, rest := betaDraw(r, 0.5*float64(i), eta+0.5*float64(k-1-i))
		norm := 0.0
		for j := 0; j < i; j++ {
			row[j] = r.NormFloat64()
			norm += row[j] * row[j]
		}
		for j := 0; j < i; j++ {
			row[j] *= math.Sqrt(y / norm)
		}
		row[i] = math.Sqrt(rest)
	}
}

// lkjNoise is the shape of one number for each pair of rows.
func lkjNoise(event graph.Shape) graph.Shape { return graph.Shape{event[0] * (event[0] - 1) / 2} }

// lkjFromNormal builds the factor of canonical partial correlations (Lewandowski, Kurowicka & Joe 2009, section 2.4): that
// of rows i and j < i given those before j is 2·Beta(β, β) − 1 with β = η + (K − 1 − j)/2, j from 1, and
//
//	L[i, j] = r[i, j] Π_{m<j} √(1 − r[i, m]²), L[i, i] = Π_{m<i} √(1 − r[i, m]²).
//
// Of the logit u of the beta variable r is tanh u/2, and 1 − r² is 4 inv_logit(u) inv_logit(−u).
func lkjFromNormal(b *named.Builder, z named.Value, p Params) named.Value {
	n := z.Shape()[0]
	k := triangleSide(n) + 1
	var half []float64
	for i := range k {
		for j := range i {
			half = append(half, 0.5*float64(k-2-j))
		}
	}
	beta := b.Add(b.Spread(p.get("concentration"), graph.Shape{n}), b.Vector(half...))
	u := b.Apply(op.BetaLogitQuantile, beta, beta, z)
	r := b.Apply(op.Tanh, b.Scale(0.5, u))
	rest := b.AddScalar(b.Scale(0.5, b.Add(b.LogInvLogit(u), b.LogInvLogit(b.Neg(u)))), math.Ln2) // log √(1 − r²)
	place := func(i, j int) int {
		switch {
		case j < i:
			return i*(i-1)/2 + j
		case j == i:
			return n + 1
		}
		return n
	}
	logs := triangle(b, k, b.Concat(rest, b.Vector(0, 0)), place)
	before := b.Sub(b.CumSum(logs), logs)
	return b.Mul(triangle(b, k, b.Concat(r, b.Vector(0, 1)), place), b.Exp(before))
}

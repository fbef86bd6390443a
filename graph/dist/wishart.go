package dist

import (
	"math"
	"math/rand/v2"

	"ppl/graph"
	"ppl/graph/named"
	"ppl/lang"
)

// Wishart: the Wishart distribution of positive definite matrices.
//
//	p(X) = det(X)^((df−K−1)/2) exp(−½ tr(scale⁻¹ X)) / (2^(df K/2) det(scale)^(df/2) Γ_K(df/2))
var wishart = &Dist{
	DistSig: lang.DistSig{
		Name: "Wishart",
		Forms: []lang.FormSig{
			form(
				pos("df", "degrees of freedom, above K − 1", "nu", "dof"),
				matrix("scale", "scale matrix; the mean is df·scale", "K", lang.PositiveDefinite, "V", "S"),
			),
			form(
				pos("df", "degrees of freedom, above K − 1", "nu", "dof"),
				matrix("inverse_scale", "inverse of the scale matrix, as in BUGS", "K", lang.PositiveDefinite, "R"),
			),
		},
		Support:      lang.SupportCov,
		EventRank:    2,
		EventDims:    []string{"K", "K"},
		Doc:          "The Wishart distribution of positive definite matrices, by its scale matrix or by the inverse of that.",
		Density:      "p(X) = det(X)^((df−K−1)/2) exp(−½ tr(scale⁻¹ X)) / (2^(df K/2) det(scale)^(df/2) Γ_K(df/2))",
		Source:       "Gelman et al. (2013), Bayesian Data Analysis, 3rd ed., appendix A",
		Example:      "Omega ~ Wishart(5, eye(3))",
		NoTruncation: noOrder,
		NoCDF:        noOrder,
	},
	LogDensity: func(b *named.Builder, x named.Value, p Params) Terms {
		df, k := p.get("df"), float64(x.Shape()[0])
		m := b.Cholesky(x)
		trace, logDet := wishartScale(b, x, m, p)
		return Terms{
			b.Mul(b.AddScalar(df, -k-1), logDiagonal(b, m)), b.Scale(-0.5, trace),
			b.Neg(b.Mul(df, logDet)), wishartNorm(b, df, x.Shape()[0]),
		}
	},
	FromNormal: func(b *named.Builder, z named.Value, p Params) named.Value {
		a := bartlettFromNormal(b, p.get("df"), z)
		if p.has("inverse_scale") {
			a = b.SolveLower(b.Cholesky(p.get("inverse_scale")), a, true)
		} else {
			a = b.MatMul(b.Cholesky(p.get("scale")), a)
		}
		return b.MatMul(a, b.Transpose(a, 1, 0))
	},
	Noise: triangleNoise,
	// Bartlett's decomposition (Smith & Hocking 1972, Appl. Stat. 21).
	Sample: func(r *rand.Rand, p Numbers, out []float64) {
		k := side(out)
		copy(out, bartlett(r, p.F("df"), k))
		p.stretch(out)
		outerSquare(out)
	},
	Mean: func(p Numbers) []float64 {
		out := append([]float64(nil), p.scaleMatrix()...)
		for i := range out {
			out[i] *= p.F("df")
		}
		return out
	},
	Variance: func(p Numbers) []float64 {
		s := p.scaleMatrix()
		k := side(s)
		out := make([]float64, len(s))
		for i := range out {
			r, c := i/k, i%k
			out[i] = p.F("df") * (s[i]*s[i] + s[r*k+r]*s[c*k+c])
		}
		return out
	},
}

func logDiagonal(b *named.Builder, l named.Value) named.Value {
	return b.Sum(b.Log(b.Diagonal(l)), 1)
}

// wishartNorm is −df·K/2·log 2 − log Γ_K(df/2), with the multivariate gamma
// function Γ_K(a) = π^(K(K−1)/4) Π Γ(a − j/2), j = 0..K−1.
func wishartNorm(b *named.Builder, df named.Value, k int) named.Value {
	half := make([]float64, k)
	for j := range half {
		half[j] = -0.5 * float64(j)
	}
	each := lgammaPos(b, b.Add(b.Spread(b.Scale(0.5, df), graph.Shape{k}), b.Vector(half...)))
	sum := b.Add(b.Sum(each, 1), b.Scale(0.5*math.Ln2*float64(k), df))
	return b.AddScalar(b.Neg(sum), -0.25*float64(k*(k-1))*math.Log(math.Pi))
}

// wishartScale is tr S⁻¹X and ½ log det S for the scale S, in either form;
// x = M·Mᵀ. With S = L·Lᵀ the trace is |L⁻¹M|²; with the inverse of S it is a
// sum of products of elements, since both are symmetric.
func wishartScale(b *named.Builder, x, m named.Value, p Params) (trace, logDet named.Value) {
	if p.has("inverse_scale") {
		r := p.get("inverse_scale")
		return b.Sum(b.Mul(r, x), 2), b.Neg(logDiagonal(b, b.Cholesky(r)))
	}
	l := b.Cholesky(p.get("scale"))
	return b.Sum(b.Square(b.SolveLower(l, m, false)), 2), logDiagonal(b, l)
}

// stretch multiplies a matrix from the left by a B with B·Bᵀ = S: by the
// Cholesky factor of S, or by U⁻ᵀ where U is that of its inverse.
func (n Numbers) stretch(a []float64) {
	k := side(a)
	factor, apply := []float64(nil), lowerMul
	if n.has("inverse_scale") {
		factor, apply = cholesky(n.V("inverse_scale"), k), backSolve
	} else {
		factor = cholesky(n.V("scale"), k)
	}
	column := make([]float64, k)
	for j := range k {
		for i := range k {
			column[i] = a[i*k+j]
		}
		apply(factor, column)
		for i := range k {
			a[i*k+j] = column[i]
		}
	}
}

// scaleMatrix is S in either form.
func (n Numbers) scaleMatrix() []float64 {
	if n.has("scale") {
		return n.V("scale")
	}
	out := make([]float64, len(n.V("inverse_scale")))
	for i, k := 0, side(out); i < k; i++ {
		out[i*k+i] = 1
	}
	n.stretch(out)
	outerSquare(out)
	return out
}

func side(a []float64) int { return int(math.Round(math.Sqrt(float64(len(a))))) }

// bartlett is the lower factor of a draw from Wishart(df, I).
func bartlett(r *rand.Rand, df float64, k int) []float64 {
	a := make([]float64, k*k)
	for i := 0; i < k; i++ {
		for j := 0; j < i; j++ {
			a[i*k+j] = r.NormFloat64()
		}
		a[i*k+i] = math.Sqrt(gammaDraw(r, 0.5*(df-float64(i)), 0.5))
	}
	return a
}

// outerSquare turns b into b·bᵀ.
func outerSquare(b []float64) {
	k := side(b)
	c := append([]float64(nil), b...)
	for i := 0; i < k; i++ {
		for j := 0; j < k; j++ {
			b[i*k+j] = 0
			for m := 0; m < k; m++ {
				b[i*k+j] += c[i*k+m] * c[j*k+m]
			}
		}
	}
}

// bartlettFromNormal is the lower factor of a draw from Wishart(df, I), as of bartlett: z is its lower triangle, row by row, in which
// those on the diagonal become chi variables.
func bartlettFromNormal(b *named.Builder, df, z named.Value) named.Value {
	k := triangleSide(z.Shape()[0])
	at, less := make([]float64, k), make([]float64, k) // on the diagonal: the place in z, and −i
	for i := range k {
		at[i], less[i] = float64((i+1)*(i+2)/2), -float64(i)
	}
	shapes := b.Add(b.Spread(df, graph.Shape{k}), b.Vector(less...))
	chi := expWithin(b, b.Scale(0.5, logChiSquared(b, shapes, b.Index(z, named.IndexArg{Value: b.Vector(at...)}))))
	n := len(at) * (len(at) + 1) / 2
	return triangle(b, k, b.Concat(z, chi, b.Vector(0)), func(i, j int) int {
		switch {
		case i == j:
			return n + i
		case j < i:
			return i*(i+1)/2 + j
		}
		return n + k
	})
}

// triangleNoise is the shape of noise for the lower triangle of a matrix, triangleSide the number of its rows.
func triangleNoise(event graph.Shape) graph.Shape {
	return graph.Shape{event[0] * (event[0] + 1) / 2}
}

func triangleSide(n int) int { return int(math.Sqrt(2 * float64(n))) }

// triangle is a matrix of k rows with element from(i, j) of a vector, counted from 0, at (i, j).
func triangle(b *named.Builder, k int, v named.Value, from func(i, j int) int) named.Value {
	at := make([]float64, k*k)
	for i := range k {
		for j := range k {
			at[i*k+j] = float64(from(i, j) + 1)
		}
	}
	return b.Index(v, named.IndexArg{Value: b.Array(graph.Shape{k, k}, at)})
}

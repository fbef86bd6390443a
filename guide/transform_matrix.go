package guide

import (
	"math"

	"ppl/graph"
	"ppl/graph/dist"
	"ppl/graph/named"
	"ppl/graph/op"
)

// triangle numbers the strictly lower triangle of a K×K matrix, row by row.
func triangle(k int) int { return k * (k - 1) / 2 }

// choleskyCorr maps K(K−1)/2 numbers to the Cholesky factor of a correlation
// matrix (Lewandowski, Kurowicka & Joe 2009; Stan reference manual, "Cholesky
// factors of correlation matrices"): with z = tanh u,
//
//	L[i, j] = z[i, j] Π_{k<j} √(1 − z[i, k]²),  L[i, i] = Π_{k<i} √(1 − z[i, k]²).
//
// The measure is that of the strictly lower triangle.
var choleskyCorr = &Transform{
	Name: "canonical partial correlations",
	One:  1,
	Free: triangular(0),
	Forward: func(b *named.Builder, u named.Value, _ dist.Support) (named.Value, []named.Value) {
		l, _, jac := partial(b, u)
		return l, []named.Value{jac}
	},
	Inverse: func(x []float64, _, _ float64) []float64 { return unpartial(x) },
}

// corr is L Lᵀ for the L of choleskyCorr; the Jacobian of the product is
// Π_j L[j, j]^(K−j), over the strictly lower triangle.
var corr = &Transform{
	Name: "canonical partial correlations, squared",
	One:  1,
	Free: triangular(0),
	Forward: func(b *named.Builder, u named.Value, _ dist.Support) (named.Value, []named.Value) {
		l, diag, jac := partial(b, u)
		k := last(l)
		power := make([]float64, k)
		for j := range power {
			power[j] = float64(k - 1 - j)
		}
		return outer(b, l), []named.Value{jac, b.Mul(tiled(b, diag.Shape(), power), diag)}
	},
	Inverse: func(x []float64, _, _ float64) []float64 { return unpartial(factor(x)) },
}

// cov is L Lᵀ for a lower triangle with a positive diagonal e^u; its Jacobian,
// over the lower triangle, is 2^K Π_j L[j, j]^(K−j+1).
var cov = &Transform{
	Name: "Cholesky factor, squared",
	Free: triangular(1),
	Forward: func(b *named.Builder, u named.Value, _ dist.Support) (named.Value, []named.Value) {
		k := dimension(last(u), 1)
		if k == 1 {
			x := b.Reshape(b.Exp(b.Scale(2, u)), append(append(graph.Shape{}, u.Shape()...), 1))
			return x, []named.Value{b.AddScalar(b.Scale(2, u), math.Ln2)}
		}
		diag := slice(b, u, 0, k)
		low := spread(b, slice(b, u, k, triangle(k)), k)
		on := make([]float64, k*k)
		at := make([]float64, k*k)
		for i := 0; i < k; i++ {
			on[i*k+i] = 1
			for j := 0; j < k; j++ {
				at[i*k+j] = float64(i + 1)
			}
		}
		full := low.Shape()
		eye := tiled(b, full, on)
		l := b.Add(low, b.Mul(eye, pick(b, b.Exp(diag), graph.Shape{k, k}, at)))
		power := make([]float64, k)
		for j := range power {
			power[j] = float64(k - j + 1) // K − j (from 0) of L, and one more for the exponential
		}
		objects := diag.Shape().Size() / max(1, k)
		return outer(b, l), []named.Value{b.Mul(tiled(b, diag.Shape(), power), diag), b.Scalar(float64(objects*k) * math.Ln2)}
	},
	Inverse: func(x []float64, _, _ float64) []float64 {
		l := factor(x)
		k := int(math.Round(math.Sqrt(float64(len(l)))))
		var u []float64
		for i := 0; i < k; i++ {
			u = append(u, math.Log(l[i*k+i]))
		}
		for i := 0; i < k; i++ {
			u = append(u, l[i*k:i*k+i]...)
		}
		return u
	},
}

// unitVector normalises K numbers, whose density is taken to be that of
// independent standard normals along the radius (Stan reference manual, "Unit
// vector"): the radius does not matter, and the direction is uniform where the
// density of x is.
var unitVector = &Transform{
	Name: "normalised",
	Free: same,
	Forward: func(b *named.Builder, u named.Value, _ dist.Support) (named.Value, []named.Value) {
		norm := b.Sqrt(b.Sum(b.Square(u), 1))
		return b.Div(u, repeat(b, norm, last(u))), []named.Value{b.Scale(-0.5, b.Square(u))}
	},
	Inverse: func(x []float64, _, _ float64) []float64 { return append([]float64(nil), x...) },
}

// sumToZero is V u with the orthonormal Helmert basis V of the vectors that sum
// to zero: an isometry.
var sumToZero = &Transform{
	Name: "Helmert basis",
	Free: simplex.Free,
	One:  0,
	Forward: func(b *named.Builder, u named.Value, _ dist.Support) (named.Value, []named.Value) {
		return helmertTimes(b, u), nil
	},
	Inverse: func(x []float64, _, _ float64) []float64 { return fromHelmert(x) },
}

// triangular is the free shape of a K×K object with K(K−1)/2 numbers, and K more
// for its diagonal if diagonal is 1.
func triangular(diagonal int) func(graph.Shape) graph.Shape {
	return func(box graph.Shape) graph.Shape {
		k := box[len(box)-1]
		return append(append(graph.Shape{}, box[:len(box)-2]...), triangle(k)+diagonal*k)
	}
}

// dimension is K for n free numbers.
func dimension(n, diagonal int) int {
	for k := 1; ; k++ {
		if triangle(k)+diagonal*k == n {
			return k
		}
	}
}

// partial builds the Cholesky factor of choleskyCorr. diag are the logarithms of
// its diagonal, jac an array that sums to log |det ∂L/∂u|.
func partial(b *named.Builder, u named.Value) (l, diag, jac named.Value) {
	k := dimension(last(u), 0)
	w := spread(b, u, k)
	z := b.Apply(op.Tanh, w)
	// s = ½ log(1 − tanh² w) = log 2 − w − softplus(−2w); it is 0 where w is.
	s := b.Sub(b.AddScalar(b.Neg(w), math.Ln2), b.Softplus(b.Scale(-2, w)))
	sum := b.Sub(b.CumSum(s), s) // over earlier columns
	eye, weight, on := make([]float64, k*k), make([]float64, k*k), make([]float64, k)
	for i := 0; i < k; i++ {
		eye[i*k+i] = 1
		on[i] = float64(i*k + i + 1)
		for j := 0; j < i; j++ {
			weight[i*k+j] = float64(i-1-j) + 2
		}
	}
	full := w.Shape()
	l = b.Mul(b.Add(z, tiled(b, full, eye)), b.Exp(sum))
	flat := b.Reshape(sum, append(append(graph.Shape{}, full[:len(full)-2]...), k*k))
	return l, pick(b, flat, graph.Shape{k}, on), b.Mul(tiled(b, full, weight), s)
}

// spread lays K(K−1)/2 numbers out in the strictly lower triangle of a matrix of
// zeros.
func spread(b *named.Builder, u named.Value, k int) named.Value {
	shape := append(append(graph.Shape{}, u.Shape()[:u.Rank()-1]...), 1)
	padded := join(b, u, b.Array(shape, make([]float64, shape.Size())))
	at := make([]float64, k*k)
	n := 0
	for i := 0; i < k; i++ {
		for j := 0; j < k; j++ {
			at[i*k+j] = float64(triangle(k) + 1)
			if j < i {
				n++
				at[i*k+j] = float64(n)
			}
		}
	}
	return pick(b, padded, graph.Shape{k, k}, at)
}

// pick reads the last dimension at positions (from 1) of a shape.
func pick(b *named.Builder, v named.Value, shape graph.Shape, at []float64) named.Value {
	args := make([]named.IndexArg, v.Rank())
	for i := range args {
		args[i].All = true
	}
	args[len(args)-1] = named.IndexArg{Value: b.Array(shape, at)}
	return b.Index(v, args...)
}

// tiled repeats x along the leading dimensions of a shape.
func tiled(b *named.Builder, shape graph.Shape, x []float64) named.Value {
	out := make([]float64, 0, shape.Size())
	for len(out) < shape.Size() {
		out = append(out, x...)
	}
	return b.Array(shape, out)
}

// outer is L Lᵀ for the last two dimensions.
func outer(b *named.Builder, l named.Value) named.Value {
	lead := l.Rank() - 2
	dims := graph.Iota(lead)
	x := append(append([]int{}, dims...), lead, lead+2)
	y := append(append([]int{}, dims...), lead+1, lead+2)
	out := append(append([]int{}, dims...), lead, lead+1)
	return b.Contract(l, l, x, y, out)
}

// factor is the Cholesky factor of a matrix of numbers.
func factor(x []float64) []float64 {
	k := int(math.Round(math.Sqrt(float64(len(x)))))
	l := make([]float64, k*k)
	for i := 0; i < k; i++ {
		for j := 0; j <= i; j++ {
			t := x[i*k+j]
			for m := 0; m < j; m++ {
				t -= l[i*k+m] * l[j*k+m]
			}
			if i == j {
				l[i*k+i] = math.Sqrt(t)
			} else {
				l[i*k+j] = t / l[j*k+j]
			}
		}
	}
	return l
}

// unpartial inverts partial.
func unpartial(l []float64) []float64 {
	k := int(math.Round(math.Sqrt(float64(len(l)))))
	var u []float64
	for i := 0; i < k; i++ {
		left := 1.0
		for j := 0; j < i; j++ {
			z := l[i*k+j] / math.Sqrt(left)
			u = append(u, math.Atanh(z))
			left -= l[i*k+j] * l[i*k+j]
		}
	}
	return u
}

package gauss_test

import (
	"testing"

	"ppl/graph"
	"ppl/graph/named"
	"ppl/inference/gauss"
)

func TestDegree(t *testing.T) {
	b := named.New()
	in := func(name string, shape ...int) named.Value { return b.Wrap(b.G.Input(name, shape)) }
	u, h, m := in("u", 3), in("h", 3), in("m", 3, 3)
	index := named.IndexArg{Value: b.Array(graph.Shape{2}, []float64{3, 1})}
	for _, c := range []struct {
		name string
		x    named.Value
		want int
	}{
		{"of what does not depend on it", b.Exp(h), 0},
		{"itself", u, 1},
		{"affine", b.Add(b.Mul(b.Exp(h), u), h), 1},
		{"a product of two of its elements", b.Mul(b.Index(u, index), b.Index(u, index)), 2},
		{"a square", b.Square(b.Sub(h, u)), 2},
		{"a quotient", b.Div(b.Square(u), b.Exp(h)), 2},
		{"divided by it", b.Div(h, u), gauss.NotPolynomial},
		{"a cube", b.Mul(u, b.Square(u)), gauss.NotPolynomial},
		{"a square of a square", b.Square(b.Square(u)), gauss.NotPolynomial},
		{"an exponential", b.Exp(u), gauss.NotPolynomial},
		{"products with a matrix", b.MatMul(m, u), 1},
		{"a quadratic form", b.Dot(u, b.MatMul(m, u)), 2},
		{"a solution", b.SolveLower(b.Cholesky(m), u, false), 1},
		{"of a matrix with it", b.SolveLower(b.DiagonalMatrix(u), h, false), gauss.NotPolynomial},
		{"cumulative sums", b.SumAll(b.CumSum(u)), 1},
		{"joined", b.Concat(u, h), 1},
		{"chosen by others", b.Where(b.Less(h, b.Scalar(0)), u, b.Square(u)), 2},
		{"chosen by itself", b.Where(b.Less(u, b.Scalar(0)), u, h), gauss.NotPolynomial},
		{"compared", b.Less(u, h), gauss.NotPolynomial},
		{"the largest", b.Max(u, h), gauss.NotPolynomial},
	} {
		if got := gauss.Degree(c.x.N, map[*graph.Node]bool{u.N: true}); got != c.want {
			t.Errorf("%s: degree %d, want %d", c.name, got, c.want)
		}
	}
}

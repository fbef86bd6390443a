package plan_test

import (
	"fmt"
	"math"
	"testing"

	"ppl/graph"
	"ppl/graph/op"
)

// wild is x with a third of its numbers replaced by 0, and some by NaN or ∞.
func wild(g *graph.Graph, x *graph.Node, bad float64) *graph.Node {
	f := op.Frame{G: g, Shape: x.Shape}
	t := graph.Full(x)
	big := f.Apply(op.Mul, f.Scalar(bad), f.Apply(op.Square, t))
	t = f.Apply(op.Where, f.Apply(op.Greater, t, f.Scalar(0.5)), big, t)
	return f.Node(f.Apply(op.Where, f.Apply(op.Less, t, f.Scalar(0)), f.Scalar(0), t))
}

// TestZerosAbsorb: products with 0, and solutions for a right-hand side of 0, are 0 whatever the
// other factor is: in the kernels for many particles as in each op by itself.
func TestZerosAbsorb(t *testing.T) {
	for _, s := range []int{1, 3, 16} {
		for _, bad := range []float64{math.Inf(1), math.NaN()} {
			t.Run(fmt.Sprintf("%d particles, %g", s, bad), func(t *testing.T) {
				g := graph.New()
				x, y, v := g.BatchInput("x", graph.Shape{s, 4, 4}), g.BatchInput("y", graph.Shape{s, 4, 12}), g.BatchInput("v", graph.Shape{s, 40})
				a, b, c := wild(g, x, bad), wild(g, y, bad), wild(g, v, bad)
				known := make([]float64, 40*4)
				for i := range known {
					known[i] = []float64{0, 1, 0.5}[i%3]
				}
				clear(known[8:12]) // a row of 0
				matrix := g.Constant(graph.Shape{40, 4}, known)
				infinite := append([]float64(nil), known...)
				infinite[0], infinite[5] = bad, bad
				spoilt := g.Constant(graph.Shape{40, 4}, infinite)
				column := op.NewView(g, a, op.View{Out: graph.Shape{s, 4}, Strides: []int{16, 1}}, nil)
				masked := func(n *graph.Node, every int) *graph.Node { // columns of 0
					w := make([]float64, n.Shape[2])
					for i := range w {
						w[i] = float64(i % every)
					}
					f := op.Frame{G: g, Shape: n.Shape}
					return f.Node(f.Apply(op.MulZ, graph.Full(n), graph.Term{Node: g.Constant(graph.Shape{n.Shape[2]}, w), Dims: []int{2}}))
				}
				fx := op.Frame{G: g, Shape: x.Shape}
				lost := fx.Node(fx.Apply(op.Mul, graph.Full(x), fx.Scalar(math.NaN())))
				f := op.Frame{G: g, Shape: b.Shape}
				products := f.Apply(op.MulZ, graph.Full(b), f.Apply(op.Sin, graph.Full(y)))
				outs := []*graph.Node{
					op.NewContract(g, a, b, []int{0, 1, 2}, []int{0, 2, 3}, []int{0, 1, 3}),
					op.NewContract(g, a, b, []int{0, 1, 2}, []int{0, 1, 3}, []int{0, 3, 2}),
					op.NewContract(g, matrix, column, []int{1, 2}, []int{0, 2}, []int{0, 1}),
					op.NewContract(g, spoilt, column, []int{1, 2}, []int{0, 2}, []int{0, 1}),
					op.NewContract(g, spoilt, c, []int{2, 1}, []int{0, 2}, []int{0, 1}),
					g.Apply(op.TriSolve{A: x.Shape, B: y.Shape}, lost, masked(y, 2)),
					g.Apply(op.TriSolve{A: x.Shape, B: y.Shape, Trans: true}, lost, masked(y, 3)),
					g.Apply(op.Solve{A: x.Shape, B: y.Shape}, lost, masked(y, 2)),
					g.Apply(op.CholeskyAdjoint{Of: x.Shape}, lost, masked(x, 1)),
					g.ScaledSum(f.Node(products), []int{1, 2}, 1),
					g.ScaledSum(f.Node(products), []int{0}, 1),
				}
				compare(t, g, outs, []*graph.Node{x, y, v})
			})
		}
	}
}

// TestEmptyRowsAbsorb: what meets a row of zeros of a known matrix does not matter in the adjoint of
// a product with it: of √(X·b), where X·b is 0 whatever b is.
func TestEmptyRowsAbsorb(t *testing.T) {
	for _, s := range []int{1, 16} {
		g := graph.New()
		v := g.BatchInput("v", graph.Shape{s, 40})
		known := make([]float64, 40*4)
		one := make([]float64, 40)
		for i := range known {
			known[i] = 1 + float64(i%7)
		}
		for _, row := range []int{0, 17, 39} {
			clear(known[row*4 : row*4+4])
			one[row] = math.Inf(1)
		}
		f := op.Frame{G: g, Shape: v.Shape}
		adjoint := f.Node(f.Apply(op.Add, graph.Full(v), graph.Term{Node: g.Constant(graph.Shape{40}, one), Dims: []int{1}}))
		x := g.Constant(graph.Shape{40, 4}, known)
		compare(t, g, []*graph.Node{op.NewContract(g, x, adjoint, []int{2, 1}, []int{0, 2}, []int{0, 1})}, []*graph.Node{v})
	}
}

package plan_test

import (
	"testing"

	"ppl/graph"
	"ppl/graph/grad"
	"ppl/graph/op"
	"ppl/graph/plan"
)

// TestLinearPredictor compares Σ (y − a − X·b)² w, with its gradient and a
// product with its Hessian, over more rows than a block has, for X in either
// order, on one particle and several.
func TestLinearPredictor(t *testing.T) {
	for _, rows := range []int{1, 3, 700, 1301} {
		for _, cols := range []int{1, 5, 21} {
			for _, particles := range []int{1, 3, 16} {
				for _, byColumn := range []bool{false, true} {
					linearPredictor(t, rows, cols, particles, byColumn)
				}
			}
		}
	}
	defer plan.SmallChunks()()
	linearPredictor(t, 1301, 5, 1, false)
	linearPredictor(t, 1301, 5, 16, false)
}

func linearPredictor(t *testing.T, rows, cols, particles int, byColumn bool) {
	t.Helper()
	g := graph.New()
	a, w := g.BatchInput("a", graph.Shape{particles}), g.BatchInput("w", graph.Shape{particles})
	b := g.BatchInput("b", graph.Shape{particles, cols})
	v := g.BatchInput("v", graph.Shape{particles, cols})
	y := g.Constant(graph.Shape{rows}, noise(rows, 0.9))
	shape, labels := graph.Shape{rows, cols}, []int{1, 2}
	if byColumn {
		shape, labels = graph.Shape{cols, rows}, []int{2, 1}
	}
	x := g.Constant(shape, noise(rows*cols, 0.7))
	f := op.Frame{G: g, Shape: graph.Shape{particles, rows}}
	perParticle := func(n *graph.Node) graph.Term { return graph.Term{Node: n, Dims: []int{0}} }
	eta := f.Apply(op.Add, perParticle(a), graph.Full(op.NewContract(g, x, b, labels, []int{0, 2}, []int{0, 1})))
	r := f.Apply(op.Sub, graph.Term{Node: y, Dims: []int{1}}, eta)
	lp := g.ScaledSum(f.Node(f.Apply(op.Mul, perParticle(w), f.Apply(op.Square, r))), []int{1}, -0.5)
	total := g.ScaledSum(lp, []int{0}, 1)
	first := grad.Reverse(g, total, []*graph.Node{a, b, w})
	outs := append([]*graph.Node{lp, total}, first...)
	outs = append(outs, grad.VJP(g, first[1], v, []*graph.Node{b, w})...)
	compare(t, g, outs, []*graph.Node{a, w, b, v})
}

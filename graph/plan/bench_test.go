package plan_test

import (
	"testing"

	"ppl/graph"
	"ppl/graph/grad"
	"ppl/graph/op"
	"ppl/graph/plan"
)

// recurrence is the graph of an unrolled recurrence over t steps with its
// gradient and a second reverse pass, as products with the Hessian need.
func recurrence(t, particles int) (*graph.Graph, []*graph.Node) {
	g := graph.New()
	x := g.BatchInput("x", graph.Shape{particles, t})
	v := g.BatchInput("v", graph.Shape{particles, t})
	f := op.Frame{G: g, Shape: graph.Shape{particles}}
	at := func(k int) graph.Term {
		return graph.Full(op.NewView(g, x, op.View{Out: graph.Shape{particles}, Base: k, Strides: []int{t}}, nil))
	}
	state, total := at(0), at(0)
	for k := 1; k < t; k++ {
		state = f.Apply(op.Tanh, f.Apply(op.Add, f.Apply(op.Mul, f.Scalar(0.9), state), at(k)))
		total = f.Apply(op.Add, total, f.Apply(op.Square, state))
	}
	sum := g.ScaledSum(total.Node, []int{0}, 1)
	first := grad.Reverse(g, sum, []*graph.Node{x})[0]
	second := grad.VJP(g, first, v, []*graph.Node{x})[0]
	return g, []*graph.Node{sum, first, second}
}

// BenchmarkCompile compiles graphs of some thousand nodes.
func BenchmarkCompile(b *testing.B) {
	for _, particles := range []int{1, 64} {
		g, outs := recurrence(300, particles)
		b.Run(map[int]string{1: "1", 64: "64"}[particles], func(b *testing.B) {
			for b.Loop() {
				if _, err := plan.Compile(g, outs).NewState(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(len(g.Nodes())), "nodes")
		})
	}
}

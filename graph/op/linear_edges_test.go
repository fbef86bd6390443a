package op_test

import (
	"fmt"
	"math"
	"testing"

	"ppl/graph"
	"ppl/graph/grad"
	"ppl/graph/op"
	"ppl/graph/plan"
)

// TestArraysNotTaken: what operations on whole arrays do in a branch that is not taken
// is not seen outside of it, to second order, whatever their operands are: for one
// particle, for several, and in the TapeMachine.
func TestArraysNotTaken(t *testing.T) {
	n := 0
	for _, p := range append(structural(), linear()...) {
		for _, bad := range []float64{0, -1, math.Inf(1), math.NaN()} {
			n++
			t.Run(fmt.Sprintf("%s/%g", p.name, bad), func(t *testing.T) { checkArraysNotTaken(t, p, bad) })
		}
	}
	t.Logf("%d cases", n)
}

// notTaken is Σ sin z of all operands z in a branch, the problem's result in the other.
func notTaken(g *graph.Graph, x []*graph.Node, build func(g *graph.Graph, x []*graph.Node) *graph.Node, wild []*graph.Node) *graph.Node {
	y := objective(g, build(g, wild))
	s := op.Frame{G: g}
	sum := s.Scalar(0)
	for _, n := range x {
		f := op.Frame{G: g, Shape: n.Shape}
		sum = s.Apply(op.Add, sum, graph.Full(g.ScaledSum(f.Node(f.Apply(op.Sin, graph.Full(n))), graph.Iota(len(n.Shape)), 1)))
	}
	never := s.Apply(op.Greater, sum, s.Scalar(1e6))
	return s.Node(s.Apply(op.Where, never, s.Apply(op.Exp, graph.Full(y)), sum))
}

func checkArraysNotTaken(t *testing.T, p problem, bad float64) {
	g := graph.New()
	var x, wild []*graph.Node
	for i, s := range p.shape {
		n := g.Input(fmt.Sprintf("x%d", i), s)
		// Every second element is bad: log of a negative number, 1/0, and so on.
		w := make([]float64, s.Size())
		for k := range w {
			w[k] = float64(k % 2)
		}
		f := op.Frame{G: g, Shape: s}
		y := f.Apply(op.Where, graph.Full(g.Constant(s, w)), f.Apply(op.Log, f.Apply(op.Mul, f.Scalar(bad), f.Apply(op.Square, graph.Full(n)))), graph.Full(n))
		x, wild = append(x, n), append(wild, f.Node(y))
	}
	obj := notTaken(g, x, p.build, wild)
	d := grad.Reverse(g, obj, x)
	var h *graph.Node
	for i := range d {
		s := objective(g, d[i])
		if h == nil {
			h = s
		} else {
			h = op.Frame{G: g}.Apply(op.Add, graph.Full(h), graph.Full(s)).Node
		}
	}
	outs := append(append([]*graph.Node{}, d...), grad.Reverse(g, h, x)...)
	for k, prog := range []graph.Program{plan.Compile(g, outs), g.TapeMachine(outs)} {
		c := compile(t, prog)
		c.run(t, x, p.point)
		for i := range x {
			first, second := c.s.Output(i), c.s.Output(len(x)+i)
			for j, v := range p.point[i] {
				w := 0.3 + 0.7*math.Cos(float64(3*j))
				if !(math.Abs(first[j]-math.Cos(v)) < 1e-12) || !(math.Abs(second[j]+w*math.Sin(v)) < 1e-12) {
					t.Fatalf("executor %d: derivatives by x%d[%d] are %g and %g, want %g and %g", k, i, j, first[j], second[j], math.Cos(v), -w*math.Sin(v))
				}
			}
		}
	}
}

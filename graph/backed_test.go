package graph_test

import (
	"math"
	"testing"

	"ppl/graph"
	"ppl/graph/op"
)

// TestLargeOnTape: nodes of large graphs get their gorgonia nodes when the tape asks for
// them, and compute what they should.
func TestLargeOnTape(t *testing.T) {
	g := graph.New()
	x := g.Input("x", graph.Shape{})
	y, want := x, 0.7
	for range 9000 {
		y = op.Frame{G: g, Shape: graph.Shape{}}.Apply(op.Sin, graph.Full(y)).Node
		want = math.Sin(want)
	}
	s, err := g.TapeMachine([]*graph.Node{y}).NewState()
	if err != nil {
		t.Fatal(err)
	}
	s.Input(0)[0] = 0.7
	if err := s.Run(); err != nil {
		t.Fatal(err)
	}
	if got := s.Output(0)[0]; math.Abs(got-want) > 1e-12 {
		t.Errorf("%v, want %v", got, want)
	}
}

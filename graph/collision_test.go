package graph_test

import (
	"fmt"
	"testing"

	"ppl/graph"
	"ppl/graph/op"
)

// TestCollisions: nodes that Gorgonia's 32-bit hash takes for one, inputs and results, are
// two on the tape. Names are tried until two collide, those first that did when this was written,
// which a search finds after a million.
func TestCollisions(t *testing.T) {
	square := func(g *graph.Graph, x *graph.Node) *graph.Node {
		return op.Frame{G: g, Shape: graph.Shape{}}.Apply(op.Square, graph.Full(x)).Node
	}
	for what, made := range map[string]func(*graph.Graph, string) *graph.Node{
		"inputs":  func(g *graph.Graph, name string) *graph.Node { return g.Input(name, graph.Shape{}) },
		"results": func(g *graph.Graph, name string) *graph.Node { return square(g, g.Input(name, graph.Shape{})) },
	} {
		seen := map[uint32]string{}
		one, other := "", ""
		for i := 0; other == ""; i++ {
			name := fmt.Sprintf("x%d", i)
			if first := []int{30858, 1118326, 13994, 18423}; i < len(first) {
				name = fmt.Sprintf("x%d", first[i])
			}
			n := made(graph.New(), name)
			if was, ok := seen[graph.Hashcode(n)]; ok && was != name {
				one, other = was, name
			}
			seen[graph.Hashcode(n)] = name
		}
		g := graph.New()
		a, b := made(g, one), made(g, other)
		s, err := g.TapeMachine([]*graph.Node{square(g, a), square(g, b)}).NewState()
		if err != nil {
			t.Fatal(err)
		}
		s.Input(0)[0], s.Input(1)[0] = 2, 3
		if err := s.Run(); err != nil {
			t.Fatal(err)
		}
		want := [2]float64{4, 9}
		if what == "results" {
			want = [2]float64{16, 81}
		}
		if got := [2]float64{s.Output(0)[0], s.Output(1)[0]}; got != want {
			t.Errorf("%s %s and %s: %v, want %v", what, one, other, got, want)
		}
	}
}

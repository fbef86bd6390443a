package graph_test

import (
	"math"
	"testing"

	"ppl/graph"
)

// Constants are shared by content, shape and bits.
func TestConstantsAreShared(t *testing.T) {
	g := graph.New()
	a := g.Constant(graph.Shape{2, 2}, []float64{1, 2, 0, math.NaN()})
	for _, c := range []struct {
		shape graph.Shape
		data  []float64
		same  bool
	}{
		{graph.Shape{2, 2}, []float64{1, 2, 0, math.NaN()}, true},
		{graph.Shape{4}, []float64{1, 2, 0, math.NaN()}, false},
		{graph.Shape{2, 2}, []float64{1, 2, math.Copysign(0, -1), math.NaN()}, false},
		{graph.Shape{2, 2}, []float64{2, 1, 0, math.NaN()}, false},
	} {
		if got := g.Constant(c.shape, c.data) == a; got != c.same {
			t.Errorf("%v %v: shared %v, want %v", c.shape, c.data, got, c.same)
		}
	}
}

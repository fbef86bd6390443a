package plan_test

import (
	"testing"

	"ppl/graph"
	"ppl/graph/op"
	"ppl/graph/plan"
)

// TestTooLarge: a plan whose states no machine holds is refused before one is made.
func TestTooLarge(t *testing.T) {
	g := graph.New()
	in := g.BatchInput("x", graph.Shape{64, 1 << 25})
	x := op.Frame{G: g, Shape: in.Shape}.Apply(op.Exp, graph.Full(in)).Node
	defer func() {
		if r, is := recover().(plan.TooLarge); !is || r.Numbers < 64<<25 {
			t.Errorf("a plan of 16 GiB gives %v", r)
		}
	}()
	plan.Compile(g, []*graph.Node{x})
}

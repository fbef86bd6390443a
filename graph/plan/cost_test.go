package plan

import (
	"regexp"
	"strings"
	"testing"

	"ppl/graph"
	"ppl/graph/op"
)

// TestDumpShowsCosts: every step has its cost, and more work costs more.
func TestDumpShowsCosts(t *testing.T) {
	program := func(rows int) *rowProgram {
		g := graph.New()
		x := g.BatchInput("x", graph.Shape{64, rows})
		f := op.Frame{G: g, Shape: graph.Shape{64, rows}}
		y := f.Apply(op.Exp, graph.Full(x))
		chol := g.Apply(op.CumSum{Of: graph.Shape{64, rows}}, y.Node)
		return Compile(g, []*graph.Node{g.ScaledSum(y.Node, []int{1}, 0.5), chol}).(*rowProgram)
	}
	pr := program(100)
	line := regexp.MustCompile(`\[[0-9.e+]+ [KMG]?B, about [0-9.e+]+ [nµm]?s\]`)
	if n := len(line.FindAllString(pr.Dump(), -1)); n != len(pr.steps)+1 {
		t.Errorf("%d costs for %d steps and their total:\n%s", n, len(pr.steps), pr.Dump())
	}
	for i, s := range program(1000).steps {
		small, large := pr.steps[i].cost(64), s.cost(64)
		if strings.Contains(s.describe(), "1000") && !(large.ns > 5*small.ns && large.bytes > 5*small.bytes) {
			t.Errorf("%s: %v for ten times the work of %v", s.describe(), large, small)
		}
	}
}

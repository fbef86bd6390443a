//go:build rows

package plan

import "ppl/graph"

func tryRows(g *graph.Graph, outputs []*graph.Node) graph.Program {
	if p, ok := compileRows(g, outputs); ok {
		return p
	}
	return nil
}

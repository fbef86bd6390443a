package main

import "github.com/mmcloughlin/avo/ir"

// A function of a vector is a chain of dependent steps, and a processor's window is too short to
// overlap many of them. So several vectors are worked on at once, their instructions in turn.

const (
	weaveBegin = "weave: begin"
	weaveNext  = "weave: next"
	weaveEnd   = "weave: end"
)

// weave emits body for each of n independent vectors, to be merged. The bodies must not branch.
func (m *machine) weave(n int, body func(i int)) {
	if n == 1 {
		body(0)
		return
	}
	m.Comment(weaveBegin)
	for i := range n {
		body(i)
		m.Comment(weaveNext)
	}
	m.Comment(weaveEnd)
}

// merge takes the instructions between marks in turns.
func merge(f *ir.Function) {
	var out []ir.Node
	var parts [][]ir.Node
	inside := false
	for _, node := range f.Nodes {
		switch mark(node) {
		case weaveBegin:
			inside, parts = true, [][]ir.Node{nil}
		case weaveNext:
			parts = append(parts, nil)
		case weaveEnd:
			inside = false
			out = append(out, inTurn(parts)...)
		default:
			if inside {
				parts[len(parts)-1] = append(parts[len(parts)-1], node)
			} else {
				out = append(out, node)
			}
		}
	}
	f.Nodes = out
}

// mark returns the text of a comment.
func mark(node ir.Node) string {
	if c, ok := node.(*ir.Comment); ok && len(c.Lines) == 1 {
		return c.Lines[0]
	}
	return ""
}

func inTurn(parts [][]ir.Node) (out []ir.Node) {
	for i := 0; ; i++ {
		any := false
		for _, p := range parts {
			if i < len(p) {
				out, any = append(out, p[i]), true
			}
		}
		if !any {
			return out
		}
	}
}

// Package op is the vocabulary of the graph: elementwise maps over scalar
// functions, reductions, views and scatters (all indexing), contractions (all
// products) and linear algebra. Every op knows its shape rule, its value and
// its adjoint as ops of the same vocabulary, so gradients can be
// differentiated again.
//
// Broadcasting has one rule. An op over several operands has a frame: the
// list of dimensions of its result. Each operand says which dimensions of the
// frame it has (a graph.Term); over the others it is constant. Adjoints are
// terms too, so a gradient that is constant over a dimension is never laid
// out along it.
package op

import (
	"ppl/graph"
)

type (
	// Graph, Node, Term and Shape are the graph package's.
	Graph = graph.Graph
	Node  = graph.Node
	Term  = graph.Term
	Shape = graph.Shape
)

// Frame is a list of dimensions over which terms are combined elementwise.
type Frame struct {
	G     *Graph
	Shape Shape
}

// Scalar is the constant c as a term.
func (f Frame) Scalar(c float64) Term { return Term{Node: f.G.Scalar(c)} }

// Apply applies fn elementwise. The result has the union of the operands'
// dimensions.
func (f Frame) Apply(fn *Func, xs ...Term) Term {
	if t, ok := simplify(f, fn, xs); ok {
		return t
	}
	has := make([]bool, len(f.Shape))
	for _, x := range xs {
		for _, d := range x.Dims {
			has[d] = true
		}
	}
	var dims []int
	position := make([]int, len(f.Shape))
	out := Shape{}
	for d, yes := range has {
		if yes {
			position[d] = len(dims)
			dims = append(dims, d)
			out = append(out, f.Shape[d])
		}
	}
	maps := make([][]int, len(xs))
	nodes := make([]*Node, len(xs))
	for i, x := range xs {
		nodes[i] = x.Node
		maps[i] = make([]int, len(x.Dims))
		for j, d := range x.Dims {
			maps[i][j] = position[d]
		}
	}
	return Term{Node: f.G.Apply(newMap(fn, out, maps), nodes...), Dims: dims}
}

// in re-expresses a term over the sub-frame keep (increasing dimensions of f
// that include all of t's).
func (f Frame) in(t Term, keep []int) Term {
	out := Term{Node: t.Node, Dims: make([]int, 0, len(t.Dims))}
	j := 0
	for _, d := range t.Dims {
		for keep[j] != d {
			j++
		}
		out.Dims = append(out.Dims, j)
	}
	return out
}

// Sub is the frame with only the listed dimensions.
func (f Frame) Sub(keep []int) Frame {
	s := make(Shape, len(keep))
	for i, d := range keep {
		s[i] = f.Shape[d]
	}
	return Frame{f.G, s}
}

// Node materialises a term over the whole frame.
func (f Frame) Node(t Term) *Node { return f.G.Expand(f.Shape, t) }

func subset(a, b []int) bool {
	j := 0
	for _, d := range a {
		for j < len(b) && b[j] != d {
			j++
		}
		if j == len(b) {
			return false
		}
	}
	return true
}

func fullTerm(n *Node) Term { return graph.Full(n) }

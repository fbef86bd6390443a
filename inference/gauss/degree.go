package gauss

import (
	"ppl/graph"
	"ppl/graph/op"
)

// Quadratic is the largest degree that Degree tells apart: above, a function is called NotPolynomial, be it a polynomial or not.
const (
	Quadratic     = 2
	NotPolynomial = 3
)

// Degree is the degree of out as a polynomial in the elements of in, all other inputs of the graph taken as constants: 0, 1 or
// 2, or NotPolynomial. It is an upper bound: terms that cancel are not seen.
func Degree(out *graph.Node, in map[*graph.Node]bool) int {
	needed := graph.Needed([]*graph.Node{out})
	degrees := make([]int8, out.ID+1)
	for _, n := range out.Graph().Nodes()[:out.ID+1] {
		switch {
		case !needed[n.ID]:
		case in[n]:
			degrees[n.ID] = 1
		case n.Op != nil:
			degrees[n.ID] = int8(of(n, func(k int) int { return int(degrees[n.In[k].ID]) }))
		}
	}
	return int(degrees[out.ID])
}

// of is the degree of a node, from those of its operands.
func of(n *graph.Node, operand func(k int) int) int {
	most, total := 0, 0
	for k := range n.In {
		d := operand(k)
		most, total = max(most, d), total+d
	}
	if most == 0 {
		return 0
	}
	others := func(k int) int { // the degree of all operands but the k-th together
		return total - operand(k)
	}
	switch o := n.Op.(type) {
	case *op.Map:
		switch o.F {
		case op.Add, op.Sub, op.Neg:
			return most
		case op.Mul, op.MulZ:
			return min(total, NotPolynomial)
		case op.Square:
			return min(2*most, NotPolynomial)
		case op.Div:
			if operand(1) == 0 {
				return operand(0)
			}
		case op.Where:
			if operand(0) == 0 {
				return most
			}
		}
	case graph.Sum, graph.Broadcast, op.Scatter, op.CumSum:
		return most
	case op.View: // the offsets of a gather are constants
		return operand(0)
	case op.Contract:
		return min(total, NotPolynomial)
	case op.TriSolve, op.Solve:
		if others(1) == 0 {
			return operand(1)
		}
	}
	return NotPolynomial
}

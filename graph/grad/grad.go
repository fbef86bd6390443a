// Package grad is reverse-mode differentiation of a graph into the same graph.
//
// It walks the nodes that lead from wrt to the output in reverse order of
// creation, asks each op for the adjoints of its operands (Op.Diff), and adds
// up what each node receives. Adjoints are terms: broadcast dimensions are not
// laid out until an op needs them. Contributions that are scatters into one
// array (slices of a packed parameter vector, gathers) are assembled by one
// op. The result may be differentiated again.
package grad

import (
	"ppl/graph"
	"ppl/graph/op"
)

// Reverse returns the gradient of the scalar output with respect to each node
// of wrt, in the shape of that node; a node on which the output does not
// depend has gradient zero.
func Reverse(g *graph.Graph, output *graph.Node, wrt []*graph.Node) []*graph.Node {
	if len(output.Shape) != 0 {
		panic("grad: the output is not a scalar")
	}
	return VJP(g, output, g.Scalar(1), wrt)
}

// VJP returns, for each node of wrt, the vector-Jacobian product of output
// with the adjoint seed (of output's shape).
func VJP(g *graph.Graph, output, seed *graph.Node, wrt []*graph.Node) []*graph.Node {
	leads := reachable(output, wrt)
	adjoint := map[*graph.Node][]graph.Term{output: {constant(g, seed)}}
	result := map[*graph.Node]*graph.Node{}
	wanted := map[*graph.Node]bool{}
	for _, w := range wrt {
		wanted[w] = true
	}
	order := g.Nodes()[:output.ID+1]
	for i := len(order) - 1; i >= 0; i-- {
		n := order[i]
		ts := adjoint[n]
		if len(ts) == 0 || !leads[n] {
			continue
		}
		total := accumulate(g, n.Shape, ts)
		if wanted[n] {
			result[n] = g.Expand(n.Shape, total)
		}
		if n.Op == nil {
			continue
		}
		want := make([]bool, len(n.In))
		for k, c := range n.In {
			want[k] = leads[c]
		}
		for k, d := range n.Op.Diff(g, n.In, n, total, want) {
			if want[k] && !d.Zero() {
				adjoint[n.In[k]] = append(adjoint[n.In[k]], d)
			}
		}
	}
	out := make([]*graph.Node, len(wrt))
	for i, w := range wrt {
		if out[i] = result[w]; out[i] == nil {
			out[i] = g.Constant(w.Shape, make([]float64, w.Shape.Size()))
		}
	}
	return out
}

// constant is the seed as a term: one number where it is a constant of equal
// elements, so that nothing is multiplied by ones.
func constant(g *graph.Graph, seed *graph.Node) graph.Term {
	if c, ok := seed.ConstScalar(); ok {
		return graph.Term{Node: g.Scalar(c)}
	}
	return graph.Full(seed)
}

// reachable marks the ancestors of output that depend on some node of wrt.
func reachable(output *graph.Node, wrt []*graph.Node) map[*graph.Node]bool {
	leads, seen := map[*graph.Node]bool{}, map[*graph.Node]bool{}
	for _, w := range wrt {
		leads[w] = true
	}
	// An explicit stack: graphs of deep chains would overflow recursion limits.
	type frame struct {
		n    *graph.Node
		next int
	}
	stack := []frame{{n: output}}
	seen[output] = true
	for len(stack) > 0 {
		top := &stack[len(stack)-1]
		if top.next < len(top.n.In) {
			c := top.n.In[top.next]
			top.next++
			if !seen[c] {
				seen[c] = true
				stack = append(stack, frame{n: c})
			}
			continue
		}
		if _, no := top.n.Op.(graph.PiecewiseConstant); !no {
			for _, c := range top.n.In {
				leads[top.n] = leads[top.n] || leads[c]
			}
		}
		stack = stack[:len(stack)-1]
	}
	return leads
}

func accumulate(g *graph.Graph, shape graph.Shape, ts []graph.Term) graph.Term {
	ts = op.MergeScatters(g, shape, ts)
	f := op.Frame{G: g, Shape: shape}
	sum := ts[0]
	for _, t := range ts[1:] {
		sum = f.Apply(op.Add, sum, t)
	}
	return sum
}

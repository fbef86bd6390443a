package graph

// Graph is the graph that owns the node.
func (n *Node) Graph() *Graph { return n.g }

// Copy makes what outputs compute again in another graph, and returns them
// there. Inputs that they depend on must be in copies, which receives all
// nodes that are made; constants may be.
func Copy(to *Graph, outputs []*Node, copies map[*Node]*Node) []*Node {
	at := func(n *Node) *Node {
		if c := copies[n]; c != nil || !n.IsConst() {
			return c
		}
		return to.Constant(n.Shape, n.Const)
	}
	if len(outputs) == 0 {
		return nil
	}
	needed := Needed(outputs)
	for _, n := range outputs[0].g.nodes {
		if !needed[n.ID] || n.Op == nil || n.IsConst() || copies[n] != nil {
			continue
		}
		in := make([]*Node, len(n.In))
		for i, x := range n.In {
			in[i] = at(x)
		}
		copies[n] = to.Apply(n.Op, in...)
	}
	out := make([]*Node, len(outputs))
	for i, n := range outputs {
		out[i] = at(n)
	}
	return out
}

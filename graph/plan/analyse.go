package plan

import (
	"ppl/graph"
	"ppl/graph/op"
	"ppl/graph/scan"
)

// analysis says which nodes vary with the particle.
type analysis struct {
	order     []*graph.Node // needed nodes that are not constants, operands first
	all       []*graph.Node // of the graph, by ID
	batch     []bool        // by node ID
	particles int
}

// rows is the shape of a node without its particle dimension.
func (a *analysis) rows(n *graph.Node) graph.Shape {
	if a.batch[n.ID] {
		return n.Shape[1:]
	}
	return n.Shape
}

// analyse finds the nodes that vary with the particle. Where an op mixes
// particles in a way that rows cannot express, or there are none, it is as if
// there were one, of which all dimensions are.
func analyse(g *graph.Graph, outputs []*graph.Node) *analysis {
	a := &analysis{all: g.Nodes(), batch: make([]bool, len(g.Nodes()))}
	needed := graph.Needed(outputs)
	for _, n := range g.Nodes() {
		if needed[n.ID] && !n.IsConst() {
			a.order = append(a.order, n)
		}
	}
	if !a.varying() || a.particles == 0 {
		a.particles = 1
		clear(a.batch)
	}
	return a
}

// varying marks the nodes that vary, and reports whether rows can express it.
func (a *analysis) varying() bool {
	for _, n := range a.order {
		if n.Batch {
			if a.particles != 0 && a.particles != n.Shape[0] {
				return false
			}
			a.particles = n.Shape[0]
			a.batch[n.ID] = true
		}
		if n.Op != nil && !a.vary(n) {
			return false
		}
	}
	return true
}

// node is the node of that ID.
func (a *analysis) node(id int) *graph.Node { return a.all[id] }

func (a *analysis) anyBatch(n *graph.Node) bool {
	for _, c := range n.In {
		if a.batch[c.ID] {
			return true
		}
	}
	return false
}

// vary sets whether n varies, from its operands.
func (a *analysis) vary(n *graph.Node) bool {
	if !a.anyBatch(n) {
		return true
	}
	a.batch[n.ID] = true
	switch o := n.Op.(type) {
	case *op.Map:
		for k, c := range n.In {
			if a.batch[c.ID] && o.Dims[k][0] != 0 {
				return false
			}
		}
		return true
	case graph.Sum:
		a.batch[n.ID] = len(o.Dims) == 0 || o.Dims[0] != 0
		return true
	case graph.Broadcast:
		return o.Dims[0] == 0
	case op.View:
		return a.view(n, o)
	case op.Scatter:
		return a.scatter(n, o)
	case op.Contract:
		return a.contract(n, o)
	case op.Reduce:
		return len(o.Dims) == 0 || o.Dims[0] != 0
	case op.CumSum, op.SortPerm:
		return len(n.Shape) >= 2
	case op.Cholesky, op.CholeskyAdjoint, op.LogDet:
		return len(n.In[0].Shape) >= 3
	case op.TriSolve:
		return a.solve(n, o.A, o.B)
	case op.Solve:
		return a.solve(n, o.A, o.B)
	case op.Chain:
		return a.chain(n, o.ChainShape)
	case op.ChainValue:
		return a.chain(n, o.ChainShape)
	case op.ChainHessian:
		return a.chain(n, o.ChainShape)
	case scan.Scan:
		return o.Lead == a.particles && a.feeds(n, o)
	case scan.Steps:
		return o.Lead == a.particles && a.feeds(n, o)
	}
	return false
}

// feeds reports whether the inputs of a body have the particles of all operands
// that vary.
func (a *analysis) feeds(n *graph.Node, s interface{ Input(k int) *graph.Node }) bool {
	for k, c := range n.In {
		if a.batch[c.ID] && !s.Input(k).Batch {
			return false
		}
	}
	return true
}

// solve accepts a matrix for each particle, or one that all share.
func (a *analysis) solve(n *graph.Node, of, b graph.Shape) bool {
	if len(of) < len(b) {
		return !a.batch[n.In[0].ID]
	}
	return len(of) >= 3
}

// chain: the chains of each particle are apart if the particle is the first
// dimension of the batch, and of every operand that varies.
func (a *analysis) chain(n *graph.Node, c op.ChainShape) bool {
	if len(c.Batch) == 0 || c.Batch[0] != a.particles {
		return false
	}
	w := n.In[1]
	if _, value := n.Op.(op.ChainValue); value {
		w = n.In[2]
	}
	return !a.batch[w.ID] || len(c.WBatch) > 0 && c.WBatch[0] == 0
}

// view accepts views that take all particles in order as their first dimension
// and stay within each particle's rows.
func (a *analysis) view(n *graph.Node, v op.View) bool {
	if !a.batch[n.In[0].ID] || len(n.In) == 2 && a.batch[n.In[1].ID] {
		return false
	}
	size := v.From[1:].Size()
	if len(v.Out) == 0 || v.Out[0] != a.particles || a.particles > 1 && v.Strides[0] != size {
		return false
	}
	if v.OffStrides != nil && v.OffStrides[0] != 0 && a.particles > 1 {
		return false
	}
	if v.OffStrides != nil {
		return v.Base >= 0 && v.Base < size
	}
	return within(v.Out[1:], v.Strides[1:], v.Base, size)
}

// within reports whether all offsets of a strided walk are in [0, size).
func within(shape graph.Shape, strides []int, base, size int) bool {
	lo, hi := base, base
	for d, n := range shape {
		if s := strides[d] * (n - 1); s > 0 {
			hi += s
		} else {
			lo += s
		}
	}
	return lo >= 0 && hi < size
}

func (a *analysis) scatter(n *graph.Node, s op.Scatter) bool {
	size := s.Out[1:].Size()
	k := 0
	for _, p := range s.Parts {
		k++
		if len(p.Shape) == 0 || p.Shape[0] != a.particles || a.particles > 1 && p.Strides[0] != size {
			return false
		}
		if p.OffStrides != nil {
			if a.batch[n.In[k].ID] || p.OffStrides[0] != 0 && a.particles > 1 {
				return false
			}
			k++
		} else if !within(p.Shape[1:], p.Strides[1:], p.Base, size) {
			return false
		}
	}
	return true
}

// contract: the particle's label is the first of each operand that varies; in
// the result it is the first too, or it is summed.
func (a *analysis) contract(n *graph.Node, c op.Contract) bool {
	label := -1
	for k, labels := range [][]int{c.A, c.B} {
		if !a.batch[n.In[k].ID] {
			continue
		}
		if label >= 0 && labels[0] != label {
			return false
		}
		label = labels[0]
	}
	for i, l := range c.Out {
		if l == label {
			return i == 0
		}
	}
	a.batch[n.ID] = false
	return true
}

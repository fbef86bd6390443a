package plan

import (
	"ppl/graph"
	"ppl/graph/op"
)

// Lanes: a short last dimension is not looped over. Each index along it has
// registers of its own, so that a reduction over it, a log-sum-exp over the
// components of a mixture, stays in registers.

// inLanes reports whether a reduction is a log-sum-exp over a dimension that
// is split into lanes.
func (c *compiler) inLanes(n *graph.Node, r op.Reduce) bool {
	x := n.In[0]
	if r.Kind != op.LogSumExp || !c.an.batch[x.ID] || len(r.Dims) != 1 || r.Dims[0] != len(r.From)-1 {
		return false
	}
	_, k := lanes(c.an.rows(x))
	return k > 1
}

// lane is what a register holds: a node over the domain, or, where the node's
// last dimension is short, its slice k along it.
type lane struct{ node, k int }

// maxLanes is the longest last dimension that is split into lanes.
const maxLanes = 8

// lanes splits a short last dimension off a domain: instead of a loop over few
// rows there is a register for each, and a reduction over it stays in
// registers. Images of a batch, of four dimensions and more, are left as they are:
// nothing is reduced over their width alone, and each lane would copy rows that are
// not next to one another.
func lanes(dims graph.Shape) (domain graph.Shape, k int) {
	last := len(dims) - 1
	if last < 1 || last > 2 || dims[last] < 2 || dims[last] > maxLanes || dims[:last].Size() < 4*dims[last] {
		return dims, 1
	}
	return dims[:last], dims[last]
}

// at is the operand in lane k of the domain that lanes gives for dims.
func (o operand) at(dims graph.Shape, k int) operand {
	domain, n := lanes(dims)
	if n == 1 {
		return o
	}
	out := operand{n: o.n, v: o.v, dims: append([]int(nil), o.dims...), k: k}
	for i, d := range out.dims {
		if d == len(domain) {
			out.dims[i] = fixed
		}
	}
	return out
}

func inLane(os []operand, dims graph.Shape, k int) []operand {
	out := make([]operand, len(os))
	for i, o := range os {
		out[i] = o.at(dims, k)
	}
	return out
}

// logSumExp keeps a log-sum-exp over lanes in registers, weights included.
func (c *compiler) logSumExp(n *graph.Node) {
	x := n.In[0]
	dims := c.an.rows(x)
	domain, lanes := lanes(dims)
	o := []operand{{n: x, dims: graph.Iota(len(dims))}}
	stage := 0
	for k := 0; k < lanes; k++ {
		stage = max(stage, c.earliest(inLane(o, dims, k), domain, true))
	}
	cl := c.cluster(domain, true, stage)
	in := &instr{out: c.newValue(n, stage)}
	w := &value{rows: dims, batch: true, stage: stage, times: 1}
	c.weights[n.ID] = w
	for k := 0; k < lanes; k++ {
		in.args = append(in.args, c.arg(cl, inLane(o, dims, k)[0]))
		in.lse = append(in.lse, cl.nregs)
		cl.nregs++
	}
	cl.emit(n, in)
	c.weightRegs[n.ID] = in.lse
}

// weight recognises exp(x − log_sum_exp(x)), which the log-sum-exp left in
// registers.
func (c *compiler) weight(n *graph.Node, m *op.Map) (*value, bool) {
	if m.F != op.ExpSub {
		return nil, false
	}
	l := n.In[1]
	w := c.weights[l.ID]
	if w == nil || l.In[0] != n.In[0] || len(m.Dims[1]) != len(m.Out)-1 || w.n != nil {
		return nil, false
	}
	for i, d := range m.Dims[1] {
		if i != d {
			return nil, false
		}
	}
	w.n = n
	domain, lanes := lanes(w.rows)
	cl := c.cluster(domain, true, w.stage)
	for k := 0; k < lanes; k++ {
		cl.regs[lane{n.ID, k}] = c.weightRegs[l.ID][k]
		cl.instrs = append(cl.instrs, &instr{dst: c.weightRegs[l.ID][k], out: w, k: k})
	}
	return w, true
}

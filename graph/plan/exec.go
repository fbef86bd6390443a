package plan

import (
	"fmt"

	"ppl/graph"
	"ppl/graph/kernel/vec"
	"ppl/graph/op"
)

// rowState is one goroutine's memory for a rowProgram.
type rowState struct {
	pr      *rowProgram
	arena   []float64
	scratch []float64
	inputs  [][]float64 // logical order, filled by the caller
	dirty   []bool
	outputs [][]float64
	sum     []float64 // a row of sums
	zeros   []float64 // as many as a block has rows
	steps   []runner
	cur     []int // offset in rows of each access at the current outer index
	curOff  []int
	idx     []int
}

// Inputs implements graph.Program: the inputs that the outputs depend on.
func (pr *rowProgram) Inputs() []*graph.Node { return pr.inputs }

// Outputs implements graph.Program.
func (pr *rowProgram) Outputs() []*graph.Node { return pr.outputs }

// NewState implements graph.Program.
func (pr *rowProgram) NewState() (graph.State, error) {
	s := &rowState{pr: pr, arena: aligned(pr.arena), scratch: aligned(pr.scratch), sum: aligned(pr.p), zeros: make([]float64, maxBlock)}
	n, dims := 0, 0
	for _, st := range pr.steps {
		if cl, ok := st.(*cluster); ok {
			n, dims = max(n, len(cl.loop.acc)), max(dims, len(cl.loop.dims))
		}
	}
	s.cur, s.curOff, s.idx = make([]int, n), make([]int, n), make([]int, dims)
	for i, st := range pr.steps {
		if cl, ok := st.(*cluster); ok && cl.loop.chunks > 1 {
			s.steps = append(s.steps, s.split(cl))
		} else if ok {
			s.steps = append(s.steps, s.bind(cl))
		} else if g, ok := st.(*generic); ok {
			s.steps = append(s.steps, s.bindGeneric(g))
		} else {
			s.steps = append(s.steps, pr.steps[i].(runner))
		}
	}
	for i, v := range pr.in {
		if v.batch && pr.p > 1 {
			s.inputs = append(s.inputs, make([]float64, pr.inputs[i].Shape.Size()))
		} else {
			s.inputs = append(s.inputs, s.array(v))
		}
	}
	s.dirty = make([]bool, len(pr.in))
	for i, v := range pr.out {
		if v.batch && pr.p > 1 {
			s.outputs = append(s.outputs, make([]float64, pr.outputs[i].Shape.Size()))
		} else {
			s.outputs = append(s.outputs, s.array(v))
		}
	}
	return s, nil
}

// aligned allocates on a cache line.
func aligned(n int) []float64 {
	if n == 0 {
		return nil
	}
	x := make([]float64, n+8)
	skip := int((64-addr(x)%64)%64) / 8
	return x[skip : skip+n : skip+n]
}

func (s *rowState) array(v *value) []float64 {
	if v.data != nil {
		return v.data
	}
	n := v.rows.Size()
	if v.batch {
		n *= s.pr.p
	}
	return s.arena[v.at : v.at+n]
}

func (s *rowState) Input(i int) []float64 {
	s.dirty[i] = true
	return s.inputs[i]
}

func (s *rowState) Output(i int) []float64 {
	if v := s.pr.out[i]; v.batch && s.pr.p > 1 {
		fromRows(s.outputs[i], s.array(v), s.pr.s, s.pr.p)
	}
	return s.outputs[i]
}

func (s *rowState) Run() (err error) {
	at := "the inputs"
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("plan: %s: %v", at, r)
		}
	}()
	for i, v := range s.pr.in {
		if s.dirty[i] && v.batch && s.pr.p > 1 {
			toRows(s.array(v), s.inputs[i], s.pr.s, s.pr.p)
		}
		s.dirty[i] = false
	}
	for _, st := range s.steps {
		st.run(s)
	}
	return nil
}

// runner is a step as a state runs it.
type runner interface{ run(s *rowState) }

// bound is a cluster with the memory of one state.
type bound struct {
	*cluster
	w     int
	data  [][]float64 // of each access
	slots [][]float64 // block registers, temporaries last
	// still holds, where the whole domain is one block, the operands that are
	// the same in every run, by instruction and argument; accumulations follow
	// the instructions.
	still [][]vec.Operand
	fixed [][]bool
}

func (s *rowState) bind(cl *cluster) *bound {
	lp := cl.loop
	b := &bound{cluster: cl, w: 1}
	if cl.batch {
		b.w = s.pr.p
	}
	for _, a := range lp.acc {
		b.data = append(b.data, s.array(a.v))
	}
	size := lp.block * b.w
	for k := 0; k < lp.slots+lp.temps; k++ {
		b.slots = append(b.slots, s.scratch[k*size:(k+1)*size])
	}
	if len(lp.dims) > 1 || lp.dims[0] > lp.block || lp.chunks > 1 {
		return b
	}
	for i, a := range lp.acc {
		s.cur[i], s.curOff[i] = a.base, a.offBase
	}
	n := lp.dims[0]
	for _, in := range cl.instrs {
		b.fix(s, in.args, n)
	}
	for _, a := range cl.accums {
		if a.dot != nil {
			b.fix(s, a.dot.args, n)
		} else {
			b.fix(s, a.srcs(), n)
		}
	}
	return b
}

// fix resolves the arguments that need no copying.
func (b *bound) fix(s *rowState, args []arg, n int) {
	ops, ok := make([]vec.Operand, len(args)), make([]bool, len(args))
	for k, a := range args {
		if a.reg >= 0 {
			if b.loop.slot[a.reg] >= 0 {
				ops[k], ok[k] = vec.Operand{Data: b.slots[b.loop.slot[a.reg]][:n*b.w], Mode: vec.Full}, true
			}
			continue
		}
		x := b.loop.acc[a.acc]
		step := x.strides[0]
		if x.off == nil && (step == 0 || step == 1 || n == 1) {
			ops[k], ok[k] = b.read(s, a.acc, 0, 0, n), true
		}
	}
	b.still, b.fixed = append(b.still, ops), append(b.fixed, ok)
}

func (c *clear1) run(s *rowState) { clear(s.array(c.v)) }

func (c *scale) run(s *rowState) {
	x := s.array(c.v)
	for i := range x {
		x[i] *= c.v.times
	}
}

// run walks the whole domain.
func (b *bound) run(s *rowState) { b.part(s, 0, b.loop.dims[0]) }

// part walks indices lo to hi of the first dimension: the outer dimensions one
// index at a time, the last in blocks.
func (b *bound) part(s *rowState, lo, hi int) {
	lp := b.loop
	for i, a := range lp.acc {
		s.cur[i], s.curOff[i] = a.base, a.offBase
	}
	last := len(lp.dims) - 1
	if last == 0 {
		b.blocks(s, lo, hi)
		return
	}
	idx := s.idx[:last]
	clear(idx)
	idx[0] = lo
	b.move(s, 0, lo)
	for {
		b.blocks(s, 0, lp.dims[last])
		d := last - 1
		for ; d >= 0; d-- {
			idx[d]++
			b.move(s, d, 1)
			if d == 0 && idx[0] < hi || d > 0 && idx[d] < lp.dims[d] {
				break
			}
			b.move(s, d, -idx[d])
			idx[d] = 0
		}
		if d < 0 {
			return
		}
	}
}

// blocks runs rows lo to hi of the last dimension.
func (b *bound) blocks(s *rowState, lo, hi int) {
	for start := lo; start < hi; start += b.loop.block {
		b.block(s, start, min(b.loop.block, hi-start))
	}
}

// move steps all accesses along an outer dimension.
func (b *bound) move(s *rowState, d, by int) {
	for i, a := range b.loop.acc {
		s.cur[i] += by * a.strides[d]
		if a.off != nil {
			s.curOff[i] += by * a.offStrides[d]
		}
	}
}

// boundGeneric is a generic op with the memory of one state: its operands and
// its result in logical order.
type boundGeneric struct {
	*generic
	in  [][]float64
	out []float64
}

func (s *rowState) bindGeneric(g *generic) *boundGeneric {
	b := &boundGeneric{generic: g, out: s.array(g.out)}
	if g.promote != nil {
		return b
	}
	for _, v := range g.in {
		x := s.array(v)
		if v.batch && s.pr.p > 1 {
			x = make([]float64, v.rows.Size()*s.pr.s)
		}
		b.in = append(b.in, x)
	}
	if g.out.batch && s.pr.p > 1 {
		b.out = make([]float64, g.n.Shape.Size())
	}
	return b
}

// run brings the operands into logical order, evaluates the op and brings the
// result back.
func (b *boundGeneric) run(s *rowState) {
	p := s.pr.p
	switch {
	case b.promote != nil:
		toRows(b.out, s.array(b.promote), s.pr.s, p)
		return
	case b.logSumExp(s):
		return
	}
	for i, v := range b.generic.in {
		if v.batch && p > 1 {
			fromRows(b.in[i], s.array(v), s.pr.s, p)
		}
	}
	b.n.Op.Eval(b.out, b.in)
	if b.generic.out.batch && p > 1 {
		toRows(s.array(b.generic.out), b.out, s.pr.s, p)
	}
}

// logSumExp runs a log-sum-exp over the last dimension in rows.
func (b *boundGeneric) logSumExp(s *rowState) bool {
	r, ok := b.n.Op.(op.Reduce)
	if !ok || r.Kind != op.LogSumExp || !b.generic.out.batch || len(r.Dims) != 1 || r.Dims[0] != len(r.From)-1 {
		return false
	}
	k, p := r.From[r.Dims[0]], s.pr.p
	x, out := s.array(b.generic.in[0]), s.array(b.generic.out)
	for i := 0; i*p < len(out); i++ {
		vec.LogSumExp(out[i*p:(i+1)*p], x[i*k*p:(i+1)*k*p], k, p, p)
	}
	return true
}

package plan

import (
	"fmt"
	"unsafe"

	"ppl/graph"
	"ppl/graph/kernel/vec"
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
	ones    []float64 // as many as a row has numbers
	steps   []runner
	idx     []int
	tab     []unsafe.Pointer // what operations work on
	taken   int              // entries of it
	spaces  [][]float64      // of each worker on a product
	// Other constants than those of the program, and what is worked out from them, by what the program has.
	constants graph.Constants
	spread    map[*value][]float64
	tiled     map[tileKey][]float64
}

// Inputs implements graph.Program: the inputs that the outputs depend on.
func (pr *rowProgram) Inputs() []*graph.Node { return pr.inputs }

// Outputs implements graph.Program.
func (pr *rowProgram) Outputs() []*graph.Node { return pr.outputs }

// NewState implements graph.Program.
func (pr *rowProgram) NewState() (graph.State, error) { return pr.NewStateOf(nil) }

// NewStateOf implements graph.Refitted.
func (pr *rowProgram) NewStateOf(constants graph.Constants) (graph.State, error) {
	s := &rowState{pr: pr, constants: constants, arena: aligned(pr.arena), scratch: aligned(pr.scratch), sum: aligned(pr.p), zeros: make([]float64, maxBlock), ones: make([]float64, pr.p)}
	for i := range s.ones {
		s.ones[i] = 1
	}
	entries, dims := 0, 0
	for _, st := range pr.steps {
		entries += 2 // for an array, or for one and its factor
		if cl, ok := st.(*cluster); ok {
			entries, dims = entries+cl.loop.entries(), max(dims, len(cl.loop.dims))
		}
	}
	s.tab, s.idx = make([]unsafe.Pointer, entries), make([]int, dims)
	for _, st := range pr.steps {
		s.add(st)
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

// add binds a step; those that always do the same join into one list.
func (s *rowState) add(st rowStep) {
	switch st := st.(type) {
	case *cluster:
		if st.loop.chunks > 1 {
			s.steps = append(s.steps, s.split(st))
		} else if b := s.bind(st); b.static {
			s.join(b.ops...)
		} else {
			s.steps = append(s.steps, b)
		}
	case *generic:
		s.steps = append(s.steps, s.bindOther(st))
	case *clear1:
		s.join(operation{code: clearRows, dst: s.entry(st.v), width: int32(len(s.array(st.v)))})
	case *scale:
		at, c := s.entry(st.v), vec.NewBinary(vec.Mul, vec.Full, vec.Scalar, len(s.array(st.v)))
		s.tab[s.reserve(1)] = unsafe.Pointer(&st.v.times)
		s.join(operation{code: callBinary, dst: at, a: at, b: at + 1, rows: 1, binary: &c})
	}
}

// straight is a list of operations that is the same in every run.
type straight struct{ ops []operation }

func (l *straight) run(s *rowState) { exec(l.ops, s.tab, 0, 0) }

func (s *rowState) join(ops ...operation) {
	if n := len(s.steps); n > 0 {
		if l, ok := s.steps[n-1].(*straight); ok {
			l.ops = append(l.ops, ops...)
			return
		}
	}
	s.steps = append(s.steps, &straight{ops})
}

// entry is a new entry of the table, for a whole array.
func (s *rowState) entry(v *value) int32 {
	at := s.reserve(1)
	s.tab[at] = unsafe.Pointer(unsafe.SliceData(s.array(v)))
	return int32(at)
}

// space is what a worker on products of matrices copies to.
func (s *rowState) space(worker int) []float64 {
	for worker >= len(s.spaces) {
		s.spaces = append(s.spaces, aligned(vec.ProductSpace))
	}
	return s.spaces[worker]
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
		return s.constant(v)
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

// run walks the whole domain.
func (b *bound) run(s *rowState) {
	b.part(s, 0, b.loop.dims[0])
}

// part walks indices lo to hi of the first dimension: the outer dimensions one
// index at a time, the last in blocks.
func (b *bound) part(s *rowState, lo, hi int) {
	lp := b.loop
	b.begin()
	last := len(lp.dims) - 1
	if last == 0 {
		b.blocks(s, lo, hi)
		return
	}
	idx := s.idx[:last]
	clear(idx)
	idx[0] = lo
	b.move(0, lo)
	for {
		b.blocks(s, 0, lp.dims[last])
		d := last - 1
		for ; d >= 0; d-- {
			idx[d]++
			b.move(d, 1)
			if d == 0 && idx[0] < hi || d > 0 && idx[d] < lp.dims[d] {
				break
			}
			b.move(d, -idx[d])
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
		n := min(b.loop.block, hi-start)
		b.place(start, n)
		exec(b.ops, b.tab, start, n)
	}
}

// move steps all accesses along an outer dimension.
func (b *bound) move(d, by int) {
	for i, a := range b.loop.acc {
		b.cur[i] += by * a.strides[d]
		if a.off != nil {
			b.curOff[i] += by * a.offStrides[d]
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
	if b.promote != nil {
		toRows(b.out, s.array(b.promote), s.pr.s, p)
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

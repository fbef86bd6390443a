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

// block runs the instructions and accumulations on rows start to start+n of
// the last dimension.
func (b *bound) block(s *rowState, start, n int) {
	lp, w := b.loop, b.w
	stores := len(b.accesses)
	for i, in := range b.instrs {
		if in.skip {
			continue
		}
		dst := b.slots[lp.slot[in.dst]][:n*w]
		switch {
		case in.pair != nil:
			b.logitPair(s, i, in, dst, start, n)
		case in.fn != nil:
			b.apply(s, i, in, dst, start, n)
		case in.mat != nil:
			m := in.mat
			vec.MatMul(dst, s.array(m.x)[start*m.rowStride:], s.array(m.b), n, m.k, w, m.rowStride, m.colStride, false)
		case in.lse != nil:
			b.logSumExp(s, i, in, dst, start, n)
		case len(in.args) > 0:
			vec.Expand(dst, b.operand(s, i, in.args, 0, start, n), n, w)
		}
		if in.out.stored {
			b.write(s, stores, dst, start, n)
			stores++
		}
	}
	for i, a := range b.accums {
		if !a.paired {
			b.accumulate(s, len(b.instrs)+i, a, a.index, start, n)
		}
	}
}

// logitPair computes inv_logit(x) and adds up softplus(x), as the density and
// the adjoint of Bernoulli observations that are all 0.
func (b *bound) logitPair(s *rowState, i int, in *instr, dst []float64, start, n int) {
	w := b.w
	x := b.operand(s, i, in.args, 0, start, n)
	eta := x.Data
	if x.Mode != vec.Full {
		vec.Expand(dst, x, n, w)
		eta = dst
	}
	clear(s.sum)
	vec.BernoulliLogit(s.sum, dst, eta[:n*w], s.zeros[:n], n, w)
	vec.Unary(vec.Neg, dst, vec.Operand{Data: dst, Mode: vec.Full}, n, w)
	a := in.pair
	row := s.cur[a.index] + start*a.to.strides[len(b.loop.dims)-1]
	out := b.data[a.index][row*w : (row+1)*w]
	vec.Binary(vec.Sub, out, vec.Operand{Data: out, Mode: vec.Full}, vec.Operand{Data: s.sum, Mode: vec.Full}, 1, w)
}

// logSumExp brings the lanes into neighbouring slots, where the kernel turns
// them into weights.
func (b *bound) logSumExp(s *rowState, i int, in *instr, dst []float64, start, n int) {
	lp := b.loop
	for k := range in.args {
		// Through the last temporary: arguments have temporaries of their own number.
		vec.Expand(b.slots[lp.slot[in.lse[k]]][:n*b.w], b.lane(s, i, in.args, k, start, n), n, b.w)
	}
	first, size := lp.slot[in.lse[0]], lp.block*b.w
	x := s.scratch[first*size : (first+len(in.lse))*size]
	vec.Softmax(dst, x, x, len(in.lse), n*b.w, size)
}

// lane is argument k, copied if need be to the first temporary.
func (b *bound) lane(s *rowState, i int, args []arg, k, start, n int) vec.Operand {
	if b.fixed != nil && b.fixed[i][k] {
		return b.still[i][k]
	}
	a := args[k]
	if a.reg >= 0 {
		return vec.Operand{Data: b.slots[b.loop.slot[a.reg]][:n*b.w], Mode: vec.Full}
	}
	return b.read(s, a.acc, b.loop.slots, start, n)
}

func (b *bound) apply(s *rowState, i int, in *instr, dst []float64, start, n int) {
	x := b.operand(s, i, in.args, 0, start, n)
	switch len(in.args) {
	case 1:
		unary(in.fn, in.kern, dst, x, n, b.w)
	case 2:
		binary(in.fn, in.kern, dst, x, b.operand(s, i, in.args, 1, start, n), n, b.w)
	default:
		y, z := b.operand(s, i, in.args, 1, start, n), b.operand(s, i, in.args, 2, start, n)
		ternary(in.fn, in.kern, dst, x, y, z, n, b.w)
	}
}

// operand gives the rows that argument k of instruction i reads; those that
// are not next to one another are copied into temporary slot k first.
func (b *bound) operand(s *rowState, i int, args []arg, k, start, n int) vec.Operand {
	if b.fixed != nil && b.fixed[i][k] {
		return b.still[i][k]
	}
	a := args[k]
	if a.reg >= 0 {
		return vec.Operand{Data: b.slots[b.loop.slot[a.reg]][:n*b.w], Mode: vec.Full}
	}
	return b.read(s, a.acc, b.loop.slots+k, start, n)
}

func (b *bound) read(s *rowState, acc, temp, start, n int) vec.Operand {
	lp, w := b.loop, b.w
	x, data := lp.acc[acc], b.data[acc]
	last := len(lp.dims) - 1
	step := x.strides[last]
	row := s.cur[acc] + start*step
	vw := 1
	if x.v.batch {
		vw = w
	}
	gather := x.off != nil && x.offStrides[last] != 0
	if !gather {
		if x.off != nil {
			row += int(x.off[s.curOff[acc]])
		}
		switch {
		case step == 1 || n == 1:
			return many(data[row*vw:(row+n)*vw], x.v.batch)
		case step == 0:
			return one(data[row*vw:(row+1)*vw], x.v.batch)
		}
	}
	buf := b.slots[temp][:n*vw]
	if gather && step == 0 && x.offStrides[last] == 1 {
		at := s.curOff[acc] + start
		vec.GatherRows(buf, data[row*vw:], x.off[at:at+n], vw)
		return many(buf, x.v.batch)
	}
	for r := 0; r < n; r++ {
		from := x.row(row, r, step, s.curOff[acc], start, last)
		if vw == 1 {
			buf[r] = data[from]
		} else {
			copy(buf[r*vw:(r+1)*vw], data[from*vw:])
		}
	}
	return many(buf, x.v.batch)
}

// row is the row of the array at row r of a block.
func (x *access) row(row, r, step, off, start, last int) int {
	to := row + r*step
	if x.off != nil && x.offStrides[last] != 0 {
		to += int(x.off[off+(start+r)*x.offStrides[last]])
	}
	return to
}

func one(x []float64, batch bool) vec.Operand {
	if batch {
		return vec.Operand{Data: x, Mode: vec.PerParticle}
	}
	return vec.Operand{Data: x, Mode: vec.Scalar}
}

func many(x []float64, batch bool) vec.Operand {
	if batch {
		return vec.Operand{Data: x, Mode: vec.Full}
	}
	return vec.Operand{Data: x, Mode: vec.PerRow}
}

// write stores a register.
func (b *bound) write(s *rowState, acc int, src []float64, start, n int) {
	x, data, w := b.loop.acc[acc], b.data[acc], b.w
	step := x.strides[len(b.loop.dims)-1]
	row := s.cur[acc] + start*step
	if step == 1 || n == 1 {
		copy(data[row*w:], src)
		return
	}
	for r := 0; r < n; r++ {
		copy(data[(row+r*step)*w:(row+r*step+1)*w], src[r*w:])
	}
}

// accumulate adds rows to an array.
func (b *bound) accumulate(s *rowState, i int, a *accum, acc, start, n int) {
	lp, w, out := b.loop, b.w, b.data[acc]
	if a.dot != nil {
		b.accumulateDot(s, i, a, acc, start, n)
		return
	}
	src := b.lane(s, i, a.srcs(), 0, start, n)
	if m := a.mat; m != nil {
		rows := b.full(src, n)
		vec.MatMul(out, s.array(m.x)[start*m.rowStride:], rows, m.k, n, w, m.colStride, m.rowStride, true)
		return
	}
	last := len(lp.dims) - 1
	x := lp.acc[acc]
	step := x.strides[last]
	row := s.cur[acc] + start*step
	gather := x.off != nil && x.offStrides[last] != 0
	if x.off != nil && !gather {
		row += int(x.off[s.curOff[acc]])
	}
	switch {
	case a.horizontal:
		for r := 0; r < n; r++ {
			out[x.row(row, r, step, s.curOff[acc], start, last)] += sumParticles(src, r, s.pr.s, w)
		}
	case gather && step == 0 && x.offStrides[last] == 1 && src.Mode == vec.Full:
		at := s.curOff[acc] + start
		vec.ScatterAddRows(out[row*w:], src.Data, x.off[at:at+n], w)
	case gather || step > 1 || step < 0:
		for r := 0; r < n; r++ {
			to := x.row(row, r, step, s.curOff[acc], start, last)
			addRow(out[to*w:(to+1)*w], src, r, w)
		}
	case step == 1 || n == 1:
		dst := out[row*w : (row+n)*w]
		vec.Binary(vec.Add, dst, vec.Operand{Data: dst, Mode: vec.Full}, src, n, w)
	case src.Mode == vec.Full:
		vec.SumRows(out[row*w:(row+1)*w], src.Data[:n*w], n, w)
	default:
		addRows(out[row*w:(row+1)*w], src, n, w)
	}
}

// accumulateDot adds up a product as it is made. The kernels do not absorb
// zeros: a sum that is not a number is computed again, product by product.
func (b *bound) accumulateDot(s *rowState, i int, a *accum, acc, start, n int) {
	w := b.w
	p := product{fn: a.dot.fn, w: w, a: b.operand(s, i, a.dot.args, 0, start, n)}
	p.b = p.a
	if len(a.dot.args) == 2 {
		p.b = b.operand(s, i, a.dot.args, 1, start, n)
	}
	full, other := p.a, p.b
	if full.Mode != vec.Full {
		full, other = other, full
	}
	step := b.loop.acc[acc].strides[len(b.loop.dims)-1]
	row := s.cur[acc] + start*step
	if a.horizontal {
		b.dotParticles(s, p, full, other, b.data[acc], row, step, n)
		return
	}
	clear(s.sum)
	vec.DotRows(s.sum, full.Data[:n*w], other, n, w)
	if t := vec.Sum(s.sum); t != t {
		p.overRows(s.sum, n)
	}
	dst := b.data[acc][row*w : (row+1)*w]
	vec.Binary(vec.Add, dst, vec.Operand{Data: dst, Mode: vec.Full}, vec.Operand{Data: s.sum, Mode: vec.Full}, 1, w)
}

// dotParticles adds Σ over particles of a product to each row.
func (b *bound) dotParticles(s *rowState, p product, full, other vec.Operand, out []float64, row, step, n int) {
	sums := b.slots[len(b.slots)-1][:n]
	if s.pr.s == b.w {
		vec.DotParticles(sums, full.Data[:n*b.w], other, n, b.w)
	}
	for r, t := range sums {
		if t != t || s.pr.s != b.w {
			t = p.overParticles(r, s.pr.s)
		}
		out[row+r*step] += t
	}
}

// product is one block of a product that is summed, operands in their order:
// under MulZ a zero of the first absorbs whatever the second is.
type product struct {
	fn   *op.Func
	a, b vec.Operand
	w    int
}

func (p product) at(r, i int) float64 {
	x, y := at(p.a, r, i, p.w), at(p.b, r, i, p.w)
	if p.fn == op.MulZ && x == 0 {
		return 0
	}
	return x * y
}

func (p product) overParticles(r, s int) float64 {
	t := 0.0
	for i := 0; i < s; i++ {
		t += p.at(r, i)
	}
	return t
}

func (p product) overRows(sum []float64, n int) {
	for i := range sum {
		sum[i] = 0
		for r := 0; r < n; r++ {
			sum[i] += p.at(r, i)
		}
	}
}

// full is an operand laid out row by row, in the last temporary slot if it is not.
func (b *bound) full(src vec.Operand, n int) []float64 {
	if src.Mode == vec.Full || b.w == 1 && src.Mode == vec.PerRow {
		return src.Data[:n*b.w]
	}
	buf := b.slots[len(b.slots)-1][:n*b.w]
	vec.Expand(buf, src, n, b.w)
	return buf
}

func addRow(dst []float64, src vec.Operand, r, w int) {
	switch src.Mode {
	case vec.Full:
		for i, v := range src.Data[r*w : (r+1)*w] {
			dst[i] += v
		}
	case vec.PerParticle:
		for i, v := range src.Data[:w] {
			dst[i] += v
		}
	case vec.PerRow:
		for i := range dst {
			dst[i] += src.Data[r]
		}
	default:
		for i := range dst {
			dst[i] += src.Data[0]
		}
	}
}

// addRows adds n equal or broadcast rows to one.
func addRows(dst []float64, src vec.Operand, n, w int) {
	switch src.Mode {
	case vec.PerParticle:
		for i, v := range src.Data[:w] {
			dst[i] += float64(n) * v
		}
	case vec.Scalar:
		for i := range dst {
			dst[i] += float64(n) * src.Data[0]
		}
	default:
		t := vec.Sum(src.Data[:n])
		for i := range dst {
			dst[i] += t
		}
	}
}

// sumParticles adds up a row over the particles that exist.
func sumParticles(src vec.Operand, r, s, w int) float64 {
	switch src.Mode {
	case vec.PerRow:
		return float64(s) * src.Data[r]
	case vec.Scalar:
		return float64(s) * src.Data[0]
	case vec.PerParticle:
		r = 0
	}
	t := 0.0
	for _, v := range src.Data[r*w : r*w+s] {
		t += v
	}
	return t
}

// run brings the operands of a generic op into logical order, evaluates it and
// brings the result back.
func (g *generic) run(s *rowState) {
	if g.promote != nil {
		toRows(s.array(g.out), s.array(g.promote), s.pr.s, s.pr.p)
		return
	}
	in := make([][]float64, len(g.in))
	for i, v := range g.in {
		in[i] = s.array(v)
		if v.batch && s.pr.p > 1 {
			in[i] = make([]float64, v.rows.Size()*s.pr.s)
			fromRows(in[i], s.array(v), s.pr.s, s.pr.p)
		}
	}
	if !g.out.batch || s.pr.p == 1 {
		g.n.Op.Eval(s.array(g.out), in)
		return
	}
	out := make([]float64, g.n.Shape.Size())
	g.n.Op.Eval(out, in)
	toRows(s.array(g.out), out, s.pr.s, s.pr.p)
}

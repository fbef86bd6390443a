package plan

import (
	"unsafe"

	"ppl/graph/kernel/vec"
	"ppl/graph/op"
)

// bound is a cluster with the memory of one state, as operations of the
// machine. Its entries of the table are block registers, temporaries, then
// accesses.
type bound struct {
	*cluster
	w      int
	tab    table       // of the state
	base   int         // of the cluster's entries
	data   [][]float64 // of each access
	cur    []int       // offset in rows of each access at the current outer index
	curOff []int
	ops    []operation
	moving []int // accesses that move with the block
	static bool  // the whole domain is one block: every run is the same
	one    bool  // and it is one element
}

// entries is the number of entries of a cluster in the table.
func (lp *loop) entries() int { return lp.slots + lp.temps + len(lp.acc) }

// reserve takes entries of the table.
func (s *rowState) reserve(n int) (first int) {
	s.taken += n
	return s.taken - n
}

func (s *rowState) bind(cl *cluster) *bound {
	lp := cl.loop
	b := &bound{cluster: cl, w: 1, tab: s.tab, base: s.reserve(lp.entries()), cur: make([]int, len(lp.acc)), curOff: make([]int, len(lp.acc))}
	if cl.batch {
		b.w = s.pr.p
	}
	size := lp.block * b.w
	for k := 0; k < lp.slots+lp.temps; k++ {
		b.tab[b.base+k] = unsafe.Pointer(&s.scratch[k*size])
	}
	for _, a := range lp.acc {
		b.data = append(b.data, s.array(a.v))
	}
	b.static = len(lp.dims) == 1 && lp.dims[0] <= lp.block && lp.chunks == 1
	b.one = b.static && lp.dims[0] == 1 && b.w == 1
	last := len(lp.dims) - 1
	for i, a := range lp.acc {
		if len(lp.dims) > 1 || a.strides[last] != 0 {
			b.moving = append(b.moving, i)
		}
	}
	for _, in := range cl.instrs {
		if !in.skip {
			b.instruction(s, in)
		}
	}
	for _, a := range cl.accums {
		if !a.paired && !a.settled {
			b.accumulation(s, a)
		}
	}
	if b.static {
		b.begin()
		b.place(0, lp.dims[0])
		for i := range b.ops {
			b.ops[i].rows = int32(lp.dims[0])
		}
	}
	return b
}

// entry is the table's entry of an access.
func (b *bound) entry(acc int) int32 { return int32(b.base + b.loop.slots + b.loop.temps + acc) }

// register is the entry of a register: a slot, or the array that it is stored in.
func (b *bound) register(r int) int32 {
	if h := b.loop.home[r]; h >= 0 {
		return b.entry(h)
	}
	return int32(b.base + b.loop.slot[r])
}

// begin sets the accesses to the first row of the domain.
func (b *bound) begin() {
	for i, a := range b.loop.acc {
		b.cur[i], b.curOff[i] = a.base, a.offBase
	}
	for i := range b.loop.acc {
		b.point(i, 0, 1)
	}
}

// place points the accesses that move at a block.
func (b *bound) place(start, n int) {
	for _, i := range b.moving {
		b.point(i, start, n)
	}
}

// point points access i at rows start to start+n. Rows that are not next to
// one another are read and written one by one, and have no place.
func (b *bound) point(i, start, n int) {
	x := b.loop.acc[i]
	last := len(b.loop.dims) - 1
	step := x.strides[last]
	if b.gathers(x) || step != 0 && step != 1 && b.loop.dims[last] != 1 {
		return
	}
	row := b.cur[i] + start*step
	if x.off != nil {
		row += int(x.off[b.curOff[i]])
	}
	vw := 1
	if x.v.batch {
		vw = b.w
	}
	b.tab[b.entry(i)] = unsafe.Pointer(unsafe.SliceData(b.data[i][row*vw : (row+(n-1)*step+1)*vw]))
}

// gathers reports whether the rows of a block are listed.
func (b *bound) gathers(x *access) bool {
	last := len(b.loop.dims) - 1
	return x.off != nil && x.offStrides[last] != 0 && b.loop.dims[last] > 1
}

// source is the entry and the mode of argument k of an instruction; rows that
// are not next to one another are copied to temporary k by an operation first.
func (b *bound) source(args []arg, k int) (int32, vec.Mode) {
	a := args[k]
	if a.reg >= 0 {
		return b.register(a.reg), vec.Full
	}
	x := b.loop.acc[a.acc]
	mode := vec.PerRow
	if x.v.batch || b.w == 1 {
		mode = vec.Full
	}
	last := len(b.loop.dims) - 1
	switch {
	case b.gathers(x):
	case x.strides[last] == 1, b.loop.dims[last] == 1:
		return b.entry(a.acc), mode
	case x.strides[last] == 0:
		if mode == vec.PerRow || b.w == 1 {
			return b.entry(a.acc), vec.Scalar
		}
		return b.entry(a.acc), vec.PerParticle
	}
	temp := int32(b.base + b.loop.slots + k)
	b.add(operation{code: callOther, other: func(start, n int) { b.fetch(a.acc, temp, start, n) }})
	return temp, mode
}

func (b *bound) add(o operation) {
	if o.width == 0 {
		o.width = int32(b.w)
	}
	b.ops = append(b.ops, o)
}

// operand is what source found, in a block of n rows.
func (b *bound) operand(i int32, mode vec.Mode, n int) vec.Operand {
	return operandAt(b.tab, i, mode, n, b.w)
}

// instruction adds the operations of an instruction.
func (b *bound) instruction(s *rowState, in *instr) {
	dst := b.register(in.dst)
	switch {
	case in.pair != nil && in.fn == op.Sub:
		b.residuals(s, in, dst)
	case in.pair != nil:
		b.logitPair(s, in, dst)
	case in.fn != nil:
		b.function(in, dst)
	case in.mat != nil:
		m := in.mat
		x, y, tiled := s.array(m.x), s.array(m.b), s.tiles(m)
		b.add(operation{code: callOther, other: func(start, n int) {
			if tiled != nil {
				vec.MatMul(floats(b.tab, dst, n), tiled[start*m.k:], y, n, m.k, 1, 1, n, false)
				return
			}
			vec.MatMul(floats(b.tab, dst, n*b.w), x[start*m.rowStride:], y, n, m.k, b.w, m.rowStride, m.colStride, false)
		}})
	case in.lse != nil:
		b.logSumExp(s, in, dst)
	case len(in.args) > 0:
		x, mode := b.source(in.args, 0)
		b.copy(dst, x, mode)
	}
	if in.out.stored && b.loop.home[in.dst] < 0 {
		acc := in.store
		b.add(operation{code: callOther, other: func(start, n int) { b.write(acc, floats(b.tab, dst, n*b.w), start, n) }})
	}
}

func (b *bound) copy(dst, x int32, mode vec.Mode) {
	if b.one {
		b.add(operation{code: oneCopy, dst: dst, a: x})
	} else {
		b.add(operation{code: copyRows, dst: dst, a: x, mode: mode})
	}
}

// function adds the operation of a scalar function.
func (b *bound) function(in *instr, dst int32) {
	var at [3]int32
	var mode [3]vec.Mode
	for k := range in.args {
		at[k], mode[k] = b.source(in.args, k)
	}
	o := operation{dst: dst, a: at[0], b: at[1], c: at[2], fn: in.fn}
	f, w := in.fn, b.w
	x := func(k, n int) vec.Operand { return b.operand(at[k], mode[k], n) }
	switch n := len(in.args); {
	case b.one:
		o.code = oneFunc(f)
	case n == 1 && in.kern.has && mode[0] == vec.Full:
		c := vec.NewUnary(vec.UnaryOp(in.kern.op), w)
		o.code, o.unary = callUnary, &c
	case n == 2 && in.kern.has:
		c := vec.NewBinary(vec.BinaryOp(in.kern.op), mode[0], mode[1], w)
		o.code, o.binary = callBinary, &c
	case n == 3 && in.kern.has:
		c := vec.NewTernary(vec.TernaryOp(in.kern.op), mode[0], mode[1], mode[2], w)
		o.code, o.ternary = callTernary, &c
	case n == 1:
		o.code, o.other = callOther, func(_, n int) { unary(f, in.kern, floats(b.tab, dst, n*w), x(0, n), n, w) }
	case n == 2:
		o.code, o.other = callOther, func(_, n int) { binary(f, in.kern, floats(b.tab, dst, n*w), x(0, n), x(1, n), n, w) }
	default:
		o.code, o.other = callOther, func(_, n int) {
			ternary(f, in.kern, floats(b.tab, dst, n*w), x(0, n), x(1, n), x(2, n), n, w)
		}
	}
	b.add(o)
}

// residuals computes y − η and adds up its squares.
func (b *bound) residuals(s *rowState, in *instr, dst int32) {
	w, to := b.w, b.entry(in.pair.index)
	y, _ := b.source(in.args, 0)
	eta, _ := b.source(in.args, 1)
	b.add(operation{code: callOther, other: func(_, n int) {
		vec.Normal(floats(b.tab, to, w), floats(b.tab, dst, n*w), floats(b.tab, eta, n*w), floats(b.tab, y, n), s.ones[:w], n, w)
	}})
}

// logitPair computes inv_logit(x) and adds up softplus(x), as the density and
// the adjoint of Bernoulli observations that are all 0.
func (b *bound) logitPair(s *rowState, in *instr, dst int32) {
	w, to := b.w, b.entry(in.pair.index)
	x, mode := b.source(in.args, 0)
	b.add(operation{code: callOther, other: func(start, n int) {
		d := floats(b.tab, dst, n*w)
		eta := b.operand(x, mode, n)
		if mode != vec.Full {
			vec.Expand(d, eta, n, w)
			eta.Data = d
		}
		clear(s.sum[:w])
		vec.BernoulliLogit(s.sum[:w], d, eta.Data, s.zeros[:n], n, w)
		vec.Unary(vec.Neg, d, vec.Operand{Data: d, Mode: vec.Full}, n, w)
		out := vec.Operand{Data: floats(b.tab, to, w), Mode: vec.Full}
		vec.Binary(vec.Sub, out.Data, out, vec.Operand{Data: s.sum[:w], Mode: vec.Full}, 1, w)
	}})
}

// logSumExp brings the lanes into neighbouring slots, where the kernel turns
// them into weights.
func (b *bound) logSumExp(s *rowState, in *instr, dst int32) {
	lp, w := b.loop, b.w
	for k := range in.args {
		x, mode := b.source(in.args[k:], 0)
		if slot := int32(b.base + lp.slot[in.lse[k]]); slot != x {
			b.copy(slot, x, mode)
		}
	}
	lanes, size := len(in.lse), lp.block*w
	first := lp.slot[in.lse[0]] * size
	x := s.scratch[first : first+lanes*size]
	b.add(operation{code: callOther, other: func(_, n int) {
		vec.Softmax(floats(b.tab, dst, n*w), x, x, lanes, n*w, size)
	}})
}

// accumulation adds the operations that add a result to an array.
func (b *bound) accumulation(s *rowState, a *accum) {
	if a.dot != nil {
		b.dot(s, a)
		return
	}
	src, mode := b.source(a.srcs(), 0)
	w, to := b.w, b.entry(a.index)
	x := b.loop.acc[a.index]
	last := len(b.loop.dims) - 1
	single := b.loop.dims[last] == 1
	step := x.strides[last]
	o := operation{dst: to, a: to, b: src, set: a.set}
	switch {
	case a.mat != nil:
		m := a.mat
		y, tiled := s.array(m.x), s.tiles(m)
		var scratch []float64
		if m.empty != nil {
			scratch = make([]float64, b.loop.block*w)
		}
		o.code, o.other = callOther, func(start, n int) {
			rows := m.withoutEmpty(b.full(b.operand(src, mode, n), n), scratch, start, n, w)
			if tiled != nil {
				vec.MatMul(floats(b.tab, to, m.k), tiled[start*m.k:], rows, m.k, n, 1, n, 1, true)
				return
			}
			vec.MatMul(floats(b.tab, to, m.k*w), y[start*m.rowStride:], rows, m.k, n, w, m.colStride, m.rowStride, true)
		}
	case a.horizontal, b.gathers(x), !single && step != 0 && step != 1:
		o.code, o.other = callOther, func(start, n int) { b.addTo(s, a, b.operand(src, mode, n), start, n) }
	case b.one && a.set:
		o.code, o.a = oneCopy, src
	case b.one:
		o.code, o.a = oneSum, src
	case (step == 1 || single) && a.set:
		o.code, o.a, o.mode = copyRows, src, mode
	case step == 1 || single:
		c := vec.NewBinary(vec.Add, vec.Full, mode, w)
		o.code, o.binary = callBinary, &c
	case mode == vec.Full:
		o.code, o.a = sumRows, src
	default:
		o.code, o.other = callOther, func(_, n int) {
			dst := floats(b.tab, to, w)
			if a.set {
				clear(dst)
			}
			addRows(dst, b.operand(src, mode, n), n, w)
		}
	}
	b.add(o)
}

// dot adds up a product as it is made. The kernels do not absorb zeros: a sum
// of a MulZ that is not a number is computed again, product by product.
func (b *bound) dot(s *rowState, a *accum) {
	x, mx := b.source(a.dot.args, 0)
	y, my := x, mx
	if len(a.dot.args) == 2 {
		y, my = b.source(a.dot.args, 1)
	}
	w, to := b.w, b.entry(a.index)
	full, other, mode := x, y, my
	if mx != vec.Full {
		full, other, mode = y, x, mx
	}
	products := func(n int) product {
		return product{fn: a.dot.fn, w: w, a: b.operand(x, mx, n), b: b.operand(y, my, n)}
	}
	o := operation{dst: to, a: full, b: other, mode: mode, set: a.set}
	switch {
	case a.horizontal:
		o.code, o.other = callOther, func(start, n int) {
			b.dotParticles(s, a, products(n), b.operand(full, vec.Full, n), b.operand(other, mode, n), start, n)
		}
	case b.one && a.set:
		o.code, o.a, o.b = oneFunc(a.dot.fn), x, y
	case b.one && a.dot.fn == op.MulZ:
		o.code, o.a, o.b = oneDotZ, x, y
	case b.one:
		o.code, o.a, o.b = oneDot, x, y
	case a.dot.fn == op.MulZ && a.set:
		o.code, o.other = dotRowsZ, func(_, n int) {
			dst := floats(b.tab, to, w)
			clear(dst)
			products(n).addRows(dst, n)
		}
	case a.dot.fn == op.MulZ:
		o.code, o.other = callOther, func(_, n int) {
			dst, was := floats(b.tab, to, w), s.sum[:w]
			copy(was, dst)
			vec.DotRows(dst, floats(b.tab, full, n*w), b.operand(other, mode, n), n, w)
			if t := vec.Sum(dst); t != t {
				copy(dst, was)
				products(n).addRows(dst, n)
			}
		}
	default:
		o.code = dotRows
	}
	b.add(o)
}

package plan

import (
	"ppl/graph/kernel/vec"
)

// How one block of rows runs.

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

// full is an operand laid out row by row, in the last temporary slot if it is not.
func (b *bound) full(src vec.Operand, n int) []float64 {
	if src.Mode == vec.Full || b.w == 1 && src.Mode == vec.PerRow {
		return src.Data[:n*b.w]
	}
	buf := b.slots[len(b.slots)-1][:n*b.w]
	vec.Expand(buf, src, n, b.w)
	return buf
}

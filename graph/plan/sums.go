package plan

import (
	"ppl/graph/kernel/vec"
	"ppl/graph/op"
)

// How results leave a block: added to arrays.

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

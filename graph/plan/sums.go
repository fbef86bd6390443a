package plan

import (
	"ppl/graph/kernel/vec"
	"ppl/graph/op"
)

// How results leave a block: added to arrays.

// addTo adds rows to an array, where they go to rows that are not next to one
// another, or are summed over particles.
func (b *bound) addTo(s *rowState, a *accum, src vec.Operand, start, n int) {
	lp, w, acc := b.loop, b.w, a.index
	out, x := b.data[acc], lp.acc[acc]
	last := len(lp.dims) - 1
	step := x.strides[last]
	row := b.cur[acc] + start*step
	gather := b.gathers(x)
	if gather && !a.horizontal && step == 0 && x.offStrides[last] == 1 && src.Mode == vec.Full {
		at := b.curOff[acc] + start
		vec.ScatterAddRows(out[row*w:], src.Data, x.off[at:at+n], w)
		return
	}
	ow := w // of a row of the array
	if a.horizontal {
		ow = 1
	}
	if a.horizontal && src.Mode == vec.Full && s.pr.s == w && !gather && step == 1 && x.off == nil {
		b.sumParticles(a, src, out[row:row+n], n)
		return
	}
	if w == 1 && !a.horizontal && x.off == nil && src.Mode == vec.Full && step != 0 {
		for _, v := range src.Data[:n] {
			if a.set {
				out[row] = v
			} else {
				out[row] += v
			}
			row += step
		}
		return
	}
	for r := 0; r < n; r++ {
		to := x.row(row, r, step, b.curOff[acc], start, last)
		if a.set && (r == 0 || step != 0) {
			clear(out[to*ow : (to+1)*ow])
		}
		if a.horizontal {
			out[to] += sumParticles(src, r, s.pr.s, w)
		} else {
			addRow(out[to*w:(to+1)*w], src, r, w)
		}
	}
}

// sumParticles adds up neighbouring rows over their particles.
func (b *bound) sumParticles(a *accum, src vec.Operand, out []float64, n int) {
	if a.set {
		vec.SumParticles(out, src.Data, n, b.w)
		return
	}
	sums := floats(b.tab, int32(b.base+b.loop.slots+b.loop.temps-1), n)
	vec.SumParticles(sums, src.Data, n, b.w)
	for i, t := range sums {
		out[i] += t
	}
}

// dotParticles adds Σ over particles of a product to each row.
func (b *bound) dotParticles(s *rowState, a *accum, p product, full, other vec.Operand, start, n int) {
	out := b.data[a.index]
	step := b.loop.acc[a.index].strides[len(b.loop.dims)-1]
	row := b.cur[a.index] + start*step
	sums := floats(b.tab, int32(b.base+b.loop.slots+b.loop.temps-1), n)
	if s.pr.s == b.w {
		vec.DotParticles(sums, full.Data, other, n, b.w)
	}
	for r, t := range sums {
		if t != t || s.pr.s != b.w {
			t = p.overParticles(r, s.pr.s)
		}
		if a.set {
			out[row+r*step] = t
		} else {
			out[row+r*step] += t
		}
	}
}

// finiteSum reports whether the sum of numbers is finite, as it is if they are of ordinary size.
func finiteSum(x []float64) bool {
	t := x[0]
	if len(x) > 1 {
		t = vec.Sum(x)
	}
	return t-t == 0
}

// product is one block of a product that is summed: under MulZ a zero of either
// operand absorbs whatever the other is.
type product struct {
	fn   *op.Func
	a, b vec.Operand
	w    int
}

func (p product) at(r, i int) float64 {
	x, y := at(p.a, r, i, p.w), at(p.b, r, i, p.w)
	if p.fn == op.MulZ && (x == 0 || y == 0) {
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

func (p product) addRows(sum []float64, n int) {
	for i := range sum {
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
	return vec.Sum(src.Data[r*w : r*w+s])
}

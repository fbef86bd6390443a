package plan

import (
	"ppl/graph/kernel/vec"
)

// What the machine does not do in one call: reading and writing rows that are
// not next to one another.

// fetch copies the rows that an access reads in a block to a temporary.
func (b *bound) fetch(acc int, temp int32, start, n int) {
	x, data := b.loop.acc[acc], b.data[acc]
	vw := 1
	if x.v.batch {
		vw = b.w
	}
	buf := floats(b.tab, temp, n*vw)
	last := len(b.loop.dims) - 1
	step := x.strides[last]
	row := b.cur[acc] + start*step
	if b.gathers(x) && step == 0 && x.offStrides[last] == 1 {
		at := b.curOff[acc] + start
		vec.GatherRows(buf, data[row*vw:], x.off[at:at+n], vw)
		return
	}
	if x.off == nil && vw == 1 {
		for r := range buf {
			buf[r] = data[row]
			row += step
		}
		return
	}
	for r := 0; r < n; r++ {
		from := x.row(row, r, step, b.curOff[acc], start, last)
		if vw == 1 {
			buf[r] = data[from]
		} else {
			copy(buf[r*vw:(r+1)*vw], data[from*vw:])
		}
	}
}

// row is the row of the array at row r of a block.
func (x *access) row(row, r, step, off, start, last int) int {
	to := row + r*step
	if x.off != nil {
		to += int(x.off[off+(start+r)*x.offStrides[last]])
	}
	return to
}

// write stores a register.
func (b *bound) write(acc int, src []float64, start, n int) {
	x, data, w := b.loop.acc[acc], b.data[acc], b.w
	step := x.strides[len(b.loop.dims)-1]
	row := b.cur[acc] + start*step
	if w == 1 {
		for _, v := range src[:n] {
			data[row] = v
			row += step
		}
		return
	}
	for r := 0; r < n; r++ {
		copy(data[(row+r*step)*w:(row+r*step+1)*w], src[r*w:])
	}
}

// full is an operand laid out row by row, in the last temporary if it is not.
func (b *bound) full(src vec.Operand, n int) []float64 {
	if src.Mode == vec.Full {
		return src.Data
	}
	buf := floats(b.tab, int32(b.base+b.loop.slots+b.loop.temps-1), n*b.w)
	vec.Expand(buf, src, n, b.w)
	return buf
}

package vec

import "unsafe"

// The tables of native kernels, filled by init where there are any. A nil entry means portable.
type (
	unaryKernel   func(dst, x *float64, n int) (done int)
	binaryKernel  func(dst, a, b *float64, rows, p, strideA, strideB int)
	ternaryKernel func(dst, a, b, c *float64, rows, p, strideA, strideB, strideC int)
)

var (
	nativeUnary   [levels][unaryOps]unaryKernel
	nativeBinary  [levels][binaryOps][3]binaryKernel
	nativeTernary [levels][ternaryOps][7]ternaryKernel
)

// Map computes dst[i] = op(x[i]) for every element of dst. dst may be x.
func Map(op UnaryOp, dst, x []float64) {
	n := len(dst)
	if n == 0 {
		return
	}
	x = x[:n]
	f := nativeUnary[level][op]
	if f == nil {
		portableUnary[op](stillSlice(dst), stillSlice(x))
		return
	}
	i := f(still(&dst[0]), still(&x[0]), n)
	for i < n {
		// The kernel stopped before a vector with an argument outside its range. Four numbers go one by
		// one, so that the others get the bits that they would get elsewhere.
		for end := min(i+4, n); i < end; i++ {
			if f(still(&dst[i]), still(&x[i]), 1) == 0 {
				portableUnary[op](stillSlice(dst[i:i+1]), stillSlice(x[i:i+1]))
			}
		}
		if i < n {
			i += f(still(&dst[i]), still(&x[i]), n-i)
		}
	}
}

// Unary computes dst = op(a) over rows × p.
func Unary(op UnaryOp, dst []float64, a Operand, rows, p int) {
	n := rows * p
	if n == 0 {
		return
	}
	a.check(rows, p)
	k := a.Mode.size(rows, p)
	dst = dst[:n]
	Map(op, dst[:k], a.Data[:k])
	Expand(dst, Operand{dst[:k], a.Mode}, rows, p)
}

// Expand copies a to all rows × p elements of dst. The data of a may be the first elements of dst.
func Expand(dst []float64, a Operand, rows, p int) {
	dst = dst[:rows*p]
	a.check(rows, p)
	switch a.Mode {
	case Full:
		copy(dst, a.Data)
	case PerParticle:
		for r := 0; r < rows; r++ {
			copy(dst[r*p:][:p], a.Data)
		}
	case PerRow:
		for r := rows - 1; r >= 0; r-- { // backwards: the rows to come may be in dst
			fill(dst[r*p:][:p], a.Data[r])
		}
	case Scalar:
		if len(dst) > 0 {
			fill(dst, a.Data[0])
		}
	}
}

func fill(dst []float64, v float64) {
	for i := range dst {
		dst[i] = v
	}
}

// Binary computes dst = op(a, b) over rows × p. dst may be the data of a full operand.
func Binary(op BinaryOp, dst []float64, a, b Operand, rows, p int) {
	n := rows * p
	if n == 0 {
		return
	}
	dst = dst[:n]
	a.check(rows, p)
	b.check(rows, p)
	// The operands are not changed: copying them costs more than the rest of the call.
	ma, mb := a.Mode, b.Mode
	if p == 1 {
		ma, mb = ma.column(), mb.column()
	}
	if ma.flat() && mb.flat() {
		rows, p = 1, n
	}
	variant := ma.broadcast() | mb.broadcast()<<1
	if variant == 3 {
		a.Mode, b.Mode = ma, mb
		binaryBroadcast(op, dst, &a, &b, rows, p)
		return
	}
	if f := nativeBinary[level][op][variant]; f != nil {
		f(still(unsafe.SliceData(dst)), still(a.base()), still(b.base()), rows, p, ma.stride(p)*8, mb.stride(p)*8)
		return
	}
	f := portableBinary[op][variant]
	for r := range rows {
		f(stillSlice(dst[r*p:][:p]), stillSlice(a.row(ma, r, p)), stillSlice(b.row(mb, r, p)))
	}
}

// binaryBroadcast is Binary where both operands are one number a row.
func binaryBroadcast(op BinaryOp, dst []float64, a, b *Operand, rows, p int) {
	for r := range rows {
		row := dst[r*p:][:p]
		Binary(op, row[:1], Operand{a.row(a.Mode, r, p), Full}, Operand{b.row(b.Mode, r, p), Full}, 1, 1)
		fill(row, row[0])
	}
}

// Ternary computes dst = op(a, b, c) over rows × p. dst may be the data of a full operand.
func Ternary(op TernaryOp, dst []float64, a, b, c Operand, rows, p int) {
	n := rows * p
	if n == 0 {
		return
	}
	dst = dst[:n]
	a.check(rows, p)
	b.check(rows, p)
	c.check(rows, p)
	ma, mb, mc := a.Mode, b.Mode, c.Mode
	if p == 1 {
		ma, mb, mc = ma.column(), mb.column(), mc.column()
	}
	if ma.flat() && mb.flat() && mc.flat() {
		rows, p = 1, n
	}
	variant := ma.broadcast() | mb.broadcast()<<1 | mc.broadcast()<<2
	if variant == 7 {
		a.Mode, b.Mode, c.Mode = ma, mb, mc
		ternaryBroadcast(op, dst, &a, &b, &c, rows, p)
		return
	}
	if f := nativeTernary[level][op][variant]; f != nil {
		f(still(unsafe.SliceData(dst)), still(a.base()), still(b.base()), still(c.base()), rows, p, ma.stride(p)*8, mb.stride(p)*8, mc.stride(p)*8)
		return
	}
	f := portableTernary[op][variant]
	for r := range rows {
		f(stillSlice(dst[r*p:][:p]), stillSlice(a.row(ma, r, p)), stillSlice(b.row(mb, r, p)), stillSlice(c.row(mc, r, p)))
	}
}

// ternaryBroadcast is Ternary where all operands are one number a row.
func ternaryBroadcast(op TernaryOp, dst []float64, a, b, c *Operand, rows, p int) {
	for r := range rows {
		row := dst[r*p:][:p]
		Ternary(op, row[:1], Operand{a.row(a.Mode, r, p), Full}, Operand{b.row(b.Mode, r, p), Full}, Operand{c.row(c.Mode, r, p), Full}, 1, 1)
		fill(row, row[0])
	}
}

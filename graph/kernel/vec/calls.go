package vec

import "unsafe"

// Calls are elementwise kernels with everything that does not change from one
// run to the next decided once: the level, the variant for the modes of the
// operands, the strides. A compiled plan makes them when it gets its memory,
// and then runs each thousands of times on as few as 8 numbers, where choosing
// anew would cost more than the work.

// UnaryCall is Unary of a full operand.
type UnaryCall struct {
	op     UnaryOp
	native unaryKernel
	p      int
}

// NewUnary makes the call for rows of p elements.
func NewUnary(op UnaryOp, p int) UnaryCall {
	return UnaryCall{op: op, native: nativeUnary[level][op], p: p}
}

// Run computes dst = op(x) over rows; both must have rows × p elements.
func (c *UnaryCall) Run(dst, x *float64, rows int) {
	n, done := rows*c.p, 0
	if c.native != nil {
		done = c.native(dst, x, n)
	}
	if done < n { // dst may be x: what is done is not to be done again
		Map(c.op, unsafe.Slice(dst, n)[done:], unsafe.Slice(x, n)[done:])
	}
}

// BinaryCall is Binary for given modes.
type BinaryCall struct {
	op       BinaryOp
	native   binaryKernel
	portable func(dst, a, b []float64)
	ma, mb   Mode
	p        int
	sa, sb   int     // bytes from one row to the next
	one      [2]bool // one element a row
	flat     bool
}

// NewBinary makes the call for rows of p elements.
func NewBinary(op BinaryOp, a, b Mode, p int) BinaryCall {
	c := BinaryCall{op: op, ma: a, mb: b, p: p}
	if p == 1 {
		a, b = a.column(), b.column()
	}
	c.flat = a.flat() && b.flat()
	c.sa, c.sb = a.stride(p)*8, b.stride(p)*8
	c.one = [2]bool{a.broadcast() == 1, b.broadcast() == 1}
	if variant := a.broadcast() | b.broadcast()<<1; variant != 3 {
		c.native, c.portable = nativeBinary[level][op][variant], portableBinary[op][variant]
	}
	return c
}

// Run computes dst = op(a, b); the operands must have what their modes say.
func (c *BinaryCall) Run(dst, a, b *float64, rows int) {
	if c.native == nil {
		c.slow(dst, a, b, rows)
		return
	}
	p := c.p
	if c.flat {
		rows, p = 1, p*rows
	}
	c.native(dst, a, b, rows, p, c.sa, c.sb)
}

func (c *BinaryCall) slow(dst, a, b *float64, rows int) {
	switch p := c.p; {
	case c.portable == nil:
		Binary(c.op, unsafe.Slice(dst, rows*p), c.ma.operand(a, rows, p), c.mb.operand(b, rows, p), rows, p)
	case c.flat:
		c.portable(unsafe.Slice(dst, rows*p), part(a, c.one[0], rows*p), part(b, c.one[1], rows*p))
	default:
		for r := range rows {
			c.portable(unsafe.Slice(move(dst, r*p*8), p), part(move(a, r*c.sa), c.one[0], p), part(move(b, r*c.sb), c.one[1], p))
		}
	}
}

// part is what a row of n elements reads of an operand at x, which may have one element a row.
func part(x *float64, one bool, n int) []float64 {
	if one {
		n = 1
	}
	return unsafe.Slice(x, n)
}

// TernaryCall is Ternary for given modes.
type TernaryCall struct {
	op         TernaryOp
	native     ternaryKernel
	portable   func(dst, a, b, c []float64)
	ma, mb, mc Mode
	p          int
	sa, sb, sc int     // bytes from one row to the next
	one        [3]bool // one element a row
	flat       bool
}

// NewTernary makes the call for rows of p elements.
func NewTernary(op TernaryOp, a, b, c Mode, p int) TernaryCall {
	k := TernaryCall{op: op, ma: a, mb: b, mc: c, p: p}
	if p == 1 {
		a, b, c = a.column(), b.column(), c.column()
	}
	k.flat = a.flat() && b.flat() && c.flat()
	k.sa, k.sb, k.sc = a.stride(p)*8, b.stride(p)*8, c.stride(p)*8
	k.one = [3]bool{a.broadcast() == 1, b.broadcast() == 1, c.broadcast() == 1}
	if variant := a.broadcast() | b.broadcast()<<1 | c.broadcast()<<2; variant != 7 {
		k.native, k.portable = nativeTernary[level][op][variant], portableTernary[op][variant]
	}
	return k
}

// Run computes dst = op(a, b, c); the operands must have what their modes say.
func (k *TernaryCall) Run(dst, a, b, c *float64, rows int) {
	if k.native == nil {
		k.slow(dst, a, b, c, rows)
		return
	}
	p := k.p
	if k.flat {
		rows, p = 1, p*rows
	}
	k.native(dst, a, b, c, rows, p, k.sa, k.sb, k.sc)
}

func (k *TernaryCall) slow(dst, a, b, c *float64, rows int) {
	switch p := k.p; {
	case k.portable == nil:
		Ternary(k.op, unsafe.Slice(dst, rows*p), k.ma.operand(a, rows, p), k.mb.operand(b, rows, p), k.mc.operand(c, rows, p), rows, p)
	case k.flat:
		n := rows * p
		k.portable(unsafe.Slice(dst, n), part(a, k.one[0], n), part(b, k.one[1], n), part(c, k.one[2], n))
	default:
		for r := range rows {
			k.portable(unsafe.Slice(move(dst, r*p*8), p),
				part(move(a, r*k.sa), k.one[0], p), part(move(b, r*k.sb), k.one[1], p), part(move(c, r*k.sc), k.one[2], p))
		}
	}
}

// operand is the operand of that mode at x.
func (m Mode) operand(x *float64, rows, p int) Operand {
	return Operand{unsafe.Slice(x, m.size(rows, p)), m}
}

// move is the pointer some bytes further on.
func move(x *float64, bytes int) *float64 {
	return (*float64)(unsafe.Add(unsafe.Pointer(x), bytes))
}

package plan

import (
	"unsafe"

	"ppl/graph/kernel/vec"
	"ppl/graph/op"
)

// The machine: a cluster bound to the memory of a state is a list of
// operations on pointers, chosen once, kernels included. Operands are numbers
// of entries of a table of pointers; where a cluster runs in several blocks,
// the entries that move are set before each. Steps that always do the same
// join into one list.

// code says what an operation does. Those of one element are done in place.
type code uint8

const (
	callUnary code = iota
	callBinary
	callTernary
	sumRows   // dst row += every row of a
	dotRows   // dst row += every row of a times that of b
	dotRowsZ  // dst row = such a sum of products that absorb zeros
	clearRows // of fixed size
	copyRows
	callOther

	oneCopy
	oneNeg
	oneSquare
	oneRecip
	oneFunc1
	oneAdd
	oneSub
	oneMul
	oneMulZ
	oneDiv
	oneFunc2
	oneFMA
	oneFNMA
	oneFunc3
	oneSum  // dst += a
	oneDot  // dst += a·b
	oneDotZ // likewise, a zero of a absorbs b
)

// operation is one step of the machine. Its operands are entries of the table.
type operation struct {
	code         code
	set          bool     // sumRows and dotRows: set, do not add
	mode         vec.Mode // of b in dotRows, of a in copyRows
	dst, a, b, c int32
	rows         int32 // 0: those of the block
	width        int32 // elements of a row
	unary        *vec.UnaryCall
	binary       *vec.BinaryCall
	ternary      *vec.TernaryCall
	fn           *op.Func
	other        func(start, n int)
}

// table is the table of pointers of a state.
type table = []unsafe.Pointer

// number is entry i of a table. The entries of operations are in range: bind
// counts them.
func number(tab table, i int32) *float64 {
	return *(**float64)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(tab)), uintptr(i)*unsafe.Sizeof(uintptr(0))))
}

// floats is the slice of n numbers at entry i.
func floats(tab table, i int32, n int) []float64 { return unsafe.Slice(number(tab, i), n) }

// exec runs operations on a block of n rows from start.
func exec(ops []operation, tab table, start, n int) {
	for i := range ops {
		o := &ops[i]
		dst, a := number(tab, o.dst), number(tab, o.a)
		switch o.code {
		case callUnary:
			o.unary.Run(dst, a, o.count(n))
		case callBinary:
			o.binary.Run(dst, a, number(tab, o.b), o.count(n))
		case callTernary:
			o.ternary.Run(dst, a, number(tab, o.b), number(tab, o.c), o.count(n))
		case sumRows:
			rows, w := o.count(n), int(o.width)
			if o.set {
				clear(unsafe.Slice(dst, w))
			}
			vec.SumRows(unsafe.Slice(dst, w), unsafe.Slice(a, rows*w), rows, w)
		case dotRows:
			rows, w := o.count(n), int(o.width)
			if o.set {
				clear(unsafe.Slice(dst, w))
			}
			vec.DotRows(unsafe.Slice(dst, w), unsafe.Slice(a, rows*w), operandAt(tab, o.b, o.mode, rows, w), rows, w)
		case dotRowsZ:
			rows, w := o.count(n), int(o.width)
			d := unsafe.Slice(dst, w)
			clear(d)
			vec.DotRows(d, unsafe.Slice(a, rows*w), operandAt(tab, o.b, o.mode, rows, w), rows, w)
			if !finiteSum(d) {
				o.other(start, rows)
			}
		case clearRows:
			clear(unsafe.Slice(dst, int(o.width)))
		case copyRows:
			rows, w := o.count(n), int(o.width)
			vec.Expand(unsafe.Slice(dst, rows*w), operandAt(tab, o.a, o.mode, rows, w), rows, w)
		case callOther:
			o.other(start, o.count(n))
		case oneCopy:
			*dst = *a
		case oneNeg:
			*dst = -*a
		case oneSquare:
			*dst = *a * *a
		case oneRecip:
			*dst = 1 / *a
		case oneFunc1:
			*dst = o.fn.F1(*a)
		case oneAdd:
			*dst = *a + *number(tab, o.b)
		case oneSub:
			*dst = *a - *number(tab, o.b)
		case oneMul:
			*dst = *a * *number(tab, o.b)
		case oneMulZ:
			if x, y := *a, *number(tab, o.b); x == 0 || y == 0 {
				*dst = 0
			} else {
				*dst = x * y
			}
		case oneDiv:
			*dst = *a / *number(tab, o.b)
		case oneFunc2:
			*dst = o.fn.F2(*a, *number(tab, o.b))
		case oneFMA:
			*dst = float64(*a**number(tab, o.b)) + *number(tab, o.c)
		case oneFNMA:
			*dst = *number(tab, o.c) - float64(*a**number(tab, o.b))
		case oneFunc3:
			*dst = o.fn.F3(*a, *number(tab, o.b), *number(tab, o.c))
		case oneSum:
			*dst += *a
		case oneDot:
			*dst += float64(*a * *number(tab, o.b))
		case oneDotZ:
			if x, y := *a, *number(tab, o.b); x != 0 && y != 0 {
				*dst += float64(x * y)
			}
		}
	}
}

// count is the number of rows that the operation works on in a block of n.
func (o *operation) count(n int) int {
	if o.rows > 0 {
		return int(o.rows)
	}
	return n
}

// operandAt is an operand of rows of w elements at entry i.
func operandAt(tab table, i int32, mode vec.Mode, rows, w int) vec.Operand {
	return vec.Operand{Data: floats(tab, i, elements(mode, rows, w)), Mode: mode}
}

func elements(mode vec.Mode, rows, w int) int {
	switch mode {
	case vec.Full:
		return rows * w
	case vec.PerParticle:
		return w
	case vec.PerRow:
		return rows
	}
	return 1
}

// oneCode is the code of a function of one element, if it has one.
var oneCode map[*op.Func]code

func init() {
	oneCode = map[*op.Func]code{
		op.Neg: oneNeg, op.Square: oneSquare, op.Recip: oneRecip,
		op.Add: oneAdd, op.Sub: oneSub, op.Mul: oneMul, op.MulZ: oneMulZ, op.Div: oneDiv, fma: oneFMA, fnma: oneFNMA,
	}
}

// oneFunc is the code of any function of one element.
func oneFunc(f *op.Func) code {
	if c, ok := oneCode[f]; ok {
		return c
	}
	return [...]code{oneFunc1, oneFunc2, oneFunc3}[f.Arity-1]
}

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
	clearRows // of fixed size
	scaleRows
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
	oneSum     // dst += a
	oneDot     // dst += a·b
	oneDotZ    // likewise, a zero of a absorbs b
	oneSquares // dst += a²
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
	factor       float64
	other        func(start, n int)
}

// floats is the slice of n numbers at entry i of a table.
func floats(tab []unsafe.Pointer, i int32, n int) []float64 {
	return unsafe.Slice((*float64)(tab[i]), n)
}

func number(tab []unsafe.Pointer, i int32) *float64 { return (*float64)(tab[i]) }

// exec runs operations on a block of n rows from start.
func exec(ops []operation, tab []unsafe.Pointer, start, n int) {
	for i := range ops {
		o := &ops[i]
		if o.code >= oneCopy {
			one(o, tab)
			continue
		}
		rows := n
		if o.rows > 0 {
			rows = int(o.rows)
		}
		switch o.code {
		case callUnary:
			o.unary.Run(number(tab, o.dst), number(tab, o.a), rows)
		case callBinary:
			o.binary.Run(number(tab, o.dst), number(tab, o.a), number(tab, o.b), rows)
		case callTernary:
			o.ternary.Run(number(tab, o.dst), number(tab, o.a), number(tab, o.b), number(tab, o.c), rows)
		case sumRows:
			w := int(o.width)
			if o.set {
				clear(floats(tab, o.dst, w))
			}
			vec.SumRows(floats(tab, o.dst, w), floats(tab, o.a, rows*w), rows, w)
		case dotRows:
			w := int(o.width)
			if o.set {
				clear(floats(tab, o.dst, w))
			}
			vec.DotRows(floats(tab, o.dst, w), floats(tab, o.a, rows*w), operandAt(tab, o.b, o.mode, rows, w), rows, w)
		case clearRows:
			clear(floats(tab, o.dst, int(o.width)))
		case scaleRows:
			for i, x := range floats(tab, o.dst, int(o.width)) {
				floats(tab, o.dst, int(o.width))[i] = x * o.factor
			}
		case copyRows:
			w := int(o.width)
			vec.Expand(floats(tab, o.dst, rows*w), operandAt(tab, o.a, o.mode, rows, w), rows, w)
		default:
			o.other(start, rows)
		}
	}
}

// operandAt is an operand of rows of w elements at entry i.
func operandAt(tab []unsafe.Pointer, i int32, mode vec.Mode, rows, w int) vec.Operand {
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

// one runs an operation on one element.
func one(o *operation, tab []unsafe.Pointer) {
	dst, a := number(tab, o.dst), number(tab, o.a)
	switch o.code {
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
		if x := *a; x == 0 {
			*dst = 0
		} else {
			*dst = x * *number(tab, o.b)
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
		if *a != 0 {
			*dst += float64(*a * *number(tab, o.b))
		}
	case oneSquares:
		*dst += float64(*a * *a)
	}
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

package plan

import (
	"math"
	"unsafe"

	"ppl/graph/kernel/vec"
	"ppl/graph/op"
)

// The vector kernel of each scalar function that has one; the others are
// called element by element.
var (
	unaryKernels   map[*op.Func]vec.UnaryOp
	binaryKernels  map[*op.Func]vec.BinaryOp
	ternaryKernels map[*op.Func]vec.TernaryOp
)

func init() {
	unaryKernels = map[*op.Func]vec.UnaryOp{
		op.Neg: vec.Neg, op.Abs: vec.Abs, op.Recip: vec.Recip, op.Square: vec.Square, op.Sqrt: vec.Sqrt, op.Not: vec.Not,
		op.Exp: vec.Exp, op.Log: vec.Log, op.Log1p: vec.Log1p, op.Expm1: vec.Expm1, op.Tanh: vec.Tanh,
		op.InvLogit: vec.InvLogit, op.Softplus: vec.Softplus, op.LogInvLogit: vec.LogInvLogit,
		op.Sin: vec.Sin, op.Cos: vec.Cos, op.Erf: vec.Erf, op.Phi: vec.Phi,
		op.Lgamma: vec.Lgamma, op.Digamma: vec.Digamma, op.LogPhi: vec.LogPhi, op.InvMills: vec.InvMills,
	}
	binaryKernels = map[*op.Func]vec.BinaryOp{
		op.Add: vec.Add, op.Sub: vec.Sub, op.Mul: vec.Mul, op.Div: vec.Div, op.Max: vec.Max, op.Min: vec.Min, op.MulZ: vec.MulZ,
		op.Less: vec.Less, op.LessEq: vec.LessEq, op.Greater: vec.Greater, op.GreaterEq: vec.GreaterEq,
		op.Equal: vec.Equal, op.NotEqual: vec.NotEqual, op.And: vec.And, op.Or: vec.Or, op.ExpSub: vec.ExpSub,
	}
	ternaryKernels = map[*op.Func]vec.TernaryOp{op.Where: vec.Where}
}

// kern is the vector kernel of a function, found once.
type kern struct {
	has bool
	op  uint8
}

func kernelOf(f *op.Func) kern {
	if k, ok := unaryKernels[f]; ok {
		return kern{true, uint8(k)}
	}
	if k, ok := binaryKernels[f]; ok {
		return kern{true, uint8(k)}
	}
	if k, ok := ternaryKernels[f]; ok {
		return kern{true, uint8(k)}
	}
	return kern{}
}

func unary(f *op.Func, k kern, dst []float64, a vec.Operand, rows, w int) {
	if k.has {
		vec.Unary(vec.UnaryOp(k.op), dst, a, rows, w)
		return
	}
	if c, ok := composites[f]; ok && c(dst, a, rows, w) {
		return
	}
	each(dst, rows, w, func(r, i int) float64 { return f.F1(at(a, r, i, w)) })
}

// composites are functions made of several kernels. The result is not where the
// operand is. They report false where a step overflows and the function does
// not, and then it is called element by element.
var composites map[*op.Func]func(dst []float64, a vec.Operand, rows, w int) bool

func init() {
	composites = map[*op.Func]func(dst []float64, a vec.Operand, rows, w int) bool{
		op.Log1pSquare: log1pSquare, op.Log1pSquareDeriv: log1pSquareDeriv, op.Relu: relu, op.Cosh: cosh,
	}
}

// log1pSquare is log1p(x²).
func log1pSquare(dst []float64, a vec.Operand, rows, w int) bool {
	vec.Unary(vec.Square, dst, a, rows, w)
	vec.Unary(vec.Log1p, dst, vec.Operand{Data: dst, Mode: vec.Full}, rows, w)
	return !math.IsInf(vec.Sum(dst[:rows*w]), 0)
}

// log1pSquareDeriv is 2x/(1 + x²).
func log1pSquareDeriv(dst []float64, a vec.Operand, rows, w int) bool {
	y := vec.Operand{Data: dst, Mode: vec.Full}
	vec.Unary(vec.Square, dst, a, rows, w)
	if math.IsInf(vec.Sum(dst[:rows*w]), 0) {
		return false
	}
	vec.Binary(vec.Add, dst, y, vec.Operand{Data: unit[:], Mode: vec.Scalar}, rows, w)
	vec.Binary(vec.Div, dst, a, y, rows, w)
	vec.Binary(vec.Add, dst, y, y, rows, w)
	return true
}

// relu is max(x, 0).
func relu(dst []float64, a vec.Operand, rows, w int) bool {
	vec.Binary(vec.Max, dst, a, vec.Operand{Data: none[:], Mode: vec.Scalar}, rows, w)
	return true
}

// cosh is (e^|x| + e^−|x|)/2; the derivative of tanh is made of it.
func cosh(dst []float64, a vec.Operand, rows, w int) bool {
	vec.Unary(vec.Abs, dst, a, rows, w)
	dst = dst[:rows*w]
	vec.Map(vec.Exp, dst, dst)
	if sum := vec.Sum(dst); !(sum <= math.MaxFloat64) { // or what is not a number beside what overflows
		return false
	}
	var inverse [128]float64
	for len(dst) > 0 {
		n := min(len(dst), len(inverse))
		x, y := vec.Operand{Data: dst[:n], Mode: vec.Full}, vec.Operand{Data: inverse[:n], Mode: vec.Full}
		vec.Map(vec.Recip, y.Data, x.Data)
		vec.Binary(vec.Add, x.Data, x, y, 1, n)
		vec.Binary(vec.Mul, x.Data, x, vec.Operand{Data: half[:], Mode: vec.Scalar}, 1, n)
		dst = dst[n:]
	}
	return true
}

var none, half, unit = [1]float64{0}, [1]float64{0.5}, [1]float64{1}

func binary(f *op.Func, k kern, dst []float64, a, b vec.Operand, rows, w int) {
	if k.has {
		vec.Binary(vec.BinaryOp(k.op), dst, a, b, rows, w)
		return
	}
	each(dst, rows, w, func(r, i int) float64 { return f.F2(at(a, r, i, w), at(b, r, i, w)) })
}

func ternary(f *op.Func, k kern, dst []float64, a, b, c vec.Operand, rows, w int) {
	if k.has {
		vec.Ternary(vec.TernaryOp(k.op), dst, a, b, c, rows, w)
		return
	}
	each(dst, rows, w, func(r, i int) float64 { return f.F3(at(a, r, i, w), at(b, r, i, w), at(c, r, i, w)) })
}

func each(dst []float64, rows, w int, f func(r, i int) float64) {
	for r := 0; r < rows; r++ {
		for i := 0; i < w; i++ {
			dst[r*w+i] = f(r, i)
		}
	}
}

func at(o vec.Operand, r, i, w int) float64 {
	switch o.Mode {
	case vec.Full:
		return o.Data[r*w+i]
	case vec.PerParticle:
		return o.Data[i]
	case vec.PerRow:
		return o.Data[r]
	}
	return o.Data[0]
}

func addr(x []float64) uintptr { return uintptr(unsafe.Pointer(unsafe.SliceData(x))) }

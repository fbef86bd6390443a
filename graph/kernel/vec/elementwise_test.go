package vec

import (
	"math"
	"testing"
)

var unaryReference = map[UnaryOp]func(x float64) float64{
	Neg: func(x float64) float64 { return -x }, Abs: math.Abs, Recip: func(x float64) float64 { return 1 / x },
	Square: func(x float64) float64 { return x * x }, Sqrt: math.Sqrt, Not: func(x float64) float64 { return indicator(x == 0) },
}

var binaryReference = map[BinaryOp]func(x, y float64) float64{
	Add: func(x, y float64) float64 { return x + y }, Sub: func(x, y float64) float64 { return x - y },
	Mul: func(x, y float64) float64 { return x * y }, Div: func(x, y float64) float64 { return x / y },
	Max: larger, Min: smaller, MulZ: mulz,
	Less: func(x, y float64) float64 { return indicator(x < y) }, LessEq: func(x, y float64) float64 { return indicator(x <= y) },
	Greater: func(x, y float64) float64 { return indicator(x > y) }, GreaterEq: func(x, y float64) float64 { return indicator(x >= y) },
	Equal: func(x, y float64) float64 { return indicator(x == y) }, NotEqual: func(x, y float64) float64 { return indicator(x != y) },
	And: func(x, y float64) float64 { return indicator(x != 0 && y != 0) }, Or: func(x, y float64) float64 { return indicator(x != 0 || y != 0) },
	ExpSub: func(x, y float64) float64 {
		switch {
		case math.IsInf(x, -1):
			return 0
		case x == y:
			return 1
		}
		return math.Exp(x - y)
	},
}

// tolerance in ulp of an elementwise operation.
func binaryTolerance(op BinaryOp) float64 {
	if op == ExpSub {
		return 2
	}
	return 0
}

func ternaryReference(op TernaryOp, x, y, z float64) (float64, float64) {
	fused, rounded := 0.0, 0.0
	switch op {
	case FMA:
		fused, rounded = math.FMA(x, y, z), float64(x*y)+z
	case FNMA:
		fused, rounded = math.FMA(-x, y, z), z-float64(x*y)
	default:
		return where(x, y, z), 0
	}
	if nativeTernary[level][op][0] == nil {
		return rounded, 0
	}
	return fused, 0
}

// at reads operand o for element (r, j).
func at(o Operand, r, j, p int) float64 {
	switch o.Mode {
	case Full:
		return o.Data[r*p+j]
	case PerParticle:
		return o.Data[j]
	case PerRow:
		return o.Data[r]
	}
	return o.Data[0]
}

func agree(got, want, tol float64) bool {
	if tol > 0 && math.IsInf(want, 1) && got > 1e308 { // math.Exp of amd64 overflows early
		return true
	}
	return tol == 0 && sameBits(got, want) || tol > 0 && ulps(got, want) <= tol
}

func TestUnary(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		r, place := source(), atEnds(t, 2, 2048)
		for _, b := range blocks() {
			rows, p := b[0], b[1]
			for mode := Full; mode <= Scalar; mode++ {
				for op, f := range unaryReference {
					a := Operand{place(0, mixed(r, mode.size(rows, p))), mode}
					dst := place(1, make([]float64, rows*p))
					Unary(op, dst, a, rows, p)
					for i, got := range dst {
						if want := f(at(a, i/p, i%p, p)); !sameBits(got, want) {
							t.Fatalf("%v %d × %d mode %d: element %d of %v is %v, want %v", op, rows, p, mode, i, a.Data, got, want)
						}
					}
					checkAlias(t, op.String(), dst, rows, p, func(dst []float64, o ...Operand) { Unary(op, dst, o[0], rows, p) }, a)
				}
			}
		}
	})
}

func TestBinary(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		r, place := source(), atEnds(t, 3, 2048)
		for _, b := range blocks() {
			rows, p := b[0], b[1]
			for modes := range 16 {
				for op, f := range binaryReference {
					x := Operand{place(0, mixed(r, Mode(modes&3).size(rows, p))), Mode(modes & 3)}
					y := Operand{place(1, mixed(r, Mode(modes>>2).size(rows, p))), Mode(modes >> 2)}
					dst := place(2, make([]float64, rows*p))
					Binary(op, dst, x, y, rows, p)
					for i, got := range dst {
						if want := f(at(x, i/p, i%p, p), at(y, i/p, i%p, p)); !agree(got, want, binaryTolerance(op)) {
							t.Fatalf("%v %d × %d modes %d %d: element %d: f(%v, %v) is %v, want %v", op, rows, p, x.Mode, y.Mode, i, at(x, i/p, i%p, p), at(y, i/p, i%p, p), got, want)
						}
					}
					checkAlias(t, op.String(), dst, rows, p, func(dst []float64, o ...Operand) { Binary(op, dst, o[0], o[1], rows, p) }, x, y)
				}
			}
		}
	})
}

func TestTernary(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		r, place := source(), atEnds(t, 4, 2048)
		for _, b := range blocks() {
			rows, p := b[0], b[1]
			for modes := range 64 {
				for op := range ternaryOps {
					var o [3]Operand
					for i := range o {
						m := Mode(modes >> (2 * i) & 3)
						o[i] = Operand{place(i, mixed(r, m.size(rows, p))), m}
					}
					dst := place(3, make([]float64, rows*p))
					Ternary(op, dst, o[0], o[1], o[2], rows, p)
					for i, got := range dst {
						x, y, z := at(o[0], i/p, i%p, p), at(o[1], i/p, i%p, p), at(o[2], i/p, i%p, p)
						if want, tol := ternaryReference(op, x, y, z); !agree(got, want, tol) {
							t.Fatalf("%v %d × %d modes %d: element %d: f(%v, %v, %v) is %v, want %v", op, rows, p, modes, i, x, y, z, got, want)
						}
					}
					checkAlias(t, op.String(), dst, rows, p, func(dst []float64, o ...Operand) { Ternary(op, dst, o[0], o[1], o[2], rows, p) }, o[:]...)
				}
			}
		}
	})
}

// checkAlias runs the kernel again into each full operand, and into all of them as one.
func checkAlias(t *testing.T, name string, want []float64, rows, p int, run func(dst []float64, o ...Operand), o ...Operand) {
	t.Helper()
	for i := range o {
		if o[i].Mode != Full {
			continue
		}
		args := append([]Operand(nil), o...)
		args[i].Data = append([]float64(nil), o[i].Data...)
		run(args[i].Data, args...)
		for j, v := range args[i].Data {
			if !sameBits(v, want[j]) {
				t.Fatalf("%s %d × %d into operand %d: element %d is %v, want %v", name, rows, p, i, j, v, want[j])
			}
		}
	}
}

// TestMisaligned runs a kernel on slices that begin at every offset of a vector.
func TestMisaligned(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		r := source()
		x := normals(r, 100)
		for a := range 9 {
			for b := range 9 {
				dst := make([]float64, 90)
				Binary(Mul, dst[b:b+70], Operand{x[a : a+70], Full}, Operand{x[b : b+70], Full}, 7, 10)
				for i := range 70 {
					if dst[b+i] != x[a+i]*x[b+i] {
						t.Fatalf("offsets %d %d: element %d wrong", a, b, i)
					}
				}
				for i, v := range dst {
					if (i < b || i >= b+70) && v != 0 {
						t.Fatalf("wrote outside dst")
					}
				}
			}
		}
	})
}

// TestNoAllocation runs one of each kind of kernel.
func TestNoAllocation(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		n := testing.AllocsPerRun(10, func() {
			var x, y, acc [64]float64
			Map(Exp, x[:], x[:])
			Binary(Add, y[:], Operand{x[:], Full}, Operand{x[:8], PerParticle}, 8, 8)
			Ternary(FMA, y[:], Operand{x[:], Full}, Operand{x[:8], PerParticle}, Operand{y[:], Full}, 8, 8)
			SumRows(acc[:8], y[:], 8, 8)
			MatMul(y[:16], x[:], acc[:16], 2, 2, 8, 2, 1, true)
			LogSumExp(acc[:8], y[:], 8, 8, 8)
		})
		if n != 0 {
			t.Errorf("%v allocations", n)
		}
	})
}

func TestChoose(t *testing.T) {
	if l, err := choose("portable"); l != Portable || err != nil {
		t.Errorf("portable: %v, %v", l, err)
	}
	if l, err := choose(""); l != bestLevel() || err != nil {
		t.Errorf("none: %v, %v", l, err)
	}
	if l, err := choose("sse9"); l != bestLevel() || err == nil {
		t.Errorf("unknown: %v, %v", l, err)
	}
}

func TestShortOperandPanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	Binary(Add, make([]float64, 6), Operand{make([]float64, 5), Full}, Operand{make([]float64, 3), PerParticle}, 2, 3)
}

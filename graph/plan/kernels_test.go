package plan

import (
	"math"
	"math/rand/v2"
	"testing"

	"ppl/graph/kernel/vec"
)

// TestKernels calls the vector kernels as the plan does, in place and in every
// operand mode, and compares them with the scalar functions of the ops.
func TestKernels(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	gen := func(m vec.Mode, rows, p int) vec.Operand {
		n := map[vec.Mode]int{vec.Full: rows * p, vec.PerParticle: p, vec.PerRow: rows, vec.Scalar: 1}[m]
		x := make([]float64, n)
		for i := range x {
			x[i] = r.NormFloat64()
		}
		return vec.Operand{Data: x, Mode: m}
	}
	for trial := 0; trial < 2000; trial++ {
		p := []int{1, 8, 16, 64}[r.IntN(4)]
		rows := 1 + r.IntN(12)
		a, b := gen(vec.Mode(r.IntN(4)), rows, p), gen(vec.Mode(r.IntN(4)), rows, p)
		dst := make([]float64, rows*p)
		op := vec.BinaryOp(r.IntN(4))
		vec.Binary(op, dst, a, b, rows, p)
		f := []func(x, y float64) float64{func(x, y float64) float64 { return x + y }, func(x, y float64) float64 { return x - y }, func(x, y float64) float64 { return x * y }, func(x, y float64) float64 { return x / y }}[op]
		for i := range dst {
			want := f(at(a, i/p, i%p, p), at(b, i/p, i%p, p))
			if math.Abs(want-dst[i]) > 1e-12*math.Abs(want) {
				t.Fatalf("op %v modes %v %v rows %d p %d at %d: %g want %g", op, a.Mode, b.Mode, rows, p, i, dst[i], want)
			}
		}
		for f, k := range unaryKernels {
			x := gen(vec.Mode(r.IntN(4)), rows, p)
			if f.Name != "sin" {
				for i := range x.Data {
					x.Data[i] = math.Abs(x.Data[i])
				}
			}
			y := make([]float64, rows*p)
			orig := vec.Operand{Data: append([]float64(nil), x.Data...), Mode: x.Mode}
			if x.Mode == vec.Full && r.IntN(2) == 0 {
				y = x.Data
			}
			vec.Unary(k, y, x, rows, p)
			for i := range y {
				want := f.F1(at(orig, i/p, i%p, p))
				if !(math.Abs(want-y[i]) <= 1e-11*math.Abs(want)+1e-13) && !math.IsNaN(want) {
					t.Fatalf("op %v mode %v rows %d p %d at %d of %g: %g want %g", f.Name, x.Mode, rows, p, i, at(orig, i/p, i%p, p), y[i], want)
				}
			}
		}
		// sums
		if p == 1 {
			acc := []float64{0}
			full := gen(vec.Full, rows, 1)
			vec.SumRows(acc, full.Data, rows, 1)
			s := 0.0
			for _, v := range full.Data {
				s += v
			}
			if math.Abs(acc[0]-s) > 1e-12 {
				t.Fatal("sum", acc[0], s)
			}
			k := 1 + r.IntN(9)
			A := gen(vec.Full, rows, k)
			B := gen(vec.Full, k, 1)
			C := make([]float64, rows)
			vec.MatMul(C, A.Data, B.Data, rows, k, 1, k, 1, false)
			for i := range C {
				s := 0.0
				for j := 0; j < k; j++ {
					s += A.Data[i*k+j] * B.Data[j]
				}
				if math.Abs(C[i]-s) > 1e-10 {
					t.Fatal("matmul", rows, k, i, C[i], s)
				}
			}
			D := make([]float64, k)
			vec.MatMul(D, A.Data, C, k, rows, 1, 1, k, true)
			for j := range D {
				s := 0.0
				for i := 0; i < rows; i++ {
					s += A.Data[i*k+j] * C[i]
				}
				if math.Abs(D[j]-s) > 1e-10 {
					t.Fatal("adjoint", rows, k, j, D[j], s)
				}
			}
		}
	}
}

// TestComposites compares functions made of several kernels with the functions,
// also where a square overflows.
func TestComposites(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for f := range composites {
		for _, large := range []float64{0, 710.2, -710.2, 1e200, math.Inf(1), math.Inf(-1), math.NaN()} {
			x := make([]float64, 24)
			for i := range x {
				x[i] = math.Exp(3*r.NormFloat64()) * float64(1-2*(i%2))
			}
			if large != 0 {
				x[5] = large
			}
			for mode := vec.Full; mode <= vec.Scalar; mode++ {
				dst, a := make([]float64, 24), vec.Operand{Data: x, Mode: mode}
				unary(f, kern{}, dst, a, 3, 8)
				for i, got := range dst {
					if want := f.F1(at(a, i/8, i%8, 8)); !(math.Abs(got-want) <= 1e-14*math.Abs(want)) && got != want && !(got != got && want != want) {
						t.Errorf("%s, mode %v: %g at %g, want %g", f.Name, mode, got, at(a, i/8, i%8, 8), want)
					}
				}
			}
		}
	}
}

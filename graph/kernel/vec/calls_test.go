package vec

import (
	"math"
	"testing"
)

// TestCalls sets kernels resolved in advance beside those chosen at each call:
// the same bits for every function, mode, level and shape, in place too.
func TestCalls(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		r, place := source(), atEnds(t, 4, 2048)
		for _, shape := range blocks() {
			rows, p := shape[0], shape[1]
			if rows*p == 0 {
				continue
			}
			operand := func(k int, m Mode) Operand { return Operand{place(k, normals(r, m.size(rows, p))), m} }
			got, want := place(3, make([]float64, rows*p)), make([]float64, rows*p)
			same := func(what string, modes ...Mode) {
				t.Helper()
				for i := range want {
					if !sameBits(got[i], want[i]) {
						t.Fatalf("%s %v on %d × %d at %d: %v, want %v", what, modes, rows, p, i, got[i], want[i])
					}
				}
			}
			for op := range unaryOps {
				x := operand(0, Full)
				Unary(op, want, x, rows, p)
				c := NewUnary(op, p)
				c.Run(&got[0], &x.Data[0], rows)
				same(op.String(), Full)
				c.Run(&x.Data[0], &x.Data[0], rows)
				copy(got, x.Data)
				same(op.String()+" in place", Full)
				// Arguments at which a kernel stops: the rest goes on from there.
				for i, v := range []float64{math.NaN(), 1e12, math.Inf(1)} {
					x.Data[(i+1)*(len(x.Data)-1)/3] = v
				}
				Unary(op, want, x, rows, p)
				c.Run(&x.Data[0], &x.Data[0], rows)
				copy(got, x.Data)
				same(op.String()+" in place, beyond its range", Full)
			}
			for ma := Full; ma <= Scalar; ma++ {
				for mb := Full; mb <= Scalar; mb++ {
					a, b := operand(0, ma), operand(1, mb)
					for op := range binaryOps {
						Binary(op, want, a, b, rows, p)
						c := NewBinary(op, ma, mb, p)
						c.Run(&got[0], &a.Data[0], &b.Data[0], rows)
						same(op.String(), ma, mb)
					}
					for mc := Full; mc <= Scalar; mc++ {
						x := operand(2, mc)
						for op := range ternaryOps {
							Ternary(op, want, a, b, x, rows, p)
							c := NewTernary(op, ma, mb, mc, p)
							c.Run(&got[0], &a.Data[0], &b.Data[0], &x.Data[0], rows)
							same(op.String(), ma, mb, mc)
						}
					}
				}
			}
		}
	})
}

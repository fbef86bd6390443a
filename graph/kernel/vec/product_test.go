package vec

import (
	"fmt"
	"testing"
)

// TestProduct compares products of matrices in all layouts with sums in more digits, and checks that nothing beside
// the result is written.
func TestProduct(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		r, place := source(), atEnds(t, 2, 1<<15)
		space := make([]float64, ProductSpace)
		for trial := range 200 {
			rows, cols, inner := r.IntN(20), r.IntN(90), r.IntN(150)
			switch trial % 20 {
			case 0:
				inner = 0
			case 1:
				rows, inner = 300, 3 // more than are made beside at a time
			}
			a, b := random(r, place, 0, rows, inner), random(r, place, 1, inner, cols)
			gap := r.IntN(3)
			c := Cells{normals(r, rows*(cols+gap)), cols + gap, 1}
			if r.IntN(2) == 0 {
				c = Cells{normals(r, cols*(rows+gap)), 1, rows + gap}
			}
			start, accumulate := append([]float64(nil), c.Data...), r.IntN(2) == 0
			Product(c, a, b, rows, cols, inner, accumulate, space)
			written := map[int]bool{}
			for i := range rows {
				for j := range cols {
					at := i*c.Row + j*c.Col
					written[at] = true
					want, scale := exactSum(func(k int) (float64, float64) {
						switch {
						case k < inner:
							return a.Data[i*a.Row+k*a.Col], b.Data[k*b.Row+j*b.Col]
						case accumulate:
							return start[at], 1
						}
						return 0, 0
					}, inner+1)
					if !near(c.Data[at], want, scale) {
						t.Fatalf("%d × %d × %d, element %d, %d: %v, want %v", rows, inner, cols, i, j, c.Data[at], want)
					}
				}
			}
			for at, x := range start {
				if !written[at] && c.Data[at] != x {
					t.Fatalf("%d × %d × %d: wrote beside the result", rows, inner, cols)
				}
			}
		}
	})
}

// random is a matrix by rows or by columns, at the end of memory that may be read.
func random(r interface {
	IntN(int) int
	NormFloat64() float64
}, place func(int, []float64) []float64, k, rows, cols int) Cells {
	x := make([]float64, rows*cols)
	for i := range x {
		x[i] = r.NormFloat64()
	}
	if r.IntN(2) == 0 {
		return Cells{place(k, x), 1, max(1, rows)}
	}
	return Cells{place(k, x), max(1, cols), 1}
}

// TestProductBits: the bits of a product do not depend on the layout of the matrices, nor on how it is cut into parts.
func TestProductBits(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		r, space := source(), make([]float64, ProductSpace)
		const rows, cols, inner = 53, 88, 131
		a, b := Cells{normals(r, rows*inner), inner, 1}, Cells{normals(r, inner*cols), cols, 1}
		want := make([]float64, rows*cols)
		MatMul(want, a.Data, b.Data, rows, inner, cols, inner, 1, false)
		turned := func(m Cells, rows, cols int) Cells { // the same matrix by columns
			out := Cells{make([]float64, rows*cols), 1, rows}
			copyCells(out, m, rows, cols)
			return out
		}
		for way := range 8 {
			x, y, c := a, b, Cells{make([]float64, rows*cols), cols, 1}
			if way&1 > 0 {
				x = turned(a, rows, inner)
			}
			if way&2 > 0 {
				y = turned(b, inner, cols)
			}
			if way&4 > 0 {
				c = Cells{c.Data, 1, rows}
			}
			for _, cut := range [][2]int{{0, 0}, {17, 5}, {24, 64}} {
				i, j := cut[0], cut[1]
				Product(c, x, y, i, cols, inner, false, space)
				Product(c.At(i, 0), x.At(i, 0), y, rows-i, j, inner, false, space)
				Product(c.At(i, j), x.At(i, 0), y.At(0, j), rows-i, cols-j, inner, false, space)
				for k, w := range want {
					if got := c.Data[k/cols*c.Row+k%cols*c.Col]; !sameBits(got, w) {
						t.Fatalf("layout %d cut at %v: element %d is %v, %v as MatMul has it", way, cut, k, got, w)
					}
				}
			}
		}
	})
}

// TestProductRange: a matrix that does not lie within its data panics rather than reading on.
func TestProductRange(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		defer func() {
			if recover() == nil {
				t.Error("read past the end")
			}
		}()
		c := Cells{make([]float64, 16*16), 16, 1}
		Product(c, c, Cells{make([]float64, 15*16), 16, 1}, 16, 16, 16, false, make([]float64, ProductSpace))
	})
}

// The unit is one multiplication and addition.
func BenchmarkProduct(b *testing.B) {
	r, space := source(), make([]float64, ProductSpace)
	for _, n := range [][3]int{{256, 784, 200}, {256, 200, 784}, {256, 200, 20}, {256, 20, 200}} {
		rows, inner, cols := n[0], n[1], n[2]
		x, y, c := normals(r, rows*inner), normals(r, inner*cols), make([]float64, rows*cols)
		for _, k := range []struct {
			name string
			b    Cells
			a    Cells
		}{
			{"AB", Cells{y, cols, 1}, Cells{x, inner, 1}},
			{"ABᵀ", Cells{y, 1, inner}, Cells{x, inner, 1}},
			{"AᵀB", Cells{y, cols, 1}, Cells{x, 1, rows}},
		} {
			eachLevelBench(b, fmt.Sprintf("%d×%d×%d/%s", rows, inner, cols, k.name), rows*inner*cols, func() {
				Product(Cells{c, cols, 1}, k.a, k.b, rows, cols, inner, false, space)
			})
		}
	}
}

package vec

import "testing"

// TestCells compares products of matrices of cells, in both orders of storage, with sums in more digits.
func TestCells(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		r, place := source(), atEnds(t, 3, 8192)
		for trial := range 300 {
			p := []int{1, 3, 4, 8, 16, 64}[r.IntN(6)]
			rows, cols, inner := r.IntN(10), r.IntN(10), r.IntN(6)
			if trial%10 == 0 {
				inner = 0
			}
			random := func(k, m, n int) Cells {
				c := Cells{place(k, normals(r, m*n*p)), n * p, p}
				if r.IntN(2) == 0 {
					c.Row, c.Col = p, m*p
				}
				return c
			}
			a, b, c := random(0, rows, inner), random(1, inner, cols), random(2, rows, cols)
			start := append([]float64(nil), c.Data...)
			f, sign := AddCells, 1.0
			if trial%2 == 0 {
				f, sign = SubCells, -1
			}
			f(c, a, b, rows, cols, inner, p)
			for i := range rows {
				for j := range cols {
					for l := range p {
						at := i*c.Row + j*c.Col + l
						want, scale := exactSum(func(k int) (float64, float64) {
							if k == inner {
								return start[at], 1
							}
							return sign * a.Data[i*a.Row+k*a.Col+l], b.Data[k*b.Row+j*b.Col+l]
						}, inner+1)
						if !near(c.Data[at], want, scale) {
							t.Fatalf("%d × %d × %d for %d particles, element %d, %d of particle %d: %v, want %v", rows, inner, cols, p, i, j, l, c.Data[at], want)
						}
					}
				}
			}
		}
	})
}

// TestCellsRange: a matrix that does not lie within its data panics rather than reading on.
func TestCellsRange(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		defer func() {
			if recover() == nil {
				t.Error("read past the end")
			}
		}()
		c := Cells{make([]float64, 8*16), 32, 8}
		AddCells(c, Cells{make([]float64, 8*15), 32, 8}, Cells{make([]float64, 8*16), 32, 8}, 4, 4, 4, 8)
	})
}

func BenchmarkCells(b *testing.B) {
	const n, p = 48, 8
	c := Cells{make([]float64, n*n*p), n * p, p}
	x, y := Cells{make([]float64, n*n*p), n * p, p}, Cells{make([]float64, n*n*p), n * p, p}
	for b.Loop() {
		AddCells(c, x, y, n, n, n, p)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/(n*n*n*p), "ns/fma")
}

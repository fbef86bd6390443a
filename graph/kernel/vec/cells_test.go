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

// TestLargeCells: products of large matrices have the bits of others.
func TestLargeCells(t *testing.T) {
	defer func(was int) { largeCells = was }(largeCells)
	largeCells = 0
	eachLevel(t, func(t *testing.T) {
		r, space := source(), make([]float64, CellSpace)
		for range 20 {
			p := []int{1, 3, 8, 16, 24}[r.IntN(5)]
			rows, cols, inner := 14+r.IntN(30), 14+r.IntN(60), 14+r.IntN(120)
			random := func(m, n int) Cells {
				c := Cells{normals(r, m*n*p), n * p, p}
				if r.IntN(2) == 0 {
					c.Row, c.Col = p, m*p
				}
				return c
			}
			a, b, c := random(rows, inner), random(inner, cols), random(rows, cols)
			want := Cells{append([]float64(nil), c.Data...), c.Row, c.Col}
			AddCells(want, a, b, rows, cols, inner, p)
			AddLargeCells(c, a, b, rows, cols, inner, p, space)
			for i, w := range want.Data {
				if !sameBits(c.Data[i], w) {
					t.Fatalf("%d × %d × %d for %d particles: %v, want %v", rows, inner, cols, p, c.Data[i], w)
				}
			}
		}
	})
}

func BenchmarkLargeCells(b *testing.B) {
	const rows, cols, inner, p = 256, 200, 400, 64
	c := Cells{make([]float64, rows*cols*p), cols * p, p}
	x, y := Cells{make([]float64, rows*inner*p), inner * p, p}, Cells{make([]float64, inner*cols*p), cols * p, p}
	space := make([]float64, CellSpace)
	eachLevelBench(b, "as they lie", rows*cols*inner*p, func() { AddCells(c, x, y, rows, cols, inner, p) })
	eachLevelBench(b, "copied", rows*cols*inner*p, func() { AddLargeCells(c, x, y, rows, cols, inner, p, space) })
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

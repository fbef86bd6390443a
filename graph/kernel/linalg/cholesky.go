package linalg

import (
	"math"

	"ppl/graph/kernel/vec"
)

// Cholesky computes the lower triangular L with L·Lᵀ = A for p symmetric n × n matrices, of which only the
// lower triangles are read. A matrix that is not positive definite has L = NaN throughout. l may be a.
func Cholesky(l, a []float64, n, p int, w *Workspace) {
	if p == 1 {
		cholesky1(l, a, n, w)
		return
	}
	x := grow(&w.a, n*n*width)
	for from := 0; from < p; from += width {
		packLower(x, a, n, p, from)
		bad := factor(x, n)
		for k, b := range bad {
			if b {
				for i := k; i < len(x); i += width {
					x[i] = math.NaN()
				}
			}
		}
		for i := range n {
			for j := range n {
				copy(l[(i*n+j)*p+from:][:width], cell(x, n, i, j))
			}
		}
	}
}

// factor replaces a packed matrix by its factor, block of columns by block of columns, and reports the
// particles for which there is none.
func factor(x []float64, n int) (bad [width]bool) {
	m := packed(x, n)
	for from := 0; from < n; from += block {
		to := min(from+block, n)
		if from > 0 {
			vec.SubCells(m.At(from, from), m.At(from, 0), m.At(from, 0).T(), n-from, to-from, from, width)
		}
		for j := from; j < to; j++ {
			c := column(x, n, j, j)
			for k := from; k < j; k++ {
				vec.Ternary(vec.FNMA, c, full(column(x, n, k, j)), perParticle(cell(x, n, j, k)), full(c), n-j, width)
			}
			for l := range width {
				bad[l] = bad[l] || !(c[l] > 0)
				c[l] = math.Sqrt(c[l])
			}
			divide(c[width:], c[:width])
			for i := range j { // the update has written above the diagonal
				clear(cell(x, n, i, j))
			}
		}
	}
	return bad
}

// cholesky1 takes one column at a time: what the columns before it contribute is a product of a matrix and
// a vector.
func cholesky1(l, a []float64, n int, w *Workspace) {
	col, row := grow(&w.a, n), grow(&w.b, n)
	for j := range n {
		c := col[:n-j]
		for i := range c {
			c[i] = a[(j+i)*n+j]
		}
		if j > 0 {
			r := row[:j]
			for k := range r {
				r[k] = -l[j*n+k]
			}
			vec.MatMul(c, l[j*n:], r, n-j, j, 1, n, 1, true)
		}
		if !(c[0] > 0) {
			for i := range l[:n*n] {
				l[i] = math.NaN()
			}
			return
		}
		d := math.Sqrt(c[0])
		l[j*n+j] = d
		for i := 1; i < len(c); i++ {
			l[(j+i)*n+j] = c[i] / d
		}
		clear(l[j*n+j+1 : (j+1)*n])
	}
}

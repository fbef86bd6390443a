package linalg

import "ppl/graph/kernel/vec"

// CholeskyAdjoint computes the adjoint of A, of which only the lower triangle is read, from its factor L
// and the adjoint dl of that, of which only the lower triangle is read. What is above the diagonal of da is 0.
//
// From the last block of columns J to the first, D the diagonal block and C the rows of L below it: the rows
// below of da are X = (dL − S·C)·D⁻¹, where S is the symmetric matrix of what is known of da, its diagonal
// doubled; then the diagonal block's adjoint is that of D alone, with dD − XᵀC for its adjoint.
func CholeskyAdjoint(da, l, dl []float64, n, p int, w *Workspace) {
	defer AbsorbTriangle(da, dl, n, p)
	if p == 1 {
		adjoint1(da, l, dl, n, w)
		return
	}
	x, s := grow(&w.a, n*n*width), grow(&w.b, n*n*width)
	for from := 0; from < p; from += width {
		packLower(x, l, n, p, from)
		packLower(s, dl, n, p, from)
		reverse(x, s, n)
		for i := range n {
			for j := range n {
				out := da[(i*n+j)*p+from:][:width]
				switch c := cell(s, n, i, j); {
				case j > i:
					clear(out)
				case j < i:
					copy(out, c)
				default:
					for k := range out {
						out[k] = c[k] / 2
					}
				}
			}
		}
	}
}

// reverse replaces the packed adjoint of the packed factor x by S.
func reverse(x, s []float64, n int) {
	lm, sm := packed(x, n), packed(s, n)
	for from := (n - 1) / block * block; from >= 0; from -= block {
		to := min(from+block, n)
		k, m := to-from, n-to
		if m > 0 {
			vec.SubCells(sm.At(to, from), sm.At(to, to), lm.At(to, from), m, k, m, width)
			divideByLower(x, s, n, from, to)
			vec.SubCells(sm.At(from, from), sm.At(to, from).T(), lm.At(to, from), k, k, m, width)
		}
		for j := to - 1; j >= from; j-- { // the same for the columns of the diagonal block
			b := to - j - 1
			d, below := cell(x, n, j, j), s[(j*n+j+1)*width:][:b*width]
			if b > 0 {
				vec.SubCells(sm.At(j+1, j), sm.At(j+1, j+1), lm.At(j+1, j), b, 1, b, width)
				divide(below, d)
				vec.SubCells(sm.At(j, j), sm.At(j+1, j).T(), lm.At(j+1, j), 1, 1, b, width)
			}
			divide(cell(s, n, j, j), d)
			for i := j + 1; i < to; i++ {
				copy(cell(s, n, j, i), cell(s, n, i, j))
			}
		}
		for j := to; j < n; j++ { // the mirror image
			for i := from; i < to; i++ {
				copy(cell(s, n, i, j), cell(s, n, j, i))
			}
		}
	}
}

// divideByLower divides rows below to of columns from … to of s by the diagonal block of x from the right.
func divideByLower(x, s []float64, n, from, to int) {
	for j := to - 1; j >= from; j-- {
		c := column(s, n, j, to)
		for k := j + 1; k < to; k++ {
			vec.Ternary(vec.FNMA, c, full(column(s, n, k, to)), perParticle(cell(x, n, k, j)), full(c), n-to, width)
		}
		divide(c, cell(x, n, j, j))
	}
}

// adjoint1 takes one column at a time, da holding S.
func adjoint1(da, l, dl []float64, n int, w *Workspace) {
	below, col := grow(&w.a, n), grow(&w.b, n)
	for j := n - 1; j >= 0; j-- {
		m := n - j - 1
		x, c := below[:m], col[:m]
		d, top := l[j*n+j], dl[j*n+j]
		for i := range m {
			at := (j+1+i)*n + j
			c[i], x[i] = -l[at], dl[at]
		}
		if m > 0 {
			vec.MatMul(x, da[(j+1)*n+j+1:], c, m, m, 1, n, 1, true)
			for i := range x {
				x[i] /= d
				top += x[i] * c[i]
				da[j*n+j+1+i], da[(j+1+i)*n+j] = x[i], x[i]
			}
		}
		da[j*n+j] = top / d
	}
	for i := range n {
		da[i*n+i] /= 2
		clear(da[i*n+i+1 : (i+1)*n])
	}
}

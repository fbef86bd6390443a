package linalg

import "ppl/graph/kernel/vec"

// TriSolve solves L·X = B, or Lᵀ·X = B if trans, for p lower triangular n × n matrices, of which only the
// lower triangles are read, and p n × m matrices. x may not be b.
func TriSolve(x, l, b []float64, n, m, p int, trans bool, w *Workspace) {
	switch {
	case p == 1:
		copy(x[:n*m], b)
		solve1(x, l, n, m, trans, w)
	case m < block:
		copy(x[:n*m*p], b)
		solveRows(x, l, n, m, p, trans, w)
	default:
		solvePacked(x, l, b, n, m, p, trans, w)
	}
	AbsorbColumns(x[:n*m*p], b, n, m, p)
}

// solveRows serves few right-hand sides: L is read once, in order, where it is.
func solveRows(x, l []float64, n, m, p int, trans bool, w *Workspace) {
	inverse := grow(&w.a, p)
	for s := range n {
		i := s
		if trans {
			i = n - 1 - s
		}
		li, xi := l[i*n*p:(i+1)*n*p], x[i*m*p:(i+1)*m*p]
		if !trans {
			vec.SubCells(vec.Cells{Data: xi, Row: m * p, Col: p}, vec.Cells{Data: li, Row: n * p, Col: p}, vec.Cells{Data: x, Row: m * p, Col: p}, 1, m, i, p)
		}
		vec.Unary(vec.Recip, inverse, full(li[i*p:(i+1)*p]), 1, p)
		vec.Binary(vec.Mul, xi, full(xi), perParticle(inverse), m, p)
		if trans && i > 0 {
			vec.SubCells(vec.Cells{Data: x, Row: m * p, Col: p}, vec.Cells{Data: li, Row: p, Col: n * p}, vec.Cells{Data: xi, Row: m * p, Col: p}, i, m, 1, p)
		}
	}
}

// solvePacked works on the matrices of eight particles, rows in blocks.
func solvePacked(x, l, b []float64, n, m, p int, trans bool, w *Workspace) {
	t, y := grow(&w.a, n*n*width), grow(&w.b, n*m*width)
	lm, ym := packed(t, n), vec.Cells{Data: y, Row: m * width, Col: width}
	for from := 0; from < p; from += width {
		packLower(t, l, n, p, from)
		for i := range n * m {
			copy(y[i*width:(i+1)*width], b[i*p+from:])
		}
		if trans {
			backward(lm, ym, t, n, m)
		} else {
			forward(lm, ym, t, n, m)
		}
		for i := range n * m {
			copy(x[i*p+from:][:width], y[i*width:])
		}
	}
}

func forward(l, y vec.Cells, t []float64, n, m int) {
	for from := 0; from < n; from += block {
		to := min(from+block, n)
		if from > 0 {
			vec.SubCells(y.At(from, 0), l.At(from, 0), y, to-from, m, from, width)
		}
		for i := from; i < to; i++ {
			if i > from {
				vec.SubCells(y.At(i, 0), l.At(i, from), y.At(from, 0), 1, m, i-from, width)
			}
			divide(y.Data[i*y.Row:(i+1)*y.Row], cell(t, n, i, i))
		}
	}
}

func backward(l, y vec.Cells, t []float64, n, m int) {
	for from := (n - 1) / block * block; from >= 0; from -= block {
		to := min(from+block, n)
		if to < n {
			vec.SubCells(y.At(from, 0), l.At(to, from).T(), y.At(to, 0), to-from, m, n-to, width)
		}
		for i := to - 1; i >= from; i-- {
			if i+1 < to {
				vec.SubCells(y.At(i, 0), l.At(i+1, i).T(), y.At(i+1, 0), 1, m, to-i-1, width)
			}
			divide(y.Data[i*y.Row:(i+1)*y.Row], cell(t, n, i, i))
		}
	}
}

// solve1 solves for one particle in place.
func solve1(x, l []float64, n, m int, trans bool, w *Workspace) {
	for s := range n {
		i := s
		if trans {
			i = n - 1 - s
			if s > 0 {
				w.combine(x, l[(i+1)*n+i:], n, i, i+1, n, m)
			}
		} else {
			w.combine(x, l[i*n:], 1, i, 0, i, m)
		}
		divideRow(x[i*m:(i+1)*m], l[i*n+i])
	}
}

// combine subtracts rows from … to of the m-column matrix x from its row i, each times its coefficient:
// coefficients are step apart.
func (w *Workspace) combine(x, coef []float64, step, i, from, to, m int) {
	k := to - from
	if k == 0 {
		return
	}
	c := grow(&w.coef, k)
	for q := range c {
		c[q] = -coef[q*step]
	}
	xi := x[i*m : (i+1)*m]
	if m == 1 {
		xi[0] += vec.Dot(c, x[from:to])
		return
	}
	vec.MatMul(xi, x[from*m:], c, m, k, 1, 1, m, true)
}

func divideRow(x []float64, d float64) {
	for i := range x {
		x[i] /= d
	}
}

package linalg

import (
	"math"

	"ppl/graph/kernel/vec"
)

// Solve solves A·X = B, or Aᵀ·X = B if trans, for p n × n matrices and p n × m matrices, by LU
// decomposition with partial pivoting. A singular A gives NaN. x may not be b.
func Solve(x, a, b []float64, n, m, p int, trans bool, w *Workspace) {
	lu, pivot, y := grow(&w.a, n*n), w.pivots(n), grow(&w.b, n*m)
	for l := range p {
		pick(lu, a, p, l)
		pick(y, b, p, l)
		if ok := decompose(lu, pivot, n); !ok {
			for i := range y {
				y[i] = math.NaN()
			}
		} else if trans {
			solveTransposed(lu, y, pivot, n, m, w)
		} else {
			solveLU(lu, y, pivot, n, m, w)
		}
		for i, v := range y {
			x[i*p+l] = v
		}
	}
	AbsorbColumns(x[:n*m*p], b, n, m, p)
}

// LogDet computes log |det A| for p n × n matrices, -Inf for a singular one.
func LogDet(out, a []float64, n, p int, w *Workspace) {
	lu, pivot := grow(&w.a, n*n), w.pivots(n)
	for l := range p {
		pick(lu, a, p, l)
		decompose(lu, pivot, n)
		t := 0.0
		for i := range n {
			t += math.Log(math.Abs(lu[i*n+i]))
		}
		out[l] = t
	}
}

// pick copies the numbers of one particle.
func pick(dst, src []float64, p, l int) {
	for i := range dst {
		dst[i] = src[i*p+l]
	}
}

// decompose replaces a by L below the diagonal and U on and above it, for the rows of a in the order that
// pivot gives: row j was exchanged with row pivot[j] before step j. ok is whether no pivot is 0 or NaN.
func decompose(a []float64, pivot []int, n int) (ok bool) {
	ok = true
	for j := range n {
		best := j
		for i := j + 1; i < n; i++ {
			if math.Abs(a[i*n+j]) > math.Abs(a[best*n+j]) {
				best = i
			}
		}
		pivot[j] = best
		if best != j {
			exchange(a, j, best, n)
		}
		d := a[j*n+j]
		if d == 0 || d != d {
			ok = false
			continue
		}
		top := a[j*n+j+1 : (j+1)*n]
		for i := j + 1; i < n; i++ {
			f := a[i*n+j] / d
			a[i*n+j] = f
			subtract(a[i*n+j+1:(i+1)*n], top, f)
		}
	}
	return ok
}

// subtract takes f·y from x.
func subtract(x, y []float64, f float64) {
	if len(x) >= 8 {
		c := [1]float64{f}
		vec.Ternary(vec.FNMA, x, full(y), vec.Operand{Data: c[:], Mode: vec.Scalar}, full(x), 1, len(x))
		return
	}
	for i := range x {
		x[i] -= f * y[i]
	}
}

func exchange(a []float64, i, j, m int) {
	x, y := a[i*m:(i+1)*m], a[j*m:(j+1)*m]
	for k := range x {
		x[k], y[k] = y[k], x[k]
	}
}

// solveLU solves L·U·X = P·Y in place.
func solveLU(lu, y []float64, pivot []int, n, m int, w *Workspace) {
	for j := range n {
		if b := pivot[j]; b != j {
			exchange(y, j, b, m)
		}
	}
	for i := 1; i < n; i++ {
		w.combine(y, lu[i*n:], 1, i, 0, i, m)
	}
	for i := n - 1; i >= 0; i-- {
		w.combine(y, lu[i*n+i+1:], 1, i, i+1, n, m)
		divideRow(y[i*m:(i+1)*m], lu[i*n+i])
	}
}

// solveTransposed solves Uᵀ·Lᵀ·P·X = Y in place.
func solveTransposed(lu, y []float64, pivot []int, n, m int, w *Workspace) {
	for i := range n {
		w.combine(y, lu[i:], n, i, 0, i, m)
		divideRow(y[i*m:(i+1)*m], lu[i*n+i])
	}
	for i := n - 2; i >= 0; i-- {
		w.combine(y, lu[(i+1)*n+i:], n, i, i+1, n, m)
	}
	for j := n - 1; j >= 0; j-- {
		if b := pivot[j]; b != j {
			exchange(y, j, b, m)
		}
	}
}

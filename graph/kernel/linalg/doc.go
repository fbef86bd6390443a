// Package linalg decomposes and solves, for every Monte-Carlo particle a matrix of its own.
//
// Arrays are as in package vec: element (i, j) of an n × m matrix is p numbers, one for each particle,
// at (i·m + j)·p. With p > 1 the particles are worked on eight at a time: their matrices are copied
// to where they lie side by side (a few hundred kilobytes for 100 rows, so that they stay in the
// second-level cache), and blocks of columns are updated by products of matrices of cells, which have a vector
// kernel (vec.SubCells). Each particle's arithmetic is that of one matrix; pivoting, which differs
// between particles, is done for one particle at a time. With p = 1 matrices are worked on in place by
// products of a matrix and a vector.
//
// A matrix that cannot be decomposed gives NaN for its particle alone.
//
// The adjoint of the Cholesky factor is by blocks after Murray (2016), "Differentiation of the Cholesky
// decomposition" (arXiv:1602.07527), with the updates gathered where they are used instead of scattered:
// n³/3 multiplications for the adjoint, n³/6 for the factor.
package linalg

import "ppl/graph/kernel/vec"

const (
	width = 8 // particles worked on together
	block = 8 // columns of a block
)

// Workspace is the memory that a call needs beside its arguments, for one goroutine.
type Workspace struct {
	a, b, coef []float64
	pivot      []int
}

func (w *Workspace) pivots(n int) []int {
	if len(w.pivot) < n {
		w.pivot = make([]int, n)
	}
	return w.pivot[:n]
}

// grow gives a slice of n numbers, which hold anything.
func grow(x *[]float64, n int) []float64 {
	if len(*x) < n {
		*x = make([]float64, n)
	}
	return (*x)[:n]
}

// packed is the matrix of cells for width particles that x holds by columns.
func packed(x []float64, rows int) vec.Cells {
	return vec.Cells{Data: x, Row: width, Col: rows * width}
}

// column is rows from to n of column j of a packed n-row matrix.
func column(x []float64, n, j, from int) []float64 { return x[(j*n+from)*width : (j+1)*n*width] }

// cell is element (i, j) of a packed n-row matrix.
func cell(x []float64, n, i, j int) []float64 { return x[(j*n+i)*width:][:width:width] }

func full(x []float64) vec.Operand { return vec.Operand{Data: x, Mode: vec.Full} }

func perParticle(x []float64) vec.Operand { return vec.Operand{Data: x, Mode: vec.PerParticle} }

// divide divides the cells of x by the cell d.
func divide(x, d []float64) {
	if len(x) == 0 {
		return
	}
	var inverse [width]float64
	for l := range inverse {
		inverse[l] = 1 / d[l]
	}
	vec.Binary(vec.Mul, x, full(x), perParticle(inverse[:]), len(x)/width, width)
}

// packLower copies the lower triangle of the matrices of particles from l on, by columns; what is above is 0.
func packLower(w, a []float64, n, p, l int) {
	for j := range n {
		clear(w[j*n*width : (j*n+j)*width])
		for i := j; i < n; i++ {
			copy(w[(j*n+i)*width:][:width], a[(i*n+j)*p+l:])
		}
	}
}

package linalg

import "ppl/graph/kernel/vec"

// Solutions are linear in the right-hand side: they are 0 where that is 0, even where a matrix is singular or NaN. The
// kernels do not know, so their NaNs are looked through afterwards.

// AbsorbColumns clears those columns of the n × m matrices x, one for each of p particles and any number
// behind one another, whose column of b is 0.
func AbsorbColumns(x, b []float64, n, m, p int) {
	if !anyNaN(x) {
		return
	}
	for at := 0; at < len(x); at += n * m * p {
		for c := range m * p {
			if zero(b[at:], c, m*p, n) {
				for i := range n {
					x[at+i*m*p+c] = 0
				}
			}
		}
	}
}

// AbsorbTriangle clears those of p n × n matrices x whose matrix in b has a lower triangle of zeros.
func AbsorbTriangle(x, b []float64, n, p int) {
	if !anyNaN(x) {
		return
	}
	for l := range p {
		clean := true
		for i := range n {
			clean = clean && zero(b[i*n*p:], l, p, i+1)
		}
		for i := 0; clean && i < n*n; i++ {
			x[i*p+l] = 0
		}
	}
}

// anyNaN may also say so of numbers that are not finite.
func anyNaN(x []float64) bool { s := vec.Sum(x); return s != s }

// zero reports whether n numbers of x are 0.
func zero(x []float64, from, step, n int) bool {
	for i := range n {
		if x[from+i*step] != 0 {
			return false
		}
	}
	return true
}

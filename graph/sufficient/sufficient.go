// Package sufficient replaces sums over data by sums over sufficient
// statistics: few rows that hold all that the sum takes from the data,
// computed once when the graph is built. A linear regression then costs the
// same for a hundred rows and for ten million.
//
// Three kinds of sums qualify. Two are over rows n of an expression that is affine
// in what does not vary with the row:
//
//	Σ_n w_n (Σ_t c_t[n] θ_t)²    squares of a linear predictor's residuals
//	Σ_n Σ_t c_t[n] θ_t           such as Σ y η in the density of a GLM
//
// The c_t are data (a matrix, a column, or the constant 1), the θ_t any
// expressions of latents: vectors, numbers, or elements α[g[n]] picked by data.
// They are found by reading the graph (affine.go); what the model's text looked
// like does not matter, nor what the θ_t are made of, particles included.
//
// # Squares
//
// With A the matrix of the c_t, θ the vector of the θ_t and A = QR,
//
//	Σ_n (Aθ)_n² = ‖Rθ‖²
//
// and R has as many rows as A has columns. R comes from Householder reflections
// of the rows, block by block (qr.go; "TSQR": Demmel, Grigori, Hoemmen & Langou
// 2012, SIAM J. Sci. Comput. 34). AᵀA is never formed: its condition is the
// square of A's. ‖Rθ‖² cancels no more than the sum over the residuals does.
//
// Terms picked by an index, α[g[n]] and x[n]·β[g[n]], put a column for each
// level into A. They are eliminated first within each group, or within each
// cell of the joint levels where there are several indices: the group's rows
// reduce to as many rows as it has such terms, and the rest, in which they no
// longer occur, joins the rows that all groups share (the block-arrow
// elimination of Bates et al. 2015, "Fitting linear mixed-effects models using
// lme4", section 3; Golub & Van Loan, Matrix Computations, 4th ed., 5.3 and 6.3).
//
// # Equal rows
//
// The third is of any expression that works on each row by itself, where rows
// differ in nothing but data and many are alike: log Γ(y_n + φ) for counts y, a
// logistic regression on factors, a pattern of answers whose latent class is
// summed out (a log-sum-exp in each row), the capture history of an animal (a
// chain in each). It is summed over the rows that differ, each as often as it
// occurs. Rows are split into classes by the data that they read, op by op,
// from the sum down to the latents (equal.go). What is added up into a row by an
// index of data (scattered.go), or read from an array computed from data
// (gathered.go), has classes of its own. Only the log density has such sums:
// what is reported, point by point and latent by latent, is of graphs with all
// rows.
//
// # Limits
//
// A sum is left as it is where its data are not finite, where there are too few
// rows to gain by it, and where some term is not as above. Rules is a
// graph.SumRule; a graph without it has the direct forms.
package sufficient

import (
	"ppl/graph"
	"ppl/graph/op"
)

// Rules rewrites sums in one graph. It is not safe for concurrent use; its
// cache may be shared.
type Rules struct {
	cache *Cache
	busy  bool // with a replacement, whose own sums stay as they are
}

// NewRules makes the rules for one graph; the cache keeps factors of the same
// data for the next one, and may be nil.
func NewRules(c *Cache) *Rules { return &Rules{cache: c} }

// minRows is the number of rows below which nothing is gained.
const minRows = 8

// Sum is a graph.SumRule.
func (r *Rules) Sum(g *graph.Graph, x *graph.Node, dims []int, times float64) (*graph.Node, bool) {
	if r.busy || len(dims) == 0 {
		return nil, false
	}
	f := newSpace(g, x.Shape, dims)
	if f.n < minRows {
		return nil, false
	}
	r.busy = true
	defer func() { r.busy = false }()
	if u, w, ok := f.square(f.place(x)); ok {
		if n, ok := r.squares(f, u, w, times); ok {
			return n, true
		}
	} else if n, ok := linear(f, f.place(x), times); ok {
		return n, true
	}
	return equal(g, x, dims, times)
}

// square finds u and w ≥ 0 where x is w·u², w being data.
func (f *space) square(x placed) (u, w placed, ok bool) {
	m, is := x.node.Op.(*op.Map)
	if !is {
		return placed{}, placed{}, false
	}
	switch m.F {
	case op.Square:
		return x.operand(m, 0), f.scalar(1), true
	case op.Mul, op.MulZ:
		a, b := x.operand(m, 0), x.operand(m, 1)
		if a.node == b.node && sameInts(a.row, b.row) && sameInts(a.kept, b.kept) {
			return a, f.scalar(1), true
		}
		for k := 0; k < 2; k++ {
			if w := x.operand(m, k); w.node.IsConst() && !w.varies() && nonNegative(w.node.Const) {
				if u, v, ok := f.square(x.operand(m, 1-k)); ok {
					return u, f.data(op.Mul, v, w), true
				}
			}
		}
	}
	return placed{}, placed{}, false
}

func nonNegative(x []float64) bool {
	for _, v := range x {
		if !(v >= 0) {
			return false
		}
	}
	return true
}

package op

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"ppl/graph"
	"ppl/graph/kernel/linalg"
)

// Linear algebra over the last two dimensions; leading ones are a batch. A
// matrix that a decomposition cannot handle gives NaN, never an error: the
// log density is then NaN there, which optimisers step back from. What is linear in
// an operand is 0 where that is 0, whatever the matrix: as with products (Map.Diff), nothing
// then comes out of a branch that is not taken.

func square(s Shape) bool {
	return len(s) >= 2 && s[len(s)-1] == s[len(s)-2]
}

// triangle is a constant matrix: lower below the diagonal, diag on it, upper above.
func (f Frame) triangle(lower, diag, upper float64) Term {
	r := len(f.Shape)
	n := f.Shape[r-1]
	m := make([]float64, n*n)
	for i := 0; i < n; i++ {
		for j := 0; j < n; j++ {
			switch {
			case i > j:
				m[i*n+j] = lower
			case i == j:
				m[i*n+j] = diag
			default:
				m[i*n+j] = upper
			}
		}
	}
	return Term{Node: f.G.Constant(Shape{n, n}, m), Dims: []int{r - 2, r - 1}}
}

// transposeLast swaps the last two dimensions.
func transposeLast(g *Graph, x *Node) *Node {
	r := len(x.Shape)
	out := append(Shape{}, x.Shape...)
	st := x.Shape.Strides()
	out[r-1], out[r-2] = out[r-2], out[r-1]
	st[r-1], st[r-2] = st[r-2], st[r-1]
	return NewView(g, x, View{Out: out, Strides: st}, nil)
}

// MatMul multiplies matrices in the last two dimensions, transposed where
// asked; the batch dimensions are equal.
func MatMul(g *Graph, a, b *Node, ta, tb bool) *Node {
	r := len(a.Shape)
	batch := graph.Iota(r - 2)
	i, k, j := r, r+1, r+2
	la := append(append([]int{}, batch...), i, k)
	if ta {
		la[r-2], la[r-1] = k, i
	}
	lb := append(append([]int{}, batch...), k, j)
	if tb {
		lb[r-2], lb[r-1] = j, k
	}
	return NewContract(g, a, b, la, lb, append(append([]int{}, batch...), i, j))
}

// TriSolve solves L·X = B, or Lᵀ·X = B if Trans, for lower triangular L of
// shape A (n×n) and B (n×m). Only the lower triangle of L is read. B may have
// leading dimensions that A lacks: one L then serves all.
type TriSolve struct {
	A, B  Shape
	Trans bool
}

func (t TriSolve) Key() string { return fmt.Sprintf("trisolve%v%v%t", t.A, t.B, t.Trans) }

func (t TriSolve) Infer(in []Shape) (Shape, error) {
	if len(in) != 2 || !in[0].Equal(t.A) || !in[1].Equal(t.B) || !square(t.A) || !fits(t.A, t.B) {
		return nil, fmt.Errorf("needs an n×n and an n×m matrix, found %v", in)
	}
	return t.B, nil
}

// fits reports whether a (…×n×n) can be solved against b (…×n×m). b may have
// leading dimensions that a lacks: one a then serves all.
func fits(a, b Shape) bool {
	r, extra := len(a), len(b)-len(a)
	return extra >= 0 && b[extra:len(b)-1].Equal(a[:r-1])
}

// outerSum is x·yᵀ for x and y of …×n×m, summed over the leading dimensions
// that a lacks.
func outerSum(g *Graph, a Shape, x, y *Node) *Node {
	r := len(x.Shape)
	batch := graph.Iota(r - 2)
	i, j, k := r, r+1, r+2
	with := func(batch []int, l ...int) []int { return append(append([]int{}, batch...), l...) }
	return NewContract(g, x, y, with(batch, i, k), with(batch, j, k), with(batch[r-len(a):], i, j))
}

func (t TriSolve) Eval(out []float64, in [][]float64) {
	n, m := t.A[len(t.A)-1], t.B[len(t.B)-1]
	copy(out, in[1])
	for b := 0; b*n*m < len(out); b++ {
		a := b * n * n % len(in[0]) // one may serve several
		triSolveOne(in[0][a:a+n*n], out[b*n*m:(b+1)*n*m], n, m, t.Trans)
	}
	linalg.AbsorbColumns(out, in[1], n, m, 1)
}

func triSolveOne(l, x []float64, n, m int, trans bool) {
	for s := 0; s < n; s++ {
		i := s
		if trans {
			i = n - 1 - s
		}
		xi := x[i*m : (i+1)*m]
		for q := 0; q < s; q++ {
			k, c := q, 0.0
			if trans {
				k = n - 1 - q
				c = l[k*n+i]
			} else {
				c = l[i*n+k]
			}
			if c == 0 {
				continue
			}
			xk := x[k*m : (k+1)*m]
			for j := range xi {
				xi[j] -= c * xk[j]
			}
		}
		d := l[i*n+i]
		for j := range xi {
			xi[j] /= d
		}
	}
}

// Diff: B̄ = L⁻ᵀ X̄ (or L⁻¹ X̄), L̄ = −tril(B̄ Xᵀ) (or −tril(X B̄ᵀ)).
func (t TriSolve) Diff(g *Graph, in []*Node, out *Node, dout Term, want []bool) []Term {
	ds := make([]Term, 2)
	db := g.Apply(TriSolve{t.A, t.B, !t.Trans}, in[0], g.Expand(t.B, dout))
	ds[1] = fullTerm(db)
	if want[0] {
		f := Frame{g, t.A}
		a, b := db, out
		if t.Trans {
			a, b = out, db
		}
		ds[0] = f.Apply(MulZ, fullTerm(outerSum(g, t.A, a, b)), f.triangle(-1, -1, 0))
	}
	return ds
}

// Solve solves A·X = B by LU with partial pivoting; A is n×n, B n×m. Trans
// solves Aᵀ·X = B. A singular A gives NaN. B may have leading dimensions that A
// lacks: one A then serves all.
type Solve struct {
	A, B  Shape
	Trans bool
}

func (s Solve) Key() string { return fmt.Sprintf("solve%v%v%t", s.A, s.B, s.Trans) }

func (s Solve) Infer(in []Shape) (Shape, error) {
	if len(in) != 2 || !in[0].Equal(s.A) || !in[1].Equal(s.B) || !square(s.A) || !fits(s.A, s.B) {
		return nil, fmt.Errorf("needs an n×n and an n×m matrix, found %v", in)
	}
	return s.B, nil
}

func (s Solve) Eval(out []float64, in [][]float64) {
	n, m := s.A[len(s.A)-1], s.B[len(s.B)-1]
	for b := 0; b*n*m < len(out); b++ {
		var lu mat.LU
		at := b * n * n % len(in[0]) // one may serve several
		lu.Factorize(mat.NewDense(n, n, in[0][at:at+n*n]))
		x := out[b*n*m : (b+1)*n*m]
		if det, _ := lu.LogDet(); math.IsInf(det, -1) || math.IsNaN(det) {
			fill(x, math.NaN())
			continue
		}
		// An ill-conditioned matrix is solved all the same; the error only warns.
		_ = lu.SolveTo(mat.NewDense(n, m, x), s.Trans, mat.NewDense(n, m, in[1][b*n*m:(b+1)*n*m]))
	}
	linalg.AbsorbColumns(out, in[1], n, m, 1)
}

func fill(x []float64, v float64) {
	for i := range x {
		x[i] = v
	}
}

// Diff: B̄ = A⁻ᵀ X̄, Ā = −B̄ Xᵀ.
func (s Solve) Diff(g *Graph, in []*Node, out *Node, dout Term, want []bool) []Term {
	ds := make([]Term, 2)
	db := g.Apply(Solve{s.A, s.B, !s.Trans}, in[0], g.Expand(s.B, dout))
	ds[1] = fullTerm(db)
	if want[0] {
		a, b := db, out
		if s.Trans {
			a, b = out, db
		}
		ds[0] = Frame{g, s.A}.Apply(Neg, fullTerm(outerSum(g, s.A, a, b)))
	}
	return ds
}

// LogDet is log |det A|, -Inf for a singular matrix.
type LogDet struct{ Of Shape }

func (l LogDet) Key() string { return fmt.Sprintf("log_det%v", l.Of) }

func (l LogDet) Infer(in []Shape) (Shape, error) {
	if len(in) != 1 || !in[0].Equal(l.Of) || !square(l.Of) {
		return nil, fmt.Errorf("needs square matrices")
	}
	return l.Of[:len(l.Of)-2], nil
}

func (l LogDet) Eval(out []float64, in [][]float64) {
	n := l.Of[len(l.Of)-1]
	for b := range out {
		var lu mat.LU
		lu.Factorize(mat.NewDense(n, n, in[0][b*n*n:(b+1)*n*n]))
		out[b], _ = lu.LogDet()
	}
}

// Diff: Ā = d·A⁻ᵀ.
func (l LogDet) Diff(g *Graph, in []*Node, out *Node, dout Term, want []bool) []Term {
	f := Frame{g, l.Of}
	eye := f.Node(f.triangle(0, 1, 0))
	inv := g.Apply(Solve{A: l.Of, B: l.Of, Trans: true}, in[0], eye)
	return []Term{f.Apply(MulZ, dout, fullTerm(inv))}
}

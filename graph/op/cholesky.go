package op

import (
	"fmt"
	"math"

	"ppl/graph/kernel/linalg"
)

// Cholesky is the lower triangular L with L·Lᵀ = A; only the lower triangle of
// A is read.
type Cholesky struct{ Of Shape }

func (c Cholesky) Key() string { return fmt.Sprintf("cholesky%v", c.Of) }

func (c Cholesky) Infer(in []Shape) (Shape, error) {
	if len(in) != 1 || !in[0].Equal(c.Of) || !square(c.Of) {
		return nil, fmt.Errorf("needs square matrices")
	}
	return c.Of, nil
}

func (c Cholesky) Eval(out []float64, in [][]float64) {
	n := c.Of[len(c.Of)-1]
	for b := 0; b < len(out); b += n * n {
		choleskyOne(out[b:b+n*n], in[0][b:b+n*n], n)
	}
}

func choleskyOne(l, a []float64, n int) {
	clear(l)
	for i := 0; i < n; i++ {
		li := l[i*n : i*n+i+1]
		for j := 0; j <= i; j++ {
			lj := l[j*n : j*n+j+1]
			t := a[i*n+j]
			for k := 0; k < j; k++ {
				t -= li[k] * lj[k]
			}
			if i != j {
				li[j] = t / lj[j]
				continue
			}
			if !(t > 0) {
				for k := range l {
					l[k] = math.NaN()
				}
				return
			}
			li[i] = math.Sqrt(t)
		}
	}
}

func (c Cholesky) Diff(g *Graph, in []*Node, out *Node, dout Term, want []bool) []Term {
	return []Term{fullTerm(g.Apply(CholeskyAdjoint(c), out, g.Expand(c.Of, dout)))}
}

// CholeskyAdjoint is the adjoint of A, from the factor L of A and the adjoint D of L; of A, L and D the lower
// triangles count, and what is above is 0. In a formula (Murray, 2016, "Differentiation of the Cholesky decomposition",
// eq. 10) it is Φ(Y) with Y = L⁻ᵀ (P + Pᵀ) L⁻¹ and P = Φ(LᵀD), where Φ takes the lower triangle and halves the diagonal.
type CholeskyAdjoint struct{ Of Shape }

func (c CholeskyAdjoint) Key() string { return fmt.Sprintf("cholesky_adjoint%v", c.Of) }

func (c CholeskyAdjoint) Infer(in []Shape) (Shape, error) {
	if len(in) != 2 || !in[0].Equal(c.Of) || !in[1].Equal(c.Of) || !square(c.Of) {
		return nil, fmt.Errorf("needs two square matrices of one shape")
	}
	return c.Of, nil
}

func (c CholeskyAdjoint) Eval(out []float64, in [][]float64) {
	n := c.Of[len(c.Of)-1]
	for b := 0; b < len(out); b += n * n {
		choleskyAdjointOne(out[b:b+n*n], in[0][b:b+n*n], in[1][b:b+n*n], n)
		linalg.AbsorbTriangle(out[b:b+n*n], in[1][b:b+n*n], n, 1)
	}
}

// choleskyAdjointOne undoes the steps of the factorisation, column by column from the last.
func choleskyAdjointOne(a, l, d []float64, n int) {
	clear(a)
	for i := range n {
		copy(a[i*n:i*n+i+1], d[i*n:])
	}
	for j := n - 1; j >= 0; j-- {
		p := l[j*n+j]
		for i := j + 1; i < n; i++ {
			a[i*n+j] /= p
			a[j*n+j] -= l[i*n+j] * a[i*n+j]
		}
		a[j*n+j] /= p
		for k := 0; k < j; k++ {
			for i := j; i < n; i++ {
				a[j*n+k] -= a[i*n+j] * l[i*n+k]
			}
			for i := j + 1; i < n; i++ {
				a[i*n+k] -= a[i*n+j] * l[j*n+k]
			}
		}
		a[j*n+j] /= 2
	}
}

// Diff, with G = Φ(Ȧ) for the adjoint Ȧ of the result, W = L⁻¹ (G + Gᵀ) L⁻ᵀ and Q = Φ(W): the adjoint of D is L·Q,
// that of L the lower triangle of D·Qᵀ − Y·L·W.
func (c CholeskyAdjoint) Diff(g *Graph, in []*Node, out *Node, dout Term, want []bool) []Term {
	f := Frame{g, c.Of}
	half, lower := f.triangle(1, 0.5, 0), f.triangle(1, 1, 0)
	l, d := f.Node(f.Apply(MulZ, fullTerm(in[0]), lower)), f.Node(f.Apply(MulZ, fullTerm(in[1]), lower))
	symmetric := func(x Term) *Node {
		n := f.Node(x)
		return f.Node(f.Apply(Add, fullTerm(n), fullTerm(transposeLast(g, n))))
	}
	solve := TriSolve{A: c.Of, B: c.Of}
	x := g.Apply(solve, l, symmetric(f.Apply(MulZ, dout, half)))
	w := g.Apply(solve, l, transposeLast(g, x))
	q := f.Node(f.Apply(MulZ, fullTerm(w), half))
	ds := make([]Term, 2)
	if want[1] {
		ds[1] = fullTerm(MatMul(g, l, q, false, false))
	}
	if want[0] {
		y := symmetric(fullTerm(out)) // the diagonal of the result is half that of Y
		dq := fullTerm(MatMul(g, d, q, false, true))
		ylw := fullTerm(MatMul(g, y, MatMul(g, l, w, false, false), false, false))
		ds[0] = f.Apply(MulZ, f.Apply(Sub, dq, ylw), lower)
	}
	return ds
}

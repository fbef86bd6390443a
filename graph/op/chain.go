package op

import (
	"fmt"
	"slices"

	"ppl/graph"
)

// A chain of T discrete states z_1, ..., z_T with K values each, given by log
// weights U[t, k] of each state and W[t, j, k] of each step from j to k, has
//
//	log Z = log Σ_z exp(Σ_t U[t, z_t] + Σ_t W[t, z_(t−1), z_t])
//
// The forward recursion finds it in T·K² steps, and the same pass backwards
// the derivatives of log Z: the marginal probabilities of states and of steps
// (Rabiner 1989, "A tutorial on hidden Markov models"). One op holds all:
//
//   - Chain computes log Z and those marginals, packed;
//   - ChainValue reads log Z, and has the marginals as its derivative;
//   - ChainHessian is the derivative of the marginals: a Hessian of log Z times
//     a vector. It is linear in T too.
//
// So a gradient takes one Chain, and a Hessian-vector product one Chain and one
// ChainHessian. There are no derivatives of the third order.

// ChainShape says what a chain's operands look like.
type ChainShape struct {
	// Batch are the dimensions over which there are separate chains. U has the
	// shape [Batch..., T, K].
	Batch Shape
	T, K  int
	// W has the dimensions of Batch listed in WBatch (increasing), then T−1 if
	// Varies, then [K, K]: from, to.
	WBatch []int
	Varies bool
	// Max finds the heaviest path and its weight in place of the sum; the
	// marginals are then 0 and 1 along that path (Viterbi 1967).
	Max bool
}

func (c ChainShape) key(name string) string {
	return fmt.Sprintf("%s%v%d,%d%v%t%t", name, c.Batch, c.T, c.K, c.WBatch, c.Varies, c.Max)
}

func (c ChainShape) uShape() Shape { return append(slices.Clone(c.Batch), c.T, c.K) }

// Steps is the number of step matrices of one chain.
func (c ChainShape) Steps() int {
	if c.Varies {
		return c.T - 1
	}
	return 1
}

func (c ChainShape) wTail() Shape {
	if c.Varies {
		return Shape{c.T - 1, c.K, c.K}
	}
	return Shape{c.K, c.K}
}

func (c ChainShape) wShape() Shape {
	var s Shape
	for _, d := range c.WBatch {
		s = append(s, c.Batch[d])
	}
	return append(s, c.wTail()...)
}

// states and Size are how many numbers the marginals of states and of
// everything take for one chain.
func (c ChainShape) states() int { return c.T * c.K }
func (c ChainShape) Size() int   { return c.states() + c.Steps()*c.K*c.K }

func (c ChainShape) packed(extra int) Shape { return append(slices.Clone(c.Batch), extra+c.Size()) }

func (c ChainShape) check(in []Shape, want ...Shape) error {
	if len(in) != len(want) {
		return fmt.Errorf("needs %d operands", len(want))
	}
	for i, s := range want {
		if !in[i].Equal(s) {
			return fmt.Errorf("operand %d has shape %v where %v is expected", i, in[i], s)
		}
	}
	return nil
}

// each calls f for every chain with the offset of its step matrices in W.
func (c ChainShape) each(f func(b, w int)) {
	strides := make([]int, len(c.Batch))
	st := c.wShape().Strides()
	for i, d := range c.WBatch {
		strides[d] = st[i]
	}
	walk1(c.Batch, strides, 0, f)
}

// Chain has the operands U and W, and packs for each chain log Z, the T·K
// marginals of the states and the marginals of the steps: (T−1)·K·K, or K·K
// sums over t where W does not vary.
type Chain struct{ ChainShape }

// ChainValue has the operands of a Chain before it: the packed Chain, U and W.
// The adjoint does not pass through the packed one.
type ChainValue struct{ ChainShape }

// ChainHessian has the operands U, W and an adjoint D of the packed Chain, and
// gives the adjoints of U and W, packed for each chain.
type ChainHessian struct{ ChainShape }

// NewChain is log Z (or the weight of the heaviest path) of each chain.
func NewChain(g *Graph, c ChainShape, u, w *Node) *Node {
	return g.Apply(ChainValue{c}, g.Apply(Chain{c}, u, w), u, w)
}

func (c Chain) Key() string        { return c.key("chain") }
func (c ChainValue) Key() string   { return c.key("chain_value") }
func (c ChainHessian) Key() string { return c.key("chain_hessian") }

func (c Chain) Infer(in []Shape) (Shape, error) {
	return c.packed(1), c.check(in, c.uShape(), c.wShape())
}

func (c ChainValue) Infer(in []Shape) (Shape, error) {
	return c.Batch, c.check(in, c.packed(1), c.uShape(), c.wShape())
}

func (c ChainHessian) Infer(in []Shape) (Shape, error) {
	return c.packed(0), c.check(in, c.uShape(), c.wShape(), c.packed(1))
}

func (c Chain) Eval(out []float64, in [][]float64) {
	r := newChainRun(c.ChainShape)
	n := 1 + c.Size()
	c.each(func(b, w int) {
		o := out[b*n : (b+1)*n]
		r.set(in[0][b*c.states():(b+1)*c.states()], in[1][w:])
		if c.Max {
			o[0] = r.heaviest(o[1:1+c.states()], o[1+c.states():])
			return
		}
		o[0] = r.forward()
		r.backward(o[1:1+c.states()], o[1+c.states():])
	})
	r.free()
}

func (c ChainValue) Eval(out []float64, in [][]float64) {
	n := 1 + c.Size()
	for b := range out {
		out[b] = in[0][b*n]
	}
}

func (c ChainHessian) Eval(out []float64, in [][]float64) {
	r := newChainRun(c.ChainShape)
	n, s := c.Size(), c.states()
	c.each(func(b, w int) {
		o, d := out[b*n:(b+1)*n], in[2][b*(n+1):(b+1)*(n+1)]
		r.set(in[0][b*s:(b+1)*s], in[1][w:])
		r.forward()
		r.hessian(d[0], d[1:1+s], d[1+s:], o[:s], o[s:])
	})
	r.free()
}

// Diff of log Z: the marginals times the adjoint.
func (c ChainValue) Diff(g *Graph, in []*Node, out *Node, dout Term, want []bool) []Term {
	ds := make([]Term, 3)
	if want[1] {
		f := Frame{g, c.uShape()}
		ds[1] = f.Apply(MulZ, dout, fullTerm(c.unpack(g, in[0], 1, Shape{c.T, c.K})))
	}
	if want[2] {
		f := Frame{g, append(slices.Clone(c.Batch), c.wTail()...)}
		x := f.Apply(MulZ, dout, fullTerm(c.unpack(g, in[0], 1+c.states(), c.wTail())))
		ds[2] = c.sumW(g, x.Node)
	}
	return ds
}

// sumW sums the adjoint of each chain's W over the chains that share it.
func (c ChainShape) sumW(g *Graph, x *Node) Term {
	keep := slices.Clone(c.WBatch)
	for d := len(c.Batch); d < len(x.Shape); d++ {
		keep = append(keep, d)
	}
	return g.SumTo(x.Shape, fullTerm(x), keep)
}

// unpack views a part of a packed array.
func (c ChainShape) unpack(g *Graph, x *Node, from int, tail Shape) *Node {
	k := len(c.Batch)
	v := View{Out: append(slices.Clone(c.Batch), tail...), Base: from}
	v.Strides = append(slices.Clone(x.Shape.Strides()[:k]), tail.Strides()...)
	return NewView(g, x, v, nil)
}

// Diff of the packed marginals is the Hessian of log Z.
func (c Chain) Diff(g *Graph, in []*Node, out *Node, dout Term, want []bool) []Term {
	ds := make([]Term, 2)
	if c.Max {
		return ds // piecewise constant
	}
	h := g.Apply(ChainHessian(c), in[0], in[1], g.Expand(out.Shape, dout))
	if want[0] {
		ds[0] = fullTerm(c.unpack(g, h, 0, Shape{c.T, c.K}))
	}
	if want[1] {
		ds[1] = c.sumW(g, c.unpack(g, h, c.states(), c.wTail()))
	}
	return ds
}

// Diff is not there: nothing asks for a third derivative.
func (c ChainHessian) Diff(*Graph, []*Node, *Node, Term, []bool) []Term {
	panic("op: a chain has derivatives of the first and second order only")
}

var _ = []graph.Op{Chain{}, ChainValue{}, ChainHessian{}}

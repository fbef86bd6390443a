package op

import (
	"fmt"
	"slices"

	"ppl/graph"
)

// Contract is an Einstein sum of two operands: each dimension of A, B and the
// result Out carries a label; labels that are not in Out are summed. It serves
// every product (dot, matrix-vector, matrix-matrix, batched, outer) and is
// closed under differentiation. Every label occurs in at least two of the
// three lists and at most once in each; NewContract sums out the others first.
// Products with 0 are 0, whatever the other factor is (as in MulZ).
type Contract struct {
	A, B, Out []int
	Sizes     []int // by label
}

// Work is that of the contraction in elements of other operations: a multiplication
// and an addition for each combination of labels, which takes a sixteenth of one.
func (c Contract) Work() float64 {
	w := 1.0 / 16
	for _, n := range c.Sizes {
		w *= float64(n)
	}
	return w
}

// NewContract applies a contraction with the given labels; equal labels must
// have equal sizes.
func NewContract(g *Graph, a, b *Node, la, lb, lo []int) *Node {
	sizes := map[int]int{}
	top := 0
	for i, l := range la {
		sizes[l] = a.Shape[i]
		top = max(top, l+1)
	}
	for i, l := range lb {
		sizes[l] = b.Shape[i]
		top = max(top, l+1)
	}
	if c, x := factorOut(a); c != 1 {
		return times(g, c, NewContract(g, x, b, la, lb, lo))
	}
	if c, x := factorOut(b); c != 1 {
		return times(g, c, NewContract(g, a, x, la, lb, lo))
	}
	if y, ok := splitContract(g, a, b, la, lb, lo); ok {
		return y
	}
	if y, ok := splitContract(g, b, a, lb, la, lo); ok {
		return y
	}
	a, la = sumOut(g, a, la, lb, lo)
	b, lb = sumOut(g, b, lb, la, lo)
	c := Contract{A: la, B: lb, Out: lo, Sizes: make([]int, top)}
	for l, n := range sizes {
		c.Sizes[l] = n
	}
	return g.Apply(c, a, b)
}

// splitContract contracts u with b where a is u·v and v, smaller, has only
// dimensions of the result: v is multiplied in afterwards, if that is less work.
func splitContract(g *Graph, a, b *Node, la, lb, lo []int) (*Node, bool) {
	m, ok := a.Op.(*Map)
	if !ok || m.F != Mul && m.F != MulZ {
		return nil, false
	}
	out := make(Shape, len(lo))
	for i, l := range lo {
		if k := slices.Index(la, l); k >= 0 {
			out[i] = a.Shape[k]
		} else {
			out[i] = b.Shape[slices.Index(lb, l)]
		}
	}
	if out.Size() >= a.Shape.Size() {
		return nil, false
	}
	for k, full := range m.Dims {
		if len(full) != len(m.Out) || len(m.Dims[1-k]) >= len(full) {
			continue
		}
		v := Term{Node: a.In[1-k]}
		for _, d := range m.Dims[1-k] {
			v.Dims = append(v.Dims, slices.Index(lo, la[d]))
		}
		if slices.Contains(v.Dims, -1) || !slices.IsSorted(v.Dims) {
			continue
		}
		f := Frame{g, out} // 0 absorbs, as in the contraction
		return f.Node(f.Apply(MulZ, v, fullTerm(NewContract(g, a.In[k], b, la, lb, lo)))), true
	}
	return nil, false
}

// sumOut sums the dimensions of x whose labels occur nowhere else.
func sumOut(g *Graph, x *Node, lx, other, out []int) (*Node, []int) {
	var over, keep []int
	for i, l := range lx {
		if slices.Contains(other, l) || slices.Contains(out, l) {
			keep = append(keep, l)
		} else {
			over = append(over, i)
		}
	}
	if over == nil {
		return x, lx
	}
	return g.ScaledSum(x, over, 1), keep
}

func (c Contract) Key() string {
	key := append(make([]byte, 0, 64), "contract"...)
	for _, x := range [][]int{c.A, c.B, c.Out, c.Sizes} {
		key = graph.AppendInts(key, x)
	}
	return string(key)
}

func (c Contract) Infer(in []Shape) (Shape, error) {
	if len(in) != 2 || len(in[0]) != len(c.A) || len(in[1]) != len(c.B) {
		return nil, fmt.Errorf("does not fit its operands")
	}
	for k, labels := range [][]int{c.A, c.B} {
		for i, l := range labels {
			if in[k][i] != c.Sizes[l] {
				return nil, fmt.Errorf("operand %d has %d where %d is expected", k, in[k][i], c.Sizes[l])
			}
		}
	}
	out := make(Shape, len(c.Out))
	for i, l := range c.Out {
		if !slices.Contains(c.A, l) && !slices.Contains(c.B, l) {
			return nil, fmt.Errorf("label %d of the result is in neither operand", l)
		}
		out[i] = c.Sizes[l]
	}
	return out, nil
}

// offsets lists, for every combination of the labels, the offset in an array
// whose dimensions carry the labels dims.
func (c Contract) offsets(labels, dims []int) []int {
	stride := make([]int, len(c.Sizes))
	n := 1
	for i := len(dims) - 1; i >= 0; i-- {
		stride[dims[i]] = n
		n *= c.Sizes[dims[i]]
	}
	shape, st := make(Shape, len(labels)), make([]int, len(labels))
	for i, l := range labels {
		shape[i], st[i] = c.Sizes[l], stride[l]
	}
	out := make([]int, shape.Size())
	walk1(shape, st, 0, func(i, p int) { out[i] = p })
	return out
}

func (c Contract) Eval(out []float64, in [][]float64) {
	var batch, rowsL, colsL, sumL []int
	for l := range c.Sizes {
		a, b, o := slices.Contains(c.A, l), slices.Contains(c.B, l), slices.Contains(c.Out, l)
		switch {
		case a && b && o:
			batch = append(batch, l)
		case a && b:
			sumL = append(sumL, l)
		case a:
			rowsL = append(rowsL, l)
		case b:
			colsL = append(colsL, l)
		}
	}
	batchA, batchB, batchO := c.offsets(batch, c.A), c.offsets(batch, c.B), c.offsets(batch, c.Out)
	rowA, rowO := c.offsets(rowsL, c.A), c.offsets(rowsL, c.Out)
	colB, colO := c.offsets(colsL, c.B), c.offsets(colsL, c.Out)
	sumA, sumB := c.offsets(sumL, c.A), c.offsets(sumL, c.B)
	if len(sumA) == 0 { // a sum of nothing
		clear(out)
		return
	}
	unit := unitStep(sumA) && unitStep(sumB)
	for k := range batchA {
		a, b, o := in[0][batchA[k]:], in[1][batchB[k]:], out[batchO[k]:]
		for i, pa := range rowA {
			for j, pb := range colB {
				t := 0.0
				if unit {
					x := a[pa : pa+len(sumA)]
					y := b[pb : pb+len(sumA)]
					for s, v := range x {
						t += v * y[s]
					}
				} else {
					for s, q := range sumA {
						t += a[pa+q] * b[pb+sumB[s]]
					}
				}
				if t != t {
					t = absorbingDot(a[pa:], b[pb:], sumA, sumB)
				}
				o[rowO[i]+colO[j]] = t
			}
		}
	}
}

// absorbingDot is the sum of products of which those with 0 are 0.
func absorbingDot(a, b []float64, at, bt []int) float64 {
	t := 0.0
	for s, q := range at {
		if x, y := a[q], b[bt[s]]; x != 0 && y != 0 {
			t += x * y
		}
	}
	return t
}

func unitStep(off []int) bool {
	for i, o := range off {
		if o != i {
			return false
		}
	}
	return true
}

func (c Contract) Diff(g *Graph, in []*Node, out *Node, dout Term, want []bool) []Term {
	ds := make([]Term, 2)
	d := g.Expand(out.Shape, dout)
	if want[0] {
		ds[0] = fullTerm(NewContract(g, d, in[1], c.Out, c.B, c.A))
	}
	if want[1] {
		ds[1] = fullTerm(NewContract(g, d, in[0], c.Out, c.A, c.B))
	}
	return ds
}

var _ graph.Op = Contract{}

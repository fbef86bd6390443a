package graph

import (
	"fmt"
	"strconv"
)

// This file has the two ops that connect a Term with its frame, adjoint to
// one another: expand (broadcast over the dimensions that the term lacks) and
// sum (over the dimensions that it should lose, with a constant factor that
// counts those it never had).

// Expand materialises a term over the whole frame.
func (g *Graph) Expand(frame Shape, t Term) *Node {
	if len(t.Dims) == len(frame) {
		return t.Node
	}
	return g.Apply(Broadcast{frame, t.Dims}, t.Node)
}

// SumTo sums a term, broadcast over the frame, over the dimensions that are
// not in keep (increasing). The result is a term over keep: its Dims are
// positions in keep, and it may lack some of them.
func (g *Graph) SumTo(frame Shape, t Term, keep []int) Term {
	if t.Zero() {
		return t
	}
	position := make(map[int]int, len(keep))
	for i, d := range keep {
		position[d] = i
	}
	out := Term{Node: t.Node}
	var over []int
	present := make(map[int]bool, len(t.Dims))
	for i, d := range t.Dims {
		present[d] = true
		if p, ok := position[d]; ok {
			out.Dims = append(out.Dims, p)
		} else {
			over = append(over, i)
		}
	}
	times := 1
	for d, n := range frame {
		if _, kept := position[d]; !kept && !present[d] {
			times *= n
		}
	}
	out.Node = g.ScaledSum(t.Node, over, float64(times))
	return out
}

// ScaledSum is times · Σ over the listed dimensions (increasing).
func (g *Graph) ScaledSum(x *Node, dims []int, times float64) *Node {
	if len(dims) == 0 && times == 1 {
		return x
	}
	switch o := x.Op.(type) {
	case Sum: // a sum of a sum is one sum, unless the first leaves little to add
		if 4*x.Shape.Size() > o.From.Size() || len(dims) == 0 {
			return g.Apply(Sum{o.From, outer(o, dims), o.Times * times}, x.In[0])
		}
	case Multiple: // a constant factor is multiplied in once
		if c, y, ok := o.Factor(x.In); ok && len(dims) > 0 && y.Shape.Equal(x.Shape) {
			return g.ScaledSum(y, dims, c*times)
		}
	}
	if o, ok := x.Op.(Splitter); ok && len(dims) > 0 {
		if y, ok := o.SplitSum(g, x.In, dims, times); ok {
			return y
		}
	}
	if g.SumRule != nil {
		if y, ok := g.SumRule(g, x, dims, times); ok {
			return y
		}
	}
	if y, ok := g.furtherSum(x, dims, times); ok {
		return y
	}
	return g.Apply(Sum{x.Shape, dims, times}, x)
}

// furtherSum takes a sum from one over fewer dimensions that is there already.
func (g *Graph) furtherSum(x *Node, dims []int, times float64) (*Node, bool) {
	if len(dims) < 2 || len(dims) > 4 {
		return nil, false
	}
	for some := 1; some < 1<<len(dims)-1; some++ {
		part := Sum{From: x.Shape, Times: 1}
		var rest []int
		for k, d := range dims {
			if some>>k&1 == 1 {
				part.Dims = append(part.Dims, d)
			} else {
				rest = append(rest, d-len(part.Dims))
			}
		}
		key, _ := appendKey(nil, part, []*Node{x})
		if y, ok := g.byKey[string(key)]; ok && !y.IsConst() {
			return g.Apply(Sum{y.Shape, rest, times}, y), true
		}
	}
	return nil, false
}

// SumRule may express times · Σ x over the listed dimensions in another way,
// of the shape that is left.
type SumRule func(g *Graph, x *Node, dims []int, times float64) (*Node, bool)

// Splitter is an Op whose sum over some dimensions may be an expression of
// smaller arrays.
type Splitter interface {
	SplitSum(g *Graph, in []*Node, dims []int, times float64) (*Node, bool)
}

// Multiple is an Op whose result may be a finite constant times one of its
// operands, element by element.
type Multiple interface {
	Factor(in []*Node) (c float64, x *Node, ok bool)
}

// outer lists the dimensions of s's operand that are summed when dims of its
// result are summed too.
func outer(s Sum, dims []int) []int {
	summed := make([]bool, len(s.From))
	for _, d := range s.Dims {
		summed[d] = true
	}
	var kept []int
	for d := range s.From {
		if !summed[d] {
			kept = append(kept, d)
		}
	}
	for _, d := range dims {
		summed[kept[d]] = true
	}
	var all []int
	for d, yes := range summed {
		if yes {
			all = append(all, d)
		}
	}
	return all
}

// Sum is Times · Σ of an array of shape From over dimensions Dims (increasing).
// Terms are added in order of their index: pairwise in blocks, so that the
// error grows slowly and the result depends on nothing but the operand.
type Sum struct {
	From  Shape
	Dims  []int
	Times float64
}

func (s Sum) Key() string {
	key := s.From.Append(append(make([]byte, 0, 48), "sum"...))
	key = append(AppendInts(key, s.Dims), '*')
	return string(strconv.AppendFloat(key, s.Times, 'x', -1, 64))
}

func (s Sum) Infer(in []Shape) (Shape, error) {
	if len(in) != 1 || !in[0].Equal(s.From) {
		return nil, fmt.Errorf("needs one operand of shape %v", s.From)
	}
	return dropDims(s.From, s.Dims), nil
}

func (s Sum) Eval(out []float64, in [][]float64) {
	ReduceRows(s.From, s.Dims, in[0], func(o int, row []float64) { out[o] = s.Times * pairwise(row) })
}

func (s Sum) Diff(g *Graph, in []*Node, out *Node, dout Term, want []bool) []Term {
	d := Term{Node: g.ScaledSum(dout.Node, nil, s.Times)}
	kept := keptDims(len(s.From), s.Dims)
	for _, p := range dout.Dims {
		d.Dims = append(d.Dims, kept[p])
	}
	return []Term{d}
}

// pairwise sums blocks of 64 in order, and the blocks by halves.
func pairwise(x []float64) float64 {
	if len(x) <= 64 {
		t := 0.0
		for _, v := range x {
			t += v
		}
		return t
	}
	h := (len(x)/2 + 63) &^ 63
	return pairwise(x[:h]) + pairwise(x[h:])
}

func keptDims(rank int, dims []int) []int {
	drop := make([]bool, rank)
	for _, d := range dims {
		drop[d] = true
	}
	var kept []int
	for d := 0; d < rank; d++ {
		if !drop[d] {
			kept = append(kept, d)
		}
	}
	return kept
}

func dropDims(s Shape, dims []int) Shape {
	out := Shape{}
	for _, d := range keptDims(len(s), dims) {
		out = append(out, s[d])
	}
	return out
}

// ReduceRows calls f for each element o of the array that is left when the
// listed dimensions are reduced, with the elements reduced into it in row-major
// order. row is reused between calls.
func ReduceRows(shape Shape, dims []int, x []float64, f func(o int, row []float64)) {
	strides := shape.Strides()
	kept := keptDims(len(shape), dims)
	inner, innerSt := pick(shape, strides, dims)
	outerSh, outerSt := pick(shape, strides, kept)
	n := inner.Size()
	contiguous := true
	for i := range dims {
		contiguous = contiguous && dims[i] == len(shape)-len(dims)+i
	}
	row := make([]float64, n)
	Walk(outerSh, outerSt, nil, 0, func(o, base, _ int) {
		if contiguous {
			f(o, x[base:base+n])
			return
		}
		Walk(inner, innerSt, nil, 0, func(i, off, _ int) { row[i] = x[base+off] })
		f(o, row)
	})
}

func pick(shape Shape, strides, dims []int) (Shape, []int) {
	s, st := make(Shape, len(dims)), make([]int, len(dims))
	for i, d := range dims {
		s[i], st[i] = shape[d], strides[d]
	}
	return s, st
}

// Walk calls f(i, base + Σ a·c, Σ b·c) for every index c of shape in row-major
// order, i counting from 0; b may be nil.
func Walk(shape Shape, a, b []int, base int, f func(i, p, q int)) {
	idx := make([]int, len(shape))
	size, p, q := shape.Size(), base, 0
	for i := 0; i < size; i++ {
		f(i, p, q)
		for d := len(shape) - 1; d >= 0; d-- {
			idx[d]++
			p += a[d]
			if b != nil {
				q += b[d]
			}
			if idx[d] < shape[d] {
				break
			}
			p -= idx[d] * a[d]
			if b != nil {
				q -= idx[d] * b[d]
			}
			idx[d] = 0
		}
	}
}

// Broadcast repeats an operand over the dimensions of a frame that it lacks;
// Dims lists those that it has.
type Broadcast struct {
	Frame Shape
	Dims  []int
}

func (e Broadcast) Key() string {
	return string(e.Frame.Append(AppendInts(append(make([]byte, 0, 32), "expand"...), e.Dims)))
}

func (e Broadcast) Infer(in []Shape) (Shape, error) {
	if len(in) != 1 || len(in[0]) != len(e.Dims) {
		return nil, fmt.Errorf("needs one operand of rank %d", len(e.Dims))
	}
	for i, d := range e.Dims {
		if in[0][i] != e.Frame[d] {
			return nil, fmt.Errorf("operand does not fit the frame")
		}
	}
	return e.Frame, nil
}

func (e Broadcast) Eval(out []float64, in [][]float64) {
	strides := make([]int, len(e.Frame))
	n := 1
	for i := len(e.Dims) - 1; i >= 0; i-- {
		strides[e.Dims[i]] = n
		n *= e.Frame[e.Dims[i]]
	}
	Walk(e.Frame, strides, nil, 0, func(i, off, _ int) { out[i] = in[0][off] })
}

func (e Broadcast) Diff(g *Graph, in []*Node, out *Node, dout Term, want []bool) []Term {
	return []Term{g.SumTo(e.Frame, dout, e.Dims)}
}

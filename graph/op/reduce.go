package op

import (
	"fmt"
	"math"
	"slices"

	"ppl/graph"
)

// ReduceKind is a reduction other than the sum (which is graph.Sum).
type ReduceKind int

const (
	// LogSumExp is log Σ exp(x): -Inf over nothing and over all -Inf.
	LogSumExp ReduceKind = iota
	// MaxOf and MinOf are -Inf and +Inf over nothing.
	MaxOf
	MinOf
	// ArgMaxOf is the index, from 1, of the first largest element.
	ArgMaxOf
	// AnyOf and AllOf treat non-zero as true.
	AnyOf
	AllOf
)

var reduceNames = [...]string{"log_sum_exp", "max", "min", "argmax", "any", "all"}

var reduceFuncs = [...]func([]float64) float64{logSumExp, maxOf, minOf, argMax, anyOf, allOf}

// Reduce reduces an array of shape From over dimensions Dims (increasing).
type Reduce struct {
	Kind ReduceKind
	From Shape
	Dims []int
}

// NewReduce applies a reduction; over no dimensions of no effect, except for
// the truth values.
func NewReduce(g *Graph, kind ReduceKind, x *Node, dims []int) *Node {
	if len(dims) == 0 && kind <= MinOf {
		return x
	}
	return g.Apply(Reduce{kind, x.Shape, dims}, x)
}

func (r Reduce) Key() string { return fmt.Sprintf("%s%v%v", reduceNames[r.Kind], r.From, r.Dims) }

func (r Reduce) Infer(in []Shape) (Shape, error) {
	if len(in) != 1 || !in[0].Equal(r.From) {
		return nil, fmt.Errorf("needs one operand of shape %v", r.From)
	}
	out := Shape{}
	for d, n := range r.From {
		if !slices.Contains(r.Dims, d) {
			out = append(out, n)
		}
	}
	return out, nil
}

func (r Reduce) Eval(out []float64, in [][]float64) {
	f := reduceFuncs[r.Kind]
	graph.ReduceRows(r.From, r.Dims, in[0], func(o int, row []float64) { out[o] = f(row) })
}

func logSumExp(x []float64) float64 {
	m := maxOf(x)
	if math.IsInf(m, 0) || math.IsNaN(m) {
		return m
	}
	t := 0.0
	for _, v := range x {
		t += math.Exp(v - m)
	}
	return m + math.Log(t)
}

func maxOf(x []float64) float64 {
	m := math.Inf(-1)
	for _, v := range x {
		if v > m || math.IsNaN(v) {
			m = v
		}
		if math.IsNaN(m) {
			return m
		}
	}
	return m
}

func minOf(x []float64) float64 {
	m := math.Inf(1)
	for _, v := range x {
		if v < m || math.IsNaN(v) {
			m = v
		}
		if math.IsNaN(m) {
			return m
		}
	}
	return m
}

func argMax(x []float64) float64 {
	k := 0
	for i, v := range x {
		if v > x[k] || math.IsNaN(x[k]) && !math.IsNaN(v) {
			k = i
		}
	}
	return float64(k + 1)
}

func anyOf(x []float64) float64 {
	for _, v := range x {
		if v != 0 {
			return 1
		}
	}
	return 0
}

func allOf(x []float64) float64 {
	for _, v := range x {
		if v == 0 {
			return 0
		}
	}
	return 1
}

// Diff: the weights of a log-sum-exp are exp(x − out); the adjoint of a
// maximum is shared equally by the elements that attain it.
func (r Reduce) Diff(g *Graph, in []*Node, out *Node, dout Term, want []bool) []Term {
	if r.Kind > MinOf {
		return []Term{{}}
	}
	f := Frame{g, r.From}
	var kept []int
	for d := range r.From {
		if !slices.Contains(r.Dims, d) {
			kept = append(kept, d)
		}
	}
	lift := func(t Term) Term {
		l := Term{Node: t.Node}
		for _, d := range t.Dims {
			l.Dims = append(l.Dims, kept[d])
		}
		return l
	}
	x, y, d := fullTerm(in[0]), lift(fullTerm(out)), lift(dout)
	if r.Kind == LogSumExp {
		return []Term{f.Apply(MulZ, d, f.Apply(ExpSub, x, y))}
	}
	hit := f.Apply(Equal, x, y)
	count := lift(fullTerm(g.ScaledSum(f.Node(hit), r.Dims, 1)))
	return []Term{f.Apply(MulZ, d, f.Apply(Div, hit, count))}
}

// Prod multiplies an array over its last dimension by halves, as a tree of
// elementwise products: the adjoint is exact where factors are zero, to every
// order, and the graph has log₂ n levels.
func Prod(g *Graph, x *Node) *Node {
	last := len(x.Shape) - 1
	outer := x.Shape[:last:last]
	n := x.Shape[last]
	if n == 0 {
		out := make([]float64, outer.Size())
		for i := range out {
			out[i] = 1
		}
		return g.Constant(outer, out)
	}
	for n > 1 {
		h := n / 2
		f := Frame{g, append(append(Shape{}, outer...), h)}
		y := f.Apply(Mul, fullTerm(part(g, x, 0, h)), fullTerm(part(g, x, h, h))).Node
		if n%2 == 1 {
			y = Concat(g, last, y, part(g, x, n-1, 1))
		}
		x, n = y, h+n%2
	}
	st := x.Shape.Strides()
	return NewView(g, x, View{Out: outer, Strides: st[:last:last]}, nil)
}

// part is x[..., from : from+n].
func part(g *Graph, x *Node, from, n int) *Node {
	out := append(Shape{}, x.Shape...)
	out[len(out)-1] = n
	return NewView(g, x, View{Out: out, Base: from, Strides: x.Shape.Strides()}, nil)
}

// Concat joins arrays along dimension dim; they agree in the others.
func Concat(g *Graph, dim int, xs ...*Node) *Node {
	if len(xs) == 1 {
		return xs[0]
	}
	out := append(Shape{}, xs[0].Shape...)
	out[dim] = 0
	for _, x := range xs {
		out[dim] += x.Shape[dim]
	}
	st := out.Strides()
	var parts []Part
	var in []*Node
	at := 0
	for _, x := range xs {
		if x.Shape.Size() > 0 {
			parts = append(parts, Part{Shape: x.Shape, Base: at * st[dim], Strides: st})
			in = append(in, x)
		}
		at += x.Shape[dim]
	}
	if len(in) == 0 {
		return g.Constant(out, []float64{})
	}
	return NewScatter(g, out, parts, in...)
}

// CumSum is the running sum along the last dimension, from the end if Reverse.
type CumSum struct {
	Of      Shape
	Reverse bool
}

func (c CumSum) Key() string { return fmt.Sprintf("cumsum%v%t", c.Of, c.Reverse) }

func (c CumSum) Infer(in []Shape) (Shape, error) {
	if len(in) != 1 || !in[0].Equal(c.Of) || len(c.Of) == 0 {
		return nil, fmt.Errorf("needs one operand of shape %v", c.Of)
	}
	return c.Of, nil
}

func (c CumSum) Eval(out []float64, in [][]float64) {
	n := c.Of[len(c.Of)-1]
	for r := 0; r < len(out); r += n {
		t := 0.0
		for i := 0; i < n; i++ {
			k := i
			if c.Reverse {
				k = n - 1 - i
			}
			t += in[0][r+k]
			out[r+k] = t
		}
	}
}

func (c CumSum) Diff(g *Graph, in []*Node, out *Node, dout Term, want []bool) []Term {
	return []Term{fullTerm(g.Apply(CumSum{c.Of, !c.Reverse}, g.Expand(c.Of, dout)))}
}

// SortPerm gives, along the last dimension, the offsets within the whole array
// of the elements in increasing order (stable; NaN last).
type SortPerm struct{ Of Shape }

func (s SortPerm) Key() string { return fmt.Sprintf("sort_perm%v", s.Of) }

func (s SortPerm) Infer(in []Shape) (Shape, error) {
	if len(in) != 1 || !in[0].Equal(s.Of) || len(s.Of) == 0 {
		return nil, fmt.Errorf("needs one operand of shape %v", s.Of)
	}
	return s.Of, nil
}

func (s SortPerm) Eval(out []float64, in [][]float64) {
	n := s.Of[len(s.Of)-1]
	for r := 0; r < len(out); r += n {
		sortRow(out[r:r+n], in[0], r)
	}
}

func (s SortPerm) Diff(*Graph, []*Node, *Node, Term, []bool) []Term { return []Term{{}} }

// Sort sorts along the last dimension, as a gather through the permutation.
func Sort(g *Graph, x *Node) *Node {
	perm := g.Apply(SortPerm{x.Shape}, x)
	return NewView(g, x, View{Out: x.Shape, Strides: make([]int, len(x.Shape)), OffStrides: x.Shape.Strides()}, perm)
}

package op

import (
	"fmt"
	"slices"
	"strconv"

	"ppl/graph"
)

// View and Scatter are all of indexing, and adjoint to one another. A View
// reads from an array through strides, and optionally through an array of
// offsets (a gather): slices, rows, shifts, transposition, diagonals, y[t-k]
// and alpha[county[i]] are all views. A Scatter adds arrays into an array of
// zeros, each through strides and offsets: concatenation, stacking, arrays
// built in pieces, and every gradient of a view.

// View has out[c] = x[Base + Σ Strides·c + off[Σ OffStrides·c]], where off is
// the second operand if OffStrides is not nil.
type View struct {
	From, Out  Shape
	Base       int
	Strides    []int
	OffStrides []int
}

// NewView applies a view, looking through views of views and leaving out
// those that change nothing. off may be nil.
func NewView(g *Graph, x *Node, v View, off *Node) *Node {
	v.From = x.Shape
	if off == nil {
		if inner, ok := x.Op.(View); ok && inner.OffStrides == nil {
			if c, ok := compose(inner, v); ok {
				return NewView(g, x.In[0], c, nil)
			}
		}
		if v.Base == 0 && v.Out.Equal(x.Shape) && dense(v.Out, v.Strides) {
			return x
		}
		return g.Apply(v, x)
	}
	return g.Apply(v, x, off)
}

// dense reports whether strides are those of a dense array of the shape (the
// stride of a dimension of one element does not matter).
func dense(s Shape, strides []int) bool {
	n := 1
	for i := len(s) - 1; i >= 0; i-- {
		if s[i] != 1 && strides[i] != n {
			return false
		}
		n *= s[i]
	}
	return true
}

// compose expresses outer∘inner as one view, where each stride of outer is a
// multiple of one stride of the intermediate array and stays within its
// dimension.
func compose(inner, outer View) (View, bool) {
	mid := inner.Out.Strides()
	lo, hi := make([]int, len(mid)), make([]int, len(mid))
	rest := outer.Base
	for d, st := range mid {
		lo[d] = rest / st
		hi[d] = lo[d]
		rest %= st
	}
	out := View{From: inner.From, Out: outer.Out, Base: inner.Base, Strides: make([]int, len(outer.Strides))}
	for d, i := range lo {
		out.Base += i * inner.Strides[d]
	}
	for k, s := range outer.Strides {
		if s == 0 || outer.Out[k] == 1 {
			continue
		}
		d := 0
		for d < len(mid) && (inner.Out[d] == 1 || s%mid[d] != 0) {
			d++
		}
		if d == len(mid) {
			return View{}, false
		}
		q := s / mid[d]
		out.Strides[k] = q * inner.Strides[d]
		if q > 0 {
			hi[d] += q * (outer.Out[k] - 1)
		} else {
			lo[d] += q * (outer.Out[k] - 1)
		}
	}
	for d := range mid {
		if lo[d] < 0 || hi[d] >= inner.Out[d] {
			return View{}, false
		}
	}
	return out, true
}

func (v View) Key() string {
	key := v.Out.Append(v.From.Append(append(make([]byte, 0, 64), "view"...)))
	key = graph.AppendInts(strconv.AppendInt(key, int64(v.Base), 10), v.Strides)
	return string(graph.AppendInts(key, v.OffStrides))
}

func (v View) Infer(in []Shape) (Shape, error) {
	want := 1
	if v.OffStrides != nil {
		want = 2
	}
	if len(in) != want || !in[0].Equal(v.From) || len(v.Strides) != len(v.Out) {
		return nil, fmt.Errorf("does not fit its operands")
	}
	return v.Out, nil
}

func (v View) Eval(out []float64, in [][]float64) {
	x := in[0]
	if v.OffStrides == nil {
		walk1(v.Out, v.Strides, v.Base, func(i, p int) { out[i] = x[p] })
		return
	}
	off := in[1]
	graph.Walk(v.Out, v.Strides, v.OffStrides, v.Base, func(i, p, o int) { out[i] = x[p+int(off[o])] })
}

func (v View) Diff(g *Graph, in []*Node, out *Node, dout Term, want []bool) []Term {
	ds := make([]Term, len(in))
	if !want[0] {
		return ds
	}
	// Sum first over what was broadcast.
	var keep []int
	for d := range v.Out {
		if v.Strides[d] != 0 || v.OffStrides != nil && v.OffStrides[d] != 0 {
			keep = append(keep, d)
		}
	}
	p := Part{Base: v.Base}
	for _, d := range keep {
		p.Shape = append(p.Shape, v.Out[d])
		p.Strides = append(p.Strides, v.Strides[d])
		if v.OffStrides != nil {
			p.OffStrides = append(p.OffStrides, v.OffStrides[d])
		}
	}
	if v.OffStrides != nil && p.OffStrides == nil {
		p.OffStrides = []int{}
	}
	x := g.Expand(p.Shape, g.SumTo(v.Out, dout, keep))
	if p.OffStrides != nil {
		ds[0] = fullTerm(NewScatter(g, v.From, []Part{p}, x, in[1]))
	} else {
		ds[0] = fullTerm(NewScatter(g, v.From, []Part{p}, x))
	}
	return ds
}

// Part is one operand of a Scatter: element c of an array of Shape goes to
// Base + Σ Strides·c + off[Σ OffStrides·c], where off is a further operand if
// OffStrides is not nil.
type Part struct {
	Shape      Shape
	Base       int
	Strides    []int
	OffStrides []int
}

// Scatter adds its parts into an array of zeros of shape Out. Its operands are
// those of the parts in order, each followed by its offsets if it has any.
type Scatter struct {
	Out   Shape
	Parts []Part
}

// NewScatter applies a scatter; one that only permutes is a View.
func NewScatter(g *Graph, out Shape, parts []Part, in ...*Node) *Node {
	if out.Size() == 0 {
		return g.Constant(out, []float64{})
	}
	if len(parts) == 1 && len(in) == 1 {
		if v, ok := inverse(out, parts[0]); ok {
			return NewView(g, in[0], v, nil)
		}
	}
	if len(parts) == 1 && parts[0].Shape.Size() > out.Size() { // a factor is cheaper after
		if c, x := factorOut(in[0]); c != 1 {
			return times(g, c, NewScatter(g, out, parts, append([]*Node{x}, in[1:]...)...))
		}
	}
	return g.Apply(Scatter{out, parts}, in...)
}

// inverse finds the view that does the same as a scatter whose strides permute
// or reshape the whole of out.
func inverse(out Shape, p Part) (View, bool) {
	if p.Base != 0 || p.OffStrides != nil || p.Shape.Size() != out.Size() {
		return View{}, false
	}
	if dense(p.Shape, p.Strides) {
		return View{Out: out, Strides: out.Strides()}, true
	}
	if len(p.Shape) != len(out) {
		return View{}, false
	}
	st, src := out.Strides(), p.Shape.Strides()
	v := View{Out: out, Strides: make([]int, len(out))}
	used := make([]bool, len(out))
	for d := range out {
		if out[d] == 1 {
			continue
		}
		k := 0
		for k < len(out) && (used[k] || p.Strides[k] != st[d] || p.Shape[k] != out[d]) {
			k++
		}
		if k == len(out) {
			return View{}, false
		}
		used[k] = true
		v.Strides[d] = src[k]
	}
	return v, true
}

func (s Scatter) Key() string {
	return fmt.Sprintf("scatter%v%+v", s.Out, s.Parts)
}

func (s Scatter) Infer(in []Shape) (Shape, error) {
	k := 0
	for _, p := range s.Parts {
		if k >= len(in) || !in[k].Equal(p.Shape) {
			return nil, fmt.Errorf("operand %d does not have shape %v", k, p.Shape)
		}
		k++
		if p.OffStrides != nil {
			k++
		}
	}
	if k != len(in) {
		return nil, fmt.Errorf("needs %d operands", k)
	}
	return s.Out, nil
}

// wipe clears a stretch of an array. A clear of hundreds of megabytes cannot be
// interrupted, and the collector sends it signal after signal meanwhile, which
// costs several times what the clearing does: between two calls it can stop.
//
//go:noinline
func wipe(x []float64) { clear(x) }

func (s Scatter) Eval(out []float64, in [][]float64) {
	for c := range slices.Chunk(out, 1<<15) {
		wipe(c)
	}
	k := 0
	for _, p := range s.Parts {
		x := in[k]
		k++
		if p.OffStrides == nil {
			walk1(p.Shape, p.Strides, p.Base, func(i, o int) { out[o] += x[i] })
			continue
		}
		off := in[k]
		k++
		graph.Walk(p.Shape, p.Strides, p.OffStrides, p.Base, func(i, o, q int) { out[o+int(off[q])] += x[i] })
	}
}

func (s Scatter) Diff(g *Graph, in []*Node, out *Node, dout Term, want []bool) []Term {
	ds := make([]Term, len(in))
	scalar := len(dout.Dims) == 0
	k := 0
	for _, p := range s.Parts {
		at := k
		k++
		var off *Node
		if p.OffStrides != nil {
			off = in[k]
			k++
		}
		switch {
		case !want[at]:
		case scalar:
			ds[at] = dout
		default:
			full := g.Expand(s.Out, dout)
			ds[at] = fullTerm(NewView(g, full, View{Out: p.Shape, Base: p.Base, Strides: p.Strides, OffStrides: p.OffStrides}, off))
		}
	}
	return ds
}

// MergeScatters combines contributions to one adjoint that are scatters into
// the same shape: one op then assembles them. The rest is returned as it is.
func MergeScatters(g *Graph, shape Shape, ts []Term) []Term {
	var parts []Part
	var in []*Node
	var rest []Term
	count := 0
	for _, t := range ts {
		s, ok := t.Node.Op.(Scatter)
		if !ok || len(t.Dims) != len(shape) {
			rest = append(rest, t)
			continue
		}
		count++
		parts = append(parts, s.Parts...)
		in = append(in, t.Node.In...)
	}
	if count < 2 {
		return ts
	}
	return append(rest, fullTerm(g.Apply(Scatter{shape, parts}, in...)))
}

// walk1 calls f(i, base + offset) over shape in row-major order.
func walk1(shape Shape, strides []int, base int, f func(i, p int)) {
	graph.Walk(shape, strides, nil, base, func(i, p, _ int) { f(i, p) })
}

var _ = []graph.Op{View{}, Scatter{}, &Map{}}

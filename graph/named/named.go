// Package named builds graphs of arrays with named axes.
//
// A Value is a graph node whose leading dimensions stand for axes: plates and
// loops, Monte-Carlo particles, the support of an enumerated discrete site, or
// the running index of a comprehension. What is left are the event dimensions:
// the shape that the value has for a user who looks at one iteration. An axis
// is a pointer with a rank; axes stand in order of rank (particle, plates
// outermost first, enumerated axes, comprehensions), then the event.
//
// Elementwise operations align axes by identity and need equal event shapes or
// scalars. Reductions and functions of arrays see event dimensions only. So
// nothing is ever unrolled over a plate: inside `plate i in 1..N`, the
// reference x[i] is x with its first dimension relabelled as axis i, and the
// body is built once.
//
// Values known when the graph is built (data, and whatever depends on data
// only) are folded on the spot; Value.Const shows them. A mismatch of shapes
// panics: what users write has been checked before.
package named

import (
	"fmt"
	"sort"
	"strings"

	"ppl/graph"
	"ppl/graph/op"
)

// Class orders axes of different kinds.
type Class int

const (
	Particle Class = iota
	Plate
	Enumerated
	Comprehension
)

// Axis is a named dimension. Its identity is the pointer.
type Axis struct {
	Name  string
	Size  int
	Class Class
	// Depth orders axes of a class: outer ones have the smaller depth.
	Depth int
}

// Before is the order of axes. Axes of equal class and depth do not meet in
// one value.
func (a *Axis) Before(b *Axis) bool {
	if a.Class != b.Class {
		return a.Class < b.Class
	}
	return a.Depth < b.Depth
}

// Value is an array with named axes. It is immutable; the zero Value is none.
type Value struct {
	N     *graph.Node
	axes  []*Axis
	event graph.Shape
}

// Axes lists the axes, in order.
func (v Value) Axes() []*Axis { return v.axes }

// Shape is the event shape.
func (v Value) Shape() graph.Shape { return v.event }

// Rank is the number of event dimensions.
func (v Value) Rank() int { return len(v.event) }

// Valid reports whether v holds a value.
func (v Value) Valid() bool { return v.N != nil }

// Has reports whether v has the axis.
func (v Value) Has(a *Axis) bool {
	for _, b := range v.axes {
		if a == b {
			return true
		}
	}
	return false
}

// Const returns the elements if they are known when the graph is built
// (row-major over axes, then event), otherwise nil. They must not be changed.
func (v Value) Const() []float64 { return v.N.Const }

// IsConst reports whether the elements are known when the graph is built.
func (v Value) IsConst() bool { return v.N.IsConst() }

// Float returns the value of a constant without axes or dimensions.
func (v Value) Float() (float64, bool) {
	if len(v.axes) > 0 || len(v.event) > 0 || !v.IsConst() {
		return 0, false
	}
	return v.N.Const[0], true
}

func (v Value) String() string {
	var parts []string
	for _, a := range v.axes {
		parts = append(parts, fmt.Sprintf("%s=%d", a.Name, a.Size))
	}
	return fmt.Sprintf("{%s}%v", strings.Join(parts, " "), v.event)
}

// Builder makes values in one graph.
type Builder struct {
	G *graph.Graph
	// Limit, if it is not 0, is the largest number of elements of a value with
	// enumerated axes, particles apart. A larger one panics with a TooLarge:
	// such a table grows with each site that an expression mentions.
	Limit int
}

// TooLarge is the panic of a Builder whose Limit is passed.
type TooLarge struct {
	Axes     []*Axis // the enumerated ones
	Elements float64
}

// afford panics with a TooLarge if a value with these axes and event would be.
func (b *Builder) afford(axes []*Axis, event graph.Shape) {
	if b.Limit == 0 {
		return
	}
	var found []*Axis
	n := 1.0
	for _, a := range axes {
		if a.Class == Enumerated {
			found = append(found, a)
		}
		if a.Class != Particle {
			n *= float64(a.Size)
		}
	}
	for _, d := range event {
		n *= float64(d)
	}
	if len(found) > 0 && n > float64(b.Limit) {
		panic(TooLarge{found, n})
	}
}

// New returns a builder on a new graph.
func New() *Builder { return &Builder{G: graph.New()} }

// Wrap makes a value of a node whose leading dimensions are the axes.
func (b *Builder) Wrap(n *graph.Node, axes ...*Axis) Value {
	for i, a := range axes {
		if n.Shape[i] != a.Size {
			panic(fmt.Sprintf("named: axis %s has %d, the node %v", a.Name, a.Size, n.Shape))
		}
	}
	return Value{n, axes, n.Shape[len(axes):]}
}

// Scalar is the constant x.
func (b *Builder) Scalar(x float64) Value { return b.Wrap(b.G.Scalar(x)) }

// Vector is a constant vector.
func (b *Builder) Vector(x ...float64) Value {
	return b.Array(graph.Shape{len(x)}, x)
}

// Array is a constant array in row-major order; data is kept.
func (b *Builder) Array(shape graph.Shape, data []float64) Value {
	return b.Wrap(b.G.Constant(shape, data))
}

// Counter is the value from, from+1, ... along the axis: a plate's index.
func (b *Builder) Counter(a *Axis, from int) Value {
	x := make([]float64, a.Size)
	for i := range x {
		x[i] = float64(from + i)
	}
	return b.Wrap(b.G.Constant(graph.Shape{a.Size}, x), a)
}

// frame is the common ground of several values: the union of their axes in
// order, and their common event shape.
type frame struct {
	op.Frame
	axes  []*Axis
	event graph.Shape
}

func (b *Builder) frame(vs ...Value) frame {
	var f frame
	for _, v := range vs {
		f.axes = union(f.axes, v.axes)
		switch {
		case len(v.event) == 0:
		case len(f.event) == 0:
			f.event = v.event
		case !f.event.Equal(v.event):
			panic(fmt.Sprintf("named: event shapes %v and %v do not fit", f.event, v.event))
		}
	}
	b.afford(f.axes, f.event)
	f.Frame = op.Frame{G: b.G, Shape: append(sizes(f.axes), f.event...)}
	return f
}

func union(a, b []*Axis) []*Axis {
	out := append([]*Axis(nil), a...)
	for _, x := range b {
		found := false
		for _, y := range out {
			found = found || x == y
		}
		if !found {
			out = append(out, x)
		}
	}
	sort.SliceStable(out, func(i, j int) bool { return out[i].Before(out[j]) })
	return out
}

func sizes(axes []*Axis) graph.Shape {
	s := make(graph.Shape, len(axes))
	for i, a := range axes {
		s[i] = a.Size
	}
	return s
}

// term places a value in a frame.
func (f frame) term(v Value) graph.Term {
	t := graph.Term{Node: v.N}
	for _, a := range v.axes {
		t.Dims = append(t.Dims, position(f.axes, a))
	}
	for i := range v.event {
		t.Dims = append(t.Dims, len(f.axes)+i)
	}
	return t
}

func position(axes []*Axis, a *Axis) int {
	for i, x := range axes {
		if x == a {
			return i
		}
	}
	panic("named: axis " + a.Name + " is not in the frame")
}

// value reads a term of the frame back: it may lack some of the axes, but has
// all event dimensions or none.
func (f frame) value(t graph.Term) Value {
	var axes []*Axis
	events := 0
	for _, d := range t.Dims {
		if d < len(f.axes) {
			axes = append(axes, f.axes[d])
		} else {
			events++
		}
	}
	if events != 0 && events != len(f.event) {
		t = graph.Term{Node: f.G.Expand(f.Shape, t), Dims: graph.Iota(len(f.Shape))}
		return Value{t.Node, f.axes, f.event}
	}
	return Value{t.Node, axes, t.Node.Shape[len(axes):]}
}

// Apply applies a scalar function elementwise. The result has the union of the
// axes, and the event shape of the operands that are not scalars.
func (b *Builder) Apply(fn *op.Func, xs ...Value) Value {
	f := b.frame(xs...)
	ts := make([]graph.Term, len(xs))
	for i, x := range xs {
		ts[i] = f.term(x)
	}
	return f.value(f.Apply(fn, ts...))
}

// With expands a value so that it has all the listed axes.
func (b *Builder) With(v Value, axes ...*Axis) Value {
	all := union(v.axes, axes)
	if len(all) == len(v.axes) {
		return v
	}
	b.afford(all, v.event)
	f := frame{Frame: op.Frame{G: b.G, Shape: append(sizes(all), v.event...)}, axes: all, event: v.event}
	return Value{f.Node(f.term(v)), all, v.event}
}

// Close turns axes into event dimensions, in the order given, before those
// that the value has. Axes that it lacks are expanded.
func (b *Builder) Close(v Value, axes ...*Axis) Value {
	closing := map[*Axis]bool{}
	for _, a := range axes {
		closing[a] = true
	}
	var rest []*Axis
	for _, a := range v.axes {
		if !closing[a] {
			rest = append(rest, a)
		}
	}
	stride := map[*Axis]int{}
	st := v.N.Shape.Strides()
	for i, a := range v.axes {
		stride[a] = st[i]
	}
	var out graph.Shape
	var strides []int
	for _, a := range append(append([]*Axis(nil), rest...), axes...) {
		out = append(out, a.Size)
		strides = append(strides, stride[a])
	}
	out = append(out, v.event...)
	strides = append(strides, st[len(v.axes):]...)
	return Value{op.NewView(b.G, v.N, op.View{Out: out, Strides: strides}, nil), rest, out[len(rest):]}
}

// Open turns the leading event dimensions into the axes listed, which are new
// to the value.
func (b *Builder) Open(v Value, axes ...*Axis) Value {
	st := v.N.Shape.Strides()
	stride := map[*Axis]int{}
	for i, a := range v.axes {
		stride[a] = st[i]
	}
	for i, a := range axes {
		if v.event[i] != a.Size {
			panic(fmt.Sprintf("named: cannot open %v as %s of %d", v.event, a.Name, a.Size))
		}
		stride[a] = st[len(v.axes)+i]
	}
	all := union(v.axes, axes)
	var out graph.Shape
	var strides []int
	for _, a := range all {
		out = append(out, a.Size)
		strides = append(strides, stride[a])
	}
	out = append(out, v.event[len(axes):]...)
	strides = append(strides, st[len(v.axes)+len(axes):]...)
	return Value{op.NewView(b.G, v.N, op.View{Out: out, Strides: strides}, nil), all, out[len(all):]}
}

// Rename replaces axis from by to, of the same size.
func (b *Builder) Rename(v Value, from, to *Axis) Value {
	if !v.Has(from) {
		return v
	}
	return b.Open(b.Close(v, from), to)
}

// Reshape gives the event another shape of the same size, in row-major order.
func (b *Builder) Reshape(v Value, shape graph.Shape) Value {
	out := append(sizes(v.axes), shape...)
	n := op.NewView(b.G, v.N, op.View{Out: out, Strides: out.Strides()}, nil)
	return Value{n, v.axes, shape}
}

// Transpose permutes the event dimensions: dimension i of the result is
// dimension perm[i] of v.
func (b *Builder) Transpose(v Value, perm ...int) Value {
	st := v.N.Shape.Strides()
	k := len(v.axes)
	out, strides := sizes(v.axes), append([]int(nil), st[:k]...)
	for _, p := range perm {
		out = append(out, v.event[p])
		strides = append(strides, st[k+p])
	}
	return Value{op.NewView(b.G, v.N, op.View{Out: out, Strides: strides}, nil), v.axes, out[k:]}
}

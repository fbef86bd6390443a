package named_test

import (
	"fmt"
	"math"
	"math/rand/v2"

	"pgregory.net/rapid"

	"ppl/graph"
	"ppl/graph/grad"
	"ppl/graph/named"
	"ppl/graph/plan"
)

// The reference: arrays with named axes, element by element. An operation is
// written as what it means for one element, and nothing is shared, viewed or
// reordered.

// place says where along each axis an element is.
type place map[*named.Axis]int

// ref is an array with axes; data is row-major over the axes, then the event.
type ref struct {
	axes  []*named.Axis
	event graph.Shape
	data  []float64
}

// tabulate makes the array of f(place, event index).
func tabulate(axes []*named.Axis, event graph.Shape, f func(at place, idx []int) float64) ref {
	r := ref{axes: axes, event: event}
	at := place{}
	eachIndex(append(sizes(axes), event...), func(i []int) {
		for k, a := range axes {
			at[a] = i[k]
		}
		r.data = append(r.data, f(at, i[len(axes):]))
	})
	return r
}

func eachIndex(s graph.Shape, f func(idx []int)) {
	idx := make([]int, len(s))
	var walk func(d int)
	walk = func(d int) {
		if d == len(s) {
			f(idx)
			return
		}
		for i := range s[d] {
			idx[d] = i
			walk(d + 1)
		}
	}
	walk(0)
}

func (r ref) get(at place, idx []int) float64 {
	k := 0
	for _, a := range r.axes {
		k = k*a.Size + at[a]
	}
	for d, i := range idx {
		k = k*r.event[d] + i
	}
	return r.data[k]
}

func (r ref) has(a *named.Axis) bool {
	for _, x := range r.axes {
		if x == a {
			return true
		}
	}
	return false
}

func sizes(axes []*named.Axis) graph.Shape {
	s := graph.Shape{}
	for _, a := range axes {
		s = append(s, a.Size)
	}
	return s
}

// world is the axes there are, outermost first, and what a test draws from.
type world struct {
	t    *rapid.T
	r    *rand.Rand
	b    *named.Builder
	axes []*named.Axis
	in   map[*graph.Node][]float64
}

// newWorld draws sizes of axes; least is the smallest size.
func newWorld(t *rapid.T, least int) *world {
	w := &world{t: t, b: named.New(), in: map[*graph.Node][]float64{}}
	w.r = rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
	size := func() int { return rapid.IntRange(least, 3).Draw(t, "axis") }
	w.axes = []*named.Axis{
		{Name: "particle", Size: size(), Class: named.Particle},
		{Name: "i", Size: size(), Class: named.Plate, Depth: 0},
		{Name: "j", Size: size(), Class: named.Plate, Depth: 1},
		{Name: "z", Size: size(), Class: named.Enumerated, Depth: 0},
		{Name: "c", Size: size(), Class: named.Comprehension, Depth: 0},
	}
	return w
}

func (w *world) flip(what string) bool         { return rapid.Bool().Draw(w.t, what) }
func (w *world) upTo(lo, hi int, s string) int { return rapid.IntRange(lo, hi).Draw(w.t, s) }
func (w *world) someAxes(what string) (out []*named.Axis) {
	for _, a := range w.axes {
		if w.upTo(0, 2, what+" has "+a.Name) == 0 {
			out = append(out, a)
		}
	}
	return out
}

// union is the axes of either, in the order of the world.
func (w *world) union(rs ...ref) (out []*named.Axis) {
	for _, a := range w.axes {
		for _, r := range rs {
			if r.has(a) {
				out = append(out, a)
				break
			}
		}
	}
	return out
}

// array draws an array of numbers with some axes.
func (w *world) array(event graph.Shape) ref {
	return tabulate(w.someAxes("array"), event, func(place, []int) float64 { return math.Round(100*w.r.NormFloat64()) / 10 })
}

// value puts an array in the graph, as an input or as a constant.
func (w *world) value(r ref, constant bool) named.Value {
	shape := append(sizes(r.axes), r.event...)
	if constant || len(r.data) == 0 {
		return w.b.Wrap(w.b.G.Constant(shape, append([]float64{}, r.data...)), r.axes...)
	}
	n := w.b.G.Input(fmt.Sprint("x", len(w.in)), shape)
	w.in[n] = append([]float64{}, r.data...)
	return w.b.Wrap(n, r.axes...)
}

// operand draws an array and puts it in the graph.
func (w *world) operand(event graph.Shape) (named.Value, ref) {
	r := w.array(event)
	return w.value(r, w.flip("constant")), r
}

func (w *world) shape(lo, hi, least int) graph.Shape {
	s := graph.Shape{}
	for range w.upTo(lo, hi, "rank") {
		s = append(s, w.upTo(least, 4, "size"))
	}
	return s
}

// eval runs the graph.
func (w *world) eval(nodes ...*graph.Node) [][]float64 {
	p := plan.Compile(w.b.G, nodes)
	s, err := p.NewState()
	if err != nil {
		w.t.Fatal(err)
	}
	for i, n := range p.Inputs() {
		copy(s.Input(i), w.in[n])
	}
	if err := s.Run(); err != nil {
		w.t.Fatal(err)
	}
	var out [][]float64
	for i := range nodes {
		out = append(out, append([]float64{}, s.Output(i)...))
	}
	return out
}

// check compares a value with the reference, to a relative tolerance. The
// value may lack axes along which the reference does not vary.
func (w *world) check(what string, v named.Value, want ref, tol float64) {
	w.t.Helper()
	got := ref{v.Axes(), v.Shape(), w.eval(v.N)[0]}
	if !v.Shape().Equal(want.event) || len(got.data) != append(sizes(got.axes), got.event...).Size() {
		w.t.Fatalf("%s: value %v with %d elements, want the shape %v", what, v, len(got.data), want.event)
	}
	last := -1
	for _, a := range got.axes {
		k := indexOf(w.axes, a)
		if k <= last || !want.has(a) {
			w.t.Fatalf("%s: axes of %v are out of order or not among %v", what, v, sizes(want.axes))
		}
		last = k
	}
	tabulate(want.axes, want.event, func(at place, idx []int) float64 {
		g, x := got.get(at, idx), want.get(at, idx)
		if g != x && !(math.Abs(g-x) <= tol*math.Max(1, math.Abs(x))) && !(math.IsNaN(g) && math.IsNaN(x)) {
			w.t.Fatalf("%s: %v at %v%v is %g, want %g", what, v, at, idx, g, x)
		}
		return 0
	})
}

func indexOf(axes []*named.Axis, a *named.Axis) int {
	for i, x := range axes {
		if x == a {
			return i
		}
	}
	return -1
}

// checkLinear checks the value of f at the array x and, f being affine in it,
// the gradient of a weighted sum.
func (w *world) checkLinear(what string, x ref, build func(named.Value) named.Value, f func(ref) ref) {
	w.t.Helper()
	in := w.value(x, false)
	v := build(in)
	want := f(x)
	w.check(what, v, want, 1e-12)
	if in.IsConst() {
		return
	}
	full := w.b.With(v, want.axes...)
	weight := make([]float64, full.N.Shape.Size())
	for i := range weight {
		weight[i] = float64(i%7) - 2.5
	}
	total := w.b.SumAll(w.b.Mul(w.b.Wrap(full.N), w.b.Array(full.N.Shape, weight)))
	d := w.eval(grad.Reverse(w.b.G, total.N, []*graph.Node{in.N})[0])[0]
	for k := range x.data {
		y := ref{x.axes, x.event, append([]float64{}, x.data...)}
		y.data[k]++
		slope := 0.0
		for i, up := range f(y).data {
			slope += weight[i] * (up - want.data[i])
		}
		if math.Abs(slope-d[k]) > 1e-9*math.Max(1, math.Abs(slope)) {
			w.t.Fatalf("%s: the gradient at element %d of %v is %g, want %g", what, k, in, d[k], slope)
		}
	}
}

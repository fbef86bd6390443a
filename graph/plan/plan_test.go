package plan_test

import (
	"fmt"
	"math"
	"runtime"
	"testing"

	"pgregory.net/rapid"

	"ppl/graph"
	"ppl/graph/grad"
	"ppl/graph/op"
	"ppl/graph/plan"
)

// world is a random graph: values that vary with the particle (their first
// dimension) and values that do not, over a few plate sizes so that shapes
// meet often.
type world struct {
	t     *rapid.T
	g     *graph.Graph
	s     int
	plain bool // the graph does not know which dimension is the particle
	batch map[*graph.Node]bool
	all   []*graph.Node
}

func (w *world) n(lo, hi int, what string) int { return rapid.IntRange(lo, hi).Draw(w.t, what) }

func (w *world) pick(ok func(*graph.Node) bool, what string) *graph.Node {
	var c []*graph.Node
	for _, x := range w.all {
		if ok(x) {
			c = append(c, x)
		}
	}
	if len(c) == 0 {
		return nil
	}
	return c[w.n(0, len(c)-1, what)]
}

func (w *world) add(n *graph.Node, batch bool) {
	if n != nil && n.Shape.Size() > 0 && n.Shape.Size() < 4000 {
		w.all = append(w.all, n)
		w.batch[n] = batch && !n.IsConst()
	}
}

// rows is the shape of x without its particle dimension.
func (w *world) rows(x *graph.Node) graph.Shape {
	if w.batch[x] {
		return x.Shape[1:]
	}
	return x.Shape
}

var smooth = []**op.Func{&op.Add, &op.Sub, &op.Mul, &op.MulZ, &op.Max, &op.Neg, &op.Tanh, &op.InvLogit, &op.Square, &op.Softplus, &op.Sin, &op.Cos, &op.Abs}

// combine applies a random function to two values over the union of their rows.
func (w *world) combine() {
	x, y := w.pick(any, "x"), w.pick(any, "y")
	rx, ry := w.rows(x), w.rows(y)
	// The frame is the longer shape; the shorter must be a subsequence of it.
	if len(rx) < len(ry) {
		x, y, rx, ry = y, x, ry, rx
	}
	at, ok := embed(ry, rx)
	if !ok {
		return
	}
	batch := w.batch[x] || w.batch[y]
	frame := append(graph.Shape{}, rx...)
	shift := 0
	if batch {
		frame, shift = append(graph.Shape{w.s}, rx...), 1
	}
	term := func(n *graph.Node, dims []int) graph.Term {
		var d []int
		if w.batch[n] {
			d = append(d, 0)
		}
		for _, k := range dims {
			d = append(d, k+shift)
		}
		return graph.Term{Node: n, Dims: d}
	}
	f := op.Frame{G: w.g, Shape: frame}
	fn := *smooth[w.n(0, len(smooth)-1, "function")]
	tx, ty := term(x, graph.Iota(len(rx))), term(y, at)
	var out graph.Term
	if fn.Arity == 1 {
		out = f.Apply(fn, tx)
	} else {
		out = f.Apply(fn, tx, ty)
	}
	w.add(f.Node(out), batch)
}

// embed finds small as a subsequence of big.
func embed(small, big graph.Shape) ([]int, bool) {
	var at []int
	k := 0
	for _, n := range small {
		for k < len(big) && big[k] != n {
			k++
		}
		if k == len(big) {
			return nil, false
		}
		at = append(at, k)
		k++
	}
	return at, true
}

func any(*graph.Node) bool { return true }

func (w *world) reduce() {
	x := w.pick(func(n *graph.Node) bool { return len(w.rows(n)) > 0 }, "x")
	if x == nil {
		return
	}
	first := len(x.Shape) - len(w.rows(x))
	var dims []int
	for d := first; d < len(x.Shape); d++ {
		if w.n(0, 1, "reduce") == 1 {
			dims = append(dims, d)
		}
	}
	switch w.n(0, 3, "reduction") {
	case 0:
		w.add(op.NewReduce(w.g, op.LogSumExp, x, []int{len(x.Shape) - 1}), w.batch[x])
	case 1:
		if w.batch[x] && w.n(0, 1, "over particles") == 1 {
			w.add(w.g.ScaledSum(x, append([]int{0}, dims...), 0.5), false)
			return
		}
		fallthrough
	default:
		w.add(w.g.ScaledSum(x, dims, 0.5), w.batch[x])
	}
}

// view reads x through random strides or a gather over its rows.
func (w *world) view() {
	x := w.pick(func(n *graph.Node) bool { return len(w.rows(n)) > 0 }, "x")
	if x == nil {
		return
	}
	st := x.Shape.Strides()
	v := op.View{}
	if w.batch[x] {
		v.Out, v.Strides = graph.Shape{w.s}, []int{st[0]}
		st = st[1:]
	}
	r := w.rows(x)
	if w.n(0, 2, "gather") == 0 { // rows of the first dimension, with repeats
		k := w.n(1, 6, "rows")
		off := make([]float64, k)
		for i := range off {
			off[i] = float64(w.n(0, r[0]-1, "row") * st[0])
		}
		v.OffStrides = make([]int, len(v.Out))
		v.Out, v.Strides, v.OffStrides = append(v.Out, k), append(v.Strides, 0), append(v.OffStrides, 1)
		for d := 1; d < len(r); d++ {
			v.Out, v.Strides, v.OffStrides = append(v.Out, r[d]), append(v.Strides, st[d]), append(v.OffStrides, 0)
		}
		w.add(op.NewView(w.g, x, v, w.g.Constant(graph.Shape{k}, off)), w.batch[x])
		return
	}
	order := rapid.Permutation(graph.Iota(len(r))).Draw(w.t, "order")
	for _, d := range order {
		from := w.n(0, r[d]-1, "from")
		n := w.n(1, r[d]-from, "n")
		v.Base += from * st[d]
		v.Out, v.Strides = append(v.Out, n), append(v.Strides, st[d])
	}
	w.add(op.NewView(w.g, x, v, nil), w.batch[x])
}

func (w *world) join() {
	x := w.pick(func(n *graph.Node) bool { return len(w.rows(n)) > 0 }, "x")
	if x == nil {
		return
	}
	y := w.pick(func(n *graph.Node) bool { return w.batch[n] == w.batch[x] && n.Shape.Equal(x.Shape) }, "y")
	w.add(op.Concat(w.g, len(x.Shape)-1, x, y), w.batch[x])
}

// product multiplies a matrix by a vector or matrix.
func (w *world) product() {
	a := w.pick(func(n *graph.Node) bool { return len(w.rows(n)) == 2 }, "matrix")
	if a == nil {
		return
	}
	b := w.pick(func(n *graph.Node) bool { r := w.rows(n); return len(r) > 0 && r[0] == w.rows(a)[1] }, "factor")
	if b == nil || len(w.rows(b)) > 2 {
		return
	}
	la, lb, lo := []int{1, 2}, []int{2, 3}[:len(w.rows(b))], []int{1, 3}[:len(w.rows(b))]
	if w.batch[a] {
		la = append([]int{0}, la...)
	}
	if w.batch[b] {
		lb = append([]int{0}, lb...)
	}
	batch := w.batch[a] || w.batch[b]
	if batch {
		lo = append([]int{0}, lo...)
	}
	w.add(op.NewContract(w.g, a, b, la, lb, lo), batch)
}

// TestRandomGraphs compares the plan with the flat plan on random graphs and
// their gradients.
func TestRandomGraphs(t *testing.T) { rapid.Check(t, randomGraph) }

// TestRandomGraphsInChunks does the same with all clusters cut into chunks.
func TestRandomGraphsInChunks(t *testing.T) {
	defer plan.SmallChunks()()
	rapid.Check(t, randomGraph)
}

// TestSameBitsOnAnyNumberOfCores runs chunks on 1, 2 and 16 processors.
func TestSameBitsOnAnyNumberOfCores(t *testing.T) {
	defer plan.SmallChunks()()
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	g := graph.New()
	x := g.BatchInput("x", graph.Shape{16, 999})
	f := op.Frame{G: g, Shape: graph.Shape{16, 999}}
	total := g.ScaledSum(f.Apply(op.Softplus, f.Apply(op.Exp, graph.Full(x))).Node, []int{0, 1}, 1)
	outs := append([]*graph.Node{total}, grad.Reverse(g, total, []*graph.Node{x})...)
	var want []float64
	for _, n := range []int{1, 2, 16} {
		runtime.GOMAXPROCS(n)
		s, err := plan.Compile(g, outs).NewState()
		if err != nil {
			t.Fatal(err)
		}
		for try := 0; try < 20; try++ {
			copy(s.Input(0), noise(16*999, 0.3))
			if err := s.Run(); err != nil {
				t.Fatal(err)
			}
			got := append(append([]float64(nil), s.Output(0)...), s.Output(1)...)
			if want == nil {
				want = got
			}
			for i := range want {
				if want[i] != got[i] {
					t.Fatalf("number %d is %x with %d processors, %x with one", i, got[i], n, want[i])
				}
			}
		}
	}
}

// input varies with the particle, in a graph that knows of particles.
func (w *world) input(name string, shape graph.Shape) *graph.Node {
	if w.plain {
		return w.g.Input(name, shape)
	}
	return w.g.BatchInput(name, shape)
}

// reverse mixes particles: it reads them in reverse order.
func (w *world) reverse() {
	x := w.pick(func(n *graph.Node) bool { return w.batch[n] }, "x")
	v := op.View{Out: x.Shape, Strides: x.Shape.Strides()}
	v.Base = (w.s - 1) * v.Strides[0]
	v.Strides[0] *= -1
	w.add(op.NewView(w.g, x, v, nil), true)
}

func randomGraph(t *rapid.T) {
	randomGraphOf(t, func(w *world) []func() {
		return []func(){w.combine, w.combine, w.combine, w.reduce, w.view, w.join, w.product}
	})
}

// randomGraphOf makes a graph by some of the steps.
func randomGraphOf(t *rapid.T, steps func(w *world) []func()) {
	w := &world{t: t, plain: rapid.IntRange(0, 4).Draw(t, "plain") == 0, g: graph.New(), s: rapid.SampledFrom([]int{1, 3, 8, 12}).Draw(t, "particles"), batch: map[*graph.Node]bool{}}
	var inputs []*graph.Node
	sizes := []int{1, 2, 3, 5, 40}
	size := func() int { return rapid.SampledFrom(sizes).Draw(t, "size") }
	for i := 0; i < 5; i++ {
		shape := graph.Shape{}
		for r := w.n(0, 2, "rank"); r > 0; r-- {
			shape = append(shape, size())
		}
		name := fmt.Sprintf("x%d", i)
		if i < 3 {
			shape = append(graph.Shape{w.s}, shape...)
			n := w.input(name, shape)
			inputs = append(inputs, n)
			w.add(n, true)
		} else {
			n := w.g.Input(name, shape)
			inputs = append(inputs, n)
			w.add(n, false)
		}
	}
	c := graph.Shape{size(), size()}
	w.add(w.g.Constant(c, noise(c.Size(), 0.7)), false)
	all := steps(w)
	for k := w.n(3, 14, "steps"); k > 0; k-- {
		all[w.n(0, len(all)-1, "step")]()
	}
	if w.n(0, 9, "mix") == 0 {
		w.reverse()
	}
	outs := w.outputs(inputs)
	compare(t, w.g, outs, inputs)
}

// outputs are the last few values, and the gradient of their total.
func (w *world) outputs(inputs []*graph.Node) []*graph.Node {
	total := w.g.Scalar(0)
	outs := append([]*graph.Node(nil), w.all[max(0, len(w.all)-4):]...)
	for _, o := range outs {
		s := w.g.ScaledSum(o, graph.Iota(len(o.Shape)), 1)
		total = op.Frame{G: w.g}.Apply(op.Add, graph.Full(total), graph.Full(s)).Node
	}
	return append(append(outs, total), grad.Reverse(w.g, total, inputs)...)
}

func noise(n int, scale float64) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = scale * math.Sin(1+1.7*float64(i)*scale)
	}
	return x
}

type tester interface {
	Fatalf(string, ...interface{})
	Helper()
}

func compare(t tester, g *graph.Graph, outs, inputs []*graph.Node) {
	t.Helper()
	run := func(p graph.Program, repeat int) [][]float64 {
		s, err := p.NewState()
		if err != nil {
			t.Fatalf("%v", err)
		}
		for r := 0; r < repeat; r++ { // a second run finds memory as the first left it
			for i, n := range p.Inputs() {
				for k, x := range inputs {
					if x == n {
						copy(s.Input(i), noise(n.Shape.Size(), 0.3+0.1*float64(k)))
					}
				}
			}
			if err := s.Run(); err != nil {
				t.Fatalf("%v", err)
			}
		}
		var v [][]float64
		for i := range outs {
			v = append(v, append([]float64(nil), s.Output(i)...))
		}
		return v
	}
	want, got := run(plan.Flat(g, outs), 1), run(plan.Compile(g, outs), 2)
	for i := range want {
		if len(want[i]) != len(got[i]) {
			t.Fatalf("output %d has %d numbers, not %d", i, len(got[i]), len(want[i]))
		}
		for k := range want[i] {
			a, b := want[i][k], got[i][k]
			if a != b && !(math.Abs(a-b) <= 1e-10*math.Max(1, math.Abs(a))) && !(math.IsNaN(a) && math.IsNaN(b)) {
				t.Fatalf("output %d (%v) element %d: %g, the flat plan has %g\n%s", i, outs[i].Shape, k, b, a,
					plan.Compile(g, outs).(interface{ Dump() string }).Dump())
			}
		}
	}
}

// TestOutputsOfEveryKind: an output may be an input, a constant, a view, a
// value of one particle or of none.
func TestOutputsOfEveryKind(t *testing.T) {
	for _, s := range []int{1, 5, 16} {
		g := graph.New()
		x := g.BatchInput("x", graph.Shape{s, 4})
		y := g.Input("y", graph.Shape{4})
		f := op.Frame{G: g, Shape: graph.Shape{s, 4}}
		sum := f.Apply(op.Add, graph.Full(x), graph.Term{Node: y, Dims: []int{1}}).Node
		outs := []*graph.Node{x, y, g.Scalar(3), g.Constant(graph.Shape{2}, []float64{1, 2}), sum,
			op.NewView(g, sum, op.View{Out: graph.Shape{s, 2}, Base: 1, Strides: []int{4, 2}}, nil),
			g.ScaledSum(sum, []int{0, 1}, 1), g.ScaledSum(sum, []int{1}, 2), g.Expand(graph.Shape{s, 4}, graph.Term{Node: y, Dims: []int{1}})}
		compare(t, g, outs, []*graph.Node{x, y})
	}
}

// TestNoAllocation: a run allocates nothing.
func TestNoAllocation(t *testing.T) {
	g := graph.New()
	x := g.BatchInput("x", graph.Shape{16, 40})
	f := op.Frame{G: g, Shape: graph.Shape{16, 40}}
	lp := g.ScaledSum(f.Apply(op.Softplus, graph.Full(x)).Node, []int{1}, 1)
	total := g.ScaledSum(lp, []int{0}, 1)
	p := plan.Compile(g, append([]*graph.Node{lp}, grad.Reverse(g, total, []*graph.Node{x})...))
	s, err := p.NewState()
	if err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(20, func() {
		s.Input(0)[3] += 0.1
		if err := s.Run(); err != nil {
			t.Fatal(err)
		}
		s.Output(1)
	}); n != 0 {
		t.Errorf("%g allocations a run", n)
	}
}

package lower

import (
	"fmt"

	"ppl/graph"
	"ppl/graph/named"
	"ppl/graph/op"
	"ppl/graph/scan"
	"ppl/lang"
	"ppl/lang/ast"
	"ppl/lang/diag"
)

// Initial-value problems: ode(f, y0, t0, t, args...) is a scan over the steps
// of an explicit Runge-Kutta method, whose body is one step in a graph of its
// own, as that of a recurrence is (scan.go). How long the steps are is chosen
// for each particle and each iteration of the plates around, by an op of its
// own (scan.Steps), so that the error of each is within a tolerance; the
// solution is differentiated with the steps held fixed.

// The tolerance of a step, relative and absolute, and how many steps there are
// for all intervals together, in each at least and at most.
const (
	odeRelative, odeAbsolute = 1e-8, 1e-10
	odeSteps                 = 2048
	leastSteps, mostSteps    = 16, 256
)

// dormandPrince are the coefficients of the method of order 5 with an error
// estimate of order 4: the nodes, the weights of the slopes for each stage (the
// last for the result), and those of the error (Dormand & Prince 1980, "A family
// of embedded Runge-Kutta formulae").
var dormandPrince = struct {
	c   [7]float64
	a   [7][]float64
	err [7]float64
}{
	c: [7]float64{0, 1. / 5, 3. / 10, 4. / 5, 8. / 9, 1, 1},
	a: [7][]float64{
		{},
		{1. / 5},
		{3. / 40, 9. / 40},
		{44. / 45, -56. / 15, 32. / 9},
		{19372. / 6561, -25360. / 2187, 64448. / 6561, -212. / 729},
		{9017. / 3168, -355. / 33, 46732. / 5247, 49. / 176, -5103. / 18656},
		{35. / 384, 0, 500. / 1113, 125. / 192, -2187. / 6784, 11. / 84},
	},
	err: [7]float64{71. / 57600, 0, -71. / 16695, 71. / 1920, -17253. / 339200, 22. / 525, -1. / 40},
}

// problem is an initial-value problem.
type problem struct {
	e         *ast.Call
	f         *ast.Fn
	y0, t0, t val
	args      []val
	axes      []*named.Axis // of all of these: separate problems
	n         int           // of the state
}

// cells are the separate problems of a particle.
func (p *problem) cells() graph.Shape {
	if p.particles() > 0 {
		return sizesOf(p.axes[1:])
	}
	return sizesOf(p.axes)
}

func (p *problem) particles() int {
	if len(p.axes) > 0 && p.axes[0].Class == named.Particle {
		return p.axes[0].Size
	}
	return 0
}

// lead is the particle's dimension followed by more.
func (p *problem) lead(more ...int) graph.Shape {
	if n := p.particles(); n > 0 {
		return append(graph.Shape{n}, more...)
	}
	return more
}

func (l *lowerer) ode(e *ast.Call) val {
	p := &problem{e: e}
	if name, ok := ast.Unparen(e.Args[0].Value).(*ast.Name); ok {
		p.f = l.m.Fns[name.Name]
	}
	p.y0, p.t0, p.t = l.eval(e.Args[1].Value), l.eval(e.Args[2].Value), l.eval(e.Args[3].Value)
	values := []named.Value{p.y0.Value, p.t0.Value, p.t.Value}
	for _, a := range e.Args[4:] {
		v := l.eval(a.Value)
		p.args, values = append(p.args, v), append(values, v.Value)
	}
	for i, v := range values {
		p.axes = union(p.axes, v.Axes())
		if enumerated(v) {
			l.fail("not-supported-here", e.Args[i+1].Value, "a differential equation that depends on a discrete latent is not supported yet")
		}
	}
	p.n = p.y0.Shape()[0]
	steps := p.t.Shape()[0]
	out := append(sizesOf(p.axes), steps, p.n)
	if out.Size() == 0 {
		return val{l.b.Wrap(l.b.G.Constant(out, []float64{}), p.axes...), lang.Real}
	}
	return val{l.solve(p, l.times(p), steps), lang.Real}
}

// times lists, for each cell, the initial time and the others.
func (l *lowerer) times(p *problem) []float64 {
	for i, v := range []val{p.t0, p.t} {
		if !v.IsConst() {
			l.fail("not-supported-here", p.e.Args[2+i].Value, "the times of a differential equation must be known from the data")
		}
	}
	plates := p.axes
	if p.particles() > 0 {
		plates = plates[1:]
	}
	t0, t := l.b.With(p.t0.Value, plates...).Const(), l.b.With(p.t.Value, plates...).Const()
	n := p.t.Shape()[0]
	var out []float64
	for c := range t0 {
		last := t0[c]
		out = append(out, last)
		for _, x := range t[c*n : (c+1)*n] {
			if !(x > last) || x-x != 0 {
				l.failWith(diag.Diagnostic{Code: "bad-value", Span: p.e.Args[3].Value.Span(), Summary: "the times of a differential equation must increase, and lie after the initial time",
					Found: fmt.Sprintf("%g after %g", x, last)})
			}
			out, last = append(out, x), x
		}
	}
	return out
}

// solve chooses the steps and takes them.
func (l *lowerer) solve(p *problem, times []float64, intervals int) named.Value {
	g := l.b.G
	q := &scanning{around: l.scanning, outer: l.b, inner: named.New(), axes: p.axes, imported: map[*graph.Node]named.Value{}}
	input := func(name string, event ...int) named.Value {
		return q.inner.Wrap(q.input(name, append(sizesOf(p.axes), event...), p.particles() > 0), p.axes...)
	}
	y, h, t := input("state", p.n), input("step"), input("time")
	var next, err named.Value
	l.inside(q, func() { next, err = l.rungeKutta(p, y, h, t) })
	cells := p.cells()
	steps := max(leastSteps, min(mostSteps, odeSteps/intervals))
	body := func(outputs ...named.Value) (*scan.Body, []*graph.Node) {
		b := scan.NewBody(p.particles(), cells.Size()*p.n)
		copies := map[*graph.Node]*graph.Node{y.N: b.Part(0, append(append(graph.Shape{}, cells...), p.n))}
		for _, v := range []named.Value{h, t} {
			copies[v.N] = b.Slice(cells, p.particles() > 0)
		}
		nodes := make([]*graph.Node, len(outputs))
		for i, v := range outputs {
			nodes[i] = q.inner.With(v, p.axes...).N
		}
		fixed := q.feed(b, copies, graph.Needed(nodes))
		b.Out = scan.Pack(b.G, b.Lead, graph.Copy(b.G, nodes, copies)...)
		return b, fixed
	}
	start := scan.Pack(g, p.particles(), l.b.With(p.y0.Value, p.axes...).N)
	trial, fixed := body(next, err)
	chosen := scan.NewSteps(g, scan.Steps{Body: trial, Cells: cells.Size(), T: intervals, M: steps, Times: times}, append([]*graph.Node{start}, fixed...)...)
	part := func(at int) *graph.Node {
		total := steps * intervals
		v := op.View{Out: append(p.lead(total), cells...), Base: at * cells.Size()}
		if p.particles() > 0 {
			v.Strides = append(v.Strides, total*2*cells.Size())
		}
		v.Strides = append(append(v.Strides, 2*cells.Size()), cells.Strides()...)
		return op.NewView(g, chosen, v, nil)
	}
	step, fixed := body(next)
	history := scan.New(g, scan.Scan{Body: step, T: steps * intervals, Idle: []int{0}}, append([]*graph.Node{start, part(0), part(1)}, fixed...)...)
	// The state after the last step of each interval: [axes..., T, n].
	width := cells.Size() * p.n
	v := op.View{Out: append(sizesOf(p.axes), intervals, p.n), Base: (steps - 1) * width}
	if p.particles() > 0 {
		v.Strides = append(v.Strides, steps*intervals*width)
	}
	for _, st := range cells.Strides() {
		v.Strides = append(v.Strides, st*p.n)
	}
	v.Strides = append(v.Strides, steps*width, 1)
	return l.b.Wrap(op.NewView(g, history, v, nil), p.axes...)
}

// rungeKutta is one step of length h from the state y at time t, and its error
// in units of the tolerance.
func (l *lowerer) rungeKutta(p *problem, y, h, t named.Value) (next, err named.Value) {
	b := l.b
	args := make([]val, len(p.args))
	for i, a := range p.args {
		args[i] = val{l.in(p.e, a.Value), a.elem}
	}
	var slopes []named.Value
	combined := func(weights []float64) named.Value {
		sum := named.Value{}
		for i, w := range weights {
			if w == 0 {
				continue
			}
			if x := b.Scale(w, slopes[i]); sum.Valid() {
				sum = b.Add(sum, x)
			} else {
				sum = x
			}
		}
		return sum
	}
	next = y
	for i, c := range dormandPrince.c {
		at := t
		if i > 0 {
			next = b.Add(y, b.Mul(h, combined(dormandPrince.a[i])))
			at = b.Add(t, b.Scale(c, h))
		}
		v := l.callFn(p.e, p.f, append([]val{{at, lang.Real}, {next, lang.Real}}, args...))
		if v.Rank() != 1 || v.Shape()[0] != p.n {
			l.failWith(diag.Diagnostic{Code: "shape-at-binding", Span: p.e.Args[0].Value.Span(), Summary: fmt.Sprintf("`%s` must give the rate of change of the state", p.f.Name.Name),
				Expected: fmt.Sprintf("real[%d]", p.n), Found: typeOf(v).String()})
		}
		slopes = append(slopes, v.Value)
	}
	size := b.Max(b.Abs(y), b.Abs(next))
	unit := b.AddScalar(b.Scale(odeRelative, size), odeAbsolute)
	e := b.Div(b.Mul(h, combined(dormandPrince.err[:])), unit)
	return next, b.Sqrt(b.Scale(1/float64(p.n), b.SumAll(b.Square(e))))
}

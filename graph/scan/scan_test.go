package scan_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"ppl/graph"
	"ppl/graph/grad"
	"ppl/graph/op"
	"ppl/graph/plan"
	"ppl/graph/scan"
)

// A recurrence with a state of two, a slice that varies with the particle, one
// of data, and two things that are fixed, one of which particles share:
//
//	a' = tanh(a·φ_1) + b·s − k·a²
//	b' = exp(−b²)·φ_2 + d·a
//
// step computes it on terms over [Lead?].
func step(f op.Frame, a, b, s, d, phi1, phi2, k graph.Term) (a1, b1 graph.Term) {
	mul := func(x, y graph.Term) graph.Term { return f.Apply(op.Mul, x, y) }
	a1 = f.Apply(op.Add, f.Apply(op.Tanh, mul(a, phi1)), f.Apply(op.Sub, mul(b, s), mul(k, f.Apply(op.Square, a))))
	b1 = f.Apply(op.Add, mul(f.Apply(op.Exp, f.Apply(op.Neg, f.Apply(op.Square, b))), phi2), mul(d, a))
	return a1, b1
}

// problem is the recurrence as a scan or unrolled.
type problem struct {
	lead, steps int
	reverse     bool
}

func (p problem) shape(tail ...int) graph.Shape {
	if p.lead == 0 {
		return tail
	}
	return append(graph.Shape{p.lead}, tail...)
}

// column is a column of x, [Lead?, ..., n], as a term over [Lead?].
func (p problem) column(g *graph.Graph, x *graph.Node, i int) graph.Term {
	v := op.View{Out: p.shape(), Base: i}
	if p.lead > 0 {
		v.Strides = []int{x.Shape[1:].Size()}
	}
	return graph.Full(op.NewView(g, x, v, nil))
}

type inputs struct{ init, s, phi, k *graph.Node }

func (p problem) inputs(g *graph.Graph) inputs {
	in := func(name string, shape graph.Shape) *graph.Node {
		if p.lead > 0 {
			return g.BatchInput(name, shape)
		}
		return g.Input(name, shape)
	}
	return inputs{in("init", p.shape(2)), in("s", p.shape(p.steps)), in("phi", p.shape(2)), g.Input("k", graph.Shape{})}
}

func (p problem) data() []float64 {
	x := make([]float64, p.steps)
	for i := range x {
		x[i] = math.Sin(float64(i))
	}
	return x
}

// asScan gives [Lead?, T, 2].
func (p problem) asScan(g *graph.Graph, in inputs) *graph.Node {
	b := scan.NewBody(p.lead, 2)
	s, d := b.Slice(graph.Shape{}, p.lead > 0), b.Slice(graph.Shape{}, false)
	phi, k := b.Fix(graph.Shape{2}, p.lead > 0), b.Fix(graph.Shape{}, false)
	f := op.Frame{G: b.G, Shape: p.shape()}
	a1, b1 := step(f, p.column(b.G, b.Carry, 0), p.column(b.G, b.Carry, 1), graph.Full(s), graph.Term{Node: d}, p.column(b.G, phi, 0), p.column(b.G, phi, 1), graph.Term{Node: k})
	b.Out = scan.Pack(b.G, p.lead, f.Node(a1), f.Node(b1))
	return scan.New(g, scan.Scan{Body: b, T: p.steps, Reverse: p.reverse}, in.init, in.s, g.Constant(graph.Shape{p.steps}, p.data()), in.phi, in.k)
}

// unrolled gives the same.
func (p problem) unrolled(g *graph.Graph, in inputs) *graph.Node {
	f := op.Frame{G: g, Shape: p.shape()}
	a, b := p.column(g, in.init, 0), p.column(g, in.init, 1)
	shape := p.shape(p.steps, 2)
	st := shape.Strides()
	var parts []op.Part
	var rows []*graph.Node
	for i := range p.steps {
		t := i
		if p.reverse {
			t = p.steps - 1 - i
		}
		d := graph.Term{Node: g.Scalar(p.data()[t])}
		a, b = step(f, a, b, p.column(g, in.s, t), d, p.column(g, in.phi, 0), p.column(g, in.phi, 1), graph.Term{Node: in.k})
		for j, x := range []graph.Term{a, b} {
			parts = append(parts, op.Part{Shape: p.shape(), Base: 2*t + j, Strides: st[:len(p.shape())]})
			rows = append(rows, f.Node(x))
		}
	}
	return op.NewScatter(g, shape, parts, rows...)
}

// outputs are a weighted sum of squares of all states for each particle, its
// gradient, and the gradient of the gradient's product with fixed weights.
func (p problem) outputs(g *graph.Graph, in inputs, x *graph.Node) []*graph.Node {
	w := make([]float64, 2*p.steps)
	for i := range w {
		w[i] = 1 + math.Cos(float64(i))
	}
	f := op.Frame{G: g, Shape: x.Shape}
	dims := graph.Iota(len(x.Shape))
	weights := graph.Term{Node: g.Constant(graph.Shape{p.steps, 2}, w), Dims: dims[len(dims)-2:]}
	terms := f.Apply(op.Mul, weights, f.Apply(op.Square, graph.Full(x)))
	total := g.ScaledSum(f.Node(terms), dims, 1)
	wrt := []*graph.Node{in.init, in.s, in.phi, in.k}
	out := append([]*graph.Node{x, total}, grad.Reverse(g, total, wrt)...)
	dot := g.Scalar(0)
	for i, d := range out[2:] {
		v := make([]float64, d.Shape.Size())
		for j := range v {
			v[j] = math.Sin(float64(3*i+j) + 1)
		}
		fd := op.Frame{G: g, Shape: d.Shape}
		m := fd.Apply(op.Mul, graph.Full(d), graph.Full(g.Constant(d.Shape, v)))
		dot = op.Frame{G: g}.Apply(op.Add, graph.Term{Node: dot}, graph.Term{Node: g.ScaledSum(fd.Node(m), graph.Iota(len(d.Shape)), 1)}).Node
	}
	return append(out, grad.Reverse(g, dot, wrt)...)
}

func run(t testing.TB, prog graph.Program) [][]float64 {
	t.Helper()
	s, err := prog.NewState()
	if err != nil {
		t.Fatal(err)
	}
	var out [][]float64
	for range 2 { // the second run must not see the first
		out = nil
		for i, n := range prog.Inputs() {
			r := rand.New(rand.NewPCG(1, uint64(len(n.Name))))
			x := s.Input(i)
			for j := range x {
				x[j] = 0.5 * r.NormFloat64()
			}
		}
		if err := s.Run(); err != nil {
			t.Fatal(err)
		}
		for i := range prog.Outputs() {
			out = append(out, append([]float64(nil), s.Output(i)...))
		}
	}
	return out
}

// TestScan compares scans with unrolled recurrences: values, gradients, and
// products with Hessians, by every engine.
func TestScan(t *testing.T) {
	for _, lead := range []int{0, 1, 3, 64} {
		for _, steps := range []int{1, 2, 7} {
			for _, reverse := range []bool{false, true} {
				p := problem{lead, steps, reverse}
				t.Run(fmt.Sprintf("%+v", p), func(t *testing.T) {
					g := graph.New()
					in := p.inputs(g)
					want := run(t, plan.Compile(g, p.outputs(g, in, p.unrolled(g, in))))
					g = graph.New()
					in = p.inputs(g)
					outputs := p.outputs(g, in, p.asScan(g, in))
					for name, prog := range map[string]graph.Program{"tape": g.TapeMachine(outputs), "plan": plan.Compile(g, outputs), "flat": plan.Flat(g, outputs)} {
						for i, x := range run(t, prog) {
							for j, v := range x {
								if d := math.Abs(v - want[i][j]); !(d <= 1e-12*math.Max(1, math.Abs(want[i][j]))) {
									t.Fatalf("%s: output %d, element %d: %v, unrolled %v", name, i, j, v, want[i][j])
								}
							}
						}
					}
				})
			}
		}
	}
}

// TestScanAllocates nothing in a run of the plan.
func TestScanAllocates(t *testing.T) {
	for _, lead := range []int{1, 64} {
		p := problem{lead, 50, false}
		g := graph.New()
		in := p.inputs(g)
		s, err := plan.Compile(g, p.outputs(g, in, p.asScan(g, in))).NewState()
		if err != nil {
			t.Fatal(err)
		}
		if n := testing.AllocsPerRun(10, func() { s.Run() }); n > 0 {
			t.Errorf("%d particles: %v allocations", lead, n)
		}
	}
}

func BenchmarkScan(b *testing.B) {
	for _, lead := range []int{1, 64} {
		b.Run(fmt.Sprint(lead), func(b *testing.B) {
			p := problem{lead, 1000, false}
			g := graph.New()
			in := p.inputs(g)
			s, err := plan.Compile(g, p.outputs(g, in, p.asScan(g, in))[1:6]).NewState()
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				s.Run()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*p.steps*lead), "ns/step-particle")
		})
	}
}

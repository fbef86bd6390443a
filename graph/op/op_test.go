package op_test

import (
	"fmt"
	"math"
	"testing"

	"ppl/graph"
	"ppl/graph/grad"
	"ppl/graph/op"
	"ppl/graph/plan"
)

// problem is an expression of inputs at a point; every op has at least one.
type problem struct {
	name  string
	point [][]float64
	shape []graph.Shape
	build func(g *graph.Graph, x []*graph.Node) *graph.Node
	tol   float64 // relative, of the gradient; 1e-6 if 0
}

func vec(x ...float64) []float64 { return x }

func ramp(n int, lo, hi float64) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = lo + (hi-lo)*(float64(i)+0.5)/float64(n) + 0.01*math.Sin(float64(7*i))
	}
	return x
}

func apply(f *op.Func, shape graph.Shape) func(g *graph.Graph, x []*graph.Node) *graph.Node {
	return func(g *graph.Graph, x []*graph.Node) *graph.Node {
		fr := op.Frame{G: g, Shape: shape}
		ts := make([]graph.Term, len(x))
		for i := range x {
			ts[i] = graph.Full(x[i])
		}
		return fr.Node(fr.Apply(f, ts...))
	}
}

func problems() []problem {
	var ps []problem
	unary := map[*op.Func][]float64{
		op.Neg: vec(-2, 0.5), op.Recip: vec(-3, 0.25, 1e-3), op.Square: vec(-4, 0.1), op.Exp: vec(-30, 0, 3),
		op.Log: vec(1e-8, 0.5, 1e5), op.Log1p: vec(-0.9, 1e-5, 20), op.Expm1: vec(-20, 1e-5, 3), op.Sqrt: vec(1e-4, 2, 1e6),
		op.Abs: vec(-2, 3), op.Sin: vec(-1, 2, 20), op.Cos: vec(-1, 2, 20), op.Tan: vec(-1, 0.5), op.Asin: vec(-0.99, 0.3),
		op.Acos: vec(-0.99, 0.3), op.Atan: vec(-30, 0.4), op.Sinh: vec(-3, 0.1), op.Cosh: vec(-3, 0.1), op.Tanh: vec(-3, 0.1, 12),
		op.InvLogit: vec(-20, -1, 0.3, 15), op.Logit: vec(1e-4, 0.3, 0.95), op.Softplus: vec(-20, 0.1, 30), op.LogInvLogit: vec(-30, 0.1, 20),
		op.Log1mExp: vec(-20, -1, -1e-3), op.Erf: vec(-2, 0.1, 1), op.Erfc: vec(-2, 0.1, 3), op.Phi: vec(-4, 0.2, 2),
		op.LogPhi: vec(-30, -2, 0.5, 3), op.InvMills: vec(-30, -2, 0.5, 3), op.Lgamma: vec(1e-3, 0.7, 3, 200), op.Digamma: vec(0.01, 0.7, 3, 200),
		op.Polygamma(1): vec(0.1, 2, 50), op.Polygamma(2): vec(0.1, 2, 50),
	}
	for f, xs := range unary {
		s := graph.Shape{2}
		for _, x := range xs { // a problem of its own for each point, so that large values do not hide small ones
			ps = append(ps, problem{name: fmt.Sprintf("%s at %g", f.Name, x), point: [][]float64{{x, x * 1.01}}, shape: []graph.Shape{s}, build: apply(f, s)})
		}
	}
	binary := map[*op.Func][2][]float64{
		op.Add: {vec(1, -2), vec(3, 5)}, op.Sub: {vec(1, -2), vec(3, 5)}, op.Mul: {vec(1, -2), vec(3, 5)}, op.MulZ: {vec(1, -2), vec(3, 5)},
		op.Div: {vec(1, -2), vec(3, -0.1)}, op.Pow: {vec(0.3, 4, 2), vec(2.5, -1.5, 0.3)}, op.Mod: {vec(7.3, -2.2), vec(2.1, 1.7)},
		op.Min: {vec(1, 5), vec(3, 2)}, op.Max: {vec(1, 5), vec(3, 2)}, op.XLogY: {vec(0.4, 2), vec(1e-3, 7)}, op.XLog1PY: {vec(0.4, 2), vec(1e-3, 7)},
		op.ExpSub: {vec(1, -3), vec(2, 0.1)}, op.LogSumExp2: {vec(1, -30), vec(2, 0.1)}, op.LogDiffExp: {vec(3, 1), vec(2, -4)},
	}
	for f, x := range binary {
		s := graph.Shape{len(x[0])}
		ps = append(ps, problem{name: f.Name, point: [][]float64{x[0], x[1]}, shape: []graph.Shape{s, s}, build: apply(f, s)})
	}
	ps = append(ps, structural()...)
	return append(ps, linear()...)
}

func structural() []problem {
	sh := func(s ...int) graph.Shape { return graph.Shape(s) }
	return []problem{
		{name: "where", point: [][]float64{vec(0.3, -2), vec(4, 1)}, shape: []graph.Shape{sh(2), sh(2)},
			build: func(g *graph.Graph, x []*graph.Node) *graph.Node {
				f := op.Frame{G: g, Shape: sh(2)}
				return f.Node(f.Apply(op.Where, f.Apply(op.Less, graph.Full(x[0]), f.Scalar(0)), graph.Full(x[0]), f.Apply(op.Mul, graph.Full(x[0]), graph.Full(x[1]))))
			}},
		{name: "broadcast", point: [][]float64{ramp(3, -1, 1), ramp(4, 0, 2), vec(0.7)}, shape: []graph.Shape{sh(3), sh(4), sh()},
			build: func(g *graph.Graph, x []*graph.Node) *graph.Node {
				f := op.Frame{G: g, Shape: sh(3, 4)}
				a, b, c := graph.Term{Node: x[0], Dims: []int{0}}, graph.Term{Node: x[1], Dims: []int{1}}, graph.Term{Node: x[2]}
				return f.Node(f.Apply(op.Mul, f.Apply(op.Add, a, c), f.Apply(op.Exp, f.Apply(op.Mul, b, a))))
			}},
		{name: "sum", point: [][]float64{ramp(24, -1, 2)}, shape: []graph.Shape{sh(2, 3, 4)},
			build: func(g *graph.Graph, x []*graph.Node) *graph.Node {
				f := op.Frame{G: g, Shape: sh(2, 3, 4)}
				return g.ScaledSum(f.Apply(op.Square, graph.Full(x[0])).Node, []int{1}, 0.5)
			}},
		{name: "sum of sum", point: [][]float64{ramp(24, -1, 2)}, shape: []graph.Shape{sh(2, 3, 4)},
			build: func(g *graph.Graph, x []*graph.Node) *graph.Node {
				f := op.Frame{G: g, Shape: sh(2, 3, 4)}
				return g.ScaledSum(g.ScaledSum(f.Apply(op.Square, graph.Full(x[0])).Node, []int{1}, 0.5), []int{1}, 3)
			}},
		{name: "sum of products", point: [][]float64{ramp(18, -1, 2), ramp(27, 0, 3)}, shape: []graph.Shape{sh(2, 9), sh(9, 3)}, build: sumOfProducts},
		{name: "log_sum_exp", point: [][]float64{ramp(12, -30, 40)}, shape: []graph.Shape{sh(3, 4)},
			build: func(g *graph.Graph, x []*graph.Node) *graph.Node {
				return op.NewReduce(g, op.LogSumExp, x[0], []int{0})
			}},
		{name: "max", point: [][]float64{ramp(12, -3, 4)}, shape: []graph.Shape{sh(3, 4)},
			build: func(g *graph.Graph, x []*graph.Node) *graph.Node { return op.NewReduce(g, op.MaxOf, x[0], []int{1}) }},
		{name: "min", point: [][]float64{ramp(12, -3, 4)}, shape: []graph.Shape{sh(3, 4)},
			build: func(g *graph.Graph, x []*graph.Node) *graph.Node { return op.NewReduce(g, op.MinOf, x[0], []int{0, 1}) }},
		{name: "prod", point: [][]float64{vec(2, 0, -1, 0.5, 3, 1, 2, 4, -2, 0)}, shape: []graph.Shape{sh(2, 5)},
			build: func(g *graph.Graph, x []*graph.Node) *graph.Node { return op.Prod(g, x[0]) }},
		{name: "cumsum", point: [][]float64{ramp(8, -1, 1)}, shape: []graph.Shape{sh(2, 4)},
			build: func(g *graph.Graph, x []*graph.Node) *graph.Node {
				f := op.Frame{G: g, Shape: sh(2, 4)}
				return f.Apply(op.Square, graph.Full(g.Apply(op.CumSum{Of: sh(2, 4)}, x[0]))).Node
			}},
		{name: "sort", point: [][]float64{vec(3, -1, 2, 0.5, 9, 4)}, shape: []graph.Shape{sh(2, 3)},
			build: func(g *graph.Graph, x []*graph.Node) *graph.Node {
				f := op.Frame{G: g, Shape: sh(2, 3)}
				return f.Apply(op.Mul, graph.Full(op.Sort(g, x[0])), graph.Term{Node: g.Constant(sh(3), vec(1, 10, 100)), Dims: []int{1}}).Node
			}},
		{name: "view", point: [][]float64{ramp(20, -1, 2)}, shape: []graph.Shape{sh(4, 5)},
			build: func(g *graph.Graph, x []*graph.Node) *graph.Node {
				f := op.Frame{G: g, Shape: sh(4, 5)}
				y := f.Apply(op.Exp, graph.Full(x[0])).Node
				// y[t+1-k, 2], overlapping and negative strides, over a broadcast dimension
				return op.NewView(g, y, op.View{Out: sh(2, 3, 2), Base: 5 + 2, Strides: []int{0, 5, -5}}, nil)
			}},
		{name: "gather", point: [][]float64{ramp(6, -1, 2)}, shape: []graph.Shape{sh(3, 2)},
			build: func(g *graph.Graph, x []*graph.Node) *graph.Node {
				f := op.Frame{G: g, Shape: sh(3, 2)}
				y := f.Apply(op.Exp, graph.Full(x[0])).Node
				off := g.Constant(sh(4), vec(4, 0, 0, 2))
				return op.NewView(g, y, op.View{Out: sh(4, 2), Strides: []int{0, 1}, OffStrides: []int{1, 0}}, off)
			}},
		{name: "concat", point: [][]float64{ramp(4, -1, 2), ramp(6, 0, 1)}, shape: []graph.Shape{sh(2, 2), sh(2, 3)},
			build: func(g *graph.Graph, x []*graph.Node) *graph.Node {
				f := op.Frame{G: g, Shape: sh(2, 5)}
				return f.Apply(op.Square, graph.Full(op.Concat(g, 1, x...))).Node
			}},
		{name: "slices of one vector", point: [][]float64{ramp(7, -1, 2)}, shape: []graph.Shape{sh(7)},
			build: func(g *graph.Graph, x []*graph.Node) *graph.Node {
				f := op.Frame{G: g, Shape: sh(3)}
				a := op.NewView(g, x[0], op.View{Out: sh(3), Base: 1, Strides: []int{1}}, nil)
				b := op.NewView(g, x[0], op.View{Out: sh(3), Base: 4, Strides: []int{1}}, nil)
				return f.Apply(op.Mul, f.Apply(op.Exp, graph.Full(a)), graph.Full(b)).Node
			}},
	}
}

// sumOfProducts is 0.5 Σ_j x[i, j] exp(y[j, k]).
func sumOfProducts(g *graph.Graph, x []*graph.Node) *graph.Node {
	f := op.Frame{G: g, Shape: graph.Shape{x[0].Shape[0], x[0].Shape[1], x[1].Shape[1]}}
	y := f.Apply(op.Exp, graph.Term{Node: x[1], Dims: []int{1, 2}})
	return g.ScaledSum(f.Node(f.Apply(op.Mul, graph.Term{Node: x[0], Dims: []int{0, 1}}, y)), []int{1}, 0.5)
}

// TestSumOfProducts: the sum is a contraction from a number of terms on, and its products are not laid out.
func TestSumOfProducts(t *testing.T) {
	for terms, want := range map[int]bool{4: false, 9: true} {
		g := graph.New()
		y := sumOfProducts(g, []*graph.Node{g.Input("x", graph.Shape{2, terms}), g.Input("y", graph.Shape{terms, 3})})
		contracted := false
		for queue := []*graph.Node{y}; len(queue) > 0; queue = queue[1:] {
			_, is := queue[0].Op.(op.Contract)
			contracted = contracted || is
			if contracted {
				break
			}
			queue = append(queue, queue[0].In...)
		}
		if contracted != want {
			t.Errorf("%d terms: %v", terms, y.Op.Key())
		}
	}
}

func linear() []problem {
	sh := func(s ...int) graph.Shape { return graph.Shape(s) }
	spd := func(g *graph.Graph, a *graph.Node) *graph.Node { // A Aᵀ + 2I
		n := a.Shape[len(a.Shape)-1]
		eye := make([]float64, n*n)
		for i := 0; i < n; i++ {
			eye[i*n+i] = 2
		}
		f := op.Frame{G: g, Shape: a.Shape}
		r := len(a.Shape)
		return f.Apply(op.Add, graph.Full(op.MatMul(g, a, a, false, true)), graph.Term{Node: g.Constant(sh(n, n), eye), Dims: []int{r - 2, r - 1}}).Node
	}
	return []problem{
		{name: "matmul", point: [][]float64{ramp(12, -1, 1), ramp(16, -1, 2)}, shape: []graph.Shape{sh(2, 2, 3), sh(2, 2, 4)},
			build: func(g *graph.Graph, x []*graph.Node) *graph.Node { return op.MatMul(g, x[0], x[1], true, false) }},
		{name: "contract", point: [][]float64{ramp(6, -1, 1), ramp(12, -1, 2)}, shape: []graph.Shape{sh(2, 3), sh(4, 3)},
			build: func(g *graph.Graph, x []*graph.Node) *graph.Node {
				return op.NewContract(g, x[0], x[1], []int{0, 1}, []int{2, 1}, []int{2, 0})
			}},
		{name: "contract with lone labels", point: [][]float64{ramp(6, -1, 1), ramp(12, -1, 2)}, shape: []graph.Shape{sh(2, 3), sh(4, 3)},
			build: func(g *graph.Graph, x []*graph.Node) *graph.Node {
				return op.NewContract(g, x[0], x[1], []int{0, 1}, []int{2, 1}, []int{1})
			}},
		{name: "cholesky", point: [][]float64{ramp(18, -1, 1)}, shape: []graph.Shape{sh(2, 3, 3)},
			build: func(g *graph.Graph, x []*graph.Node) *graph.Node {
				return g.Apply(op.Cholesky{Of: sh(2, 3, 3)}, spd(g, x[0]))
			}},
		{name: "cholesky adjoint", point: [][]float64{ramp(9, 0.4, 2), ramp(9, -1, 2)}, shape: []graph.Shape{sh(3, 3), sh(3, 3)},
			build: func(g *graph.Graph, x []*graph.Node) *graph.Node {
				return g.Apply(op.CholeskyAdjoint{Of: sh(3, 3)}, x[0], x[1])
			}},
		{name: "trisolve", point: [][]float64{ramp(9, 0.5, 2), ramp(6, -1, 1)}, shape: []graph.Shape{sh(3, 3), sh(3, 2)},
			build: func(g *graph.Graph, x []*graph.Node) *graph.Node {
				return g.Apply(op.TriSolve{A: sh(3, 3), B: sh(3, 2)}, x[0], x[1])
			}},
		{name: "trisolve transposed", point: [][]float64{ramp(9, 0.5, 2), ramp(6, -1, 1)}, shape: []graph.Shape{sh(3, 3), sh(3, 2)},
			build: func(g *graph.Graph, x []*graph.Node) *graph.Node {
				return g.Apply(op.TriSolve{A: sh(3, 3), B: sh(3, 2), Trans: true}, x[0], x[1])
			}},
		{name: "solve", point: [][]float64{vec(2, 0.3, -1, 0.5, 3, 0.2, 1, 1, -2), ramp(6, -1, 1)}, shape: []graph.Shape{sh(3, 3), sh(3, 2)},
			build: func(g *graph.Graph, x []*graph.Node) *graph.Node {
				return g.Apply(op.Solve{A: sh(3, 3), B: sh(3, 2)}, x[0], x[1])
			}},
		{name: "solve transposed", point: [][]float64{vec(2, 0.3, -1, 0.5, 3, 0.2, 1, 1, -2), ramp(6, -1, 1)}, shape: []graph.Shape{sh(3, 3), sh(3, 2)},
			build: func(g *graph.Graph, x []*graph.Node) *graph.Node {
				return g.Apply(op.Solve{A: sh(3, 3), B: sh(3, 2), Trans: true}, x[0], x[1])
			}},
		{name: "trisolve, one for all", point: [][]float64{ramp(8, 0.5, 2), ramp(12, -1, 1)}, shape: []graph.Shape{sh(2, 2, 2), sh(3, 2, 2, 1)},
			build: func(g *graph.Graph, x []*graph.Node) *graph.Node {
				return g.Apply(op.TriSolve{A: sh(2, 2, 2), B: sh(3, 2, 2, 1), Trans: true}, x[0], x[1])
			}},
		{name: "solve, one for all", point: [][]float64{vec(2, 0.3, -1, 0.5, 3, 0.2, 1, 1, -2), ramp(12, -1, 1)}, shape: []graph.Shape{sh(3, 3), sh(2, 3, 2)},
			build: func(g *graph.Graph, x []*graph.Node) *graph.Node {
				return g.Apply(op.Solve{A: sh(3, 3), B: sh(2, 3, 2)}, x[0], x[1])
			}},
		{name: "log_det", point: [][]float64{vec(2, 0.3, -1, 0.5, 3, 0.2, 1, 1, -2)}, shape: []graph.Shape{sh(3, 3)},
			build: func(g *graph.Graph, x []*graph.Node) *graph.Node { return g.Apply(op.LogDet{Of: sh(3, 3)}, x[0]) }},
	}
}

// objective is a weighted sum of the problem's result, so that every element
// has an adjoint of its own.
func objective(g *graph.Graph, y *graph.Node) *graph.Node {
	w := make([]float64, y.Shape.Size())
	for i := range w {
		w[i] = 0.3 + 0.7*math.Cos(float64(3*i))
	}
	f := op.Frame{G: g, Shape: y.Shape}
	t := f.Apply(op.Mul, graph.Full(y), graph.Full(g.Constant(y.Shape, w)))
	return g.ScaledSum(f.Node(t), graph.Iota(len(y.Shape)), 1)
}

type compiled struct {
	s  graph.State
	at map[*graph.Node]int
}

func compile(t *testing.T, p graph.Program) compiled {
	t.Helper()
	s, err := p.NewState()
	if err != nil {
		t.Fatal(err)
	}
	c := compiled{s, map[*graph.Node]int{}}
	for i, n := range p.Inputs() {
		c.at[n] = i
	}
	return c
}

func (c compiled) run(t *testing.T, x []*graph.Node, v [][]float64) {
	t.Helper()
	for i, n := range x {
		if k, ok := c.at[n]; ok {
			copy(c.s.Input(k), v[i])
		}
	}
	if err := c.s.Run(); err != nil {
		t.Fatal(err)
	}
}

// TestGradients compares, for every op: the gradient with central
// differences; the gradient's own derivative along a direction with central
// differences of the gradient; our reverse pass with Gorgonia's Grad; and the
// plan with the TapeMachine.
func TestGradients(t *testing.T) {
	for _, p := range problems() {
		t.Run(p.name, func(t *testing.T) { checkProblem(t, p) })
	}
}

func checkProblem(t *testing.T, p problem) {
	g := graph.New()
	var x []*graph.Node
	for i, s := range p.shape {
		x = append(x, g.Input(fmt.Sprintf("x%d", i), s))
	}
	f := objective(g, p.build(g, x))
	d := grad.Reverse(g, f, x)
	// Second order: h = Σ direction · gradient, and its gradient.
	var h *graph.Node
	for i := range d {
		s := objective(g, d[i])
		if h == nil {
			h = s
		} else {
			h = op.Frame{G: g}.Apply(op.Add, graph.Full(h), graph.Full(s)).Node
		}
	}
	dd := grad.Reverse(g, h, x)
	outs := append(append([]*graph.Node{f, h}, d...), dd...)
	fast := compile(t, plan.Compile(g, outs))
	slow := compile(t, g.TapeMachine(outs))
	fast.run(t, x, p.point)
	slow.run(t, x, p.point)
	for i := range outs {
		if a, b := fast.s.Output(i), slow.s.Output(i); !near(a, b, 1e-13) {
			t.Errorf("output %d: plan %v, TapeMachine %v", i, a, b)
		}
	}
	values := func(first, n int) [][]float64 {
		var v [][]float64
		for i := 0; i < n; i++ {
			v = append(v, append([]float64(nil), fast.s.Output(first+i)...))
		}
		return v
	}
	d1, d2 := values(2, len(x)), values(2+len(x), len(x))
	tol := p.tol
	if tol == 0 {
		tol = 1e-6
	}
	compareDifferences(t, "gradient", fast, 0, x, p.point, d1, tol)
	compareDifferences(t, "second derivative", fast, 1, x, p.point, d2, tol)
	oracle(t, p, d1)
}

func compareDifferences(t *testing.T, what string, c compiled, out int, x []*graph.Node, point, got [][]float64, tol float64) {
	t.Helper()
	for i := range point {
		for j := range point[i] {
			v := clone(point)
			eval := func(s float64) float64 {
				v[i][j] = point[i][j] + s
				c.run(t, x, v)
				return c.s.Output(out)[0]
			}
			h := 1e-3
			if p := math.Abs(point[i][j]); p > 0 {
				h *= math.Min(1, p)
			}
			// Richardson extrapolation of central differences, h⁶.
			D := func(h float64) float64 { return (eval(h) - eval(-h)) / (2 * h) }
			d0, d1, d2 := D(h), D(h/2), D(h/4)
			a, b := (4*d1-d0)/3, (4*d2-d1)/3
			want := (16*b - a) / 15
			if math.Abs(got[i][j]-want) > tol*math.Max(1, math.Abs(want)) {
				t.Errorf("%s with respect to x%d[%d]: %g, by differences %g", what, i, j, got[i][j], want)
			}
		}
	}
}

func clone(v [][]float64) [][]float64 {
	out := make([][]float64, len(v))
	for i := range v {
		out[i] = append([]float64(nil), v[i]...)
	}
	return out
}

// oracle compares with gorgonia.Grad on a graph of its own (a second
// derivative on shared nodes is wrong in Gorgonia).
func oracle(t *testing.T, p problem, want [][]float64) {
	t.Helper()
	g := graph.New()
	var x []*graph.Node
	for i, s := range p.shape {
		x = append(x, g.Input(fmt.Sprintf("x%d", i), s))
	}
	f := objective(g, p.build(g, x))
	ds, err := g.GorgoniaGrad(f, x)
	if err != nil {
		t.Fatalf("gorgonia: %v", err)
	}
	c := compile(t, g.TapeMachine(ds))
	c.run(t, x, p.point)
	for i := range ds {
		if !near(c.s.Output(i), want[i], 1e-12) {
			t.Errorf("gorgonia.Grad with respect to x%d: %v, ours %v", i, c.s.Output(i), want[i])
		}
	}
}

func near(a, b []float64, tol float64) bool {
	for i := range a {
		if a[i] != b[i] && !(math.Abs(a[i]-b[i]) <= tol*math.Max(1, math.Abs(a[i]))) && !(math.IsNaN(a[i]) && math.IsNaN(b[i])) {
			return false
		}
	}
	return len(a) == len(b)
}

package plan_test

import (
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"

	"ppl/graph"
	"ppl/graph/grad"
	"ppl/graph/kernel/vec"
	"ppl/graph/op"
	"ppl/graph/plan"
)

// bounded is tanh of x, so that what is made of it stays far from singular.
func (w *world) bounded(x *graph.Node) *graph.Node {
	return op.Frame{G: w.g, Shape: x.Shape}.Apply(op.Tanh, graph.Full(x)).Node
}

// positive makes I + X·Xᵀ of an X of at least two row dimensions.
func (w *world) positive() *graph.Node {
	x := w.pick(func(n *graph.Node) bool {
		r := w.rows(n)
		return len(r) >= 2 && r[len(r)-2] <= 5
	}, "x")
	if x == nil {
		return nil
	}
	y := w.bounded(x)
	w.batch[y] = w.batch[x]
	p := op.MatMul(w.g, y, y, false, true)
	f := op.Frame{G: w.g, Shape: p.Shape}
	n := p.Shape[len(p.Shape)-1]
	eye := make([]float64, n*n)
	for i := range n {
		eye[i*n+i] = 1
	}
	a := f.Apply(op.Add, graph.Full(p), graph.Term{Node: w.g.Constant(graph.Shape{n, n}, eye), Dims: []int{len(p.Shape) - 2, len(p.Shape) - 1}}).Node
	w.batch[a] = w.batch[x] && !a.IsConst()
	return a
}

// decompose adds a factor, a determinant, or the solution of a system.
func (w *world) decompose() {
	a := w.positive()
	if a == nil {
		return
	}
	of, r := a.Shape, len(a.Shape)
	lead, n := of[:r-2], of[r-1]
	switch w.n(0, 4, "decomposition") {
	case 0:
		w.add(w.g.Apply(op.Cholesky{Of: of}, a), w.batch[a])
		return
	case 1:
		w.add(w.g.Apply(op.LogDet{Of: of}, a), w.batch[a])
		return
	}
	// The other side has a's leading dimensions, or one more where a does not vary.
	m := w.n(1, 2, "columns")
	b := append(append(graph.Shape{}, lead...), n, m)
	batch := w.batch[a]
	if !batch && w.n(0, 1, "for each particle") == 1 {
		b, batch = append(graph.Shape{w.s}, b...), true
	}
	y := w.pick(func(n *graph.Node) bool { return w.batch[n] == batch }, "y")
	if y == nil || batch && len(b) < 3 {
		return
	}
	// Read any array as the right-hand side, cyclically.
	rows := b
	if batch {
		rows = b[1:]
	}
	off := make([]float64, rows.Size())
	for i := range off {
		off[i] = float64(i % max(1, w.rows(y).Size()))
	}
	v := op.View{Out: b, Strides: make([]int, len(b)), OffStrides: rows.Strides()}
	if batch {
		v.Strides[0] = w.rows(y).Size()
		v.OffStrides = append([]int{0}, v.OffStrides...)
	}
	c := w.bounded(op.NewView(w.g, y, v, w.g.Constant(rows, off)))
	trans := w.n(0, 1, "transposed") == 1
	var x *graph.Node
	if w.n(0, 1, "triangular") == 1 {
		x = w.g.Apply(op.TriSolve{A: of, B: b, Trans: trans}, a, c)
	} else {
		x = w.g.Apply(op.Solve{A: of, B: b, Trans: trans}, a, c)
	}
	w.add(x, batch)
}

// scan adds up, or takes a log-sum-exp over some dimensions.
func (w *world) scan() {
	x := w.pick(func(n *graph.Node) bool { return len(w.rows(n)) > 0 }, "x")
	if x == nil {
		return
	}
	if w.n(0, 1, "cumulative") == 1 {
		w.add(w.g.Apply(op.CumSum{Of: x.Shape, Reverse: w.n(0, 1, "reverse") == 1}, x), w.batch[x])
		return
	}
	first := len(x.Shape) - len(w.rows(x))
	from := w.n(first, len(x.Shape)-1, "from")
	to := w.n(from, len(x.Shape)-1, "to")
	kind := []op.ReduceKind{op.LogSumExp, op.MaxOf, op.MinOf}[w.n(0, 2, "kind")]
	w.add(op.NewReduce(w.g, kind, x, graph.Iota(to + 1)[from:]), w.batch[x])
}

// contract multiplies two arrays over random labels.
func (w *world) contract() {
	a, b := w.pick(any, "a"), w.pick(any, "b")
	ra, rb := w.rows(a), w.rows(b)
	label := 1
	var la, lb, lo []int
	for range ra {
		la = append(la, label)
		label++
	}
	for _, n := range rb { // join with a dimension of a of that size, or a new one
		l := label
		for i, x := range la {
			if ra[i] == n && w.n(0, 1, "join") == 1 {
				used := false
				for _, y := range lb {
					used = used || y == x
				}
				if !used {
					l = x
				}
			}
		}
		lb = append(lb, l)
		label++
	}
	for l := 1; l < label; l++ {
		inA, inB := false, false
		for _, x := range la {
			inA = inA || x == l
		}
		for _, x := range lb {
			inB = inB || x == l
		}
		if (inA || inB) && (inA != inB || w.n(0, 1, "keep") == 1) {
			lo = append(lo, l)
		}
	}
	if len(lo) > 0 {
		lo = rapid.Permutation(lo).Draw(w.t, "order")
	}
	size := 1
	for _, l := range lo {
		for i, x := range la {
			if x == l {
				size *= ra[i]
			}
		}
		for i, x := range lb {
			if x == l {
				size *= rb[i]
			}
		}
	}
	if size > 2000 {
		return
	}
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

// TestRandomLinearAlgebra compares graphs with decompositions and products at every level of kernels.
func TestRandomLinearAlgebra(t *testing.T) {
	was, _ := vec.Selected()
	defer vec.Use(was)
	for _, level := range []vec.Level{vec.Portable, vec.AVX2, vec.AVX512} {
		t.Run(level.String(), func(t *testing.T) {
			if err := vec.Use(level); err != nil {
				t.Skip(err)
			}
			rapid.Check(t, func(t *rapid.T) {
				randomGraphOf(t, func(w *world) []func() {
					return []func(){w.combine, w.view, w.contract, w.contract, w.scan, w.decompose, w.decompose}
				})
			})
		})
	}
}

// process is the density of a Gaussian process observed with noise: latents of a covariance with latent scales.
func process(n, s int, fixed bool) (g *graph.Graph, outs []*graph.Node, inputs []*graph.Node) {
	g = graph.New()
	f := g.BatchInput("f", graph.Shape{s, n, 1})
	scale := g.BatchInput("scale", graph.Shape{s})
	d := make([]float64, n*n)
	eye := make([]float64, n*n)
	for i := range n {
		for j := range n {
			x := float64(i-j) / float64(n)
			d[i*n+j] = -8 * x * x
		}
		eye[i*n+i] = 0.1
	}
	frame := op.Frame{G: g, Shape: graph.Shape{s, n, n}}
	constant := func(x []float64) graph.Term {
		return graph.Term{Node: g.Constant(graph.Shape{n, n}, x), Dims: []int{1, 2}}
	}
	length := graph.Term{Node: scale, Dims: []int{0}}
	of := graph.Shape{s, n, n}
	if fixed {
		frame = op.Frame{G: g, Shape: graph.Shape{n, n}}
		constant = func(x []float64) graph.Term {
			return graph.Term{Node: g.Constant(graph.Shape{n, n}, x), Dims: []int{0, 1}}
		}
		length, of = graph.Term{Node: g.Scalar(0.7)}, graph.Shape{n, n}
	}
	k := frame.Apply(op.Add, frame.Apply(op.Exp, frame.Apply(op.Mul, constant(d), frame.Apply(op.Square, length))), constant(eye))
	l := g.Apply(op.Cholesky{Of: of}, frame.Node(k))
	z := g.Apply(op.TriSolve{A: of, B: f.Shape}, l, f)
	zf := op.Frame{G: g, Shape: z.Shape}
	quad := g.ScaledSum(zf.Apply(op.Square, graph.Full(z)).Node, []int{0, 1, 2}, -0.5)
	total := quad
	if !fixed {
		st := l.Shape.Strides()
		diagonal := op.NewView(g, l, op.View{Out: graph.Shape{s, n}, Strides: []int{st[0], st[1] + st[2]}}, nil)
		df := op.Frame{G: g, Shape: diagonal.Shape}
		logs := g.ScaledSum(df.Apply(op.Log, graph.Full(diagonal)).Node, []int{0, 1}, -1)
		total = op.Frame{G: g}.Apply(op.Add, graph.Full(quad), graph.Full(logs)).Node
	}
	inputs = []*graph.Node{f, scale}
	return g, append([]*graph.Node{total}, grad.Reverse(g, total, inputs)...), inputs
}

// TestProcess compares Gaussian processes with latent and with fixed covariance; nothing of them runs one particle
// after another.
func TestProcess(t *testing.T) {
	for _, n := range []int{1, 5, 23} {
		for _, s := range []int{1, 3, 16} {
			for _, fixed := range []bool{false, true} {
				g, outs, inputs := process(n, s, fixed)
				compare(t, g, outs, inputs)
				if left := plan.Unbatched(plan.Compile(g, outs)); len(left) > 0 {
					t.Errorf("%d points, %d particles: %v run by themselves", n, s, left)
				}
			}
		}
	}
}

func BenchmarkProcess(b *testing.B) {
	for _, n := range []int{11, 100} {
		for _, s := range []int{1, 64} {
			for _, fixed := range []bool{false, true} {
				b.Run(fmt.Sprintf("points=%d/particles=%d/fixed=%t", n, s, fixed), func(b *testing.B) {
					g, outs, _ := process(n, s, fixed)
					p := plan.Compile(g, outs)
					st, err := p.NewState()
					if err != nil {
						b.Fatal(err)
					}
					for i, x := range p.Inputs() {
						for k := range st.Input(i) {
							st.Input(i)[k] = 0.5 + 0.3*math.Sin(float64(k))
						}
						_ = x
					}
					b.ReportAllocs()
					for b.Loop() {
						if err := st.Run(); err != nil {
							b.Fatal(err)
						}
					}
				})
			}
		}
	}
}

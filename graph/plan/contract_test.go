package plan_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"ppl/graph"
	"ppl/graph/grad"
	"ppl/graph/kernel/vec"
	"ppl/graph/op"
	"ppl/graph/plan"
)

// product is a contraction of inputs, which vary with the particle (label 0) or not.
type product struct {
	particles int
	labels    [3][]int
	sizes     []int
}

// randomProduct draws labels of rows, columns, sums and of all three arrays, in any order.
func randomProduct(r *rand.Rand) product {
	p := product{particles: []int{0, 1, 3, 8, 16}[r.IntN(5)]}
	p.sizes = []int{p.particles}
	kinds := [][]int{{0, 2}, {0, 2}, {1, 2}, {1, 2}, {0, 1}, {0, 1}, {0, 1, 2}}
	elements := max(1, p.particles)
	for _, i := range r.Perm(len(kinds))[:1+r.IntN(len(kinds))] {
		size := []int{1, 2, 3, 8, 10, 33, 70}[r.IntN(7)]
		if elements*size > 1<<17 {
			continue
		}
		elements *= size
		for _, k := range kinds[i] {
			p.labels[k] = append(p.labels[k], len(p.sizes))
		}
		p.sizes = append(p.sizes, size)
	}
	for k := range p.labels {
		r.Shuffle(len(p.labels[k]), func(i, j int) { p.labels[k][i], p.labels[k][j] = p.labels[k][j], p.labels[k][i] })
		if len(p.labels[k]) > 1 && r.IntN(2) == 0 { // orders that arrays share, so that labels stand together
			slices.Sort(p.labels[k])
		}
	}
	if p.particles > 0 {
		varies := 1 + r.IntN(3)
		for k := range 2 {
			if varies>>k&1 == 1 {
				p.labels[k] = append([]int{0}, p.labels[k]...)
			}
		}
		if varies < 3 || r.IntN(2) == 0 {
			p.labels[2] = append([]int{0}, p.labels[2]...)
		}
	}
	return p
}

func (p product) String() string {
	return fmt.Sprintf("%v, %v -> %v of %v", p.labels[0], p.labels[1], p.labels[2], p.sizes)
}

func (p product) graph() (*graph.Graph, *graph.Node, []*graph.Node) {
	g := graph.New()
	var in []*graph.Node
	for k, name := range []string{"a", "b"} {
		shape := graph.Shape{}
		for _, l := range p.labels[k] {
			shape = append(shape, p.sizes[l])
		}
		if slices.Contains(p.labels[k], 0) {
			in = append(in, g.BatchInput(name, shape))
		} else {
			in = append(in, g.Input(name, shape))
		}
	}
	return g, op.NewContract(g, in[0], in[1], p.labels[0], p.labels[1], p.labels[2]), in
}

// run evaluates twice, the second time on memory as the first left it.
func run(t *testing.T, program graph.Program, data map[*graph.Node][]float64) []float64 {
	t.Helper()
	s, err := program.NewState()
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		for i, n := range program.Inputs() {
			copy(s.Input(i), data[n])
		}
		if err := s.Run(); err != nil {
			t.Fatal(err)
		}
	}
	return slices.Clone(s.Output(0))
}

// TestContractions: products of all kinds are what the op gives, at every level of kernels, and have the same bits on
// any number of cores; infinities and what is not a number included.
func TestContractions(t *testing.T) {
	was, _ := vec.Selected()
	defer vec.Use(was)
	defer plan.SmallBlocks()()
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for _, level := range []vec.Level{vec.Portable, vec.AVX2, vec.AVX512} {
		t.Run(level.String(), func(t *testing.T) {
			if err := vec.Use(level); err != nil {
				t.Skip(err)
			}
			r := rand.New(rand.NewPCG(3, 4))
			for trial := range 400 {
				p := randomProduct(r)
				g, out, in := p.graph()
				data := map[*graph.Node][]float64{}
				for _, n := range in {
					x := make([]float64, n.Shape.Size())
					for i := range x {
						x[i] = r.NormFloat64()
					}
					if trial%4 == 0 {
						x[r.IntN(len(x))] = []float64{0, math.Inf(1), math.NaN()}[r.IntN(3)]
						x[r.IntN(len(x))] = math.Inf(-1)
					}
					data[n] = x
				}
				want := run(t, plan.Flat(g, []*graph.Node{out}), data)
				var first []float64
				for _, cores := range []int{1, 2, 5} {
					runtime.GOMAXPROCS(cores)
					got := run(t, plan.Compile(g, []*graph.Node{out}), data)
					if first == nil {
						first = got
					}
					for i, w := range want {
						if x := got[i]; x != w && !(math.Abs(x-w) <= 1e-11*(1+math.Abs(w))) && !(x != x && w != w) {
							t.Fatalf("%v on %d cores: element %d is %g, want %g", p, cores, i, x, w)
						}
						if math.Float64bits(got[i]) != math.Float64bits(first[i]) && got[i] == got[i] {
							t.Fatalf("%v: element %d is %g on %d cores, %g on one", p, i, got[i], cores, first[i])
						}
					}
				}
			}
		})
	}
}

// TestNetworks: the gradient of a small network is what the ops give, with the same bits on any number of cores, where
// everything is shared out.
func TestNetworks(t *testing.T) {
	defer plan.SmallBlocks()()
	defer plan.SmallNetworks()()
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	const rows, inputs, hidden, outputs = 40, 12, 9, 7
	g := graph.New()
	x, w, v, b := g.Input("x", graph.Shape{rows, inputs}), g.Input("w", graph.Shape{inputs, hidden}), g.Input("v", graph.Shape{hidden, outputs}), g.Input("b", graph.Shape{hidden})
	f := op.Frame{G: g, Shape: graph.Shape{rows, hidden}}
	h := f.Apply(op.Tanh, f.Apply(op.Add, graph.Full(op.NewContract(g, x, w, []int{0, 1}, []int{1, 2}, []int{0, 2})), graph.Term{Node: b, Dims: []int{1}}))
	y := op.NewContract(g, h.Node, v, []int{0, 1}, []int{1, 2}, []int{0, 2})
	f.Shape = y.Shape
	total := g.ScaledSum(f.Apply(op.Softplus, graph.Full(y)).Node, []int{0, 1}, 1)
	outs := append([]*graph.Node{total}, grad.Reverse(g, total, []*graph.Node{w, v, b})...)
	compare(t, g, outs, []*graph.Node{x, w, v, b})
	r := rand.New(rand.NewPCG(7, 8))
	data := map[*graph.Node][]float64{}
	for _, n := range []*graph.Node{x, w, v, b} {
		for range n.Shape.Size() {
			data[n] = append(data[n], r.NormFloat64())
		}
	}
	for _, out := range outs {
		runtime.GOMAXPROCS(1)
		program := plan.Compile(g, outs)
		if d := program.(interface{ Dump() string }).Dump(); !strings.Contains(d, "chunks") {
			t.Fatalf("nothing is in chunks:\n%s", d)
		}
		one := run(t, plan.Compile(g, []*graph.Node{out}), data)
		for _, cores := range []int{2, 5} {
			runtime.GOMAXPROCS(cores)
			if got := run(t, plan.Compile(g, []*graph.Node{out}), data); !slices.Equal(got, one) {
				t.Errorf("%v on %d cores, %v on one", got, cores, one)
			}
		}
	}
}

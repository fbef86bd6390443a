package plan_test

import (
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"ppl/graph"
	"ppl/graph/op"
	"ppl/graph/plan"
)

// randomWindows draws dimensions with strides that stay within an array of the shape, and may overlap; all is the
// number of particles, whose dimension is first and as it is.
func randomWindows(r *rand.Rand, from graph.Shape, particles int) op.Part {
	st := from.Strides()
	p := op.Part{}
	first := 0
	if particles > 0 {
		p.Shape, p.Strides, first = graph.Shape{particles}, []int{st[0]}, 1
	}
	for d := first; d < len(from); d++ {
		base, step := r.IntN(from[d]), 1+r.IntN(2)
		if d == first && r.IntN(2) == 0 { // the whole of the first dimension, so that it may be divided
			base, step = 0, 1
		}
		p.Base += base * st[d]
		room := (from[d] - 1 - base) / step
		some := r.IntN(room + 1)
		if base == 0 && step == 1 && d == first {
			some = 0
		}
		for _, n := range []int{room - some + 1, some + 1} { // two dimensions along one: windows
			p.Shape, p.Strides = append(p.Shape, n), append(p.Strides, step*st[d])
		}
	}
	k := len(p.Shape) - 1
	if i := min(k, first+r.IntN(len(p.Shape)-first)); i != k && r.IntN(2) == 0 {
		p.Shape[i], p.Shape[k], p.Strides[i], p.Strides[k] = p.Shape[k], p.Shape[i], p.Strides[k], p.Strides[i]
	}
	return p
}

// TestMoves: views that are arrays, and scatters of one part or two, are what the ops give, with the same bits on any
// number of cores.
func TestMoves(t *testing.T) {
	defer plan.SmallBlocks()()
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	r := rand.New(rand.NewPCG(5, 6))
	for trial := range 500 {
		particles := []int{0, 1, 3, 8}[r.IntN(4)]
		g := graph.New()
		input := func(name string, s graph.Shape) *graph.Node {
			if particles > 0 {
				return g.BatchInput(name, s)
			}
			return g.Input(name, s)
		}
		from := graph.Shape{}
		if particles > 0 {
			from = append(from, particles)
		}
		for range 1 + r.IntN(3) {
			from = append(from, 1+r.IntN(9))
		}
		p := randomWindows(r, from, particles)
		var out *graph.Node
		if trial%2 == 0 {
			out = op.NewView(g, input("x", from), op.View{Out: p.Shape, Base: p.Base, Strides: p.Strides}, nil)
		} else {
			parts, in := []op.Part{p}, []*graph.Node{}
			if r.IntN(2) == 0 {
				in = append(in, input("x", p.Shape))
			} else {
				in = append(in, op.NewView(g, input("x", from), op.View{Out: p.Shape, Base: p.Base, Strides: p.Strides}, nil))
			}
			if r.IntN(2) == 0 {
				q := randomWindows(r, from, particles)
				parts, in = append(parts, q), append(in, input("y", q.Shape))
			}
			out = op.NewScatter(g, from, parts, in...)
		}
		data := map[*graph.Node][]float64{}
		for _, n := range g.Nodes() {
			if n.IsInput() {
				for range n.Shape.Size() {
					data[n] = append(data[n], r.NormFloat64())
				}
			}
		}
		want := run(t, plan.Flat(g, []*graph.Node{out}), data)
		for _, cores := range []int{1, 2, 5} {
			runtime.GOMAXPROCS(cores)
			got := run(t, plan.Compile(g, []*graph.Node{out}), data)
			if !slices.EqualFunc(got, want, func(x, y float64) bool { return math.Abs(x-y) <= 1e-14*(1+math.Abs(y)) }) {
				t.Fatalf("trial %d, %d particles on %d cores: %+v of %v: %v, want %v", trial, particles, cores, p, from, got, want)
			}
		}
	}
}

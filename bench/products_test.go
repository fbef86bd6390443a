package bench

import (
	"fmt"
	"testing"
	"time"

	"ppl/graph"
	"ppl/graph/grad"
	"ppl/graph/kernel/vec"
	"ppl/graph/named"
	"ppl/graph/plan"
)

// layer is `plate i in 1..N { h[i] = x[i] @ W }` with its gradients.
type layer struct{ rows, inner, cols int }

var layers = []layer{{256, 784, 200}, {256, 200, 20}, {256, 20, 200}, {256, 200, 784}}

// What varies with the particle: nothing, as of one point; the weights of a network of which each particle has its own,
// the input alone, as of a decoder's, or both.
type varying struct {
	name string
	x, w bool
}

var cases = []varying{{"nothing", false, false}, {"W", false, true}, {"x", true, false}, {"both", true, true}}

// program compiles x @ W (of: 0), the gradient by x (1) or that by W (2).
func (l layer) program(tb testing.TB, of, particles int, v varying) graph.State {
	tb.Helper()
	b := named.New()
	p := &named.Axis{Name: "particle", Size: particles, Class: named.Particle}
	plate := &named.Axis{Name: "i", Size: l.rows, Class: named.Plate}
	input := func(name string, varies bool, shape ...int) named.Value {
		if varies {
			return b.Wrap(b.G.BatchInput(name, append(graph.Shape{particles}, shape...)), p)
		}
		return b.Wrap(b.G.Input(name, shape))
	}
	x, w := input("x", v.x, l.rows, l.inner), input("w", v.w, l.inner, l.cols)
	seed := input("seed", v.x || v.w, l.rows, l.cols)
	h := b.MatMul(b.Open(x, plate), w)
	out := h.N
	if of > 0 {
		out = grad.VJP(b.G, h.N, seed.N, []*graph.Node{x.N, w.N})[of-1]
	}
	program := plan.Compile(b.G, []*graph.Node{out})
	state, err := program.NewState()
	if err != nil {
		tb.Fatal(err)
	}
	r := stream()
	for i := range program.Inputs() {
		for k := range state.Input(i) {
			state.Input(i)[k] = r.NormFloat64()
		}
	}
	if err := state.Run(); err != nil { // memory is touched for the first time
		tb.Fatal(err)
	}
	return state
}

// work is the number of floating-point operations of a product.
func (l layer) work(particles int) float64 {
	return 2 * float64(l.rows*l.inner*l.cols) * float64(particles)
}

// BenchmarkProducts times the products of networks in a plate: GFLOP/s, by the clock and by processor time, which other work
// on the machine disturbs less, and how many times as long a triple loop in Go takes.
func BenchmarkProducts(b *testing.B) {
	kernels, _ := vec.Selected()
	for _, l := range layers {
		loop := l.tripleLoop()
		for of, name := range []string{"forward", "by x", "by W"} {
			for _, v := range cases {
				for _, particles := range []int{1, 8, 64} {
					if particles > 1 && !v.x && !v.w {
						continue
					}
					what := fmt.Sprintf("%dx%d @ %dx%d %s, %d particles vary %s, %v", l.rows, l.inner, l.inner, l.cols, name, particles, v.name, kernels)
					b.Run(what, func(b *testing.B) {
						state := l.program(b, of, particles, v)
						start := processorTime(b)
						for b.Loop() {
							if err := state.Run(); err != nil {
								b.Fatal(err)
							}
						}
						ns, used := float64(b.Elapsed().Nanoseconds())/float64(b.N), float64((processorTime(b)-start).Nanoseconds())/float64(b.N)
						b.ReportMetric(l.work(particles)/ns, "GFLOP/s")
						b.ReportMetric(l.work(particles)/used, "GFLOP/s-of-a-core")
						b.ReportMetric(loop*float64(particles)/ns, "times-faster-than-loop")
					})
				}
			}
		}
	}
}

// tripleLoop is the time in ns of the product by three loops, the least of some.
func (l layer) tripleLoop() float64 {
	r := stream()
	x, w, h := make([]float64, l.rows*l.inner), make([]float64, l.inner*l.cols), make([]float64, l.rows*l.cols)
	for _, v := range [][]float64{x, w} {
		for i := range v {
			v[i] = r.NormFloat64()
		}
	}
	least := time.Hour
	for range 5 {
		start := time.Now()
		for i := range l.rows {
			for j := range l.cols {
				t := 0.0
				for k := range l.inner {
					t += x[i*l.inner+k] * w[k*l.cols+j]
				}
				h[i*l.cols+j] = t
			}
		}
		least = min(least, time.Since(start))
	}
	return float64(least.Nanoseconds())
}

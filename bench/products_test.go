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

// program compiles x @ W (of: 0), the gradient by x (1) or that by W (2). With no particles nothing has such a dimension;
// else W and, where each is set, x have one.
func (l layer) program(tb testing.TB, of, particles int, each bool) graph.State {
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
	x := input("x", each && particles > 0, l.rows, l.inner)
	w := input("w", particles > 0, l.inner, l.cols)
	seed := input("seed", particles > 0, l.rows, l.cols)
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
	return state
}

// work is the number of floating-point operations of a product.
func (l layer) work(particles int) float64 {
	return 2 * float64(l.rows*l.inner*l.cols) * float64(max(1, particles))
}

// BenchmarkProducts times the products of networks in a plate: GFLOP/s, and how many times a triple loop in Go takes.
func BenchmarkProducts(b *testing.B) {
	names := []string{"forward", "by x", "by W"}
	for _, l := range layers {
		loop := l.tripleLoop()
		for of, name := range names {
			for _, particles := range []int{0, 1, 8, 64} {
				for _, each := range []bool{false, true} {
					if each && particles < 2 || !each && particles > 1 && of == 1 {
						continue
					}
					what := fmt.Sprintf("%dx%d @ %dx%d %s, %d particles", l.rows, l.inner, l.inner, l.cols, name, particles)
					if each {
						what += " of both"
					}
					b.Run(what, func(b *testing.B) {
						state := l.program(b, of, particles, each)
						for b.Loop() {
							if err := state.Run(); err != nil {
								b.Fatal(err)
							}
						}
						ns := float64(b.Elapsed().Nanoseconds()) / float64(b.N)
						b.ReportMetric(l.work(particles)/ns, "GFLOP/s")
						b.ReportMetric(loop*float64(max(1, particles))/ns, "times-faster-than-loop")
					})
				}
			}
		}
	}
	kernels, _ := vec.Selected()
	b.Logf("kernels: %v", kernels)
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

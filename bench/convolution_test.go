package bench

import (
	"testing"

	"ppl/graph"
	"ppl/graph/fn"
	"ppl/graph/grad"
	"ppl/graph/named"
	"ppl/graph/op"
	"ppl/graph/plan"
)

// BenchmarkConvolution is the gradient of a small network of two convolutions over a batch of images of 28 by 28, by its
// kernels.
func BenchmarkConvolution(b *testing.B) {
	g := named.New()
	plate := &named.Axis{Name: "i", Size: 256, Class: named.Plate}
	var weights []*graph.Node
	call := func(name string, args ...named.Value) named.Value {
		f, _ := fn.Find(name)
		v, err := f.Lower(g, args)
		if err != nil {
			b.Fatal(err)
		}
		return v
	}
	kernels := func(name string, shape ...int) named.Value {
		n := g.G.Input(name, shape)
		weights = append(weights, n)
		return g.Wrap(n)
	}
	images := g.G.Input("x", graph.Shape{256, 1, 28, 28})
	x := g.Open(g.Wrap(images), plate)
	relu := func(x named.Value) named.Value { return g.Apply(op.Relu, x) }
	x = call("max_pool2d", relu(call("conv2d", x, kernels("w1", 8, 1, 5, 5))), g.Scalar(2))
	x = call("max_pool2d", relu(call("conv2d", x, kernels("w2", 16, 8, 5, 5))), g.Scalar(2))
	total := g.SumAxes(g.SumAll(g.Square(x)), plate)
	program := plan.Compile(g.G, append([]*graph.Node{total.N}, grad.Reverse(g.G, total.N, weights)...))
	state, err := program.NewState()
	if err != nil {
		b.Fatal(err)
	}
	r := stream()
	for i := range program.Inputs() {
		for k := range state.Input(i) {
			state.Input(i)[k] = r.NormFloat64()
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := state.Run(); err != nil {
			b.Fatal(err)
		}
	}
	products := 2 * 256.0 * (2*8*25*24*24 + 3*16*8*25*8*8) // no gradient by the images
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1e6, "ms")
	b.ReportMetric(products*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "GFLOP/s-of-products")
}

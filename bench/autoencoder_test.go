package bench

import (
	"testing"

	"ppl/graph"
	"ppl/graph/grad"
	"ppl/graph/named"
	"ppl/graph/op"
	"ppl/graph/plan"
)

// autoencoder is the graph of a step of a variational autoencoder for 784 binary pixels, 200 hidden units and 20 latents,
// one sample a row: the ELBO of a batch and its gradient by all weights.
func autoencoder(rows, pixels, hidden, latents int) (graph.Program, *named.Builder) {
	b := named.New()
	plate := &named.Axis{Name: "i", Size: rows, Class: named.Plate}
	var weights []*graph.Node
	weight := func(name string, shape ...int) named.Value {
		n := b.G.Input(name, shape)
		weights = append(weights, n)
		return b.Wrap(n)
	}
	layer := func(name string, x named.Value, in, out int) named.Value {
		return b.Add(b.MatMul(x, weight("W "+name, in, out)), weight("b "+name, out))
	}
	tanh := func(x named.Value) named.Value { return b.Apply(op.Tanh, x) }
	x := b.Open(b.Wrap(b.G.Input("x", graph.Shape{rows, pixels})), plate)
	noise := b.Open(b.Wrap(b.G.Input("noise", graph.Shape{rows, latents})), plate)

	h := tanh(layer("encoder", x, pixels, hidden))
	mean, logSD := layer("mean", h, hidden, latents), layer("log sd", h, hidden, latents)
	z := b.Add(mean, b.Mul(b.Exp(logSD), noise))
	logit := layer("pixels", tanh(layer("decoder", z, latents, hidden)), hidden, pixels)

	fit := b.Sub(b.Mul(x, logit), b.Softplus(logit))
	kl := b.Sub(b.Scale(0.5, b.Add(b.Square(mean), b.Exp(b.Scale(2, logSD)))), logSD)
	elbo := b.SumAxes(b.Sub(b.SumAll(fit), b.SumAll(kl)), plate)
	outs := append([]*graph.Node{elbo.N}, grad.Reverse(b.G, elbo.N, weights)...)
	return plan.Compile(b.G, outs), b
}

// BenchmarkAutoencoder is a step but for what Adam does with the gradient.
func BenchmarkAutoencoder(b *testing.B) {
	program, _ := autoencoder(256, 784, 200, 20)
	state, err := program.NewState()
	if err != nil {
		b.Fatal(err)
	}
	r := stream()
	for i, n := range program.Inputs() {
		for k := range state.Input(i) {
			state.Input(i)[k] = 0.05 * r.NormFloat64()
			if n.Name == "x" {
				state.Input(i)[k] = float64(r.IntN(2))
			}
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := state.Run(); err != nil {
			b.Fatal(err)
		}
	}
	products := 2 * 256.0 * (5*784*200 - 784*200 + 2*3*200*20 + 3*20*200) // no gradient by x
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1e6, "ms")
	b.ReportMetric(products*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "GFLOP/s-of-products")
}

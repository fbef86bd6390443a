package lower_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"ppl/graph"
	"ppl/graph/grad"
	"ppl/graph/lower"
	"ppl/graph/named"
	"ppl/graph/op"
	"ppl/guide"
)

const perceptron = `
data x : real[N, 4]
data y : int[N] in 0..1
W1 : real[4, 3] ~ Normal(0, 1)
b1 : real[3] ~ Normal(0, 1)
W2 : real[3, 2] ~ Normal(0, 1)
plate i in 1..N {
  let h = tanh(x[i] @ W1 + b1)
  y[i] ~ Bernoulli(logit = (h @ W2)[1])
  factor 0.1 * (h @ W2)[2]
}`

// TestNetworkInPlate: a network in a plate has the density that one has by hand.
func TestNetworkInPlate(t *testing.T) {
	runCases(t, []testCase{{
		name: "perceptron",
		text: perceptron,
		data: func(n int) values { return values{"x": table(n, 4), "y": zeroOne(n)} },
		want: func(x at) float64 {
			lp := 0.0
			for j := 1; j <= 3; j++ {
				lp += normal(x("b1", j), 0, 1)
				for k := 1; k <= 4; k++ {
					lp += normal(x("W1", k, j), 0, 1)
				}
				for k := 1; k <= 2; k++ {
					lp += normal(x("W2", j, k), 0, 1)
				}
			}
			return lp + each(x, "y", func(i int) float64 {
				out := [3]float64{}
				for j := 1; j <= 3; j++ {
					h := x("b1", j)
					for k := 1; k <= 4; k++ {
						h += x("x", i, k) * x("W1", k, j)
					}
					for k := 1; k <= 2; k++ {
						out[k] += math.Tanh(h) * x("W2", j, k)
					}
				}
				return x("y", i)*out[1] - math.Log1p(math.Exp(out[1])) + 0.1*out[2]
			})
		},
	}})
}

// TestNetworkProducts: each layer is one matrix product over the plate, and each of its gradients one; nothing is
// gathered and nothing goes row by row, without particles and with them.
func TestNetworkProducts(t *testing.T) {
	m := checked(t, perceptron)
	for _, particles := range []int{0, 1, 16} {
		data := bound(t, m, values{"x": table(50, 4), "y": zeroOne(50)})
		b := named.New()
		probe := &guide.Packed{}
		if _, ds := lower.Lower(m, data, probe, named.New()); len(ds) > 0 {
			t.Fatal(ds)
		}
		u := b.G.Input("u", graph.Shape{probe.Size})
		pack := &guide.Packed{U: b.Wrap(u)}
		if particles > 0 {
			b = named.New()
			u = b.G.BatchInput("u", graph.Shape{particles, probe.Size})
			pack.U = b.Wrap(u, &named.Axis{Name: "particle", Size: particles, Class: named.Particle})
		}
		joint, ds := lower.Lower(m, data, pack, b)
		if joint == nil {
			t.Fatal(ds)
		}
		target := joint.LogDensity(b)
		g := grad.Reverse(b.G, b.SumAll(b.Wrap(target.N)).N, []*graph.Node{u})[0]
		matrices := 0
		for n := range needed(target.N, g) {
			switch o := n.Op.(type) {
			case op.Contract:
				over := 0 // dimensions apart from the particle's
				for _, l := range o.Sizes {
					if l > 1 && l != particles {
						over++
					}
				}
				if over == 3 {
					matrices++
				}
			case op.View:
				if o.OffStrides != nil {
					t.Errorf("%d particles: a gather, %s", particles, o.Key())
				}
			case *op.Map, graph.Sum, graph.Broadcast, op.Scatter:
			default:
				t.Errorf("%d particles: %s", particles, o.Key())
			}
		}
		if matrices != 5 { // two forward, and for the gradients dW2, dh and dW1
			t.Errorf("%d particles: %d matrix products, want 5: %s", particles, matrices, describe(b))
		}
	}
}

// needed are the nodes that others are computed from, and these.
func needed(outputs ...*graph.Node) map[*graph.Node]bool {
	seen := map[*graph.Node]bool{}
	var visit func(n *graph.Node)
	visit = func(n *graph.Node) {
		if seen[n] || n.Op == nil {
			return
		}
		seen[n] = true
		for _, x := range n.In {
			visit(x)
		}
	}
	for _, n := range outputs {
		visit(n)
	}
	return seen
}

// TestNetworksCallOneAnother: a network of six layers that five functions call, in thousands of calls, takes as many
// nodes as there are different calls, each some; equal ones are interpreted once.
func TestNetworksCallOneAnother(t *testing.T) {
	const head = `
fn layer(W: real[D, D], b: real[D], x: real[D]) -> real[D] = tanh(W @ x + b)
fn net(W: real[6, D, D], b: real[6, D], x: real[D]) -> real[D] {
  let h1 = layer(W[1], b[1], x)
  let h2 = layer(W[2], b[2], h1) + h1
  let h3 = layer(W[3], b[3], h2) + h2
  let h4 = layer(W[4], b[4], h3) + h3
  let h5 = layer(W[5], b[5], h4) + h4
  return layer(W[6], b[6], h5) + h5
}
fn f1(W: real[6, D, D], b: real[6, D], x: real[D]) -> real[D] = net(W, b, net(W, b, x))
fn f2(W: real[6, D, D], b: real[6, D], x: real[D]) -> real[D] = net(W, b, x) + f1(W, b, x)
fn f3(W: real[6, D, D], b: real[6, D], x: real[D]) -> real[D] = f2(W, b, x) * f1(W, b, x)
fn f4(W: real[6, D, D], b: real[6, D], x: real[D]) -> real[D] = f3(W, b, x) + f2(W, b, x) - net(W, b, x)
fn f5(W: real[6, D, D], b: real[6, D], x: real[D]) -> real = sum(f4(W, b, x)) + sum(f3(W, b, x))
W : real[6, 3, 3] ~ Normal(0, 1)
b : real[6, 3] ~ Normal(0, 1)
`
	size := func(calls, different int) int {
		var s strings.Builder
		s.WriteString(head)
		for k := range calls {
			fmt.Fprintf(&s, "factor f5(W, b, [%d, 0.5, 1])\n", k%different)
		}
		p, ds := lowerText(t, s.String(), nil)
		if ds.HasErrors() {
			t.Fatal(ds)
		}
		return p.size
	}
	one, many := size(1, 1), size(2000, 1)
	if many > one+2*2000 { // which the sum of the statements takes
		t.Errorf("%d nodes for a call, %d for 2,000 of the same", one, many)
	}
	few, more := size(20, 20), size(40, 40)
	if each := (more - few) / 20; each > 100 {
		t.Errorf("%d nodes for each different call: %d for 20, %d for 40", each, few, more)
	}
	if again := size(2000, 20); again > few+2*2000 {
		t.Errorf("%d nodes for 20 different calls, %d for 2,000 of these", few, again)
	}
}

// zeroOne are 0 or 1, in no order.
func zeroOne(n int) []int {
	x := codes(n, 2)
	for i := range x {
		x[i]--
	}
	return x
}

package dist_test

import (
	"math"
	"testing"

	"ppl/graph"
	"ppl/graph/dist"
	"ppl/graph/grad"
	"ppl/graph/named"
)

// Between cutpoints that are equal, infinite ones too, there is no category: its
// probability is 0 along an axis of all categories, and no gradient is NaN.
func TestOrderedLogisticEqualCutpoints(t *testing.T) {
	d, _ := dist.Find("OrderedLogistic")
	for _, cuts := range [][]float64{{0, 1, math.Inf(1), math.Inf(1)}, {-1, 0.5, 0.5, 2}, {math.Inf(-1), math.Inf(-1), 0}} {
		b := named.New()
		k := len(cuts) + 1
		values := make([]float64, k)
		for i := range values {
			values[i] = float64(i + 1)
		}
		a := &named.Axis{Name: "k", Size: k, Class: named.Enumerated, Depth: 1}
		x := b.Wrap(b.G.Constant(graph.Shape{k}, values), a)
		eta := b.G.Input("eta", graph.Shape{})
		p := dist.Params{Values: map[string]named.Value{"eta": b.Wrap(eta), "cutpoints": b.Vector(cuts...)}}
		ts := d.LogDensity(b, x, p)
		lp := b.Total(ts[0], ts[1:]...)
		total := b.LogSumExp(b.Close(lp, a))
		g := grad.Reverse(b.G, total.N, []*graph.Node{eta})[0]
		program := b.G.TapeMachine([]*graph.Node{lp.N, total.N, g})
		s, err := program.NewState()
		if err != nil {
			t.Fatal(err)
		}
		s.Input(0)[0] = 0.3
		if err := s.Run(); err != nil {
			t.Fatal(err)
		}
		cdf := func(c float64) float64 { return 1 / (1 + math.Exp(0.3-c)) }
		for i, got := range s.Output(0) {
			lo, hi := 0.0, 1.0
			if i > 0 {
				lo = cdf(cuts[i-1])
			}
			if i < len(cuts) {
				hi = cdf(cuts[i])
			}
			if math.Abs(math.Exp(got)-(hi-lo)) > 1e-12 || hi == lo && !math.IsInf(got, -1) {
				t.Errorf("cutpoints %v: log P(%d) is %g, want %g", cuts, i+1, got, math.Log(hi-lo))
			}
		}
		if z, dz := s.Output(1)[0], s.Output(2)[0]; math.Abs(z) > 1e-12 || !(math.Abs(dz) < 1e-12) {
			t.Errorf("cutpoints %v: the probabilities sum to exp(%g), whose derivative is %g", cuts, z, dz)
		}
	}
}

package plan_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"ppl/graph"
	"ppl/graph/grad"
	"ppl/graph/op"
	"ppl/graph/plan"
)

// Chains in rows against op's own recursion: values, gradients and products
// with the Hessian, with particles among them that need the log scale, that
// have impossible states, and that have no possible path at all.
func TestChainInRows(t *testing.T) {
	for name, c := range map[string]op.ChainShape{
		"own steps":        {Batch: graph.Shape{11}, T: 6, K: 2, WBatch: []int{0}},
		"shared steps":     {Batch: graph.Shape{11}, T: 5, K: 3},
		"steps that vary":  {Batch: graph.Shape{11}, T: 4, K: 3, WBatch: []int{0}, Varies: true},
		"shared, vary":     {Batch: graph.Shape{11}, T: 4, K: 2, Varies: true},
		"chains in plates": {Batch: graph.Shape{11, 3}, T: 4, K: 2, WBatch: []int{0, 1}},
		"steps of plates":  {Batch: graph.Shape{11, 3, 2}, T: 4, K: 2, WBatch: []int{2}, Varies: true},
		"shared in plates": {Batch: graph.Shape{11, 3}, T: 3, K: 4, WBatch: []int{0}},
		"heaviest":         {Batch: graph.Shape{11}, T: 5, K: 2, WBatch: []int{0}, Max: true},
	} {
		t.Run(name, func(t *testing.T) {
			g := graph.New()
			us := append(append(graph.Shape{}, c.Batch...), c.T, c.K)
			var ws graph.Shape
			for _, d := range c.WBatch {
				ws = append(ws, c.Batch[d])
			}
			if c.Varies {
				ws = append(ws, c.T-1)
			}
			ws = append(ws, c.K, c.K)
			u := g.BatchInput("u", us)
			wBatch := len(c.WBatch) > 0 && c.WBatch[0] == 0
			w := g.Input("w", ws)
			w.Batch = wBatch
			z := op.NewChain(g, c, u, w)
			in := []*graph.Node{u}
			if wBatch {
				in = append(in, w)
			}
			d := grad.VJP(g, z, g.Constant(z.Shape, ones(z.Shape.Size())), in)
			outs := append([]*graph.Node{z}, d...)
			if !c.Max {
				f := op.Frame{G: g, Shape: us}
				weighted := f.Apply(op.Mul, graph.Full(d[0]), graph.Full(g.Constant(us, random(us.Size(), 9))))
				seed := g.Constant(us, ones(us.Size()))
				outs = append(outs, grad.VJP(g, weighted.Node, seed, in)...)
			}
			values := map[string][]float64{"u": random(us.Size(), 1), "w": random(ws.Size(), 2)}
			n := us[1:].Size()
			x := values["u"]
			x[3*n] = -900           // particle 3 needs the log scale
			x[4*n+1] = math.Inf(-1) // particle 4 has an impossible state
			for k := range c.K {
				x[5*n+k] = math.Inf(-1) // particle 5 has no path
			}
			if wBatch {
				values["w"][6*ws[1:].Size()] = -700
				values["w"][7*ws[1:].Size()+1] = math.Inf(-1)
			}
			got, want := runChain(t, plan.Compile(g, outs), values), runChain(t, plan.Flat(g, outs), values)
			for k := range outs {
				for i, y := range want[k] {
					if v := got[k][i]; v != y && !(math.Abs(v-y) <= 1e-11*math.Max(1, math.Abs(y))) {
						t.Fatalf("output %d element %d: %v in rows, %v by the op", k, i, v, y)
					}
				}
			}
			alone := runChain(t, plan.Compile(g, outs[:1]), values)[0] // without marginals
			for i, y := range got[0] {
				if math.Float64bits(alone[i]) != math.Float64bits(y) {
					t.Fatalf("value %d: %v without a gradient, %v with it", i, alone[i], y)
				}
			}
		})
	}
}

func runChain(t *testing.T, p graph.Program, values map[string][]float64) [][]float64 {
	t.Helper()
	s, err := p.NewState()
	if err != nil {
		t.Fatal(err)
	}
	for i, n := range p.Inputs() {
		copy(s.Input(i), values[n.Name])
	}
	var out [][]float64
	for range 2 { // a state may be used again
		if err := s.Run(); err != nil {
			t.Fatal(err)
		}
		out = nil
		for i := range p.Outputs() {
			out = append(out, append([]float64(nil), s.Output(i)...))
		}
	}
	return out
}

func ones(n int) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = 1
	}
	return x
}

func random(n int, seed uint64) []float64 {
	r := rand.New(rand.NewPCG(seed, uint64(n)))
	x := make([]float64, n)
	for i := range x {
		x[i] = 2 * r.NormFloat64()
	}
	return x
}

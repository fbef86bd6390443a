package op_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"ppl/graph"
	"ppl/graph/grad"
	"ppl/graph/op"
)

// bruteChain adds up all paths of one chain: log Z, or the heaviest weight.
func bruteChain(c op.ChainShape, u, w []float64) float64 {
	total, heaviest := 0.0, math.Inf(-1)
	path := make([]int, c.T)
	for {
		x := 0.0
		for t, k := range path {
			x += u[t*c.K+k]
			if t > 0 {
				m := 0
				if c.Varies {
					m = t - 1
				}
				x += w[m*c.K*c.K+path[t-1]*c.K+k]
			}
		}
		total += math.Exp(x)
		heaviest = math.Max(heaviest, x)
		t := 0
		for ; t < c.T; t++ {
			if path[t]++; path[t] < c.K {
				break
			}
			path[t] = 0
		}
		if t == c.T {
			break
		}
	}
	if c.Max {
		return heaviest
	}
	return math.Log(total)
}

func chainCases() map[string]op.ChainShape {
	return map[string]op.ChainShape{
		"one":           {Batch: graph.Shape{}, T: 5, K: 3},
		"varies":        {Batch: graph.Shape{}, T: 4, K: 2, Varies: true},
		"batch":         {Batch: graph.Shape{2, 3}, T: 4, K: 2, WBatch: []int{1}},
		"batch varies":  {Batch: graph.Shape{2}, T: 3, K: 3, WBatch: []int{0}, Varies: true},
		"heaviest":      {Batch: graph.Shape{2}, T: 5, K: 2, Max: true},
		"short":         {Batch: graph.Shape{}, T: 2, K: 4},
		"shared matrix": {Batch: graph.Shape{3}, T: 4, K: 3},
	}
}

// chainGraph has the sum of the values of all chains, its gradient, and the
// gradient of the gradient's product with a direction.
type chainGraph struct {
	prog graph.Program
	n    [2]int
}

func newChainGraph(c op.ChainShape, uShape, wShape graph.Shape, second bool) chainGraph {
	g := graph.New()
	u, w := g.Input("u", uShape), g.Input("w", wShape)
	in := []*graph.Node{u, w}
	z := g.ScaledSum(op.NewChain(g, c, u, w), graph.Iota(len(c.Batch)), 1)
	d := grad.Reverse(g, z, in)
	outs := append([]*graph.Node{z}, d...)
	if second {
		dot := g.Scalar(0)
		f := op.Frame{G: g}
		for i, x := range d {
			v := g.Input([]string{"vu", "vw"}[i], x.Shape)
			p := op.Frame{G: g, Shape: x.Shape}.Apply(op.Mul, graph.Full(x), graph.Full(v))
			dot = f.Apply(op.Add, graph.Term{Node: dot}, graph.Term{Node: g.ScaledSum(p.Node, graph.Iota(len(x.Shape)), 1)}).Node
		}
		outs = append(outs, grad.Reverse(g, dot, in)...)
	}
	return chainGraph{g.TapeMachine(outs), [2]int{uShape.Size(), wShape.Size()}}
}

func (c chainGraph) run(t testing.TB, values map[string][]float64) [][]float64 {
	t.Helper()
	s, err := c.prog.NewState()
	if err != nil {
		t.Fatal(err)
	}
	for i, n := range c.prog.Inputs() {
		copy(s.Input(i), values[n.Name])
	}
	if err := s.Run(); err != nil {
		t.Fatal(err)
	}
	var out [][]float64
	for i := range c.prog.Outputs() {
		out = append(out, append([]float64(nil), s.Output(i)...))
	}
	return out
}

func shapesOf(c op.ChainShape) (u, w graph.Shape) {
	u = append(append(graph.Shape{}, c.Batch...), c.T, c.K)
	for _, d := range c.WBatch {
		w = append(w, c.Batch[d])
	}
	if c.Varies {
		w = append(w, c.T-1)
	}
	return u, append(w, c.K, c.K)
}

func normals(r *rand.Rand, n int, scale float64) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = scale * r.NormFloat64()
	}
	return x
}

func TestChain(t *testing.T) {
	for name, c := range chainCases() {
		t.Run(name, func(t *testing.T) {
			for _, scale := range []float64{1, 300} { // 300 needs the log scale
				r := rand.New(rand.NewPCG(1, 2))
				us, ws := shapesOf(c)
				u, w := normals(r, us.Size(), scale), normals(r, ws.Size(), scale)
				cg := newChainGraph(c, us, ws, !c.Max)
				in := map[string][]float64{"u": u, "w": w, "vu": normals(r, len(u), 1), "vw": normals(r, len(w), 1)}
				out := cg.run(t, in)
				if want := bruteBatch(c, us, ws, u, w); math.Abs(out[0][0]-want) > 1e-10*math.Max(1, math.Abs(want)) && scale == 1 {
					t.Fatalf("log Z %v, want %v", out[0][0], want)
				}
				const h = 1e-5
				for k, name := range []string{"u", "w"} {
					x := in[name]
					for i := range x {
						old := x[i]
						x[i] = old + h
						up := cg.run(t, in)[0][0]
						x[i] = old - h
						down := cg.run(t, in)[0][0]
						x[i] = old
						if d := (up - down) / (2 * h); math.Abs(d-out[1+k][i]) > 1e-6*scale {
							t.Fatalf("scale %v: derivative by %s[%d] is %v, by differences %v", scale, name, i, out[1+k][i], d)
						}
					}
				}
				if !c.Max && scale == 1 {
					hessianByDifferences(t, cg, in, out)
				}
			}
		})
	}
}

func bruteBatch(c op.ChainShape, us, ws graph.Shape, u, w []float64) float64 {
	total := 0.0
	st := make([]int, len(c.Batch))
	for i, d := range c.WBatch {
		st[d] = ws.Strides()[i]
	}
	b := 0
	graph.Walk(c.Batch, st, nil, 0, func(_, p, _ int) {
		total += bruteChain(c, u[b*c.T*c.K:], w[p:])
		b++
	})
	return total
}

func hessianByDifferences(t *testing.T, cg chainGraph, in map[string][]float64, out [][]float64) {
	t.Helper()
	const h = 1e-5
	shift := func(s float64) [][]float64 {
		moved := map[string][]float64{"vu": in["vu"], "vw": in["vw"]}
		for _, n := range []string{"u", "w"} {
			for i, x := range in[n] {
				moved[n] = append(moved[n], x+s*in["v"+n][i])
			}
		}
		return cg.run(t, moved)
	}
	up, down := shift(h), shift(-h)
	for k := 1; k <= 2; k++ {
		for i, x := range out[2+k] {
			if d := (up[k][i] - down[k][i]) / (2 * h); math.Abs(d-x) > 1e-8 {
				t.Fatalf("Hessian times vector, operand %d element %d: %v, by differences %v", k-1, i, x, d)
			}
		}
	}
}

// Both scales of the filter give the same marginals and second derivatives.
func TestChainScalesAgree(t *testing.T) {
	c := op.ChainShape{Batch: graph.Shape{}, T: 40, K: 3}
	us, ws := shapesOf(c)
	r := rand.New(rand.NewPCG(5, 6))
	cg := newChainGraph(c, us, ws, true)
	in := map[string][]float64{"u": normals(r, us.Size(), 2), "w": normals(r, ws.Size(), 2), "vu": normals(r, us.Size(), 1), "vw": normals(r, ws.Size(), 1)}
	linear := cg.run(t, in)
	// A state that no path can afford sends all to the log scale.
	in["u"][0] -= 1000
	logs := cg.run(t, in)
	in["u"][0] = math.Inf(-1)
	limit := cg.run(t, in)
	for k := range logs {
		for i, x := range logs[k] {
			if math.Abs(x-limit[k][i]) > 1e-9*math.Max(1, math.Abs(x)) {
				t.Fatalf("output %d element %d: %v on the log scale, %v on the linear", k, i, x, limit[k][i])
			}
		}
	}
	if linear[0][0] <= logs[0][0] {
		t.Fatal("excluding a state did not lower log Z")
	}
}

// Impossible states and steps give −Inf and zero derivatives, never NaN.
func TestChainImpossible(t *testing.T) {
	inf := math.Inf(-1)
	c := op.ChainShape{Batch: graph.Shape{}, T: 3, K: 2}
	us, ws := shapesOf(c)
	cg := newChainGraph(c, us, ws, true)
	v := map[string][]float64{"vu": {1, 2, 3, 4, 5, 6}, "vw": {1, -1, 2, -2}}
	for name, x := range map[string][2][]float64{
		"no state":      {{0, 0, inf, inf, 0, 0}, {0, 0, 0, 0}},
		"no step":       {{0, 0, 0, 0, 0, 0}, {inf, inf, inf, inf}},
		"dead end":      {{0, inf, 0, 0, inf, 0}, {0, inf, 0, inf}},
		"left to right": {{0, inf, 1, 2, -1, 3}, {0, -1, inf, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			out := cg.run(t, map[string][]float64{"u": x[0], "w": x[1], "vu": v["vu"], "vw": v["vw"]})
			want := bruteChain(c, x[0], x[1])
			if out[0][0] != want && !(math.Abs(out[0][0]-want) < 1e-12) {
				t.Errorf("log Z %v, want %v", out[0][0], want)
			}
			for k, o := range out[1:] {
				for i, y := range o {
					if math.IsNaN(y) || math.IsInf(y, 0) {
						t.Errorf("derivative %d element %d is %v", k, i, y)
					}
				}
			}
		})
	}
}

// A path that decays for long may still be the only one in the end.
func TestChainLateVerdict(t *testing.T) {
	const n = 2000
	c := op.ChainShape{Batch: graph.Shape{}, T: n, K: 2}
	u := make([]float64, 2*n)
	for t := range n {
		u[2*t] = -1 // state 1 loses a nat at each step
	}
	u[2*n-1] = math.Inf(-1) // and state 2 turns out to be impossible
	w := []float64{0, math.Log(0.5), math.Inf(-1), 0}
	us, ws := shapesOf(c)
	out := newChainGraph(c, us, ws, false).run(t, map[string][]float64{"u": u, "w": w})
	if math.Abs(out[0][0]+n) > 1e-9 || math.Abs(out[1][0]-1) > 1e-12 {
		t.Errorf("log Z %v, P(z_1 = 1) %v; want %v and 1", out[0][0], out[1][0], -n)
	}
}

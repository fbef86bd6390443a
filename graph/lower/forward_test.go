package lower_test

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"ppl/graph"
	"ppl/graph/lower"
	"ppl/graph/plan"
)

// forwardCase is a model with data and the latents, or parts of them, that are drawn anew.
type forwardCase struct {
	name, text string
	data       values
	// fresh are latents of which the elements listed, row-major from 0, are drawn; nil: all.
	fresh    map[string][]int
	generate bool
}

var forwardCases = []forwardCase{
	{name: "a line", text: "data x : real[N]\ndata y : real[N]\na ~ Normal(0, 1)\nb ~ Normal(0, 1)\ns ~ Exponential(1)\ny[i in 1..N] ~ Normal(a + b * x[i], s)",
		data: values{"x": reals(5), "N": 5}},
	{name: "one element", text: "data y : real[N]\na ~ Normal(0, 1)\ns ~ Exponential(1)\ny[i in 1..N] ~ Normal(a, s)", data: values{"N": 1}},
	{name: "one element of categories", text: "data y : int\nw ~ Dirichlet([1.0, 2.0, 3.0])\ny ~ Categorical(w)", data: values{}},
	{name: "vectorised", text: "data x : real[N]\ndata y : real[N]\na ~ Normal(0, 1)\nlet m = a + 2 * x\ny ~ Normal(m, precision = 4)", data: values{"x": reals(5), "N": 5}},
	{name: "groups, one new", text: "data J : int\ndata g : int[N]\ndata y : real[N]\nmu ~ Normal(0, 1)\nt ~ HalfNormal(1)\na[j in 1..J] ~ Normal(mu, t)\ny[i in 1..N] ~ StudentT(4, a[g[i]], 0.5)",
		data: values{"J": 3, "g": []int{3, 1, 2, 3}, "N": 4}, fresh: map[string][]int{"a": {1}}},
	{name: "a hierarchy that is all new", text: "data J : int\ndata g : int[N]\ndata y : int[N]\nmu ~ Normal(0, 1)\na[j in 1..J] ~ Normal(mu, 0.3)\ny[i in 1..N] ~ Poisson(exp(a[g[i]]))",
		data: values{"J": 3, "g": []int{3, 1, 2, 3}, "N": 4}, fresh: map[string][]int{"mu": nil, "a": nil}},
	{name: "a mixture with discrete latents", text: "data y : real[N]\nw ~ Dirichlet([1.0, 1.0])\nm[k in 1..2] ~ Normal(0, 1)\nz[i in 1..N] ~ Categorical(w)\ny[i in 1..N] ~ Normal(m[z[i]], 0.1)",
		data: values{"N": 6}},
	{name: "a mixture whose states are new", text: "data y : real[N]\nw ~ Dirichlet([1.0, 1.0])\nm[k in 1..2] ~ Normal(0, 1)\nz[i in 1..N] ~ Categorical(w)\ny[i in 1..N] ~ Normal(m[z[i]], 0.1)",
		data: values{"N": 6}, fresh: map[string][]int{"z": nil}},
	{name: "bernoulli and binomial", text: "data n : int[N]\ndata x : real[N]\ndata y : int[N]\ndata w : int[N]\nb ~ Normal(0, 1)\ny[i in 1..N] ~ Binomial(n[i], logit = b * x[i])\nw[i in 1..N] ~ Bernoulli(logit = b + x[i])",
		data: values{"n": []int{3, 8, 100}, "x": reals(3), "N": 3}},
	{name: "counts", text: "data x : real[N]\ndata y : int[N]\nb ~ Normal(0, 1)\nphi ~ Exponential(1)\ny[i in 1..N] ~ NegBinomial(mean = exp(b + x[i]), dispersion = phi)", data: values{"x": reals(4), "N": 4}},
	{name: "truncated", text: "data x : real[N]\ndata y : real[N]\nb ~ Normal(0, 1)\ny[i in 1..N] ~ Normal(b * x[i], 1) in (b, inf)", data: values{"x": reals(4), "N": 4}},
	{name: "vectors", text: "data y : real[N, 2]\nm[k in 1..2] ~ Normal(0, 1)\ns ~ Exponential(1)\nplate i in 1..N { y[i] ~ MvNormal(m, s * eye(2)) }", data: values{"N": 3}},
	{name: "two dimensions", text: "data y : real[N, M]\na[i in 1..N] ~ Normal(0, 1)\nb[j in 1..M] ~ Normal(0, 1)\ny[i in 1..N, j in 1..M] ~ Normal(a[i] - b[j], 0.1)", data: values{"N": 3, "M": 2}},
	{name: "iid dimensions in a plate", text: "data y : real[N, 3]\na[i in 1..N] ~ Normal(0, 1)\nplate i in 1..N { y[i] ~ Normal(a[i], 0.1) }", data: values{"N": 3}},
	{name: "categories", text: "data x : real[N]\ndata y : int[N]\nb[k in 1..3] ~ Normal(0, 1)\nplate i in 1..N { y[i] ~ Categorical(logit = b * x[i]) }", data: values{"x": reals(4), "N": 4}},
	{name: "gamma, log-normal, exponential", text: "data y : real[N]\ndata u : real[N]\ndata v : real[N]\na ~ Exponential(1)\nplate i in 1..N {\ny[i] ~ Gamma(a, 2 * i)\nu[i] ~ LogNormal(a, i)\nv[i] ~ Exponential(a)\n}", data: values{"N": 3}},
	{name: "a known series", text: "data y : real[T]\nh[1] ~ Normal(0, 1)\nfor t in 2..T { h[t] ~ Normal(0.9 * h[t-1], 0.3) }\ny[t in 1..T] ~ Normal(0, exp(h[t]))", data: values{"T": 5}},
	{name: "a recurrence of lets", text: "data x : real[T]\ndata y : real[T]\na ~ Beta(2, 2)\nlet s[1] = x[1]\nfor t in 2..T { let s[t] = a * s[t-1] + x[t] }\ny[t in 1..T] ~ Normal(s[t], 0.1)", data: values{"x": reals(5), "T": 5}},
	{name: "an element that no statement draws", text: "data y : real[N]\na ~ Normal(0, 1)\ny[i in 2..N] ~ Normal(a, 1)", data: values{"y": reals(4), "N": 4}},
	{name: "generate", text: "data x : real[N]\ndata y : real[N]\na ~ Normal(0, 1)\ny[i in 1..N] ~ Normal(a * x[i], 1)\ngenerate let top = a * x[N]\ngenerate z[i in 1..N] ~ Normal(top, 0.2)\ngenerate let twice = 2 * z[1]", data: values{"x": reals(3), "N": 3}, generate: true},
}

// TestForwardIsTheWalk draws from models lowered for many draws, and by the walk, with the same
// random numbers: what comes is the same to rounding.
func TestForwardIsTheWalk(t *testing.T) {
	for _, c := range forwardCases {
		t.Run(c.name, func(t *testing.T) { c.run(t) })
	}
}

const forwardLanes = 3

func (c forwardCase) run(t *testing.T) {
	m := checked(t, c.text)
	data := partlyBound(m, c.data)
	p := lower.NewPrediction(m, data, lower.PredictOptions{Generate: c.generate})
	var known [forwardLanes]map[string]*lower.Array
	for lane := range known {
		known[lane] = c.known(t, p, lane)
	}
	f, why := p.Forward(known[0], forwardLanes, nil)
	if f == nil {
		t.Fatal(why)
	}
	e := &forwardEngine{f: f, inputs: map[*graph.Node][]float64{}}
	for _, h := range f.Held {
		e.hold(h, known[:])
	}
	var streams [forwardLanes]*rand.Rand
	for lane := range streams {
		streams[lane] = rand.New(rand.NewPCG(1, uint64(lane)))
	}
	got := [forwardLanes]map[string][]float64{{}, {}, {}}
	for _, s := range f.Steps {
		params, sampler := e.run(t, s.Params), s.Sampler()
		c.sameLanes(t, s, params)
		for lane, r := range streams {
			out := make([]float64, len(s.Elements))
			if s.Input != nil {
				out = e.lane(s.Input, lane)
			}
			sampler.Set(params, lane)
			sampler.Draw(r, out)
			if _, bad := s.CannotDraw(m, out); bad {
				t.Fatal("nothing was drawn")
			}
			all := got[lane][s.Symbol.Name]
			if all == nil {
				all = make([]float64, s.Shape.Size())
				got[lane][s.Symbol.Name] = all
			}
			for i, at := range s.Elements {
				all[at] = out[i]
			}
		}
	}
	for k, v := range e.run(t, forwardNodes(f)) {
		for lane := range got {
			n := len(v) / forwardLanes
			got[lane][f.Generated[k].Symbol.Name] = v[lane*n : (lane+1)*n]
		}
	}
	for lane := range got {
		walk, ds := p.Draw(known[lane], rand.New(rand.NewPCG(1, uint64(lane))))
		if ds.HasErrors() {
			t.Fatal(ds)
		}
		want := map[string][]float64{}
		for name, a := range walk.Values {
			want[name] = a.Data
		}
		for _, x := range append(walk.Latents, walk.Generated...) {
			want[x.Symbol.Name] = x.Array.Data
		}
		for name, have := range got[lane] {
			for i, x := range have {
				if g := f.Given[name]; g != nil && x == 0 {
					x = g.Data[i]
				}
				if !near(x, want[name][i], 1e-9) {
					t.Errorf("lane %d: %s[%d] is %g, the walk draws %g", lane, name, i+1, x, want[name][i])
				}
			}
		}
		for name := range walk.Values {
			if got[lane][name] == nil {
				t.Errorf("`%s` is not drawn", name)
			}
		}
	}
}

// sameLanes: where all lanes are drawn at once, they are drawn as one after another.
func (c forwardCase) sameLanes(t *testing.T, s *lower.Step, params [][]float64) {
	t.Helper()
	at, one := make([]float64, forwardLanes), make([]float64, 1)
	sampler, r := s.Sampler(), rand.New(rand.NewPCG(5, 5))
	if !sampler.DrawLanes(rand.New(rand.NewPCG(5, 5)), params, forwardLanes, at) {
		if strings.HasPrefix(c.name, "one element") {
			t.Error("the lanes were not drawn at once")
		}
		return
	}
	for lane, x := range at {
		sampler.Set(params, lane)
		if sampler.Draw(r, one); one[0] != x {
			t.Errorf("lane %d is %g at once, and %g alone", lane, x, one[0])
		}
	}
}

// known draws the latents, and forgets those that are to be fresh.
func (c forwardCase) known(t *testing.T, p *lower.Prediction, lane int) map[string]*lower.Array {
	t.Helper()
	s, ds := p.Draw(nil, rand.New(rand.NewPCG(9, uint64(lane))))
	if ds.HasErrors() {
		t.Fatal(ds)
	}
	out := map[string]*lower.Array{}
	for _, x := range s.Latents {
		fresh, is := c.fresh[x.Symbol.Name]
		if is && fresh == nil || x.Symbol.Decl == nil || strings.Contains(c.text, "let "+x.Symbol.Name) {
			continue
		}
		out[x.Symbol.Name] = &lower.Array{Shape: x.Array.Shape, Data: x.Array.Data}
		for _, i := range fresh {
			if out[x.Symbol.Name].Missing == nil {
				out[x.Symbol.Name].Missing = make([]bool, len(x.Array.Data))
			}
			out[x.Symbol.Name].Missing[i] = true
		}
	}
	return out
}

// forwardEngine evaluates values of the graph.
type forwardEngine struct {
	f      *lower.Forward
	inputs map[*graph.Node][]float64
}

func (e *forwardEngine) lane(n *graph.Node, lane int) []float64 {
	if e.inputs[n] == nil {
		e.inputs[n] = make([]float64, n.Shape.Size())
	}
	size := n.Shape.Size() / forwardLanes
	return e.inputs[n][lane*size : (lane+1)*size]
}

func (e *forwardEngine) hold(h lower.HeldInput, known []map[string]*lower.Array) {
	for lane, k := range known {
		in, a := e.lane(h.Node, lane), k[h.Symbol.Name]
		for i := range in {
			at := i
			if h.Elements != nil {
				at = h.Elements[i]
			}
			if in[i] = a.Data[at]; a.Missing != nil && a.Missing[at] {
				in[i] = math.NaN()
			}
		}
	}
}

func (e *forwardEngine) run(t *testing.T, nodes []*graph.Node) [][]float64 {
	t.Helper()
	if len(nodes) == 0 {
		return nil
	}
	p := plan.Compile(e.f.Graph, nodes)
	s, err := p.NewState()
	if err != nil {
		t.Fatal(err)
	}
	for i, n := range p.Inputs() {
		copy(s.Input(i), e.inputs[n])
	}
	if err := s.Run(); err != nil {
		t.Fatal(err)
	}
	out := make([][]float64, len(nodes))
	for k := range out {
		out[k] = append([]float64{}, s.Output(k)...)
	}
	return out
}

func forwardNodes(f *lower.Forward) (nodes []*graph.Node) {
	for _, g := range f.Generated {
		nodes = append(nodes, g.Node)
	}
	return nodes
}

// TestNotForward: what has to be drawn element by element is left to the walk.
func TestNotForward(t *testing.T) {
	for _, c := range []struct {
		name, text string
		data       values
		fresh      map[string][]int
		why        string
	}{
		{"an autoregression", "data y : real[T]\nc ~ Normal(0, 1)\ny[1] ~ Normal(0, 1)\nfor t in 2..T { y[t] ~ Normal(c * y[t-1], 1) }", values{"T": 4}, nil, "`y`"},
		{"data read by another statement", "data y : real[N]\ndata x : real[N]\na ~ Normal(0, 1)\nx ~ Normal(a, 1)\ny[i in 1..N] ~ Normal(x[i], 1)", values{"N": 3}, nil, "`x`"},
		{"a walk that goes on", "data y : real[T]\nh[1] ~ Normal(0, 1)\nfor t in 2..T { h[t] ~ Normal(h[t-1], 1) }\ny[t in 1..T] ~ Normal(h[t], 1)", values{"T": 4}, map[string][]int{"h": {3}}, "h"},
		{"a vector that is known in part", "data y : real[N]\nf ~ MvNormal(zeros(N), eye(N))\ny[i in 1..N] ~ Normal(f[i], 1)", values{"N": 3}, map[string][]int{"f": {2}}, "in part"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := checked(t, c.text)
			p := lower.NewPrediction(m, partlyBound(m, c.data), lower.PredictOptions{})
			known := forwardCase{text: c.text, fresh: c.fresh}.known(t, p, 0)
			if f, why := p.Forward(known, 2, nil); f != nil || !strings.Contains(why, c.why) {
				t.Errorf("lowered: %v, %q", f != nil, why)
			}
		})
	}
}

package fn_test

import (
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"

	"ppl/graph"
	"ppl/graph/grad"
	"ppl/graph/named"
)

// TestPartials compares derivatives of elementwise functions with figures
// computed elsewhere, at ordinary and extreme points.
func TestPartials(t *testing.T) {
	for _, r := range readReference(t) {
		if r.partials == nil {
			continue
		}
		t.Run(r.fn, func(t *testing.T) {
			b, v, in := r.lower(t, false)
			total := b.SumAll(v).N
			var x []*graph.Node
			for i := range r.args {
				x = append(x, input(in, fmt.Sprint("x", i)))
			}
			m := compile(t, b.G, grad.Reverse(b.G, total, x)...)
			m.run(t, in)
			for k, p := range r.partials {
				got := m.output(k)
				for i, want := range p.data {
					if math.IsNaN(want) {
						continue
					}
					if !(math.Abs(got[i]-want) <= 2e-14*math.Max(math.Abs(want), 1e-290)) {
						t.Errorf("derivative %d at %v: %v, want %v", k, r.at(i), got[i], want)
					}
				}
			}
		})
	}
}

func (c call) at(i int) []float64 {
	var x []float64
	for _, a := range c.args {
		x = append(x, a.data[i])
	}
	return x
}

func input(in map[*graph.Node][]float64, name string) *graph.Node {
	for n := range in {
		if n.Name == name {
			return n
		}
	}
	return nil
}

// TestGradients compares, for every function on random shapes and axes, the
// gradient of a weighted sum of the result with central differences, and the
// gradient's own derivative too.
func TestGradients(t *testing.T) {
	for name, mk := range makers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(rt *rapid.T) {
				bt := drawBatch(rt, name, mk, 1)
				bt.checkGradient(rt)
			})
		})
	}
}

func (bt *batch) checkGradient(t *rapid.T) {
	b := named.New()
	args, in := bt.inputs(b)
	v := bt.lower(t, b, args)
	f := objective(b, v)
	var x []*graph.Node
	for _, a := range args {
		if !a.IsConst() {
			x = append(x, a.N)
		}
	}
	d := grad.Reverse(b.G, f, x)
	h := b.G.Scalar(0)
	for _, n := range d {
		h = b.Add(b.Wrap(h), b.Wrap(objective(b, b.Wrap(n)))).N
	}
	dd := grad.Reverse(b.G, h, x)
	m := compile(t, b.G, append(append([]*graph.Node{f, h}, d...), dd...)...)
	second := 1e-6
	if bt.fn == "cov_matern32" { // has a jump in its third derivative where points coincide
		second = 1e-2
	}
	for i, n := range x {
		bt.compare(t, "gradient", m, in, n, 0, 2+i, 1e-6)
		bt.compare(t, "second derivative", m, in, n, 1, 2+len(x)+i, second)
	}
}

// compare the derivative of output f by input n, which is output d, with
// Richardson's extrapolation of central differences.
func (bt *batch) compare(t *rapid.T, what string, m compiled, in map[*graph.Node][]float64, n *graph.Node, f, d int, tol float64) {
	m.run(t, in)
	got := m.output(d)
	x := in[n]
	every := 1 + len(x)/5 // some of many elements
	for i := len(x) % every; i < len(x); i += every {
		at := x[i]
		eval := func(s float64) float64 {
			x[i] = at + s
			m.run(t, in)
			x[i] = at
			return m.output(f)[0]
		}
		step := 1e-3
		if at != 0 {
			step *= math.Min(1, math.Abs(at))
		}
		central := func(h float64) float64 { return (eval(h) - eval(-h)) / (2 * h) }
		d0, d1, d2 := central(step), central(step/2), central(step/4)
		e0, e1 := (4*d1-d0)/3, (4*d2-d1)/3
		want := (16*e1 - e0) / 15
		noise := math.Abs(eval(0)) * 1e-15 / step
		if math.Abs(got[i]-want) > tol*math.Max(1, math.Abs(want))+100*noise {
			t.Errorf("%v: %s by %s[%d] = %g: %g, by differences %g", bt, what, n.Name, i, at, got[i], want)
		}
	}
}

// objective gives every element of a value an adjoint of its own.
func objective(b *named.Builder, v named.Value) *graph.Node {
	w := make([]float64, v.N.Shape.Size())
	for i := range w {
		w[i] = 0.3 + 0.7*math.Cos(float64(3*i))
	}
	p := b.Mul(b.Wrap(v.N), b.Array(v.N.Shape, w))
	return b.SumAll(p).N
}

// TestEdgeGradients: where a derivative does not exist, or an infinite partial
// meets a zero, the gradient of the sum of the result is still a number.
func TestEdgeGradients(t *testing.T) {
	inf := math.Inf(1)
	vec := func(x ...float64) array { return array{shape: graph.Shape{len(x)}, data: x} }
	num := func(x float64) array { return array{data: []float64{x}} }
	for _, tt := range []struct {
		fn   string
		args []array
		want [][]float64
	}{
		{"norm", []array{vec(0, 0)}, [][]float64{{0, 0}}},
		{"sd", []array{vec(3, 3, 3)}, [][]float64{{0, 0, 0}}},
		{"abs", []array{vec(0)}, [][]float64{{0}}},
		{"relu", []array{vec(0)}, [][]float64{{0}}},
		{"max", []array{vec(2, 5, 5)}, [][]float64{{0, 0.5, 0.5}}},
		{"min", []array{vec(1, 1), num(1)}, [][]float64{{1, 1}, {0}}},
		{"prod", []array{vec(0, 2, 3)}, [][]float64{{6, 0, 0}}},
		{"prod", []array{vec(0, 0, 3)}, [][]float64{{0, 0, 0}}},
		{"log_sum_exp", []array{vec(-inf, 0)}, [][]float64{{0, 1}}},
		{"log_sum_exp", []array{vec(-inf), num(-inf)}, [][]float64{{0}, {0}}},
		{"softmax", []array{vec(-inf, 1000)}, [][]float64{{0, 0}}},
		{"log_inv_logit", []array{vec(-1000, 1000)}, [][]float64{{1, 0}}},
		{"cov_matern32", []array{vec(1, 1), num(2), num(3)}, [][]float64{{0, 0}, {16}, {0}}},
		{"cov_matern52", []array{vec(1, 1), num(2), num(3)}, [][]float64{{0, 0}, {16}, {0}}},
		{"cov_exp_quad", []array{vec(1, 1), num(2), num(3)}, [][]float64{{0, 0}, {16}, {0}}},
		{"cov_periodic", []array{vec(1, 1), num(2), num(3), num(4)}, [][]float64{{0, 0}, {16}, {0}, {0}}},
		{"lchoose", []array{vec(3), vec(5)}, [][]float64{{0}, {0}}},
		{"gelu", []array{vec(-inf, -1e200, 0, 1e200, inf)}, [][]float64{{0, 0, 0.5, 1, 1}}},
		{"layer_norm", []array{vec(3, 3)}, [][]float64{{0, 0}}},
		{"max_pool2d", []array{{shape: graph.Shape{2, 2}, data: []float64{1, 5, 5, 5}}, count(2)}, [][]float64{{0, 1, 0, 0}}},
	} {
		c := call{tt.fn, tt.args}
		b, v, in := c.lower(t, false)
		var x []*graph.Node
		for i := range tt.args {
			if !c.fixed(i) {
				x = append(x, input(in, fmt.Sprint("x", i)))
			}
		}
		m := compile(t, b.G, grad.Reverse(b.G, b.SumAll(v).N, x)...)
		m.run(t, in)
		for k, want := range tt.want {
			if got := m.output(k); !near(got, want, 1e-14) {
				t.Errorf("%s(%v): derivative %d is %v, want %v", tt.fn, tt.args, k, got, want)
			}
		}
	}
}

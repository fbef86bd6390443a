package fn_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"ppl/graph"
	"ppl/graph/edge"
	"ppl/graph/grad"
	"ppl/graph/named"
	"ppl/graph/op"
	"ppl/lang"
)

// edgeCall is a call of which some elements of arguments are special numbers,
// with the derivatives of a weighted sum of its result, or of what it is part of, by one element.
type edgeCall struct {
	call
	arg, elem int // the element differentiated by
	m         compiled
	in        map[*graph.Node][]float64
	at        []float64
}

// drawEdge draws a call and puts special numbers into it; nil if it has no real arguments.
func drawEdge(t *rapid.T, name string, mk maker, special []float64) *edgeCall {
	data := mk(dims{t, 1})
	c := &edgeCall{call: call{fn: name, args: data(rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0)))}}
	var reals [][2]int
	for k, a := range c.args {
		for i := range a.data {
			if a.elem == lang.Real && !c.fixed(k) {
				reals = append(reals, [2]int{k, i})
			}
		}
	}
	if len(reals) == 0 {
		return nil
	}
	for range rapid.IntRange(1, 2).Draw(t, "special") {
		e := rapid.SampledFrom(reals).Draw(t, "element")
		c.arg, c.elem = e[0], e[1]
		c.args[c.arg].data[c.elem] = rapid.SampledFrom(special).Draw(t, "number")
	}
	return c
}

// derive compiles the objective and its first and second derivatives by the element.
func (c *edgeCall) derive(t *rapid.T, put func(b *named.Builder, y named.Value, in map[*graph.Node][]float64) named.Value) {
	b, v, in := c.lower(t, false)
	for n, x := range in { // which a constant may hold
		in[n] = slices.Clone(x)
	}
	y := put(b, b.Wrap(objective(b, v)), in)
	x := input(in, fmt.Sprint("x", c.arg))
	one := make([]float64, x.Shape.Size())
	one[c.elem] = 1
	d := grad.Reverse(b.G, y.N, []*graph.Node{x})
	dd := grad.VJP(b.G, d[0], b.G.Constant(x.Shape, one), []*graph.Node{x})
	c.m, c.in, c.at = compile(t, b.G, y.N, d[0], dd[0]), in, in[x]
}

func (c *edgeCall) value(t *rapid.T, x float64) float64 {
	was := c.at[c.elem]
	c.at[c.elem] = x
	c.m.run(t, c.in)
	c.at[c.elem] = was
	return c.m.output(0)[0]
}

func (c *edgeCall) derivatives(t *rapid.T) [2]float64 {
	c.m.run(t, c.in)
	return [2]float64{c.m.output(1)[c.elem], c.m.output(2)[c.elem]}
}

// TestEdgeLimits: wherever a function has a finite value at ends of its domain,
// at kinks and at infinity, and differences of it have finite limits, its derivatives are those limits.
func TestEdgeLimits(t *testing.T) {
	calls, compared, functions := 0, 0, map[string]bool{}
	for name, mk := range makers {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) {
				c := drawEdge(rt, name, mk, []float64{math.Inf(-1), -1, 0, 1, 2, math.Inf(1)})
				if c == nil {
					return
				}
				calls++
				c.derive(rt, func(_ *named.Builder, y named.Value, _ map[*graph.Node][]float64) named.Value { return y })
				got := c.derivatives(rt)
				lo, hi, ok := edge.Expect(func(x float64) float64 { return c.value(rt, x) }, c.at[c.elem])
				for m := range got {
					if !ok[m] {
						continue
					}
					compared++
					functions[name] = true
					slack := 1e-4 * (1 + math.Abs(lo[m]) + math.Abs(hi[m]))
					if !(lo[m]-slack <= got[m] && got[m] <= hi[m]+slack) {
						rt.Errorf("%s(%v): derivative %d by element %d of argument %d is %g, its limits are %g to %g", name, c.args, m+1, c.elem, c.arg, got[m], lo[m], hi[m])
					}
				}
			})
		})
	}
	t.Logf("%d functions, %d calls, %d derivatives compared with their limits", len(functions), calls, compared)
}

// TestFunctionsNotTaken: a function in a branch that is not taken is not seen, to second order.
func TestFunctionsNotTaken(t *testing.T) {
	compared, functions := 0, map[string]bool{}
	for name, mk := range makers {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) {
				c := drawEdge(rt, name, mk, []float64{math.Inf(-1), -1, 0, math.Inf(1), math.NaN()})
				if c == nil {
					return
				}
				c.derive(rt, func(b *named.Builder, y named.Value, in map[*graph.Node][]float64) named.Value {
					z := b.Scalar(0)
					for n := range in {
						x := b.Wrap(n)
						z = b.Add(z, b.SumAll(b.Apply(op.Sin, b.Where(b.Less(b.Abs(x), b.Scalar(1e6)), x, b.Scalar(3)))))
					}
					return b.Where(b.Greater(z, b.Scalar(1e6)), b.Exp(y), z)
				})
				want := [2]float64{}
				if x := c.at[c.elem]; math.Abs(x) < 1e6 {
					want = [2]float64{math.Cos(x), -math.Sin(x)}
				}
				compared++
				functions[name] = true
				if got := c.derivatives(rt); !near(got[:], want[:], 1e-12) {
					rt.Errorf("%s(%v), not taken: derivatives by element %d of argument %d are %g, want %g", name, c.args, c.elem, c.arg, got, want)
				}
			})
		})
	}
	t.Logf("%d functions, %d calls in branches, %d derivatives", len(functions), compared, 2*compared)
}

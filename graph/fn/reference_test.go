package fn_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"strconv"
	"testing"

	"ppl/graph"
	"ppl/graph/fn"
	"ppl/graph/named"
	"ppl/graph/plan"
	"ppl/lang"
)

// array is an argument or a value, without axes.
type array struct {
	elem  lang.Elem
	shape graph.Shape
	data  []float64
}

// call is a function with arguments.
type call struct {
	fn   string
	args []array
}

func (a array) lang() lang.Arg {
	t := lang.Type{Elem: a.elem}
	for _, n := range a.shape {
		t.Dims = append(t.Dims, lang.DimInt(n))
	}
	arg := lang.Arg{Type: t}
	if a.elem == lang.Int && len(a.shape) == 0 {
		n := lang.DimInt(int(a.data[0]))
		arg.Size = &n
	}
	return arg
}

// typeOf runs the rule for types, on concrete sizes.
func (c call) typeOf() (lang.Type, error) {
	f, ok := fn.Find(c.fn)
	if !ok {
		return lang.Type{}, fmt.Errorf("no function %s", c.fn)
	}
	args := make([]lang.Arg, len(c.args))
	for i, a := range c.args {
		args[i] = a.lang()
	}
	return f.Result(args)
}

// fixed reports whether an argument is a size, which is known when the graph
// is built.
func (c call) fixed(i int) bool {
	first := map[string]int{"zeros": 0, "ones": 0, "eye": 0, "fill": 1, "reshape": 1, "one_hot": 1, "linspace": 2, "conv2d": 2, "max_pool2d": 1}
	k, ok := first[c.fn]
	return ok && i >= k
}

// Compiled is a graph with inputs by name.
type compiled struct {
	state  graph.State
	inputs []*graph.Node
}

func compile(t fatal, g *graph.Graph, outputs ...*graph.Node) compiled {
	t.Helper()
	p := plan.Compile(g, outputs)
	s, err := p.NewState()
	if err != nil {
		t.Fatalf("%v", err)
	}
	return compiled{s, p.Inputs()}
}

func (c compiled) run(t fatal, values map[*graph.Node][]float64) {
	t.Helper()
	for i, n := range c.inputs {
		copy(c.state.Input(i), values[n])
	}
	if err := c.state.Run(); err != nil {
		t.Fatalf("%v", err)
	}
}

func (c compiled) output(i int) []float64 { return append([]float64{}, c.state.Output(i)...) }

type fatal interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// lower builds the call; arguments are inputs, or constants if constant is set.
func (c call) lower(t fatal, constant bool) (b *named.Builder, v named.Value, in map[*graph.Node][]float64) {
	t.Helper()
	b = named.New()
	in = map[*graph.Node][]float64{}
	var args []named.Value
	for i, a := range c.args {
		x := b.Array(a.shape, a.data)
		if !constant && !c.fixed(i) && len(a.data) > 0 {
			x = b.Wrap(b.G.Input(fmt.Sprint("x", i), a.shape))
			in[x.N] = a.data
		}
		args = append(args, x)
	}
	f, _ := fn.Find(c.fn)
	v, err := f.Lower(b, args)
	if err != nil {
		t.Fatalf("%s: %v", c.fn, err)
	}
	return b, v, in
}

func (c call) eval(t fatal, constant bool) array {
	t.Helper()
	b, v, in := c.lower(t, constant)
	m := compile(t, b.G, v.N)
	m.run(t, in)
	return array{shape: v.Shape(), data: m.output(0)}
}

// close compares to a relative tolerance, or an absolute one below 1; numbers
// that are not finite must be the same.
func near(got, want []float64, tol float64) bool {
	if len(got) != len(want) {
		return false
	}
	for i := range got {
		g, w := got[i], want[i]
		same := g == w || math.IsNaN(g) && math.IsNaN(w)
		if !same && !(math.Abs(g-w) <= tol*math.Max(1, math.Abs(w))) {
			return false
		}
	}
	return true
}

func TestReference(t *testing.T) {
	covered := map[string]bool{"ode": true}
	for i, r := range readReference(t) {
		covered[r.fn] = true
		t.Run(fmt.Sprintf("%s %d", r.fn, i), func(t *testing.T) {
			typ, err := r.typeOf()
			if err != nil {
				t.Fatalf("%s(%v): %v", r.fn, r.args, err)
			}
			if typ.Elem != r.want.elem {
				t.Errorf("the type is %v, the value %v", typ, r.want.elem)
			}
			for _, constant := range []bool{true, false} {
				got := r.eval(t, constant)
				if !got.shape.Equal(r.want.shape) || !got.shape.Equal(concrete(typ)) {
					t.Errorf("shape %v, want %v; the type is %v", got.shape, r.want.shape, typ)
				}
				if !near(got.data, r.want.data, 4e-15) {
					t.Errorf("%v: %v, want %v", r.args, got.data, r.want.data)
				}
			}
		})
	}
	for _, name := range fn.Names() {
		if !covered[name] {
			t.Errorf("no reference value for %s", name)
		}
	}
}

func concrete(t lang.Type) graph.Shape {
	s := graph.Shape{}
	for _, d := range t.Dims {
		n, ok := d.Int()
		if !ok {
			return nil
		}
		s = append(s, n)
	}
	return s
}

// reference is a call with its value and, for some elementwise functions, the
// partial derivatives.
type reference struct {
	call
	want     array
	partials []array
}

// readReference reads what testdata/generate.py wrote.
func readReference(t *testing.T) []reference {
	t.Helper()
	type packed struct {
		Elem  string
		Shape graph.Shape
		Data  []string
	}
	var raw []struct {
		Fn       string
		Args     []packed
		Want     packed
		Partials []packed
	}
	text, err := os.ReadFile("testdata/reference.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &raw); err != nil {
		t.Fatal(err)
	}
	unpack := func(p packed) array {
		a := array{shape: p.Shape, data: make([]float64, len(p.Data))}
		a.elem = map[string]lang.Elem{"real": lang.Real, "int": lang.Int, "bool": lang.Bool}[p.Elem]
		for i, s := range p.Data {
			if a.data[i], err = strconv.ParseFloat(s, 64); err != nil {
				t.Fatal(err)
			}
		}
		return a
	}
	var out []reference
	for _, r := range raw {
		c := reference{call: call{fn: r.Fn}, want: unpack(r.Want)}
		for _, p := range r.Partials {
			c.partials = append(c.partials, unpack(p))
		}
		for _, a := range r.Args {
			c.args = append(c.args, unpack(a))
		}
		out = append(out, c)
	}
	return out
}

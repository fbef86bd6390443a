package target

import (
	"fmt"

	"ppl/graph"
	"ppl/graph/lower"
	"ppl/graph/named"
	"ppl/guide"
	"ppl/lang"
	"ppl/lang/diag"
)

// findGiven lowers the model with values of the discrete latents as inputs, to
// find which lets that depend on them can be worked out from those.
func (t *Target) findGiven() diag.List {
	if len(t.Discrete) == 0 {
		return nil
	}
	opt := t.Options
	opt.Values = func(b *named.Builder, i int, shape graph.Shape) named.Value {
		return b.Wrap(b.G.Input(fmt.Sprintf("value.%d", i), shape))
	}
	joint, ds := lower.LowerWith(t.Model, t.Data, &guide.Packed{Centring: t.Centring, Angles: t.Angles}, bare(), opt)
	if ds.HasErrors() {
		return ds
	}
	t.Unreported = joint.Unreported
	for _, x := range joint.Given {
		t.Given = append(t.Given, x.Symbol)
	}
	return nil
}

// GivenReporter evaluates the lets that depend on discrete latents, at S points
// with values of these.
type GivenReporter struct {
	S, D    int
	Symbols []*lang.Symbol
	Shapes  []graph.Shape
	p       *Program
	u       *graph.Node
	values  []*graph.Node // by latent
}

// NewGivenReporter compiles the lets that depend on discrete latents for s points.
func (t *Target) NewGivenReporter(s int) (*GivenReporter, error) {
	b := t.Builder()
	ax, in, u := t.Points(b, s)
	r := &GivenReporter{S: s, D: t.D, u: in, values: make([]*graph.Node, len(t.Discrete))}
	opt := t.Options
	opt.Values = func(b *named.Builder, i int, shape graph.Shape) named.Value {
		r.values[i] = b.G.BatchInput(fmt.Sprintf("value.%d", i), append(graph.Shape{s}, shape...))
		return b.Wrap(r.values[i], ax)
	}
	l, err := t.LowerWith(b, u, opt)
	if err != nil {
		return nil, err
	}
	var outs []*graph.Node
	for _, x := range l.Joint.Given {
		if x.Value.N.Shape.Size() == 0 {
			continue
		}
		r.Symbols, r.Shapes = append(r.Symbols, x.Symbol), append(r.Shapes, x.Value.Shape())
		outs = append(outs, b.With(x.Value, ax).N)
	}
	r.p, err = t.Compile(b.G, outs...)
	return r, err
}

// Eval gives, for each let, S × its size numbers, valid until the next call, at
// points u (S×D) and, for each discrete latent, S × elements values.
func (r *GivenReporter) Eval(u []float64, z [][]float64) ([][]float64, error) {
	if r.u != nil {
		r.p.Set(r.u, u)
	}
	for i, n := range r.values {
		if n != nil {
			r.p.Set(n, z[i])
		}
	}
	if err := r.p.Run(); err != nil {
		return nil, err
	}
	return r.p.outs(), nil
}

package target

import (
	"slices"

	"ppl/graph"
	"ppl/graph/lower"
	"ppl/graph/named"
	"ppl/lang"
	"ppl/lang/diag"
)

// Params are values that are learned as points. A target has them among its unconstrained numbers, so
// that they are optimised with the guide of the latents; At is the target of the latents alone, with
// the params at values, and it is that which is inferred.

// Learns reports whether there are params to be learned.
func (t *Target) Learns() bool {
	for _, s := range t.Slots {
		if s.Param {
			return true
		}
	}
	return false
}

// Params are how many unconstrained numbers params have.
func (t *Target) Params() int {
	n := 0
	for _, s := range t.Slots {
		if s.Param {
			n += s.Free.Size()
		}
	}
	return n
}

// Param is a param at n points.
type Param struct {
	Symbol *lang.Symbol
	Shape  graph.Shape
	Values []float64 // n×size, point by point
}

// ParamsAt are the values of the params at n points u (n×D) on the unconstrained scale; and behind them,
// where there are no latents, those of the lets that depend on them.
func (t *Target) ParamsAt(u []float64, n int) ([]Param, error) {
	b := t.Builder()
	ax, in, v := t.Points(b, n)
	l, err := t.Lower(b, v)
	if err != nil {
		return nil, err
	}
	all := l.Joint.Params
	if t.D == t.Params() {
		all = append(all, l.Joint.Reported...)
	}
	return t.values(b, ax, in, u, all)
}

// values evaluates what is reported at points.
func (t *Target) values(b *named.Builder, ax *named.Axis, in *graph.Node, u []float64, all []lower.Reported) ([]Param, error) {
	var out []Param
	var nodes []*graph.Node
	for _, x := range all {
		if x.Value.Shape().Size() > 0 && !slices.Contains(t.TooLarge, x.Symbol) {
			out = append(out, Param{Symbol: x.Symbol, Shape: x.Value.Shape()})
			nodes = append(nodes, b.With(x.Value, ax).N)
		}
	}
	p, err := t.Compile(b.G, nodes...)
	if err != nil {
		return nil, err
	}
	if in != nil {
		p.Set(in, u)
	}
	if err := p.Run(); err != nil {
		return nil, err
	}
	for i := range out {
		out[i].Values = append([]float64(nil), p.Out(i)...)
	}
	return out, nil
}

// KnownLets are the lets that depend on the data, and on params that are known, alone.
func (t *Target) KnownLets() ([]Param, error) {
	if len(t.Known) == 0 {
		return nil, nil
	}
	b := t.Builder()
	_, _, u := t.Points(b, 1)
	l, err := t.Lower(b, u)
	if err != nil {
		return nil, err
	}
	var out []Param
	for _, x := range l.Joint.Reported {
		if v := x.Value; v.IsConst() && v.Shape().Size() > 0 && len(v.Axes()) == 0 {
			out = append(out, Param{x.Symbol, v.Shape(), slices.Clone(v.Const())})
		}
	}
	return out, nil
}

// At is the target with params at values, which are as known to it as data are.
func (t *Target) At(values []Param) (*Target, diag.List) {
	data := *t.Data
	data.Values = make(map[string]*lower.Array, len(t.Data.Values)+len(values))
	for name, a := range t.Data.Values {
		data.Values[name] = a
	}
	for _, p := range values {
		data.Values[p.Symbol.Name] = &lower.Array{Shape: p.Shape, Data: p.Values}
	}
	opt := t.Options
	opt.Halt = t.halt
	next, ds := NewWith(t.Model, &data, t.Engine, opt)
	if next != nil {
		next.Direct, next.Mode, next.Known = t.Direct, t.Mode, values
	}
	return next, ds
}

// InitialParams fills a point with what declarations let params start from; NaN stays where they say nothing.
func (t *Target) InitialParams(u []float64) {
	for _, s := range t.Slots {
		if s.Param && s.Init != nil {
			copy(u[s.Offset:], s.Init)
		}
	}
}

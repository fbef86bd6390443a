package target

import (
	"fmt"

	"ppl/graph"
)

// Listing is a graph that is evaluated, to be looked at.
type Listing struct {
	Graph   *graph.Graph
	Outputs []*graph.Node
	Names   []string // of the outputs
	compile func() (graph.Program, error)
}

// Steps lists the compiled program: its steps in order with their shapes, and the memory that it
// works in. It is "" of an engine that has no such list.
func (l *Listing) Steps() (inputs []*graph.Node, steps string, err error) {
	p, err := l.compile()
	if err != nil {
		return nil, "", err
	}
	if d, ok := p.(interface{ Dump() string }); ok {
		steps = d.Dump()
	}
	return p.Inputs(), steps, nil
}

// List makes a listing of outputs of a graph, as Compile compiles them.
func (t *Target) List(g *graph.Graph, outputs []*graph.Node, names []string) *Listing {
	return &Listing{Graph: g, Outputs: outputs, Names: names, compile: func() (graph.Program, error) {
		g.Back(outputs)
		p, err := t.own().Compile(g, outputs...)
		if err != nil {
			return nil, err
		}
		return p.compiled, nil
	}}
}

// Listing is the log density of a block of points with its gradient, as a Surface evaluates them;
// of a target without continuous latents the log density alone.
func (t *Target) Listing() (*Listing, error) {
	if t.D == 0 {
		b := t.Builder()
		ax, _, u := t.Points(b, 1)
		l, err := t.LowerDensity(b, u)
		if err != nil {
			return nil, err
		}
		return t.List(b.G, []*graph.Node{b.With(l.LogDensity(), ax).N}, []string{"log density"}), nil
	}
	s, err := t.NewSurface()
	if err != nil {
		return nil, err
	}
	return t.List(s.g, s.outs[withGradient], []string{"log density", fmt.Sprintf("gradient by the %d unconstrained numbers", t.D)}), nil
}

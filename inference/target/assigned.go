package target

import (
	"fmt"

	"ppl/graph"
	"ppl/graph/lower"
	"ppl/graph/named"
)

// Inputs makes the assignments inputs of the graph, with the particle axis or
// without.
type Inputs struct {
	s  int
	ax *named.Axis // nil: the same for all particles
	// By latent, of those that have such an input.
	AssignmentOf, PriorOf, DrawnOf map[int]*graph.Node
}

func NewInputs(s int, ax *named.Axis) *Inputs {
	return &Inputs{s, ax, map[int]*graph.Node{}, map[int]*graph.Node{}, map[int]*graph.Node{}}
}

func (a *Inputs) input(b *named.Builder, what string, i int, shape graph.Shape, m map[int]*graph.Node) named.Value {
	name := fmt.Sprintf("%s.%d", what, i)
	if a.ax == nil {
		m[i] = b.G.Input(name, shape)
		return b.Wrap(m[i])
	}
	m[i] = b.G.BatchInput(name, append(graph.Shape{a.s}, shape...))
	return b.Wrap(m[i], a.ax)
}

func (a *Inputs) Weights(b *named.Builder, i int, shape graph.Shape) named.Value {
	return a.input(b, "assignment", i, shape, a.AssignmentOf)
}

func (a *Inputs) Prior(b *named.Builder, i int, shape graph.Shape) named.Value {
	return a.input(b, "prior", i, shape, a.PriorOf)
}

func (a *Inputs) Drawn(b *named.Builder, i int, shape graph.Shape, _ float64) named.Value {
	return a.input(b, "drawn", i, shape, a.DrawnOf)
}

// Guided reports whether some discrete latent has a guide other than one that the model writes.
func (t *Target) Guided() bool {
	for _, d := range t.Discrete {
		if d.Strategy != lower.Exact && !d.Written && d.Shape.Size() > 0 {
			return true
		}
	}
	return false
}

// Chosen are the discrete latents that a guide of the user's draws.
func (t *Target) Chosen() []lower.Discrete {
	var out []lower.Discrete
	for _, d := range t.Discrete {
		if d.Written && d.Shape.Size() > 0 {
			out = append(out, d)
		}
	}
	return out
}

// SiteGuide is the guide of a discrete latent: independent distributions, one
// for each element.
type SiteGuide struct {
	// P are the probabilities of the values, elements × values. Of a latent with
	// infinitely many values they are those from Low on, as many as matter.
	P      []float64
	Values []float64
	// Draws are positions in Values, draws × elements.
	Draws []int
}

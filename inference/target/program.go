package target

import (
	"fmt"

	"ppl/graph"
	"ppl/graph/plan"
)

// Program is a compiled graph, with working memory, and its inputs by node.
type Program struct {
	compiled  graph.Program
	constants graph.Constants // in the place of those that it was compiled with; nil: none
	state     graph.State
	inputs    map[*graph.Node]int
	outputs   int
}

// Run evaluates the outputs at what the inputs hold.
func (p *Program) Run() error { return p.state.Run() }

// Out is an output of the last Run, in the order in which they were compiled; it is valid
// until the next one.
func (p *Program) Out(i int) []float64 { return p.state.Output(i) }

// outs are all outputs.
func (p *Program) outs() [][]float64 {
	out := make([][]float64, p.outputs)
	for k := range out {
		out[k] = p.Out(k)
	}
	return out
}

// in is what an input holds, to be changed in place before the next Run: a program looks anew
// at inputs that were asked for, and at no others. It is nil if nothing depends on the input.
func (p *Program) in(n *graph.Node) []float64 {
	if i := p.Index(n); i >= 0 {
		return p.At(i)
	}
	return nil
}

// Index is the position of an input, −1 if nothing depends on it.
func (p *Program) Index(n *graph.Node) int {
	if i, ok := p.inputs[n]; ok {
		return i
	}
	return -1
}

// At is In by position.
func (p *Program) At(i int) []float64 { return p.state.Input(i) }

// Another is the same program with a state of its own.
func (p *Program) Another() (*Program, error) {
	st, err := newState(p.compiled, p.constants)
	return &Program{compiled: p.compiled, constants: p.constants, state: st, inputs: p.inputs, outputs: p.outputs}, err
}

func newState(p graph.Program, constants graph.Constants) (graph.State, error) {
	if constants == nil {
		return p.NewState()
	}
	return p.(graph.Refitted).NewStateOf(constants)
}

// ErrMemory is returned where an evaluation of the model would take more memory than
// there may be.
type ErrMemory struct{ Bytes float64 }

func (e *ErrMemory) Error() string {
	return fmt.Sprintf("an evaluation of the model takes %.0f GiB of memory, more than can be worked with", e.Bytes/(1<<30))
}

// Compile makes a program of outputs of a graph that a Builder of the target has made. The
// error is an *ErrMemory where an evaluation would take too much.
func (t *Target) Compile(g *graph.Graph, outputs ...*graph.Node) (c *Program, err error) {
	defer func() {
		r := recover()
		if large, is := r.(plan.TooLarge); is {
			err = &ErrMemory{8 * large.Numbers}
		} else if r != nil {
			panic(r)
		}
	}()
	r := t.program(g, outputs)
	s, err := newState(r.p, r.constants)
	if err != nil {
		return nil, err
	}
	c = &Program{compiled: r.p, constants: r.constants, state: s, inputs: map[*graph.Node]int{}, outputs: len(outputs)}
	for i, n := range r.p.Inputs() {
		if r.node != nil {
			n = r.node(n)
		}
		c.inputs[n] = i
	}
	return c, nil
}

// Set copies an input; one on which nothing depends is ignored.
func (p *Program) Set(n *graph.Node, x []float64) {
	copy(p.in(n), x)
}

// setRows fills an input of 64 rows; missing rows repeat the last one, so that
// no lane works on numbers that nobody asked for.
func (p *Program) setRows(n *graph.Node, x []float64, d int) {
	in := p.in(n)
	if in == nil || d == 0 {
		return
	}
	k := copy(in, x)
	for ; k < len(in); k += d {
		copy(in[k:], x[len(x)-d:])
	}
}

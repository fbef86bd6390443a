// Package plan compiles a graph into a flat program: the nodes that the
// outputs need, in order, each with its place in one arena. A node's place is
// reused once its last reader has run. A run evaluates the ops one after
// another into the arena.
package plan

import (
	"fmt"
	"sort"

	"ppl/graph"
)

// Program is a compiled graph. It is immutable; each goroutine has its own State.
type Program struct {
	inputs  []*graph.Node
	outputs []*graph.Node
	steps   []step
	arena   int // float64s
	place   map[int]int
}

type step struct {
	node *graph.Node
	out  int
	in   []operand
}

// operand is a constant or a place in the arena.
type operand struct {
	data []float64
	at   int
	n    int
}

// Compile plans the evaluation of outputs.
func Compile(g *graph.Graph, outputs []*graph.Node) *Program {
	p := &Program{outputs: outputs, place: map[int]int{}}
	needed := graph.Needed(outputs)
	var order []*graph.Node
	last := map[int]int{}
	for _, n := range g.Nodes() {
		if !needed[n.ID] || n.IsConst() {
			continue
		}
		if n.IsInput() {
			p.inputs = append(p.inputs, n)
			last[n.ID] = forever
		}
		order = append(order, n)
		for _, c := range n.In {
			last[c.ID] = max(last[c.ID], len(order))
		}
	}
	for _, o := range outputs {
		last[o.ID] = forever
	}
	var a arena
	dying := map[int][]*graph.Node{}
	for i, n := range order {
		at := a.take(n.Shape.Size())
		p.place[n.ID] = at
		if l := last[n.ID]; l != forever {
			dying[l] = append(dying[l], n)
		}
		if n.Op != nil {
			p.steps = append(p.steps, p.step(n, at))
		}
		for _, d := range dying[i+1] {
			a.release(p.place[d.ID], d.Shape.Size())
		}
	}
	p.arena = a.size
	return p
}

const forever = int(^uint(0) >> 1)

func (p *Program) step(n *graph.Node, at int) step {
	s := step{node: n, out: at}
	for _, c := range n.In {
		if c.IsConst() {
			s.in = append(s.in, operand{data: c.Const})
		} else {
			s.in = append(s.in, operand{at: p.place[c.ID], n: c.Shape.Size()})
		}
	}
	return s
}

// arena hands out ranges of one array, first fit.
type arena struct {
	size int
	free []hole // by position
}

type hole struct{ at, n int }

func (a *arena) take(n int) int {
	for i, h := range a.free {
		if h.n < n {
			continue
		}
		if h.n == n {
			a.free = append(a.free[:i], a.free[i+1:]...)
		} else {
			a.free[i] = hole{h.at + n, h.n - n}
		}
		return h.at
	}
	at := a.size
	a.size += n
	return at
}

func (a *arena) release(at, n int) {
	i := sort.Search(len(a.free), func(i int) bool { return a.free[i].at > at })
	a.free = append(a.free, hole{})
	copy(a.free[i+1:], a.free[i:])
	a.free[i] = hole{at, n}
	if i+1 < len(a.free) && at+n == a.free[i+1].at {
		a.free[i].n += a.free[i+1].n
		a.free = append(a.free[:i+1], a.free[i+2:]...)
	}
	if i > 0 && a.free[i-1].at+a.free[i-1].n == at {
		a.free[i-1].n += a.free[i].n
		a.free = append(a.free[:i], a.free[i+1:]...)
	}
}

// Inputs implements graph.Program: the inputs that the outputs depend on.
func (p *Program) Inputs() []*graph.Node { return p.inputs }

// Outputs implements graph.Program.
func (p *Program) Outputs() []*graph.Node { return p.outputs }

// NewState implements graph.Program.
func (p *Program) NewState() (graph.State, error) {
	s := &state{p: p, arena: make([]float64, p.arena)}
	for _, st := range p.steps {
		bound := boundStep{op: st.node.Op, key: st.node, out: s.arena[st.out : st.out+st.node.Shape.Size()]}
		for _, in := range st.in {
			if in.data == nil {
				in.data = s.arena[in.at : in.at+in.n]
			}
			bound.in = append(bound.in, in.data)
		}
		s.steps = append(s.steps, bound)
	}
	return s, nil
}

type state struct {
	p     *Program
	arena []float64
	steps []boundStep
}

type boundStep struct {
	op  graph.Op
	key *graph.Node
	out []float64
	in  [][]float64
}

func (s *state) buffer(n *graph.Node) []float64 {
	if n.IsConst() {
		return n.Const
	}
	at := s.p.place[n.ID]
	return s.arena[at : at+n.Shape.Size()]
}

func (s *state) Input(i int) []float64  { return s.buffer(s.p.inputs[i]) }
func (s *state) Output(i int) []float64 { return s.buffer(s.p.outputs[i]) }

func (s *state) Run() (err error) {
	var at *graph.Node
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("plan: %s: %v", at.Op.Key(), r)
		}
	}()
	for i := range s.steps {
		st := &s.steps[i]
		at = st.key
		st.op.Eval(st.out, st.in)
	}
	return nil
}

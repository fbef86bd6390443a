package plan

import (
	"fmt"
	"sort"
	"strings"

	"ppl/graph"
)

// flat is the plan for graphs without a particle dimension, or with an op that
// mixes particles: the nodes that the outputs need, in order, each evaluated
// by its own op into its place in the arena.
type flat struct {
	inputs  []*graph.Node
	outputs []*graph.Node
	steps   []step
	arena   int // float64s
	place   map[int]int
}

type step struct {
	node *graph.Node
	out  int
	in   []flatOperand
}

// flatOperand is a constant or a place in the arena.
type flatOperand struct {
	data []float64
	at   int
	n    int
}

func compileFlat(g *graph.Graph, outputs []*graph.Node) *flat {
	p := &flat{outputs: outputs, place: map[int]int{}}
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

func (p *flat) step(n *graph.Node, at int) step {
	s := step{node: n, out: at}
	for _, c := range n.In {
		if c.IsConst() {
			s.in = append(s.in, flatOperand{data: c.Const})
		} else {
			s.in = append(s.in, flatOperand{at: p.place[c.ID], n: c.Shape.Size()})
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
func (p *flat) Inputs() []*graph.Node { return p.inputs }

// Outputs implements graph.Program.
func (p *flat) Outputs() []*graph.Node { return p.outputs }

// NewState implements graph.Program.
func (p *flat) NewState() (graph.State, error) {
	s := &flatState{p: p, arena: make([]float64, p.arena)}
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

type flatState struct {
	p     *flat
	arena []float64
	steps []boundStep
}

type boundStep struct {
	op  graph.Op
	key *graph.Node
	out []float64
	in  [][]float64
}

func (s *flatState) buffer(n *graph.Node) []float64 {
	if n.IsConst() {
		return n.Const
	}
	at := s.p.place[n.ID]
	return s.arena[at : at+n.Shape.Size()]
}

func (s *flatState) Input(i int) []float64  { return s.buffer(s.p.inputs[i]) }
func (s *flatState) Output(i int) []float64 { return s.buffer(s.p.outputs[i]) }

func (s *flatState) Run() (err error) {
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

// Dump lists the steps for people.
func (p *flat) Dump() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d steps, arena of %d numbers\n", len(p.steps), p.arena)
	for i, s := range p.steps {
		fmt.Fprintf(&b, "%3d  %%%d%v = %s\n", i, s.node.ID, s.node.Shape, s.node.Op.Key())
	}
	return b.String()
}

package graph

import (
	"fmt"
	"runtime"

	"gorgonia.org/gorgonia"
)

// TapeMachine compiles outputs for Gorgonia's TapeMachine: slow (1 to 3 µs and
// about eight allocations a node), and the reference against which the
// compiled plan is tested. A graph has one TapeMachine at a time, since node
// values live in the graph: states of the same Program must not run at once.
func (g *Graph) TapeMachine(outputs []*Node) *TapeProgram {
	p := &TapeProgram{g: g, outputs: outputs}
	seen := Needed(outputs)
	for _, n := range g.nodes {
		switch {
		case !seen[n.ID]:
		case n.IsInput():
			p.inputs = append(p.inputs, n)
		case n.IsConst():
			p.consts = append(p.consts, n)
		}
	}
	return p
}

// TapeProgram is a Program run by the TapeMachine.
type TapeProgram struct {
	g       *Graph
	inputs  []*Node
	consts  []*Node
	outputs []*Node
}

// Inputs implements Program: the inputs that the outputs depend on.
func (p *TapeProgram) Inputs() []*Node { return p.inputs }

// Outputs implements Program.
func (p *TapeProgram) Outputs() []*Node { return p.outputs }

// NewState implements Program.
func (p *TapeProgram) NewState() (State, error) {
	s := &tapeState{p: p, in: make([][]float64, len(p.inputs)), out: make([][]float64, len(p.outputs)), read: make([]gorgonia.Value, len(p.outputs))}
	for i, n := range p.inputs {
		s.in[i] = make([]float64, n.Shape.Size())
	}
	for _, o := range p.outputs {
		p.g.gorg(o)
	}
	building.Lock()
	defer building.Unlock()
	var roots gorgonia.Nodes
	for i, o := range p.outputs {
		s.out[i] = make([]float64, o.Shape.Size())
		if o.IsConst() || o.IsInput() {
			continue
		}
		// Values of inner nodes are overwritten as registers are reused: Read copies them out.
		roots = append(roots, gorgonia.Read(o.gn, &s.read[i]))
	}
	for _, c := range p.consts {
		if c.gn != nil {
			if err := gorgonia.Let(c.gn, gorgValue(c.Shape, c.Const)); err != nil {
				return nil, fmt.Errorf("tape: binding a constant: %w", err)
			}
		}
	}
	if len(roots) > 0 {
		s.vm = gorgonia.NewTapeMachine(p.g.eg.SubgraphRoots(roots...))
		runtime.SetFinalizer(s, func(s *tapeState) { s.vm.Close() })
	}
	return s, nil
}

type tapeState struct {
	p    *TapeProgram
	vm   gorgonia.VM
	in   [][]float64
	out  [][]float64
	read []gorgonia.Value
}

func (s *tapeState) Input(i int) []float64  { return s.in[i] }
func (s *tapeState) Output(i int) []float64 { return s.out[i] }

// Run binds the inputs, runs the machine and copies the outputs.
func (s *tapeState) Run() (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("tape: %v", r)
		}
	}()
	for i, n := range s.p.inputs {
		if err := gorgonia.Let(n.gn, gorgValue(n.Shape, append([]float64(nil), s.in[i]...))); err != nil {
			return fmt.Errorf("tape: binding %s: %w", n.Name, err)
		}
	}
	if s.vm != nil {
		s.vm.Reset()
		if err := s.vm.RunAll(); err != nil {
			return fmt.Errorf("tape: %w", err)
		}
	}
	for i, o := range s.p.outputs {
		switch {
		case o.IsConst():
			copy(s.out[i], o.Const)
		case o.IsInput():
			for k, n := range s.p.inputs {
				if n == o {
					copy(s.out[i], s.in[k])
				}
			}
		default:
			copy(s.out[i], gorgData(s.read[i]))
		}
	}
	return nil
}

package scan

import (
	"fmt"
	"math"

	"ppl/graph"
)

// Steps chooses the steps of an integration of dy/dt = f(t, y, p) over T
// intervals, each in at most M steps, by the error that a pair of Runge-Kutta
// formulas estimates (Hairer, Nørsett & Wanner 1993, "Solving Ordinary
// Differential Equations I", II.4). The steps that it gives are then taken by a
// Scan, which is differentiated with the steps held fixed: the derivatives are
// those of the numerical solution.
//
// The body is one trial step: the carry is the state y, [Lead?, Cells·n], slice
// 0 the length h of the step and slice 1 the time t before it, [Lead?, ...]
// with Cells elements for each particle; its output is the state after the
// step, and for each cell the error in units of the tolerance.
//
// The operands are the state at the first time and what is fixed. The result
// is [Lead?, T·M, 2·Cells]: for each step, h and then t of each cell. An interval
// that needs fewer than M steps begins with steps of length 0. Where M steps are
// not enough for the tolerance the rest of the interval is cut evenly: the
// solution is then less exact, or not finite.
type Steps struct {
	*Body
	Cells, T, M int
	// Times are, for each cell, the initial time and the T others, increasing.
	Times []float64
}

// Work is the number of elements that all steps work through.
func (s Steps) Work() float64 { return float64(s.T*s.M) * s.work() }

// NewSteps applies a choice of steps.
func NewSteps(g *graph.Graph, s Steps, operands ...*graph.Node) *graph.Node {
	s.freeze()
	return g.Apply(s, operands...)
}

// PiecewiseConstant implements graph.PiecewiseConstant.
func (s Steps) PiecewiseConstant() {}

// Key implements graph.Op.
func (s Steps) Key() string {
	return fmt.Sprintf("steps, %d in each of %d intervals of %d cells %v, body %s", s.M, s.T, s.Cells, s.Times, s.key)
}

// Infer implements graph.Op.
func (s Steps) Infer(in []graph.Shape) (graph.Shape, error) {
	if len(in) != 1+len(s.Fixed) || len(s.Times) != s.Cells*(s.T+1) {
		return nil, fmt.Errorf("needs %d operands", 1+len(s.Fixed))
	}
	for k := range in {
		if want := s.Input(k).Shape; !in[k].Equal(want) {
			return nil, fmt.Errorf("operand %d has shape %v where %v is expected", k, in[k], want)
		}
	}
	return s.lead(s.T*s.M, 2*s.Cells), nil
}

// Input is the input of the body that operand k feeds.
func (s Steps) Input(k int) *graph.Node {
	if k == 0 {
		return s.Carry
	}
	return s.Fixed[k-1]
}

// Diff implements graph.Op.
func (s Steps) Diff(*graph.Graph, []*graph.Node, *graph.Node, graph.Term, []bool) []graph.Term {
	return make([]graph.Term, 1+len(s.Fixed))
}

// Eval implements graph.Op.
func (s Steps) Eval(out []float64, in [][]float64) {
	m, ok := s.pool.Get().(*steps)
	if !ok {
		m = s.newSteps()
	}
	defer s.pool.Put(m)
	for k, n := range s.Fixed {
		m.value[n.ID] = in[1+k]
	}
	y := m.value[s.Carry.ID]
	copy(y, in[0])
	i := Integration{Steps: s, Particles: max(1, s.Lead), Y: y, H: m.value[s.Slices[0].ID], At: m.value[s.Slices[1].ID], Out: m.value[s.Out.ID], Into: out,
		Step: func() { s.eval(m) }}
	i.Run()
	for _, n := range s.Fixed {
		m.value[n.ID] = nil
	}
}

// Integration is a run of Steps over arrays in one of two layouts: one particle
// after the other, or, with rows of Width numbers, one element after the other.
type Integration struct {
	Steps
	Particles, Width int
	// Y, H, At and Out are the inputs of the body and its output; Into is the
	// result, and Step runs the body.
	Y, H, At, Out, Into []float64
	Step                func()

	lanes []lane
}

// lane is the state of one cell of one particle.
type lane struct {
	now, target, next float64 // times, and the length to try next
	h, at             []float64
	taken             int
	trying            float64
	forced            bool
}

// index of an element of an array with so many for each particle.
func (g *Integration) index(element, particle, size int) int {
	if g.Width > 0 {
		return element*g.Width + particle
	}
	return particle*size + element
}

// Run fills Into.
func (g *Integration) Run() {
	if g.lanes == nil {
		g.lanes = make([]lane, g.Cells*g.Particles)
		both := make([]float64, 2*g.M*len(g.lanes))
		for k := range g.lanes {
			l := &g.lanes[k]
			l.h, l.at, both = both[:g.M], both[g.M:2*g.M], both[2*g.M:]
		}
	}
	clear(g.Into)
	clear(g.H)
	for i := range g.T {
		for r := range g.Cells {
			times := g.Times[r*(g.T+1):]
			for p := range g.Particles {
				l := &g.lanes[r*g.Particles+p]
				if i == 0 {
					l.now, l.next = times[0], (times[1]-times[0])/10
				}
				l.target, l.taken = times[i+1], 0
			}
		}
		for trial := 0; g.try(trial); trial++ {
			g.Step()
			g.decide()
		}
		g.record(i)
	}
}

// try sets the next step of every lane that has not come to the end of the
// interval; false if all have.
func (g *Integration) try(trial int) bool {
	open := false
	for r := range g.Cells {
		for p := range g.Particles {
			l := &g.lanes[r*g.Particles+p]
			l.trying = 0
			if rest := l.target - l.now; rest > 0 {
				open = true
				least := rest / float64(g.M-l.taken)
				l.trying, l.forced = min(l.next, rest), false
				if !(l.trying > least) || trial > 4*g.M {
					l.trying, l.forced = min(max(least, l.trying), rest), true
				}
				if g.M-l.taken == 1 {
					l.trying = rest
				}
			}
			at := g.index(r, p, g.Cells)
			g.H[at], g.At[at] = l.trying, l.now
		}
	}
	return open
}

// decide takes the steps whose error is within the tolerance.
func (g *Integration) decide() {
	n := len(g.Y) / g.Cells / max(g.Particles, g.Width)
	size := g.Cells * (n + 1)
	for r := range g.Cells {
		for p := range g.Particles {
			l := &g.lanes[r*g.Particles+p]
			if l.trying == 0 {
				continue
			}
			e := g.Out[g.index(g.Cells*n+r, p, size)]
			factor := 0.2
			if e <= 1e10 { // false for NaN
				factor = min(5, max(0.2, 0.9*math.Pow(e, -0.2)))
			}
			if e <= 1 || l.forced {
				for i := r * n; i < (r+1)*n; i++ {
					g.Y[g.index(i, p, g.Cells*n)] = g.Out[g.index(i, p, size)]
				}
				l.h[l.taken], l.at[l.taken] = l.trying, l.now
				l.taken++
				cut := l.trying < l.next
				if l.trying >= l.target-l.now {
					l.now = l.target
				} else {
					l.now += l.trying
				}
				if next := l.trying * factor; !cut || next > l.next || factor < 1 {
					l.next = next
				}
				continue
			}
			l.next = l.trying * factor
		}
	}
}

// record writes the steps of interval i, the last ones last.
func (g *Integration) record(i int) {
	size := g.T * g.M * 2 * g.Cells
	for r := range g.Cells {
		for p := range g.Particles {
			l := &g.lanes[r*g.Particles+p]
			for k := range l.taken {
				step := (i+1)*g.M - l.taken + k
				g.Into[g.index(step*2*g.Cells+r, p, size)] = l.h[k]
				g.Into[g.index(step*2*g.Cells+g.Cells+r, p, size)] = l.at[k]
			}
		}
	}
}

var _ graph.Op = Steps{}

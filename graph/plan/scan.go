package plan

import (
	"fmt"
	"slices"
	"strings"

	"ppl/graph/scan"
)

// A scan in rows: its body is a program of its own, whose memory belongs to the
// state, and each step is a run of it. What the body reads of the operands is
// a block of neighbouring rows for each step, and so is what it gives.

// fed is an input of the body: n numbers for each step, those of the step t at
// t·stride of the operand.
type fed struct {
	to, from  []float64
	n, stride int
}

// bindBody makes the memory of the body; nil where it lays its particles out in
// another way.
func (s *rowState) bindBody(g *generic) *rowState {
	body := g.body
	out := body.out[0]
	if body.s != s.pr.s || body.p != s.pr.p || out.batch != g.out.batch || out.data != nil {
		return nil
	}
	st, err := body.NewState()
	if err != nil {
		return nil
	}
	return st.(*rowState)
}

// step runs the body once.
func (s *rowState) step() {
	for _, x := range s.steps {
		x.run(s)
	}
}

// bindScan is nil where the body lays its particles out in another way.
func (s *rowState) bindScan(g *generic, o scan.Scan) native {
	inner := s.bindBody(g)
	if inner == nil {
		return nil
	}
	var carry fed
	var sliced, fixed, idle []fed
	for i, n := range g.body.inputs {
		k := 0
		for k < len(g.in) && o.Input(k) != n {
			k++
		}
		if k == len(g.in) || g.in[k].batch != g.body.in[i].batch {
			return nil
		}
		to := inner.array(g.body.in[i])
		f := fed{to: to, from: s.array(g.in[k]), n: len(to)}
		switch {
		case k == 0:
			carry = f
		case o.Sliced(k):
			f.stride = f.n
			sliced = append(sliced, f)
			if slices.Contains(o.Idle, k-1) {
				idle = append(idle, f)
			}
		default:
			fixed = append(fixed, f)
		}
	}
	result, into := inner.array(g.body.out[0]), s.array(g.out)
	size := len(result)
	skips := len(idle) > 0 && len(idle) == len(o.Idle) && len(carry.to) > 0
	return func(*rowState) {
		for _, f := range fixed {
			copy(f.to, f.from[:f.n])
		}
		copy(carry.to, carry.from)
		for i := range o.T {
			t := o.Step(i)
			if skips && rest(idle, t) {
				to := into[t*size : (t+1)*size]
				clear(to[copy(to, carry.to):])
				continue
			}
			for _, f := range sliced {
				copy(f.to, f.from[t*f.stride:t*f.stride+f.n])
			}
			inner.step()
			copy(into[t*size:(t+1)*size], result)
			copy(carry.to, result)
		}
	}
}

// bindSteps is nil where the body lays its particles out in another way, or
// does not read all of its inputs.
func (s *rowState) bindSteps(g *generic, o scan.Steps) native {
	inner := s.bindBody(g)
	if inner == nil {
		return nil
	}
	run := scan.Integration{Steps: o, Particles: s.pr.s, Width: s.pr.p, Out: inner.array(g.body.out[0]), Into: s.array(g.out), Step: inner.step}
	var fixed []fed
	for i, n := range g.body.inputs {
		to := inner.array(g.body.in[i])
		switch n {
		case o.Carry:
			run.Y = to
		case o.Slices[0]:
			run.H = to
		case o.Slices[1]:
			run.At = to
		default:
			k := 0
			for k < len(g.in) && o.Input(k) != n {
				k++
			}
			if k == len(g.in) || g.in[k].batch != g.body.in[i].batch {
				return nil
			}
			fixed = append(fixed, fed{to: to, from: s.array(g.in[k]), n: len(to)})
		}
	}
	if run.Y == nil || run.H == nil {
		return nil
	}
	if run.At == nil { // the equation does not depend on time
		run.At = make([]float64, len(run.H))
	}
	start := s.array(g.in[0])
	return func(*rowState) {
		for _, f := range fixed {
			copy(f.to, f.from[:f.n])
		}
		copy(run.Y, start)
		run.Run()
	}
}

// rest reports whether step t is not to be run.
func rest(idle []fed, t int) bool {
	for _, f := range idle {
		if !allZero(f.from[t*f.stride : t*f.stride+f.n]) {
			return false
		}
	}
	return true
}

func allZero(x []float64) bool {
	for _, v := range x {
		if v != 0 {
			return false
		}
	}
	return true
}

// describeBody lists the steps of a scan's body.
func (g *generic) describeBody() string {
	var b strings.Builder
	for i, s := range g.body.steps {
		fmt.Fprintf(&b, "\n    %d  %s", i, strings.ReplaceAll(s.describe(), "\n", "\n    "))
	}
	return b.String()
}

package plan

import (
	"fmt"
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

// bindScan is nil where the body lays its particles out in another way.
func (s *rowState) bindScan(g *generic, o scan.Scan) native {
	body := g.body
	out := body.out[0]
	if body.s != s.pr.s || body.p != s.pr.p || out.batch != g.out.batch || out.data != nil {
		return nil
	}
	st, err := body.NewState()
	if err != nil {
		return nil
	}
	inner := st.(*rowState)
	width := func(v *value) int {
		if v.batch {
			return body.p
		}
		return 1
	}
	var carry fed
	var slices, fixed []fed
	for i, n := range body.inputs {
		v := body.in[i]
		k := 0
		for k < len(g.in) && o.Input(k) != n {
			k++
		}
		if k == len(g.in) || g.in[k].batch != v.batch {
			return nil
		}
		size := v.rows.Size() * width(v)
		f := fed{to: inner.array(v), from: s.array(g.in[k]), n: size}
		switch {
		case k == 0:
			carry = f
		case o.Sliced(k):
			f.stride = size
			slices = append(slices, f)
		default:
			fixed = append(fixed, f)
		}
	}
	result, into := inner.array(out), s.array(g.out)
	size := len(result)
	return func(*rowState) {
		for _, f := range fixed {
			copy(f.to, f.from[:f.n])
		}
		copy(carry.to, carry.from)
		for i := range o.T {
			t := o.Step(i)
			for _, f := range slices {
				copy(f.to, f.from[t*f.stride:t*f.stride+f.n])
			}
			for _, x := range inner.steps {
				x.run(inner)
			}
			copy(into[t*size:(t+1)*size], result)
			copy(carry.to, result)
		}
	}
}

// describeBody lists the steps of a scan's body.
func (g *generic) describeBody() string {
	var b strings.Builder
	for i, s := range g.body.steps {
		fmt.Fprintf(&b, "\n    %d  %s", i, strings.ReplaceAll(s.describe(), "\n", "\n    "))
	}
	return b.String()
}

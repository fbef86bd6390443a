package enum

import (
	"ppl/graph/named"
	"ppl/graph/op"
)

// A site that each table refers to once is summed out in its plates.

// gathered is a table with its place in the plates of a site.
type gathered struct {
	t        *Table
	ref      *Ref
	cells    cells
	from, to []*named.Axis // axes of the other references, and those they take
}

// plated finds out whether the rule applies to s, and its cost.
func (e *elim) plated(s *Site) *choice {
	m := &merged{axis: e.axis}
	var gs []gathered
	for _, t := range e.mentioning(s) {
		refs := t.to(s)
		if len(refs) != 1 {
			return nil
		}
		r := refs[0]
		g := gathered{t: t, ref: r, cells: cells{r.Over, r.Index, s.Axes}}
		for _, o := range t.Refs {
			if o == r {
				continue
			}
			x, ok := o.follow(g.cells)
			if !ok {
				return nil
			}
			g.from, g.to = append(g.from, o.Axis), append(g.to, m.join(x).Axis)
		}
		if clash(g.to) {
			return nil
		}
		gs = append(gs, g)
	}
	cost := float64(s.Shape.Size()*s.K) * m.states()
	return &choice{cost, func() { e.sumOut(s, gs, m, int(cost)) }}
}

// clash reports two references of one table that would share an axis.
func clash(axes []*named.Axis) bool {
	for i, a := range axes {
		if contains(axes[:i], a) {
			return true
		}
	}
	return false
}

func (e *elim) sumOut(s *Site, gs []gathered, m *merged, size int) {
	e.take(s)
	e.enumerate(s)
	total := e.b.Scalar(0)
	for _, g := range gs {
		from, to := append(g.from, g.ref.Axis), append(g.to, s.e)
		for _, x := range e.carry(g.t, g.cells) {
			total = e.b.Add(total, e.rename(x, from, to))
		}
	}
	x := e.b.ReduceAxis(e.reduction(), e.b.With(total, s.e), s.e)
	e.add(&Table{Terms: []named.Value{x}, Plates: s.Axes, Refs: m.finish()})
	how := "summed out"
	if s.origin != nil {
		how = summedOut(s, s.K*int(m.states()))
	}
	e.steps = append(e.steps, Step{How: how, Sites: []*Site{s}, Size: size, along: -1})
}

func (e *elim) reduction() op.ReduceKind {
	if e.max {
		return op.MaxOf
	}
	return op.LogSumExp
}

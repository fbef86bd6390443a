package lower

import (
	"slices"

	"ppl/graph"
	"ppl/graph/named"
	"ppl/lang"
	"ppl/lang/ast"
)

// A recurrence of which a prediction knows the first steps begins after these:
// h[1..1000] are known, and h[1001..1012] are drawn in twelve iterations. What is known is then
// one piece of the array.

// beginning is what is known at the start of a loop of what one statement draws.
type beginning struct {
	steps int             // iterations of which all is known
	keep  func(steps int) // defines that part
}

// resume defines what is known of the first iterations of a recurrence, and says how
// many there are; none if a let has to be computed in each.
func (l *lowerer) resume(s *ast.For, units []*unit) int {
	if l.sim == nil || len(l.sim.known) == 0 || l.sim.audit != nil || len(s.Binders) != 1 {
		return 0
	}
	axis := l.axisOf(s.Binders[0])
	if axis == nil {
		return 0
	}
	var all []beginning
	for _, u := range units {
		x, is := u.stmt.(*ast.Sample)
		if let, local := u.stmt.(*ast.Let); local && len(let.Index) == 0 {
			continue // is read in its own iteration alone
		}
		if !is {
			return 0
		}
		b := beginning{}
		if !l.quietly(func() { l.left(x.Index, func(idx []named.Value) { b = l.known(x, axis, idx) }) }) {
			return 0
		}
		all = append(all, b)
	}
	steps := axis.Size
	for _, b := range all {
		steps = min(steps, b.steps)
	}
	for _, b := range all {
		if steps > 0 && b.keep != nil {
			b.keep(steps)
		}
	}
	if len(all) == 0 {
		return 0
	}
	return steps
}

// skip leaves out the first iterations of a loop.
func (l *lowerer) skip(b *ast.Binder, steps int) {
	if l.skipped == nil {
		l.skipped = map[*ast.Binder]int{}
	}
	l.skipped[b] = steps
}

// axisOf is the axis of an index in a plate, nil if it is not one of its own.
func (l *lowerer) axisOf(b *ast.Binder) *named.Axis {
	v := l.lookup(b.Name.Name).Value
	if len(v.Axes()) != 1 || !stepOne(v.Const()) || l.raggedAxis(v.Axes()[0]) {
		return nil
	}
	return v.Axes()[0]
}

// known finds how many of the first iterations of an axis draw nothing.
func (l *lowerer) known(s *ast.Sample, axis *named.Axis, idx []named.Value) beginning {
	info := l.m.Samples[s]
	switch {
	case info == nil || info.Dist == nil || l.sim.known[s.Name.Name] == nil:
		return beginning{}
	case info.Kind == lang.Observe && !l.meansAsked():
		st := l.storeNamed(s, s.Name.Name)
		pos := l.positions(st.shape, l.observedArgs(s, idx, st.shape))
		at := slices.Index(pos.Axes(), axis)
		if at < 0 || st.known == nil {
			return beginning{}
		}
		h := st.heldAt(pos.Const())
		return beginning{steps: h.steps(pos.N.Shape, at)}
	case info.Kind != lang.Latent:
		return beginning{}
	}
	rest := l.shape(s, info.Shape)
	x := l.box(s, idx, rest)
	h := l.heldIn(s, s.Name.Name, &x)
	at := slices.Index(x.axes, axis)
	if at < 0 || h == nil {
		return beginning{}
	}
	return beginning{steps: h.steps(x.inner, at), keep: func(steps int) {
		a := l.arrayNamed(info.Symbol.Name, spanned{info.Symbol.Span})
		a.elem = info.Symbol.Type.Elem
		inner := append(graph.Shape{}, x.inner...)
		inner[at] = steps
		dims := slices.Clone(x.dims)
		for i, d := range dims {
			if d.along == at && d.list != nil {
				dims[i].list = d.list[:steps]
			}
		}
		stride, values := x.inner.Strides()[at], make([]float64, 0, inner.Size())
		for i, v := range h.values {
			if i/stride%x.inner[at] < steps {
				values = append(values, v)
			}
		}
		l.define(a, s, piece{value: l.b.Array(inner, values), dims: dims, by: s})
	}}
}

// steps counts the first indices along a dimension of which all is held.
func (h *held) steps(shape graph.Shape, at int) int {
	stride, n := shape.Strides()[at], shape[at]
	for i, f := range h.fixed {
		if !f {
			n = min(n, i/stride%shape[at])
		}
	}
	return n
}

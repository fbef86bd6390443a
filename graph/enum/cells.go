package enum

import (
	"ppl/graph"
	"ppl/graph/named"
	"ppl/graph/op"
)

// cells maps the iterations of some plates of a table to those of other axes.
type cells struct {
	over  []*named.Axis // of the table
	index []int         // of the target, row-major, for each iteration
	axes  []*named.Axis // the target
}

// at is the element that a reference is of in each iteration of over, which
// holds its own axes.
func (r *Ref) at(over []*named.Axis) []int {
	size := sizes(over)
	step := make([]int, len(over))
	for i, st := range sizes(r.Over).Strides() {
		for k, a := range over {
			if a == r.Over[i] {
				step[k] = st
			}
		}
	}
	out := make([]int, size.Size())
	graph.Walk(size, step, nil, 0, func(i, p, _ int) { out[i] = r.Index[p] })
	return out
}

// At is the element that the reference is of in each iteration of over, row-major, which
// holds its own axes.
func (r *Ref) At(over []*named.Axis) []int { return r.at(over) }

// identity finds, where the cells are a renaming of axes, the target of each.
func (c cells) identity() ([]*named.Axis, bool) {
	if len(c.over) != len(c.axes) {
		return nil, false
	}
	size := sizes(c.over)
	st, to := size.Strides(), sizes(c.axes).Strides()
	step := make([]int, len(c.over))
	out := make([]*named.Axis, len(c.over))
	used := make([]bool, len(c.axes))
	for d, a := range c.over {
		if a.Size > 1 {
			step[d] = c.index[st[d]] - c.index[0]
		}
		for k, x := range c.axes {
			if !used[k] && out[d] == nil && x.Size == a.Size && (a.Size == 1 || step[d] == to[k]) {
				out[d], used[k] = x, true
			}
		}
		if out[d] == nil {
			return nil, false
		}
	}
	same := true
	graph.Walk(size, step, nil, 0, func(i, p, _ int) { same = same && c.index[i] == p })
	return out, same
}

// carry brings the terms of a table to the target: further plates are summed,
// and iterations of the same target are added up.
func (e *elim) carry(t *Table, c cells) []named.Value {
	names, same := c.identity()
	var out []named.Value
	for _, x := range t.Terms {
		x = e.b.SumAxes(x, without(t.Plates, c.over)...)
		if same {
			out = append(out, e.rename(x, c.over, names))
		} else {
			out = append(out, e.scatter(x, c))
		}
	}
	return out
}

// rename renames several axes at once: names may be exchanged.
func (e *elim) rename(x named.Value, from, to []*named.Axis) named.Value {
	var have, want []*named.Axis
	for i, a := range from {
		if x.Has(a) && a != to[i] {
			have, want = append(have, a), append(want, to[i])
		}
	}
	if len(have) == 0 {
		return x
	}
	return e.b.Open(e.b.Close(x, have...), want...)
}

// scatter adds up the iterations that belong to the same target.
func (e *elim) scatter(x named.Value, c cells) named.Value {
	some := false
	for _, a := range c.over {
		some = some || x.Has(a)
	}
	if !some { // the same in each: it counts as often as there are iterations
		n := make([]float64, sizes(c.axes).Size())
		for _, i := range c.index {
			n[i]++
		}
		count := e.b.Wrap(e.b.G.Constant(sizes(c.axes), n), c.axes...)
		return e.b.Apply(op.MulZ, count, x)
	}
	x = e.b.With(x, c.over...)
	var rest []*named.Axis
	for _, a := range x.Axes() {
		if !contains(c.over, a) {
			rest = append(rest, a)
		}
	}
	axes := union(rest, c.axes)
	shape := sizes(axes)
	st := shape.Strides()
	// The position in the result of each target, and through it of each iteration.
	step := make([]int, len(c.axes))
	for i, a := range axes {
		for k, y := range c.axes {
			if a == y {
				step[k] = st[i]
			}
		}
	}
	place := make([]float64, sizes(c.axes).Size())
	graph.Walk(sizes(c.axes), step, nil, 0, func(i, p, _ int) { place[i] = float64(p) })
	off := make([]float64, len(c.index))
	for i, k := range c.index {
		off[i] = place[k]
	}
	inner := sizes(c.over).Strides()
	p := op.Part{Shape: x.N.Shape, Strides: make([]int, len(x.Axes())), OffStrides: make([]int, len(x.Axes()))}
	for d, a := range x.Axes() {
		if k := indexOf(c.over, a); k >= 0 {
			p.OffStrides[d] = inner[k]
			continue
		}
		p.Strides[d] = st[indexOf(axes, a)]
	}
	n := op.NewScatter(e.b.G, shape, []op.Part{p}, x.N, e.b.G.Constant(graph.Shape{len(off)}, off))
	return e.b.Wrap(n, axes...)
}

func indexOf(axes []*named.Axis, a *named.Axis) int {
	for i, x := range axes {
		if x == a {
			return i
		}
	}
	return -1
}

// unset marks an iteration of the target that nothing is known of.
const unset = -1

// follow expresses a reference of a table over the target: false if it is not
// a function of it.
func (r *Ref) follow(c cells) (*Ref, bool) {
	if len(without(r.Over, c.over)) > 0 {
		return nil, false
	}
	out := &Ref{Site: r.Site, Axis: r.Axis, Over: c.axes, Index: make([]int, sizes(c.axes).Size())}
	for i := range out.Index {
		out.Index[i] = unset
	}
	for i, k := range r.at(c.over) {
		to := c.index[i]
		if out.Index[to] != unset && out.Index[to] != k {
			return nil, false
		}
		out.Index[to] = k
	}
	return out, true
}

// merged is the set of references that a sum of tables has over one target.
// References to the same elements share an axis.
type merged struct {
	refs []*Ref
	axis func(name string, size int, class named.Class) *named.Axis
}

// join adds a reference and returns the one whose axis it takes.
func (m *merged) join(r *Ref) *Ref {
	for _, x := range m.refs {
		if x.Site != r.Site {
			continue
		}
		fits := true
		for i, k := range r.Index {
			fits = fits && (k == unset || x.Index[i] == unset || k == x.Index[i])
		}
		if !fits {
			continue
		}
		for i, k := range r.Index {
			if k != unset {
				x.Index[i] = k
			}
		}
		return x
	}
	own := &Ref{Site: r.Site, Axis: r.Axis, Over: r.Over, Index: append([]int(nil), r.Index...)}
	for _, x := range m.refs { // one table's axis may be of another element in the next
		if x.Axis == own.Axis {
			own.Axis = m.axis(r.Site.Name, r.Site.K, named.Enumerated)
		}
	}
	m.refs = append(m.refs, own)
	return own
}

// finish settles what is still open: the table is constant in the site there,
// so any element will do.
func (m *merged) finish() []*Ref {
	for _, r := range m.refs {
		for i, k := range r.Index {
			if k == unset {
				r.Index[i] = 0
			}
		}
	}
	return m.refs
}

// states is the number of joint values of the references.
func (m *merged) states() float64 {
	n := 1.0
	for _, r := range m.refs {
		n *= float64(r.Site.K)
	}
	return n
}

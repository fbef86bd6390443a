package lower

import (
	"fmt"

	"ppl/graph"
	"ppl/graph/named"
	"ppl/graph/scan"
	"ppl/lang/ast"
)

// What enters the body of a recurrence from outside.

// tainted reports whether an expression depends on what the body defines.
func (l *lowerer) tainted(e ast.Expr) bool {
	found := false
	ast.Inspect(e, func(n ast.Node) bool {
		if x, ok := n.(*ast.Name); ok && !found {
			b := l.find(x.Name)
			found = b != nil && l.inner(b)
		}
		return !found
	})
	return found
}

func (l *lowerer) inner(b *binding) bool {
	if b.array != nil {
		if l.stateArray(b.array) != nil {
			return true
		}
		for _, p := range b.array.pieces {
			if l.isInner(p.value) {
				return true
			}
		}
		return false
	}
	return b.value.Valid() && l.isInner(b.value.Value)
}

// isInner reports whether a value is known in the body only.
func (l *lowerer) isInner(v named.Value) bool {
	return !v.IsConst() && v.N.Graph() == l.scanning.inner.G
}

// fromOutside interprets an expression for all iterations at once.
func (l *lowerer) fromOutside(e ast.Expr) (v val) {
	l.outsideBody(func() { v = l.table(e) })
	return val{l.in(e, v.Value), v.elem}
}

// in brings a value into the graph that is being built.
func (l *lowerer) in(at ast.Node, v named.Value) named.Value {
	if v.N.Graph() == l.b.G || l.sequence != nil {
		return v
	}
	if !l.inBody() {
		if !v.IsConst() {
			panic("lower: a value of one iteration is read outside of it")
		}
		return l.b.Wrap(l.b.G.ConstantOf(v.N, v.Const()), v.Axes()...)
	}
	q := l.scanning
	if known, ok := q.imported[v.N]; ok && sameAxes(known, v, q.axis) {
		return known
	}
	if v.N.Graph() != q.outer.G && !v.IsConst() { // of a scan further out
		l.outsideBody(func() { v = l.in(at, v) })
	}
	if enumerated(v) {
		l.fail("not-supported-here", at, "a recurrence of `let` that depends on a discrete latent is not supported yet")
	}
	if v.IsConst() && !v.Has(q.axis) && !v.N.Refilled() {
		return l.b.Wrap(l.b.G.ConstantOf(v.N, v.Const()), v.Axes()...)
	}
	known := q.operand(l, v)
	q.imported[v.N] = known
	return known
}

func sameAxes(known, v named.Value, t *named.Axis) bool {
	rest := without(v.Axes(), []*named.Axis{t})
	if len(rest) != len(known.Axes()) {
		return false
	}
	for i, a := range rest {
		if known.Axes()[i] != a {
			return false
		}
	}
	return true
}

// operand makes an input of the body for a value.
func (q *scanning) operand(l *lowerer, v named.Value) named.Value {
	o := entering{slice: v.Has(q.axis)}
	if v.N.Graph() != q.outer.G {
		v = q.outer.Wrap(q.outer.G.ConstantOf(v.N, v.Const()), v.Axes()...)
	}
	var lead, rest []*named.Axis
	for _, a := range v.Axes() {
		switch {
		case a == q.axis:
		case a.Class == named.Particle:
			lead = append(lead, a)
		default:
			rest = append(rest, a)
		}
	}
	o.batch = len(lead) > 0
	closing := rest
	if o.slice {
		closing = append([]*named.Axis{q.axis}, rest...)
	}
	o.value = q.outer.Close(v, closing...).N
	o.tail = append(sizesOf(rest), v.Shape()...)
	if o.tail.Size() == 0 {
		return q.inner.Wrap(q.inner.G.Constant(append(sizesOf(lead), o.tail...), []float64{}), append(lead, rest...)...)
	}
	o.input = q.input(fmt.Sprint("operand ", len(q.operands)), append(sizesOf(lead), o.tail...), o.batch)
	q.operands = append(q.operands, o)
	return q.inner.Wrap(o.input, append(lead, rest...)...)
}

// particles is their number, 0 if there is no axis of particles.
func (q *scanning) particles() int {
	if len(q.axes) > 0 && q.axes[0].Class == named.Particle {
		return q.axes[0].Size
	}
	return 0
}

// tail is the shape that a slice has in the carry for each particle.
func (q *scanning) tail(st *state) graph.Shape {
	axes := q.axes
	if q.particles() > 0 {
		axes = axes[1:]
	}
	return append(sizesOf(axes), st.shape...)
}

func (q *scanning) input(name string, shape graph.Shape, batch bool) *graph.Node {
	if batch {
		return q.inner.G.BatchInput(name, shape)
	}
	return q.inner.G.Input(name, shape)
}

// register is the slice of an array that was defined k ≥ 1 iterations before.
func (l *lowerer) register(st *state, k int) named.Value {
	q := l.scanning
	for len(st.registers) < k {
		shape := append(sizesOf(q.axes), st.shape...)
		if shape.Size() == 0 {
			st.registers = append(st.registers, q.inner.Wrap(q.inner.G.Constant(shape, []float64{}), q.axes...))
			continue
		}
		n := q.input(fmt.Sprintf("%s, %d before", st.name, len(st.registers)+1), shape, q.particles() > 0)
		st.registers = append(st.registers, q.inner.Wrap(n, q.axes...))
	}
	return st.registers[k-1]
}

// feed makes the inputs of a body for what enters it, and returns the operands
// in their order.
func (q *scanning) feed(body *scan.Body, copies map[*graph.Node]*graph.Node, needed map[int]bool) []*graph.Node {
	var slices, fixed []*graph.Node
	for _, o := range q.operands {
		switch {
		case !needed[o.input.ID]:
		case o.slice:
			copies[o.input] = body.Slice(o.tail, o.batch)
			slices = append(slices, o.value)
		default:
			copies[o.input] = body.Fix(o.tail, o.batch)
			fixed = append(fixed, o.value)
		}
	}
	return append(slices, fixed...)
}

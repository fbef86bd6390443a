package lower

import (
	"ppl/graph"
	"ppl/graph/named"
	"ppl/lang/ast"
)

// Recurrences of lets over latents:
//
//	for t in 2..T { let e[t] = y[t] - mu - theta * e[t-1] }
//
// become one op, a scan (package scan), whose body is one iteration in a graph
// of its own. The body is interpreted once. An expression that does not depend
// on what the recurrence defines is interpreted outside, for all iterations at
// once, and enters the body as a slice of its value over the loop; what has no
// loop axis enters as it is. An element that an earlier iteration has defined,
// e[t-k], is read from the carry, which holds the last K slices of each array;
// one of the same iteration from what the body has defined so far.
//
// So in the body no value has the loop's axis; all other axes, those of plates
// inside and around and of the particle, are as they are elsewhere.
type scanning struct {
	around *scanning // that this one is inside of
	outer  *named.Builder
	inner  *named.Builder
	axis   *named.Axis
	index  named.Value // the loop's index, over the axis
	// axes are those of the carry: of plates that the arrays have no index for,
	// and of the particle.
	axes   []*named.Axis
	states []*state
	// imported are values of the outer graph in the inner one; operands are those
	// that are inputs there.
	imported map[*graph.Node]named.Value
	operands []entering
}

// entering is a value that enters the body, with its input there.
type entering struct {
	input, value *graph.Node
	batch, slice bool
	tail         graph.Shape
}

// state is an array that a recurrence defines.
type state struct {
	*array
	dim   int         // along which iterations lie
	shift int         // iteration t defines element t + shift
	shape graph.Shape // of a slice: what one iteration defines
	// registers hold the slices that were defined 1, 2, ... iterations before.
	registers []named.Value
	now       *array // the slice of this iteration, in pieces
}

// dependsOnLatents reports whether some let of a circle reads a value that is
// not known from data. Whether lets in a plate within the loop do only running
// them tells: not all of them need be part of the circle.
func (l *lowerer) dependsOnLatents(g group) bool {
	for _, u := range g.units {
		if _, let := u.stmt.(*ast.Let); !let {
			return false
		}
	}
	for _, u := range g.units {
		for _, r := range u.reads {
			if b := l.find(r.name); b != nil && (b.random() || b.array != nil && l.stateArray(b.array) != nil) {
				return true
			}
		}
	}
	return false
}

func (b *binding) random() bool {
	switch {
	case b.site != nil, b.gaps != nil:
		return true
	case b.array != nil:
		for _, p := range b.array.pieces {
			if !p.value.IsConst() || enumerated(p.value) {
				return true
			}
		}
		return b.array.dense.Valid() && !b.array.dense.IsConst()
	}
	return b.value.Valid() && (!b.value.IsConst() || enumerated(b.value.Value))
}

// scan runs the lets of a circle that depends on latents.
func (l *lowerer) scan(s *ast.For, g group) (done []ast.Stmt) {
	q := &scanning{around: l.scanning, outer: l.b}
	b := l.loopBinder(s, g)
	q.index = l.lookup(b.Name.Name).Value
	if axes := q.index.Axes(); len(axes) != 1 || l.raggedAxis(axes[0]) || len(l.ragged) > 0 {
		l.fail("not-supported-here", s, "a recurrence over latents whose range differs between the iterations around it is not supported yet")
	}
	q.axis = q.index.Axes()[0]
	lets := l.indexedLets(g)
	for _, x := range lets {
		l.stateOf(q, s, b, x)
	}
	done = make([]ast.Stmt, len(lets))
	for i, x := range lets {
		done[i] = x
	}
	for q.axis.Size > 0 && !l.body(q, s, g) {
	}
	l.finishScan(q)
	for _, x := range done {
		l.done[x] = true
	}
	return done
}

// body interprets one iteration. It reports false if the slices turned out to
// have axes that the registers lack: plates around a function that the loop
// stands in, and the particle. They have them the next time.
func (l *lowerer) body(q *scanning, s *ast.For, g group) (settled bool) {
	q.inner, q.imported, q.operands = l.newBuilder(), map[*graph.Node]named.Value{}, nil
	for _, st := range q.states {
		st.registers, st.now = nil, &array{name: st.name, span: st.span, elem: st.elem}
	}
	var axes []*named.Axis
	l.inside(q, func() {
		defer l.enter()()
		for _, u := range g.units {
			l.stmt(u.stmt)
		}
		for _, st := range q.states {
			l.checkSlice(s, st)
			axes = union(axes, l.wholeSlice(st).Axes())
		}
	})
	for _, st := range q.states {
		for k := range st.registers {
			axes = union(axes, l.before(q, st, k+1).Axes())
		}
	}
	settled = len(without(axes, q.axes)) == 0
	q.axes = union(q.axes, axes)
	return settled
}

// inside interprets in the body of a scan.
func (l *lowerer) inside(q *scanning, f func()) {
	b, saved := l.b, l.scanning
	l.b, l.scanning = q.inner, q
	defer func() { l.b, l.scanning = b, saved }()
	f()
}

// outsideBody interprets around the body of the scan at work.
func (l *lowerer) outsideBody(f func()) {
	b, q := l.b, l.scanning
	l.b, l.scanning = q.outer, q.around
	defer func() { l.b, l.scanning = b, q }()
	f()
}

// inBody reports whether the body of a scan is being interpreted.
func (l *lowerer) inBody() bool { return l.scanning != nil && l.b == l.scanning.inner }

package lower

import (
	"ppl/graph"
	"ppl/graph/named"
	"ppl/lang/ast"
)

// What a recurrence defines: which arrays, and which of their elements in each
// iteration.

// loopBinder is the binder of the loop along which a circle looks back: the
// first of which some index of an array of the circle is not its own.
func (l *lowerer) loopBinder(s *ast.For, g group) *ast.Binder {
	for _, b := range s.Binders {
		one := &ast.For{At: s.At, Binders: []*ast.Binder{b}, Body: s.Body}
		for _, u := range g.units {
			for _, r := range u.reads {
				for _, d := range g.units {
					for _, def := range d.left {
						if def.name == r.name && !l.sameIteration(one, def, r) {
							return b
						}
					}
				}
			}
		}
	}
	return s.Binders[0]
}

// indexedLets are the lets of a circle that define elements of arrays.
func (l *lowerer) indexedLets(g group) []*ast.Let {
	var out []*ast.Let
	for _, u := range g.units {
		ast.Inspect(u.stmt, func(n ast.Node) bool {
			if x, ok := n.(*ast.Let); ok && len(x.Index) > 0 && !l.done[x] {
				out = append(out, x)
			}
			return true
		})
	}
	return out
}

// stateOf finds which elements of its array a let defines in one iteration.
func (l *lowerer) stateOf(q *scanning, s *ast.For, b *ast.Binder, x *ast.Let) {
	a := l.arrayNamed(x.Name.Name, x)
	for out := q.around; out != nil; out = out.around {
		if out.state(a) != nil {
			l.fail("not-supported-here", x, "a recurrence over latents along two loops at once is not supported yet")
		}
	}
	st := q.state(a)
	if st == nil {
		st = &state{array: a, dim: -1, now: &array{name: a.name, span: a.span, elem: a.elem}}
		q.states = append(q.states, st)
	}
	dim, shift := -1, 0
	for p, ix := range x.Index {
		if ix.Arg.Expr == nil || !mentions(ix.Arg.Expr, b.Name.Name) {
			continue
		}
		d := l.b.Sub(l.eval(ix.Arg.Expr).Value, q.index)
		c, same := uniform(d)
		if !d.IsConst() || !same || dim >= 0 {
			l.fail("not-supported-here", ix, "an element that a recurrence defines must be that of the loop's index, or of that plus a constant")
		}
		dim, shift = p, int(c)
	}
	switch {
	case dim < 0:
		l.fail("not-supported-here", x, "each iteration of a recurrence must define elements of its own: `%s` stands nowhere on the left", b.Name.Name)
	case st.dim >= 0 && (dim != st.dim || shift != st.shift):
		l.fail("not-supported-here", x, "the lets of a recurrence define `%s` at different places in the same iteration, which is not supported yet", a.name)
	}
	st.dim, st.shift = dim, shift
	st.shape = l.sliceShape(s, st, x)
}

// sliceShape is the shape of a slice as far as earlier elements and this let
// tell.
func (l *lowerer) sliceShape(s *ast.For, st *state, x *ast.Let) graph.Shape {
	var shape graph.Shape
	for d, n := range st.array.shape {
		if d != st.dim {
			shape = append(shape, n)
		}
	}
	if st.shape != nil {
		shape = st.shape
	}
	if len(st.pieces) == 0 && st.shape == nil {
		shape = make(graph.Shape, len(x.Index)-1)
	}
	for i, n := range l.ownIndices(s, st, x) {
		if i < len(shape) {
			shape[i] = max(shape[i], n)
		}
	}
	return shape
}

// ownIndices are the extents that a left side gives a slice. Plates inside the
// loop are opened for it.
func (l *lowerer) ownIndices(s *ast.For, st *state, x *ast.Let) (extents []int) {
	l.underPlates(s.Body, x, func() {
		l.left(x.Index, func(idx []named.Value) {
			for d, v := range idx {
				if d == st.dim {
					continue
				}
				if !v.Valid() {
					l.fail("not-supported-here", x, "a range on the left of a recurrence over latents is not supported yet")
				}
				n := 0
				for _, c := range v.Const() {
					n = max(n, int(c))
				}
				extents = append(extents, n)
			}
		})
	})
	return extents
}

// underPlates opens the plates and loops in body that enclose a let.
func (l *lowerer) underPlates(body []ast.Stmt, x *ast.Let, f func()) {
	for _, s := range body {
		if !encloses(s, x) {
			continue
		}
		switch s := s.(type) {
		case *ast.Plate:
			l.plate(s.Binders, func() { l.underPlates(s.Body, x, f) })
		case *ast.For:
			l.plate(s.Binders, func() { l.underPlates(s.Body, x, f) })
		default:
			f()
		}
	}
}

func encloses(s ast.Stmt, x *ast.Let) bool {
	found := false
	ast.Inspect(s, func(n ast.Node) bool {
		found = found || n == ast.Node(x)
		return !found
	})
	return found
}

func (q *scanning) state(a *array) *state {
	for _, st := range q.states {
		if st.array == a {
			return st
		}
	}
	return nil
}

// stateArray is the state that an array is in the scan whose body is being
// interpreted, if it is one.
func (l *lowerer) stateArray(a *array) *state {
	if !l.inBody() {
		return nil
	}
	return l.scanning.state(a)
}

// wholeSlice is the slice of this iteration, of the shape of all.
func (l *lowerer) wholeSlice(st *state) named.Value {
	v := l.whole(st.now)
	if v.Shape().Equal(st.shape) {
		return v
	}
	return l.b.Assemble(st.shape, named.Block{Value: v, At: make([]int, v.Rank())})
}

// checkSlice compares the slice of this iteration with the shape that was read.
func (l *lowerer) checkSlice(at ast.Node, st *state) {
	if st.broken || len(st.now.pieces) == 0 {
		panic(failed{}) // which has been reported
	}
	if len(st.now.shape) != len(st.shape) {
		l.fail("shape-at-binding", at, "`%s` has rank %d here and %d before", st.name, len(st.now.shape)+1, len(st.shape)+1)
	}
	for d, n := range st.now.shape {
		if n > st.shape[d] {
			l.fail("shape-at-binding", at, "the elements of `%s` have other lengths here than before the loop", st.name)
		}
	}
}

// first is the element, from 1, that the first iteration defines.
func (st *state) first(q *scanning) int { return q.start() + st.shift }

// start is the loop's first index.
func (q *scanning) start() int {
	if q.axis.Size == 0 {
		return 1
	}
	return int(q.index.Const()[0])
}

// fullShape is the shape of the array when the loop is through.
func (st *state) fullShape(q *scanning) graph.Shape {
	full := append(graph.Shape{}, st.shape[:st.dim]...)
	n := st.first(q) + q.axis.Size - 1
	if st.dim < len(st.array.shape) {
		n = max(n, st.array.shape[st.dim])
	}
	return append(append(full, n), st.shape[st.dim:]...)
}

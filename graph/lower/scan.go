package lower

import (
	"fmt"
	"slices"

	"ppl/graph"
	"ppl/graph/named"
	"ppl/graph/op"
	"ppl/graph/scan"
	"ppl/lang/ast"
	"ppl/lang/diag"
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
		return l.b.Wrap(l.b.G.Constant(v.N.Shape, v.Const()), v.Axes()...)
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
	if v.IsConst() && !v.Has(q.axis) {
		return l.b.Wrap(l.b.G.Constant(v.N.Shape, v.Const()), v.Axes()...)
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
		v = q.outer.Wrap(q.outer.G.Constant(v.N.Shape, v.Const()), v.Axes()...)
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

// defineInBody interprets a let of the recurrence.
func (l *lowerer) defineInBody(s *ast.Let, st *state) {
	defer l.enter()()
	idx := make([]named.Value, len(s.Index))
	for _, x := range s.Index {
		if x.Binder != nil {
			l.open(x.Binder, named.Plate)
		}
	}
	l.outsideBody(func() {
		for i, x := range s.Index {
			switch {
			case x.Binder != nil:
				idx[i] = l.lookup(x.Binder.Name.Name).Value
			case x.Arg.Expr != nil:
				idx[i] = l.eval(x.Arg.Expr).Value
			}
		}
	})
	v := l.table(s.Value)
	rest := append(append([]named.Value(nil), idx[:st.dim]...), idx[st.dim+1:]...)
	x := l.box(s, rest, v.Shape())
	for _, a := range x.axes {
		if a == l.scanning.axis {
			l.fail("not-supported-here", s, "an index on the left of a recurrence may depend on the loop's index at one place only")
		}
	}
	st.now.elem = join(v.elem, st.now.elem)
	l.define(st.now, s, piece{value: l.b.Close(v.Value, x.axes...), dims: x.dims, axes: x.axes, by: s})
}

// readState reads elements of an array that the recurrence defines.
func (l *lowerer) readState(e *ast.Index, st *state) val {
	if st.dim >= len(e.Args) || e.Args[st.dim].Expr == nil {
		l.failState(e, st)
	}
	args := make([]named.IndexArg, len(e.Args))
	full := st.fullShape(l.scanning)
	lag, fixed := l.lag(e, st)
	if fixed.Valid() {
		return fixed
	}
	l.outsideBody(func() {
		for i, a := range e.Args {
			if i != st.dim {
				if i >= len(full) {
					l.fail("shape-at-binding", e, "%d indices for an array of rank %d", len(e.Args), len(full))
				}
				args[i] = l.indexArg(a, full[i])
			}
		}
	})
	x, at := l.lagged(e, st, lag)
	if at.Valid() {
		args[st.dim] = named.IndexArg{Value: at}
	} else {
		args = append(args[:st.dim:st.dim], args[st.dim+1:]...)
	}
	return val{l.readAt(x, args), st.elem}
}

// readAt indexes a value of the body; an index that varies over the loop picks
// by comparison.
func (l *lowerer) readAt(x named.Value, args []named.IndexArg) named.Value {
	q := l.scanning
	for i := len(args) - 1; i >= 0; i-- {
		a := &args[i]
		if !a.Value.Valid() {
			continue
		}
		if !a.Value.Has(q.axis) {
			a.Value = l.in(l.now, a.Value)
			continue
		}
		if a.Value.Rank() > 0 {
			l.fail("not-supported-here", l.now, "an index that is an array and differs between the iterations of a recurrence is not supported yet")
		}
		pick := l.in(l.now, a.Value)
		n := x.Shape()[i]
		c := &named.Axis{Name: "_", Size: n, Class: named.Comprehension, Depth: 1 << 30}
		front := append([]int{i}, remove(graph.Iota(x.Rank()), i)...)
		y := l.b.Open(l.b.Transpose(x, front...), c)
		y = l.b.SumAxes(l.b.Where(l.b.Equal(pick, l.b.Counter(c, 1)), y, l.b.Scalar(0)), c)
		x = y
		args = append(args[:i:i], args[i+1:]...)
	}
	return l.b.Index(x, args...)
}

func remove(xs []int, i int) []int { return append(xs[:i:i], xs[i+1:]...) }

// lagged is what an index with a lag reads from: a slice; or, where the lag
// differs between the iterations of a comprehension, all slices stacked along
// the array's own dimension, with the index into that.
func (l *lowerer) lagged(e *ast.Index, st *state, lag named.Value) (x, at named.Value) {
	least, most := lag.Const()[0], lag.Const()[0]
	for _, k := range lag.Const() {
		least, most = min(least, k), max(most, k)
	}
	slice := func(k int) named.Value {
		if k > 0 {
			return l.register(st, k)
		}
		if len(st.now.pieces) == 0 {
			l.fail("not-supported-here", e, "this reads an element of `%s` that the same iteration defines further down", st.name)
		}
		return l.wholeSlice(st)
	}
	if len(lag.Axes()) == 0 {
		return slice(int(least)), named.Value{}
	}
	var slices []named.Value
	for k := int(least); k <= int(most); k++ {
		slices = append(slices, slice(k))
	}
	stack := l.b.Stack(slices...)
	// The stacked dimension goes to the array's own place.
	perm := graph.Iota(stack.Rank())
	copy(perm, perm[1:st.dim+1])
	perm[st.dim] = 0
	at = l.in(e, lag)
	return l.b.Transpose(stack, perm...), l.b.AddScalar(at, 1-least)
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

// lag says how many iterations before the current one an index along the loop
// reads: over the axes of comprehensions and plates in the index, if any. Where
// the index is not about the loop at all, the element was there before, and is
// returned as fixed.
func (l *lowerer) lag(e *ast.Index, st *state) (lag named.Value, fixed val) {
	q := l.scanning
	arg := e.Args[st.dim]
	var given named.Value
	l.outsideBody(func() { given = l.table(arg.Expr).Value })
	if !given.IsConst() || given.Rank() > 0 {
		l.failState(e, st)
	}
	first := float64(st.first(q))
	if !given.Has(q.axis) {
		before := true
		for _, x := range given.Const() {
			before = before && x < first
		}
		if !before {
			l.failState(e, st)
		}
		l.outsideBody(func() { fixed = l.readArray(e, st.array) })
		return lag, val{l.in(e, fixed.Value), fixed.elem}
	}
	l.outsideBody(func() {
		b := l.b
		guard := b.Scalar(1)
		if l.guard.Valid() {
			guard = l.guard
		}
		guard = b.With(guard, given.Axes()...)
		given = b.With(given, guard.Axes()...)
		k := b.Sub(b.AddScalar(q.index, float64(st.shift)), given)
		lag = l.lagOf(q, e, st, k, guard)
		l.definedBefore(q, e, st, given)
	})
	return lag, val{}
}

// lagOf drops the loop's axis from a lag that must be the same in all of its
// iterations that the guard admits.
func (l *lowerer) lagOf(q *scanning, e *ast.Index, st *state, k, guard named.Value) named.Value {
	t := q.axis
	at := slices.Index(k.Axes(), t)
	rest := without(k.Axes(), []*named.Axis{t})
	strides := k.N.Shape.Strides()
	out := make([]float64, sizesOf(rest).Size())
	var restStrides []int
	for i := range k.Axes() {
		if i != at {
			restStrides = append(restStrides, strides[i])
		}
	}
	graph.Walk(sizesOf(rest), restStrides, nil, 0, func(i, base, _ int) {
		out[i] = -1
		for s := range t.Size {
			c := base + s*strides[at]
			if guard.Const()[c] == 0 {
				continue
			}
			x := k.Const()[c]
			if x < 0 || out[i] >= 0 && out[i] != x {
				l.failState(e, st)
			}
			out[i] = x
		}
		if out[i] < 0 {
			out[i] = 1 // nobody looks
		}
	})
	if x, same := uniformOf(out); same {
		return l.b.Scalar(x)
	}
	return l.b.Wrap(l.b.G.Constant(sizesOf(rest), out), rest...)
}

func uniformOf(xs []float64) (float64, bool) {
	for _, x := range xs {
		if x != xs[0] {
			return 0, false
		}
	}
	return xs[0], len(xs) > 0
}

// definedBefore checks the elements that were to be there before the loop.
func (l *lowerer) definedBefore(q *scanning, e *ast.Index, st *state, given named.Value) {
	b := l.b
	early := b.Less(given, b.Scalar(float64(st.first(q))))
	saved := l.guard
	defer func() { l.guard = saved }()
	if l.guard.Valid() {
		early = b.And(l.guard, early)
	}
	l.guard = early
	n := 0
	if st.dim < len(st.array.shape) {
		n = st.array.shape[st.dim]
	}
	l.within(e.Args[st.dim], given, n)
}

// failState refuses an index that a carry cannot hold.
func (l *lowerer) failState(e ast.Node, st *state) {
	l.failWith(diag.Diagnostic{Code: "not-supported-here", Span: e.Span(),
		Summary: fmt.Sprintf("this reads `%s`, which the loop defines, at an index that is not a fixed number of iterations back", st.name),
		Hint:    "a recurrence over latents reads `x[t-1]`, `x[t-2]`, ..., or `x[t-k]` for `k` of a comprehension, and elements from before the loop"})
}

// finishScan makes the scan, and defines what it computes.
func (l *lowerer) finishScan(q *scanning) {
	var states []*state
	for _, st := range q.states {
		if q.axis.Size == 0 || q.tail(st).Size() == 0 {
			shape := append(sizesOf(q.axes), q.axis.Size)
			l.defineHistory(q, st, l.b.Wrap(l.b.G.Constant(append(shape, st.shape...), []float64{}), q.axes...))
		} else {
			states = append(states, st)
		}
	}
	if len(states) == 0 {
		return
	}
	out := l.packing(q, states)
	nodes := make([]*graph.Node, len(out.slices))
	for i, v := range out.slices {
		nodes[i] = q.inner.With(v, q.axes...).N
	}
	particles := q.particles()
	body := scan.NewBody(particles, out.carry)
	copies := map[*graph.Node]*graph.Node{}
	at := 0
	init := make([]*graph.Node, len(out.registers))
	for i, r := range out.registers {
		tail := r.N.Shape
		if particles > 0 {
			tail = tail[1:]
		}
		copies[r.N] = body.Part(at, tail)
		at += tail.Size()
		init[i] = l.b.With(out.init[i], q.axes...).N
	}
	operands := append([]*graph.Node{scan.Pack(l.b.G, particles, init...)}, q.feed(body, copies, graph.Needed(nodes))...)
	body.Out = scan.Pack(body.G, particles, graph.Copy(body.G, nodes, copies)...)
	history := scan.New(l.b.G, scan.Scan{Body: body, T: q.axis.Size}, operands...)
	for i, st := range states {
		l.defineHistory(q, st, l.b.Wrap(q.view(l.b.G, history, st, out.at[i]), q.axes...))
	}
}

// view is a state in the outputs of a scan, which are [particles?, T, width]:
// of all steps, with the axes in front, [particles?, axes..., T, slice...].
func (q *scanning) view(g *graph.Graph, history *graph.Node, st *state, at int) *graph.Node {
	width := history.Shape[len(history.Shape)-1]
	v := op.View{Out: append(append(sizesOf(q.axes), q.axis.Size), st.shape...), Base: at}
	inner := q.tail(st).Strides()
	if q.particles() > 0 {
		v.Strides = append(v.Strides, q.axis.Size*width)
	}
	front := len(q.axes) - len(v.Strides)
	v.Strides = append(v.Strides, inner[:front]...)
	v.Strides = append(append(v.Strides, width), inner[front:]...)
	return op.NewView(g, history, v, nil)
}

// packing is what a step gives: the registers of the next step, each array's
// own slice first, then the slices of arrays that no later step reads.
type packing struct {
	slices    []named.Value // in order, those of the carry first
	registers []named.Value // of the carry
	init      []named.Value // of the registers before the first step
	carry     int           // numbers in the carry
	at        []int         // of each state's slice
}

func (l *lowerer) packing(q *scanning, states []*state) packing {
	carried := false
	for _, st := range states {
		carried = carried || len(st.registers) > 0
	}
	if !carried { // the look back is in a branch that is never taken
		l.inside(q, func() { l.register(states[0], 1) })
	}
	p := packing{at: make([]int, len(states))}
	total := 0
	add := func(st *state, v named.Value) {
		p.slices = append(p.slices, v)
		total += q.tail(st).Size()
	}
	for _, later := range []bool{true, false} {
		for i, st := range states {
			if later != (len(st.registers) > 0) {
				continue
			}
			p.at[i] = total
			l.inside(q, func() { add(st, l.wholeSlice(st)) })
			for k, r := range st.registers {
				if k > 0 {
					add(st, st.registers[k-1])
				}
				p.registers = append(p.registers, r)
				p.init = append(p.init, l.before(q, st, k+1))
			}
		}
		if later {
			p.carry = total
		}
	}
	return p
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

// before is the slice that was defined k iterations before the first; zeros
// where there is none, which nobody reads.
func (l *lowerer) before(q *scanning, st *state, k int) named.Value {
	element := st.first(q) - k
	zeros := l.b.Array(st.shape, make([]float64, st.shape.Size()))
	if len(st.pieces) == 0 || element < 1 || element > st.array.shape[st.dim] {
		return zeros
	}
	args := make([]named.IndexArg, len(st.array.shape))
	for d := range args {
		args[d].All = true
	}
	args[st.dim] = named.IndexArg{Value: l.b.Scalar(float64(element))}
	v := l.b.Index(l.whole(st.array), args...)
	if v.Shape().Equal(st.shape) {
		return v
	}
	return l.b.Assemble(st.shape, named.Block{Value: v, At: make([]int, v.Rank())})
}

// defineHistory defines what the iterations have: [T, slice...] with the steps
// moved to the array's own dimension, piece by piece of the slice.
func (l *lowerer) defineHistory(q *scanning, st *state, history named.Value) {
	pieces := st.now.pieces
	if len(pieces) == 0 {
		pieces = []piece{{dims: make([]pieceDim, len(st.shape))}}
		for d := range pieces[0].dims {
			pieces[0].dims[d].along = d
		}
	}
	for _, p := range pieces {
		out := piece{span: p.span, by: p.by}
		args := []named.IndexArg{{All: true}}
		next := 1
		for d, x := range p.dims {
			n := st.shape[d]
			if p.value.Valid() && x.along >= 0 {
				n = p.size(x.along)
			}
			switch {
			case x.list != nil:
				var list []float64
				for _, i := range x.list {
					list = append(list, float64(i+1))
				}
				args = append(args, named.IndexArg{Value: l.b.Vector(list...)})
				out.dims = append(out.dims, pieceDim{list: x.list, along: next})
				next++
			case x.along < 0:
				args = append(args, named.IndexArg{Value: l.b.Scalar(float64(x.first + 1))})
				out.dims = append(out.dims, pieceDim{first: x.first, along: -1})
			default:
				args = append(args, named.IndexArg{Lo: x.first + 1, Hi: x.first + n})
				out.dims = append(out.dims, pieceDim{first: x.first, along: next})
				next++
			}
		}
		out.value = l.b.Index(history, args...)
		steps := pieceDim{first: st.first(q) - 1, along: 0}
		out.dims = append(out.dims[:st.dim:st.dim], append([]pieceDim{steps}, out.dims[st.dim:]...)...)
		if st.elem = join(st.now.elem, st.elem); len(st.array.pieces) == 0 {
			st.elem = st.now.elem
		}
		l.define(st.array, spanned{p.span}, out)
	}
}

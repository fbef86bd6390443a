package lower

import (
	"fmt"
	"slices"

	"ppl/graph"
	"ppl/graph/named"
	"ppl/lang/ast"
	"ppl/lang/diag"
)

// Definitions and reads of elements within the body of a recurrence.

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

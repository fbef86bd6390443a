package lower

import (
	"fmt"
	"slices"

	"ppl/graph"
	"ppl/graph/named"
	"ppl/lang"
	"ppl/lang/ast"
	"ppl/lang/diag"
)

// store is an array of data that is being simulated: statements draw its
// elements in turn, and read those drawn before. The elements that no statement
// draws are those of the data, if these were given.
type store struct {
	name    string
	elem    lang.Elem
	span    diag.Span
	shape   graph.Shape
	data    []float64
	given   bool
	missing []bool // in the data given; nil where none is
	// known marks the elements that are not drawn although a statement would; nil: none.
	known    []bool
	allKnown bool
	// means are the expectations of what is drawn, width numbers for each element; nil: none
	// so far. lacks says why some are NaN.
	means      []float64
	width      int
	categories bool // the numbers are probabilities
	lacks      string
	state      []elementState
	readAt     []diag.Span // where data given were read
	whole      []float64   // a copy of data, until the next draw
}

type elementState int32

const (
	undrawn elementState = iota
	drawn
	readFirst // readFirst + k: its given value was read at readAt[k]
)

// newStore makes the store of a name; values may be nil.
func (l *lowerer) newStore(s *lang.Symbol, shape graph.Shape, values *Array) *store {
	st := &store{name: s.Name, elem: s.Type.Elem, span: s.Span, shape: shape, data: make([]float64, shape.Size()), state: make([]elementState, shape.Size())}
	if values != nil {
		copy(st.data, values.Data)
		st.given, st.missing = true, values.Missing
	}
	l.holdStore(st)
	l.sim.stores = append(l.sim.stores, st)
	return st
}

// seen makes an element one that is not missing: of censored data the value is
// drawn, and what of it is seen is for the fit to say.
func (st *store) seen(i int) {
	if st.missing != nil && st.missing[i] {
		st.missing = slices.Clone(st.missing)
		st.missing[i] = false
	}
}

// storeNamed is the store of the left side of a `~`; that of a let of data is
// made here, from its value.
func (l *lowerer) storeNamed(s ast.Node, name string) *store {
	b := l.find(name)
	if b == nil {
		panic(failed{})
	}
	if b.store == nil {
		v := l.lookup(name)
		if !v.IsConst() {
			l.fail("not-supported-here", s, "`%s` is not known from the data", name)
		}
		b.store = l.newStore(l.sim.names[name], v.Shape(), &Array{Data: v.Const()})
		b.store.elem = v.elem
	}
	return b.store
}

// positions are the places, row-major from 0, that an index reads.
func (l *lowerer) positions(shape graph.Shape, args []named.IndexArg) named.Value {
	depth := l.depth
	defer func() { l.depth = depth }()
	pos := l.b.Scalar(0)
	var dims []*named.Axis
	for d, stride := range shape.Strides() {
		arg := named.IndexArg{All: true}
		if d < len(args) {
			arg = args[d]
		}
		if arg.All {
			arg.Lo, arg.Hi = 1, shape[d]
		}
		at := arg.Value
		if at.Valid() {
			var own []*named.Axis
			for _, n := range at.Shape() {
				own = append(own, l.newAxis("_", n, named.Comprehension))
			}
			at = l.b.Open(at, own...)
			dims = append(dims, own...)
		} else {
			a := l.newAxis("_", max(0, arg.Hi-arg.Lo+1), named.Comprehension)
			at = l.b.Counter(a, arg.Lo)
			dims = append(dims, a)
		}
		pos = l.b.Add(pos, l.b.Scale(float64(stride), l.b.AddScalar(at, -1)))
	}
	return l.b.Close(pos, dims...)
}

// readStore reads simulated data.
func (l *lowerer) readStore(e ast.Node, st *store, args []named.IndexArg) val {
	pos := l.positions(st.shape, args)
	l.markRead(e, st, pos)
	out := make([]float64, len(pos.Const()))
	for i, p := range pos.Const() {
		out[i] = st.data[int(p)]
	}
	return val{l.b.Wrap(l.b.G.Constant(pos.N.Shape, out), pos.Axes()...), st.elem}
}

// wholeStore reads all of simulated data.
func (l *lowerer) wholeStore(st *store) val {
	for i := range st.data {
		l.mark(spanned{st.span}, st, i)
	}
	if st.whole == nil {
		st.whole = append([]float64(nil), st.data...)
	}
	return val{l.here(l.b.Array(st.shape, st.whole)), st.elem}
}

// markRead notes which elements are read where the guard holds.
func (l *lowerer) markRead(at ast.Node, st *store, pos named.Value) {
	if !l.guard.Valid() {
		for _, p := range pos.Const() {
			l.mark(at, st, int(p))
		}
		return
	}
	pos = l.b.With(pos, l.guard.Axes()...)
	guard := l.b.With(l.guard, pos.Axes()...).Const()
	size := pos.Shape().Size()
	for i, p := range pos.Const() {
		if guard[i/size] != 0 {
			l.mark(at, st, int(p))
		}
	}
}

// mark notes that an element is read.
func (l *lowerer) mark(at ast.Node, st *store, i int) {
	if l.sim.forward != nil && st.state[i] == drawn && !(st.known != nil && st.known[i]) {
		panic(notForward{"a statement reads `" + st.name + "`, which is drawn"})
	}
	switch {
	case st.state[i] != undrawn || st.known != nil && st.known[i]:
	case !st.given:
		l.failWith(diag.Diagnostic{Code: l.sim.code(), Span: at.Span(),
			Summary: fmt.Sprintf("%s is read before any `~` has drawn it, and the data do not give it", st.element(i)),
			Hint:    fmt.Sprintf("give `%s` in the data: elements that no `~` draws, such as the first ones of an autoregression, are taken from there", st.name)})
	case st.missing != nil && st.missing[i]:
		l.failWith(diag.Diagnostic{Code: l.sim.code(), Span: at.Span(),
			Summary: fmt.Sprintf("%s is missing in the data, and is read before any `~` has drawn it", st.element(i))})
	default:
		if n := len(st.readAt); n == 0 || st.readAt[n-1] != at.Span() {
			st.readAt = append(st.readAt, at.Span())
		}
		st.state[i] = readFirst + elementState(len(st.readAt)-1)
	}
}

// put sets a drawn element.
func (l *lowerer) put(s *ast.Sample, st *store, i int, x float64) {
	switch {
	case st.state[i] == drawn:
		l.fail("observed-twice", s, "%s is observed twice", st.element(i))
	case st.state[i] >= readFirst && l.sim.predict == nil:
		l.failWith(diag.Diagnostic{Code: "cannot-simulate", Span: s.Span(),
			Summary: fmt.Sprintf("%s is read before this draws it", st.element(i)),
			Related: []diag.Related{{Span: st.readAt[st.state[i]-readFirst], Message: "read here"}},
			Hint:    "in a simulation data come into being in the order of the text; where an element depends on earlier ones, write it as `for t in ... { y[t] ~ ... }`"})
	}
	st.data[i], st.state[i], st.whole = x, drawn, nil
}

// completeStores refuses elements that have no value.
func (l *lowerer) completeStores() {
	for _, st := range l.sim.stores {
		for i, state := range st.state {
			if state != drawn && !st.given && !(st.known != nil && st.known[i]) && !l.diags.HasErrors() {
				l.try(func() {
					l.notGenerative(spanned{st.span}, fmt.Sprintf("no `~` draws %s, and the data do not give it", st.element(i)),
						fmt.Sprintf("give `%s` in the data: elements that no `~` draws are taken from there", st.name))
				})
			}
		}
	}
}

// element names element i: `y[3]`.
func (st *store) element(i int) string {
	if len(st.shape) == 0 {
		return "`" + st.name + "`"
	}
	return "`" + st.name + "[" + element(st.shape, i) + "]`"
}

package lower

import (
	"fmt"
	"math"

	"ppl/graph"
	"ppl/graph/named"
	"ppl/graph/op"
	"ppl/lang/ast"
	"ppl/lang/diag"
)

// index interprets x[...]. An array built in pieces is read from the piece
// that holds all that is read, if there is one: it need not be assembled.
func (l *lowerer) index(e *ast.Index) val {
	n, isName := ast.Unparen(e.X).(*ast.Name)
	if b := (*binding)(nil); l.giving {
		if isName {
			b = l.find(n.Name)
		}
		if v, ok := l.forwardGather(e, b); ok {
			return v
		}
		if (b == nil || b.array == nil || l.stateArray(b.array) == nil) && l.varying(e.Args) {
			return l.indexVarying(e)
		}
	}
	if isName {
		switch b := l.find(n.Name); {
		case b == nil:
		case b.store != nil:
			return l.readStore(e, b.store, l.indexArgs(e, e.Args, b.store.shape))
		case b.array != nil:
			if st := l.stateArray(b.array); st != nil {
				return l.readState(e, st)
			}
			return l.readArray(e, b.array)
		case b.site != nil:
			return l.siteIndex(e, b.site, e.Args)
		case b.gaps != nil:
			return l.readGaps(e, b.gaps, l.indexArgs(e, e.Args, b.gaps.shape))
		}
	}
	x := l.eval(e.X)
	return val{l.b.Index(l.nonEmpty(x.Value), l.indexArgs(e, e.Args, x.Shape())...), x.elem}
}

// indexArgs evaluates the arguments of an index into an array of a shape.
func (l *lowerer) indexArgs(at ast.Node, args []ast.IndexArg, shape graph.Shape) []named.IndexArg {
	if len(args) > len(shape) {
		l.fail("shape-at-binding", at, "%d indices for an array of rank %d", len(args), len(shape))
	}
	out := make([]named.IndexArg, len(args))
	for i, a := range args {
		out[i] = l.indexArg(a, shape[i])
	}
	return out
}

func (l *lowerer) indexArg(a ast.IndexArg, n int) named.IndexArg {
	switch {
	case a.Colon:
		return named.IndexArg{All: true}
	case a.Range != nil:
		return l.slice(a, n)
	}
	v := l.table(a.Expr)
	if !v.IsConst() {
		l.fail("not-supported-here", a, "an index that depends on a latent is not supported yet")
	}
	return named.IndexArg{Value: l.within(a, v.Value, n)}
}

func (l *lowerer) slice(a ast.IndexArg, n int) named.IndexArg {
	lo, hi := l.end(a.Range.Lo, "the start of a slice"), l.end(a.Range.Hi, "the end of a slice")
	first, ok1 := uniform(lo)
	last, ok2 := uniform(hi)
	if !ok1 || !ok2 {
		l.failWith(diag.Diagnostic{Code: "not-supported-here", Span: a.Span(),
			Summary: "the length of this slice differs between iterations",
			Hint:    "`sum` and `mean` may be taken of it directly: `sum(x[a..b])`"})
	}
	if last < first {
		return named.IndexArg{Lo: 1, Hi: 0}
	}
	if first < 1 || last > float64(n) {
		if _, i := l.offending(l.b.Scalar(1)); i < 0 { // in a branch that is not taken
			return named.IndexArg{Value: l.b.Vector(repeated(1, int(last-first)+1)...)}
		}
		l.failWith(diag.Diagnostic{Code: "index-out-of-bounds", Span: a.Span(),
			Summary:  fmt.Sprintf("the slice %g..%g is outside the array", first, last),
			Expected: bounds(n), Found: fmt.Sprintf("%g..%g", first, last)})
	}
	return named.IndexArg{Lo: int(first), Hi: int(last)}
}

func repeated(x float64, n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = x
	}
	return out
}

func bounds(n int) string {
	if n == 0 {
		return "nothing: the array is empty"
	}
	return fmt.Sprintf("an index from 1 to %d", n)
}

// within checks indices against 1..n where the guard holds; elsewhere an index
// that is outside is moved inside, since nobody looks at what it reads.
func (l *lowerer) within(at ast.Node, idx named.Value, n int) named.Value {
	outside := false
	for _, v := range idx.Const() {
		if !(v >= 1 && v <= float64(n) && v == math.Trunc(v)) {
			outside = true
			break
		}
	}
	if !outside {
		return idx
	}
	b := l.b
	good := b.And(b.GreaterEq(idx, b.Scalar(1)), b.LessEq(idx, b.Scalar(float64(n))))
	bad := b.Not(b.And(good, b.Equal(idx, b.Apply(op.Floor, idx))))
	if mask, i := l.offending(bad); i >= 0 {
		l.indexOutside(at, idx, mask, i, n)
	}
	return b.Where(bad, b.Scalar(1), idx)
}

// nonEmpty gives an array without elements, which is only indexed where nobody
// looks, something to read.
func (l *lowerer) nonEmpty(x named.Value) named.Value {
	shape := append(graph.Shape{}, x.Shape()...)
	empty := false
	for d, n := range shape {
		if n == 0 {
			shape[d], empty = 1, true
		}
	}
	if !empty || !l.guard.Valid() {
		return x
	}
	if _, i := l.offending(l.b.Scalar(1)); i >= 0 {
		return x
	}
	return l.b.Array(shape, make([]float64, shape.Size()))
}

// readArray reads an array built in pieces.
func (l *lowerer) readArray(e *ast.Index, a *array) val {
	if l.sequence != nil && l.sequence.random[a.name] != nil {
		panic(depends{})
	}
	if a.broken || len(a.pieces) == 0 && !a.dense.Valid() {
		panic(failed{}) // its definition failed
	}
	shape := graph.Shape(a.shape)
	if a.dense.Valid() {
		shape = a.dense.Shape()
	}
	args := l.indexArgs(e, e.Args, shape)
	if a.dependsOnDiscrete() {
		return val{l.here(l.readEnumerated(e, a, args)), a.elem}
	}
	if !a.dense.Valid() && len(a.pieces) > 1 {
		for k := len(a.pieces) - 1; k >= 0; k-- {
			if v, ok := l.readPiece(a.pieces[k], args); ok {
				return val{v, a.elem}
			}
		}
	}
	x := l.here(l.whole(a))
	if a.holes {
		l.inHole(e, a, args)
	}
	return val{l.b.Index(l.nonEmpty(x), args...), a.elem}
}

// readPiece reads from a piece that is a box if it holds all elements read.
func (l *lowerer) readPiece(p piece, args []named.IndexArg) (named.Value, bool) {
	if !p.isBox() {
		return named.Value{}, false
	}
	var inner []named.IndexArg
	for d, x := range p.dims {
		n := 1
		if x.along >= 0 {
			n = p.size(x.along)
		}
		if d >= len(args) || args[d].All {
			if x.along < 0 || x.first > 0 {
				return named.Value{}, false // the rest of the array may be longer
			}
			inner = append(inner, named.IndexArg{All: true})
			continue
		}
		arg, ok := l.shifted(args[d], x.first, n)
		if !ok || x.along < 0 && (!arg.Value.Valid() || arg.Value.Rank() > 0) {
			return named.Value{}, false
		}
		if x.along >= 0 {
			inner = append(inner, arg)
		}
	}
	if d := len(args); d < len(p.dims) { // whole dimensions that other pieces share
		for _, x := range p.dims[d:] {
			if x.along < 0 {
				return named.Value{}, false
			}
		}
	}
	return l.b.Index(l.here(p.value), inner...), true
}

// shifted moves an index by first, if all of it then lies within 1..n.
func (l *lowerer) shifted(a named.IndexArg, first, n int) (named.IndexArg, bool) {
	if !a.Value.Valid() {
		a.Lo, a.Hi = a.Lo-first, a.Hi-first
		return a, a.Lo >= 1 && a.Hi <= n
	}
	for _, v := range a.Value.Const() {
		if v <= float64(first) || v > float64(first+n) {
			return a, false
		}
	}
	if first > 0 {
		a.Value = l.b.AddScalar(a.Value, -float64(first))
	}
	return a, true
}

// inHole refuses to read an element that no piece has defined so far.
func (l *lowerer) inHole(e *ast.Index, a *array, args []named.IndexArg) {
	shape := graph.Shape(a.shape)
	missing := repeated(1, shape.Size())
	for _, p := range a.pieces {
		p.places(shape.Strides(), func(_, at int) { missing[at] = 0 })
	}
	hole := l.b.Index(l.b.Array(shape, missing), args...)
	if hole.Rank() > 0 {
		hole = l.b.SumAll(hole)
	}
	if mask, i := l.offending(hole); i >= 0 {
		l.fail("not-supported-here", e, "this reads elements of `%s` that are not defined yet%s", a.name, l.at(mask, i))
	}
}

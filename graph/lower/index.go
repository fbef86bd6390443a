package lower

import (
	"fmt"
	"math"
	"strings"

	"ppl/graph/named"
	"ppl/lang"
	"ppl/lang/ast"
	"ppl/lang/diag"
)

// index interprets x[...]. An array under construction is read piece by piece
// where that is enough, so that a sequential loop does not assemble it anew in
// each step.
func (l *lowerer) index(e *ast.Index) val {
	if n, ok := e.X.(*ast.Name); ok {
		if b := l.find(n.Name); b != nil && b.array != nil {
			if v, ok := l.readPiece(b.array, e.Args); ok {
				return v
			}
		}
	}
	x := l.eval(e.X)
	if len(e.Args) > x.Rank() {
		l.fail("shape-at-binding", e, "%d indices for an array of rank %d", len(e.Args), x.Rank())
	}
	args := make([]named.IndexArg, len(e.Args))
	for i, a := range e.Args {
		args[i] = l.indexArg(e, a, x.Shape()[i], i)
	}
	return val{l.b.Index(x.Value, args...), x.elem}
}

func (l *lowerer) indexArg(e ast.Node, a ast.IndexArg, n, dim int) named.IndexArg {
	switch {
	case a.Colon:
		return named.IndexArg{All: true}
	case a.Range != nil:
		lo, hi := l.constInt(a.Range.Lo, "the start of a slice"), l.constInt(a.Range.Hi, "the end of a slice")
		if hi >= lo && (lo < 1 || hi > n) {
			l.failWith(diag.Diagnostic{Code: "index-out-of-bounds", Span: a.Span(),
				Summary:  fmt.Sprintf("the slice %d..%d is outside the array", lo, hi),
				Expected: fmt.Sprintf("indices from 1 to %d", n), Found: fmt.Sprintf("%d..%d", lo, hi)})
		}
		return named.IndexArg{Lo: lo, Hi: hi}
	}
	v := l.eval(a.Expr)
	if !v.IsConst() {
		l.fail("not-supported-here", a, "an index that depends on a latent is not supported yet")
	}
	return named.IndexArg{Value: l.within(a, v.Value, n)}
}

// within checks indices against 1..n where the guard holds; elsewhere an index
// that is outside is moved inside, since nobody looks at what it reads.
func (l *lowerer) within(at ast.Node, idx named.Value, n int) named.Value {
	data := idx.Const()
	outside := false
	for _, v := range data {
		if v < 1 || v > float64(n) || v != math.Trunc(v) {
			outside = true
			break
		}
	}
	if !outside {
		return idx
	}
	b := l.b
	bad := b.Not(b.And(b.GreaterEq(idx, b.Scalar(1)), b.LessEq(idx, b.Scalar(float64(n)))))
	counted := bad
	if l.guard.Valid() {
		counted = b.And(bad, l.guard)
	}
	for i, v := range counted.Const() {
		if v != 0 {
			l.outOfBounds(at, idx, counted, i, n)
		}
	}
	if n == 0 {
		l.failWith(diag.Diagnostic{Code: "index-out-of-bounds", Span: at.Span(), Summary: "the array is empty"})
	}
	return b.Where(bad, b.Scalar(1), idx)
}

// outOfBounds reports the first offending index with the iteration it is in.
func (l *lowerer) outOfBounds(at ast.Node, idx, mask named.Value, i, n int) {
	spread := l.b.With(idx, mask.Axes()...)
	var where []string
	rest := i
	shape := mask.N.Shape
	coords := make([]int, len(shape))
	for d := len(shape) - 1; d >= 0; d-- {
		coords[d] = rest % shape[d]
		rest /= shape[d]
	}
	for d, a := range mask.Axes() {
		if c := l.counterOf(a); c.Valid() {
			where = append(where, fmt.Sprintf("%s = %g", a.Name, c.Const()[coords[d]]))
		}
	}
	value := spread.Const()[min(i, len(spread.Const())-1)]
	text := fmt.Sprintf("the index %g is outside the array", value)
	if len(where) > 0 {
		text += ", at " + strings.Join(where, ", ")
	}
	l.failWith(diag.Diagnostic{Code: "index-out-of-bounds", Span: at.Span(), Summary: text,
		Expected: fmt.Sprintf("an index from 1 to %d", n), Found: fmt.Sprintf("%g", value)})
}

// counterOf finds the running index of an axis among the visible names.
func (l *lowerer) counterOf(a *named.Axis) named.Value {
	for s := l.scope; s != nil; s = s.outer {
		for _, b := range s.names {
			if ax := b.value.Axes(); b.array == nil && b.value.Valid() && len(ax) == 1 && ax[0] == a && b.value.elem == lang.Int {
				return b.value.Value
			}
		}
	}
	return named.Value{}
}

// array is a latent or a let that statements define block by block.
type array struct {
	name   string
	span   diag.Span
	elem   lang.Elem
	whole  named.Value // a latent's dense value, if all of it is there from the start
	shape  []int       // box so far
	blocks []named.Block
	where  []diag.Span // statement of each block
	joined named.Value // blocks assembled, until the next one comes
}

// whole returns the array as far as it is defined, assembled.
func (l *lowerer) whole(a *array) named.Value {
	if a.whole.Valid() {
		return a.whole
	}
	if !a.joined.Valid() {
		if len(a.blocks) == 1 && zero(a.blocks[0].At) {
			a.joined = a.blocks[0].Value
		} else if len(a.blocks) > 0 {
			a.joined = l.b.Assemble(a.shape, a.blocks...)
		}
	}
	return a.joined
}

func zero(at []int) bool {
	for _, p := range at {
		if p != 0 {
			return false
		}
	}
	return true
}

func (a *array) add(at ast.Node, b named.Block) {
	if a.shape == nil {
		a.shape = make([]int, len(b.At))
	}
	for d, p := range b.At {
		a.shape[d] = max(a.shape[d], p+b.Value.Shape()[d])
	}
	a.blocks = append(a.blocks, b)
	a.where = append(a.where, at.Span())
	a.joined = named.Value{}
}

// readPiece reads an element at constant indices from the block that holds it,
// the latest first.
func (l *lowerer) readPiece(a *array, args []ast.IndexArg) (val, bool) {
	if a.whole.Valid() || len(a.blocks) < 2 || len(args) != len(a.shape) {
		return val{}, false
	}
	at := make([]int, len(args))
	for d, x := range args {
		if x.Expr == nil {
			return val{}, false
		}
		v := l.eval(x.Expr)
		f, ok := v.Float()
		if !ok {
			return val{}, false
		}
		at[d] = int(f) - 1
	}
	for k := len(a.blocks) - 1; k >= 0; k-- {
		if b := a.blocks[k]; b.Holds(at) {
			idx := make([]named.IndexArg, len(at))
			for d := range at {
				idx[d].Value = l.b.Scalar(float64(at[d] - b.At[d] + 1))
			}
			return val{l.b.Index(b.Value, idx...), a.elem}, true
		}
	}
	return val{}, false
}

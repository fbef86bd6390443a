package lower

import (
	"ppl/graph/named"
	"ppl/lang"
	"ppl/lang/ast"
	"ppl/lang/diag"
)

// Evaluate computes an expression of data: a default, a bound, a dimension.
// lookup gives the values of the names bound so far; the model's functions are
// visible too. The array is nil if there is an error among the diagnostics.
func Evaluate(m *lang.Model, lookup func(name string) (*Array, bool), e ast.Expr) (*Array, diag.List) {
	l := newLowerer(m, &Data{}, nil, named.New())
	l.b.G.Limit = l.mostElements()
	l.now = e
	ast.Inspect(e, func(n ast.Node) bool {
		if x, ok := n.(*ast.Name); ok {
			if a, ok := lookup(x.Name); ok {
				l.bindData(x.Name, a, l.elemOf(x.Name))
			}
		}
		return true
	})
	var out *Array
	l.try(func() {
		v := l.eval(e)
		if !v.IsConst() {
			l.fail("unknown-range", e, "this must be known from the data")
		}
		out = &Array{Shape: v.Shape(), Data: v.Const()}
	})
	if out == nil && !l.diags.HasErrors() {
		l.try(func() { l.fail("unknown-range", e, "this uses a value that is not known here") })
	}
	return out, l.diags
}

// elemOf is the declared element type of a data name; dimensions are integers.
func (l *lowerer) elemOf(name string) lang.Elem {
	if s := l.global[name]; s != nil {
		return s.Type.Elem
	}
	return lang.Int
}

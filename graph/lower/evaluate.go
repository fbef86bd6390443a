package lower

import (
	"ppl/graph"
	"ppl/graph/named"
	"ppl/lang"
	"ppl/lang/ast"
	"ppl/lang/diag"
)

// Evaluate computes an expression of data: a default, a bound, a dimension.
// The values bound so far are visible, and the model's functions.
func Evaluate(m *lang.Model, data *Data, e ast.Expr) (*Array, diag.List) {
	l := newLowerer(m, data, nil, named.New())
	for name, a := range data.Values {
		elem := lang.Real
		if s := l.global[name]; s != nil {
			elem = s.Type.Elem
		}
		l.bind(name, val{l.b.Array(graph.Shape(a.Shape), a.Data), elem})
	}
	var out *Array
	l.try(func() {
		v := l.eval(e)
		if !v.IsConst() {
			l.fail("unknown-range", e, "this must be known from the data")
		}
		out = &Array{Shape: v.Shape(), Data: v.Const()}
	})
	if out == nil && !l.diags.HasErrors() {
		l.try(func() { l.fail("unknown-range", e, "this uses a value that is not known yet") })
	}
	return out, l.diags
}

package lower

import (
	"ppl/graph/named"
	"ppl/lang/ast"
)

// Rows of a branch. In
//
//	plate i in 1..N { ... if x[i] > 0 then log(x[i]) else 0 ... }
//
// the first branch is evaluated for those i alone for which the condition holds:
// they are an axis of their own, flattened as a ragged range is (ragged.go), and
// the result goes back to its places along i, with 0 in the others, of which
// nothing is read.

// onRows evaluates a branch for the iterations in which a known condition holds.
func (l *lowerer) onRows(cond named.Value, e ast.Expr) val {
	if !l.selects(cond, e) {
		return l.under(cond, e)
	}
	taken := cond
	if l.guard.Valid() && len(without(l.guard.Axes(), cond.Axes())) == 0 {
		taken = l.b.And(cond, l.guard)
	}
	var cells []float64
	for i, x := range taken.Const() {
		if x != 0 {
			cells = append(cells, float64(i))
		}
	}
	if len(cells) == 0 {
		return l.under(cond, e)
	}
	saved := l.context
	defer func() { l.context = saved }()
	l.flatten("_", taken.Axes(), cells, named.Comprehension)
	rows := l.ragged[len(l.ragged)-1]
	v := l.table(e)
	if v.Has(rows.axis) {
		v.Value = l.fold(rows, v.Value)
	}
	return v
}

// selects reports whether a branch is evaluated for its rows alone. One of arithmetic and
// of functions that cost about as little is not: to gather its operands and to bring its results back
// costs more than to compute some in vain, and the condition keeps what comes of these, and of
// their derivatives, from being seen (op.Map). Nor are tables of discrete latents, nor what happens
// step by step.
func (l *lowerer) selects(cond named.Value, e ast.Expr) bool {
	if cond.Rank() > 0 || len(cond.Axes()) == 0 || l.inBody() || l.sequence != nil || l.sim != nil {
		return false
	}
	costs, discrete := false, false
	ast.Inspect(e, func(n ast.Node) bool {
		switch x := n.(type) {
		case *ast.Call:
			costs = costs || !cheap[x.Fn.Name]
		case *ast.Binary:
			_, number := ast.Unparen(x.Y).(*ast.Number)
			costs = costs || x.Op == "^" && !number || x.Op == "@"
		case *ast.Name:
			discrete = discrete || l.mentionsDiscrete(x.Name)
		}
		return true
	})
	return costs && !discrete
}

// cheap are the functions that a vector kernel computes in a nanosecond or less an element
// (graph/kernel/vec): less than a gather and a scatter take.
var cheap = map[string]bool{"exp": true, "log": true, "log1p": true, "expm1": true, "sqrt": true, "square": true, "abs": true, "inv_logit": true, "softplus": true,
	"log_inv_logit": true, "tanh": true, "sin": true, "cos": true}

func (l *lowerer) mentionsDiscrete(name string) bool {
	b := l.find(name)
	switch {
	case b == nil:
		return false
	case b.site != nil || b.gaps != nil:
		return true
	case b.array != nil:
		return b.array.dependsOnDiscrete()
	}
	return b.value.Valid() && enumerated(b.value.Value)
}

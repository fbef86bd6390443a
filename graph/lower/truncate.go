package lower

import (
	"fmt"

	"ppl/graph/dist"
	"ppl/graph/named"
	"ppl/graph/op"
	"ppl/lang/ast"
	"ppl/lang/diag"
)

// interval is what a distribution is truncated to: open, or for a discrete one
// closed. Bounds may differ from element to element, and be infinite.
type interval struct {
	lower, upper named.Value
	closed       bool
	at           ast.Node
}

// interval evaluates the bounds of a truncation. An interval that is known to
// be empty is an error that names the element.
func (l *lowerer) interval(d *ast.Dist, decl *dist.Dist, lead []*named.Axis) interval {
	c := interval{closed: decl.Support.Discrete()}
	var lo, hi ast.Expr
	if d.Interval != nil {
		lo, hi, c.at = d.Interval.Lo, d.Interval.Hi, d.Interval
	} else {
		lo, hi, c.at = d.Range.Lo, d.Range.Hi, d.Range
	}
	c.lower, c.upper = l.openLead(lo, lead), l.openLead(hi, lead)
	if !c.lower.IsConst() || !c.upper.IsConst() {
		return c
	}
	empty := l.b.GreaterEq(c.lower, c.upper)
	if c.closed {
		empty = l.b.Greater(l.b.Apply(op.Ceil, c.lower), l.b.Apply(op.Floor, c.upper))
	}
	if mask, i := l.offending(empty); i >= 0 {
		l.failWith(diag.Diagnostic{Code: "bad-truncation", Span: c.at.Span(), Summary: "the interval is empty" + l.at(mask, i),
			Found: fmt.Sprintf("from %g to %g", l.elementAt(c.lower, mask, i), l.elementAt(c.upper, mask, i))})
	}
	return c
}

// checkInside reports a datum that lies outside the interval that its
// distribution is truncated to.
func (l *lowerer) checkInside(at ast.Node, c interval) {
	if !c.lower.IsConst() || !c.upper.IsConst() {
		return
	}
	b, x := l.b, l.datum.value
	out, ends := b.Or(b.LessEq(x, c.lower), b.GreaterEq(x, c.upper)), "between %s and %s"
	if c.closed {
		out, ends = b.Or(b.Less(x, c.lower), b.Greater(x, c.upper)), "from %s to %s"
	}
	mask, i := l.everywhere(l.offending(out))
	if i < 0 {
		return
	}
	l.failWith(diag.Diagnostic{Code: "outside-support", Span: at.Span(),
		Summary:  l.datumText(mask, i) + ", which is outside the interval of the truncation" + l.anyStart() + l.at(mask, i),
		Expected: fmt.Sprintf(ends, diag.Number(l.elementAt(c.lower, mask, i)), diag.Number(l.elementAt(c.upper, mask, i))),
		Found:    vectorText(l.event(x, mask, i)),
	})
}

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

// checkInside reports an observed value that lies outside the interval that its
// distribution is truncated to.
func (l *lowerer) checkInside(at ast.Node, c interval, x named.Value) {
	if !x.IsConst() || !c.lower.IsConst() || !c.upper.IsConst() {
		return
	}
	b := l.b
	out, ends := b.Or(b.LessEq(x, c.lower), b.GreaterEq(x, c.upper)), "between %g and %g"
	if c.closed {
		out, ends = b.Or(b.Less(x, c.lower), b.Greater(x, c.upper)), "from %g to %g"
	}
	if mask, i := l.offending(out); i >= 0 {
		l.outside("outside-support", at, x, mask, i, "the observed value is outside the interval of the truncation",
			fmt.Sprintf(ends, l.elementAt(c.lower, mask, i), l.elementAt(c.upper, mask, i)))
	}
}

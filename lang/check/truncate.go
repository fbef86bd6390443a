package check

import (
	"ppl/lang"
	"ppl/lang/ast"
	"ppl/lang/diag"
)

// Truncation, and the bounds of discrete distributions: what an index that is
// drawn from one can be.

// truncation checks `in (a, b)` and `in a..b`.
func (c *checker) truncation(d *ast.Dist, dc *distCall) (dep, bool) {
	if d.Interval == nil && d.Range == nil {
		return dep{}, true
	}
	var lo, hi ast.Expr
	var at diag.Span
	if d.Interval != nil {
		lo, hi, at = d.Interval.Lo, d.Interval.Hi, d.Interval.Span()
	} else {
		lo, hi, at = d.Range.Lo, d.Range.Hi, d.Range.Span()
	}
	x, y := c.expr(lo), c.expr(hi)
	both := x.dep.or(y.dep)
	if dc == nil || x.bad || y.bad {
		return both, false
	}
	switch {
	case dc.Sig.NoTruncation != "":
		c.report(BadTruncation, at, "`%s` cannot be truncated: %s", dc.Sig.Name, dc.Sig.NoTruncation)
	case dc.eventRank() > 0:
		c.report(BadTruncation, at, "`%s` cannot be truncated: its values are arrays", dc.Sig.Name)
	case dc.discrete() && d.Interval != nil:
		c.report(BadTruncation, at, "a distribution over integers is truncated to a range").found("an open interval").
			hint("write `in %s..%s`, which includes both ends", c.text(lo), c.text(hi))
	case !dc.discrete() && d.Range != nil:
		c.report(BadTruncation, at, "a continuous distribution is truncated to an open interval").found("a range of integers").
			hint("write `in (%s, %s)`", c.text(lo), c.text(hi))
	default:
		return both, c.truncationEnds(d, dc, lo, hi, x, y)
	}
	return both, false
}

func (c *checker) truncationEnds(d *ast.Dist, dc *distCall, lo, hi ast.Expr, x, y value) bool {
	for _, end := range []struct {
		e ast.Expr
		v value
	}{{lo, x}, {hi, y}} {
		isInf := end.v.t.IsScalar() && isInfinity(end.e)
		if dc.discrete() && end.v.t.Elem == lang.Real && !isInf {
			c.report(TypeMismatch, end.e.Span(), "the ends of a range are ints").expected("int").found("%s", end.v.t)
			return false
		}
		if len(end.v.t.Dims) > 0 {
			if len(dc.lead) > 0 && lang.SameShape(dc.lead, end.v.t.Dims) == lang.No {
				c.report(ShapeMismatch, end.e.Span(), "a bound must be scalar, or of the shape of the values").expected("%s", shapeText(dc.lead)).found("%s", end.v.t)
				return false
			}
			dc.lead = end.v.t.Dims
		}
	}
	a, okA := constValue(lo)
	b, okB := constValue(hi)
	if okA && okB && (a > b || a == b && d.Interval != nil) {
		c.report(BadTruncation, lo.Span().To(hi.Span()), "the interval is empty").found("%v is not below %v", a, b)
		return false
	}
	if dc.discrete() {
		c.narrow(dc, lo, hi)
	}
	return true
}

func isInfinity(e ast.Expr) bool {
	e = ast.Unparen(e)
	if u, ok := e.(*ast.Unary); ok {
		e = ast.Unparen(u.X)
	}
	n, ok := e.(*ast.Name)
	return ok && n.Name == "inf"
}

// narrow tightens the bounds of a discrete distribution to its truncation.
func (c *checker) narrow(dc *distCall, lo, hi ast.Expr) {
	if l, _ := c.rangeOf(lo); l != nil && (dc.lo == nil || !c.provable(dc.lo.Sub(*l), 0)) {
		dc.lo = l
	}
	if _, h := c.rangeOf(hi); h != nil && (dc.hi == nil || !c.provable(h.Sub(*dc.hi), 0)) {
		dc.hi = h
	}
}

// findBounds gives the least and largest value of a discrete distribution.
func (c *checker) findBounds(dc *distCall) {
	if len(dc.subs) > 0 {
		lo, hi := dc.subs[0].lo, dc.subs[0].hi
		for _, s := range dc.subs[1:] {
			lo, hi = c.lesser(lo, s.lo), c.greater(hi, s.hi)
		}
		dc.lo, dc.hi = lo, hi
		if takesDists(dc.Sig) == 1 && lo != nil && c.provable(*lo, 0) {
			dc.lo = dimPtr(lang.DimInt(0)) // ZeroInflated adds 0
		}
		return
	}
	zero, one := lang.DimInt(0), lang.DimInt(1)
	switch dc.Sig.Support {
	case lang.SupportBool:
		dc.lo, dc.hi = &zero, &one
	case lang.SupportNaturals:
		dc.lo = &zero
	case lang.SupportPositiveInts:
		dc.lo = &one
	case lang.SupportIntRange:
		dc.lo, dc.hi = &zero, nil
		if dc.Sig.Lower != "" {
			dc.lo, _ = c.boundParam(dc, dc.Sig.Lower)
		}
		_, dc.hi = c.boundParam(dc, dc.Sig.Upper)
	case lang.SupportCategories:
		dc.lo, dc.hi = &one, categories(dc)
	}
}

// boundParam bounds the value of the parameter called name.
func (c *checker) boundParam(dc *distCall, name string) (lo, hi *lang.Dim) {
	k := paramIndex(dc.Sig.Forms[dc.Form].Params, name)
	if k < 0 || dc.DistCall.Args[k] == nil || !dc.vals[k].t.IsScalar() {
		return nil, nil
	}
	return c.rangeOf(dc.DistCall.Args[k])
}

// categories is the number of categories: the length of the vector that gives
// their probabilities, or one more than the number of cut points.
func categories(dc *distCall) *lang.Dim {
	for i, p := range dc.Sig.Forms[dc.Form].Params {
		t := dc.vals[i].t
		if p.Rank == 0 || dc.DistCall.Args[i] == nil || t.Rank() == 0 {
			continue
		}
		n := t.Dims[t.Rank()-1]
		if p.Constraint == lang.IncreasingVector {
			n = n.AddInt(1)
		}
		return &n
	}
	return nil
}

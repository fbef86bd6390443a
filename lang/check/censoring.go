package check

import (
	"ppl/lang"
	"ppl/lang/ast"
	"ppl/lang/diag"
)

// `~ DIST censored above c`: data of which some values are not seen, but known to
// lie in a range.

// censoring checks what follows the distribution of an observation.
func (c *checker) censoring(s *ast.Sample, dc *distCall, t lang.Type) {
	k := s.Censored
	if k == nil {
		c.truncatedGaps(s, dc, t)
		return
	}
	var bounds []ast.Expr
	switch {
	case k.Interval != nil:
		bounds = []ast.Expr{k.Interval.Lo, k.Interval.Hi}
	case k.Range != nil:
		bounds = []ast.Expr{k.Range.Lo, k.Range.Hi}
	default:
		bounds = []ast.Expr{k.Bound}
	}
	ok := true
	for _, e := range bounds {
		ok = c.censoringBound(e, t) && ok
	}
	if !ok || dc == nil || !c.hasCDF(dc, s.Dist.Span(), "censored") {
		return
	}
	switch {
	case dc.discrete() && k.Interval != nil:
		c.report(BadCensoring, k.Span(), "integers are censored in a range").found("an open interval").
			hint("write `censored in %s..%s`, which includes both ends", c.text(k.Interval.Lo), c.text(k.Interval.Hi))
	case !dc.discrete() && k.Range != nil:
		c.report(BadCensoring, k.Span(), "a continuous value is censored in an interval").found("a range of integers").
			hint("write `censored in (%s, %s)`", c.text(k.Range.Lo), c.text(k.Range.Hi))
	case len(bounds) == 2:
		if a, okA := constValue(bounds[0]); okA {
			if b, okB := constValue(bounds[1]); okB && a > b {
				c.report(BadCensoring, k.Span(), "the interval is empty").found("%v is above %v", a, b)
			}
		}
	}
}

// censoringBound checks one bound: a number for each value, from the data.
func (c *checker) censoringBound(e ast.Expr, t lang.Type) bool {
	x := c.expr(e)
	switch {
	case x.bad:
		return false
	case !fits(x.t.Elem, lang.Real):
		c.report(TypeMismatch, e.Span(), "the bound of a censoring is a number").expected("real").found("%s", x.t)
	case len(x.t.Dims) > 0 && lang.SameShape(t.Dims, x.t.Dims) == lang.No:
		c.report(ShapeMismatch, e.Span(), "a bound must be scalar, or of the shape of the values").expected("%s", shapeText(t.Dims)).found("%s", x.t)
	case !x.dep.known():
		c.report(NeedsData, e.Span(), "the bounds of a censoring must be known from the data: they say what has been seen")
	default:
		return true
	}
	return false
}

// uncensored refuses `censored` where nothing is observed.
func (c *checker) uncensored(s *ast.Sample) {
	if s.Censored == nil {
		return
	}
	n := c.report(BadCensoring, s.Censored.Span(), "only data are censored, and `%s` is none", s.Name.Name)
	if k := s.Censored; s.Dist != nil && k.Side != "in" {
		interval := "(-inf, " + c.text(k.Bound) + ")"
		if k.Side == "below" {
			interval = "(" + c.text(k.Bound) + ", inf)"
		}
		n.hint("data with values that were not seen are declared `data %s : real?[N]`; a latent may be truncated, `%s in %s`", s.Name.Name, c.src.Slice(s.Dist.Span()), interval)
	}
}

// truncatedGaps warns of missing elements under a truncation by known limits
// that differ from row to row, as BUGS's `I(c[i],)` was used for values that are
// known to lie beyond one: truncation says that others could not have occurred.
func (c *checker) truncatedGaps(s *ast.Sample, dc *distCall, t lang.Type) {
	i := s.Dist.Interval
	if i == nil || dc == nil || !c.optional(s) || !c.varies(i.Lo) && !c.varies(i.Hi) {
		return
	}
	form := "in (" + c.text(i.Lo) + ", " + c.text(i.Hi) + ")"
	switch {
	case isInfinity(i.Hi):
		form = "above " + c.text(i.Lo)
	case isInfinity(i.Lo):
		form = "below " + c.text(i.Hi)
	}
	c.report(TruncatedMissing, s.Dist.Span(), "missing elements of `%s` are drawn from the truncated distribution, and seen ones are taken for values that could not have been elsewhere", s.Name.Name).
		hint("if missing means not seen, but known to lie there, write `~ %s censored %s`", c.src.Slice(s.Dist.Call.Span()), form).d.Severity = diag.Warning
}

// optional reports whether the left side may have missing elements.
func (c *checker) optional(s *ast.Sample) bool {
	in, ok := c.findQuietly(s.Name.Name)
	return ok && in.sym.Kind == lang.SymData && in.sym.Type.Optional
}

// varies reports whether a bound is an element of an array, or an array.
func (c *checker) varies(e ast.Expr) bool {
	found := false
	ast.Inspect(e, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Index:
			found = true
		case *ast.Name:
			if in, ok := c.findQuietly(n.Name); ok && in.sym.Kind == lang.SymData && in.sym.Type.Rank() > 0 {
				found = true
			}
		}
		return !found
	})
	return found
}

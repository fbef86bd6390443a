package check

import (
	"ppl/lang"
	"ppl/lang/ast"
)

// `~ DIST weighted w`: data whose log density counts w times.

// weighting checks the weight of an observation: a number, or one for each value
// that the distribution describes, from the data.
func (c *checker) weighting(s *ast.Sample, dc *distCall, t lang.Type) {
	if s.Weighted == nil || s.Weighted.Value == nil {
		return
	}
	e := s.Weighted.Value
	x := c.expr(e)
	if x.bad || dc == nil {
		return
	}
	each := t.Dims[:max(0, len(t.Dims)-dc.eventRank())]
	switch w, known := constValue(e); {
	case !fits(x.t.Elem, lang.Real):
		c.report(TypeMismatch, e.Span(), "a weight is a number").expected("real").found("%s", x.t)
	case len(x.t.Dims) > 0 && lang.SameShape(each, x.t.Dims) == lang.No:
		n := c.report(ShapeMismatch, e.Span(), "a weight must be scalar, or of the shape of what has one").expected("%s", shapeText(each)).found("%s", x.t)
		if len(each) < len(t.Dims) && lang.SameShape(t.Dims, x.t.Dims) != lang.No {
			n.hint("a value of `%s` has one weight as a whole", dc.Sig.Name)
		}
	case !x.dep.known():
		c.report(NeedsData, e.Span(), "a weight must be known from the data: it says how often a row counts")
	case known && w < 0:
		c.report(BadWeight, e.Span(), "a weight is not negative").found("%v", w)
	}
}

// unweighted refuses `weighted` where nothing is observed.
func (c *checker) unweighted(s *ast.Sample) {
	if s.Weighted == nil {
		return
	}
	n := c.report(BadWeight, s.Weighted.Span(), "only data have weights, and `%s` is none", s.Name.Name)
	if s.Dist != nil {
		n.hint("a power of the density of a latent is a term of its own: `factor (%s - 1) * log_density(%s, %s)` beside the `~`", c.text(s.Weighted.Value), c.src.Slice(s.Dist.Span()), c.leftText(s))
	}
}

// weightWords are what other systems call the weight of a row.
var weightWords = map[string]bool{"weights": true, "weight": true, "weighted": true, "freq": true}

// weightHint says where a weight goes that was given as an argument of a distribution.
func (c *checker) weightHint(a *ast.Arg) string {
	if !weightWords[a.Name.Name] || a.Value == nil {
		return ""
	}
	return "the weight of a row stands after the distribution: `~ DIST weighted " + c.text(a.Value) + "`"
}

package check

import (
	"maps"
	"math"
	"slices"

	"ppl/lang"
	"ppl/lang/ast"
	"ppl/lang/diag"
)

// Guides. A guide is read like a model of its own: it sees the data, the params
// and the lets that no latent enters, and its own sites above. Each `~` names a
// latent of the model; when the block ends, its sites are compared with those
// of the model: the same elements, shapes and support.

// guideInfo is the guide being checked.
type guideInfo struct {
	decl *ast.Guide
}

func (c *checker) guideBlock(s *ast.Guide) {
	outer := c.guide
	c.guide = &guideInfo{decl: s}
	c.within(newScope(nil), prescan(s.Body), func() {
		c.stmts(s.Body)
		c.finishAll()
		for _, name := range slices.Sorted(maps.Keys(c.root.names)) {
			if in := c.root.names[name]; in.inGuide {
				c.compareSite(in)
			}
		}
	})
	c.guide = outer
	if c.quiet == 0 {
		c.m.Guide = append(c.m.Guide, lang.DrawnBody(s.Body)...)
	}
}

// fromGuide decides whether a guide may see a value of the model.
func (c *checker) fromGuide(in *info, at diag.Span) *info {
	if in.sym.Generated {
		return in // reported by read
	}
	if !c.depends(in).latent {
		return in
	}
	c.report(GuideReadsModel, at, "a guide may not read `%s`, which is %s of the model", in.sym.Name, c.latentText(in)).
		related(in.sym.Span, "defined here").
		hint("a guide sees the data, the params and its own sites above")
	return nil
}

func (c *checker) latentText(in *info) string {
	if in.sym.Kind == lang.SymLatent {
		return "a latent"
	}
	return "a let of latents"
}

// guideSite checks a `~` in a guide.
func (c *checker) guideSite(s *ast.Sample) {
	name := s.Name.Name
	site, ok := c.top.names[name]
	switch {
	case !ok:
		var names []string
		for n, in := range c.top.names {
			if in.sym.Kind == lang.SymLatent {
				names = append(names, n)
			}
		}
		c.report(GuideUnknownSite, s.Name.Span(), "the model above has no latent `%s`", name).hint("%s", didYouMean(name, names))
	case site.sym.Kind != lang.SymLatent || site.sym.Generated:
		c.report(GuideUnknownSite, s.Name.Span(), "`%s` is %s, not a latent of the model", name, describe(site)).related(site.sym.Span, "defined here")
	}
	c.latent(s)
}

// compareSite compares a site of the guide with that of the model.
func (c *checker) compareSite(in *info) {
	site, ok := c.top.names[in.sym.Name]
	if !ok || in.bad || site.bad || site.sym.Kind != lang.SymLatent {
		return
	}
	if c.m.HasGuide(site.sym) {
		c.report(GuideMismatch, in.sym.Span, "`%s` has a guide already", in.sym.Name).related(site.sym.Span, "the site in the model")
		return
	}
	c.m.Guided = append(c.m.Guided, site.sym)
	g, m := in.sym.Type, site.sym.Type
	if lang.SameShape(g.Dims, m.Dims) == lang.No || (g.Elem == lang.Real) != (m.Elem == lang.Real) {
		c.report(GuideMismatch, in.sym.Span, "the guide of `%s` must give all of its elements", in.sym.Name).
			expected("%s", m).found("%s", g).related(site.sym.Span, "the site in the model")
		return
	}
	if m.Elem != lang.Real {
		c.compareDiscrete(in, site)
		return
	}
	if in.support != site.support {
		c.report(GuideMismatch, in.sym.Span, "the guide of `%s` must have the support of the site", in.sym.Name).
			expected("%s", site.support).found("%s", in.support).related(site.sym.Span, "the site in the model").
			hint("%s", supportHint(site.support))
	}
}

// compareDiscrete compares the supports of discrete sites as far as they are known without data; the rest is compared where
// the model is bound.
func (c *checker) compareDiscrete(in, site *info) {
	switch {
	case in.support == vectorsOfCounts:
	case in.support == endless:
		c.report(GuideMismatch, in.sym.Span, "the guide of the discrete latent `%s` must have finitely many values", in.sym.Name).
			found("%s", in.support).related(site.sym.Span, "the site in the model").
			hint("truncate it, as in `~ DIST in 0..100`, and the site in the model to the same range; or leave `%s` out of the guide", in.sym.Name)
	case site.support == endless:
		c.report(GuideMismatch, in.sym.Span, "`%s` has infinitely many values in the model, and finitely many in its guide", in.sym.Name).
			expected("%s", site.support).found("%s", in.support).related(site.sym.Span, "the site in the model").
			hint("truncate it in the model, as in `~ DIST in 0..100`; or leave `%s` out of the guide", in.sym.Name)
	case in.support != site.support && in.support != someIntegers && site.support != someIntegers:
		c.report(GuideMismatch, in.sym.Span, "the guide of `%s` must have the support of the site", in.sym.Name).
			expected("%s", site.support).found("%s", in.support).related(site.sym.Span, "the site in the model")
	}
}

// The supports of discrete latents, as far as they are known without data.
const (
	endless      = "infinitely many integers"
	someIntegers = "integers"

	vectorsOfCounts = "vectors of counts"
)

// discreteSupport describes the set on which a discrete latent lives.
func discreteSupport(dc *distCall, d *ast.Dist) string {
	switch {
	case dc.eventRank() > 0:
		return vectorsOfCounts
	case d != nil && d.Range != nil:
		return someIntegers
	}
	switch dc.support() {
	case lang.SupportBool:
		return "0 and 1"
	case lang.SupportCategories:
		return "categories from 1 on"
	case lang.SupportNaturals, lang.SupportPositiveInts:
		return endless
	}
	return someIntegers
}

func supportHint(support string) string {
	switch support {
	case "positive numbers":
		return "LogNormal has the support of every positive site"
	case "an interval":
		return "truncate the distribution to the same interval"
	}
	return ""
}

// supportOf describes the set on which a latent lives.
func supportOf(dc *distCall, d *ast.Dist, t lang.Type) string {
	switch {
	case t.Kind != lang.Plain:
		return t.Kind.String() + " values"
	case dc.discrete():
		return discreteSupport(dc, d)
	case d != nil && d.Interval != nil:
		return intervalText(d.Interval)
	}
	switch dc.support() {
	case lang.SupportPositive, lang.SupportLower:
		return "positive numbers"
	case lang.SupportUnit, lang.SupportInterval:
		return "an interval"
	case lang.SupportUpper:
		return "numbers below a bound"
	case lang.SupportCircle:
		return "angles"
	}
	return "all real numbers"
}

// endsOf are the constant ends of the set on which the elements of a latent live.
func endsOf(dc *distCall, d *ast.Dist, t lang.Type) [2]float64 {
	inf := math.Inf(1)
	out := [2]float64{-inf, inf}
	switch dc.support() {
	case lang.SupportPositive:
		out[0] = 0
	case lang.SupportLower: // Pareto, above a positive minimum
		out[0] = math.Max(0, dc.constant(dc.Sig.Lower))
	case lang.SupportUnit:
		out = [2]float64{0, 1}
	case lang.SupportReal:
	case lang.SupportInterval, lang.SupportUpper:
		out = [2]float64{dc.constant(dc.Sig.Lower), dc.constant(dc.Sig.Upper)}
	default:
		out = [2]float64{math.NaN(), math.NaN()}
	}
	switch t.Kind { // what the kind asks for beyond the distribution
	case lang.Plain, lang.Ordered:
	case lang.PositiveOrdered, lang.Simplex:
		out[0] = math.Max(out[0], 0)
	default:
		return [2]float64{math.NaN(), math.NaN()}
	}
	if d != nil && d.Interval != nil {
		lo, hi := endValue(d.Interval.Lo), endValue(d.Interval.Hi)
		out = [2]float64{math.Max(out[0], lo), math.Min(out[1], hi)} // NaN where either is
	}
	return out
}

// constant is the value of a parameter that is a literal, NaN otherwise.
func (d *distCall) constant(param string) float64 {
	k := paramIndex(d.Sig.Forms[d.Form].Params, param)
	if k < 0 || d.DistCall.Args[k] == nil {
		return math.NaN()
	}
	return endValue(d.DistCall.Args[k])
}

// endValue is the value of a literal or of an infinity, NaN otherwise.
func endValue(e ast.Expr) float64 {
	if x, ok := constValue(e); ok {
		return x
	}
	if !isInfinity(e) {
		return math.NaN()
	}
	if u, ok := ast.Unparen(e).(*ast.Unary); ok && u.Op == "-" {
		return math.Inf(-1)
	}
	return math.Inf(1)
}

func intervalText(iv *ast.Interval) string {
	lo, hi := isInfinity(iv.Lo), isInfinity(iv.Hi)
	switch {
	case lo && hi:
		return "all real numbers"
	case hi:
		return "positive numbers"
	case lo:
		return "numbers below a bound"
	}
	return "an interval"
}

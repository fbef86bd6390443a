package check

import (
	"ppl/lang"
	"ppl/lang/ast"
	"ppl/lang/diag"
)

// `LHS ~ DIST`. What it does follows from the left side: data, or a let of
// data only, is observed; a param is given a penalty; a new name declares a latent; under `generate` a new
// name is drawn when predicting; in a guide it names a site of the model.

func (c *checker) sample(s *ast.Sample) {
	defer c.markDone(s.Name.Name, s)
	if own := binders(s.Index); len(own) > 0 {
		c.enter(&loop{node: s}, own)
		defer c.leave()
	}
	c.noConstraint(s)
	in, found := c.find(s.Name.Name)
	if !found || c.guide != nil || c.generating || in.sym.Kind != lang.SymData && in.sym.Kind != lang.SymLet {
		c.uncensored(s)
		c.unweighted(s)
	}
	switch {
	case c.guide != nil && (!found || in.inGuide):
		c.guideSite(s)
	case found && c.site(s.Name.Name, s) != nil && in.array != nil && in.sym.Kind == lang.SymLatent:
		c.latent(s)
	case found && c.guide != nil:
		c.dist(s.Dist)
		c.reportTaken(RedefinedName, in, &lang.Symbol{Name: s.Name.Name, Kind: lang.SymLatent, Span: s.Name.Span()})
	case found && c.generating:
		c.dist(s.Dist)
		c.report(RedefinedName, s.Name.Span(), "`generate` draws a new value, but `%s` is already defined", s.Name.Name).
			related(in.sym.Span, "first defined here, as %s", describe(in)).hint("choose a new name, such as `%s_new`", s.Name.Name)
	case found && (in.sym.Kind == lang.SymData || in.sym.Kind == lang.SymLet || in.sym.Kind == lang.SymParam):
		c.observation(s, in)
	case found:
		c.dist(s.Dist)
		c.reportNotObservable(s, in)
	default:
		c.latent(s)
	}
}

// noConstraint refuses `x : real > 0 ~ ...`.
func (c *checker) noConstraint(s *ast.Sample) {
	if s.Constraint == nil {
		return
	}
	n := c.report(BadConstraint, s.Constraint.Span(), "a latent takes its bounds from its distribution")
	switch k := s.Constraint; {
	case k.Interval != nil || k.Range != nil:
		n.hint("truncate the distribution: `~ DIST %s`", c.src.Slice(k.Span()))
	case k.Op == ">" || k.Op == ">=":
		n.hint("truncate the distribution: `~ DIST in (%s, inf)`", c.text(k.Bound))
	default:
		n.hint("truncate the distribution: `~ DIST in (-inf, %s)`", c.text(k.Bound))
	}
}

func (c *checker) reportNotObservable(s *ast.Sample, in *info) {
	name := c.src.Slice(s.Name.Span())
	if len(s.Index) > 0 {
		name = c.src.Slice(s.Name.Span().To(s.Index[len(s.Index)-1].Span())) + "]"
	}
	dist := "DIST"
	if s.Dist != nil {
		dist = c.src.Slice(s.Dist.Span())
	}
	if in.sym.Kind == lang.SymLatent {
		c.report(RedefinedName, s.Name.Span(), "`%s` already has a distribution", s.Name.Name).related(in.sym.Span, "first defined here").
			hint("a latent is drawn once; to add a term to its density, use `factor log_density(%s, %s)`", dist, name)
		return
	}
	c.report(NotObservable, s.Name.Span(), "`%s` is %s: only data, and lets of data alone, can be observed", s.Name.Name, c.origin(in)).
		related(in.sym.Span, "defined here").
		hint("to add a term to the log density, use `factor log_density(%s, %s)`", dist, name)
}

// origin describes a value with what it depends on.
func (c *checker) origin(in *info) string {
	if in.sym.Kind == lang.SymLet {
		if d := c.depends(in); !d.known() {
			return "a let that depends on " + d.String()
		}
	}
	return describe(in)
}

// leftArgs sees the indices of a left side as those of an expression.
func leftArgs(index []ast.LeftIndex) []ast.IndexArg {
	var out []ast.IndexArg
	for _, ix := range index {
		if ix.Binder != nil {
			out = append(out, ast.IndexArg{At: ix.Binder.Name.At, Expr: &ast.Name{At: ix.Binder.Name.At, Name: ix.Binder.Name.Name}})
			continue
		}
		out = append(out, ix.Arg)
	}
	return out
}

// observation checks a `~` whose left side is known, or a param, on which it is a penalty.
func (c *checker) observation(s *ast.Sample, in *info) {
	dc := c.dist(s.Dist)
	c.m.Uses[s] = in.sym
	if s.Type != nil {
		c.report(RedefinedName, s.Type.Span(), "`%s` is known, and has its type already", s.Name.Name).related(in.sym.Span, "defined here, as %s", in.sym.Type)
	}
	if in.bad {
		return
	}
	kind := lang.Observe
	switch {
	case in.sym.Kind == lang.SymParam:
		kind = lang.Penalty
	case !c.depends(in).known():
		c.reportNotObservable(s, in)
		return
	}
	args := leftArgs(s.Index)
	t := value{t: in.sym.Type}
	if in.array != nil && !c.readable(in, s.Name.Span(), nilIfEmpty(args)) {
		return
	}
	if len(args) > 0 {
		c.leftOf = s
		t = c.selected(value{t: c.typeOf(in)}, args, s.Name.Span(), s.Name.Name, true)
		c.leftOf = nil
	}
	if t.bad {
		return
	}
	if !t.dep.known() {
		c.report(NeedsData, s.Name.Span(), "which element is observed must be known from the data")
		return
	}
	if !c.usesIndices(s.Name, s.Index) {
		return
	}
	if kind == lang.Observe && in.sym.Generated == c.generating {
		c.observe(in, c.observedBox(args, in.sym.Type), s.Name.Span())
	}
	if dc == nil {
		return
	}
	t.t.Optional = false
	if kind == lang.Observe {
		c.censoring(s, dc, t.t)
		c.weighting(s, dc, t.t)
	} else if !c.penaltyFits(s, in, dc) {
		return
	}
	if c.elemFits(dc, t.t, s.Name.Span(), "`"+c.leftText(s)+"`") && c.fitShape(dc, t.t, s.Name.Span(), "`"+c.leftText(s)+"`") {
		c.record(s, in, dc, kind, t.t)
	}
}

func nilIfEmpty(args []ast.IndexArg) []ast.IndexArg {
	if len(args) == 0 {
		return nil
	}
	return args
}

func (c *checker) leftText(s *ast.Sample) string {
	if len(s.Index) == 0 {
		return s.Name.Name
	}
	text := s.Name.Name + "["
	for i, ix := range s.Index {
		if i > 0 {
			text += ", "
		}
		if ix.Binder != nil {
			text += ix.Binder.Name.Name
		} else {
			text += c.src.Slice(ix.Arg.Span())
		}
	}
	return text + "]"
}

// observedBox is the block of data that a left side covers, nil if only the
// data can tell.
func (c *checker) observedBox(args []ast.IndexArg, t lang.Type) []extent {
	out := []extent{}
	for p, dim := range t.Dims {
		whole := extent{lang.DimInt(1), dim, true}
		switch {
		case p >= len(args) || args[p].Colon:
			out = append(out, whole)
		case args[p].Range != nil:
			lo, hi, ok := c.endsOf(args[p])
			if !ok || c.mentionsIndex(lo) || c.mentionsIndex(hi) {
				return nil
			}
			out = append(out, extent{lo, hi, true})
		default:
			d, ok := c.affine(args[p].Expr)
			if !ok || !c.simpleLeft(d, map[string]bool{}) {
				return nil
			}
			out = append(out, c.extentOf(d))
		}
	}
	return out
}

// elemFits asks that integers are observed where the distribution gives integers.
func (c *checker) elemFits(dc *distCall, t lang.Type, at diag.Span, what string) bool {
	if !dc.discrete() || t.Elem != lang.Real {
		return true
	}
	c.report(TypeMismatch, at, "`%s` is a distribution over integers", dc.Sig.Name).expected("int").found("%s is %s", what, t)
	return false
}

// latent checks a `~` that declares a latent or a piece of one.
func (c *checker) latent(s *ast.Sample) {
	in := c.latentInfo(s)
	dc := c.dist(s.Dist)
	if in == nil {
		if s.Type != nil {
			c.resolveType(s.Type, latentType)
		}
		return
	}
	if s.Type != nil {
		for _, e := range s.Type.Dims {
			if mentionsName(e, s.Name.Name) {
				c.report(UsedBeforeDefinition, e.Span(), "a dimension of `%s` is defined in terms of `%s` itself", s.Name.Name, s.Name.Name).
					hint("dimensions are bound by data: `data x : real[N]` above, or `data N : int`")
				in.bad = true
				return
			}
		}
	}
	t, ok := c.latentType(s, dc)
	box := []extent{}
	if len(s.Index) > 0 {
		var good bool
		c.leftOf = s
		box, good = c.leftBox(s.Name, s.Index, in)
		c.leftOf = nil
		ok = ok && good
	} else if !c.usesIndices(s.Name, s.Index) {
		ok = false
	}
	if !ok {
		in.bad = true
		return
	}
	kind := lang.Latent
	switch {
	case c.generating:
		kind = lang.Predict
	case c.guide != nil:
		kind = lang.GuideFor
	}
	if in.support == "" {
		in.support, in.ends = supportOf(dc, s.Dist, t), endsOf(dc, s.Dist, t)
	}
	if in.array != nil {
		c.addPiece(in, s, t, s.Name.Span(), box, dc.lo, dc.hi)
	} else {
		in.sym.Type, in.lo, in.hi = t, dc.lo, dc.hi
		in.bad = false
	}
	c.record(s, in, dc, kind, t)
}

// latentInfo finds or declares the value that a `~` defines.
func (c *checker) latentInfo(s *ast.Sample) *info {
	if len(s.Index) > 0 {
		return c.arrayFor(s.Name, s)
	}
	if in, taken := c.find(s.Name.Name); taken {
		c.reportTaken(RedefinedName, in, &lang.Symbol{Name: s.Name.Name, Kind: lang.SymLatent, Span: s.Name.Span()})
		return nil
	}
	sym := &lang.Symbol{Name: s.Name.Name, Kind: lang.SymLatent, Span: s.Name.Span(), Decl: s, Random: true, Generated: c.generating}
	sym.Pieces = []*lang.Piece{{Stmt: s, Scope: c.loopNodes()}}
	in := &info{sym: sym, dep: dep{latent: true}, bad: true, inGuide: c.guide != nil}
	c.selfReference(s)
	if !c.declare(c.root, in, RedefinedName) {
		return nil
	}
	c.m.Uses[s] = sym
	c.list(in)
	return in
}

// selfReference reports `x ~ Normal(x, 1)`.
func (c *checker) selfReference(s *ast.Sample) {
	if s.Dist == nil {
		return
	}
	ast.Inspect(s.Dist, func(n ast.Node) bool {
		if name, ok := n.(*ast.Name); ok && name.Name == s.Name.Name && !reserved[name.Name] {
			c.report(UsedBeforeDefinition, name.Span(), "`%s` is defined in terms of itself", name.Name).related(s.Name.Span(), "defined here")
		}
		return true
	})
}

// latentType is the type of one element of a latent.
func (c *checker) latentType(s *ast.Sample, dc *distCall) (lang.Type, bool) {
	var t lang.Type
	if s.Type != nil {
		var ok bool
		t, ok = c.resolveType(s.Type, latentType)
		if !ok || dc == nil {
			return t, false
		}
		return t, c.typedLatent(s, dc, t) && c.alikeElements(s.Name, t)
	}
	if dc == nil {
		return t, false
	}
	dims, ok := c.shape(dc, s.Name.Name, s.Name.Span())
	t = lang.Array(lang.Real, dims...)
	if dc.discrete() {
		t.Elem = lang.Int
	}
	if k := kindOfSupport(dc.support()); k != lang.Plain && ok {
		t.Kind = k
	}
	return t, ok && c.alikeElements(s.Name, t)
}

// alikeElements reports an array whose elements would differ in shape.
func (c *checker) alikeElements(name ast.Ident, t lang.Type) bool {
	if !c.loopLength(t) {
		return true
	}
	c.report(ShapeMismatch, name.Span(), "the elements of `%s` need the same shape in every iteration", name.Name).found("%s", t)
	return false
}

// penaltyFits asks that a param may take no values that its distribution has no density at: it is the
// declaration of a param that says where it moves.
func (c *checker) penaltyFits(s *ast.Sample, in *info, dc *distCall) bool {
	decl, ok := in.sym.Decl.(*ast.Param)
	if !ok || dc.discrete() {
		return true // reported by elemFits
	}
	t, support := in.sym.Type, dc.support()
	want := ""
	switch k := kindOfSupport(support); {
	case k != lang.Plain:
		if t.Kind == k || t.Kind == lang.PositiveOrdered && k == lang.Ordered {
			return true
		}
		want = k.String() + "[K]"
	case t.Kind != lang.Plain:
		return c.kindFits(s, dc, t)
	case decl.Constraint != nil:
		return true
	case s.Dist.Interval != nil:
		want = "real in " + c.src.Slice(s.Dist.Interval.Span())
	case support == lang.SupportPositive:
		want = "real > 0"
	case support == lang.SupportUnit:
		want = "real in (0, 1)"
	case support == lang.SupportInterval, support == lang.SupportLower, support == lang.SupportUpper:
		want = "real in (lower, upper)"
	default:
		return true
	}
	c.report(SupportMismatch, s.Dist.Call.Span(), "`%s` has no density at some values that the param `%s` may take", dc.Sig.Name, s.Name.Name).
		related(in.sym.Span, "declared here, as %s", t).hint("declare it `param %s : %s`", s.Name.Name, want)
	return false
}

// loopLength reports whether a type varies from iteration to iteration.
func (c *checker) loopLength(t lang.Type) bool {
	for _, d := range t.Dims {
		if c.mentionsIndex(d) {
			return true
		}
	}
	return false
}

// kindOfSupport is the kind that a value of a multivariate distribution has.
func kindOfSupport(k lang.SupportKind) lang.Kind {
	switch k {
	case lang.SupportSimplex:
		return lang.Simplex
	case lang.SupportOrdered, lang.SupportOrderedInterval:
		return lang.Ordered
	case lang.SupportPositiveOrdered:
		return lang.PositiveOrdered
	case lang.SupportUnitVector:
		return lang.UnitVector
	case lang.SupportSumToZero:
		return lang.SumToZero
	case lang.SupportCholeskyCorr:
		return lang.CholeskyCorr
	case lang.SupportCorr:
		return lang.Corr
	case lang.SupportCov:
		return lang.Cov
	}
	return lang.Plain
}

// typedLatent compares a declared type with the distribution.
func (c *checker) typedLatent(s *ast.Sample, dc *distCall, t lang.Type) bool {
	switch {
	case dc.discrete() && t.Elem == lang.Real:
		c.report(TypeMismatch, s.Type.Span(), "`%s` is a distribution over integers", dc.Sig.Name).expected("int").found("%s", t)
		return false
	case !dc.discrete() && t.Elem != lang.Real:
		c.report(TypeMismatch, s.Type.Span(), "`%s` is continuous", dc.Sig.Name).expected("real").found("%s", t)
		return false
	}
	return c.kindFits(s, dc, t) && c.fitShape(dc, t, s.Type.Span(), "`"+s.Name.Name+"`")
}

// kindFits asks that a distribution can be put on a constrained kind: one over
// the kind itself, or a density for each element, which must cover the kind.
func (c *checker) kindFits(s *ast.Sample, dc *distCall, t lang.Type) bool {
	if t.Kind == lang.Plain || kindOfSupport(dc.support()) == t.Kind {
		return true
	}
	if s.Dist.Interval != nil {
		c.report(BadTruncation, s.Dist.Interval.Span(), "a distribution on `%s` cannot be truncated: the kind sets the support", t.Kind).
			hint("`positive_ordered[K]` is an ordered vector of positive numbers")
		return false
	}
	support := dc.support()
	ok := support == lang.SupportReal
	within := support == lang.SupportUnit || support == lang.SupportInterval && dc.Sig.Lower != ""
	if within && (t.Kind == lang.Ordered || t.Kind == lang.PositiveOrdered) {
		return c.oneInterval(dc, t.Kind)
	}
	switch t.Kind {
	case lang.PositiveOrdered:
		ok = ok || support == lang.SupportPositive || support == lang.SupportLower
	case lang.Simplex:
		ok = ok || support == lang.SupportPositive || support == lang.SupportUnit
	}
	if ok {
		return true
	}
	n := c.report(SupportMismatch, s.Dist.Call.Span(), "`%s` cannot be the distribution of a value of kind `%s`", dc.Sig.Name, t.Kind).
		expected("a distribution over `%s`, or one over all real numbers for each element", t.Kind)
	if t.Kind == lang.Ordered && support == lang.SupportPositive {
		n.hint("use `positive_ordered`")
	}
	return false
}

// oneInterval asks that all elements of an ordered vector lie in the same
// interval, and of a positive one, in one that reaches above 0.
func (c *checker) oneInterval(dc *distCall, k lang.Kind) bool {
	for i, p := range dc.Sig.Forms[dc.Form].Params {
		e := dc.DistCall.Args[i]
		if e == nil || p.Name != dc.Sig.Lower && p.Name != dc.Sig.Upper {
			continue
		}
		if !dc.vals[i].t.IsScalar() {
			c.report(ShapeMismatch, e.Span(), "the elements of a value of kind `%s` lie in one interval: `%s` must be a scalar", k, p.Name).
				expected("%s", p.Elem).found("%s", dc.vals[i].t)
			return false
		}
		if x, ok := constValue(e); ok && p.Name == dc.Sig.Upper && k == lang.PositiveOrdered && x <= 0 {
			c.report(ArgumentOutOfRange, e.Span(), "no value of kind `%s` lies below %s", k, c.text(e)).expected("> 0").found("%s", c.text(e))
			return false
		}
	}
	return true
}

// record notes what a `~` does.
func (c *checker) record(s *ast.Sample, in *info, dc *distCall, kind lang.SampleKind, t lang.Type) {
	if c.quiet > 0 {
		return
	}
	si := &lang.SampleInfo{Kind: kind, Symbol: in.sym, Dist: dc.DistCall, Shape: t.Dims, Discrete: dc.discrete() && kind != lang.Observe && kind != lang.Penalty}
	if kind != lang.Observe && s.Type != nil {
		si.ValueKind = t.Kind
	}
	c.m.Samples[s] = si
	if kind != lang.Latent {
		return
	}
	if si.Discrete {
		if dc.eventRank() > 0 {
			c.notYet(s.Span(), "latents that are vectors of counts, such as `%s`, are not supported yet", s.Name.Name)
		}
		if in.array != nil && in.array.mixed {
			c.notYet(s.Span(), "a discrete latent, some of whose elements are defined by a `let`, is not supported yet")
		}
	}
}

package check

import (
	"fmt"
	"math"
	"strings"

	"ppl/lang"
	"ppl/lang/ast"
	"ppl/lang/diag"
)

// Distributions. A call is matched with the forms of its signature: the first
// form that takes the arguments given is meant. Then shapes: the left side is
// leading dimensions (iid), then the event; each argument is either one value
// of its own event shape, or one for each element of the leading dimensions.
// Where the left side says nothing, the leading dimensions are those that the
// arguments share.

// distCall is a resolved call with the types of its arguments.
type distCall struct {
	*lang.DistCall
	call *ast.Call
	vals []value // by parameter of the form
	subs []*distCall
	dep  dep
	dims map[string]lang.Dim // the event dimensions that arguments bind
	// lead are leading dimensions, once known.
	lead []lang.Dim
	// lo and hi are the bounds of a discrete distribution, nil where there are none.
	lo, hi *lang.Dim
}

// dist resolves a distribution with its truncation. It returns nil after an
// error that leaves nothing to go on with.
func (c *checker) dist(d *ast.Dist) *distCall {
	if d == nil || d.Call == nil {
		return nil
	}
	dc := c.distCall(d.Call)
	dep, ok := c.truncation(d, dc)
	if dc == nil || !ok {
		return nil
	}
	dc.dep = dc.dep.or(dep)
	return dc
}

// distCall resolves a call as a distribution.
func (c *checker) distCall(call *ast.Call) *distCall {
	sig, ok := c.cat.Dist(call.Fn.Name)
	if !ok {
		n := c.report(UnknownDistribution, call.Fn.Span(), "there is no distribution `%s`", call.Fn.Name)
		if c.isFn(call.Fn.Name) {
			n.d.Summary = "`" + call.Fn.Name + "` is a function, not a distribution"
		}
		n.hint("%s", c.unknownDistHint(call))
		c.looseArgs(call)
		return nil
	}
	if sig.NotYet != "" {
		c.notYet(call.Span(), "%s", sig.NotYet)
	}
	dc := &distCall{DistCall: &lang.DistCall{Sig: sig}, call: call, dims: map[string]lang.Dim{}}
	args, ok := c.nestedDists(dc, call)
	ok = c.chooseForm(dc, args) && ok
	if c.quiet == 0 {
		c.m.Dists[call] = dc.DistCall
	}
	if !ok || !c.argTypes(dc) {
		return nil
	}
	c.findBounds(dc)
	return dc
}

// looseArgs checks the arguments of a call that cannot be resolved.
func (c *checker) looseArgs(call *ast.Call) dep {
	var d dep
	for _, a := range call.Args {
		if inner, ok := a.Value.(*ast.Call); ok && c.isDist(inner.Fn.Name) && !c.isFn(inner.Fn.Name) {
			c.distCall(inner)
			continue
		}
		if t, ok := a.Value.(*ast.DistExpr); ok {
			c.dist(t.Dist)
			continue
		}
		d = d.or(c.expr(a.Value).dep)
	}
	return d
}

// asDist sees an argument as a distribution, if it is one.
func (c *checker) asDist(e ast.Expr) *ast.Dist {
	switch e := ast.Unparen(e).(type) {
	case *ast.DistExpr:
		return e.Dist
	case *ast.Call:
		if c.isDist(e.Fn.Name) {
			return &ast.Dist{At: e.At, Call: e}
		}
	}
	return nil
}

// nestedDists resolves the arguments that are distributions, and returns the others.
func (c *checker) nestedDists(dc *distCall, call *ast.Call) ([]ast.Arg, bool) {
	takes := takesDists(dc.Sig)
	var rest []ast.Arg
	ok := true
	for _, a := range call.Args {
		d := c.asDist(a.Value)
		if d == nil || takes == 0 {
			rest = append(rest, a)
			continue
		}
		sub := c.dist(d)
		dc.DistCall.Dists = append(dc.DistCall.Dists, d)
		if sub == nil {
			ok = false
			continue
		}
		dc.subs = append(dc.subs, sub)
		dc.dep = dc.dep.or(sub.dep)
	}
	if n := len(dc.DistCall.Dists); ok && takes != 0 && (n == 0 || takes > 0 && n != takes) {
		c.report(MissingArgument, call.Span(), "`%s` needs a distribution as an argument", dc.Sig.Name).hint("for example `%s`", dc.Sig.Example)
		return rest, false
	}
	return rest, ok && c.sameComponents(dc)
}

// takesDists is the number of distributions that a distribution takes as
// arguments, -1 for any: one where it is over counts (ZeroInflated).
func takesDists(sig *lang.DistSig) int {
	switch {
	case !sig.TakesDists:
		return 0
	case sig.Support.Discrete():
		return 1
	}
	return -1
}

// sameComponents asks that the components of a mixture live on the same kind of value.
func (c *checker) sameComponents(dc *distCall) bool {
	if len(dc.subs) == 0 {
		return true
	}
	if dc.Sig.Support.Discrete() && !dc.subs[0].discrete() {
		c.report(SupportMismatch, dc.subs[0].call.Span(), "`%s` needs a distribution over integers, `%s` is continuous", dc.Sig.Name, dc.subs[0].Sig.Name)
		return false
	}
	for _, s := range dc.subs[1:] {
		if s.discrete() != dc.subs[0].discrete() || s.eventRank() != dc.subs[0].eventRank() {
			c.report(SupportMismatch, s.call.Span(), "the components of a mixture must be of one kind").
				expected("like `%s`: %s", dc.subs[0].Sig.Name, dc.subs[0].nature()).found("`%s`: %s", s.Sig.Name, s.nature())
			return false
		}
	}
	return true
}

func (d *distCall) nature() string {
	n := "continuous"
	if d.discrete() {
		n = "discrete"
	}
	return n + ", over " + [...]string{"scalars", "vectors", "matrices"}[min(d.eventRank(), 2)]
}

// discrete reports whether values are integers. A mixture is what its components are.
func (d *distCall) discrete() bool {
	if len(d.subs) > 0 {
		return d.subs[0].discrete()
	}
	return d.Sig.Support.Discrete() || integerVector[d.Sig.Name]
}

// integerVector are the distributions over vectors of counts: SupportKind has
// no kind of its own for them.
var integerVector = map[string]bool{"Multinomial": true, "DirichletMultinomial": true}

func (d *distCall) eventRank() int {
	if len(d.subs) > 0 {
		return d.subs[0].eventRank()
	}
	return d.Sig.EventRank
}

func (d *distCall) support() lang.SupportKind {
	if len(d.subs) > 0 {
		return d.subs[0].support()
	}
	return d.Sig.Support
}

// argTypes checks the arguments one by one, and binds the event dimensions.
func (c *checker) argTypes(dc *distCall) bool {
	ps := dc.Sig.Forms[dc.Form].Params
	dc.vals = make([]value, len(ps))
	ok := true
	for i, p := range ps {
		e := dc.DistCall.Args[i]
		if e == nil {
			dc.vals[i] = typed(lang.Scalar(lang.Real), dep{})
			continue
		}
		var v value
		c.as(roleOf(p.Constraint), e, func() { v = c.expr(e) })
		dc.vals[i] = v
		dc.dep = dc.dep.or(v.dep)
		ok = !v.bad && c.argType(dc, p, e, v) && ok
	}
	return ok && c.weights(dc) && c.commonLead(dc)
}

// argType checks one argument.
func (c *checker) argType(dc *distCall, p lang.ParamSig, e ast.Expr, v value) bool {
	if !fits(v.t.Elem, p.Elem) {
		c.report(TypeMismatch, e.Span(), "`%s` of `%s` must be %s", p.Name, dc.Sig.Name, p.Elem).expected("%s", p.Elem).found("%s", v.t).
			hint("%s", c.swapped(dc, v))
		return false
	}
	if v.t.Rank() < p.Rank {
		n := c.report(ShapeMismatch, e.Span(), "`%s` of `%s` must be %s", p.Name, dc.Sig.Name, [...]string{"a scalar", "a vector", "a matrix"}[min(p.Rank, 2)]).
			expected("%s%s", p.Elem, bracketed(p.Dims, p.Rank)).found("%s", v.t)
		if p.Rank == 1 && v.t.IsScalar() {
			n.hint("for a vector of equal elements, write `[%s for k in 1..K]`", c.text(e))
		}
		return false
	}
	return c.bindEvent(dc, p, e, v) && c.inDomain(dc, p, e)
}

// swapped writes a call of two arguments the other way round, if the second is
// the integer that the first should be: `Binomial(p, n)`.
func (c *checker) swapped(dc *distCall, first value) string {
	args := dc.call.Args
	if len(args) != 2 || args[0].Name != nil || args[1].Name != nil || first.t.Elem != lang.Real {
		return ""
	}
	if second := c.expr(args[1].Value); second.bad || second.t.Elem != lang.Int || constantInt(args[1].Value) {
		return ""
	}
	return "write `" + dc.Sig.Name + "(" + c.text(args[1].Value) + ", " + c.text(args[0].Value) + ")`"
}

func constantInt(e ast.Expr) bool { _, ok := constValue(e); return ok }

func bracketed(names []string, rank int) string {
	if rank == 0 {
		return ""
	}
	out := append([]string(nil), names...)
	for len(out) < rank {
		out = append(out, "K")
	}
	return "[" + strings.Join(out, ", ") + "]"
}

// bindEvent ties the event dimensions of an argument to those of the others.
func (c *checker) bindEvent(dc *distCall, p lang.ParamSig, e ast.Expr, v value) bool {
	own := v.t.Dims[v.t.Rank()-p.Rank:]
	for i, name := range p.Dims {
		if i >= len(own) || !isName(name) {
			break
		}
		d, bound := dc.dims[name]
		if bound && d.Equal(own[i]) == lang.No {
			c.report(ShapeMismatch, e.Span(), "`%s` of `%s` has the wrong shape", p.Name, dc.Sig.Name).
				expected("%s%s with %s = %s", p.Elem, bracketed(p.Dims, p.Rank), name, d).found("%s", v.t)
			return false
		}
		if !bound || d.Opaque() {
			dc.dims[name] = own[i]
		}
	}
	return true
}

func isName(s string) bool {
	return s != "" && strings.IndexFunc(s, func(r rune) bool {
		return r != '_' && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	}) < 0
}

// inDomain reports a constant that is outside the domain of a parameter.
func (c *checker) inDomain(dc *distCall, p lang.ParamSig, e ast.Expr) bool {
	x, ok := constValue(e)
	if !ok {
		c.mayLeaveDomain(dc, p, e)
		return true
	}
	var want string
	switch p.Constraint {
	case lang.Positive:
		want = bad(x > 0, "> 0")
	case lang.NonNegative:
		want = bad(x >= 0, ">= 0")
	case lang.Unit:
		want = bad(x >= 0 && x <= 1, "between 0 and 1")
	case lang.NonNegativeInt:
		want = bad(x >= 0, "0, 1, 2, ...")
	case lang.PositiveInt:
		want = bad(x >= 1, "1, 2, 3, ...")
	}
	if want == "" {
		return true
	}
	c.report(ArgumentOutOfRange, e.Span(), "`%s` of `%s` is out of range", p.Name, dc.Sig.Name).expected("%s", want).found("%s", c.text(e))
	return false
}

// mayLeaveDomain warns of a latent whose support is wider than the domain of
// the parameter that it is: the density ends there, which no prior says.
func (c *checker) mayLeaveDomain(dc *distCall, p lang.ParamSig, e ast.Expr) {
	if x, ok := ast.Unparen(e).(*ast.Index); ok {
		e = x.X
	}
	name, ok := ast.Unparen(e).(*ast.Name)
	if !ok || c.underIf > 0 {
		return
	}
	in, ok := c.findQuietly(name.Name)
	if !ok || in.sym.Kind != lang.SymLatent || in.support == "" {
		return
	}
	var leaves bool
	var want, hint string
	switch p.Constraint {
	case lang.Positive, lang.NonNegative:
		leaves = in.ends[0] < 0
		want, hint = "> 0", "give it a distribution of positive numbers, as `HalfNormal` or `... in (0, inf)`; or use `exp("+name.Name+")` here"
	case lang.Unit:
		leaves = in.ends[0] < 0 || in.ends[1] > 1
		want, hint = "between 0 and 1", "give it a distribution on (0, 1), as `Beta`; or use `inv_logit("+name.Name+")` here"
	}
	if !leaves {
		return
	}
	if u := c.uniformWithin(in, p.Constraint); u != "" {
		hint = "write `" + u + "`"
	} else if s, ok := in.sym.Decl.(*ast.Sample); ok && p.Constraint != lang.Unit && c.truncatable(s) {
		hint = "write `" + c.text(s) + " in (0, inf)`, or use `exp(" + name.Name + ")` here"
	}
	takes := in.support
	if takes == "an interval" || takes == "positive numbers" && in.ends[0] < 0 {
		takes = fmt.Sprintf("values in (%v, %v)", in.ends[0], in.ends[1])
	}
	c.report(ArgumentOutOfRange, e.Span(), "`%s` of `%s` may leave its range: `%s` takes %s", p.Name, dc.Sig.Name, name.Name, takes).
		expected("%s", want).related(in.sym.Span, "`%s` is defined here", name.Name).hint("%s", hint).d.Severity = diag.Warning
}

// truncatable reports whether a statement can be truncated as it stands.
func (c *checker) truncatable(s *ast.Sample) bool {
	if s.Dist == nil || s.Dist.Call == nil || s.Dist.Interval != nil || s.Type != nil {
		return false
	}
	sig, ok := c.cat.Dist(s.Dist.Call.Fn.Name)
	return ok && sig.NoTruncation == "" && sig.Support == lang.SupportReal
}

// uniformWithin writes the statement of a uniform latent with the ends of a
// scale or a probability, "" for other latents.
func (c *checker) uniformWithin(in *info, k lang.ParamConstraint) string {
	s, ok := in.sym.Decl.(*ast.Sample)
	if !ok || s.Dist == nil || s.Dist.Call == nil || s.Dist.Call.Fn.Name != "Uniform" || s.Dist.Interval != nil {
		return ""
	}
	lo, hi := math.Max(in.ends[0], 0), in.ends[1]
	if k == lang.Unit {
		hi = math.Min(hi, 1)
	}
	if !(lo < hi) {
		return ""
	}
	left := strings.TrimSpace(c.src.Slice(diag.Span{Start: s.Span().Start, End: s.Dist.Span().Start}))
	return fmt.Sprintf("%s Uniform(%v, %v)", left, lo, hi)
}

func bad(ok bool, want string) string {
	if ok {
		return ""
	}
	return want
}

// constValue is the value of a literal with a sign.
func constValue(e ast.Expr) (float64, bool) {
	switch e := ast.Unparen(e).(type) {
	case *ast.Number:
		return e.Value, true
	case *ast.Unary:
		if x, ok := constValue(e.X); ok && e.Op == "-" {
			return -x, true
		}
	}
	return 0, false
}

// weights compares the weights of a mixture with its components.
func (c *checker) weights(dc *distCall) bool {
	if takesDists(dc.Sig) != -1 || len(dc.vals) == 0 || dc.vals[0].t.Rank() == 0 {
		return true
	}
	t := dc.vals[0].t
	n := lang.DimInt(len(dc.subs))
	if t.Dims[t.Rank()-1].Equal(n) != lang.No {
		return true
	}
	c.report(ShapeMismatch, dc.DistCall.Args[0].Span(), "a mixture needs a weight for each component").
		expected("real[%s]", n).found("%s", t)
	return false
}

// commonLead finds the leading dimensions that the arguments share.
func (c *checker) commonLead(dc *distCall) bool {
	var from ast.Node
	take := func(lead []lang.Dim, e ast.Node, what string) bool {
		if len(lead) == 0 {
			return true
		}
		if len(dc.lead) > 0 && lang.SameShape(lead, dc.lead) == lang.No {
			c.report(ShapeMismatch, e.Span(), "%s of `%s` must be scalar, or of the shape of the others", what, dc.Sig.Name).
				expected("%s", shapeText(dc.lead)).found("%s", shapeText(lead)).related(from.Span(), "this one sets the shape")
			return false
		}
		if len(dc.lead) == 0 {
			dc.lead, from = lead, e
		}
		return true
	}
	for i, p := range dc.Sig.Forms[dc.Form].Params {
		if e := dc.DistCall.Args[i]; e != nil {
			t := dc.vals[i].t
			if !take(t.Dims[:t.Rank()-p.Rank], e, "`"+p.Name+"`") {
				return false
			}
		}
	}
	for _, s := range dc.subs {
		if !take(s.lead, s.call, "the component `"+s.Sig.Name+"`") {
			return false
		}
		for name, d := range s.dims {
			dc.dims[name] = d
		}
	}
	return true
}

func shapeText(ds []lang.Dim) string { return lang.Array(lang.Real, ds...).String()[len("real"):] }

// eventDims is the shape of one value, false where the arguments do not tell.
func (d *distCall) eventDims() ([]lang.Dim, bool) {
	if len(d.subs) > 0 {
		return d.subs[0].eventDims()
	}
	var out []lang.Dim
	for _, name := range d.Sig.EventDims {
		dim, ok := d.dims[name]
		if !ok {
			return nil, false
		}
		out = append(out, dim)
	}
	return out, len(out) == d.Sig.EventRank
}

// shape gives the shape of an untyped left side.
func (c *checker) shape(dc *distCall, name string, at diag.Span) ([]lang.Dim, bool) {
	event, ok := dc.eventDims()
	if !ok {
		c.report(ShapeMismatch, at, "the shape of `%s` is not known: the arguments of `%s` do not tell it", name, dc.Sig.Name).
			hint("give it a type: `%s : %s ~ %s(...)`", name, exampleType(dc), dc.Sig.Name)
		return nil, false
	}
	return append(append([]lang.Dim(nil), dc.lead...), event...), true
}

func exampleType(dc *distCall) string {
	switch dc.support() {
	case lang.SupportCholeskyCorr:
		return "cholesky_corr[K]"
	case lang.SupportCorr:
		return "corr[K]"
	case lang.SupportCov:
		return "cov[K]"
	case lang.SupportSimplex:
		return "simplex[K]"
	}
	return "real[K]"
}

// fitShape compares a distribution with the shape of its left side.
func (c *checker) fitShape(dc *distCall, t lang.Type, at diag.Span, what string) bool {
	r := dc.eventRank()
	if len(t.Dims) < r {
		c.report(ShapeMismatch, at, "`%s` is a distribution over %s", dc.Sig.Name, [...]string{"scalars", "vectors", "matrices"}[min(r, 2)]).
			expected("%s", shapeText(dc.wanted())).found("%s is %s", what, t)
		return false
	}
	lead, event := t.Dims[:len(t.Dims)-r], t.Dims[len(t.Dims)-r:]
	if want, ok := dc.eventDims(); ok && lang.SameShape(want, event) == lang.No {
		c.report(ShapeMismatch, at, "%s does not have the shape of a value of `%s`", what, dc.Sig.Name).
			expected("%s at the end", shapeText(want)).found("%s", t)
		return false
	}
	if len(dc.lead) > 0 && lang.SameShape(dc.lead, lead) == lang.No {
		n := c.report(ShapeMismatch, dc.call.Span(), "the arguments of `%s` must be scalar, or of the shape of %s", dc.Sig.Name, what).
			expected("%s", shapeOrScalar(lead)).found("%s", shapeText(dc.lead))
		if len(dc.lead) > len(lead) {
			n.hint("inside a plate, index the arguments too")
		}
		return false
	}
	return true
}

func (d *distCall) wanted() []lang.Dim {
	if want, ok := d.eventDims(); ok {
		return want
	}
	out := make([]lang.Dim, d.eventRank())
	for i := range out {
		out[i] = lang.DimName("K")
	}
	return out
}

func shapeOrScalar(ds []lang.Dim) string {
	if len(ds) == 0 {
		return "scalar"
	}
	return shapeText(ds)
}

package check

import (
	"slices"

	"ppl/lang"
	"ppl/lang/ast"
	"ppl/lang/diag"
)

// Calls of functions. Built-ins give the type of their result by a rule of
// their signature; functions of the model are in fns.go. `log_density`, `log_cdf`
// and `log_ccdf` take a distribution and are checked here.

func (c *checker) call(e *ast.Call) value {
	name := e.Fn.Name
	if OfDist(name) {
		return c.ofDist(e)
	}
	if f, ok := c.fns[name]; ok {
		return c.callFn(e, f)
	}
	if sig, ok := c.cat.Func(name); ok {
		return c.callBuiltin(e, sig)
	}
	d := c.looseArgs(e)
	switch in, isValue := c.findQuietly(name); {
	case c.isDist(name):
		c.report(DistributionAsValue, e.Span(), "`%s(...)` is a distribution, not a value", name).
			hint("its log density at x is `log_density(%s, x)`; to draw from it, `x ~ %s`", c.text(e), c.text(e))
	case isValue:
		c.report(UnknownFunction, e.Fn.Span(), "`%s` is %s, not a function", name, describe(in)).hint("an element is written with brackets, `%s[i]`; a product with `*`", name)
	default:
		c.report(UnknownFunction, e.Fn.Span(), "there is no function `%s`", name).hint("%s", c.unknownFuncHint(e))
	}
	return value{bad: true, dep: d}
}

// OfDist reports whether a function takes a distribution and a value.
func OfDist(name string) bool {
	return name == "log_density" || name == "log_cdf" || name == "log_ccdf"
}

// ofDist checks `log_density(DIST, x)`, `log_cdf(DIST, x)` and `log_ccdf(DIST, x)`.
func (c *checker) ofDist(e *ast.Call) value {
	if len(e.Args) != 2 || e.Args[0].Name != nil || e.Args[1].Name != nil {
		d := c.looseArgs(e)
		c.report(MissingArgument, e.Span(), "`%s` takes a distribution and a value", e.Fn.Name).expected("%s(DIST, x)", e.Fn.Name).
			found("%s", counted(len(e.Args), "argument"))
		return value{bad: true, dep: d}
	}
	x := c.expr(e.Args[1].Value)
	d := c.asDist(e.Args[0].Value)
	if d == nil {
		if call, ok := ast.Unparen(e.Args[0].Value).(*ast.Call); ok {
			d = &ast.Dist{At: call.At, Call: call} // reports that it is none
		} else {
			c.report(UnknownDistribution, e.Args[0].Span(), "the first argument of `%s` is a distribution", e.Fn.Name).expected("DIST(...)").
				found("`%s`", c.src.Slice(e.Args[0].Span()))
			return value{bad: true, dep: x.dep}
		}
	}
	dc := c.dist(d)
	if dc == nil || x.bad {
		return value{bad: true, dep: x.dep}
	}
	if e.Fn.Name != "log_density" && !c.hasCDF(dc, d.Span(), e.Fn.Name) {
		return value{bad: true, dep: x.dep.or(dc.dep)}
	}
	at := e.Args[1].Span()
	what := "`" + c.src.Slice(at) + "`"
	ok := c.elemFits(dc, x.t, at, what) && c.fitShape(dc, x.t, at, what)
	return value{t: lang.Scalar(lang.Real), dep: x.dep.or(dc.dep), bad: !ok}
}

// hasCDF asks for a distribution function, which what needs.
func (c *checker) hasCDF(dc *distCall, at diag.Span, what string) bool {
	switch {
	case dc.Sig.NoCDF != "":
		c.report(NoDistributionFunction, at, "`%s` has no distribution function, which `%s` needs: %s", dc.Sig.Name, what, dc.Sig.NoCDF)
	case dc.eventRank() > 0:
		c.report(NoDistributionFunction, at, "`%s` has no distribution function, which `%s` needs: its values are arrays", dc.Sig.Name, what)
	default:
		return true
	}
	return false
}

// callBuiltin checks a call of a built-in function.
func (c *checker) callBuiltin(e *ast.Call, sig *lang.FuncSig) value {
	if sig.NotYet != "" {
		c.notYet(e.Span(), "%s", sig.NotYet)
	}
	args, ok := c.arrange(e, sig)
	if !ok {
		return value{bad: true, dep: c.looseArgs(e)}
	}
	var out value
	var seen []lang.Arg
	for i, a := range args {
		arg, v := c.builtinArg(a, sig, i)
		seen = append(seen, arg)
		out.bad = out.bad || v.bad
		out.dep = out.dep.or(v.dep)
	}
	if out.bad || sig.Result == nil || !c.odeFits(e, sig, seen, args) {
		out.bad = true
		return out
	}
	t, err := sig.Result(seen)
	if err != nil {
		c.report(BadArgument, e.Span(), "`%s` %s", sig.Name, err).expected("%s", funcSignature(sig)).found("%s", argTypes(sig.Name, seen))
		out.bad = true
		return out
	}
	out.t = t
	return out
}

// builtinArg checks one argument.
func (c *checker) builtinArg(e ast.Expr, sig *lang.FuncSig, i int) (lang.Arg, value) {
	if name, ok := ast.Unparen(e).(*ast.Name); ok && i == 0 && sig.Name == "ode" && c.isFn(name.Name) {
		return lang.Arg{Fn: name.Name}, value{}
	}
	if x, ok := ast.Unparen(e).(*ast.Comprehension); ok && (sig.Name == "sum" || sig.Name == "mean") {
		c.added = x
	}
	v := c.expr(e)
	arg := lang.Arg{Type: v.t}
	if !v.bad && v.t.IsScalar() && v.t.Elem == lang.Int && v.dep.known() {
		if d, ok := c.affine(e); ok && !c.mentionsIndex(d) {
			arg.Size = &d
		}
	}
	return arg, v
}

// variadic reports whether the last parameter takes any number of arguments.
func variadic(ps []string) bool {
	return len(ps) > 0 && len(ps[len(ps)-1]) > 3 && ps[len(ps)-1][len(ps[len(ps)-1])-3:] == "..."
}

// arrange puts arguments in the order of the parameters.
func (c *checker) arrange(e *ast.Call, sig *lang.FuncSig) ([]ast.Expr, bool) {
	slots := make([]ast.Expr, len(sig.Params))
	var out []ast.Expr
	many := variadic(sig.Params)
	for i, a := range e.Args {
		switch {
		case a.Name != nil:
			k := c.keyword(e, sig, a, slots)
			if k < 0 {
				return nil, false
			}
			slots[k] = a.Value
		case i > 0 && e.Args[i-1].Name != nil:
			c.report(BadArgument, a.Span(), "an argument by position comes before those by keyword").expected("%s", funcSignature(sig))
			return nil, false
		case i < len(slots):
			slots[i] = a.Value
		case many:
			slots = append(slots, a.Value)
		default:
			c.report(TooManyArguments, a.Span(), "`%s` takes %s", sig.Name, counted(len(sig.Params), "argument")).expected("%s", funcSignature(sig))
			return nil, false
		}
	}
	if sig.Group == "Kernels" && slots[0] != nil && slots[1] == nil {
		slots = slices.Delete(slots, 1, 2) // the second set of points may be missing
	}
	for i := len(slots) - 1; i > 0; i-- { // those before one that is given
		if slots[i] != nil && slots[i-1] == nil {
			slots[i-1] = sig.Default(i - 1)
		}
	}
	for i, s := range slots {
		if s != nil {
			if len(out) < i {
				c.report(MissingArgument, e.Span(), "`%s` lacks `%s`", sig.Name, sig.Params[len(out)]).expected("%s", funcSignature(sig))
				return nil, false
			}
			out = append(out, s)
		}
	}
	if len(out) < sig.MinArgs {
		c.report(MissingArgument, e.Span(), "`%s` needs %s, found %d", sig.Name, counted(sig.MinArgs, "argument"), len(out)).expected("%s", funcSignature(sig))
		return nil, false
	}
	return out, true
}

// keyword finds the parameter that a keyword argument names.
func (c *checker) keyword(e *ast.Call, sig *lang.FuncSig, a ast.Arg, slots []ast.Expr) int {
	for k, p := range sig.Params {
		if p != a.Name.Name {
			continue
		}
		if slots[k] != nil {
			c.report(DuplicateArgument, a.Span(), "the argument `%s` is given twice", p).related(slots[k].Span(), "first given here")
			return -1
		}
		return k
	}
	c.report(UnknownArgument, a.Name.Span(), "`%s` has no argument `%s`", sig.Name, a.Name.Name).
		expected("%s", funcSignature(sig)).hint("%s", didYouMean(a.Name.Name, append([]string(nil), sig.Params...)))
	return -1
}

func funcSignature(sig *lang.FuncSig) string {
	out := sig.Name + "("
	for i, p := range sig.Params {
		if i > 0 {
			out += ", "
		}
		out += p
	}
	return out + ")"
}

func argTypes(name string, args []lang.Arg) string {
	out := name + "("
	for i, a := range args {
		if i > 0 {
			out += ", "
		}
		if a.Fn != "" {
			out += a.Fn
			continue
		}
		out += a.Type.String()
	}
	return out + ")"
}

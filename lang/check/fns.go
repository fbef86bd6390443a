package check

import (
	"fmt"

	"ppl/lang"
	"ppl/lang/ast"
)

// Functions of the model. Signatures are gathered before anything else, so a
// function may stand anywhere. A body is checked once, with the dimensions of
// its parameters as symbols; a call binds them to the dimensions of the
// arguments and gives the result in terms of these.

// fnInfo is a function of the model.
type fnInfo struct {
	decl   *ast.Fn
	scope  *scope
	params []lang.Type
	forms  []*lang.Dim // the symbolic value of each int parameter, else nil
	result lang.Type
	bad    bool
	// sizes are the parameters that sizes and ranges use, indices those that
	// are used as an index: neither may depend on a latent.
	sizes, indices map[string]bool
}

// gatherFns collects the functions and their signatures.
func (c *checker) gatherFns(stmts []ast.Stmt) {
	var order []*fnInfo
	for _, s := range stmts {
		decl, ok := s.(*ast.Fn)
		if !ok {
			continue
		}
		f := &fnInfo{decl: decl, sizes: map[string]bool{}, indices: map[string]bool{}}
		name := decl.Name.Name
		if old, taken := c.fns[name]; taken {
			c.report(RedefinedName, decl.Name.Span(), "the function `%s` is already defined", name).related(old.decl.Name.Span(), "first defined here")
		} else if c.isFn(name) {
			c.report(RedefinedName, decl.Name.Span(), "`%s` is a built-in function", name).hint("choose another name")
		} else if name != "" {
			c.fns[name] = f
			c.m.Fns[name] = decl
		}
		order = append(order, f)
	}
	for _, f := range order {
		c.signature(f)
	}
	calls := map[*fnInfo][]*fnInfo{}
	for _, f := range order {
		calls[f] = c.callees(f)
	}
	c.noRecursion(order, calls)
	checked := map[*fnInfo]bool{}
	for _, f := range order {
		c.bodies(f, calls, checked)
	}
}

// bodies checks the body of f after those of the functions that it calls.
func (c *checker) bodies(f *fnInfo, calls map[*fnInfo][]*fnInfo, checked map[*fnInfo]bool) {
	if checked[f] {
		return
	}
	checked[f] = true
	for _, g := range calls[f] {
		c.bodies(g, calls, checked)
	}
	c.fnBody(f)
}

// within runs f in a root of its own.
func (c *checker) within(root *scope, defs *definitions, f func()) {
	scope, oldRoot, loops, oldDefs, built, cur, ready := c.scope, c.root, c.loops, c.defs, c.built, c.cur, c.ready
	c.scope, c.root, c.loops, c.defs, c.built, c.cur, c.ready = root, root, nil, defs, nil, nil, nil
	f()
	c.scope, c.root, c.loops, c.defs, c.built, c.cur, c.ready = scope, oldRoot, loops, oldDefs, built, cur, ready
}

// signature resolves the types of the parameters and of the result.
func (c *checker) signature(f *fnInfo) {
	f.scope = newScope(nil)
	c.fn = f
	defer func() { c.fn = nil }()
	c.within(f.scope, prescan(nil), func() {
		c.bindFnDims(f)
		for _, p := range f.decl.Params {
			if p == nil {
				f.bad = true
				continue
			}
			c.fnParam(f, p)
		}
		if f.decl.Return == nil {
			f.bad = true
			return
		}
		var ok bool
		f.result, ok = c.resolveType(f.decl.Return, fnType)
		f.bad = f.bad || !ok
	})
}

// bindFnDims declares the dimension names in the types of the parameters. A
// name that is itself an int parameter is that parameter.
func (c *checker) bindFnDims(f *fnInfo) {
	ints := map[string]*ast.FnParam{}
	for _, p := range f.decl.Params {
		if p != nil && p.Type != nil && p.Type.Name.Name == "int" && len(p.Type.Dims) == 0 {
			ints[p.Name.Name] = p
		}
	}
	for _, p := range f.decl.Params {
		if p == nil || p.Type == nil {
			continue
		}
		for _, e := range fnDims(p.Type) {
			if _, taken := f.scope.names[e.Name]; taken || ints[e.Name] != nil {
				continue
			}
			d := c.freshForm(e.Name)
			c.setBound(d.Symbols()[0].Name, d, dimPtr(lang.DimInt(0)), nil)
			sym := &lang.Symbol{Name: e.Name, Kind: lang.SymDim, Type: lang.Scalar(lang.Int), Span: e.Span(), Decl: e}
			f.scope.names[e.Name] = &info{sym: sym, aff: &d}
		}
	}
	for _, p := range f.decl.Params {
		if p == nil || ints[p.Name.Name] != p {
			continue
		}
		if _, taken := f.scope.names[p.Name.Name]; !taken {
			c.intParam(f, p)
		}
	}
}

func fnDims(t *ast.Type) []*ast.Name {
	var out []*ast.Name
	if t.Levels != nil {
		out = append(out, &ast.Name{At: t.Levels.At, Name: t.Levels.Name})
	}
	for _, e := range t.Dims {
		if n, ok := e.(*ast.Name); ok && !reserved[n.Name] {
			out = append(out, n)
		}
	}
	return out
}

// freshForm is a symbol that prints as name and equals no other.
func (c *checker) freshForm(name string) lang.Dim {
	return lang.DimSymbol(&lang.DimSym{Name: c.id(name), Label: name})
}

// intParam declares an int parameter, which types may use as a dimension.
func (c *checker) intParam(f *fnInfo, p *ast.FnParam) {
	d := c.freshForm(p.Name.Name)
	c.setBound(d.Symbols()[0].Name, d, nil, nil)
	sym := &lang.Symbol{Name: p.Name.Name, Kind: lang.SymFnParam, Type: lang.Scalar(lang.Int), Span: p.Name.Span(), Decl: p}
	f.scope.names[p.Name.Name] = &info{sym: sym, aff: &d}
}

// fnParam declares a parameter.
func (c *checker) fnParam(f *fnInfo, p *ast.FnParam) {
	t, ok := c.resolveType(p.Type, fnType)
	f.bad = f.bad || !ok
	f.params = append(f.params, t)
	old := f.scope.names[p.Name.Name]
	if old != nil && old.sym.Decl == ast.Node(p) {
		f.forms = append(f.forms, old.aff)
		return
	}
	f.forms = append(f.forms, nil)
	sym := &lang.Symbol{Name: p.Name.Name, Kind: lang.SymFnParam, Type: t, Span: p.Name.Span(), Decl: p}
	if old != nil {
		c.reportTaken(RedefinedName, old, sym)
		f.bad = true
		return
	}
	f.scope.names[p.Name.Name] = &info{sym: sym, bad: !ok}
}

// noRecursion reports functions that call themselves, directly or not: the
// calls that lead back to a function from which the walk has come.
func (c *checker) noRecursion(order []*fnInfo, calls map[*fnInfo][]*fnInfo) {
	var path []*fnInfo
	depth := map[*fnInfo]int{} // in path, from 1; -1: left for good
	reported := map[*fnInfo]bool{}
	var visit func(f *fnInfo)
	visit = func(f *fnInfo) {
		path = append(path, f)
		depth[f] = len(path)
		for _, g := range calls[f] {
			switch d := depth[g]; {
			case d == 0:
				visit(g)
			case d > 0:
				c.reportRecursion(path[d-1:], reported)
			}
		}
		path = path[:len(path)-1]
		depth[f] = -1
	}
	for _, f := range order {
		if depth[f] == 0 {
			visit(f)
		}
	}
}

// reportRecursion reports a ring of calls, from its first function in the text
// on, unless one of its functions is in another that was reported.
func (c *checker) reportRecursion(ring []*fnInfo, reported map[*fnInfo]bool) {
	first := 0
	for i, f := range ring {
		if reported[f] {
			return
		}
		if f.decl.Name.Span().Start < ring[first].decl.Name.Span().Start {
			first = i
		}
	}
	ring = extend(ring[first:], ring[:first]...)
	n := c.report(RecursiveFunction, ring[0].decl.Name.Span(), "`%s` calls itself%s", ring[0].decl.Name.Name, through(ring)).
		hint("there is no recursion: use `for` in the body")
	for i, f := range ring {
		reported[f] = true
		if i > 0 && i <= maxNamed {
			n.related(f.decl.Name.Span(), "by way of this one")
		}
	}
}

// maxNamed bounds how many functions of a ring of calls a message names.
const maxNamed = 20

func through(path []*fnInfo) string {
	out := ""
	for i, g := range path[1:] {
		if i == maxNamed {
			return out + fmt.Sprintf(" and %d others", len(path)-1-i)
		}
		if i == 0 {
			out = ", through"
		} else {
			out += " and"
		}
		out += " `" + g.decl.Name.Name + "`"
	}
	return out
}

// callees are the functions of the model that a body mentions.
func (c *checker) callees(f *fnInfo) []*fnInfo {
	var out []*fnInfo
	visit := func(n ast.Node) bool {
		call, ok := n.(*ast.Call)
		if !ok {
			return true
		}
		if g := c.fns[call.Fn.Name]; g != nil {
			out = append(out, g)
		}
		if name, ok := firstName(call); ok && call.Fn.Name == "ode" && c.fns[name] != nil {
			out = append(out, c.fns[name])
		}
		return true
	}
	for _, s := range f.decl.Body {
		ast.Inspect(s, visit)
	}
	if f.decl.Result != nil {
		ast.Inspect(f.decl.Result, visit)
	}
	return out
}

func firstName(call *ast.Call) (string, bool) {
	if len(call.Args) == 0 {
		return "", false
	}
	n, ok := call.Args[0].Value.(*ast.Name)
	if !ok {
		return "", false
	}
	return n.Name, true
}

// fnBody checks the body of a function.
func (c *checker) fnBody(f *fnInfo) {
	s := f.decl
	c.fn = f
	c.within(f.scope, prescan(s.Body), func() {
		c.stmts(s.Body)
		c.finishAll()
		v := c.expr(s.Result)
		if !f.bad && s.Result != nil {
			c.checkAssignable(v, f.result, s.Result.Span(), "the result of `"+s.Name.Name+"`")
		}
	})
	c.fn = nil
}

// callFn checks a call of a function of the model.
func (c *checker) callFn(e *ast.Call, f *fnInfo) value {
	sig := &lang.FuncSig{Name: f.decl.Name.Name, MinArgs: len(f.decl.Params)}
	for _, p := range f.decl.Params {
		if p == nil {
			return value{bad: true, dep: c.looseArgs(e)}
		}
		sig.Params = append(sig.Params, p.Name.Name)
	}
	args, ok := c.arrange(e, sig)
	if !ok {
		return value{bad: true, dep: c.looseArgs(e)}
	}
	var out value
	bound := map[string]lang.Dim{}
	for i, a := range args {
		v := c.expr(a)
		out.dep = out.dep.or(v.dep)
		if i < len(f.params) {
			out.bad = !c.fnArg(f, i, a, v, bound) || out.bad
		}
	}
	if out.bad || f.bad {
		out.bad = true
		return out
	}
	out.t, out.bad = c.fnResult(f, e, args, bound)
	return out
}

// fnArg checks one argument and binds the dimensions that its type names.
func (c *checker) fnArg(f *fnInfo, i int, a ast.Expr, v value, bound map[string]lang.Dim) bool {
	if v.bad || f.bad {
		return false
	}
	p, want := f.decl.Params[i], f.params[i]
	if !v.dep.known() && !c.fnArgKnown(f, p, a, v) {
		return false
	}
	if form := f.forms[i]; form != nil && v.dep.known() {
		if d, ok := c.affine(a); ok {
			bound[form.Symbols()[0].Name] = d
		}
	}
	if !fits(v.t.Elem, want.Elem) || v.t.Rank() != want.Rank() {
		code := TypeMismatch
		if fits(v.t.Elem, want.Elem) {
			code = ShapeMismatch
		}
		c.report(code, a.Span(), "`%s` of `%s` has the wrong type", p.Name.Name, f.decl.Name.Name).expected("%s", want).found("%s", v.t).
			related(p.Span(), "the parameter")
		return false
	}
	for k, d := range want.Dims {
		name, bare := bareSymbol(d)
		old, seen := bound[name]
		switch {
		case bare && !seen:
			bound[name] = v.t.Dims[k]
		case bare && old.Opaque() && old.Equal(v.t.Dims[k]) == lang.Unknown:
			bound[name] = v.t.Dims[k]
		}
		if got := subst(d, bound); bare && got.Equal(v.t.Dims[k]) == lang.No {
			c.report(ShapeMismatch, a.Span(), "`%s` of `%s` has the wrong shape", p.Name.Name, f.decl.Name.Name).
				expected("%s with %s = %s", want, d, got).found("%s", v.t).related(p.Span(), "the parameter")
			return false
		}
	}
	return true
}

// fnArgKnown asks that an argument that the body uses as a size or an index
// does not depend on a latent.
func (c *checker) fnArgKnown(f *fnInfo, p *ast.FnParam, a ast.Expr, v value) bool {
	switch {
	case f.sizes[p.Name.Name]:
		c.report(NeedsData, a.Span(), "`%s` of `%s` is used as a size: it must be known from the data, but this depends on %s", p.Name.Name, f.decl.Name.Name, v.dep)
		return false
	case f.indices[p.Name.Name]:
		c.report(LatentIndex, a.Span(), "`%s` of `%s` is used as an index, which a latent may be only where it is provably inside", p.Name.Name, f.decl.Name.Name).
			hint("index outside the function, and pass the element")
		return false
	}
	return true
}

// noteFnUse marks the parameters of the function being checked that e mentions.
func (c *checker) noteFnUse(e ast.Expr, used func(*fnInfo) map[string]bool) {
	if c.fn == nil || e == nil {
		return
	}
	ast.Inspect(e, func(n ast.Node) bool {
		if name, ok := n.(*ast.Name); ok {
			if in, ok := c.find(name.Name); ok && in.sym.Kind == lang.SymFnParam {
				used(c.fn)[name.Name] = true
			}
		}
		return true
	})
}

func bareSymbol(d lang.Dim) (string, bool) {
	syms := d.Symbols()
	if len(syms) != 1 || d.Const() != 0 || d.Coef(syms[0].Name) != 1 {
		return "", false
	}
	return syms[0].Name, true
}

func subst(d lang.Dim, bound map[string]lang.Dim) lang.Dim {
	return d.Subst(func(s *lang.DimSym) (lang.Dim, bool) {
		b, ok := bound[s.Name]
		return b, ok
	})
}

// fnResult checks the dimensions that are expressions, and gives the type of the call.
func (c *checker) fnResult(f *fnInfo, e *ast.Call, args []ast.Expr, bound map[string]lang.Dim) (lang.Type, bool) {
	for i, a := range args {
		want, got := f.params[i], c.m.Types[a]
		for k, d := range want.Dims {
			if k < len(got.Dims) && c.allBound(d, bound) && subst(d, bound).Equal(got.Dims[k]) == lang.No {
				c.report(ShapeMismatch, a.Span(), "`%s` of `%s` has the wrong shape", f.decl.Params[i].Name.Name, f.decl.Name.Name).
					expected("%s with %s = %s", want, d, subst(d, bound)).found("%s", got).related(f.decl.Params[i].Span(), "the parameter")
				return lang.Type{}, true
			}
		}
	}
	t := f.result
	t.Dims = nil
	for _, d := range f.result.Dims {
		r := subst(d, bound)
		if !c.allBound(d, bound) {
			r = lang.DimOpaque(c.id(f.decl.Name.Name), &ast.Call{At: e.At, Fn: ast.Ident{Name: "size"}, Args: []ast.Arg{{Value: e}}})
		}
		t.Dims = append(t.Dims, r)
	}
	return t, false
}

func (c *checker) allBound(d lang.Dim, bound map[string]lang.Dim) bool {
	for _, s := range d.Symbols() {
		if _, ok := bound[s.Name]; !ok {
			return false
		}
	}
	return true
}

// odeFits compares the function given to `ode` with the other arguments: it
// takes the time, the state and the remaining arguments, and gives the rate of
// change of the state.
func (c *checker) odeFits(e *ast.Call, sig *lang.FuncSig, seen []lang.Arg, args []ast.Expr) bool {
	if sig.Name != "ode" || len(seen) < 4 {
		return true
	}
	f := c.fns[seen[0].Fn]
	if f == nil {
		c.report(BadArgument, args[0].Span(), "the first argument of `ode` is the name of a function of the model").expected("%s", funcSignature(sig))
		return false
	}
	given := append([]lang.Type{lang.Scalar(lang.Real), seen[1].Type}, argTypesOf(seen[4:])...)
	if f.bad {
		return false
	}
	if len(given) != len(f.params) {
		c.report(BadArgument, e.Span(), "`ode` calls `%s` with the time, the state and the arguments after the times: %d", f.decl.Name.Name, len(given)).
			found("`%s` takes %s", f.decl.Name.Name, counted(len(f.params), "argument")).related(f.decl.Name.Span(), "defined here")
		return false
	}
	bound := map[string]lang.Dim{}
	for i, t := range given {
		at := args[1]
		if i > 1 {
			at = args[i+2]
		}
		if !c.fnArg(f, i, at, value{t: t}, bound) {
			return false
		}
	}
	want := seen[1].Type
	want.Elem = lang.Real
	got := f.result
	if got.Rank() != want.Rank() || got.Rank() == 1 && c.allBound(got.Dims[0], bound) && subst(got.Dims[0], bound).Equal(want.Dims[0]) == lang.No {
		c.report(ShapeMismatch, args[0].Span(), "`%s` must give the rate of change of the state", f.decl.Name.Name).expected("%s", want).found("%s", got)
		return false
	}
	return true
}

func argTypesOf(args []lang.Arg) []lang.Type {
	var out []lang.Type
	for _, a := range args {
		out = append(out, a.Type)
	}
	return out
}

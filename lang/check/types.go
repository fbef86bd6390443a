package check

import (
	"ppl/lang"
	"ppl/lang/ast"
	"ppl/lang/diag"
)

// Types as they are written: `real[N, D]`, `simplex[J, K]`, `factor(J)?[N]`.
// In a data declaration a bare name that is new is bound from the shape of the
// data; everywhere else dimensions are known before. In the parameters of a fn
// bare names are bound by the call.

// value is the outcome of checking an expression.
type value struct {
	t   lang.Type
	dep dep
	bad bool
}

func poison() value { return value{bad: true} }

func typed(t lang.Type, d dep) value { return value{t: t, dep: d} }

// typeUse says where a type stands.
type typeUse int

const (
	dataType typeUse = iota
	paramType
	latentType
	fnType
)

var elemNames = map[string]lang.Elem{"real": lang.Real, "int": lang.Int, "bool": lang.Bool}

// foreignTypes are the types of Stan and others, and the dimensions of an
// example.
var foreignTypes = map[string][2]string{
	"vector": {"real", "[N]"}, "row_vector": {"real", "[N]"}, "matrix": {"real", "[N, M]"}, "array": {"real", "[N]"}, "float": {"real", ""}, "double": {"real", ""},
	"number": {"real", ""}, "integer": {"int", ""}, "boolean": {"bool", ""}, "cov_matrix": {"cov", "[K]"}, "corr_matrix": {"corr", "[K]"}, "cholesky_factor_corr": {"cholesky_corr", "[K]"},
	"string": {"factor(J)", "[N]"}, "category": {"factor(J)", "[N]"}, "categorical": {"factor(J)", "[N]"}, "sum_to_zero_vector": {"sum_to_zero", "[K]"},
}

// resolveType gives the type that t writes; false after an error.
func (c *checker) resolveType(t *ast.Type, use typeUse) (lang.Type, bool) {
	if t == nil {
		return lang.Type{}, false
	}
	out, ok := c.elementType(t)
	if !ok {
		for _, e := range t.Dims { // names that it would bind are not unknown further down
			if _, isName := ast.Unparen(e).(*ast.Name); isName && use == dataType {
				c.resolveDim(e, use)
			}
		}
		return out, false
	}
	if t.Optional && use != dataType {
		c.report(MisplacedOptional, t.Span(), "only data may have missing elements").found("`%s`", c.src.Slice(t.Span())).
			hint("leave the `?` out; a missing element of the data becomes a latent by itself")
		ok = false
	}
	if t.Levels != nil {
		ok = c.resolveLevels(t, use, &out) && ok
	}
	out.Optional = t.Optional
	for _, e := range t.Dims {
		d, good := c.resolveDim(e, use)
		out.Dims = append(out.Dims, d)
		ok = ok && good
	}
	return out, c.finishKind(t, &out) && ok
}

// elementType resolves the name of a type.
func (c *checker) elementType(t *ast.Type) (lang.Type, bool) {
	name := t.Name.Name
	if e, ok := elemNames[name]; ok {
		return lang.Type{Elem: e}, true
	}
	if name == "factor" {
		if t.Levels == nil {
			c.report(UnknownType, t.Span(), "a factor names its levels").hint("write `factor(J)[N]`: the codes then run over 1..J")
			return lang.Type{}, false
		}
		return lang.Type{Elem: lang.Int, Levels: t.Levels.Name}, true
	}
	if k, ok := lang.KindByName(name); ok {
		return lang.Type{Kind: k}, true
	}
	n := c.report(UnknownType, t.Name.Span(), "`%s` is not a type", name)
	if w, ok := foreignTypes[name]; ok {
		dims := w[1]
		if len(t.Dims) > 0 {
			dims = "[" + c.src.Slice(t.Dims[0].Span().To(t.Dims[len(t.Dims)-1].Span())) + "]"
		}
		n.hint("write `%s%s`", w[0], dims)
		return lang.Type{}, false
	}
	names := []string{"real", "int", "bool", "factor"}
	for k := lang.Simplex; k <= lang.Cov; k++ {
		names = append(names, k.String())
	}
	n.hint("%s", didYouMean(name, names))
	return lang.Type{}, false
}

// finishKind checks the dimensions of a constrained kind, and gives the matrix
// kinds their second dimension.
func (c *checker) finishKind(t *ast.Type, out *lang.Type) bool {
	if out.Kind == lang.Plain {
		return true
	}
	if len(out.Dims) == 0 {
		c.report(UnknownType, t.Span(), "`%s` needs a dimension", out.Kind).hint("write `%s[K]`", out.Kind)
		return false
	}
	if t.Optional {
		c.report(MisplacedOptional, t.Span(), "elements of `%s` cannot be missing", out.Kind).hint("only `real?`, `int?` and `factor(J)?` may have missing elements")
		return false
	}
	if out.Kind.EventRank() == 2 {
		out.Dims = append(out.Dims, out.Dims[len(out.Dims)-1])
	}
	return true
}

// resolveLevels makes the levels of a factor a dimension.
func (c *checker) resolveLevels(t *ast.Type, use typeUse, out *lang.Type) bool {
	if use == paramType || use == latentType {
		c.report(UnknownType, t.Span(), "only data can be a factor").hint("labels come with the data; write `int`")
		return false
	}
	_, ok := c.resolveDim(&ast.Name{At: t.Levels.At, Name: t.Levels.Name}, use)
	return ok
}

// resolveDim gives a dimension.
func (c *checker) resolveDim(e ast.Expr, use typeUse) (lang.Dim, bool) {
	name, bare := e.(*ast.Name)
	if !bare {
		if n := c.unboundIn(e); n != nil && use == dataType {
			c.report(UnknownDimension, n.Span(), "`%s` does not bind `%s`: only a bare name is a dimension of its own", c.text(e), n.Name).
				hint("bind it above, by `data x : real[%s]` or `data %s : int`", n.Name, n.Name)
			return lang.Dim{}, false
		}
		return c.sizeExpr(e, "a dimension")
	}
	in, found := c.find(name.Name)
	switch {
	case !found && use == dataType && !reserved[name.Name]:
		return c.bindDim(name), true
	case !found && use != dataType:
		return lang.Dim{}, c.reportUnknownDim(name)
	case found:
		c.m.Uses[name] = in.sym
		if use == dataType && in.sym.Kind == lang.SymData && in.aff != nil {
			c.boundByShape(in, name)
		}
	}
	return c.sizeExpr(e, "a dimension")
}

// unboundIn is a name in a dimension that nothing has defined above or will
// define below, nil if there is none.
func (c *checker) unboundIn(e ast.Expr) *ast.Name {
	var out *ast.Name
	ast.Inspect(e, func(n ast.Node) bool {
		if x, ok := n.(*ast.Name); ok && out == nil && !reserved[x.Name] {
			_, known := c.find(x.Name)
			_, below := c.declaration(x.Name)
			if !known && !below && len(c.defs.byName[x.Name]) == 0 {
				out = x
			}
		}
		return out == nil
	})
	return out
}

// boundByShape notes that a `data N : int` is also known from a shape.
func (c *checker) boundByShape(in *info, at *ast.Name) {
	if in.shaped {
		return
	}
	in.shaped = true
	c.m.Dims = append(c.m.Dims, &lang.Symbol{Name: in.sym.Name, Kind: lang.SymDim, Type: lang.Scalar(lang.Int), Span: at.Span(), Decl: in.sym.Decl})
}

func (c *checker) reportUnknownDim(name *ast.Name) bool {
	if c.fn != nil {
		n := c.report(UnknownDimension, name.Span(), "the call does not bind the dimension `%s`", name.Name)
		if span, ok := c.outside(name.Name); ok {
			n.related(span, "this one is outside the function")
		}
		n.
			hint("a dimension of the result comes from the parameters: use `%s` in the type of one, or pass it as `%s: int`", name.Name, name.Name)
		return false
	}
	if c.suspect(name.Name) {
		return false
	}
	c.report(UnknownDimension, name.Span(), "the dimension `%s` is not known here", name.Name).
		hint("dimensions are bound by data: `data x : real[%s]` above, or `data %s : int`, or `let %s = 3`", name.Name, name.Name, name.Name)
	return false
}

// bindDim declares a dimension.
func (c *checker) bindDim(name *ast.Name) lang.Dim {
	d := lang.DimName(name.Name)
	sym := &lang.Symbol{Name: name.Name, Kind: lang.SymDim, Type: lang.Scalar(lang.Int), Span: name.Span(), Decl: name}
	in := &info{sym: sym, aff: &d}
	c.setBound(name.Name, d, dimPtr(lang.DimInt(0)), nil)
	if c.declare(c.root, in, RedefinedName) {
		c.m.Dims = append(c.m.Dims, sym)
		c.m.Uses[name] = sym
	}
	return d
}

// sizeExpr checks an int scalar that data must tell, and gives its form.
func (c *checker) sizeExpr(e ast.Expr, what string) (lang.Dim, bool) {
	var v value
	c.as(roleSize, e, func() { v = c.expr(e) })
	switch {
	case v.bad:
		return lang.Dim{}, false
	case !v.t.IsScalar() || v.t.Elem != lang.Int:
		n := c.report(TypeMismatch, e.Span(), "%s must be an int", what).expected("int").found("%s", v.t)
		if v.t.IsScalar() && v.t.Elem == lang.Real {
			n.hint("`floor`, `ceil` and `round` give int; `div(a, b)` divides integers")
		}
		return lang.Dim{}, false
	case !v.dep.known():
		c.report(NeedsData, e.Span(), "%s must be known from the data, but this depends on %s", what, v.dep)
		return lang.Dim{}, false
	}
	c.noteFnUse(e, func(f *fnInfo) map[string]bool { return f.sizes })
	d, ok := c.affine(e)
	if !ok { // too large to compare with others
		d, ok = lang.DimOpaque(c.id("size"), e), true
	}
	if n, isInt := d.Int(); ok && isInt && n < 0 && what == "a dimension" {
		c.report(TypeMismatch, e.Span(), "a dimension cannot be negative").found("%d", n)
		return lang.Dim{}, false
	}
	return d, ok
}

// fits reports whether a value of type from can stand where elem is asked for:
// bool becomes 0/1 and int becomes real.
func fits(from, elem lang.Elem) bool { return from == elem || elem == lang.Real || from == lang.Bool }

// join is the element type that holds both.
func join(a, b lang.Elem) lang.Elem {
	switch {
	case a == b:
		return a
	case a == lang.Real || b == lang.Real:
		return lang.Real
	}
	return lang.Int
}

// checkAssignable reports a value that does not fit a declared type.
func (c *checker) checkAssignable(v value, want lang.Type, at diag.Span, what string) bool {
	if v.bad {
		return false
	}
	if !fits(v.t.Elem, want.Elem) {
		c.report(TypeMismatch, at, "%s has the wrong type", what).expected("%s", want).found("%s", v.t)
		return false
	}
	if lang.SameShape(v.t.Dims, want.Dims) == lang.No {
		c.report(ShapeMismatch, at, "%s has the wrong shape", what).expected("%s", want).found("%s", v.t)
		return false
	}
	return true
}

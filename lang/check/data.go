package check

import (
	"strings"

	"ppl/lang"
	"ppl/lang/ast"
)

// Data and params: types that bind dimensions, constraints, defaults.

// data declares data.
func (c *checker) data(s *ast.Data) {
	t, ok := c.resolveType(s.Type, dataType)
	sym := &lang.Symbol{Name: s.Name.Name, Kind: lang.SymData, Type: t, Span: s.Name.Span(), Decl: s}
	in := &info{sym: sym, bad: !ok}
	if ok {
		c.dataBounds(in, s, t)
		c.constraint(s.Constraint, t, "data")
		if s.Default != nil {
			c.defaultValue(s.Default, t, "the default of `"+sym.Name+"`", false)
		}
	}
	c.m.Data = append(c.m.Data, sym)
	if old, known := c.top.names[sym.Name]; known && ok && old.sym.Kind == lang.SymDim && isPlainInt(t) {
		c.all = append(c.all, in)
		c.top.names[sym.Name] = in // `data N : int` after `real[N]`
		return
	}
	c.declare(c.top, in, RedefinedName)
}

func isPlainInt(t lang.Type) bool {
	return t.Elem == lang.Int && t.IsScalar() && !t.Optional && t.Levels == ""
}

// dataBounds records the symbolic value of an int and the bounds of its elements.
func (c *checker) dataBounds(in *info, s *ast.Data, t lang.Type) {
	if t.Elem == lang.Bool {
		in.lo, in.hi = dimPtr(lang.DimInt(0)), dimPtr(lang.DimInt(1))
	}
	if t.Elem != lang.Int {
		return
	}
	if t.Levels != "" {
		in.lo, in.hi = dimPtr(lang.DimInt(1)), dimPtr(lang.DimName(t.Levels))
		if l, ok := c.find(t.Levels); ok && l.aff != nil {
			in.hi = l.aff
		}
	}
	lo, hi := c.constraintBounds(s.Constraint)
	if lo != nil {
		in.lo = lo
	}
	if hi != nil {
		in.hi = hi
	}
	if t.IsScalar() {
		d := lang.DimName(in.sym.Name)
		in.aff = &d
		if old := c.bounds[in.sym.Name]; old != nil {
			if in.lo != nil {
				old.lo = in.lo
			}
			old.hi = in.hi
		} else {
			c.setBound(in.sym.Name, d, in.lo, in.hi)
		}
	}
}

// constraintBounds are the bounds that a constraint puts on integers.
func (c *checker) constraintBounds(k *ast.Constraint) (lo, hi *lang.Dim) {
	form := func(e ast.Expr) *lang.Dim {
		if e == nil {
			return nil
		}
		v := c.ask(e)
		if d, ok := c.affine(e); ok && !v.bad && v.t.IsScalar() && !c.mentionsIndex(d) {
			return &d
		}
		return nil
	}
	switch {
	case k == nil:
	case k.Range != nil:
		return form(k.Range.Lo), form(k.Range.Hi)
	case k.Op == ">=":
		return form(k.Bound), nil
	case k.Op == ">":
		return sum(form(k.Bound), dimPtr(lang.DimInt(1))), nil
	case k.Op == "<=":
		return nil, form(k.Bound)
	case k.Op == "<":
		return nil, sum(form(k.Bound), dimPtr(lang.DimInt(-1)))
	}
	return nil, nil
}

// constraint checks the bounds of data or of a param.
func (c *checker) constraint(k *ast.Constraint, t lang.Type, what string) {
	if k == nil {
		return
	}
	if t.Kind != lang.Plain || t.Elem == lang.Bool || t.Levels != "" {
		c.report(BadConstraint, k.Span(), "a `%s` cannot be bounded", strings.SplitN(t.String(), "[", 2)[0]).hint("its type already says which values it takes")
		return
	}
	var ends []ast.Expr
	switch {
	case k.Interval != nil:
		ends = []ast.Expr{k.Interval.Lo, k.Interval.Hi}
	case k.Range != nil:
		ends = []ast.Expr{k.Range.Lo, k.Range.Hi}
	default:
		ends = []ast.Expr{k.Bound}
	}
	if k.Range != nil && t.Elem == lang.Real {
		c.report(BadConstraint, k.Span(), "a range is for integers, but this is %s", t).
			hint("an open interval is written `in (%s, %s)`", c.text(ends[0]), c.text(ends[1]))
		return
	}
	for _, e := range ends {
		c.constraintEnd(e, k, t, what)
	}
}

func (c *checker) constraintEnd(e ast.Expr, k *ast.Constraint, t lang.Type, what string) {
	v := c.expr(e)
	switch {
	case v.bad:
	case !v.dep.known():
		c.report(NeedsData, e.Span(), "a bound of %s must be known from the data, but this depends on %s", what, v.dep)
	case k.Range != nil && v.t.Elem == lang.Real && !isInfinity(e):
		c.report(TypeMismatch, e.Span(), "the ends of a range are ints").expected("int").found("%s", v.t)
	case !v.t.IsScalar() && lang.SameShape(v.t.Dims, t.Dims) == lang.No:
		c.report(ShapeMismatch, e.Span(), "a bound must be scalar, or of the shape of what it bounds").expected("real or %s", t).found("%s", v.t)
	}
}

// defaultValue checks a default or an initial value: of the declared shape, or
// a scalar for all elements. Dimensions that the declaration binds are left to
// binding.
func (c *checker) defaultValue(e ast.Expr, t lang.Type, what string, exact bool) {
	v := c.expr(e)
	if v.bad {
		return
	}
	if !v.dep.known() {
		c.report(NeedsData, e.Span(), "%s must be known from the data, but this depends on %s", what, v.dep)
		return
	}
	want := t
	if v.t.IsScalar() || !exact && v.t.Rank() == t.Rank() {
		want.Dims = v.t.Dims
	}
	c.checkAssignable(v, want, e.Span(), what)
}

// param declares a value that is learned as a point.
func (c *checker) param(s *ast.Param) {
	t, ok := c.resolveType(s.Type, paramType)
	if ok && t.Elem != lang.Real {
		c.report(TypeMismatch, s.Type.Span(), "a param is learned by gradients: it must be real").expected("real").found("%s", t)
		ok = false
	}
	sym := &lang.Symbol{Name: s.Name.Name, Kind: lang.SymParam, Type: t, Span: s.Name.Span(), Decl: s, Random: true}
	in := &info{sym: sym, bad: !ok, dep: dep{param: true}}
	if ok {
		c.constraint(s.Constraint, t, "a param")
		if s.Init != nil {
			c.defaultValue(s.Init, t, "the initial value of `"+sym.Name+"`", true)
		}
	}
	c.m.Params = append(c.m.Params, sym)
	c.declare(c.top, in, RedefinedName)
}

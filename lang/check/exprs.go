package check

import (
	"strings"

	"ppl/lang"
	"ppl/lang/ast"
	"ppl/lang/diag"
)

// Expressions. Each has a type with symbolic dimensions. Arithmetic is
// elementwise over equal shapes, or a scalar with anything.

// expr checks an expression and records its type.
func (c *checker) expr(e ast.Expr) value {
	if e == nil {
		return poison()
	}
	if c.quiet == 0 {
		v := c.exprValue(e)
		if _, ok := e.(*ast.Number); !ok { // of which data in a text are made, and a look at it is enough
			c.memo[e] = v
		}
		if !v.bad {
			c.m.Types[e] = v.t
		}
		return v
	}
	if v, ok := c.memo[e]; ok {
		return v
	}
	if v, ok := c.asked[e]; ok {
		return v
	}
	v := c.exprValue(e)
	c.asked[e] = v
	return v
}

func (c *checker) exprValue(e ast.Expr) value {
	switch e := e.(type) {
	case *ast.Name:
		return c.name(e)
	case *ast.Number:
		if e.Real {
			return typed(lang.Scalar(lang.Real), dep{})
		}
		return typed(lang.Scalar(lang.Int), dep{})
	case *ast.Bool:
		return typed(lang.Scalar(lang.Bool), dep{})
	case *ast.Paren:
		return c.expr(e.X)
	case *ast.Unary:
		return c.unary(e)
	case *ast.Binary:
		return c.binary(e)
	case *ast.If:
		return c.ifElse(e)
	case *ast.Index:
		return c.index(e)
	case *ast.Call:
		return c.call(e)
	case *ast.Array:
		return c.array(e)
	case *ast.Comprehension:
		return c.comprehension(e)
	case *ast.DistExpr:
		c.report(DistributionAsValue, e.Span(), "a distribution is not a value").hint("`log_density(DIST, x)` is its log density at x")
	}
	return poison()
}

// name checks a name that stands for a whole value.
func (c *checker) name(e *ast.Name) value {
	if reserved[e.Name] {
		if _, own := c.find(e.Name); !own {
			return typed(lang.Scalar(lang.Real), dep{})
		}
	}
	in := c.lookup(e.Name, e.Span())
	if in == nil {
		return poison()
	}
	return c.read(in, e, e.Span(), nil)
}

// read checks a mention of a value, whole (args nil) or at indices, and gives
// the type of the whole. all is the span of the name with its indices.
func (c *checker) read(in *info, at *ast.Name, all diag.Span, args []ast.IndexArg) value {
	c.m.Uses[at] = in.sym
	c.noteRead(in)
	if in.sym.Generated && !c.generating {
		c.report(GeneratedValue, at.Span(), "the model cannot read `%s`, which only prediction defines", at.Name).
			related(in.sym.Span, "defined here, under `generate`").
			hint("use it in another `generate`, or define it without `generate`")
		return poison()
	}
	if in.bad {
		return value{bad: true, dep: in.dep}
	}
	if in.array != nil && !c.readable(in, all, args) {
		return value{bad: true, dep: in.dep}
	}
	if in.array != nil && in.array.guessed {
		in.readEarly = true
	}
	t := c.typeOf(in)
	t.Optional = false
	return typed(t, in.dep)
}

func (c *checker) unary(e *ast.Unary) value {
	x := c.expr(e.X)
	if x.bad {
		return x
	}
	if e.Op == "!" {
		if x.t.Elem == lang.Real {
			c.report(TypeMismatch, e.X.Span(), "`!` needs a bool or 0/1").expected("bool").found("%s", x.t)
			return poison()
		}
		return typed(lang.Array(lang.Bool, x.t.Dims...), x.dep)
	}
	return typed(lang.Array(join(x.t.Elem, lang.Int), x.t.Dims...), x.dep)
}

func (c *checker) binary(e *ast.Binary) value {
	x := c.expr(e.X)
	guarded := e.Op == "&&" || e.Op == "||"
	if guarded {
		c.underIf++
	}
	y := c.expr(e.Y)
	if guarded {
		c.underIf--
	}
	d := x.dep.or(y.dep)
	if x.bad || y.bad {
		return value{bad: true, dep: d}
	}
	if e.Op == "@" {
		return c.product(e, x, y)
	}
	dims, ok := elementwise(x.t, y.t)
	if !ok {
		c.reportShapes(e, x.t, y.t)
		return value{bad: true, dep: d}
	}
	elem, ok := c.operator(e, x.t.Elem, y.t.Elem, x.t, y.t)
	return value{t: lang.Array(elem, dims...), dep: d, bad: !ok}
}

// elementwise gives the common shape: equal, or one of them scalar.
func elementwise(x, y lang.Type) ([]lang.Dim, bool) {
	switch {
	case x.IsScalar():
		return y.Dims, true
	case y.IsScalar():
		return x.Dims, true
	}
	return clearer(x.Dims, y.Dims), lang.SameShape(x.Dims, y.Dims) != lang.No
}

// clearer takes, of two shapes that may be equal, the dimensions that are named.
func clearer(a, b []lang.Dim) []lang.Dim {
	if len(a) != len(b) {
		return a
	}
	out := make([]lang.Dim, len(a))
	for i := range a {
		if out[i] = a[i]; a[i].Opaque() {
			out[i] = b[i]
		}
	}
	return out
}

func (c *checker) reportShapes(e *ast.Binary, x, y lang.Type) {
	n := c.report(ShapeMismatch, e.Span(), "`%s` works element by element: the shapes must be equal, or one side a scalar", e.Op).
		expected("equal shapes").found("%s %s %s", x, e.Op, y)
	switch {
	case e.Op == "*" && x.Rank() == 2:
		n.hint("the matrix product is `@`")
	case x.Rank() == y.Rank():
		n.hint("dimensions that are always equal need one name")
	default:
		n.hint("there is no broadcasting of arrays: use a plate or a comprehension `[... for i in 1..N]`")
	}
}

// operator gives the element type of x OP y.
func (c *checker) operator(e *ast.Binary, a, b lang.Elem, x, y lang.Type) (lang.Elem, bool) {
	switch e.Op {
	case "&&", "||":
		for _, side := range []struct {
			e ast.Expr
			t lang.Type
		}{{e.X, x}, {e.Y, y}} {
			if side.t.Elem == lang.Real {
				c.report(TypeMismatch, side.e.Span(), "`%s` joins conditions: bool or 0/1", e.Op).expected("bool").found("%s", side.t).hint("compare it with something")
				return lang.Bool, false
			}
		}
		return lang.Bool, true
	case "==", "!=", "<", "<=", ">", ">=":
		return lang.Bool, true
	case "/", "^":
		return lang.Real, true
	}
	return join(join(a, b), lang.Int), true
}

// product is `@`: matrix with matrix, matrix with vector, or a dot product.
func (c *checker) product(e *ast.Binary, x, y value) value {
	d := x.dep.or(y.dep)
	n, m := x.t.Rank(), y.t.Rank()
	if n < 1 || n > 2 || m < 1 || m > 2 || x.t.Dims[n-1].Equal(y.t.Dims[0]) == lang.No {
		r := c.report(ShapeMismatch, e.Span(), "`@` needs the last dimension on its left to be the first on its right").
			expected("[A, B] @ [B, C], [A, B] @ [B], [B] @ [B, C] or [B] @ [B]").found("%s @ %s", x.t, y.t)
		if n == 0 || m == 0 {
			r.hint("to multiply by a scalar, use `*`")
			c.scalarFactor(r, e, x.t, y.t)
		} else if n <= 2 && m <= 2 && y.t.Dims[m-1].Equal(x.t.Dims[0]) == lang.Yes {
			r.hint("the other way round it fits: `%s @ %s`", c.text(e.Y), c.text(e.X))
		}
		return value{bad: true, dep: d}
	}
	dims := append(append([]lang.Dim(nil), x.t.Dims[:n-1]...), y.t.Dims[1:]...)
	return typed(lang.Array(join(join(x.t.Elem, y.t.Elem), lang.Int), dims...), d)
}

// scalarFactor hints at the coefficient of each column where a latent that is
// one number stands beside a matrix.
func (c *checker) scalarFactor(n note, e *ast.Binary, x, y lang.Type) {
	scalar, other, dim := e.Y, e.X, x.Rank()-1
	if x.IsScalar() {
		scalar, other, dim, x = e.X, e.Y, 0, y
	}
	name, ok := ast.Unparen(scalar).(*ast.Name)
	if !ok || x.IsScalar() {
		return
	}
	in, ok := c.findQuietly(name.Name)
	if !ok || in.sym.Kind != lang.SymLatent {
		return
	}
	s, ok := in.sym.Decl.(*ast.Sample)
	if !ok || s.Dist == nil || len(s.Index) > 0 || s.Type != nil {
		return
	}
	n.hint("`%s` is one number: for a coefficient of each column of `%s`, write `%s : real[%s] ~ %s`; to multiply by a scalar, use `*`",
		name.Name, c.text(other), name.Name, x.Dims[dim], c.text(s.Dist)).related(in.sym.Span, "`%s` is defined here", name.Name)
}

func (c *checker) ifElse(e *ast.If) value {
	cond := c.expr(e.Cond)
	if !cond.bad && (cond.t.Elem == lang.Real || !cond.t.IsScalar()) {
		n := c.report(TypeMismatch, e.Cond.Span(), "a condition is a bool or 0/1").expected("bool or int").found("%s", cond.t)
		if !cond.t.IsScalar() {
			n.hint("to choose element by element, use `[if c[i] then a[i] else b[i] for i in 1..N]`")
		} else {
			n.hint("compare it with something, as in `x > 0`")
		}
	}
	c.underIf++
	a, b := c.expr(e.Then), c.expr(e.Else)
	c.underIf--
	d := cond.dep.or(a.dep).or(b.dep)
	if a.bad || b.bad {
		return value{bad: true, dep: d}
	}
	if lang.SameShape(a.t.Dims, b.t.Dims) == lang.No {
		c.report(ShapeMismatch, e.Span(), "both branches of an `if` need the same shape").
			expected("equal shapes").found("%s and %s", a.t, b.t)
		return value{bad: true, dep: d}
	}
	return typed(lang.Array(join(a.t.Elem, b.t.Elem), clearer(a.t.Dims, b.t.Dims)...), d)
}

func (c *checker) array(e *ast.Array) value {
	if len(e.Elems) == 0 {
		c.report(TypeMismatch, e.Span(), "an array in brackets needs an element").hint("`zeros(0)` is an empty array")
		return poison()
	}
	var out value
	for i, el := range e.Elems {
		v := c.expr(el)
		switch {
		case i == 0:
			out = v
			out.t = lang.Array(v.t.Elem, v.t.Dims...)
			continue
		case !v.bad && !out.bad && lang.SameShape(v.t.Dims, out.t.Dims) == lang.No:
			c.report(ShapeMismatch, el.Span(), "the elements of an array need the same shape").
				expected("%s", out.t).found("%s", v.t).related(e.Elems[0].Span(), "the first element")
			out.bad = true
		}
		out.bad = out.bad || v.bad
		out.dep = out.dep.or(v.dep)
		out.t.Elem = join(out.t.Elem, v.t.Elem)
		out.t.Dims = clearer(out.t.Dims, v.t.Dims)
	}
	out.t.Dims = append([]lang.Dim{lang.DimInt(len(e.Elems))}, out.t.Dims...)
	return out
}

func (c *checker) comprehension(e *ast.Comprehension) value {
	outer := c.scope
	c.scope = newScope(outer)
	defer func() { c.scope = outer }()
	var dims []lang.Dim
	ok := len(e.Binders) > 0
	for _, b := range e.Binders {
		v, good := c.bind(b, nil)
		ok = ok && good
		if good {
			dims = append(dims, length(v.lo, v.hi))
		}
	}
	elem := c.expr(e.Elem)
	if !ok || elem.bad {
		return value{bad: true, dep: elem.dep}
	}
	if c.added == e {
		for i, d := range dims {
			if c.ownIndex(d) != nil {
				dims[i] = lang.Dim{}
			}
		}
	}
	dims = append(dims, elem.t.Dims...)
	if c.ragged(e, dims) {
		return value{bad: true, dep: elem.dep}
	}
	return typed(lang.Array(elem.t.Elem, dims...), elem.dep)
}

// ragged reports a comprehension whose rows would differ in length: one of its
// dimensions varies with its own indices.
func (c *checker) ragged(e *ast.Comprehension, dims []lang.Dim) bool {
	for _, d := range dims {
		if own := c.ownIndex(d); own != nil {
			c.report(ShapeMismatch, e.Span(), "the rows of an array need the same length, but here it depends on `%s`", own.sym.Name).
				hint("use a range that does not depend on the indices of the comprehension, or take the `sum` or `mean` of it directly")
			return true
		}
	}
	return false
}

// ownIndex is an index of the innermost scope with which d varies.
func (c *checker) ownIndex(d lang.Dim) *info {
	for _, own := range c.scope.names {
		if own.sym.Kind == lang.SymIndex && mentions(d, own.aff.Symbols()[0].Name) {
			return own
		}
	}
	return nil
}

// mentions reports whether d varies with an index.
func mentions(d lang.Dim, id string) bool {
	for _, s := range d.Symbols() {
		if s.Name == id || s.Length != nil && strings.Contains(s.Name, id) {
			return true
		}
	}
	return false
}

// length is the number of elements of lo..hi, which is 0 where hi < lo.
func length(lo, hi lang.Dim) lang.Dim {
	d := hi.Sub(lo).AddInt(1)
	if n, ok := d.Int(); ok && n < 0 {
		return lang.DimInt(0)
	}
	return d
}

// rangeEnds checks the ends of a range: ints that are known from data.
func (c *checker) rangeEnds(r *ast.Range) (lo, hi lang.Dim, ok bool) {
	if r == nil {
		return lo, hi, false
	}
	lo, okLo := c.sizeExpr(r.Lo, "the end of a range")
	hi, okHi := c.sizeExpr(r.Hi, "the end of a range")
	return lo, hi, okLo && okHi
}

// bind declares the index of a plate, loop or comprehension. It is declared
// even where its range is in error.
func (c *checker) bind(b *ast.Binder, l *loop) (*indexVar, bool) {
	if b == nil {
		return nil, false
	}
	lo, hi, ok := c.rangeEnds(b.Range)
	v := &indexVar{name: b.Name.Name, id: c.id(b.Name.Name), lo: lo, hi: hi, loop: l}
	v.dim = lang.DimSymbol(&lang.DimSym{Name: v.id, Label: v.name})
	sym := &lang.Symbol{Name: v.name, Kind: lang.SymIndex, Type: lang.Scalar(lang.Int), Span: b.Name.Span(), Decl: b}
	in := &info{sym: sym, aff: &v.dim, bad: false}
	if ok {
		in.lo, in.hi = &v.lo, &v.hi
	}
	bd := c.setBound(v.id, v.dim, in.lo, in.hi)
	bd.index, bd.dependent = true, c.mentionsIndex(lo) || c.mentionsIndex(hi)
	if l != nil {
		l.vars = append(l.vars, v)
	}
	return v, c.declare(c.scope, in, ShadowedName) && ok
}

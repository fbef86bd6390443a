package lower

import (
	"math"

	"ppl/graph"
	"ppl/graph/fn"
	"ppl/graph/named"
	"ppl/graph/op"
	"ppl/lang"
	"ppl/lang/ast"
	"ppl/lang/diag"
)

// eval interprets an expression.
func (l *lowerer) eval(e ast.Expr) val {
	switch e := e.(type) {
	case *ast.Paren:
		return l.eval(e.X)
	case *ast.Number:
		if e.Real {
			return val{l.b.Scalar(e.Value), lang.Real}
		}
		return val{l.b.Scalar(e.Value), lang.Int}
	case *ast.Bool:
		return val{l.b.Scalar(map[bool]float64{true: 1}[e.Value]), lang.Bool}
	case *ast.Name:
		return l.name(e)
	case *ast.Unary:
		x := l.eval(e.X)
		if e.Op == "!" {
			return val{l.b.Not(x.Value), lang.Bool}
		}
		return val{l.b.Neg(x.Value), arithmetic(x.elem, lang.Int)}
	case *ast.Binary:
		return l.binary(e)
	case *ast.If:
		return l.conditional(e)
	case *ast.Index:
		return l.index(e)
	case *ast.Call:
		return l.call(e)
	case *ast.Array:
		return l.arrayLiteral(e)
	case *ast.Comprehension:
		return l.comprehension(e)
	}
	l.fail("not-supported-here", e, "this expression is not supported yet")
	return val{}
}

// arithmetic is the element type of a sum or product: bool counts as int.
func arithmetic(a, b lang.Elem) lang.Elem {
	if a == lang.Real || b == lang.Real {
		return lang.Real
	}
	return lang.Int
}

func (l *lowerer) name(e *ast.Name) val {
	switch e.Name {
	case "pi":
		return val{l.b.Scalar(math.Pi), lang.Real}
	case "inf":
		return val{l.b.Scalar(math.Inf(1)), lang.Real}
	}
	b := l.find(e.Name)
	if b == nil {
		panic(failed{}) // its definition failed and has been reported
	}
	if b.array != nil {
		return val{l.whole(b.array), b.array.elem}
	}
	return b.value
}

var comparisons = map[string]**op.Func{
	"==": &op.Equal, "!=": &op.NotEqual, "<": &op.Less, "<=": &op.LessEq,
	">": &op.Greater, ">=": &op.GreaterEq, "&&": &op.And, "||": &op.Or,
}

func (l *lowerer) binary(e *ast.Binary) val {
	// Flat chains of + and * nest to the left as deep as they are long.
	if x, ok := e.X.(*ast.Binary); ok && (e.Op == "+" || e.Op == "*" || e.Op == "-") {
		return l.chain(e, x)
	}
	return l.operate(e, l.eval(e.X), l.eval(e.Y))
}

// chain evaluates a left-deep chain of binary operators in a loop.
func (l *lowerer) chain(e, x *ast.Binary) val {
	spine := []*ast.Binary{e}
	for {
		spine = append(spine, x)
		next, ok := x.X.(*ast.Binary)
		if !ok {
			break
		}
		x = next
	}
	v := l.eval(x.X)
	for i := len(spine) - 1; i >= 0; i-- {
		v = l.operate(spine[i], v, l.eval(spine[i].Y))
	}
	return v
}

func (l *lowerer) operate(e *ast.Binary, x, y val) val {
	if e.Op == "@" {
		return l.product(e, x, y)
	}
	l.sameShape(e, x, y)
	if f, ok := comparisons[e.Op]; ok {
		return val{l.b.Apply(*f, x.Value, y.Value), lang.Bool}
	}
	elem := arithmetic(x.elem, y.elem)
	switch e.Op {
	case "+":
		return val{l.b.Add(x.Value, y.Value), elem}
	case "-":
		return val{l.b.Sub(x.Value, y.Value), elem}
	case "*":
		return val{l.b.Mul(x.Value, y.Value), elem}
	case "/":
		return val{l.b.Div(x.Value, y.Value), lang.Real}
	case "^":
		return val{l.b.Pow(x.Value, y.Value), lang.Real}
	}
	l.fail("not-supported-here", e, "the operator `%s` is not supported yet", e.Op)
	return val{}
}

func (l *lowerer) sameShape(at ast.Node, x, y val) {
	if x.Rank() == 0 || y.Rank() == 0 || x.Shape().Equal(y.Shape()) {
		return
	}
	l.failWith(diag.Diagnostic{Code: "shape-at-binding", Span: at.Span(),
		Summary:  "the two sides have different shapes with these data",
		Expected: "equal shapes, or a scalar with anything",
		Found:    typeOf(x).String() + " and " + typeOf(y).String()})
}

// typeOf is the concrete type of a value.
func typeOf(v val) lang.Type {
	t := lang.Type{Elem: v.elem}
	for _, n := range v.Shape() {
		t.Dims = append(t.Dims, lang.DimInt(n))
	}
	return t
}

func (l *lowerer) product(e *ast.Binary, x, y val) val {
	a, b := x.Shape(), y.Shape()
	ok := len(a) >= 1 && len(a) <= 2 && len(b) >= 1 && len(b) <= 2 && a[len(a)-1] == b[0]
	if !ok {
		l.failWith(diag.Diagnostic{Code: "shape-at-binding", Span: e.Span(),
			Summary:  "`@` needs the last dimension of its left side to equal the first of its right side",
			Expected: "vectors or matrices that fit", Found: typeOf(x).String() + " @ " + typeOf(y).String()})
	}
	return val{l.b.MatMul(x.Value, y.Value), arithmetic(x.elem, y.elem)}
}

// conditional selects elementwise. Where the condition is known, each branch
// is evaluated only for the elements that take it: an index out of bounds or a
// missing element on the other branch does not count.
func (l *lowerer) conditional(e *ast.If) val {
	c := l.eval(e.Cond)
	if !c.IsConst() {
		x, y := l.eval(e.Then), l.eval(e.Else)
		l.branches(e, c, x, y)
		return val{l.b.Where(c.Value, x.Value, y.Value), join(x.elem, y.elem)}
	}
	any, all := false, true
	for _, v := range c.Const() {
		any = any || v != 0
		all = all && v != 0
	}
	switch {
	case all:
		return l.eval(e.Then)
	case !any:
		return l.eval(e.Else)
	}
	x := l.under(c.Value, e.Then)
	y := l.under(l.b.Not(c.Value), e.Else)
	l.branches(e, c, x, y)
	return val{l.b.Where(c.Value, x.Value, y.Value), join(x.elem, y.elem)}
}

func join(a, b lang.Elem) lang.Elem {
	if a == b {
		return a
	}
	return arithmetic(a, b)
}

func (l *lowerer) branches(e *ast.If, c, x, y val) {
	l.sameShape(e, x, y)
	l.sameShape(e, c, x)
	l.sameShape(e, c, y)
}

// under evaluates e with the guard narrowed by a known condition. A condition
// on whole arrays does not say which iterations run, so it does not guard.
func (l *lowerer) under(cond named.Value, e ast.Expr) val {
	saved := l.guard
	defer func() { l.guard = saved }()
	if cond.Rank() == 0 {
		if l.guard.Valid() {
			cond = l.b.And(l.guard, cond)
		}
		l.guard = cond
	}
	return l.eval(e)
}

func (l *lowerer) arrayLiteral(e *ast.Array) val {
	if len(e.Elems) == 0 {
		return val{l.b.Array(graph.Shape{0}, []float64{}), lang.Real}
	}
	vs := make([]named.Value, len(e.Elems))
	var first val
	elem := lang.Bool
	for i, x := range e.Elems {
		v := l.eval(x)
		if i == 0 {
			first, elem = v, v.elem
		}
		if !v.Shape().Equal(first.Shape()) {
			l.failWith(diag.Diagnostic{Code: "shape-at-binding", Span: x.Span(),
				Summary:  "the elements of an array have one shape",
				Expected: typeOf(first).String(), Found: typeOf(v).String()})
		}
		elem = join(elem, v.elem)
		vs[i] = v.Value
	}
	return val{l.b.Stack(vs...), elem}
}

// comprehension evaluates its element once, over fresh innermost axes, which
// then become its dimensions.
func (l *lowerer) comprehension(e *ast.Comprehension) val {
	l.push()
	depth := l.depth
	var axes []*named.Axis
	for _, b := range e.Binders {
		axes = append(axes, l.openAxis(b, named.Comprehension))
	}
	v := l.eval(e.Elem)
	l.pop()
	l.depth = depth
	return val{l.b.Close(v.Value, axes...), v.elem}
}

// openAxis opens the axis of a binder and binds its name.
func (l *lowerer) openAxis(b *ast.Binder, class named.Class) *named.Axis {
	lo, hi := l.constInt(b.Range.Lo, "the start of a range"), l.constInt(b.Range.Hi, "the end of a range")
	a := l.newAxis(b.Name.Name, max(0, hi-lo+1), class)
	l.bind(b.Name.Name, val{l.b.Counter(a, lo), lang.Int})
	return a
}

// constInt evaluates an expression that must be one integer known from data.
func (l *lowerer) constInt(e ast.Expr, what string) int {
	v := l.eval(e)
	if !v.IsConst() {
		l.fail("unknown-range", e, "%s must be known from the data", what)
	}
	x, ok := v.Float()
	if !ok {
		l.fail("not-supported-here", e, "%s that differs between iterations of an outer plate or loop is not supported yet", what)
	}
	if x != math.Trunc(x) || math.Abs(x) > 1<<40 {
		l.fail("unknown-range", e, "%s must be an integer, found %g", what, x)
	}
	return int(x)
}

// call applies a built-in or user function.
func (l *lowerer) call(e *ast.Call) val {
	if e.Fn.Name == "log_density" {
		return l.logDensity(e)
	}
	if f, ok := l.m.Fns[e.Fn.Name]; ok {
		return l.userCall(e, f)
	}
	f, ok := fn.Find(e.Fn.Name)
	if !ok {
		l.fail("not-supported-here", e, "`%s` is not supported yet", e.Fn.Name)
	}
	if f.NotYet != "" {
		l.fail("not-supported-here", e, "%s", f.NotYet)
	}
	args := make([]named.Value, len(e.Args))
	sig := make([]lang.Arg, len(e.Args))
	for i, a := range e.Args {
		v := l.eval(a.Value)
		args[i] = v.Value
		sig[i] = lang.Arg{Type: typeOf(v)}
		if x, ok := v.Float(); ok && v.elem != lang.Real {
			d := lang.DimInt(int(x))
			sig[i].Size = &d
		}
	}
	t, err := f.Result(sig)
	if err != nil {
		l.fail("shape-at-binding", e, "`%s` %v", f.Name, err)
	}
	v, err := f.Lower(l.b, args)
	if err != nil {
		l.fail("bad-value", e, "`%s` %v", f.Name, err)
	}
	return val{v, t.Elem}
}

// userCall interprets the function's body with its parameters bound to the
// arguments; outer names are not visible.
func (l *lowerer) userCall(e *ast.Call, f *ast.Fn) val {
	args := make([]val, len(e.Args))
	for i, a := range e.Args {
		args[i] = l.eval(a.Value)
	}
	saved := l.scope
	l.scope = &scope{names: map[string]*binding{}}
	l.calls++
	defer func() { l.scope = saved; l.calls-- }()
	if l.calls > 200 {
		l.fail("not-supported-here", e, "functions call one another more than 200 deep")
	}
	for i, p := range f.Params {
		l.bind(p.Name.Name, args[i])
	}
	for i, p := range f.Params {
		l.bindDims(e, f, p, args[i])
	}
	l.block(f.Body)
	return l.eval(f.Result)
}

// bindDims binds the dimension names of a parameter's type from the argument.
func (l *lowerer) bindDims(e *ast.Call, f *ast.Fn, p *ast.FnParam, v val) {
	for i, d := range p.Type.Dims {
		n := v.Shape()[i]
		if name, ok := ast.Unparen(d).(*ast.Name); ok && l.find(name.Name) == nil {
			l.bind(name.Name, val{l.b.Scalar(float64(n)), lang.Int})
			continue
		}
		if want := l.constInt(d, "a dimension"); want != n {
			l.failWith(diag.Diagnostic{Code: "shape-at-binding", Span: e.Span(),
				Summary:  "the argument `" + p.Name.Name + "` of `" + f.Name.Name + "` has another length than its type says",
				Expected: lang.DimInt(want).String(), Found: lang.DimInt(n).String()})
		}
	}
}

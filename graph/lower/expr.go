package lower

import (
	"math"

	"ppl/graph/op"
	"ppl/lang"
	"ppl/lang/ast"
	"ppl/lang/diag"
)

// eval interprets an expression whose value is put to use: what depends on a
// relaxed latent is mixed (relax.go).
func (l *lowerer) eval(e ast.Expr) val {
	l.plugIn = l.relaxes && l.relaxed(e)
	return l.mixed(l.table(e))
}

// table interprets an expression. What depends on discrete latents is a table
// along the axes of its references.
func (l *lowerer) table(e ast.Expr) val {
	if l.inBody() && !l.tainted(e) {
		return l.fromOutside(e)
	}
	if v, ok := l.frozen(e); ok {
		return v
	}
	switch e := e.(type) {
	case *ast.Paren:
		return l.table(e.X)
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
		x := l.table(e.X)
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
	case *ast.Drawn:
		return l.drawn(e)
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
	if b := l.find(e.Name); b != nil && b.gaps != nil {
		return l.readGaps(e, b.gaps, nil)
	}
	return l.lookup(e.Name)
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
	if e.Op == "&&" || e.Op == "||" {
		return l.shortCircuit(e)
	}
	if _, ok := comparisons[e.Op]; ok {
		return l.operate(e, l.table(e.X), l.table(e.Y))
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

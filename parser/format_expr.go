package parser

import (
	"math"
	"strconv"
	"strings"

	"ppl/lang/ast"
	"ppl/lang/diag"
)

// How tight each form of expression binds; see precedence for the operators.
const (
	bindsLoosest = 0 // if
	bindsSum     = 4
	bindsPostfix = 8
)

// exprPrinter makes docs of expressions. Parentheses that the tree holds are
// kept; others are added only where the tree would not come back without.
type exprPrinter struct {
	src *diag.Source
}

// expr prints e where an operand must bind at least as tight as least.
func (p exprPrinter) expr(e ast.Expr, least int) doc {
	if binding(e) < least {
		return list(text("("), nest(p.expr(e, bindsLoosest)), text(")"))
	}
	switch e := e.(type) {
	case *ast.Name:
		return text(e.Name)
	case *ast.Number:
		return text(numberText(e))
	case *ast.Bool:
		return text(strconv.FormatBool(e.Value))
	case *ast.Unary:
		return list(text(e.Op), p.expr(e.X, prefixPrecedence))
	case *ast.Binary:
		return p.binary(e)
	case *ast.If:
		return p.ifExpr(e)
	case *ast.Index:
		return p.index(e)
	case *ast.Call:
		return p.call(e)
	case *ast.DistExpr:
		return p.dist(e.Dist)
	case *ast.Array:
		return p.array(e)
	case *ast.Comprehension:
		return group(text("["), nest(cut, p.expr(e.Elem, bindsLoosest), space, text("for "), p.binders(e.Binders)), cut, text("]"))
	case *ast.Paren:
		return list(text("("), nest(p.expr(e.X, bindsLoosest)), text(")"))
	case *ast.BadExpr:
		return p.verbatim(e)
	}
	return text("")
}

func (p exprPrinter) verbatim(n ast.Node) doc {
	if p.src == nil {
		return text("0")
	}
	return text(p.src.Slice(n.Span()))
}

func binding(e ast.Expr) int {
	switch e := e.(type) {
	case *ast.If:
		return bindsLoosest
	case *ast.Binary:
		return precedence[e.Op]
	case *ast.Unary:
		return prefixPrecedence
	}
	return bindsPostfix
}

func numberText(n *ast.Number) string {
	switch {
	case n.Text != "":
		return n.Text
	case n.Real && n.Value == math.Trunc(n.Value) && math.Abs(n.Value) < 1e15:
		return strconv.FormatFloat(n.Value, 'f', 1, 64)
	}
	return strconv.FormatFloat(n.Value, 'g', -1, 64)
}

// binary prints a chain of operators of one precedence: the chain leans to the
// left and is followed without recursion. It breaks before operators, as many
// links to a line as fit.
func (p exprPrinter) binary(e *ast.Binary) doc {
	level := precedence[e.Op]
	if e.Op == "^" {
		return list(p.expr(e.X, bindsPostfix), text("^"), p.expr(e.Y, prefixPrecedence))
	}
	var links []*ast.Binary
	first := ast.Expr(e)
	for {
		b, ok := first.(*ast.Binary)
		if !ok || precedence[b.Op] != level || len(links) > 0 && level == precedence["=="] {
			break
		}
		links = append(links, b)
		first = b.X
	}
	least := level
	if level == precedence["=="] {
		least++ // a comparison in a comparison needs parentheses
	}
	rest := doc{kind: docNest, parts: make([]doc, 0, len(links))}
	for i := len(links) - 1; i >= 0; i-- {
		rest.parts = append(rest.parts, group(space, text(links[i].Op+" "), p.expr(links[i].Y, level+1)))
	}
	return list(p.expr(first, least), rest)
}

func (p exprPrinter) ifExpr(e *ast.If) doc {
	return group(
		text("if "), nest(p.expr(e.Cond, bindsLoosest),
			space, text("then "), p.expr(e.Then, bindsLoosest),
			space, text("else "), p.expr(e.Else, bindsLoosest)),
	)
}

// index prints x[i][j]..., a chain like that of operators.
func (p exprPrinter) index(e *ast.Index) doc {
	var links []*ast.Index
	base := ast.Expr(e)
	for {
		ix, ok := base.(*ast.Index)
		if !ok {
			break
		}
		links = append(links, ix)
		base = ix.X
	}
	out := doc{kind: docList, parts: []doc{p.expr(base, bindsPostfix)}}
	for i := len(links) - 1; i >= 0; i-- {
		args := make([]doc, 0, len(links[i].Args))
		for _, a := range links[i].Args {
			args = append(args, p.indexArg(a))
		}
		out.parts = append(out.parts, bracketed("[", args, "]"))
	}
	return out
}

func (p exprPrinter) indexArg(a ast.IndexArg) doc {
	switch {
	case a.Colon:
		return text(":")
	case a.Range != nil:
		return p.rng(a.Range)
	}
	return p.tight(a.Expr, bindsLoosest)
}

// tight prints the small arithmetic of indices without blanks: z[t-1], 2..T-1.
func (p exprPrinter) tight(e ast.Expr, least int) doc {
	if binding(e) < least || !smallArithmetic(e, 0) {
		return p.expr(e, least)
	}
	var b strings.Builder
	p.writeTight(&b, e)
	return text(b.String())
}

// maxTight bounds the operators of an index that is printed without blanks.
const maxTight = 4

// smallArithmetic reports whether e is a few names and numbers joined by
// arithmetic.
func smallArithmetic(e ast.Expr, depth int) bool {
	switch e := e.(type) {
	case *ast.Name, *ast.Number:
		return true
	case *ast.Binary:
		arithmetic := e.Op == "+" || e.Op == "-" || e.Op == "*" || e.Op == "/"
		return depth < maxTight && arithmetic && smallArithmetic(e.X, depth+1) && smallArithmetic(e.Y, depth+1) &&
			binding(e.X) >= precedence[e.Op] && binding(e.Y) > precedence[e.Op]
	case *ast.Paren:
		return depth < maxTight && smallArithmetic(e.X, depth+1)
	case *ast.Index:
		return depth < maxTight && len(e.Args) == 1 && e.Args[0].Expr != nil &&
			smallArithmetic(e.X, depth+1) && binding(e.X) == bindsPostfix && smallArithmetic(e.Args[0].Expr, depth+1)
	}
	return false
}

func (p exprPrinter) writeTight(b *strings.Builder, e ast.Expr) {
	switch e := e.(type) {
	case *ast.Name:
		b.WriteString(e.Name)
	case *ast.Number:
		b.WriteString(numberText(e))
	case *ast.Binary:
		p.writeTight(b, e.X)
		b.WriteString(e.Op)
		p.writeTight(b, e.Y)
	case *ast.Paren:
		b.WriteString("(")
		p.writeTight(b, e.X)
		b.WriteString(")")
	case *ast.Index:
		p.writeTight(b, e.X)
		b.WriteString("[")
		p.writeTight(b, e.Args[0].Expr)
		b.WriteString("]")
	}
}

func (p exprPrinter) rng(r *ast.Range) doc {
	return list(p.tight(r.Lo, bindsSum), text(".."), p.tight(r.Hi, bindsSum))
}

func (p exprPrinter) binders(binders []*ast.Binder) doc {
	out := make([]doc, 0, 2*len(binders))
	for i, b := range binders {
		if i > 0 {
			out = append(out, text(","), space)
		}
		out = append(out, text(b.Name.Name+" in "), p.rng(b.Range))
	}
	return group(nest(out...))
}

func (p exprPrinter) call(c *ast.Call) doc {
	args := make([]doc, 0, len(c.Args))
	for _, a := range c.Args {
		d := p.expr(a.Value, bindsLoosest)
		if a.Name != nil {
			d = list(text(a.Name.Name+" = "), d)
		}
		args = append(args, d)
	}
	return list(text(c.Fn.Name), bracketed("(", args, ")"))
}

// bracketed prints a list in brackets: on one line, or an item a line.
func bracketed(open string, items []doc, end string) doc {
	if len(items) == 0 {
		return text(open + end)
	}
	inner := doc{kind: docNest, parts: []doc{cut}}
	for i, d := range items {
		if i > 0 {
			inner.parts = append(inner.parts, text(","), space)
		}
		inner.parts = append(inner.parts, d)
	}
	return group(text(open), inner, cut, text(end))
}

// array prints as many elements to a line as fit: arrays of numbers are long.
func (p exprPrinter) array(a *ast.Array) doc {
	if len(a.Elems) == 0 {
		return text("[]")
	}
	inner := doc{kind: docNest, parts: []doc{cut, p.expr(a.Elems[0], bindsLoosest)}}
	for _, e := range a.Elems[1:] {
		inner.parts = append(inner.parts, text(","), group(space, p.expr(e, bindsLoosest)))
	}
	return group(text("["), inner, cut, text("]"))
}

func (p exprPrinter) dist(d *ast.Dist) doc {
	return list(p.call(d.Call), p.inside(d.Interval, d.Range))
}

// weighting prints ` weighted E` where there is one.
func (p exprPrinter) weighting(w *ast.Weighting) doc {
	if w == nil {
		return list()
	}
	return list(text(" weighted "), p.expr(w.Value, bindsLoosest))
}

// censoring prints ` censored above E` and the like where there is one.
func (p exprPrinter) censoring(c *ast.Censoring) doc {
	switch {
	case c == nil:
		return list()
	case c.Side == "in":
		return list(text(" censored"), p.inside(c.Interval, c.Range))
	}
	return list(text(" censored "+c.Side+" "), p.expr(c.Bound, bindsLoosest))
}

// inside prints ` in (a, b)` or ` in a..b` where there is one.
func (p exprPrinter) inside(i *ast.Interval, r *ast.Range) doc {
	switch {
	case i != nil:
		return list(text(" in "), bracketed("(", []doc{p.expr(i.Lo, bindsLoosest), p.expr(i.Hi, bindsLoosest)}, ")"))
	case r != nil:
		return list(text(" in "), p.rng(r))
	}
	return list()
}

func (p exprPrinter) typ(t *ast.Type) doc {
	head := t.Name.Name
	if t.Levels != nil {
		head += "(" + t.Levels.Name + ")"
	}
	if t.Optional {
		head += "?"
	}
	if t.Dims == nil {
		return text(head)
	}
	dims := make([]doc, 0, len(t.Dims))
	for _, d := range t.Dims {
		dims = append(dims, p.tight(d, bindsLoosest))
	}
	return list(text(head), bracketed("[", dims, "]"))
}

func (p exprPrinter) constraint(c *ast.Constraint) doc {
	switch {
	case c == nil:
		return list()
	case c.Op == "in":
		return p.inside(c.Interval, c.Range)
	}
	return list(text(" "+c.Op+" "), p.expr(c.Bound, bindsSum))
}

package parser

import (
	"strconv"
	"strings"

	"github.com/alecthomas/participle/v2/lexer"

	"ppl/lang/ast"
	"ppl/lang/diag"
)

// converter turns grammar structs into the syntax tree, and refuses what the
// grammar lets through because one token of lookahead could not.
type converter struct {
	rep *reporter
}

// spanOf covers a list of tokens.
func spanOf(toks []lexer.Token) diag.Span {
	if len(toks) == 0 {
		return diag.Span{}
	}
	return tokenSpan(toks[0]).To(tokenSpan(toks[len(toks)-1]))
}

func at(toks []lexer.Token) ast.At { return ast.At{Sp: spanOf(toks)} }

func present(t lexer.Token) bool { return t.Type != 0 }

func identOf(t lexer.Token) ast.Ident {
	return ast.Ident{At: ast.At{Sp: tokenSpan(t)}, Name: t.Value}
}

func (c *converter) stmts(list []*statement) []ast.Stmt {
	out := make([]ast.Stmt, 0, len(list))
	for _, s := range list {
		out = append(out, c.stmt(s))
	}
	return out
}

func (c *converter) stmt(s *statement) ast.Stmt {
	pos := at(s.Tokens)
	switch {
	case s.Sample != nil:
		return c.sample(pos, s.Sample)
	case s.Let != nil:
		return c.let(pos, s.Let)
	case s.Data != nil:
		d := s.Data.Decl
		return &ast.Data{At: pos, Name: identOf(d.Name), Type: c.typ(d.Type), Constraint: c.constraint(d.Constraint), Default: c.expr(d.Value)}
	case s.Param != nil:
		d := s.Param.Decl
		return &ast.Param{At: pos, Name: identOf(d.Name), Type: c.typ(d.Type), Constraint: c.constraint(d.Constraint), Init: c.expr(d.Value)}
	case s.Plate != nil:
		return &ast.Plate{At: pos, Binders: c.binders(s.Plate.Binders), Body: c.stmts(s.Plate.Body)}
	case s.For != nil:
		return &ast.For{At: pos, Binders: c.binders(s.For.Binders), Body: c.stmts(s.For.Body)}
	case s.Factor != nil:
		return &ast.Factor{At: pos, Value: c.expr(s.Factor)}
	case s.Generate != nil:
		return c.generate(pos, s.Generate)
	case s.Fn != nil:
		return c.fn(pos, s.Fn)
	case s.Guide != nil:
		return &ast.Guide{At: pos, Body: c.stmts(s.Guide.Body)}
	}
	return &ast.Bad{At: pos}
}

func (c *converter) sample(pos ast.At, s *sampleStmt) ast.Stmt {
	return &ast.Sample{
		At: pos, Name: identOf(s.Name), Index: c.leftIndices(s.Index), Type: c.typ(s.Type),
		Constraint: c.constraint(s.Constraint), Dist: c.dist(s.Dist), Censored: c.censoring(s.Censored),
		Weighted: c.weighting(s.Weighted),
	}
}

func (c *converter) censoring(k *censoring) *ast.Censoring {
	switch {
	case k == nil:
		return nil
	case k.In != nil:
		return &ast.Censoring{At: at(k.Tokens), Side: "in", Interval: c.interval(k.In.Interval), Range: c.rng(k.In.Range)}
	}
	return &ast.Censoring{At: at(k.Tokens), Side: k.Side.Value, Bound: c.expr(k.Bound)}
}

func (c *converter) weighting(w *weighting) *ast.Weighting {
	if w == nil {
		return nil
	}
	return &ast.Weighting{At: at(w.Tokens), Value: c.expr(w.Value)}
}

func (c *converter) let(pos ast.At, s *letStmt) ast.Stmt {
	return &ast.Let{At: pos, Name: identOf(s.Name), Index: c.leftIndices(s.Index), Value: c.expr(s.Value)}
}

func (c *converter) generate(pos ast.At, g *generateStmt) ast.Stmt {
	if g.Let != nil {
		return &ast.Generate{At: pos, Stmt: c.let(at(g.Tokens), g.Let)}
	}
	return &ast.Generate{At: pos, Stmt: c.sample(at(g.Tokens), g.Sample)}
}

func (c *converter) fn(pos ast.At, f *fnStmt) ast.Stmt {
	out := &ast.Fn{At: pos, Name: identOf(f.Name), Return: c.typ(f.Return)}
	for _, p := range f.Params {
		out.Params = append(out.Params, &ast.FnParam{At: at(p.Tokens), Name: identOf(p.Name), Type: c.typ(p.Type)})
	}
	if f.Block == nil {
		out.Result = c.expr(f.Value)
		return out
	}
	out.Block, out.Body, out.Result = true, c.bodyStmts(f.Block.Body), c.expr(f.Block.Result)
	return out
}

func (c *converter) bodyStmts(list []*bodyStmt) []ast.Stmt {
	out := make([]ast.Stmt, 0, len(list))
	for _, s := range list {
		out = append(out, c.bodyStmt(s))
	}
	return out
}

func (c *converter) bodyStmt(s *bodyStmt) ast.Stmt {
	pos := at(s.Tokens)
	if s.Let != nil {
		return c.let(pos, s.Let)
	}
	return &ast.For{At: pos, Binders: c.binders(s.For.Binders), Body: c.bodyStmts(s.For.Body)}
}

// ---- Parts of statements ----

func (c *converter) binders(list []*binder) []*ast.Binder {
	out := make([]*ast.Binder, 0, len(list))
	for _, b := range list {
		out = append(out, &ast.Binder{At: at(b.Tokens), Name: identOf(b.Name), Range: c.rng(b.Range)})
	}
	return out
}

func (c *converter) leftIndices(list []*leftIndex) []ast.LeftIndex {
	var out []ast.LeftIndex
	for _, l := range list {
		out = append(out, c.leftIndex(l))
	}
	return out
}

func (c *converter) leftIndex(l *leftIndex) ast.LeftIndex {
	arg := c.indexArg(l.Arg)
	if l.Range == nil {
		return ast.LeftIndex{At: at(l.Tokens), Arg: arg}
	}
	name, ok := arg.Expr.(*ast.Name)
	if !ok {
		c.rep.add(diag.Diagnostic{
			Code: SyntaxError, Span: arg.Sp, Summary: "only a name can run over a range",
			Expected: "a name before `in`", Hint: "write `[i in 1..N]`",
		})
		return ast.LeftIndex{At: at(l.Tokens), Arg: arg}
	}
	return ast.LeftIndex{At: at(l.Tokens), Binder: &ast.Binder{
		At: at(l.Tokens), Name: ast.Ident{At: name.At, Name: name.Name}, Range: c.rng(l.Range),
	}}
}

func (c *converter) indexArg(a *indexArg) ast.IndexArg {
	switch {
	case a.Lo == nil:
		return ast.IndexArg{At: at(a.Tokens), Colon: true}
	case a.Hi == nil:
		return ast.IndexArg{At: at(a.Tokens), Expr: c.expr(a.Lo)}
	}
	lo := c.expr(a.Lo)
	if looser(lo) {
		c.rep.add(diag.Diagnostic{
			Code: SyntaxError, Span: lo.Span(), Summary: "the start of a range must be a sum",
			Hint: "put it in parentheses",
		})
	}
	return ast.IndexArg{At: at(a.Tokens), Range: &ast.Range{At: at(a.Tokens), Lo: lo, Hi: c.sum(a.Hi)}}
}

// looser reports whether e binds looser than a sum.
func looser(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.If:
		return true
	case *ast.Binary:
		return precedence[e.Op] < precedence["+"]
	}
	return false
}

func (c *converter) rng(r *rangeExpr) *ast.Range {
	if r == nil {
		return nil
	}
	return &ast.Range{At: at(r.Tokens), Lo: c.sum(r.Lo), Hi: c.sum(r.Hi)}
}

func (c *converter) interval(i *interval) *ast.Interval {
	if i == nil {
		return nil
	}
	return &ast.Interval{At: at(i.Tokens), Lo: c.expr(i.Lo), Hi: c.expr(i.Hi)}
}

func (c *converter) typ(t *typeExpr) *ast.Type {
	if t == nil {
		return nil
	}
	out := &ast.Type{At: at(t.Tokens), Optional: t.Optional}
	if present(t.Factor) {
		levels := identOf(t.Levels)
		out.Name, out.Levels = identOf(t.Factor), &levels
	} else {
		out.Name = identOf(t.Name)
	}
	for _, d := range t.Dims {
		out.Dims = append(out.Dims, c.expr(d))
	}
	return out
}

func (c *converter) constraint(k *constraint) *ast.Constraint {
	switch {
	case k == nil:
		return nil
	case k.In != nil:
		return &ast.Constraint{At: at(k.Tokens), Op: "in", Interval: c.interval(k.In.Interval), Range: c.rng(k.In.Range)}
	}
	return &ast.Constraint{At: at(k.Tokens), Op: k.Op.Value, Bound: c.sum(k.Bound)}
}

func (c *converter) dist(d *distribution) *ast.Dist {
	out := &ast.Dist{At: at(d.Tokens), Call: c.call(d.Call.Tokens, d.Call.Args)}
	if d.In != nil {
		out.Interval, out.Range = c.interval(d.In.Interval), c.rng(d.In.Range)
	}
	return out
}

// ---- Expressions ----

func (c *converter) expr(e *expression) ast.Expr {
	if e == nil {
		return nil
	}
	if e.Leaf != nil {
		return c.leaf(e.Tokens[0])
	}
	if first := e.Operands[0]; len(e.Operands) == 1 && first.If != nil && e.Tokens[0].Value == "if" && len(first.Index) == 0 {
		return c.ifExpr(at(e.Tokens), first)
	}
	p := newPrecedence(c.rep, len(e.Operands))
	for i, o := range e.Operands {
		if i > 0 {
			p.operator(e.Tokens[indexOf(e.Tokens, o.Tokens[0])-1])
		}
		p.operand(c, o)
	}
	return p.finish()
}

func (c *converter) ifExpr(pos ast.At, o *operand) ast.Expr {
	return &ast.If{At: pos, Cond: c.expr(o.If[0]), Then: c.expr(o.If[1]), Else: c.expr(o.If[2])}
}

// sum converts an expression where comparisons and what binds looser may not
// stand: the bound of a constraint, the end of a range.
func (c *converter) sum(e *expression) ast.Expr {
	out := c.expr(e)
	if looser(out) {
		c.rep.add(diag.Diagnostic{
			Code: SyntaxError, Span: out.Span(), Summary: "the bound of a range or constraint must be a sum",
			Expected: "arithmetic", Hint: "put it in parentheses",
		})
	}
	return out
}

// primary converts an operand without its prefix operators.
func (c *converter) primary(o *operand, prefix int) ast.Expr {
	toks := o.Tokens[prefix:]
	bare := toks
	if len(o.Index) > 0 {
		bare = toks[:indexOf(toks, o.Index[0].Tokens[0])]
	}
	x := c.atom(o, bare)
	for _, ix := range o.Index {
		end := spanOf(ix.Tokens).End
		node := &ast.Index{At: ast.At{Sp: diag.Span{Start: x.Span().Start, End: end}}, X: x}
		for _, a := range ix.Args {
			node.Args = append(node.Args, c.indexArg(a))
		}
		x = node
	}
	return x
}

// indexOf finds t among toks by its offset.
func indexOf(toks []lexer.Token, t lexer.Token) int {
	lo, hi := 0, len(toks)
	for lo < hi {
		if mid := (lo + hi) / 2; toks[mid].Pos.Offset < t.Pos.Offset {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

// atom converts an operand without prefixes and indices, whose tokens are
// toks.
func (c *converter) atom(o *operand, toks []lexer.Token) ast.Expr {
	pos := at(toks)
	switch t := toks[0]; {
	case t.Type == tokName && len(toks) > 1:
		return c.call(toks, o.Args)
	case t.Type == tokName || t.Type == tokLiteral:
		return c.leaf(t)
	case t.Value == "[":
		return c.array(pos, o, toks)
	case t.Value == "(":
		return &ast.Paren{At: pos, X: c.expr(o.Paren)}
	}
	c.rep.add(diag.Diagnostic{
		Code: SyntaxError, Span: tokenSpan(toks[0]), Summary: "an `if` cannot be an operand", Expected: "an expression",
		Found: "the word `if`", Hint: "put the `if` in parentheses: `x + (if c then a else b)`",
	})
	return c.ifExpr(pos, o)
}

func (c *converter) leaf(t lexer.Token) ast.Expr {
	if t.Type == tokName {
		return &ast.Name{At: ast.At{Sp: tokenSpan(t)}, Name: t.Value}
	}
	return c.literal(t)
}

func (c *converter) literal(t lexer.Token) ast.Expr {
	pos := ast.At{Sp: tokenSpan(t)}
	switch t.Value {
	case "true", "false":
		return &ast.Bool{At: pos, Value: t.Value == "true"}
	case "":
		return &ast.BadExpr{At: pos}
	}
	v, err := strconv.ParseFloat(t.Value, 64)
	if err != nil {
		c.rep.add(diag.Diagnostic{
			Code: BadNumber, Span: pos.Sp, Summary: "this number is too large", Found: quote(shorten(t.Value)),
			Expected: "at most 1.797e308 in magnitude", Hint: "`inf` is a number",
		})
	}
	return &ast.Number{At: pos, Text: t.Value, Value: v, Real: strings.ContainsAny(t.Value, ".eE")}
}

// shorten keeps the start of a text that is too long for a message.
func shorten(text string) string {
	const most = 40
	r := []rune(text)
	if len(r) <= most {
		return text
	}
	return string(r[:most]) + "..."
}

func (c *converter) array(pos ast.At, o *operand, toks []lexer.Token) ast.Expr {
	if o.Plain != nil {
		out := &ast.Array{At: pos, Elems: make([]ast.Expr, 0, len(toks)/2)}
		for i := 1; i < len(toks); i += 2 {
			out.Elems = append(out.Elems, c.literal(toks[i]))
		}
		return out
	}
	if o.For != nil {
		return &ast.Comprehension{At: pos, Elem: c.expr(o.Elems[0]), Binders: c.binders(o.For)}
	}
	out := &ast.Array{At: pos}
	for _, e := range o.Elems {
		out.Elems = append(out.Elems, c.expr(e))
	}
	return out
}

// call converts NAME(ARGS), whose tokens are toks.
func (c *converter) call(toks []lexer.Token, args []*callArg) *ast.Call {
	out := &ast.Call{At: at(toks), Fn: identOf(toks[0])}
	for _, arg := range args {
		out.Args = append(out.Args, c.arg(arg))
	}
	return out
}

// arg converts one argument: `E`, `NAME = E`, either with a truncation.
func (c *converter) arg(a *callArg) ast.Arg {
	out := ast.Arg{At: at(a.Tokens), Value: c.expr(a.Value)}
	if a.Named != nil {
		if name, ok := out.Value.(*ast.Name); ok {
			out.Name = &ast.Ident{At: name.At, Name: name.Name}
		} else {
			c.rep.add(diag.Diagnostic{
				Code: SyntaxError, Span: out.Value.Span(), Summary: "a keyword argument starts with a name",
				Expected: "`NAME = value`", Hint: "write `==` to compare",
			})
		}
		out.Value = c.expr(a.Named)
	}
	if a.In != nil {
		out.Value = c.truncated(a, out.Value)
	}
	return out
}

// truncated makes `CALL in ...`, which only a distribution can be.
func (c *converter) truncated(a *callArg, v ast.Expr) ast.Expr {
	call, ok := v.(*ast.Call)
	if !ok {
		c.rep.add(diag.Diagnostic{
			Code: SyntaxError, Span: tokenSpan(a.In.Tokens[0]), Summary: "only a distribution can be truncated with `in`",
			Found: "`in` after an expression that is not a call", Hint: "to test a range write `a <= x && x <= b`",
		})
		return &ast.BadExpr{At: ast.At{Sp: v.Span().To(spanOf(a.In.Tokens))}}
	}
	pos := ast.At{Sp: call.Sp.To(spanOf(a.In.Tokens))}
	return &ast.DistExpr{At: pos, Dist: &ast.Dist{
		At: pos, Call: call, Interval: c.interval(a.In.Interval), Range: c.rng(a.In.Range),
	}}
}

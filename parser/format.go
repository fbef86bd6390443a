package parser

import (
	"strings"

	"ppl/lang/ast"
	"ppl/lang/diag"
)

// FormatSource formats the text of a model. Text with errors comes back as it
// was, with the list that says why.
func FormatSource(name string, text []byte) (string, diag.List) {
	f, list := Parse(name, text)
	if list.HasErrors() {
		return string(text), list
	}
	return Format(f), list
}

// Format prints a model in the one style: two blanks of indent, a statement a
// line, runs of similar statements aligned at their `:`, `~` or `=`, lines
// within 100 columns where brackets or operators allow a break. Comments and
// single blank lines between statements are kept; a comment inside a statement
// moves above it. What is printed parses to the same tree, and formatting it
// again changes nothing.
func Format(f *ast.File) string {
	p := &formatter{exprPrinter: exprPrinter{f.Source}, comments: f.Comments, known: knownNames(f.Stmts)}
	items := make([]item, 0, len(f.Stmts))
	for _, s := range f.Stmts {
		items = append(items, item{stmt: s, span: s.Span()})
	}
	p.block(items, 0, f.Sp.End)
	p.ownLines(-1, 0)
	return p.b.String()
}

// formatter prints statements and puts the comments back between them.
type formatter struct {
	exprPrinter
	b        strings.Builder
	comments []ast.Comment   // those not printed yet
	lastEnd  int             // where the last printed thing ended in the source
	fresh    bool            // whether something stands above in this block
	known    map[string]bool // names of data and definitions: their `~` observes
}

// item is a statement of a block, or the `return` of a function.
type item struct {
	stmt   ast.Stmt
	result ast.Expr
	span   diag.Span
}

// block prints the statements of a block that ends at end in the source.
func (p *formatter) block(items []item, indent, end int) {
	p.fresh = false
	pads := p.alignment(items)
	for i, it := range items {
		p.ownLines(it.span.Start, indent)
		p.separate(it.span.Start)
		p.hoisted(it, indent)
		p.statement(it, indent, pads[i])
		p.lastEnd, p.fresh = it.span.End, true
		limit := end
		if i+1 < len(items) {
			limit = items[i+1].span.Start
		}
		p.trailing(limit)
		p.b.WriteByte('\n')
	}
	p.ownLines(end, indent)
}

// lineOf is the line of an offset, or 0 where there is no source.
func (p *formatter) lineOf(offset int) int {
	if p.src == nil {
		return 0
	}
	return p.src.LineOf(offset)
}

// separate keeps one blank line where the source has any.
func (p *formatter) separate(start int) {
	if p.fresh && p.lineOf(start) > p.lineOf(p.lastEnd)+1 {
		p.b.WriteByte('\n')
	}
}

// ownLines prints the comments that start before limit (all, if it is
// negative), each on a line of its own.
func (p *formatter) ownLines(limit, indent int) {
	for len(p.comments) > 0 && (limit < 0 || p.comments[0].Sp.Start < limit) {
		c := p.take()
		p.separate(c.Sp.Start)
		p.b.WriteString(strings.Repeat(" ", indent) + commentText(c) + "\n")
		p.lastEnd, p.fresh = c.Sp.End, true
	}
}

func (p *formatter) take() ast.Comment {
	c := p.comments[0]
	p.comments = p.comments[1:]
	return c
}

func commentText(c ast.Comment) string { return strings.TrimRight(c.Text, " \t\r") }

// trailing prints the comment that follows in the line of what was printed.
func (p *formatter) trailing(limit int) {
	if len(p.comments) == 0 {
		return
	}
	c := p.comments[0]
	if c.Sp.Start >= limit || c.Sp.Start < p.lastEnd || p.lineOf(c.Sp.Start) != p.lineOf(p.lastEnd) {
		return
	}
	p.take()
	p.b.WriteString("  " + commentText(c))
	p.lastEnd = c.Sp.End
}

// hoisted prints the comments that stand inside a statement, or inside the
// header of one with a block, above it.
func (p *formatter) hoisted(it item, indent int) {
	end := it.span.End
	if _, bad := it.stmt.(*ast.Bad); bad {
		for len(p.comments) > 0 && p.comments[0].Sp.Start < end {
			p.take() // printed with the text of the statement
		}
		return
	}
	if h, ok := headerEnd(it.stmt); ok {
		end = h
	}
	for len(p.comments) > 0 && p.comments[0].Sp.Start < end {
		p.b.WriteString(strings.Repeat(" ", indent) + commentText(p.take()) + "\n")
	}
}

// headerEnd is where the last part before the `{` of a block ends.
func headerEnd(s ast.Stmt) (int, bool) {
	switch s := s.(type) {
	case *ast.Plate:
		return lastBinder(s.Binders, s.Sp), true
	case *ast.For:
		return lastBinder(s.Binders, s.Sp), true
	case *ast.Guide:
		return s.Sp.Start + len("guide"), true
	case *ast.Fn:
		if s.Block && s.Return != nil {
			return s.Return.Sp.End, true
		}
	}
	return 0, false
}

func lastBinder(binders []*ast.Binder, sp diag.Span) int {
	if len(binders) == 0 {
		return sp.Start
	}
	return binders[len(binders)-1].Sp.End
}

// statement prints one statement without the line break after it. pad is the
// room that alignment adds on the left of `:`, `~` or `=`.
func (p *formatter) statement(it item, indent int, pad string) {
	p.b.WriteString(strings.Repeat(" ", indent))
	switch s := it.stmt.(type) {
	case nil:
		p.put(indent, text("return "), p.expr(it.result, bindsLoosest))
	case *ast.Plate:
		p.blockStmt(list(text("plate "), p.binders(s.Binders)), s, s.Body, nil, indent)
	case *ast.For:
		p.blockStmt(list(text("for "), p.binders(s.Binders)), s, s.Body, nil, indent)
	case *ast.Guide:
		p.blockStmt(text("guide"), s, s.Body, nil, indent)
	case *ast.Fn:
		p.fn(s, indent)
	default:
		p.put(indent, p.simple(s, pad))
	}
}

func (p *formatter) put(indent int, parts ...doc) { p.b.WriteString(render(list(parts...), indent)) }

// simple makes the doc of a statement without a block.
func (p *formatter) simple(s ast.Stmt, pad string) doc {
	switch s := s.(type) {
	case *ast.Data:
		return p.declaration("data ", s.Name, pad, s.Type, s.Constraint, s.Default)
	case *ast.Param:
		return p.declaration("param ", s.Name, pad, s.Type, s.Constraint, s.Init)
	case *ast.Let:
		return list(text("let "), p.left(s.Name, s.Index), text(pad+" = "), p.expr(s.Value, bindsLoosest))
	case *ast.Sample:
		if s.Type == nil {
			return list(p.left(s.Name, s.Index), text(pad+" ~ "), p.dist(s.Dist), p.censoring(s.Censored), p.weighting(s.Weighted))
		}
		return list(p.left(s.Name, s.Index), text(" : "), p.typ(s.Type), p.constraint(s.Constraint), text(" ~ "), p.dist(s.Dist), p.censoring(s.Censored), p.weighting(s.Weighted))
	case *ast.Factor:
		return list(text("factor "), p.expr(s.Value, bindsLoosest))
	case *ast.Generate:
		return list(text("generate "), p.simple(s.Stmt, ""))
	}
	return p.verbatim(s)
}

func (p *formatter) declaration(word string, name ast.Ident, pad string, t *ast.Type, c *ast.Constraint, value ast.Expr) doc {
	out := []doc{text(word + name.Name + pad + " : "), p.typ(t), p.constraint(c)}
	if value != nil {
		out = append(out, text(" = "), p.expr(value, bindsLoosest))
	}
	return list(out...)
}

// left prints NAME or NAME[...] on the left of `~` or of a `let`.
func (p *formatter) left(name ast.Ident, index []ast.LeftIndex) doc {
	if len(index) == 0 {
		return text(name.Name)
	}
	args := make([]doc, 0, len(index))
	for _, ix := range index {
		if ix.Binder != nil {
			args = append(args, p.binders([]*ast.Binder{ix.Binder}))
		} else {
			args = append(args, p.indexArg(ix.Arg))
		}
	}
	return list(text(name.Name), bracketed("[", args, "]"))
}

// fn prints a function; a value that does not fit stands below the header.
func (p *formatter) fn(s *ast.Fn, indent int) {
	params := make([]doc, 0, len(s.Params))
	for _, q := range s.Params {
		params = append(params, list(text(q.Name.Name+": "), p.typ(q.Type)))
	}
	header := list(text("fn "+s.Name.Name), bracketed("(", params, ")"), text(" -> "), p.typ(s.Return))
	if !s.Block {
		p.put(indent, header, text(" ="), group(nest(space, p.expr(s.Result, bindsLoosest))))
		return
	}
	p.blockStmt(header, s, s.Body, s.Result, indent)
}

// blockStmt prints a header and its block; result is what a function returns.
func (p *formatter) blockStmt(header doc, s ast.Stmt, body []ast.Stmt, result ast.Expr, indent int) {
	if p.oneLine(header, s, body, result, indent) {
		return
	}
	p.put(indent, header, text(" {"))
	if len(body) == 0 && result == nil && !p.commentBefore(s.Span().End) {
		p.b.WriteString("}")
		return
	}
	items := make([]item, 0, len(body)+1)
	for _, b := range body {
		items = append(items, item{stmt: b, span: b.Span()})
	}
	if result != nil {
		items = append(items, item{result: result, span: result.Span()})
	}
	limit := s.Span().End
	if len(items) > 0 {
		limit = items[0].span.Start
	}
	p.lastEnd, _ = headerEnd(s)
	p.trailing(limit)
	p.b.WriteByte('\n')
	p.block(items, indent+indentStep, s.Span().End)
	p.b.WriteString(strings.Repeat(" ", indent) + "}")
}

func (p *formatter) commentBefore(end int) bool {
	return len(p.comments) > 0 && p.comments[0].Sp.Start < end
}

// oneLine keeps `for t in 2..T { z[t] ~ ... }` on one line if it was on one
// and fits.
func (p *formatter) oneLine(header doc, s ast.Stmt, body []ast.Stmt, result ast.Expr, indent int) bool {
	sp := s.Span()
	if p.src == nil || p.lineOf(sp.Start) != p.lineOf(sp.End) || p.commentBefore(sp.End) {
		return false
	}
	var inner doc
	switch {
	case len(body) == 1 && result == nil:
		if _, ok := headerEnd(body[0]); ok {
			return false
		}
		if _, ok := body[0].(*ast.Fn); ok {
			return false
		}
		inner = p.simple(body[0], "")
	case len(body) == 0 && result != nil:
		inner = list(text("return "), p.expr(result, bindsLoosest))
	default:
		return false
	}
	line := render(list(header, text(" { "), inner, text(" }")), indent)
	if strings.Contains(line, "\n") || indent+textWidth(line) > lineWidth {
		return false
	}
	p.b.WriteString(line)
	return true
}

package parser

import (
	"slices"

	"github.com/alecthomas/participle/v2/lexer"

	"ppl/lang/ast"
	"ppl/lang/diag"
)

// recoverStmt parses a statement that is known to hold an error. A statement
// without a block fails as a whole. One with a block is its header, parsed
// with an empty block, and the statements of the block, each by itself. No
// token is parsed twice here, so recovery stays linear in the text.
func recoverStmt[P any](p *parse, k stmtKind[P], lo, hi int) ast.Stmt {
	open := p.blockOf(lo, hi)
	if open < 0 {
		s, _ := one(p, k, p.toks[lo:hi], lo, hi)
		return s
	}
	before := p.rep.added + p.failures
	inner, after := p.blockEnd(open, hi)
	isFn := p.toks[lo].Value == "fn"
	toks := p.header(lo, open, isFn)
	header, ok := one(p, k, toks, lo, open+1)
	if s, err := parseTokens(k.parser, repaired(toks), p.endOf(open)); !ok && err == nil {
		header, ok = k.convert(p.conv, s), true // the mistake is plain: its block is checked too
	}
	p.failed = -1
	var body []ast.Stmt
	var result ast.Expr
	if isFn {
		body, result = p.fnBody(open, inner)
	} else {
		for _, piece := range p.pieces(open+1, inner) {
			if p.rep.full {
				break
			}
			body = append(body, recoverStmt(p, k, piece[0], piece[1]))
		}
	}
	p.checkEnd(open, after, hi)
	if p.rep.added+p.failures == before && !p.rep.full {
		// Every part is fine by itself, so the whole was: one cannot get here
		// short of a defect, and silence would hide it.
		p.rep.add(diag.Diagnostic{Code: SyntaxError, Span: spanOf(p.toks[lo:hi]), Summary: "this statement is not well formed"})
	}
	if !ok {
		return p.bad(lo, hi)
	}
	return withBody(header, body, result, spanOf(p.toks[lo:hi]))
}

// blockOf finds the brace that opens the block of the statement [lo, hi).
func (p *parse) blockOf(lo, hi int) int {
	switch p.toks[lo].Value {
	case "plate", "for", "fn", "guide":
	default:
		return -1
	}
	for i := lo; i < hi; i++ {
		switch p.toks[i].Value {
		case "{":
			return i
		case "(", "[":
			if m := int(p.match[i]); m > i {
				i = m
			}
		}
	}
	return -1
}

// blockEnd returns where the body of a block ends and what follows it starts.
func (p *parse) blockEnd(open, hi int) (inner, after int) {
	if m := int(p.match[open]); m > open && m < hi {
		return m, m + 1
	}
	return hi, hi
}

// header is the statement with an empty block.
func (p *parse) header(lo, open int, isFn bool) []lexer.Token {
	pos := p.toks[open].Pos
	toks := append([]lexer.Token(nil), p.toks[lo:open+1]...)
	if isFn {
		toks = append(toks, lexer.Token{Type: tokKeyword, Value: "return", Pos: pos}, lexer.Token{Type: tokLiteral, Pos: pos})
	}
	return append(toks, lexer.Token{Type: tokPunct, Value: "}", Pos: pos})
}

// assigned are the tokens of `x = E`, `x[i] <- E` and `target += E` as a let or
// a factor; false for any other statement.
func assigned(toks []lexer.Token) ([]lexer.Token, bool) {
	if toks[0].Type != tokName || len(toks) < 3 {
		return nil, false
	}
	at := 1
	for depth := 0; at < len(toks) && (depth > 0 || toks[at].Value == "["); at++ {
		switch toks[at].Value {
		case "[":
			depth++
		case "]":
			depth--
		}
	}
	if at+1 >= len(toks) {
		return nil, false
	}
	let := lexer.Token{Type: tokKeyword, Value: "let", Pos: lexer.Position{Offset: toks[0].Pos.Offset}}
	equals := lexer.Token{Type: tokPunct, Value: "=", Pos: toks[at].Pos}
	switch op, next := toks[at].Value, toks[at+1].Value; {
	case op == "=":
		return append([]lexer.Token{let}, toks...), true
	case op == "<" && next == "-":
		return slices.Concat([]lexer.Token{let}, toks[:at], []lexer.Token{equals}, toks[at+2:]), true
	case op == "+" && next == "=" && toks[0].Value == "target":
		let.Value = "factor"
		return slices.Concat([]lexer.Token{let}, toks[at+2:]), true
	}
	return nil, false
}

// repaired are the tokens of a loop's header as R and C write it,
// `for (i in 1:N) {`, in the words of ppl; those of others as they are.
func repaired(toks []lexer.Token) []lexer.Token {
	if v := toks[0].Value; v != "for" && v != "plate" {
		return toks
	}
	var out []lexer.Token
	depth, wrapped := 0, len(toks) > 1 && toks[1].Value == "("
	for i, t := range toks {
		switch t.Value {
		case "(", "[":
			if depth++; wrapped && i == 1 {
				continue
			}
		case ")", "]":
			if depth--; wrapped && depth == 0 && i+1 < len(toks) && toks[i+1].Value == "{" {
				continue
			}
		case ":":
			t.Value = ".."
		}
		out = append(out, t)
	}
	return out
}

// foreignBlock finds the brace of `model {`, `data {`, or `parameters {`, which
// `transformed` may stand before: a block of Stan or BUGS at the statement
// [lo, hi), -1 if it is none.
func (p *parse) foreignBlock(lo, hi int) int {
	if word := p.toks[lo].Value; word != "data" && !blockWords[word] || lo+1 >= hi || p.toks[lo+1].Value != "{" {
		return -1
	}
	return lo + 1
}

var blockWords = map[string]bool{"model": true, "parameters": true, "quantities": true, "functions": true}

// unwrapped reports a block of another language and parses what is in it as
// statements of the model.
func (p *parse) unwrapped(lo, open, hi int) []ast.Stmt {
	_, err := parseTokens(statements, p.toks[lo:open+1], p.endOf(open+1))
	p.fail(err, lo, open+1)
	p.failed = -1
	out := []ast.Stmt{p.bad(lo, open+1)}
	inner, after := p.blockEnd(open, hi)
	around := p.block
	p.block = p.toks[lo].Value
	for _, piece := range p.pieces(open+1, inner) {
		out = append(out, p.statements(piece[0], piece[1])...)
	}
	p.block = around
	p.checkEnd(open, after, hi)
	return out
}

// fnBody parses the block of a function: lets and fors, then `return`.
func (p *parse) fnBody(open, inner int) (body []ast.Stmt, result ast.Expr) {
	for _, piece := range p.pieces(open+1, inner) {
		lo, hi := piece[0], piece[1]
		switch {
		case p.toks[lo].Value != "return" || p.toks[lo].Type != tokKeyword:
			if result != nil {
				p.afterReturn(lo, hi)
				continue
			}
			body = append(body, recoverStmt(p, fnStmts, lo, hi))
		case result != nil:
			p.afterReturn(lo, hi)
		default:
			result = p.returned(lo, hi)
		}
	}
	if result == nil {
		end := p.toks[min(inner, len(p.toks)-1)]
		p.rep.add(diag.Diagnostic{
			Code: SyntaxError, Span: tokenSpan(end), Summary: "the block of a function ends without `return`",
			Expected: "`return` and an expression", Found: quote(end.Value), Hint: "the last line of the block is `return E`",
			Related: []diag.Related{{Span: tokenSpan(p.toks[open]), Message: "the block starts here"}},
		})
		result = &ast.BadExpr{At: ast.At{Sp: tokenSpan(end)}}
	}
	return body, result
}

func (p *parse) afterReturn(lo, hi int) {
	p.rep.add(diag.Diagnostic{
		Code: SyntaxError, Span: spanOf(p.toks[lo:hi]), Summary: "nothing may follow `return` in a function",
		Expected: "`}`", Hint: "move this above the `return`",
	})
}

func (p *parse) returned(lo, hi int) ast.Expr {
	e, err := parseTokens(expressions, p.toks[lo+1:hi], p.endOf(hi))
	if err != nil {
		p.fail(err, lo, hi)
		return &ast.BadExpr{At: at(p.toks[lo:hi])}
	}
	return p.conv.expr(e)
}

// checkEnd reports a block that is not closed, or text between its end and
// the next statement.
func (p *parse) checkEnd(open, after, hi int) {
	switch {
	case p.match[open] < 0:
		p.rep.add(diag.Diagnostic{
			Code: UnclosedBracket, Span: tokenSpan(p.toks[open]), Summary: "this `{` is never closed",
			Expected: "`}`", Found: p.describeAt(hi),
		})
	case after < hi:
		p.rep.add(diag.Diagnostic{
			Code: SyntaxError, Span: tokenSpan(p.toks[after]), Summary: "a statement cannot start with " + describe(p.toks[after]),
			Expected: "a statement", Found: describe(p.toks[after]),
		})
	}
}

// withBody puts a recovered body into its header.
func withBody(header ast.Stmt, body []ast.Stmt, result ast.Expr, sp diag.Span) ast.Stmt {
	switch s := header.(type) {
	case *ast.Plate:
		s.Body, s.Sp = body, sp
	case *ast.For:
		s.Body, s.Sp = body, sp
	case *ast.Guide:
		s.Body, s.Sp = body, sp
	case *ast.Fn:
		s.Body, s.Result, s.Sp = body, result, sp
	}
	return header
}

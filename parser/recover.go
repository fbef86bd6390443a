package parser

import (
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
	header, ok := one(p, k, p.header(lo, open, isFn), lo, open+1)
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

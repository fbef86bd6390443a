package parser

import (
	"sort"

	"github.com/alecthomas/participle/v2"
	"github.com/alecthomas/participle/v2/lexer"

	"ppl/lang/ast"
	"ppl/lang/diag"
)

// Parse reads a model. The file is never nil: what did not parse is an
// ast.Bad or ast.BadExpr, and the list says why. Any bytes are welcome.
func Parse(name string, text []byte) (*ast.File, diag.List) {
	src := diag.NewSource(name, string(text))
	rep := &reporter{src: src}
	scanned := scan(src, rep)
	p := &parse{rep: rep, src: src, outline: newOutline(src.Text, scanned.toks), conv: &converter{rep: rep}}
	file := &ast.File{
		At:     ast.At{Sp: diag.Span{Start: 0, End: len(src.Text)}},
		Source: src, Comments: scanned.comments, Stmts: p.file(),
	}
	rep.list.Sort()
	return file, rep.list
}

// parse is the state of one run.
type parse struct {
	*outline
	rep  *reporter
	src  *diag.Source
	conv *converter
	// failed is the index of the token after the last statement that failed:
	// what goes on in its line is the rest of the same mistake.
	failed   int
	failures int // statements that failed, reported or not
	// block is the word of the Stan block that is being read, "" outside one.
	block string
}

func (p *parse) file() []ast.Stmt {
	p.failed = -1
	pieces := p.pieces(0, len(p.toks))
	out := make([]ast.Stmt, 0, len(pieces))
	for _, piece := range pieces {
		if p.rep.full { // not a model: its remaining statements would only cost time
			return append(out, p.bad(piece[0], len(p.toks)))
		}
		out = append(out, p.statements(piece[0], piece[1])...)
	}
	return out
}

// statements parses the piece [lo, hi): one statement, or those in a block of
// another language.
func (p *parse) statements(lo, hi int) []ast.Stmt {
	if open := p.foreignBlock(lo, hi); open >= 0 && !p.rep.full {
		return p.unwrapped(lo, open, hi)
	}
	return []ast.Stmt{p.topLevel(lo, hi)}
}

// topLevel parses the statement [lo, hi): at once if it is well formed, as
// nearly all are, otherwise piece by piece.
func (p *parse) topLevel(lo, hi int) ast.Stmt {
	if i, deep := p.deepIn(lo, hi); deep {
		p.reportDepth(p.rep, i)
		return p.bad(lo, hi)
	}
	if p.stanBounds(lo, hi) {
		p.fail(errStanBounds, lo, hi)
		return p.bad(lo, hi)
	}
	s, err := parseTokens(statements, p.toks[lo:hi], p.endOf(hi))
	if err == nil {
		return p.conv.stmt(s)
	}
	return recoverStmt(p, topStmts, lo, hi)
}

// deepIn finds the first token of [lo, hi) that passed a nesting limit.
func (p *parse) deepIn(lo, hi int) (int, bool) {
	k := sort.SearchInts(p.tooDeep, lo)
	if k < len(p.tooDeep) && p.tooDeep[k] < hi {
		return p.tooDeep[k], true
	}
	return 0, false
}

// endOf is the offset at which the token before index i ends.
func (p *parse) endOf(i int) int {
	if i == 0 {
		return 0
	}
	return tokenSpan(p.toks[i-1]).End
}

func (p *parse) bad(lo, hi int) ast.Stmt {
	return &ast.Bad{At: at(p.toks[lo:hi])}
}

// stmtKind is what distinguishes the statements of a model from those of a
// function's block while recovering: the production and its conversion.
type stmtKind[P any] struct {
	parser  *participle.Parser[P]
	convert func(*converter, *P) ast.Stmt
}

var (
	topStmts = stmtKind[statement]{statements, (*converter).stmt}
	fnStmts  = stmtKind[bodyStmt]{bodyStmts, (*converter).bodyStmt}
)

// one parses the tokens toks, which stand for the statement [lo, hi), and
// explains the error if there is one.
func one[P any](p *parse, k stmtKind[P], toks []lexer.Token, lo, hi int) (ast.Stmt, bool) {
	s, err := parseTokens(k.parser, toks, tokenSpan(toks[len(toks)-1]).End)
	if err == nil {
		return k.convert(p.conv, s), true
	}
	owned := p.fail(err, lo, hi)
	if fixed, ok := assigned(toks); ok && !owned {
		if s, err := parseTokens(k.parser, fixed, tokenSpan(toks[len(toks)-1]).End); err == nil {
			return k.convert(p.conv, s), true // the mistake is plain: what is assigned is checked too
		}
	}
	return p.bad(lo, hi), false
}

// fail reports a syntax error of the statement [lo, hi), unless it is an echo
// of the one before it in the same line. It tells whether the mistake is that
// of the whole statement.
func (p *parse) fail(err error, lo, hi int) (owned bool) {
	echo := p.failed == lo && !p.lineStart[lo]
	p.failed = hi
	p.failures++
	if echo || p.rep.full {
		return false
	}
	d, owned := p.explain(err, lo, hi)
	if owned || !p.rep.echoes(d.Span.Start) { // what it owns was taken back, so it is no echo of that
		p.rep.add(d)
	}
	return owned
}

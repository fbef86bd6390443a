package parser

import (
	"math"

	"github.com/alecthomas/participle/v2"
	"github.com/alecthomas/participle/v2/lexer"
)

// The grammar, as participle reads it from the struct tags. One token of
// lookahead decides everywhere, so no two alternatives start alike: a keyword
// argument is an expression that may be followed by `=`, a binder on the left
// of `~` is an index that may be followed by `in`, and convert.go refuses the
// combinations that make no sense. The Tokens fields give the spans; an EndPos
// would be that of the token after.

type statement struct {
	Tokens   []lexer.Token
	Sample   *sampleStmt   `parser:"@@"`
	Let      *letStmt      `parser:"| @@"`
	Data     *dataStmt     `parser:"| @@"`
	Param    *paramStmt    `parser:"| @@"`
	Plate    *plateStmt    `parser:"| @@"`
	For      *forStmt      `parser:"| @@"`
	Factor   *expression   `parser:"| 'factor' @@"`
	Generate *generateStmt `parser:"| 'generate' @@"`
	Fn       *fnStmt       `parser:"| @@"`
	Guide    *guideStmt    `parser:"| @@"`
}

type dataStmt struct {
	Decl *declaration `parser:"'data' @@"`
}

type paramStmt struct {
	Decl *declaration `parser:"'param' @@"`
}

type declaration struct {
	Name       lexer.Token `parser:"@Name"`
	Type       *typeExpr   `parser:"':' @@"`
	Constraint *constraint `parser:"@@?"`
	Value      *expression `parser:"('=' @@)?"`
}

type letStmt struct {
	Name  lexer.Token  `parser:"'let' @Name"`
	Index []*leftIndex `parser:"('[' @@ (',' @@)* ']')?"`
	Value *expression  `parser:"'=' @@"`
}

type sampleStmt struct {
	Name       lexer.Token   `parser:"@Name"`
	Index      []*leftIndex  `parser:"('[' @@ (',' @@)* ']')?"`
	Type       *typeExpr     `parser:"(':' @@"`
	Constraint *constraint   `parser:"@@?)?"`
	Dist       *distribution `parser:"'~' @@"`
	Censored   *censoring    `parser:"@@?"`
	Weighted   *weighting    `parser:"@@?"`
}

// censoring is `censored above E` and the like; see markCensoring.
type censoring struct {
	Tokens []lexer.Token
	Side   lexer.Token `parser:"'censored':Keyword ( @('above':Keyword | 'below':Keyword)"`
	Bound  *expression `parser:"@@"`
	In     *inside     `parser:"| @@ )"`
}

// weighting is `weighted E`; see markWeighting.
type weighting struct {
	Tokens []lexer.Token
	Value  *expression `parser:"'weighted':Keyword @@"`
}

type generateStmt struct {
	Let    *letStmt    `parser:"@@"`
	Sample *sampleStmt `parser:"| @@"`

	Tokens []lexer.Token
}

type plateStmt struct {
	Binders []*binder    `parser:"'plate' @@ (',' @@)*"`
	Body    []*statement `parser:"'{' @@* '}'"`
}

type forStmt struct {
	Binders []*binder    `parser:"'for' @@ (',' @@)*"`
	Body    []*statement `parser:"'{' @@* '}'"`
}

type guideStmt struct {
	Word lexer.Token  `parser:"@'guide'"`
	Body []*statement `parser:"'{' @@* '}'"`
}

type fnStmt struct {
	Name   lexer.Token `parser:"'fn' @Name '('"`
	Params []*fnParam  `parser:"(@@ (',' @@)*)? ')'"`
	Return *typeExpr   `parser:"'->' @@"`
	Value  *expression `parser:"( '=' @@"`
	Block  *fnBlock    `parser:"| @@ )"`
}

type fnParam struct {
	Tokens []lexer.Token
	Name   lexer.Token `parser:"@Name ':'"`
	Type   *typeExpr   `parser:"@@"`
}

type fnBlock struct {
	Body   []*bodyStmt `parser:"'{' @@*"`
	Result *expression `parser:"'return' @@ '}'"`
}

// bodyStmt is a statement of a function's block.
type bodyStmt struct {
	Tokens []lexer.Token
	Let    *letStmt     `parser:"@@"`
	For    *bodyForStmt `parser:"| @@"`
}

type bodyForStmt struct {
	Binders []*binder   `parser:"'for' @@ (',' @@)*"`
	Body    []*bodyStmt `parser:"'{' @@* '}'"`
}

type leftIndex struct {
	Tokens []lexer.Token
	Arg    *indexArg  `parser:"@@"`
	Range  *rangeExpr `parser:"('in' @@)?"`
}

type binder struct {
	Tokens []lexer.Token
	Name   lexer.Token `parser:"@Name 'in'"`
	Range  *rangeExpr  `parser:"@@"`
}

type rangeExpr struct {
	Tokens []lexer.Token
	Lo     *expression `parser:"@@"`
	Hi     *expression `parser:"'..' @@"`
}

type interval struct {
	Tokens []lexer.Token
	Lo     *expression `parser:"'(' @@ ','"`
	Hi     *expression `parser:"@@ ')'"`
}

type typeExpr struct {
	Tokens   []lexer.Token
	Factor   lexer.Token   `parser:"( @'factor'"`
	Levels   lexer.Token   `parser:"'(' @Name ')'"`
	Name     lexer.Token   `parser:"| @Name )"`
	Optional bool          `parser:"@'?'?"`
	Dims     []*expression `parser:"('[' @@ (',' @@)* ']')?"`
}

type constraint struct {
	Tokens []lexer.Token
	Op     lexer.Token `parser:"( @('>' | '>=' | '<' | '<=')"`
	Bound  *expression `parser:"@@"`
	In     *inside     `parser:"| @@ )"`
}

// inside is `in (a, b)` or `in a..b`.
type inside struct {
	Tokens   []lexer.Token
	Interval *interval  `parser:"'in' ( @@"`
	Range    *rangeExpr `parser:"| @@ )"`
}

type distribution struct {
	Tokens []lexer.Token
	Call   *call   `parser:"@@"`
	In     *inside `parser:"@@?"`
}

type call struct {
	Tokens []lexer.Token
	Args   []*callArg `parser:"Name '(' (@@ (',' @@)*)? ')'"`
}

type callArg struct {
	Tokens []lexer.Token
	Value  *expression `parser:"@@"`
	Named  *expression `parser:"('=' @@)?"`
	In     *inside     `parser:"@@?"`
}

// ---- Expressions: operands and operators, still flat ----
//
// Nearly all of the time goes into expressions, and most of it into what
// participle allocates for each alternative that it tries. So all operators
// are one class of tokens, with - and ! in it; what a token was is read from
// Tokens rather than captured; and the operators of an expression are the
// tokens before its operands. convert.go sorts out which operator may stand
// where, and that an `if` is a whole expression.

type expression struct {
	Tokens   []lexer.Token
	Leaf     *leafExpression `parser:"@@"`
	Operands []*operand      `parser:"| @@ (Op @@)*"`
}

// leafExpression is a name or literal that is a whole expression, as most
// arguments and indices are; leafOperand one that is a whole operand. They
// match nothing that the grammar below would not: they are shortcuts past what
// it would try, found by looking at one token more.
type leafExpression struct{}

// Parse implements participle.Parseable.
func (*leafExpression) Parse(lex *lexer.PeekingLexer) error { return takeLeaf(lex, false) }

type leafOperand struct{}

// Parse implements participle.Parseable.
func (*leafOperand) Parse(lex *lexer.PeekingLexer) error { return takeLeaf(lex, true) }

// leafElements are all the elements of an array of literals, which may be data:
// the grammar would take a dozen allocations for each.
type leafElements struct{}

// Parse implements participle.Parseable.
func (*leafElements) Parse(lex *lexer.PeekingLexer) error {
	before := lex.MakeCheckpoint()
	for lex.Peek().Type == tokLiteral {
		lex.Next()
		switch lex.Peek().Value {
		case "]":
			return nil
		case ",":
			lex.Next()
			continue
		}
		break
	}
	lex.LoadCheckpoint(before)
	return participle.NextMatch
}

// takeLeaf consumes a name or literal unless what follows belongs to it.
func takeLeaf(lex *lexer.PeekingLexer, operator bool) error {
	if t := lex.Peek().Type; t != tokName && t != tokLiteral {
		return participle.NextMatch
	}
	before := lex.MakeCheckpoint()
	lex.Next()
	next := lex.Peek()
	if next.Value == "(" || next.Value == "[" || next.Type == tokOp && !operator {
		lex.LoadCheckpoint(before)
		return participle.NextMatch
	}
	return nil
}

type operand struct {
	Tokens []lexer.Token
	Leaf   *leafOperand   `parser:"@@"`
	Args   []*callArg     `parser:"| Op* ( Name ('(' (@@ (',' @@)*)? ')')?"`
	Paren  *expression    `parser:"| Literal | '(' @@ ')'"`
	Plain  *leafElements  `parser:"| '[' ( @@"`
	Elems  []*expression  `parser:"| @@ ( (',' @@)+"`
	For    []*binder      `parser:"| 'for' @@ (',' @@)* )? )? ']'"`
	If     []*expression  `parser:"| 'if' @@ 'then' @@ 'else' @@ )"`
	Index  []*indexSuffix `parser:"@@*"`
}

type indexSuffix struct {
	Tokens []lexer.Token
	Args   []*indexArg `parser:"'[' @@ (',' @@)* ']'"`
}

type indexArg struct {
	Tokens []lexer.Token
	Lo     *expression `parser:"':' | @@"`
	Hi     *expression `parser:"('..' @@)?"`
}

func init() {
	// The limits on a text are ours: a data array of a million elements in a
	// model is odd, not wrong.
	participle.MaxIterations = math.MaxInt
}

var (
	statements  = participle.MustBuild[statement](participle.Lexer(tokens{}))
	expressions = mustProduce[expression]()
	bodyStmts   = mustProduce[bodyStmt]()
)

// mustProduce gives the parser of one production of the grammar.
func mustProduce[P any]() *participle.Parser[P] {
	p, err := participle.ParserForProduction[P](statements)
	if err != nil {
		panic("parser: the grammar lacks a production: " + err.Error()) // a mistake in this file
	}
	return p
}

// parseTokens runs one production over a whole list of tokens; end is the
// offset where the text of that list ends.
func parseTokens[P any](p *participle.Parser[P], toks []lexer.Token, end int) (*P, error) {
	peek, err := lexer.Upgrade(&tokenSlice{toks: toks, end: lexer.Token{Pos: lexer.Position{Offset: end}}})
	if err != nil {
		return nil, err
	}
	return p.ParseFromLexer(peek)
}

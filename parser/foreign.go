package parser

import (
	"github.com/alecthomas/participle/v2/lexer"

	"ppl/lang/diag"
)

// foreignOp is a spelling from another language, and what it may have meant.
type foreignOp struct {
	text    string
	code    diag.Code
	summary string
	hint    string
	kind    lexer.TokenType // 0: the text is skipped
	value   string          // the token that stands for it
	line    bool            // the rest of the line goes with it
}

// strange lists spellings that nobody means as ppl; a longer one precedes its
// prefixes. `<-` is not here: `a <-b` compares.
var strange = []foreignOp{
	{text: ";", code: ForeignSyntax, summary: "statements need no terminator", hint: "remove the `;`"},
	{text: "//", code: ForeignSyntax, summary: "a comment starts with `#`", hint: "write `#` instead of `//`; integer division is `div(a, b)`", line: true},
	{text: "/*", code: ForeignSyntax, summary: "a comment starts with `#`", hint: "start each line of the comment with `#`", line: true},
	{text: "**", code: ForeignSyntax, summary: "a power is written with `^`", hint: "write `x^2`", kind: tokOp, value: "^"},
	{text: ".*", code: ForeignSyntax, summary: "`*` is elementwise already", hint: "write `*` for elementwise, `@` for the matrix product", kind: tokOp, value: "*"},
	{text: "./", code: ForeignSyntax, summary: "`/` is elementwise already", hint: "write `/`", kind: tokOp, value: "/"},
	{text: ".^", code: ForeignSyntax, summary: "`^` is elementwise already", hint: "write `^`", kind: tokOp, value: "^"},
	{text: "%*%", code: ForeignSyntax, summary: "the matrix product is written with `@`", hint: "write `a @ b`", kind: tokOp, value: "@"},
	{text: "%/%", code: ForeignSyntax, summary: "integer division is a function", hint: "write `div(a, b)`", kind: tokOp, value: "/"},
	{text: "%%", code: ForeignSyntax, summary: "the remainder is a function", hint: "write `mod(a, b)`", kind: tokOp, value: "*"},
	{text: "%", code: ForeignSyntax, summary: "the remainder is a function", hint: "write `mod(a, b)`", kind: tokOp, value: "*"},
	{text: "=>", code: ForeignSyntax, summary: "\"at least\" is written `>=`", hint: "write `>=`", kind: tokOp, value: ">="},
	{text: "=<", code: ForeignSyntax, summary: "\"at most\" is written `<=`", hint: "write `<=`", kind: tokOp, value: "<="},
	{text: "<>", code: ForeignSyntax, summary: "\"not equal\" is written `!=`", hint: "write `!=`", kind: tokOp, value: "!="},
	{text: "===", code: ForeignSyntax, summary: "equality is written `==`", hint: "write `==`", kind: tokOp, value: "=="},
	{text: "&&&", code: ForeignSyntax, summary: "\"and\" is written `&&`", hint: "write `&&`", kind: tokOp, value: "&&"},
}

// singles are checked after the operators of two characters.
var singles = map[byte]foreignOp{
	'&':  {text: "&", code: ForeignSyntax, summary: "\"and\" is written `&&`", hint: "write `&&`", kind: tokOp, value: "&&"},
	'|':  {text: "|", code: ForeignSyntax, summary: "\"or\" is written `||`", hint: "write `||`; arguments are separated by commas: `log_density(Normal(mu, sd), y)`", kind: tokOp, value: "||"},
	'\\': {text: "\\", code: ForeignSyntax, summary: "`\\` does not solve a system here", hint: "write `solve(A, b)`; a statement may go on in the next line without a mark"},
	'$':  {text: "$", code: ForeignSyntax, summary: "there are no fields here", hint: "use the name alone"},
}

// typographic lists symbols that word processors and papers use.
var typographic = []foreignOp{
	{text: "−", code: ForeignSyntax, summary: "this is a typographic minus", hint: "write `-`", kind: tokOp, value: "-"},
	{text: "–", code: ForeignSyntax, summary: "this is a dash", hint: "write `-`", kind: tokOp, value: "-"},
	{text: "×", code: ForeignSyntax, summary: "a product is written with `*`", hint: "write `*`", kind: tokOp, value: "*"},
	{text: "·", code: ForeignSyntax, summary: "a product is written with `*`", hint: "write `*`", kind: tokOp, value: "*"},
	{text: "÷", code: ForeignSyntax, summary: "a quotient is written with `/`", hint: "write `/`", kind: tokOp, value: "/"},
	{text: "≤", code: ForeignSyntax, summary: "\"at most\" is written `<=`", hint: "write `<=`", kind: tokOp, value: "<="},
	{text: "≥", code: ForeignSyntax, summary: "\"at least\" is written `>=`", hint: "write `>=`", kind: tokOp, value: ">="},
	{text: "≠", code: ForeignSyntax, summary: "\"not equal\" is written `!=`", hint: "write `!=`", kind: tokOp, value: "!="},
	{text: "∼", code: ForeignSyntax, summary: "this is a typographic tilde", hint: "write `~`", kind: tokPunct, value: "~"},
	{text: "∞", code: ForeignSyntax, summary: "infinity is written `inf`", hint: "write `inf`", kind: tokName, value: "inf"},
	{text: "…", code: ForeignSyntax, summary: "a range is written with two points", hint: "write `a..b`", kind: tokPunct, value: ".."},
	{text: "\u00a0", code: UnexpectedCharacter, summary: "this is a no-break space", hint: "replace it by an ordinary space"},
	{text: "\ufeff", code: UnexpectedCharacter, summary: "this is a byte-order mark in the middle of the text", hint: "remove it"},
	{text: "\u200b", code: UnexpectedCharacter, summary: "this is a space of no width", hint: "remove it"},
}

// foreign reports op and goes on as if its ppl spelling stood there.
func (s *scanner) foreign(op foreignOp) {
	n := len(op.text)
	s.rep.add(diag.Diagnostic{
		Code: op.code, Span: diag.Span{Start: s.pos, End: s.pos + n}, Summary: op.summary, Found: visible(op.text), Hint: op.hint,
	})
	switch {
	case op.line:
		for n += s.pos; n < len(s.text) && s.text[n] != '\n' && s.text[n] != '\r'; n++ {
		}
		s.pos = n
	case op.kind != 0:
		s.emitAs(op.kind, op.value, n)
	default:
		if op.text != ";" {
			s.rep.spoiled = append(s.rep.spoiled, s.pos)
		}
		s.pos += n
	}
}

// visible quotes text that prints, and names the character otherwise.
func visible(text string) string {
	if len(text) > 1 && text[0] >= 0x80 {
		return describeRunes(text)
	}
	return quote(text)
}

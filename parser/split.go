package parser

import (
	"fmt"

	"github.com/alecthomas/participle/v2/lexer"

	"ppl/lang/diag"
)

const (
	// maxNesting bounds how deep brackets, blocks, unary operators, powers and
	// `else if` may nest in one another. Everything downstream recurses on it.
	maxNesting = 500
	// maxChain bounds the operators (or indices) in one flat chain: the tree of
	// a + b + c leans to the left, one level for each operator.
	maxChain = 50_000
)

// outline is what is known of a token list before it is parsed.
type outline struct {
	toks      []lexer.Token
	match     []int32 // for a bracket, the index of its partner or -1; else -1
	start     []bool  // whether a statement starts at the token
	lineStart []bool  // whether the token is the first of its line
	tooDeep   []int   // tokens at which a statement first passes a limit
}

// bracket is an open bracket or block, with the nesting at its place.
type bracket struct {
	tok   int32
	base  int32 // nesting around it
	run   int32 // unary operators and powers that the next operand is under
	ifs   int32 // `if`s of the expression so far: each nests in the one before
	chain int32 // operators of the expression so far
	block int32 // the innermost block on the stack: itself, or one around it
	first int32 // where the statement of a block starts
	typed bool  // it is `NAME : TYPE` so far: what stands before `~` is of the type
}

// outliner walks the tokens once with a stack of open brackets.
type outliner struct {
	*outline
	text    string
	stack   []bracket
	refused bool // the statement at the top level passed a limit
	loop    int  // the last `for` that starts a line inside [
}

func newOutline(text string, toks []lexer.Token) *outline {
	n := len(toks)
	o := &outliner{
		outline: &outline{toks: toks, match: make([]int32, n), start: make([]bool, n), lineStart: make([]bool, n)},
		text:    text,
		stack:   []bracket{{tok: -1}},
	}
	for i := range toks {
		o.match[i] = -1
		o.lineStart[i] = i == 0 || lineBreakBetween(text, toks[i-1], toks[i])
	}
	for i := range toks {
		o.visit(i)
	}
	return o.outline
}

func lineBreakBetween(text string, a, b lexer.Token) bool {
	for _, c := range []byte(text[tokenSpan(a).End:b.Pos.Offset]) {
		if c == '\n' || c == '\r' {
			return true
		}
	}
	return false
}

func (o *outliner) top() *bracket { return &o.stack[len(o.stack)-1] }

// inBlock reports whether the innermost open bracket is a block or the file.
func (o *outliner) inBlock() bool { return o.top().tok < 0 || o.toks[o.top().tok].Value == "{" }

func (o *outliner) visit(i int) {
	t := o.toks[i]
	if o.startsStatement(i) {
		o.begin(i)
	}
	switch {
	case t.Type == tokPunct:
		o.punct(i, t.Value)
	case t.Type == tokKeyword && t.Value == "if":
		o.top().ifs++
	case t.Type == tokOp:
		o.operator(i, t)
	}
	o.checkDepth(i)
}

// begin marks a statement start and forgets what the one before piled up.
func (o *outliner) begin(i int) {
	o.start[i] = true
	b := o.top()
	b.run, b.ifs, b.chain, b.first, b.typed = 0, 0, 0, int32(i), false
	if len(o.stack) == 1 {
		o.refused = false
	}
}

// startsStatement decides for token i. Inside ( or [ a keyword that never
// stands there shows that the bracket was not closed.
func (o *outliner) startsStatement(i int) bool {
	t := o.toks[i]
	opener := t.Type == tokKeyword && o.opensStatement(i)
	if !o.inBlock() {
		if !opener || !o.lineStart[i] {
			return false
		}
		if t.Value == "for" && o.toks[o.top().tok].Value == "[" {
			o.loop = i // or a comprehension: a `{` will tell
			return false
		}
		o.abandon()
		return true
	}
	if opener {
		return i == 0 || o.toks[i-1].Value != "generate" || o.toks[i-1].Type != tokKeyword || t.Value != "let"
	}
	if t.Type == tokPunct {
		// A stray closing bracket is a piece of its own.
		return t.Value == "}" && o.top().tok < 0 || (t.Value == ")" || t.Value == "]") && o.lineStart[i]
	}
	if t.Type == tokName && o.arrayOf(i) {
		return false
	}
	if t.Type == tokName || t.Type == tokLiteral || t.Type == tokKeyword && t.Value == "if" {
		return i == int(o.top().tok)+1 || o.finished(i-1)
	}
	return i == int(o.top().tok)+1
}

// opensStatement reports whether a keyword starts a statement; `factor` may
// also be a type, after `:` or `->`.
func (o *outliner) opensStatement(i int) bool {
	switch o.toks[i].Value {
	case "data", "param", "let", "plate", "for", "generate", "fn", "guide", "return":
		return true
	case "factor":
		return i == 0 || o.toks[i-1].Value != ":" && o.toks[i-1].Value != "->"
	}
	return false
}

// finished reports whether token i can be the last of an expression or type.
func (o *outliner) finished(i int) bool {
	switch t := o.toks[i]; t.Type {
	case tokName, tokLiteral:
		return true
	case tokPunct:
		return t.Value == ")" || t.Value == "]" || t.Value == "}" || t.Value == "?"
	}
	return false
}

func (o *outliner) punct(i int, v string) {
	switch v {
	case "(", "[", "{":
		if v == "{" && !o.inBlock() && o.loop > int(o.top().tok) {
			o.abandon()
			o.begin(o.loop)
		}
		b := o.top()
		inner := bracket{tok: int32(i), base: b.base + b.run + b.ifs + 1, block: b.block}
		if v == "{" {
			inner.block = int32(len(o.stack))
		}
		if v == "[" {
			b.chain++
		}
		o.stack = append(o.stack, inner)
	case ")", "]", "}":
		o.closeBracket(i, v)
	case "~", ":":
		o.leftSide(i, v)
	case ",", "=", "..":
		b := o.top()
		b.run, b.ifs, b.chain = 0, 0, 0
	}
}

var closes = map[string]string{")": "(", "]": "[", "}": "{"}

// closeBracket pairs a closing bracket with the nearest opening one of its
// kind; ( and [ are not looked for beyond a block.
func (o *outliner) closeBracket(i int, v string) {
	for k := len(o.stack) - 1; k > 0; k-- {
		open := o.toks[o.stack[k].tok].Value
		if open == closes[v] {
			o.match[o.stack[k].tok], o.match[i] = int32(i), o.stack[k].tok
			o.stack = o.stack[:k]
			return
		}
		if open == "{" {
			return
		}
	}
}

// leftSide uses that `NAME ~`, `NAME[...] ~` and `NAME : TYPE` at the start of
// a line can only start a statement, whatever stands before.
func (o *outliner) leftSide(i int, v string) {
	if b := o.top(); v == "~" && b.typed {
		b.typed = false
		return
	}
	if at := o.leftStart(i); at > 0 && o.lineStart[at] && !o.start[at] && !o.introduces(at-1) {
		switch {
		case o.inBlock():
			o.begin(at)
		case int(o.top().tok) < at && (v == "~" || o.statementWord() != "fn"):
			o.abandon()
			o.begin(at)
		}
	}
	if b := o.top(); v == ":" && o.inBlock() {
		first := o.toks[b.first]
		b.typed = first.Type == tokName || first.Value == "generate"
	}
}

// statementWord is the first token of the statement that is open: in the list
// of a function's parameters `NAME : TYPE` starts nothing.
func (o *outliner) statementWord() string { return o.toks[o.stack[o.top().block].first].Value }

// introduces reports whether token i is a keyword that a name follows in a
// statement of its own.
func (o *outliner) introduces(i int) bool {
	if o.toks[i].Type != tokKeyword {
		return false
	}
	switch o.toks[i].Value {
	case "data", "param", "let", "generate", "fn", "plate", "for":
		return true
	}
	return false
}

// leftStart finds the name of NAME or NAME[...] that ends before token i, or 0.
func (o *outliner) leftStart(i int) int {
	at := i - 1
	if at > 0 && o.toks[at].Value == "]" && o.match[at] >= 0 {
		at = int(o.match[at]) - 1
	}
	if at > 0 && o.toks[at].Type == tokName {
		return at
	}
	return 0
}

// abandon gives up the ( and [ that are open: a statement that starts here shows that
// they were never closed.
func (o *outliner) abandon() {
	for !o.inBlock() {
		o.stack = o.stack[:len(o.stack)-1]
	}
}

// operator counts what will nest: a run of prefix operators and powers.
func (o *outliner) operator(i int, t lexer.Token) {
	b := o.top()
	prefix := i == 0 || !o.finished(i-1)
	switch {
	case prefix || t.Value == "^":
		b.run++
	default:
		b.run = 0
	}
	b.chain++
}

// checkDepth notes the first token of a top-level statement that passes a
// limit.
func (o *outliner) checkDepth(i int) {
	b := o.top()
	if o.refused || b.base+b.run+b.ifs <= maxNesting && b.chain <= maxChain {
		return
	}
	o.refused = true
	o.tooDeep = append(o.tooDeep, i)
}

// pieces cuts the tokens [lo, hi) of one block into statements.
func (o *outline) pieces(lo, hi int) [][2]int {
	var out [][2]int
	from := lo
	for i := lo; i < hi; i++ {
		if o.start[i] && i > from {
			out = append(out, [2]int{from, i})
			from = i
		}
		if m := int(o.match[i]); m > i && o.toks[i].Value == "{" {
			i = min(m, hi) // a nested block belongs to its statement
		} else if o.toks[i].Value == "{" && m < 0 {
			i = hi
		}
	}
	if from < hi {
		out = append(out, [2]int{from, hi})
	}
	return out
}

// reportDepth words the error for a statement that passes a limit at token i.
func (o *outline) reportDepth(rep *reporter, i int) {
	rep.add(diag.Diagnostic{
		Code: NestingTooDeep, Span: tokenSpan(o.toks[i]),
		Summary: fmt.Sprintf("this statement nests deeper than %d levels or chains more than %d operators", maxNesting, maxChain),
		Hint:    "split it with `let`, or build an array and `sum` it",
	})
}

package parser

import (
	"strings"

	"github.com/alecthomas/participle/v2/lexer"

	"ppl/lang/diag"
)

// advise adds the hint that fits the mistake; the first rule that applies
// wins. The rules know the habits of people who come from Stan, JAGS, R and
// Python.
func (m *mistake) advise() {
	for _, rule := range advice {
		if rule(m) {
			return
		}
	}
}

var advice = []func(*mistake) bool{
	adviseFirstWord, adviseAssignment, adviseDeclaration, adviseBraces, adviseIf, adviseLoop, adviseColon, adviseDistribution,
	adviseInterval, adviseReserved, adviseType, adviseGenerate, adviseEquals, adviseBracket,
}

// tok returns the token at index i of the statement's file, or a zero token.
func (m *mistake) tok(i int) lexer.Token {
	if i < 0 || i >= len(m.toks) {
		return lexer.Token{}
	}
	return m.toks[i]
}

// found reports whether the offending token reads as one of the texts.
func (m *mistake) found(texts ...string) bool {
	if m.at >= m.hi {
		return false
	}
	for _, t := range texts {
		if m.toks[m.at].Value == t {
			return true
		}
	}
	return false
}

func (m *mistake) say(code diag.Code, summary, hint string) bool {
	m.d.Code, m.d.Hint = code, hint
	if summary != "" {
		m.d.Summary = summary
	}
	return true
}

// underline moves the diagnostic to the tokens [lo, hi].
func (m *mistake) underline(lo, hi int) { m.d.Span = tokenSpan(m.tok(lo)).To(tokenSpan(m.tok(hi))) }

// firstWords of other languages, and what to write.
var foreignWords = map[string]string{
	"and": "write `&&`", "or": "write `||`", "not": "write `!`", "var": "write `let`", "const": "write `let`",
	"def": "write `fn`", "function": "write `fn f(x: real) -> real = ...`", "while": "there is no `while`: write `for t in a..b`",
	"import": "there are no imports: a model is one file", "print": "a model prints nothing: a `let` is reported with the posterior",
	"elif": "write `else if`", "is": "write `==`", "T": "a truncated distribution is written `Normal(0, 1) in (a, b)`",
	"observe": "write `NAME ~ DIST`", "sample": "write `NAME ~ DIST`", "increment_log_prob": "write `factor E`", "model": "there are no blocks: statements stand in one list, read top to bottom",
	"parameters": "there are no blocks: a latent is declared where it gets its distribution", "transformed": "there are no blocks: write `let`",
	"generated": "there are no blocks: write `generate` before a statement", "functions": "there are no blocks: write `fn f(x: real) -> real = ...`",
}

func adviseFirstWord(m *mistake) bool {
	first := m.tok(m.lo)
	if first.Value == "T" && m.tok(m.lo+1).Value == "[" && !m.lineStart[m.lo] {
		m.underline(m.lo, m.at)
		return m.say(ForeignSyntax, "a distribution is not truncated with `T[...]`", foreignWords["T"])
	}
	if first.Type != tokName || m.at > m.lo+1 || m.found("~", ":") {
		return false
	}
	hint, ok := foreignWords[first.Value]
	if !ok {
		return false
	}
	if m.found("=", "<", "[") {
		return false // a value that happens to have this name
	}
	m.underline(m.lo, m.lo)
	return m.say(ForeignSyntax, quote(first.Value)+" is not a word of the language", hint)
}

// adviseAssignment handles `x = 1`, `x <- 1`, `target += e`.
func adviseAssignment(m *mistake) bool {
	first, next := m.tok(m.lo), m.tok(m.at+1)
	if first.Type != tokName || m.at == m.lo || m.at >= m.hi {
		return false
	}
	left := m.src.Slice(tokenSpan(first).To(tokenSpan(m.tok(m.at - 1))))
	adjacent := next.Pos.Offset == tokenSpan(m.tok(m.at)).End
	switch {
	case m.leftEnds() && m.found("="):
		return m.say(ForeignSyntax, "a definition starts with `let`", "write "+quote(shorten("let "+left)+" = ..."))
	case m.leftEnds() && m.found("<") && next.Value == "-" && adjacent:
		m.underline(m.at, m.at+1)
		m.d.Found = "`<-`"
		return m.say(ForeignSyntax, "there is no assignment with `<-`",
			"write "+quote(shorten("let "+left)+" = ...")+" for a definition, "+quote(shorten(left)+" ~ ...")+" for a distribution")
	case m.leftEnds() && m.found("+", "-", "*", "/") && next.Value == "=" && adjacent:
		m.underline(m.at, m.at+1)
		m.d.Found = quote(m.tok(m.at).Value + "=")
		if first.Value == "target" {
			return m.say(ForeignSyntax, "the log density is not a variable", "write `factor E` to add E to it")
		}
		return m.say(ForeignSyntax, "a value never changes", "define a new one with `let`; an array is filled with `let s[t] = s[t-1] + ...`")
	}
	return false
}

// leftEnds reports whether the mistake stands after NAME or NAME[...].
func (m *mistake) leftEnds() bool {
	if m.at == m.lo+1 {
		return true
	}
	return m.tok(m.lo+1).Value == "[" && int(m.match[m.lo+1]) == m.at-1
}

// typeWords start declarations elsewhere.
var typeWords = map[string]bool{
	"real": true, "int": true, "bool": true, "vector": true, "row_vector": true, "matrix": true, "array": true, "simplex": true,
	"ordered": true, "positive_ordered": true, "unit_vector": true, "cov_matrix": true, "corr_matrix": true,
	"cholesky_factor_corr": true, "cholesky_factor_cov": true, "complex": true, "float": true, "double": true, "auto": true,
}

// adviseDeclaration handles `int N`, `vector[N] x`, `real<lower=0> s`.
func adviseDeclaration(m *mistake) bool {
	name := m.lo
	if first := m.tok(m.lo); first.Type == tokKeyword && (first.Value == "data" || first.Value == "param") {
		name++
	}
	if !typeWords[m.tok(name).Value] || m.at <= name || m.found("~", "=") {
		return false
	}
	if m.found("<") {
		return m.say(ForeignSyntax, "a declaration names the value first",
			"write `data x : real > 0` for data; a latent takes its support from its distribution")
	}
	end := name
	if m.tok(name+1).Value == "[" && m.match[name+1] > 0 {
		end = int(m.match[name+1])
	}
	if m.tok(end+1).Type != tokName || m.lineStart[end+1] {
		return false
	}
	m.underline(name, end+1)
	m.d.Expected, m.d.Found = "`data NAME : TYPE`, or `NAME ~ DIST` for a latent", ""
	return m.say(ForeignSyntax, "a declaration names the value first",
		"write "+quote("data "+m.tok(end+1).Value+" : "+m.src.Slice(tokenSpan(m.tok(name)).To(tokenSpan(m.tok(end)))))+" for data; a latent is declared by its `~`")
}

func adviseBraces(m *mistake) bool {
	if !m.found("{") {
		return false
	}
	if m.at == m.lo+1 && m.tok(m.lo).Value == "data" {
		return m.say(ForeignSyntax, "there are no blocks of declarations", "write `data NAME : TYPE` for each value")
	}
	if m.expected == "`then`" || m.expected == "`NAME in RANGE`" {
		return false
	}
	return m.say(SyntaxError, "", "braces hold the statements of `plate`, `for`, `fn` and `guide`; an array is `[a, b]`")
}

func adviseIf(m *mistake) bool {
	switch {
	case m.tok(m.lo).Value == "if" && m.at == m.lo:
		return m.say(ForeignSyntax, "`if` is an expression, not a statement", "write `let x = if c then a else b`; a term of the density that depends on a condition is `factor if c then a else b`")
	case m.expected == "`then`" && !m.found("="):
		return m.say(SyntaxError, "", "write `if c then a else b`")
	case m.expected == "`else`":
		return m.say(SyntaxError, "an `if` needs both branches", "add `else` and a value")
	case m.found("if"):
		return m.say(SyntaxError, "", "put the `if` in parentheses: `x + (if c then a else b)`")
	case m.found("?"):
		return m.say(ForeignSyntax, "there is no `c ? a : b`", "write `if c then a else b`")
	case m.found("then", "else"):
		return m.say(SyntaxError, "", "write `if c then a else b`")
	}
	return false
}

func adviseLoop(m *mistake) bool {
	loop := m.tok(m.lo).Value
	if loop != "for" && loop != "plate" {
		return false
	}
	switch {
	case m.at == m.lo+1 && m.found("("):
		return m.say(ForeignSyntax, quote(loop)+" takes no parentheses", "write "+quote(loop+" i in 1..N { ... }"))
	case m.expected == "`{`":
		return m.say(SyntaxError, "", "the body stands in braces: "+quote(loop+" i in 1..N { ... }"))
	case m.found("=") || m.expected == "`NAME in RANGE`" && m.tok(m.at).Type != tokKeyword:
		return m.say(ForeignSyntax, "", "write "+quote(loop+" i in 1..N { ... }"))
	case m.expected == "`..`" && !m.found(":"):
		return m.say(SyntaxError, "", "write "+quote(loop+" i in 1..N { ... }")+"; to run over an array, index it")
	}
	return false
}

// adviseColon handles `1:N`.
func adviseColon(m *mistake) bool {
	if !m.found(":") || m.at == m.lo+1 || !strings.Contains("`..` `]` `,`", m.expected) {
		return false
	}
	before, after := m.tok(m.at-1), m.tok(m.at+1)
	if before.Value == ")" {
		return m.say(ForeignSyntax, "a range is written with two points", "write `for i in 1..N { ... }`; both ends are included")
	}
	return m.say(ForeignSyntax, "a range is written with two points",
		"write "+quote(shorten(before.Value)+".."+shorten(after.Value))+"; both ends are included")
}

func adviseDistribution(m *mistake) bool {
	tilde := m.tok(m.at - 2)
	if m.expected == "`(`" && tilde.Value == "~" {
		name := m.tok(m.at - 1)
		return m.say(SyntaxError, "a distribution needs its parentheses", "write "+quote(name.Value+"()")+", with the arguments between them")
	}
	if m.expected == "a distribution" {
		return m.say(SyntaxError, "", "write a distribution such as `Normal(0, 1)`; a value is defined with `let`")
	}
	if m.expected == "`~`" && m.at >= m.hi || m.expected == "`~`" && m.at > m.lo {
		return m.say(SyntaxError, "", "a statement that starts with a name is `NAME ~ DIST`; a definition is `let NAME = E`")
	}
	return false
}

func adviseInterval(m *mistake) bool {
	for i := m.at - 1; i > m.lo; i-- {
		if m.tok(i).Value == "(" && m.tok(i-1).Value == "in" {
			if m.expected == "`,`" || m.found("..") {
				return m.say(SyntaxError, "`in (` opens an interval with two ends", "write `in (a, b)`, or `in a..b` for integers, both ends included; a range cannot start with a parenthesis")
			}
			return false
		}
		if m.at-i > 50 {
			return false
		}
	}
	return false
}

func adviseReserved(m *mistake) bool {
	t := m.tok(m.at)
	if m.at >= m.hi || t.Type != tokKeyword || !strings.Contains(m.expected, "a name") && m.expected != "`NAME in RANGE`" {
		return false
	}
	hint := "choose another name, such as " + quote(t.Value+"_")
	if m.tok(m.lo).Value == "data" {
		hint += ", and call the column of the data so"
	}
	return m.say(ReservedWord, quote(t.Value)+" is a word of the language, not a name", hint)
}

// spaced joins the words that stand between `data` and its colon, if there are several.
func (m *mistake) spaced() string {
	name := m.tok(m.lo + 1).Value
	for i := m.lo + 2; i < m.lo+10; i++ {
		switch t := m.tok(i); {
		case t.Value == ":" && i > m.lo+2:
			return name
		case t.Type != tokName && t.Type != tokKeyword:
			return ""
		default:
			name += "_" + t.Value
		}
	}
	return ""
}

func adviseType(m *mistake) bool {
	first := m.tok(m.lo).Value
	switch {
	case (first == "data" || first == "param") && m.expected == "`:`" && m.found("["):
		return m.say(ForeignSyntax, "", "the dimensions go with the type: "+quote("data "+m.tok(m.lo+1).Value+" : real[N]"))
	case first == "data" && m.expected == "`:`" && m.spaced() != "":
		return m.say(SyntaxError, "", "a name has no spaces: write "+quote("data "+shorten(m.spaced())+" : ...")+", and call the column of the data so")
	case (first == "data" || first == "param") && m.expected == "`:`":
		return m.say(SyntaxError, "", "write "+quote(first+" "+shorten(m.tok(m.lo+1).Value)+" : real"))
	case (first == "data" || first == "param") && m.found("~"):
		return m.say(SyntaxError, "", "declare the value here; its distribution is a statement of its own, `NAME ~ DIST`")
	case first == "fn" && m.expected == "`->`":
		return m.say(SyntaxError, "", "a function states the type of its value: `fn f(x: real) -> real = ...`")
	case first == "fn" && m.expected == "`:`":
		return m.say(SyntaxError, "", "each parameter has a type: `fn f(x: real) -> real = ...`")
	case first == "let" && m.expected == "`=`" && m.found("~"):
		return m.say(SyntaxError, "", "a distribution takes no `let`: write `NAME ~ DIST`")
	case first == "let" && m.expected == "`=`" && m.found(":"):
		return m.say(SyntaxError, "", "a `let` has no type: it takes that of its value")
	case first == "return" && m.at == m.lo:
		return m.say(SyntaxError, "", "`return` stands at the end of a function's block")
	}
	return false
}

func adviseGenerate(m *mistake) bool {
	if m.tok(m.lo).Value != "generate" || m.at != m.lo+1 {
		return false
	}
	return m.say(SyntaxError, "", "`generate` stands before one `let` or `~`; inside a plate or loop, before each that is generated")
}

func adviseEquals(m *mistake) bool {
	if !m.found("=") {
		return false
	}
	return m.say(SyntaxError, "", "write `==` to compare")
}

// adviseBracket points at the bracket that is open where the statement broke,
// or says that a closing one has no partner.
func adviseBracket(m *mistake) bool {
	if m.found(")", "]", "}") && m.match[m.at] < 0 {
		return m.say(UnclosedBracket, "nothing opens this "+quote(m.tok(m.at).Value), "remove it, or add the opening bracket")
	}
	if m.expected != "`)`" && m.expected != "`]`" && m.expected != "`}`" {
		return false
	}
	open, ok := m.opener(closes[strings.Trim(m.expected, "`")])
	if !ok {
		return false
	}
	m.d.Related = append(m.d.Related, diag.Related{Span: tokenSpan(m.toks[open]), Message: "opened here"})
	if !m.unclosed() {
		if m.listed(open) {
			m.d.Expected = "`,` or " + m.expected
		}
		return true
	}
	m.d.Code = UnclosedBracket
	if m.match[open] < 0 {
		m.d.Summary = "a " + quote(m.toks[open].Value) + " is not closed: " + m.d.Summary
	}
	return true
}

// unclosed reports whether a bracket of the statement has no partner.
func (m *mistake) unclosed() bool {
	for i := m.lo; i < m.hi && i <= m.at; i++ {
		if v := m.toks[i].Value; (v == "(" || v == "[") && m.match[i] < 0 {
			return true
		}
	}
	return false
}

// listed reports whether the bracket at open holds a list, which may go on.
func (m *mistake) listed(open int) bool {
	return m.toks[open].Value == "[" || open > m.lo && m.toks[open-1].Type == tokName
}

// opener finds the innermost bracket that is open at the mistake.
func (m *mistake) opener(kind string) (int, bool) {
	for i := m.at - 1; i >= m.lo; i-- {
		switch v := m.toks[i].Value; v {
		case ")", "]", "}":
			if k := int(m.match[i]); k >= m.lo {
				i = k
			}
		case "(", "[", "{":
			return i, v == kind
		}
	}
	return 0, false
}

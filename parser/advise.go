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
	adviseSample, adviseWeights, adviseFirstWord, adviseProgram, adviseLink, adviseAssignment, adviseDeclaration, adviseForeignType, adviseEmptyIndex, adviseRange, adviseBraces, adviseIf, adviseLoop, adviseColon,
	adviseFormula, adviseDistribution,
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

// own says that the mistake reaches to the token last: what was said of single
// tokens in it is an echo.
func (m *mistake) own(last int) { m.owned = tokenSpan(m.tok(m.lo)).To(tokenSpan(m.tok(last))) }

// underline moves the diagnostic to the tokens [lo, hi].
func (m *mistake) underline(lo, hi int) { m.d.Span = tokenSpan(m.tok(lo)).To(tokenSpan(m.tok(hi))) }

// firstWords of other languages, and what to write.
var foreignWords = map[string]string{
	"and": "write `&&`", "or": "write `||`", "not": "write `!`", "var": "write `let`", "const": "write `let`",
	"def": "write `fn`", "function": "write `fn f(x: real) -> real = ...`", "while": "there is no `while`: write `for t in a..b`",
	"import": "there are no imports: a model is one file", "print": "a model prints nothing: a `let` is reported with the posterior",
	"elif": "write `else if`", "is": "write `==`",
	"observe": "write `NAME ~ DIST`", "sample": "write `NAME ~ DIST`", "increment_log_prob": "write `factor E`", "model": "there are no blocks: statements stand in one list, read top to bottom",
	"parameters": "there are no blocks: a latent is declared where it gets its distribution", "transformed": "there are no blocks: write `let`",
	"generated": "there are no blocks: a top-level `let` is reported with the posterior, and a new value is drawn by `generate NAME ~ DIST`",
	"functions": "there are no blocks: write `fn f(x: real) -> real = ...`",
}

func adviseFirstWord(m *mistake) bool {
	first := m.tok(m.lo)
	if m.truncates() {
		return true
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

// truncates handles `T[0, ]`, `T(0,)` and `I(0,)` after a distribution.
func (m *mistake) truncates() bool {
	word, open := m.tok(m.lo), m.lo+1
	if word.Value != "T" && word.Value != "I" || m.lo == 0 || m.tok(m.lo-1).Value != ")" || m.lineStart[m.lo] || m.tok(open).Value != "[" && m.tok(open).Value != "(" || m.match[open] < 0 {
		return false
	}
	end := int(m.match[open])
	comma := open + 1
	for comma < end && m.tok(comma).Value != "," {
		comma++
	}
	lo, hi := m.between(open+1, comma), m.between(comma+1, end)
	if lo == "" {
		lo = "-inf"
	}
	if hi == "" {
		hi = "inf"
	}
	m.underline(m.lo, end)
	m.d.Expected, m.d.Found = "", ""
	hint := "write " + quote("in ("+lo+", "+hi+")") + "; for integers, `in a..b`"
	if word.Value == "I" { // which BUGS has for both
		hint += "; an observation of which only that is known is " + quote(censoredForm(lo, hi))
	}
	return m.say(ForeignSyntax, "a distribution is not truncated with "+quote(word.Value+m.tok(open).Value+"..."+m.tok(end).Value), hint)
}

// adviseWeights handles `weights = w`, `weight w[i]`, `weights(w)`, `weighted by w` and `weigthed w` after
// a distribution, and a truncation or a censoring that follows the weight.
func adviseWeights(m *mistake) bool {
	if m.weightFirst() {
		return true
	}
	word, value := m.lo, m.lo+1
	if p := m.lo - 1; p > 1 && (m.tok(p).Value == "by" || m.tok(p).Value == "with") && m.tok(p-1).Value == "weighted" && !m.lineStart[m.lo] {
		word, value = p-1, m.lo
	}
	switch m.tok(word).Value {
	case "weights", "weight", "weighted", "weighting", "freq", "fweight", "pweight", "aweight":
	default:
		if diag.Suggest(m.tok(word).Value, []string{"weighted"}) == "" {
			return false
		}
	}
	if word == 0 || m.lineStart[word] || m.tok(word-1).Value != ")" {
		return false
	}
	if m.tok(value).Value == "=" || m.tok(value).Value == "by" {
		value++
	}
	for m.hi < len(m.toks) && !m.lineStart[m.hi] && m.tok(m.hi).Value != "}" {
		m.hi++
	}
	if m.tok(value).Value == "(" && int(m.match[value]) == m.hi-1 {
		value, m.hi = value+1, m.hi-1
	}
	m.own(m.hi - 1) // `weights = w[i]` is no definition
	m.underline(word, word)
	m.d.Expected, m.d.Found = "", ""
	return m.say(ForeignSyntax, "the weight of a statement has the word `weighted`", "write "+quote("weighted "+m.rest(value)))
}

// weightFirst handles `~ DIST weighted w in (a, b)` and `~ DIST weighted w censored above c`.
func (m *mistake) weightFirst() bool {
	if !m.found("in", "censored") || m.tok(m.at).Type != tokKeyword {
		return false
	}
	word := m.at - 1
	for word > m.lo && !(m.tok(word).Value == "weighted" && m.tok(word).Type == tokKeyword) {
		word--
	}
	if word == m.lo {
		return false
	}
	m.d.Expected, m.d.Found = "", ""
	return m.say(SyntaxError, "", "the weight comes last: "+quote("~ DIST "+m.rest(m.at)+" "+m.between(word, m.at)))
}

// censoredForm says that a value is only known to lie between two ends.
func censoredForm(lo, hi string) string {
	switch {
	case hi == "inf":
		return "~ DIST censored above " + lo
	case lo == "-inf":
		return "~ DIST censored below " + hi
	}
	return "~ DIST censored in (" + lo + ", " + hi + ")"
}

// rest is the text of the statement from token i on, "..." where it is long.
func (m *mistake) rest(i int) string {
	for k := i; k < m.hi; k++ {
		if t := m.tok(k); t.Type == tokLiteral && t.Value == "" {
			return "..."
		}
	}
	text := m.between(i, m.hi)
	if text == "" || len(text) > 80 || strings.Contains(text, "\n") {
		return "..."
	}
	return text
}

// links are the link functions that BUGS writes on the left, and their inverses.
var links = map[string]string{"logit": "inv_logit(%)", "log": "exp(%)", "probit": "Phi(%)", "cloglog": "-expm1(-exp(%))", "sqrt": "(%)^2", "inverse": "1 / (%)"}

// adviseLink handles `logit(p[i]) <- E`.
func adviseLink(m *mistake) bool {
	inverse, ok := links[m.tok(m.lo).Value]
	open := m.lo + 1
	if !ok || m.at != open || m.tok(open).Value != "(" || int(m.match[open]) < 0 {
		return false
	}
	end := int(m.match[open])
	value := end + 2
	switch sign := m.tok(end + 1).Value; {
	case sign == "<" && m.tok(end+2).Value == "-":
		value++
	case sign != "=":
		return false
	}
	m.underline(m.lo, end)
	m.d.Expected, m.d.Found = "", ""
	left := m.between(open+1, end)
	return m.say(ForeignSyntax, "a function cannot stand on the left of a definition",
		"write "+quote("let "+left+" = "+strings.ReplaceAll(inverse, "%", m.rest(value))))
}

// adviseEmptyIndex handles `X[i,]`, `X[, j]` and `X[]`.
func adviseEmptyIndex(m *mistake) bool {
	if !m.found("]", ",") || m.tok(m.at-1).Value != "[" && m.tok(m.at-1).Value != "," {
		return false
	}
	open, ok := m.opener("[")
	if !ok || int(m.match[open]) < 0 || open == 0 || m.tok(open-1).Type != tokName {
		return false
	}
	end := int(m.match[open])
	name := m.tok(open - 1).Value
	if end == open+1 {
		return m.say(ForeignSyntax, "an index is missing", "write "+quote(name)+" for the whole array")
	}
	var parts []string
	for lo := open + 1; lo <= end; {
		hi := lo
		for hi < end && m.tok(hi).Value != "," {
			if k := int(m.match[hi]); k > hi {
				hi = k
			}
			hi++
		}
		part := m.between(lo, hi)
		if part == "" {
			part = ":"
		}
		parts = append(parts, part)
		lo = hi + 1
	}
	return m.say(ForeignSyntax, "an index is missing", "a whole dimension is `:`: write "+quote(name+"["+strings.Join(parts, ", ")+"]"))
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
		return m.say(ForeignSyntax, "a definition starts with `let`", "write "+quote(shorten("let "+left)+" = "+m.rest(m.at+1)))
	case m.leftEnds() && m.found("<") && next.Value == "-" && adjacent:
		m.underline(m.at, m.at+1)
		m.d.Found = "`<-`"
		return m.say(ForeignSyntax, "there is no assignment with `<-`",
			"write "+quote(shorten("let "+left)+" = "+m.rest(m.at+2))+" for a definition, "+quote(shorten(left)+" ~ ...")+" for a distribution")
	case m.leftEnds() && m.found(":") && next.Value == "=" && adjacent:
		m.underline(m.at, m.at+1)
		m.d.Found = "`:=`"
		return m.say(ForeignSyntax, "a definition starts with `let`", "write "+quote(shorten("let "+left)+" = "+m.rest(m.at+2)))
	case m.leftEnds() && m.found("+", "-", "*", "/") && next.Value == "=" && adjacent:
		m.underline(m.at, m.at+1)
		m.d.Found = quote(m.tok(m.at).Value + "=")
		if first.Value == "target" {
			return m.say(ForeignSyntax, "the log density is not a variable", "write "+quote("factor "+m.rest(m.at+2))+" to add to it")
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
		return m.say(ForeignSyntax, quote(loop)+" takes no parentheses", "write "+quote(m.loopHeader(loop)+" { ... }"))
	case m.expected == "`{`":
		return m.say(SyntaxError, "", "the body stands in braces: "+quote(loop+" i in 1..N { ... }"))
	case m.found("=") || m.expected == "`NAME in RANGE`" && m.tok(m.at).Type != tokKeyword:
		return m.say(ForeignSyntax, "", "write "+quote(loop+" i in 1..N { ... }"))
	case m.expected == "`..`" && !m.found(":"):
		return m.say(SyntaxError, "", "write "+quote(loop+" i in 1..N { ... }")+"; to run over an array, index it")
	}
	return false
}

// loopHeader is the header of `for (i in 1:N)` as it is written here.
func (m *mistake) loopHeader(loop string) string {
	open := m.lo + 1
	end, colon := int(m.match[open]), open+1
	for colon < end && m.tok(colon).Value != ":" {
		colon++
	}
	if colon >= end {
		return loop + " i in 1..N"
	}
	return loop + " " + m.between(open+1, colon) + ".." + m.between(colon+1, end)
}

// adviseRange handles `for i in range(N)`.
func adviseRange(m *mistake) bool {
	loop := m.tok(m.lo).Value
	r, ok := m.foreignRange()
	if !ok || loop != "for" && loop != "plate" {
		return false
	}
	m.underline(m.lo+3, int(m.match[m.lo+4]))
	m.d.Found = ""
	return m.say(ForeignSyntax, "a range is written with two points",
		"write "+quote(loop+" "+m.tok(m.lo+1).Value+" in "+r+" { ... }")+": indices start at 1, and both ends are included")
}

// foreignRange reads `for i in range(N)`, `seq_len(N)` and `seq(1, N)`.
func (m *mistake) foreignRange() (string, bool) {
	open := m.lo + 4
	if m.tok(m.lo+2).Value != "in" || m.tok(open).Value != "(" || int(m.match[open]) < 0 {
		return "", false
	}
	end := int(m.match[open])
	comma := open + 1
	for comma < end && m.tok(comma).Value != "," {
		if k := int(m.match[comma]); k > comma {
			comma = k
		}
		comma++
	}
	first, second := m.between(open+1, comma), m.between(comma+1, end)
	switch word := m.tok(m.lo + 3).Value; {
	case first == "" || word != "range" && word != "seq_len" && word != "seq" && word != "prange" && word != "arange":
		return "", false
	case second == "":
		return "1.." + first, true
	case word == "seq" || strings.Contains(second, ","):
		return first + ".." + second, !strings.Contains(second, ",")
	case first == "0":
		return "1.." + second, true
	case first == "1":
		return "2.." + second, true
	default:
		return first + " + 1.." + second, true
	}
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
	if m.expected == "`(`" && tilde.Value == "~" && m.at < m.hi && m.tok(m.at).Type == tokOp {
		return m.say(SyntaxError, "a `~` takes one distribution", "what is added to its values goes into its mean: `"+m.between(m.lo, m.at-1)+" "+"Normal("+m.tok(m.at-1).Value+", sd)`")
	}
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
	case first == "let" && m.expected == "`=`" && m.found("<") && m.tok(m.at+1).Value == "-":
		return m.say(ForeignSyntax, "there is no assignment with `<-`", "write "+quote(m.between(m.lo, m.at)+" = "+m.rest(m.at+2)))
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

package parser

import (
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/alecthomas/participle/v2"
	"github.com/alecthomas/participle/v2/lexer"

	"ppl/lang/diag"
)

// mistake is a syntax error while it is being worded: the statement [lo, hi),
// the token where participle stopped, and what it would have taken.
type mistake struct {
	*parse
	lo, hi   int
	at       int // hi: the statement ended too early
	expected string
	owned    diag.Span // text in which what was said of single tokens is an echo
	d        diag.Diagnostic
}

// explain words participle's error in terms of the language.
func (p *parse) explain(err error, lo, hi int) (d diag.Diagnostic, owned bool) {
	m := &mistake{parse: p, lo: lo, hi: hi, at: hi}
	m.d = diag.Diagnostic{Code: SyntaxError}
	var pe participle.Error
	if errors.As(err, &pe) {
		m.locate(pe.Position().Offset)
		m.expected = expectedWords(pe.Message())
	}
	if m.at == hi && hi < len(p.toks) && !p.lineStart[hi] && p.toks[hi].Value != "}" {
		m.hi++ // what follows in the same line was meant to belong to it
	}
	m.stepOver()
	m.d.Expected, m.d.Found = m.expected, m.describeAt(m.at)
	if m.at < m.hi {
		m.d.Span = tokenSpan(m.toks[m.at])
		m.d.Summary = fmt.Sprintf("%s cannot go on with %s", m.subject(), describe(m.toks[m.at]))
	} else {
		end := m.endOf(hi)
		m.d.Span = diag.Span{Start: end, End: end}
		m.d.Summary = m.subject() + " is not complete"
	}
	if m.at == lo {
		m.d.Summary = "a statement cannot start with " + describe(m.toks[lo])
		m.d.Expected = "a keyword such as `data` or `let`, or `NAME ~ DIST`"
	}
	m.advise()
	if owned = m.owned != (diag.Span{}); owned {
		p.rep.drop(m.owned)
	}
	return m.d, owned
}

// locate finds the token at an offset; the end of a statement has the offset
// of no token in it.
func (m *mistake) locate(offset int) {
	toks := m.toks[m.lo:m.hi]
	i := sort.Search(len(toks), func(i int) bool { return toks[i].Pos.Offset >= offset })
	m.at = m.lo + i
	if i == len(toks) || toks[i].Pos.Offset != offset {
		m.at = m.hi
	}
}

// stepOver undoes participle's one token of backtracking. Where an optional
// part breaks off after its first token (`f(1,)`, `x[1..]`, `data a : real =`)
// it blames that token; the fault is in what follows.
func (m *mistake) stepOver() {
	if m.at >= m.hi {
		return
	}
	inFn := m.toks[m.lo].Value == "fn" && m.expected == "`)`" && m.toks[m.at].Type == tokName
	if inFn && (m.toks[m.at-1].Value == "(" || m.toks[m.at-1].Value == ",") {
		m.at, m.expected = m.at+1, "`:`"
		return
	}
	if m.at+1 < len(m.toks) && m.startsOperand(m.at+1) && m.at+1 < m.hi {
		return
	}
	switch v := m.toks[m.at].Value; {
	case v == "," && (m.expected == "`)`" || m.expected == "`]`") && m.inList(), v == "..", v == "=" && !m.leftEnds():
		m.at, m.expected = m.at+1, "an expression"
	case v == "in":
		m.at, m.expected = m.at+1, "an interval `(a, b)` or a range `a..b`"
	case v == "for" && m.expected == "`]`":
		m.at, m.expected = m.at+1, "`NAME in RANGE`"
	}
}

func (m *mistake) inList() bool {
	open, ok := m.opener(closes[strings.Trim(m.expected, "`")])
	return ok && m.listed(open)
}

// startsOperand reports whether an operand may start with token i.
func (p *parse) startsOperand(i int) bool {
	switch t := p.toks[i]; t.Type {
	case tokName, tokLiteral, tokOp:
		return true
	default:
		return t.Value == "(" || t.Value == "[" || t.Value == "if"
	}
}

// subject names the statement: "this `let`".
func (m *mistake) subject() string {
	switch t := m.toks[m.lo]; {
	case t.Type == tokKeyword:
		return "this " + quote(t.Value)
	default:
		return "this statement"
	}
}

// describeAt names the token at i for a reader.
func (p *parse) describeAt(i int) string {
	if i >= len(p.toks) {
		return "the end of the file"
	}
	return describe(p.toks[i])
}

func describe(t lexer.Token) string {
	switch {
	case t.Type == tokKeyword:
		return "the word " + quote(t.Value)
	case t.Type == tokLiteral && t.Value == "":
		return "text that was refused"
	}
	return quote(shorten(t.Value))
}

// ---- What participle expected, in words ----

// productions gives the words for the grammar's own names, which participle
// prints.
var productions = map[string]string{
	"<name>": "a name", "<op>": "an operator", "Expression": "an expression", "Operand": "an expression",
	"TypeExpr": "a type", "Distribution": "a distribution", "Binder": "`NAME in RANGE`",
	"RangeExpr": "a range `a..b`", "Call": "a distribution", "LeftIndex": "an index", "IndexArg": "an index",
	"Interval": "an interval `(a, b)`", "Inside": "`in`", "Censoring": "`censored`", "Weighting": "`weighted`", "FnBlock": "`{`", "LetStmt": "`let`", "SampleStmt": "`NAME ~ DIST`",
	"Declaration": "a name", "FnParam": "a parameter `NAME: TYPE`", "Constraint": "a constraint",
	"Statement": "a statement", "BodyStmt": "`let` or `for`",
}

// expectedWords extracts the first alternatives of `unexpected token "x"
// (expected ...)`, where the rest is EBNF.
func expectedWords(message string) string {
	_, ebnf, ok := strings.Cut(message, " (expected ")
	if !ok {
		return "an operator, or the next statement"
	}
	words := firstWords(strings.TrimSuffix(ebnf, ")"))
	var out []string
	for _, w := range words {
		if w == "<name>" && slices.Contains(words, "<literal>") {
			return "an expression"
		}
		word, known := productions[w]
		if strings.HasPrefix(w, `"`) {
			word, known = "`"+strings.Trim(w, `"`)+"`", true
		}
		if known {
			out = append(out, word)
		}
	}
	return strings.Join(out, " or ")
}

// firstWords lists the terminals and productions that an EBNF string can
// start with; every alternative in the grammar starts with one.
func firstWords(ebnf string) []string {
	if !strings.HasPrefix(ebnf, "(") {
		word, _, _ := strings.Cut(ebnf, " ")
		return []string{strings.TrimRight(word, "?*+)")}
	}
	var out []string
	depth, start := 0, 1
	for i := 0; i < len(ebnf); i++ {
		switch ebnf[i] {
		case '"':
			if n := strings.IndexByte(ebnf[i+1:], '"'); n >= 0 {
				i += n + 1
			}
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return append(out, firstWords(strings.TrimSpace(ebnf[start:i]))...)
			}
		case '|':
			if depth == 1 {
				out = append(out, firstWords(strings.TrimSpace(ebnf[start:i]))...)
				start = i + 1
			}
		}
	}
	return out
}

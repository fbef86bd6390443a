package parser

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/alecthomas/participle/v2/lexer"

	"ppl/lang/ast"
	"ppl/lang/diag"
)

// The classes of tokens. White space and comments are never tokens: participle
// would elide them, but elided tokens leak into the spans of the nodes.
const (
	tokName lexer.TokenType = iota + 1
	tokKeyword
	tokLiteral // a number, true or false; without a value, text that was reported
	tokOp      // + - * / @ ^ == != < <= > >= && || and !
	tokPunct   // brackets and the rest
	tokUnknown // the catch-all: nothing in the grammar takes it
)

// tokens implements lexer.Definition.
type tokens struct{}

func (tokens) Symbols() map[string]lexer.TokenType {
	return map[string]lexer.TokenType{
		"EOF": lexer.EOF, "Name": tokName, "Keyword": tokKeyword, "Literal": tokLiteral,
		"Op": tokOp, "Punct": tokPunct, "Unknown": tokUnknown,
	}
}

// Lex is the interface that participle asks for; Parse scans by itself and
// hands participle the tokens of one statement at a time.
func (tokens) Lex(name string, r io.Reader) (lexer.Lexer, error) {
	text, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", name, err)
	}
	s := scan(diag.NewSource(name, string(text)), &reporter{})
	return &tokenSlice{toks: s.toks}, nil
}

// tokenSlice replays tokens that were scanned before.
type tokenSlice struct {
	toks []lexer.Token
	end  lexer.Token
	next int
}

func (t *tokenSlice) Next() (lexer.Token, error) {
	if t.next == len(t.toks) {
		t.end.Type = lexer.EOF
		return t.end, nil
	}
	t.next++
	return t.toks[t.next-1], nil
}

var keywords = map[string]bool{
	"data": true, "param": true, "let": true, "plate": true, "for": true, "factor": true, "generate": true, "fn": true,
	"return": true, "guide": true, "in": true, "if": true, "then": true, "else": true, "true": true, "false": true,
}

// Keywords returns the reserved words of the language.
func Keywords() []string {
	return []string{
		"data", "param", "let", "plate", "for", "factor", "generate", "fn", "return", "guide", "in", "if", "then",
		"else", "true", "false",
	}
}

// scanner cuts text into tokens.
type scanner struct {
	src      *diag.Source
	text     string
	pos      int
	rep      *reporter
	toks     []lexer.Token
	comments []ast.Comment
}

func scan(src *diag.Source, rep *reporter) *scanner {
	s := &scanner{src: src, text: src.Text, rep: rep}
	s.pos = len(leadingBOM(s.text))
	s.toks = make([]lexer.Token, 0, len(s.text)/4+1)
	for s.pos < len(s.text) {
		s.step()
	}
	markCensoring(s.toks)
	markWeighting(s.toks)
	return s
}

// markCensoring makes a keyword of `censored` where `above`, `below` or `in`
// follows, and of that word: names everywhere else. No name stands before
// another one, and before `in` only a binder does, which follows a word, a
// bracket or a comma that no distribution ends with.
func markCensoring(toks []lexer.Token) {
	for i := 1; i+1 < len(toks); i++ {
		if toks[i].Type != tokName || toks[i].Value != "censored" {
			continue
		}
		switch next, before := &toks[i+1], toks[i-1].Value; next.Value {
		case "in":
			if before == "plate" || before == "for" || before == "[" || before == "," {
				continue
			}
		case "above", "below":
			next.Type = tokKeyword
		default:
			continue
		}
		toks[i].Type = tokKeyword
	}
}

// markWeighting makes a keyword of `weighted` where it stands between what may
// end a distribution, its truncation or its censoring, and what may start an
// expression: names everywhere else. No name stands between two such; after a
// statement that has ended one may start the next, as in `weighted[1] ~ ...`.
func markWeighting(toks []lexer.Token) {
	for i := 1; i+1 < len(toks); i++ {
		if toks[i].Type != tokName || toks[i].Value != "weighted" {
			continue
		}
		if before := toks[i-1]; before.Type != tokName && before.Type != tokLiteral && before.Value != ")" && before.Value != "]" {
			continue
		}
		switch next := toks[i+1]; next.Type {
		case tokName, tokLiteral:
		case tokOp:
			if next.Value != "-" && next.Value != "!" {
				continue
			}
		default:
			if next.Value != "(" && next.Value != "if" && (next.Value != "[" || startsLeftSide(toks[i+1:])) {
				continue
			}
		}
		toks[i].Type = tokKeyword
	}
}

// startsLeftSide reports whether the brackets that tokens start with are the
// indices of a left side: `[1] ~`, `[i] : real`, `[1] = 3`.
func startsLeftSide(toks []lexer.Token) bool {
	depth := 0
	for i, t := range toks {
		switch {
		case t.Type == tokPunct && (t.Value == "[" || t.Value == "(" || t.Value == "{"):
			depth++
		case t.Type == tokPunct && (t.Value == "]" || t.Value == ")" || t.Value == "}"):
			if depth--; depth == 0 {
				return i+1 < len(toks) && (toks[i+1].Value == "~" || toks[i+1].Value == ":" || toks[i+1].Value == "=")
			}
		}
	}
	return true
}

const bom = "\uFEFF"

func leadingBOM(text string) string {
	if strings.HasPrefix(text, bom) {
		return bom
	}
	return ""
}

// step consumes one token, comment or blank.
func (s *scanner) step() {
	c := s.text[s.pos]
	switch {
	case c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v':
		s.pos++
	case c == '#':
		s.comment()
	case c >= '0' && c <= '9':
		s.number()
	case isNameStart(c):
		s.word()
	case c >= utf8.RuneSelf:
		s.wide()
	default:
		s.operator()
	}
}

func isNameStart(c byte) bool { return c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }

func isNamePart(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) }

// emit appends a token of n bytes whose value is the text itself.
func (s *scanner) emit(t lexer.TokenType, n int) { s.emitAs(t, s.text[s.pos:s.pos+n], n) }

// emitAs appends a token that covers n bytes and reads as value. Filename and
// line stay empty; a token's Pos.Column is not a column but its length, since
// value may differ from the text it stands for.
func (s *scanner) emitAs(t lexer.TokenType, value string, n int) {
	if len(s.toks) == cap(s.toks) && s.pos > 0 {
		// As dense as so far to the end, and at least a quarter more.
		whole := float64(len(s.toks)) * float64(len(s.text)) / float64(s.pos)
		s.toks = slices.Grow(s.toks, max(int(whole)-len(s.toks)+16, len(s.toks)/4))
	}
	s.toks = append(s.toks, lexer.Token{Type: t, Value: value, Pos: lexer.Position{Offset: s.pos, Column: n}})
	s.pos += n
}

func tokenSpan(t lexer.Token) diag.Span {
	return diag.Span{Start: t.Pos.Offset, End: t.Pos.Offset + t.Pos.Column}
}

// comment keeps `# ...` up to the end of the line.
func (s *scanner) comment() {
	end := s.pos
	for end < len(s.text) && s.text[end] != '\n' && s.text[end] != '\r' {
		end++
	}
	if bad := invalidUTF8(s.text[s.pos:end]); bad >= 0 {
		s.reportUTF8(s.pos + bad)
	}
	c := ast.Comment{Text: s.text[s.pos:end]}
	c.Sp = diag.Span{Start: s.pos, End: end}
	s.comments = append(s.comments, c)
	s.pos = end
}

// invalidUTF8 returns the offset of the first byte that is not UTF-8, or -1.
func invalidUTF8(text string) int {
	if utf8.ValidString(text) {
		return -1
	}
	for i, r := range text {
		if r == utf8.RuneError {
			if _, n := utf8.DecodeRuneInString(text[i:]); n == 1 {
				return i
			}
		}
	}
	return -1
}

// nameLen is the length of the longest run of name characters at pos.
func (s *scanner) nameLen(pos int) int {
	i := pos
	for i < len(s.text) {
		c := s.text[i]
		if c < utf8.RuneSelf {
			if !isNameStart(c) && (c < '0' || c > '9') {
				break
			}
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s.text[i:])
		if r == utf8.RuneError || !isNamePart(r) {
			break
		}
		i += n
	}
	return i - pos
}

func (s *scanner) word() {
	n := s.nameLen(s.pos)
	if w := s.text[s.pos : s.pos+n]; w == "true" || w == "false" {
		s.emit(tokLiteral, n)
		return
	}
	if keywords[s.text[s.pos:s.pos+n]] {
		s.emit(tokKeyword, n)
		return
	}
	s.emit(tokName, n)
}

// number scans 12, 1.5, 1e-10 and 2.5e3. `1..N` is the number 1 and a range.
func (s *scanner) number() {
	i := s.digits(s.pos)
	if i+1 < len(s.text) && s.text[i] == '.' && isDigit(s.text[i+1]) {
		i = s.digits(i + 1)
	} else if i < len(s.text) && s.text[i] == '.' && !strings.HasPrefix(s.text[i:], "..") {
		s.badNumber(i+1, "a number needs a digit after the point", s.text[s.pos:i]+".0")
		return
	}
	if j := s.exponent(i); j > 0 {
		i = j
	}
	if n := s.nameLen(i); n > 0 {
		s.gluedNumber(i, n)
		return
	}
	s.emit(tokLiteral, i-s.pos)
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func (s *scanner) digits(i int) int {
	for i < len(s.text) && isDigit(s.text[i]) {
		i++
	}
	return i
}

// exponent returns the end of an exponent that starts at i, or 0.
func (s *scanner) exponent(i int) int {
	if i >= len(s.text) || s.text[i] != 'e' && s.text[i] != 'E' {
		return 0
	}
	j := i + 1
	if j < len(s.text) && (s.text[j] == '+' || s.text[j] == '-') {
		j++
	}
	if j >= len(s.text) || !isDigit(s.text[j]) {
		return 0
	}
	return s.digits(j)
}

// badNumber reports a number that ends at end and should have been written fix.
func (s *scanner) badNumber(end int, what, fix string) {
	end += s.nameLen(end)
	s.rep.add(diag.Diagnostic{
		Code: BadNumber, Span: diag.Span{Start: s.pos, End: end}, Summary: what,
		Found: quote(s.text[s.pos:end]), Hint: "write " + quote(fix),
	})
	s.emitAs(tokLiteral, "", end-s.pos)
}

// gluedNumber reports `3x`: the number ends at i, the name has n bytes.
func (s *scanner) gluedNumber(i, n int) {
	num, name := s.text[s.pos:i], s.text[i:i+n]
	hint := fmt.Sprintf("write %s to multiply; a name cannot start with a digit", quote(num+" * "+name))
	switch {
	case name == "L" || name == "f":
		hint = "numbers have no suffix: write " + quote(num)
	case name == "i":
		hint = "there are no complex numbers"
	}
	s.rep.add(diag.Diagnostic{
		Code: BadNumber, Span: diag.Span{Start: s.pos, End: i + n}, Summary: "a number touches a name",
		Found: quote(num + name), Hint: hint,
	})
	s.emitAs(tokLiteral, "", i+n-s.pos)
}

// operator scans punctuation.
func (s *scanner) operator() {
	rest := s.text[s.pos:]
	for _, op := range strange {
		if strings.HasPrefix(rest, op.text) {
			s.foreign(op)
			return
		}
	}
	if len(rest) > 1 {
		switch rest[:2] {
		case "..", "->":
			s.emit(tokPunct, 2)
			return
		case "==", "!=", "<=", ">=", "&&", "||":
			s.emit(tokOp, 2)
			return
		}
	}
	switch rest[0] {
	case '+', '-', '*', '/', '@', '^', '<', '>', '!':
		s.emit(tokOp, 1)
	case '(', ')', '[', ']', '{', '}', ',', ':', '=', '~', '?':
		s.emit(tokPunct, 1)
	case '.':
		s.point()
	case '"', '\'':
		s.quoted()
	default:
		if rest[0] == '|' && s.inDensity() {
			s.emitAs(tokPunct, ",", 1)
			return
		}
		if op, ok := singles[rest[0]]; ok {
			s.foreign(op)
			return
		}
		s.unknown(1)
	}
}

// inDensity reports whether the innermost open parenthesis is that of a density
// of Stan, `normal_lpdf(y | mu, sd)`: the bar parts arguments, and the error is
// that of the name.
func (s *scanner) inDensity() bool {
	depth := 0
	for i := len(s.toks) - 1; i > 0 && len(s.toks)-i < 200; i-- {
		switch s.toks[i].Value {
		case ")":
			depth++
		case "(":
			if depth--; depth < 0 {
				_, suffix, _ := strings.Cut(s.toks[i-1].Value, "_l")
				return suffix == "pdf" || suffix == "pmf" || suffix == "cdf" || suffix == "ccdf"
			}
		}
	}
	return false
}

// point handles a point that is not part of `1.5` or `..`: usually `.5`.
func (s *scanner) point() {
	if s.pos+1 < len(s.text) && isDigit(s.text[s.pos+1]) {
		end := s.digits(s.pos + 1)
		if j := s.exponent(end); j > 0 {
			end = j
		}
		s.badNumber(end, "a number needs a digit before the point", "0"+s.text[s.pos:end])
		return
	}
	if s.dotted() {
		return
	}
	s.rep.add(diag.Diagnostic{
		Code: UnexpectedCharacter, Span: diag.Span{Start: s.pos, End: s.pos + 1}, Summary: "a point cannot stand here",
		Found: "`.`", Hint: "names hold letters, digits and `_`; a range is `a..b`",
	})
	if last := len(s.toks) - 1; last >= 0 && s.toks[last].Type == tokName && tokenSpan(s.toks[last]).End == s.pos {
		s.toks[last].Pos.Column++ // as part of the name: `sigma.`
		s.pos++
		return
	}
	s.emitAs(tokLiteral, "", 1+s.nameLen(s.pos+1))
}

// quoted handles strings, which the language does not have.
func (s *scanner) quoted() {
	q, end := s.text[s.pos], s.pos+1
	for end < len(s.text) && s.text[end] != q && s.text[end] != '\n' && s.text[end] != '\r' {
		end++
	}
	transposes := q == '\'' && len(s.toks) > 0 && tokenSpan(s.toks[len(s.toks)-1]).End == s.pos
	if transposes || end == len(s.text) || s.text[end] != q {
		if q == '\'' {
			s.foreign(foreignOp{text: "'", code: ForeignSyntax, summary: "`'` does not transpose here", hint: "write `transpose(x)`"})
			return
		}
		s.unknown(1)
		return
	}
	end++
	hint := "labels come with the data: declare them as `data g : factor(G)[N]`"
	if len(s.toks) > 0 && s.toks[len(s.toks)-1].Value == "data" {
		hint = "a column has the name of its declaration: call it " + quote(asName(s.text[s.pos+1:end-1])) + " in the model and in the data"
	}
	s.rep.add(diag.Diagnostic{
		Code: ForeignSyntax, Span: diag.Span{Start: s.pos, End: end}, Summary: "there are no strings in a model", Hint: hint,
	})
	s.emitAs(tokLiteral, "", end-s.pos)
}

// asName is a name as close to a text as there is.
func asName(text string) string {
	name := strings.Map(func(r rune) rune {
		if r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return '_'
	}, text)
	if name == "" || unicode.IsDigit([]rune(name)[0]) {
		name = "x" + name
	}
	return name
}

// unknown reports a run of characters that mean nothing in the language.
func (s *scanner) unknown(n int) {
	start := s.pos
	s.rep.spoiled = append(s.rep.spoiled, start)
	s.pos += n
	for s.pos < len(s.text) && s.text[s.pos] == s.text[start] && n == 1 {
		s.pos++
	}
	s.rep.add(diag.Diagnostic{
		Code: UnexpectedCharacter, Span: diag.Span{Start: start, End: s.pos},
		Summary: "this character has no meaning in a model", Found: describeRunes(s.text[start:s.pos]),
	})
}

func describeRunes(text string) string {
	r, _ := utf8.DecodeRuneInString(text)
	if unicode.IsPrint(r) && r != utf8.RuneError {
		return fmt.Sprintf("`%c` (U+%04X)", r, r)
	}
	return fmt.Sprintf("U+%04X", r)
}

// wide scans a character outside ASCII: a letter starts a name; some symbols
// have an ASCII spelling; the rest is an error.
func (s *scanner) wide() {
	r, n := utf8.DecodeRuneInString(s.text[s.pos:])
	switch {
	case r == utf8.RuneError && n == 1:
		start := s.pos
		for s.pos < len(s.text) {
			if r, n := utf8.DecodeRuneInString(s.text[s.pos:]); r != utf8.RuneError || n != 1 {
				break
			}
			s.pos++
		}
		s.reportUTF8(start)
	case unicode.IsLetter(r):
		s.word()
	default:
		for _, op := range typographic {
			if strings.HasPrefix(s.text[s.pos:], op.text) {
				s.foreign(op)
				return
			}
		}
		s.unknown(n)
	}
}

func (s *scanner) reportUTF8(at int) {
	s.rep.spoiled = append(s.rep.spoiled, at)
	s.rep.add(diag.Diagnostic{
		Code: InvalidUTF8, Span: diag.Span{Start: at, End: at + 1}, Summary: "the text is not valid UTF-8 here",
		Found: fmt.Sprintf("byte 0x%02X", s.text[at]), Hint: "save the file as UTF-8",
	})
}

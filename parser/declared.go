package parser

import (
	"errors"
	"strings"

	"github.com/alecthomas/participle/v2/lexer"
)

// Declarations as Stan writes them, `array[N] vector<lower=0>[K] b`, put into
// the order and the words of ppl: `data b : real[N, K] >= 0`.

// declared is a declaration in another language's order.
type declared struct {
	name, typ    string // the type in the words of ppl, with all dimensions
	lower, upper string // bounds, "" where there are none
	last         int    // its last token
}

// stanTypes maps Stan's types to those of elements or kinds here. The
// dimensions come from the text.
var stanTypes = map[string]string{
	"real": "real", "int": "int", "bool": "bool", "vector": "real", "row_vector": "real", "matrix": "real", "simplex": "simplex",
	"ordered": "ordered", "positive_ordered": "positive_ordered", "unit_vector": "unit_vector", "cov_matrix": "cov", "corr_matrix": "corr",
	"cholesky_factor_corr": "cholesky_corr", "sum_to_zero_vector": "sum_to_zero", "complex": "real", "float": "real", "double": "real",
}

// typeWords start declarations elsewhere.
func isTypeWord(word string) bool { return stanTypes[word] != "" || word == "array" || word == "auto" }

// declaredAt reads a declaration that starts at token i; false if it is none.
func (m *mistake) declaredAt(i int) (declared, bool) {
	d, i, ok := m.typeAt(i)
	if !ok || m.tok(i).Type != tokName || m.lineStart[i] {
		return d, false
	}
	d.name, d.last = m.tok(i).Value, i
	if dims, end := m.dimsAt(i + 1); dims != "" && !m.lineStart[i+1] { // `real y[N]`
		d.typ, d.last = withDims(dims, d.typ), end-1
	}
	return d, true
}

// typeAt reads a type with its bounds, up to the token that it returns.
func (m *mistake) typeAt(i int) (declared, int, bool) {
	var d declared
	outer := ""
	if m.tok(i).Value == "array" {
		if outer, i = m.dimsAt(i + 1); outer == "" {
			return d, i, false
		}
	}
	base, ok := stanTypes[m.tok(i).Value]
	if !ok {
		return d, i, false
	}
	i++
	if m.tok(i).Value == "<" {
		if i, ok = m.boundsAt(i+1, &d); !ok {
			return d, i, false
		}
	}
	inner, i := m.dimsAt(i)
	d.typ = base
	if inner != "" {
		d.typ += "[" + inner + "]"
	}
	if outer != "" {
		d.typ = withDims(outer, d.typ)
	}
	return d, i, true
}

// withDims puts dimensions before those that a type has.
func withDims(dims, typ string) string {
	if head, inner, has := strings.Cut(typ, "["); has {
		return head + "[" + dims + ", " + inner
	}
	return typ + "[" + dims + "]"
}

// dimsAt is the text between the brackets at token i, "" if there are none,
// and the token after them.
func (m *mistake) dimsAt(i int) (string, int) {
	if m.tok(i).Value != "[" || int(m.match[i]) <= i {
		return "", i
	}
	end := int(m.match[i])
	return strings.TrimSpace(m.between(i+1, end)), end + 1
}

// between is the text of the tokens [lo, hi).
func (m *mistake) between(lo, hi int) string {
	if lo >= hi {
		return ""
	}
	return m.src.Slice(tokenSpan(m.tok(lo)).To(tokenSpan(m.tok(hi - 1))))
}

// boundsAt reads `lower=0, upper=1>` from token i on.
func (m *mistake) boundsAt(i int, d *declared) (int, bool) {
	for m.tok(i).Type == tokName && m.tok(i+1).Value == "=" {
		end := i + 2
		for end < len(m.toks) && !m.lineStart[end] && m.tok(end).Value != "," && m.tok(end).Value != ">" {
			if k := int(m.match[end]); k > end {
				end = k
			}
			end++
		}
		switch text := m.between(i+2, end); m.tok(i).Value {
		case "lower":
			d.lower = text
		case "upper":
			d.upper = text
		}
		if m.tok(end).Value == ">" {
			return end + 1, true
		}
		i = end + 1
	}
	return i, false
}

// data is the declaration as that of data.
func (d declared) data() string {
	text := "data " + d.name + " : " + d.typ
	switch {
	case d.lower != "" && d.upper != "" && strings.HasPrefix(d.typ, "int"):
		return text + " in " + d.lower + ".." + d.upper
	case d.lower != "" && d.upper != "":
		return text + " in (" + d.lower + ", " + d.upper + ")"
	case d.lower != "":
		return text + " >= " + d.lower
	case d.upper != "":
		return text + " <= " + d.upper
	}
	return text
}

// latent is the declaration as that of a latent, with a distribution that has
// its support; "" for integers, which are no latents in Stan.
func (d declared) latent() string {
	head, _, _ := strings.Cut(d.typ, "[")
	dist := "Normal(0, 1)"
	switch {
	case head == "int" || head == "bool":
		return ""
	case head == "simplex":
		dist = "Dirichlet(ones(K))"
	case head == "cholesky_corr":
		dist = "LKJCholesky(1)"
	case head == "corr":
		dist = "LKJ(1)"
	case head == "cov":
		dist = "Wishart(K + 1, eye(K))"
	case d.lower == "0" && d.upper == "1":
		dist = "Beta(1, 1)"
	case d.lower != "" && d.upper != "":
		dist = "Uniform(" + d.lower + ", " + d.upper + ")"
	case d.lower == "0":
		dist = "HalfNormal(1)"
	case d.lower != "":
		dist += " in (" + d.lower + ", inf)"
	case d.upper != "":
		dist += " in (-inf, " + d.upper + ")"
	}
	if strings.Contains(dist, "K") && strings.HasSuffix(d.typ, "]") {
		inner := d.typ[strings.LastIndexAny(d.typ, "[,")+1 : len(d.typ)-1]
		dist = strings.ReplaceAll(strings.ReplaceAll(dist, "(K)", "("+strings.TrimSpace(inner)+")"), "K + 1", strings.TrimSpace(inner)+" + 1")
	}
	if d.typ == "real" {
		return d.name + " ~ " + dist
	}
	return d.name + " : " + d.typ + " ~ " + dist
}

// adviseDeclaration handles `int N`, `vector[N] x`, `real<lower=0> s`, and the
// same after `data` or `param`.
func adviseDeclaration(m *mistake) bool {
	first := m.lo
	if t := m.tok(first); t.Type == tokKeyword && (t.Value == "data" || t.Value == "param") {
		first++
	}
	d, ok := m.declaredAt(first)
	if !ok {
		return false
	}
	m.underline(first, d.last)
	m.own(d.last)
	m.d.Expected, m.d.Found = "`data NAME : TYPE`, or `NAME ~ DIST` for a latent", ""
	switch m.tok(d.last + 1).Value {
	case "~":
		left := d.name
		if d.typ != "real" && d.typ != "int" {
			left += " : " + d.typ
		}
		return m.say(ForeignSyntax, "a declaration names the value first", "write "+quote(left+" ~ "+m.line(d.last+2)))
	case "=":
		m.d.Expected = "`let NAME = E`"
		return m.say(ForeignSyntax, "a definition has no type: it takes that of its value", "write "+quote("let "+d.name+" = "+m.line(d.last+2)))
	}
	data := d.data()
	if word := m.tok(m.lo).Value; first > m.lo {
		data = word + strings.TrimPrefix(data, "data")
	}
	hint, latent := "write "+quote(data), d.latent()
	switch {
	case latent == "" || first > m.lo || m.block == "data":
	case m.block == "parameters":
		hint = "it is declared by its distribution, as in " + quote(latent)
	default:
		hint += " for data; a latent is declared by its distribution, as in " + quote(latent)
	}
	return m.say(ForeignSyntax, "a declaration names the value first", hint)
}

// line is the text from token i to the end of its line.
func (m *mistake) line(i int) string {
	end := i
	for end < len(m.toks) && (end == i || !m.lineStart[end]) && m.tok(end).Value != "}" {
		end++
	}
	return m.between(i, end)
}

// adviseForeignType handles `data x : int<lower=0>[N]` and `data x : array[N] int`.
func adviseForeignType(m *mistake) bool {
	word := m.tok(m.lo).Value
	if word != "data" && word != "param" || m.tok(m.lo+2).Value != ":" {
		return false
	}
	d, end, ok := m.typeAt(m.lo + 3)
	if !ok || d.lower == "" && d.upper == "" && m.tok(m.lo+3).Value != "array" {
		return false
	}
	d.name = m.tok(m.lo + 1).Value
	m.underline(m.lo+3, end-1)
	m.own(end - 1)
	m.d.Expected, m.d.Found = "", ""
	return m.say(ForeignSyntax, "dimensions and bounds follow the type", "write "+quote(word+strings.TrimPrefix(d.data(), "data")))
}

// errStanBounds is the mistake that stanBounds finds.
var errStanBounds = errors.New("bounds in the spelling of Stan")

// stanBounds finds `data x : int<lower=0>[N]`, which would be well formed: a
// bound called lower, and a default.
func (p *parse) stanBounds(lo, hi int) bool {
	if hi < lo+7 || p.toks[lo].Value != "data" && p.toks[lo].Value != "param" || p.toks[lo+2].Value != ":" || p.toks[lo+4].Value != "<" {
		return false
	}
	word := p.toks[lo+5].Value
	return (word == "lower" || word == "upper") && p.toks[lo+6].Value == "="
}

// arrayOf reports whether token i is the element type of an `array[N] int`.
func (o *outline) arrayOf(i int) bool {
	open := i - 1
	if open < 1 || o.toks[open].Value != "]" || !isTypeWord(o.toks[i].Value) || o.lineStart[i] {
		return false
	}
	open = int(o.match[open])
	return open > 0 && o.toks[open-1].Value == "array" && o.toks[open-1].Type == lexer.TokenType(tokName)
}

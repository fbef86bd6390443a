package parser

import (
	"strings"
	"unicode"

	"ppl/lang/diag"
)

// Statements of a Python program: `mu = pm.Normal("mu", 0, 10)`,
// `y = numpyro.sample("y", dist.Normal(mu, s), obs=data)`.

// modules are names by which Python and Julia programs call what has no prefix
// here.
var modules = map[string]bool{
	"pm": true, "pymc": true, "np": true, "numpy": true, "jnp": true, "math": true, "pt": true, "tt": true, "at": true, "tf": true, "tfd": true, "tfp": true,
	"dist": true, "distributions": true, "numpyro": true, "pyro": true, "torch": true, "jax": true, "random": true, "nn": true, "stats": true, "scipy": true, "special": true, "Distributions": true,
}

// dotted handles a name with points, of which the first part has just been
// scanned: a module's function, or a name of R and BUGS.
func (s *scanner) dotted() bool {
	last := len(s.toks) - 1
	if last < 0 || s.toks[last].Type != tokName || tokenSpan(s.toks[last]).End != s.pos {
		return false
	}
	start, end := s.toks[last].Pos.Offset, s.pos
	for end < len(s.text) && s.text[end] == '.' {
		n := s.nameLen(end + 1)
		if n == 0 {
			break
		}
		end += 1 + n
	}
	if end == s.pos {
		return false
	}
	name := s.text[start:end]
	parts := strings.Split(name, ".")
	d := diag.Diagnostic{Span: diag.Span{Start: start, End: end}, Found: quote(name)}
	value := strings.Join(parts, "_")
	if modules[parts[0]] {
		value = parts[len(parts)-1]
		d.Code, d.Summary, d.Hint = ForeignSyntax, "there are no modules", "write "+quote(value)
	} else {
		d.Code, d.Summary, d.Hint = UnexpectedCharacter, "a name holds no point", "names hold letters, digits and `_`: write "+quote(value)+", and call a column of the data so"
	}
	s.rep.add(d)
	s.toks[last].Value, s.toks[last].Pos.Column = value, end-start
	s.pos = end
	return true
}

// adviseProgram handles `mu = pm.Normal("mu", 0, 10)`: what is assigned is a
// distribution.
func adviseProgram(m *mistake) bool {
	call := m.at + 1
	switch {
	case m.tok(m.lo).Type != tokName || m.at >= m.hi || !m.leftEnds():
		return false
	case m.found("<") && m.tok(m.at+1).Value == "-":
		call++
	case !m.found("="):
		return false
	}
	return m.program(m.between(m.lo, m.at), call)
}

// adviseSample handles `pm.Normal("y", mu, 1, observed=y)` as a statement.
func adviseSample(m *mistake) bool {
	label := m.tok(m.lo + 2)
	if m.tok(m.lo).Type != tokName || !m.found("(") || m.at != m.lo+1 || label.Type != tokLiteral || label.Value != "" {
		return false
	}
	return m.program(strings.Trim(m.src.Slice(tokenSpan(label)), "\"'"), m.lo)
}

// program words the mistake of a value, left, that is a distribution in Python:
// the call at the token of that index.
func (m *mistake) program(left string, call int) bool {
	name := m.tok(call)
	if name.Type != tokName || m.tok(call+1).Value != "(" || int(m.match[call+1]) < 0 || !isDistributionName(name.Value) {
		return false
	}
	last := int(m.match[call+1])
	args, observed := m.programArgs(call+2, last)
	if observed != "" {
		left = observed
	}
	m.underline(m.lo, last)
	m.own(last)
	m.d.Expected, m.d.Found = "", ""
	text := left + " ~ " + name.Value + "(" + strings.Join(args, ", ") + ")"
	switch inner := strings.Join(args, ", "); name.Value {
	case "Deterministic":
		return m.say(ForeignSyntax, "a definition starts with `let`", "write "+quote("let "+left+" = "+inner))
	case "Potential":
		return m.say(ForeignSyntax, "a term of the log density is a `factor`", "write "+quote("factor "+inner))
	case "sample":
		text = left + " ~ " + inner
	}
	return m.say(ForeignSyntax, "a distribution is not assigned: it stands after `~`", "write "+quote(text))
}

// isDistributionName goes by the capital that Python's distributions have;
// Phi and I are functions.
func isDistributionName(name string) bool {
	return name == "sample" || len(name) > 2 && unicode.IsUpper(rune(name[0])) && name != "Phi"
}

// programArgs are the arguments [lo, hi) of a call in Python, less the label
// and what says how the value is stored; and the data that it observes.
func (m *mistake) programArgs(lo, hi int) (args []string, observed string) {
	for lo < hi {
		end := lo
		for end < hi && m.tok(end).Value != "," {
			if k := int(m.match[end]); k > end {
				end = k
			}
			end++
		}
		end = min(end, hi)
		text := m.plainText(lo, end)
		keyword, value := "", text
		if m.tok(lo+1).Value == "=" && lo+1 < end {
			keyword, value = m.tok(lo).Value, m.plainText(lo+2, end)
		}
		switch {
		case m.tok(lo).Type == tokLiteral && m.tok(lo).Value == "": // the label
		case keyword == "observed" || keyword == "obs":
			observed = value
		case keyword == "dims" || keyword == "shape" || keyword == "initval" || keyword == "testval" || keyword == "rng_key" || keyword == "infer":
		case keyword != "":
			args = append(args, keyword+" = "+value)
		default:
			args = append(args, text)
		}
		lo = end + 1
	}
	return args, observed
}

// plainText is the text of the tokens [lo, hi) without modules.
func (m *mistake) plainText(lo, hi int) string {
	var b strings.Builder
	for i := lo; i < hi; i++ {
		if i > lo {
			b.WriteString(m.src.Text[tokenSpan(m.tok(i-1)).End:m.tok(i).Pos.Offset])
		}
		if t := m.tok(i); t.Type == tokName {
			b.WriteString(t.Value)
		} else {
			b.WriteString(m.src.Slice(tokenSpan(t)))
		}
	}
	return b.String()
}

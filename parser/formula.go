package parser

import (
	"strings"

	"github.com/alecthomas/participle/v2/lexer"
)

// Formulas of R: `y ~ 1 + x + (1 | g)`. A model here is written out, with a
// prior for each coefficient; the hint writes out the formula's.

// adviseFormula handles a right side that is a sum of names.
func adviseFormula(m *mistake) bool {
	tilde := m.at - 1
	if m.tok(tilde).Value != "~" {
		tilde--
	}
	if m.tok(tilde).Value != "~" || m.expected != "a distribution" && m.expected != "`(`" {
		return false
	}
	end := tilde + 1
	for end < len(m.toks) && !m.lineStart[end] && m.tok(end).Value != "}" {
		end++
	}
	f := formula{m: m, left: m.between(m.lo, tilde)}
	if tilde+1 == end || !f.read(tilde+1, end) {
		return false
	}
	m.underline(tilde+1, end-1)
	m.own(end - 1)
	m.d.Expected, m.d.Found = "a distribution", ""
	return m.say(ForeignSyntax, "there are no formulas: a model is written out", f.hint())
}

// formula is a formula in words of ppl.
type formula struct {
	m      *mistake
	left   string
	mean   []string // terms
	priors []string
}

// read takes the tokens [lo, hi) apart; false if they are no formula.
func (f *formula) read(lo, hi int) bool {
	intercept, groups, coefficients := true, []string(nil), []string(nil)
	for lo < hi {
		end := lo
		for end < hi && f.m.tok(end).Value != "+" && f.m.tok(end).Value != "-" {
			if k := int(f.m.match[end]); k > end {
				end = k
			}
			end++
		}
		end = min(end, hi)
		t := f.m.tok(lo)
		switch {
		case end == lo+1 && t.Type == tokLiteral && (t.Value == "0" || t.Value == "1"):
			intercept = t.Value == "1" && f.m.tok(lo-1).Value != "-"
		case t.Value == "(":
			terms, prior, ok := f.group(lo+1, end-1)
			if !ok {
				return false
			}
			groups, f.priors = append(groups, terms...), append(f.priors, prior...)
		default:
			names, ok := f.product(lo, end)
			if !ok {
				return false
			}
			b := "b_" + strings.Join(names, "_")
			coefficients = append(coefficients, b+" * "+strings.Join(names, " * "))
			f.priors = append(f.priors, b+" ~ Normal(0, 10)")
		}
		lo = end + 1
	}
	if intercept {
		f.mean = append(f.mean, "a")
		f.priors = append([]string{"a ~ Normal(0, 10)"}, f.priors...)
	}
	f.mean = append(append(f.mean, coefficients...), groups...)
	return len(f.mean) > 0
}

// product reads `x`, `x:z` or `x*z`.
func (f *formula) product(lo, hi int) (names []string, ok bool) {
	for i := lo; i < hi; i++ {
		t := f.m.tok(i)
		switch {
		case (i-lo)%2 == 0 && t.Type == tokName && !isDistributionName(t.Value):
			names = append(names, t.Value)
		case (i-lo)%2 == 1 && (t.Value == ":" || t.Value == "*"):
		default:
			return nil, false
		}
	}
	return names, len(names) > 0 && (hi-lo)%2 == 1
}

// group reads the inside of `(1 + x | g)`.
func (f *formula) group(lo, hi int) (terms, priors []string, ok bool) {
	bar := lo
	for bar < hi && f.m.tok(bar).Value != "||" {
		bar++
	}
	g := f.m.tok(bar + 1)
	if bar+2 != hi || g.Type != tokName {
		return nil, nil, false
	}
	slope := false
	levels := f.levels(g.Value)
	for i := lo; i < bar; i++ {
		t := f.m.tok(i)
		switch {
		case t.Value == "+":
			continue
		case t.Type == tokLiteral && (t.Value == "1" || t.Value == "0"):
			if t.Value == "0" {
				continue
			}
			terms = append(terms, "u_"+g.Value+"["+g.Value+"]")
			priors = append(priors, "s_"+g.Value+" ~ HalfNormal(1)", "u_"+g.Value+"[j in 1.."+levels+"] ~ Normal(0, s_"+g.Value+")")
		case t.Type == tokName:
			slope = true
			name := "v_" + t.Value
			terms = append(terms, name+"["+g.Value+"] * "+t.Value)
			priors = append(priors, "s_"+t.Value+" ~ HalfNormal(1)", name+"[j in 1.."+levels+"] ~ Normal(0, s_"+t.Value+")")
		default:
			return nil, nil, false
		}
	}
	return terms, priors, len(terms) > 0 || slope
}

// levels is the dimension of the levels of a factor, as it is declared.
func (f *formula) levels(name string) string {
	toks := f.m.toks
	for i := 0; i+4 < len(toks); i++ {
		if isWord(toks[i], "data") && toks[i+1].Value == name && toks[i+3].Value == "factor" && i+5 < len(toks) {
			return toks[i+5].Value
		}
	}
	return "J"
}

func isWord(t lexer.Token, word string) bool { return t.Type == tokKeyword && t.Value == word }

// hint is the model that the formula means, one statement a line.
func (f *formula) hint() string {
	lines := append(f.priors, "sigma ~ HalfNormal(1)", f.left+" ~ Normal("+strings.Join(f.mean, " + ")+", sigma)")
	return "write the mean, and a prior for each coefficient:\n" + "`" + strings.Join(lines, "`\n`") + "`"
}

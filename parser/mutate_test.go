package parser

import (
	"sort"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// vocabulary holds the tokens that a careless writer might type anywhere.
var vocabulary = strings.Fields("data param let plate for factor generate fn return guide in if then else true false x N Normal 1 0.5 .5 3x " +
	"+ - * / @ ^ == != < <= > >= && || ! ( ) [ ] { } , : = ~ ? .. -> ; // <- += & | % ' \" # \n \t \r\n \xff − ∞ $ \\ ** \n\n x[i] f( 1..N " +
	"pm.Normal( \"mu\", obs=y vector[K] array[N] int<lower=0> real<lower=0,upper=1> cov_matrix[K] range(N) logit(p) T(0,) target model parameters (1|g) X[i,] normal_lpdf(")

// mutated draws a model with a few tokens deleted, doubled, inserted or moved.
func mutated(t *rapid.T, models map[string]string) string {
	var names []string
	for name := range models {
		names = append(names, name)
	}
	sort.Strings(names)
	text := models[rapid.SampledFrom(names).Draw(t, "model")]
	words := strings.SplitAfter(text, " ")
	for range rapid.IntRange(1, 6).Draw(t, "edits") {
		i := rapid.IntRange(0, len(words)-1).Draw(t, "at")
		switch rapid.IntRange(0, 4).Draw(t, "edit") {
		case 0:
			words[i] = ""
		case 1:
			words[i] += words[i]
		case 2:
			j := rapid.IntRange(0, len(words)-1).Draw(t, "with")
			words[i], words[j] = words[j], words[i]
		default:
			words[i] += rapid.SampledFrom(vocabulary).Draw(t, "word")
			if rapid.Bool().Draw(t, "apart") {
				words[i] += " "
			}
		}
	}
	out := strings.Join(words, "")
	from := rapid.IntRange(0, len(out)).Draw(t, "from")
	if rapid.IntRange(0, 3).Draw(t, "cut") == 0 {
		out = out[from:]
	}
	return out
}

// Models with slips in them: the same claims as FuzzParse makes, on text that
// random bytes seldom reach.
func TestMutatedModels(t *testing.T) {
	models := modelTexts(t)
	for name, text := range errorFixtures(t) {
		models[name] = text
	}
	rapid.Check(t, func(t *rapid.T) {
		text := mutated(t, models)
		file, list := Parse("mutated", []byte(text))
		checkNesting(t, file)
		checkDiagnostics(t, list, len(text))
		if len(list) == 0 {
			checkFormat(t, "mutated", file)
		} else {
			_ = Format(file)
		}
	})
}

// One broken line costs one statement: every other reaches the tree.
func TestBrokenLineIsLocal(t *testing.T) {
	broken := []string{
		"x = 3", "x <- 3", "let a = (1 + 2", "let a = f(1, [2", "mu ~", "mu ~ Normal(0", "let b =", "let c = 1 +", "data q real", "y[1 ~ N(0)",
		"q[i in 1..3 ~ N(0)", "let d = if a then", "let e = a ? b : c", "for i in 1:3", "let g = 3x", "int N;", "data r : real >", "factor",
		"let data = 1", "fn f(x) = 1", "target += 1", "if (a)", "z : real[", "let h = x[1..", "}", ")", "]",
	}
	for name, text := range modelTexts(t) {
		if !strings.HasPrefix(name, "testdata") {
			continue // our own copies show every construct
		}
		f, _ := Parse(name, []byte(text))
		for k := range f.Stmts {
			at := f.Stmts[k].Span().Start
			for _, line := range broken {
				g, list := Parse(name, []byte(text[:at]+line+"\n"+text[at:]))
				if len(list) == 0 {
					t.Errorf("%s: no error for %q before statement %d", name, line, k)
				}
				good := map[string]int{}
				for _, s := range g.Stmts {
					good[sexpr(s)]++
				}
				for _, s := range f.Stmts {
					if good[sexpr(s)]--; good[sexpr(s)] < 0 {
						t.Errorf("%s: %q before statement %d loses %s\n%v", name, line, k, sexpr(s), list)
					}
				}
			}
		}
	}
}

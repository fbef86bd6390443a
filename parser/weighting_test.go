package parser

import (
	"strings"
	"testing"

	"ppl/lang/ast"
	"ppl/lang/diag"
)

// `weighted` is a word only between a distribution, with its truncation and its
// censoring, and an expression; everywhere else it is a name.
func TestWeightedIsAWordOnlyThere(t *testing.T) {
	const text = `data weighted : real[N]
data y : real[N]
param w : weighted[3]
fn weighted(weighted: real) -> real = weighted - 1
fn g(x: real) -> weighted { let a = weighted return a }
plate weighted in 1..3 {
  y[weighted] ~ Normal(0, 1) weighted weighted[weighted]
}
weighted ~ Poisson(3) weighted 2
weighted : real ~ Normal(0, 1) in (0, 3) weighted -weighted
weighted[1] ~ Poisson(2) in 0..5 weighted weighted
weighted[2] ~ Poisson(2) in 0..k[1] weighted [1, 2]
weighted[3] : real[2] ~ Normal(0, 1) censored above c weighted (1 + 2) / 2
weighted[i in 1..3] ~ Normal(0, 1) in (0, 5) censored in (1, 2) weighted if weighted then weighted else !weighted
let weighted = weighted - weighted[1] + weighted(2)
let z = [weighted + 1 for weighted in 1..weighted]
let u = if weighted then weighted - 1 else weighted
let v[weighted] = f(weighted, weighted = weighted)
weighted ~ Normal(weighted, sd = weighted)
x ~ Normal(0, 1)
weighted : int ~ Poisson(weighted)
factor weighted
factor weighted - 1
generate weighted ~ Normal(0, 1)
generate weighted[1] ~ Normal(0, 1)
`
	f, diags := Parse("model.ppl", []byte(text))
	if len(diags) > 0 {
		t.Fatal(diags.Error())
	}
	formatted := string(Format(f))
	if got := strings.Join(strings.Fields(formatted), " "); got != strings.Join(strings.Fields(text), " ") {
		t.Errorf("formatted:\n%s", formatted)
	}
	if again, diags := Parse("model.ppl", []byte(formatted)); len(diags) > 0 || !ast.Equal(f, again) || string(Format(again)) != formatted {
		t.Errorf("formatted once more:\n%s\n%v", Format(again), diags)
	}
	var weights []string
	ast.Inspect(f, func(n ast.Node) bool {
		if w, ok := n.(*ast.Weighting); ok {
			weights = append(weights, f.Source.Slice(w.Value.Span()))
		}
		return true
	})
	want := "weighted[weighted]|2|-weighted|weighted|[1, 2]|(1 + 2) / 2|if weighted then weighted else !weighted"
	if got := strings.Join(weights, "|"); got != want {
		t.Errorf("weights: %s", got)
	}
	for _, change := range [][2]string{{"weighted 2\n", "weighted 3\n"}, {"Poisson(3) weighted 2", "Poisson(3)"}} {
		other, _ := Parse("model.ppl", []byte(strings.Replace(text, change[0], change[1], 1)))
		if ast.Equal(f, other) {
			t.Errorf("%q: told apart by no comparison of trees", change)
		}
	}
}

func TestWeightedIncomplete(t *testing.T) {
	for _, text := range []string{"y ~ Normal(0, 1) weighted (", "y ~ Normal(0, 1) weighted 2 +", "y ~ Normal(0, 1) weighted -", "y ~ Normal(0, 1) weighted let", "y ~ Normal(0, 1) weighted",
		"y ~ Normal(0, 1) weighted 2 weighted 3", "let x = (1) weighted 2", "y ~ Mixture(w, Normal(0, 1) weighted 2, Normal(0, 1))"} {
		if _, diags := Parse("model.ppl", []byte(text)); !diags.HasErrors() {
			t.Errorf("%s: no error", text)
		}
	}
}

// What people write who have met weights elsewhere.
func TestWeightedHints(t *testing.T) {
	for text, hint := range map[string]string{
		"y[i in 1..N] ~ Normal(m, 1) weights = w[i]":               "write `weighted w[i]`",
		"y[i in 1..N] ~ Normal(m, 1) weight w[i]":                  "write `weighted w[i]`",
		"y[i in 1..N] ~ Normal(m, 1) weights(w[i])":                "write `weighted w[i]`",
		"y[i in 1..N] ~ Normal(m, 1) weigthed w[i] / mean(w)":      "write `weighted w[i] / mean(w)`",
		"y ~ Normal(m, 1) weighted by w":                           "write `weighted w`",
		"y ~ Normal(m, 1) weighted = w":                            "write `weighted w`",
		"y ~ Normal(m, 1) weighted w in (0, 3)":                    "the weight comes last: `~ DIST in (0, 3) weighted w`",
		"y ~ Normal(m, 1) weighted w[1] censored above c\nx ~ D()": "the weight comes last: `~ DIST censored above c weighted w[1]`",
	} {
		_, diags := Parse("model.ppl", []byte(text))
		var b strings.Builder
		diag.Render(&b, diags, diag.RenderOptions{})
		if !strings.Contains(strings.Join(strings.Fields(b.String()), " "), hint) || strings.Count(b.String(), "error[") != 1 {
			t.Errorf("%s:\n%s", text, b.String())
		}
	}
}

package parser

import (
	"strings"
	"testing"

	"ppl/lang/ast"
)

// `censored` is a word only between a distribution and `above`, `below` or `in`;
// everywhere else it is a name, and so are `above` and `below`.
func TestCensoredIsAWordOnlyThere(t *testing.T) {
	const text = `data censored : int[N]
data above    : real[N]
plate censored in 1..3 {
  y[censored] ~ Normal(0, 1) in (0, 3) censored in (1, 2)
}
censored ~ Poisson(3)
x        ~ Poisson(3) in 0..5
censored[1] ~ Poisson(2) censored below 3
let below = 3
w ~ Poisson(2) censored in 2..below
above ~ Normal(0, 1)
let z = [censored + 1 for censored in 1..3]
v[censored in 1..4] ~ Normal(above[1], 1) censored above -above + 2
u[i in 1..2, censored in 1..4] ~ Normal(0, 1) censored above if i > 1 then censored else below
factor below
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
	var sides []string
	ast.Inspect(f, func(n ast.Node) bool {
		if c, ok := n.(*ast.Censoring); ok {
			sides = append(sides, c.Side)
		}
		return true
	})
	if got := strings.Join(sides, " "); got != "in below in above above" {
		t.Errorf("sides: %s", got)
	}
	other, _ := Parse("model.ppl", []byte(strings.Replace(text, "censored below 3", "censored above 3", 1)))
	if ast.Equal(f, other) {
		t.Error("above and below are told apart by no comparison of trees")
	}
}

func TestCensoredIncomplete(t *testing.T) {
	for _, text := range []string{"y ~ Normal(0, 1) censored above", "y ~ Normal(0, 1) censored in (1, )", "y ~ Normal(0, 1) censored below let", "y ~ Normal(0, 1) censored 3"} {
		if _, diags := Parse("model.ppl", []byte(text)); !diags.HasErrors() {
			t.Errorf("%s: no error", text)
		}
	}
}

package bench

import (
	"context"
	"flag"
	"math"
	"testing"

	"ppl/runtime"
)

var compare = flag.Bool("compare", false, "compare the default inference with NUTS on item_response (minutes)")

// TestItemResponseAgainstNUTS compares the default fit of 600 latents, too many
// for importance weights, with long chains: means within 0.1 sd for 95 % of the
// latents, sds within 10 % for 90 %.
func TestItemResponseAgainstNUTS(t *testing.T) {
	if !*compare {
		t.Skip("needs -compare")
	}
	p := bind(t, problem{model: "item_response", data: itemResponses})
	fit, err := p.Fit(context.Background(), runtime.Options{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	if !fit.Figures().Converged {
		t.Errorf("not converged: %s", fit.Figures().Ended)
	}
	chains, err := p.Fit(context.Background(), runtime.Options{Seed: 1, Method: "nuts"})
	if err != nil {
		t.Fatal(err)
	}
	var means, sds, n int
	for _, want := range chains.Quantities() {
		got, err := fit.Quantity(want.Name)
		if err != nil {
			t.Fatal(err)
		}
		n++
		if math.Abs(got.Mean-want.Mean) < 0.1*want.SD {
			means++
		}
		if math.Abs(math.Log(got.SD/want.SD)) < math.Log(1.1) {
			sds++
		}
	}
	t.Logf("of %d latents %d have the right mean, %d the right sd; %d and %d evaluations", n, means, sds, fit.Figures().Evaluations, chains.Figures().Evaluations)
	if float64(means) < 0.95*float64(n) || float64(sds) < 0.9*float64(n) {
		t.Error("too few are right")
	}
}

// itemResponses are drawn from the model: 400 people answer 100 items that
// discriminate more or less.
func itemResponses() map[string]any {
	r := stream()
	const items, people = 100, 400
	ability := make([]float64, people)
	for j := range ability {
		ability[j] = r.NormFloat64()
	}
	y := make([][]int, items)
	for i := range y {
		a, b := math.Exp(0.5*r.NormFloat64()), r.NormFloat64()
		y[i] = make([]int, people)
		for j := range y[i] {
			y[i][j] = int(bernoulli(r, a*(ability[j]-b)))
		}
	}
	return map[string]any{"answer": y}
}

package runtime_test

import (
	"context"
	"math"
	"testing"

	"ppl/runtime"
)

// TestProperIsNotFlat: a density without curvature where the guide looks, or with one
// that dies away, is called flat only if it is.
func TestProperIsNotFlat(t *testing.T) {
	for _, c := range []struct {
		text     string
		name     string
		mean, sd float64
	}{
		{"x ~ Laplace(0, 1)", "x", 0, math.Sqrt2},
		{"mu ~ Laplace(0, 1)\nx[i in 1..3] ~ Laplace(mu, 2)", "x[2]", 0, math.Sqrt(10)},
		{"x ~ Beta(0.1, 0.1)", "x", 0.5, math.Sqrt(0.25 / 1.2)},
		{"x ~ Beta(0.3, 0.05)", "x", 0.3 / 0.35, math.Sqrt(0.3 * 0.05 / (0.35 * 0.35 * 1.35))},
	} {
		for _, seed := range seeds() {
			post, err := problem(t, c.text, nil).Fit(context.Background(), runtime.Options{Seed: seed})
			if err != nil {
				t.Fatal(err)
			}
			mean, _ := post.Mean(c.name)
			sd, _ := post.SD(c.name)
			if post.Verdict() != runtime.Good || math.Abs(mean-c.mean) > 0.1*c.sd || math.Abs(math.Log(sd/c.sd)) > math.Log(1.1) {
				t.Errorf("%q, seed %d: %g ± %g, right %g ± %g, %s: %v", c.text, seed, mean, sd, c.mean, c.sd, post.Verdict(), post.Reasons())
			}
		}
	}
	post, err := problem(t, "a ~ Flat()\nb ~ Flat()\nfactor -abs(a + b)", nil).Fit(context.Background(), runtime.Options{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	if post.Verdict() != runtime.Poor {
		t.Errorf("without a proper density: %s, %v", post.Verdict(), post.Reasons())
	}
}

// TestBeyondTheSupport: a guide that reaches beyond the support has no finite ELBO, in
// words and without NaN; what corrects it is right.
func TestBeyondTheSupport(t *testing.T) {
	for _, guide := range []string{"", "fullrank"} {
		post, err := problem(t, "data y : real\nmu ~ Normal(0, 1)\ny ~ Uniform(mu - 2, mu + 2)", map[string]any{"y": 0.5}).
			Fit(context.Background(), runtime.Options{Seed: 1, Guide: guide})
		if err != nil {
			t.Fatal(err)
		}
		elbo := post.Figures().ELBO
		mean, _ := post.Mean("mu")
		sd, _ := post.SD("mu")
		// A standard normal cut to (−1.5, 2.5).
		if !math.IsInf(elbo, -1) || !(post.Figures().Beyond > 0 && post.Figures().Beyond < 0.2) || math.Abs(mean-0.1208) > 0.06 || math.Abs(math.Log(sd/0.8536)) > 0.06 {
			t.Errorf("%q: ELBO %g, %g beyond, mu %g ± %g, %s: %v", guide, elbo, post.Figures().Beyond, mean, sd, post.Verdict(), post.Reasons())
		}
	}
}

package runtime_test

import (
	"context"
	"fmt"
	"math"
	"testing"

	"ppl/runtime"
)

// funnel is Neal's funnel (2003) in d dimensions, written so that nothing can
// be non-centred.
func funnel(d int) string {
	return fmt.Sprintf("v ~ Normal(0, 3)\nx[i in 1..%d] ~ Flat()\nfactor sum([log_density(Normal(0, exp(v / 2)), x[i]) for i in 1..%d])", d-1, d-1)
}

// nasty are posteriors that approximations by Gaussians get wrong, with what is
// known of them: the mean and sd of a quantity.
var nasty = []struct {
	name, text string
	quantity   string
	mean, sd   float64
}{
	{"funnel in 5", funnel(5), "v", 0, 3},
	{"funnel, written as a hierarchy", "v ~ Normal(0, 3)\nx[i in 1..5] ~ Normal(0, exp(v / 2))", "v", 0, 3},
	{"banana", "x ~ Normal(0, 1)\ny ~ Flat()\nfactor -0.5 * ((y - x^2) / 0.5)^2", "y", 1, 1.5},
	{"two lumps of a Cauchy likelihood",
		"m ~ Flat()\nfactor log_density(Cauchy(m, 0.5), -3) + log_density(Cauchy(m, 0.5), -2.8) + log_density(Cauchy(m, 0.5), 3) + log_density(Cauchy(m, 0.5), 2.8)", "m", 0, 2.9},
	{"mixture without order", "a ~ Normal(0, 5)\nb ~ Normal(0, 5)\nlet y = [-2, -2.2, -1.8, 2, 2.1, 1.9]\nfactor sum([log_sum_exp([log_density(Normal(a, 0.5), y[i]), log_density(Normal(b, 0.5), y[i])]) for i in 1..6])", "a", 0, 2},
	{"tails of a t with 3 degrees of freedom", "x ~ Flat()\nfactor log_density(StudentT(3, 0, 1), x)", "x", 0, math.Sqrt(3)},
	{"ring", "x ~ Flat()\ny ~ Flat()\nfactor -0.5 * ((sqrt(x^2 + y^2) - 4) / 0.2)^2", "x", 0, 2.83},
	// These take long, and run with PPL_SLOW=1.
	{"funnel in 2", funnel(2), "v", 0, 3},
	{"funnel in 3", funnel(3), "v", 0, 3},
	{"funnel in 10", funnel(10), "v", 0, 3},
	{"narrow banana", "x ~ Normal(0, 1)\ny ~ Flat()\nfactor -0.5 * ((y - x^2) / 0.05)^2", "y", 1, math.Sqrt(2 + 0.0025)},
}

// TestNothingIsSilentlyWrong: what is off by more than 0.2 sd, or has an sd that
// is off by more than a quarter, is never called good. One seed of seven models; PPL_SLOW=1
// runs five of all.
func TestNothingIsSilentlyWrong(t *testing.T) {
	for _, c := range part(nasty, 7) {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for _, seed := range part([]uint64{1, 2, 3, 4, 5}, 1) {
				post, err := problem(t, c.text, nil).Fit(context.Background(), runtime.Options{Seed: seed})
				if err != nil {
					t.Fatal(err)
				}
				q, err := post.Quantity(c.quantity)
				if err != nil {
					t.Fatal(err)
				}
				off, ratio := math.Abs(q.Mean-c.mean)/c.sd, q.SD/c.sd
				wrong := off > 0.2 || math.Abs(math.Log(ratio)) > math.Log(1.25)
				t.Logf("seed %d: %s, off by %.2f sd, sd %.2f times; %v", seed, post.Verdict(), off, ratio, post.Reasons())
				if wrong && post.Verdict() == runtime.Good {
					t.Errorf("seed %d: called good", seed)
				}
			}
		})
	}
}

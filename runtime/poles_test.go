package runtime_test

import (
	"strings"
	"testing"

	"ppl/inference/tails"
	"ppl/runtime"
)

// TestQuotients: what divides by something that may be 0 has neither mean nor sd, though the
// pole be four sds away, where no draw in ten thousand comes; forty sds away it has both.
func TestQuotients(t *testing.T) {
	const text = `
data y : real[3]
a ~ Normal(0, 5)
b : real[3] ~ Normal(0, 50)
y ~ Normal(b, 1)
let r = 2 - 3 * (a / b)
let far = a / (b)
let c = b[1] * b[2]
let bounded = inv_logit(a / b[1])
`
	for seed := uint64(1); seed <= 3; seed++ {
		post, err := problem(t, text, map[string]any{"y": []float64{4.1, 40, -3.9}}).Fit(t.Context(), runtime.Options{Seed: seed})
		if err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string]tails.Which{
			"r[1]": tails.None, "r[2]": tails.Both, "r[3]": tails.None, "far[1]": tails.None, "far[2]": tails.Both, "c": tails.Both, "bounded": tails.Both,
		} {
			q, err := post.Quantity(name)
			if err != nil {
				t.Fatal(err)
			}
			if q.Moments != want {
				t.Errorf("seed %d: %s has %q, want %q", seed, name, q.Moments, want)
			}
		}
		if why := strings.Join(post.Reasons(), "\n"); !strings.Contains(why, "`r[1]` has neither mean nor sd: it divides by `b[1]`, which may be 0") {
			t.Errorf("seed %d: %s", seed, why)
		}
	}
}

// TestReciprocals: whether the reciprocal of a positive latent has moments is how its density
// falls to 0, which that of the posterior tells and its draws do not.
func TestReciprocals(t *testing.T) {
	for _, c := range []struct {
		prior string
		want  tails.Which
		slow  bool // other than by NUTS, where it runs with PPL_SLOW=1
	}{
		{"Exponential(1)", tails.None, false},
		{"HalfNormal(2)", tails.None, true},
		{"Gamma(1.5, 1)", tails.Mean, true},
		{"Gamma(2.5, 1)", tails.Both, false},
		{"LogNormal(0, 1)", tails.Both, false},
	} {
		for _, method := range []string{"", runtime.MethodNUTS} {
			if method == "" && c.slow && !slow {
				continue
			}
			post, err := problem(t, "data y : real\nk ~ "+c.prior+"\ny ~ Normal(k, 0.3)\nlet r = 1 / k", map[string]any{"y": 0.5}).
				Fit(t.Context(), runtime.Options{Seed: 1, Method: method})
			if err != nil {
				t.Fatal(err)
			}
			if q, err := post.Quantity("r"); err != nil || q.Moments != c.want {
				t.Errorf("%s, method %q: 1/k has %q, want %q (%v)", c.prior, method, q.Moments, c.want, err)
			}
		}
	}
}

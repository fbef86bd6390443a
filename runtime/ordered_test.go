package runtime_test

import (
	"math"
	"testing"

	"ppl/runtime"
)

// TestOrderedInterval: ordered vectors under distributions on an interval are order
// statistics of it, whose moments are those of beta distributions.
func TestOrderedInterval(t *testing.T) {
	// of the k-th of n uniform numbers on (lo, hi)
	uniform := func(k, n, lo, hi float64) [2]float64 {
		return [2]float64{lo + (hi-lo)*k/(n+1), (hi - lo) * math.Sqrt(k*(n+1-k)/((n+1)*(n+1)*(n+2)))}
	}
	for _, c := range []struct {
		text string
		want map[string][2]float64
	}{
		{"b : ordered[3] ~ Uniform(2, 5)", map[string][2]float64{"b[1]": uniform(1, 3, 2, 5), "b[2]": uniform(2, 3, 2, 5), "b[3]": uniform(3, 3, 2, 5)}},
		{"b : ordered[2] ~ Beta(1, 1)", map[string][2]float64{"b[1]": uniform(1, 2, 0, 1), "b[2]": uniform(2, 2, 0, 1)}},
		{"b : positive_ordered[2] ~ Uniform(-1, 2)", map[string][2]float64{"b[1]": uniform(1, 2, 0, 2), "b[2]": uniform(2, 2, 0, 2)}},
		{"b[i in 1..2] : ordered[2] ~ Uniform(3 * i, 3 * i + 1)", map[string][2]float64{"b[1,1]": uniform(1, 2, 3, 4), "b[2,2]": uniform(2, 2, 6, 7)}},
		// the largest of two Beta(2, 1), whose distribution function is x⁴, and the smallest
		{"b : ordered[2] ~ Beta(2, 1)", map[string][2]float64{"b[2]": {4. / 5, math.Sqrt(4./6 - 16./25)}, "b[1]": {8. / 15, math.Sqrt(2*2./4 - 4./6 - 64./225)}}},
		// the upper end is a latent; the volume of the set is hi²/2 for any hi
		{"hi ~ Uniform(1, 2)\nb : ordered[2] ~ Uniform(0, hi)", map[string][2]float64{"hi": {1.5, math.Sqrt(1. / 12)}, "b[1]": {0.5, math.Sqrt(7./18 - 0.25)}}},
	} {
		post := fitWith(t, c.text, nil, runtime.Options{Seed: 1})
		for name, w := range c.want {
			q, err := post.Quantity(name)
			if err != nil {
				t.Fatal(err)
			}
			if math.Abs(q.Mean-w[0]) > 0.09*w[1] || math.Abs(q.SD-w[1]) > 0.08*w[1] {
				t.Errorf("%s: %s is %.4f ± %.4f, want %.4f ± %.4f", c.text, name, q.Mean, q.SD, w[0], w[1])
			}
		}
		if post.Verdict() != runtime.Good {
			t.Errorf("%s: %s %v", c.text, post.Verdict(), post.Reasons())
		}
		simulated(t, c.text, c.want)
	}
}

// simulated compares the means of elements in simulations with their right values.
func simulated(t *testing.T, text string, want map[string][2]float64) {
	t.Helper()
	const draws = 1000
	s := simulator(t, text, nil)
	sums := map[string]float64{}
	for i := range draws {
		sim, err := s.Draw(1, i)
		if err != nil {
			t.Fatal(err)
		}
		for _, q := range sim.Latents() {
			sums[q.Name] += q.Mean
		}
	}
	for name, w := range want {
		if mean := sums[name] / draws; math.Abs(mean-w[0]) > 4.5*w[1]/math.Sqrt(draws) {
			t.Errorf("%s: the mean of %s in simulations is %.4f, want %.4f", text, name, mean, w[0])
		}
	}
}

package runtime_test

import (
	"math"
	"testing"

	"ppl/runtime"
)

// TestEdgesOfDomains fits models of one positive latent in which functions meet the end of
// their domain in some row, or in a branch that is not taken, and compares with quadrature.
func TestEdgesOfDomains(t *testing.T) {
	inf := math.Inf(1)
	logNormal := func(x, sd float64) float64 { return -0.5*math.Pow(math.Log(x)/sd, 2) - math.Log(x) }
	square := func(y, mu, sd float64) float64 { return -0.5 * math.Pow((y-mu)/sd, 2) }
	models, rows := 0, 0
	for _, c := range []struct {
		name, text string
		x, y       []float64
		term       func(x, y, k float64) float64
	}{
		{"a power of zero", "y[i in 1..N] ~ Normal(x[i]^k, 1)",
			[]float64{0, 1, 2, 3}, []float64{0.2, 0.9, 3, 5},
			func(x, y, k float64) float64 { return square(y, math.Pow(x, k), 1) }},
		{"a Hill curve at dose 0", "y[i in 1..N] ~ Normal(x[i]^k / (x[i]^k + 1.5^k), 0.2)",
			[]float64{0, 0, 1, 2, 8}, []float64{0.05, -0.1, 0.3, 0.6, 0.8},
			func(x, y, k float64) float64 {
				return square(y, math.Pow(x, k)/(math.Pow(x, k)+math.Pow(1.5, k)), 0.2)
			}},
		{"a Weibull survival at time 0", "plate i in 1..N { factor -(x[i] / 2)^k + y[i] * log(k) }",
			[]float64{0, 0, 1, 3}, []float64{0, 1, 1, 0},
			func(x, y, k float64) float64 { return -math.Pow(x/2, k) + y*math.Log(k) }},
		{"infinite data", "plate i in 1..N { factor y[i] * exp(-x[i] * k) - k / (1 + x[i]) }",
			[]float64{0, inf, 2, inf}, []float64{2, 1, 1, 3},
			func(x, y, k float64) float64 { return y*math.Exp(-x*k) - k/(1+x) }},
		{"infinite data in a branch", "plate i in 1..N { factor if x[i] == inf then -k else exp(-x[i] * k) * y[i] }",
			[]float64{inf, 3, 4}, []float64{1, 1, 2},
			func(x, y, k float64) float64 {
				if math.IsInf(x, 1) {
					return -k
				}
				return math.Exp(-x*k) * y
			}},
		{"a hurdle", "plate i in 1..N { factor if x[i] == 0 then -y[i] * k^2 else log_density(Weibull(k, 2), x[i]) }",
			[]float64{0, 0.5, 3, 0, 1.2}, []float64{0.3, 0, 0, 0.1, 0},
			func(x, y, k float64) float64 {
				if x == 0 {
					return -y * k * k
				}
				return math.Log(k/2) + (k-1)*math.Log(x/2) - math.Pow(x/2, k)
			}},
		{"a branch on the latent", "plate i in 1..N { factor if k > x[i] then -(k - x[i])^1.5 * y[i] else -(x[i] - k)^2.5 * y[i] }",
			[]float64{0, 0.5, 1, 3}, []float64{0.3, 2, 0.2, 0.1},
			func(x, y, k float64) float64 {
				if k > x {
					return -math.Pow(k-x, 1.5) * y
				}
				return -math.Pow(x-k, 2.5) * y
			}},
	} {
		t.Run(c.name, func(t *testing.T) {
			mean, sd := momentsOf(func(k float64) float64 {
				lp := logNormal(k, 0.7)
				for i := range c.x {
					lp += c.term(c.x[i], c.y[i], k)
				}
				return math.Exp(lp)
			}, 0, 60)
			text := "data x : real[N] <= inf\ndata y : real[N]\nk ~ LogNormal(0, 0.7)\n" + c.text
			post := fitWith(t, text, map[string]any{"x": c.x, "y": c.y}, runtime.Options{Seed: 1})
			got, _ := post.Mean("k")
			s, _ := post.SD("k")
			if math.Abs(got-mean) > 0.06*sd || math.Abs(s/sd-1) > 0.06 {
				t.Errorf("%.4f ± %.4f, want %.4f ± %.4f", got, s, mean, sd)
			}
			if post.Verdict() != runtime.Good {
				t.Errorf("%v: %v", post.Verdict(), post.Reasons())
			}
			models, rows = models+1, rows+len(c.x)
		})
	}
	t.Logf("%d models, %d rows: mean and sd compared with quadrature", models, rows)
}

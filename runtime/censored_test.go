package runtime_test

import (
	"encoding/json"
	"math"
	"testing"

	"ppl/runtime"
)

// Weibull times of which some are known to lie above a limit, by quadrature. The
// data may say so in any way: the limit itself, something beyond it, or nothing.
func TestCensoredFit(t *testing.T) {
	const text = "data t : real?[N]\ndata c : real[N] <= inf\ns ~ Gamma(2, 0.2)\nt[i in 1..N] ~ Weibull(1.7, s) censored above c[i]"
	times, limits := []any{3.0, 5.0, nil, 12.0, 8.0, nil, 2.0}, []float64{math.Inf(1), 10, 8, 10, 8, math.Inf(1), 4}
	density := func(s float64) float64 {
		l := math.Log(s) - 0.2*s
		for _, t := range []float64{3, 5, 2} {
			l += -math.Pow(t/s, 1.7) - 1.7*math.Log(s)
		}
		for _, c := range []float64{8, 10, 8} {
			l -= math.Pow(c/s, 1.7)
		}
		return math.Exp(l)
	}
	mean, sd := momentsOf(density, 0, 300)
	for _, method := range []string{runtime.MethodVariational, runtime.MethodNUTS} {
		post := fitWith(t, text, map[string]any{"t": times, "c": limits}, runtime.Options{Seed: 1, Method: method})
		s, err := post.Quantity("s")
		if err != nil {
			t.Fatal(err)
		}
		if n := len(post.Quantities()); n != 1 || math.Abs(s.Mean-mean) > 0.1*sd || math.Abs(s.SD/sd-1) > 0.1 {
			t.Errorf("%s: %.3f ± %.3f, want %.3f ± %.3f; %d quantities", method, s.Mean, s.SD, mean, sd, n)
		}
	}
}

// Simulation gives times, not bounds, and none of them missing: what is seen of
// them is for the fit to say.
func TestCensoredSimulation(t *testing.T) {
	const text = "data t : real?[N]\ndata c : real[N]\ns ~ Gamma(50, 5)\nt[i in 1..N] ~ Exponential(1 / s) censored above c[i]"
	n := 200
	times, limits := make([]any, n), make([]float64, n)
	for i := range limits {
		limits[i] = 3
		if i%2 == 0 {
			times[i] = 1.0
		}
	}
	sim, err := simulator(t, text, map[string]any{"t": times, "c": limits}).Draw(1, 0)
	if err != nil {
		t.Fatal(err)
	}
	written, err := sim.DataJSON(false)
	if err != nil {
		t.Fatal(err)
	}
	var drawn struct{ T []*float64 }
	if err := json.Unmarshal(written, &drawn); err != nil {
		t.Fatal(err)
	}
	beyond := 0
	for i, x := range drawn.T {
		switch {
		case x == nil:
			t.Errorf("t[%d] is missing", i+1)
		case *x > 3:
			beyond++
		}
	}
	if beyond < n/4 {
		t.Errorf("%d of %d times lie beyond the bound", beyond, n)
	}
}

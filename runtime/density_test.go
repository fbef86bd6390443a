package runtime_test

import (
	"errors"
	"math"
	"testing"

	"ppl/runtime"
)

// TestLogDensity: on the model's own scale, without a Jacobian, by hand.
func TestLogDensity(t *testing.T) {
	m, err := runtime.Compile("model.ppl", []byte("data g : factor(J)[N]\ndata y : real[N]\nsigma ~ Exponential(2)\na[j in 1..J] ~ Normal(1, 3)\nw : simplex[2] ~ Dirichlet([1, 1])\nz ~ Bernoulli(0.25)\ny[i in 1..N] ~ Normal(a[g[i]] + z, sigma)"))
	if err != nil {
		t.Fatal(err)
	}
	p, err := m.Bind(runtime.Map(map[string]any{"g": []string{"b", "a"}, "y": []float64{1.5, -0.5}}))
	if err != nil {
		t.Fatal(err)
	}
	normal := func(x, m, s float64) float64 {
		return -0.5*math.Log(2*math.Pi) - math.Log(s) - (x-m)*(x-m)/(2*s*s)
	}
	prior := math.Log(2) - 2*0.7 + normal(0.2, 1, 3) + normal(2, 1, 3)
	given := func(z float64) float64 {
		return normal(1.5, 2+z, 0.7) + normal(-0.5, 0.2+z, 0.7) + math.Log([]float64{0.75, 0.25}[int(z)])
	}
	for _, c := range []struct {
		name string
		at   map[string]any
		want float64
	}{
		{"z given", map[string]any{"sigma": 0.7, "a": []float64{0.2, 2}, "w": []float64{0.4, 0.6}, "z": 1}, prior + given(1)},
		{"z summed out", map[string]any{"sigma": 0.7, "a": map[string]float64{"b": 2, "a": 0.2}, "w": []float64{0.4, 0.6}}, prior + math.Log(math.Exp(given(0))+math.Exp(given(1)))},
		{"outside of a support", map[string]any{"sigma": -0.7, "a": []float64{0.2, 2}, "w": []float64{0.4, 0.6}}, math.Inf(-1)},
		{"no simplex", map[string]any{"sigma": 0.7, "a": []float64{0.2, 2}, "w": []float64{0.4, 0.7}}, math.Inf(-1)},
	} {
		got, err := p.LogDensity(runtime.Map(c.at))
		if err != nil || !(math.Abs(got-c.want) < 1e-9) && got != c.want {
			t.Errorf("%s: %.12g, %v; want %.12g", c.name, got, err, c.want)
		}
	}
	for name, at := range map[string]map[string]any{
		"no a":          {"sigma": 1.0, "w": []float64{0.4, 0.6}},
		"a of 3":        {"sigma": 1.0, "a": []float64{1, 2, 3}, "w": []float64{0.4, 0.6}},
		"a by a label":  {"sigma": 1.0, "a": map[string]float64{"a": 1, "c": 2}, "w": []float64{0.4, 0.6}},
		"sigma is text": {"sigma": "one", "a": []float64{1, 2}, "w": []float64{0.4, 0.6}},
	} {
		var point *runtime.PointError
		if _, err := p.LogDensity(runtime.Map(at)); !errors.As(err, &point) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

package inference

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestDisplacement: exact draws are in place, those that stop short of the neck of a funnel, or are
// shifted, are not, and a density that jumps says nothing.
func TestDisplacement(t *testing.T) {
	funnel := "a ~ Normal(0, 1)\nb ~ Normal(0, exp(a))"
	step := "a ~ Normal(0, 1)\nfactor if a > 0.3 then 1 else 0"
	r := rand.New(rand.NewPCG(1, 1))
	neck := func(least float64) []float64 {
		var u []float64
		for len(u) < 2*16384 {
			if a := r.NormFloat64(); a > least {
				u = append(u, a, math.Exp(a)*r.NormFloat64())
			}
		}
		return u
	}
	stepped := func() []float64 {
		var u []float64
		for len(u) < 16384 {
			if a := r.NormFloat64(); a > 0.3 || r.Float64() < math.Exp(-1) {
				u = append(u, a)
			}
		}
		return u
	}
	scales := func(least float64) []float64 {
		var u []float64
		for len(u) < 2*16384 {
			if s := math.Abs(r.NormFloat64()); s > least {
				u = append(u, math.Log(s), s*r.NormFloat64())
			}
		}
		return u
	}
	scale := "s ~ HalfNormal(1)\nb ~ Normal(0, s)"
	shifted := neck(math.Inf(-1))
	for i := 1; i < len(shifted); i += 2 {
		shifted[i] += 0.3 * math.Exp(shifted[i-1])
	}
	for _, c := range []struct {
		name, text string
		u          []float64
		coordinate int
		displaced  bool
	}{
		{"in place", funnel, neck(math.Inf(-1)), 0, false},
		{"short of the neck", funnel, neck(-1), 0, true},
		{"shifted", funnel, shifted, 1, true},
		{"a scale in place", scale, scales(0), 0, false},
		{"short of small scales", scale, scales(0.1), 0, true},
		{"a step", step, stepped(), 0, false},
	} {
		tg := build(t, c.text, nil)
		for _, chains := range []int{0, 8} {
			got, err := DisplacementOf(t.Context(), tg, c.u, nil, chains)
			if err != nil {
				t.Fatal(err)
			}
			if got.Displaced() != c.displaced || c.displaced && got.Coordinate != c.coordinate {
				t.Errorf("%s, %d chains: %+v", c.name, chains, got)
			}
			if got.Neck {
				// The density of log s at s = 0.1, of draws that end there, times their sd; f is a little below 1 there.
				var x []float64
				for k := 0; k < len(c.u); k += 2 {
					x = append(x, c.u[k])
				}
				_, sd := meanSD(x)
				want := 0.1 * 2 * math.Exp(-0.005) / math.Sqrt(2*math.Pi) / (1 - 0.0797) * sd
				if !(got.Off < 1.05*want && got.Off > 0.85*want) {
					t.Errorf("%s: a density of %.3f, and it is %.3f", c.name, got.Off, want)
				}
			}
		}
	}
	// Of half of the draws, by weights.
	u := neck(math.Inf(-1))
	w := make([]float64, len(u)/2)
	for i := range w {
		if u[2*i] > -0.5 {
			w[i] = 1
		}
	}
	sum := 0.0
	for _, v := range w {
		sum += v
	}
	for i := range w {
		w[i] /= sum
	}
	if got, err := DisplacementOf(t.Context(), build(t, funnel, nil), u, w, 0); err != nil || !got.Displaced() {
		t.Errorf("weights that leave the neck out: %+v, %v", got, err)
	}
}

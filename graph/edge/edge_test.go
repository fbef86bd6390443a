package edge

import (
	"math"
	"testing"
)

func TestExpect(t *testing.T) {
	inf := math.Inf(1)
	for _, c := range []struct {
		name         string
		f            func(float64) float64
		x            float64
		slope, curve float64
		ok           [2]bool
	}{
		{"x log x", func(x float64) float64 { return x * math.Log(x) }, 0, 0, 0, [2]bool{}}, // NaN at 0
		{"x²·√x", func(x float64) float64 { return x * x * math.Sqrt(x) }, 0, 0, 0, [2]bool{true, true}},
		{"√x", math.Sqrt, 0, 0, 0, [2]bool{}},
		{"x·√x", func(x float64) float64 { return x * math.Sqrt(x) }, 0, 0, 0, [2]bool{true, false}},
		{"exp", math.Exp, 1, math.E, math.E, [2]bool{true, true}},
		{"exp at −∞", math.Exp, -inf, 0, 0, [2]bool{true, true}},
		{"exp at ∞", math.Exp, inf, 0, 0, [2]bool{}},
		{"a jump", math.Floor, 1, 0, 0, [2]bool{}},
		{"a kink", math.Abs, 0, 0, 0, [2]bool{true, true}},
	} {
		lo, hi, ok := Expect(c.f, c.x)
		if ok != c.ok {
			t.Errorf("%s: %v", c.name, ok)
		}
		for m, want := range []float64{c.slope, c.curve} {
			if ok[m] && !(lo[m] <= want && want <= hi[m]) {
				t.Errorf("%s: derivative %d between %g and %g, want %g", c.name, m+1, lo[m], hi[m], want)
			}
		}
	}
}

package inference

import "testing"

// TestNegligibleModes: a mode matters by its mass, and by how far away it is.
func TestNegligibleModes(t *testing.T) {
	best := &ascent{loc: []float64{0, 0}, logsd: []float64{0, 0}, value: 0}
	for _, c := range []struct {
		value, at float64
		want      bool
	}{
		{-1, 2, true}, {-4, 2, true}, // shares of 27 and 2 %
		{-6, 4, false}, {-6, 8, true}, // 0.25 %: 4 and 16 % of the variance
		{-8, 10, false}, {-8, 30, true}, // e⁻⁸
		{-11, 1e6, false},
	} {
		if got := matters(&ascent{loc: []float64{1, c.at}, value: c.value}, best); got != c.want {
			t.Errorf("%g nats below, %g sds away: %v", -c.value, c.at, got)
		}
	}
}

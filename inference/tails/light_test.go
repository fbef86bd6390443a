package tails

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestLightMomentsAreTheSame: draws without weights have the moments, to the bit, that equal weights of
// one give by way of all terms.
func TestLightMomentsAreTheSame(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	for kind, draw := range []func() float64{r.NormFloat64, r.Float64, r.ExpFloat64, func() float64 { return 3 }, func() float64 { return float64(r.IntN(2)) }, func() float64 { return math.Exp(3 * r.NormFloat64()) }} {
		for _, n := range []int{1, 2, 10, 999} {
			x := make([]float64, n)
			for i := range x {
				x[i] = draw()
			}
			have, want := Weighted(x, nil), moments(x, nil, nil, func([]float64) float64 { return 1 })
			if have != want && !math.IsNaN(want.SD) {
				t.Errorf("kind %d, %d draws: %+v, and by the terms %+v", kind, n, have, want)
			}
		}
	}
}

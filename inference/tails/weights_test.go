package tails

import (
	"math"
	"testing"
)

// TestVanishingWeights: draws with weights whose squares are below the smallest number there is do not count in the fit of a tail.
func TestVanishingWeights(t *testing.T) {
	const n, further = 400, 48
	var x, w []float64
	for i := range n + further {
		x = append(x, math.Pow(1-(float64(i)+0.5)/(n+further+1), -1.6)-1) // a Pareto tail
		if w = append(w, 1); i >= n {
			w[i] = 1e-170
		}
	}
	with, without := fit(x, w, n), fit(x[:n], w[:n], n)
	if math.Abs(with.k-without.k) > 0.02 {
		t.Errorf("a shape of %v with draws that do not count, %v without", with.k, without.k)
	}
}

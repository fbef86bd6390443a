package nuts

import (
	"math"
	"testing"
)

// TestRestart: a chain that starts where the density is flat, and nothing turns it back,
// starts again at the next point, and says so; one that can move does not.
func TestRestart(t *testing.T) {
	plateau := func(q, g []float64) float64 { // normal, at the height of 30 sds beyond them
		if math.Abs(q[0]) > 30 {
			g[0] = 0
			return -450
		}
		g[0] = -q[0]
		return -0.5 * q[0] * q[0]
	}
	density := func() (Density, error) { return newFunction(1, plateau), nil }
	r, err := sample(t.Context(), 1, density, Options{Seed: 1, Chains: 2, Warmup: 200, Draws: 200, StepSize: 1, Init: [][]float64{{1e9}, {0.1}}})
	if err != nil {
		t.Fatal(err)
	}
	if r.Restarts != 1 || r.Chains[0].Restarts != 1 || r.Chains[1].Restarts != 0 {
		t.Errorf("%d restarts, %d of the chain on the plateau", r.Restarts, r.Chains[0].Restarts)
	}
	for i, c := range r.Chains {
		for _, q := range c.Draws {
			if math.Abs(q[0]) > 10 {
				t.Fatalf("chain %d has a draw at %g", i+1, q[0])
			}
		}
	}
}

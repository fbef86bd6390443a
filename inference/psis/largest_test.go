package psis

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestLargest: a few of many are those that sorting all of them gives, equal ones and those without weight included.
func TestLargest(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		lw := make([]float64, 1+r.IntN(200))
		var order []int
		for i := range lw {
			if lw[i] = math.Round(10 * r.NormFloat64()); r.IntN(5) == 0 {
				lw[i] = math.Inf(-1)
			} else {
				order = append(order, i)
			}
		}
		slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(lw[a], lw[b]) })
		if n := r.IntN(len(order) + 1); n > 0 && !slices.Equal(largest(lw, n), order[len(order)-n:]) {
			t.Fatalf("%d of %v: %v, not %v", n, lw, largest(lw, n), order[len(order)-n:])
		}
	}
}

package plan_test

import (
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
	_ "ppl/bench/daily"
)

// FuzzPlan compares the plan with the flat plan on graphs that are decoded
// from bytes: elementwise expressions, indexing, products and decompositions.
func FuzzPlan(f *testing.F) {
	for seed := range 10 { // mutation alone takes long to make a graph of several steps
		bytes := make([]byte, 4096)
		rand.NewChaCha8([32]byte{byte(seed)}).Read(bytes)
		f.Add(bytes)
	}
	f.Fuzz(rapid.MakeFuzz(func(t *rapid.T) {
		randomGraphOf(t, func(w *world) []func() {
			return []func(){w.combine, w.combine, w.reduce, w.view, w.join, w.product, w.contract, w.scan, w.decompose}
		})
	}))
}

package loo_test

import (
	"math/rand/v2"
	"testing"

	"ppl/inference/loo"
)

// BenchmarkPoint leaves out one point, with 4,000 draws of four chains.
func BenchmarkPoint(b *testing.B) {
	const n = 4000
	d, err := loo.Chains(n, 4)
	if err != nil {
		b.Fatal(err)
	}
	r := rand.New(rand.NewPCG(12, 5))
	column := make([]float64, n)
	for s := range column {
		column[s] = -r.ExpFloat64()
	}
	for b.Loop() {
		if _, err := d.Point(column); err != nil {
			b.Fatal(err)
		}
	}
}

package guide

import (
	"math"
	"testing"

	"ppl/graph"
	"ppl/graph/named"
)

// TestHelmertSums: the sums give what the matrix does.
func TestHelmertSums(t *testing.T) {
	for _, shape := range []graph.Shape{{1}, {2}, {7}, {3, 5}, {2, 3, 4}} {
		b := named.New()
		u := make([]float64, shape.Size())
		for i := range u {
			u[i] = math.Sin(float64(3*i + 1))
		}
		v := b.Array(shape, u)
		got, want := helmertSums(b, v), helmertTimes(b, v)
		if !got.Shape().Equal(want.Shape()) {
			t.Fatalf("shape %v, want %v", got.Shape(), want.Shape())
		}
		for i, x := range want.Const() {
			if math.Abs(got.Const()[i]-x) > 1e-14 {
				t.Errorf("%v: element %d is %v, want %v", shape, i, got.Const()[i], x)
			}
		}
		k := shape[len(shape)-1]
		back := fromHelmert(want.Const()[:k+1])
		for i, x := range back {
			if math.Abs(x-u[i]) > 1e-14 {
				t.Errorf("%v: the way back gives %v, want %v", shape, back, u[:k])
			}
		}
	}
}

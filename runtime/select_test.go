package runtime

import (
	"math"
	"math/rand/v2"
	"sort"
	"testing"
)

// Quantiles by selection are those of the sorted draws, ties, infinities and
// few draws included.
func TestQuantilesAreThoseOfSortedDraws(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	p := []float64{0, 0.05, 0.5, 0.501, 0.95, 1}
	for _, n := range []int{1, 2, 3, 7, 64, 1001, 4000} {
		for kind := 0; kind < 7; kind++ {
			x := make([]float64, n)
			for i := range x {
				switch kind {
				case 0:
					x[i] = r.NormFloat64()
				case 1:
					x[i] = float64(r.IntN(3))
				case 4:
					x[i] = math.Exp(5 * r.NormFloat64())
				case 5:
					x[i] = 1e300 * r.NormFloat64()
				case 6:
					x[i] = float64(r.IntN(2000)) * 5e-324
				case 2:
					x[i] = float64(i)
				case 3:
					if x[i] = r.NormFloat64(); x[i] > 1 {
						x[i] = math.Inf(1)
					}
				}
			}
			sorted := append([]float64(nil), x...)
			sort.Float64s(sorted)
			for k, got := range quantiles(x, p...) {
				if want := quantile(sorted, p[k]); got != want && !(math.IsNaN(got) && math.IsNaN(want)) {
					t.Errorf("%d draws of kind %d: quantile %g is %g, want %g", n, kind, p[k], got, want)
				}
			}
		}
	}
	if q := quantiles([]float64{1, math.NaN(), 2}, 0.5); !math.IsNaN(q[0]) {
		t.Errorf("the median of draws with a NaN is %g", q[0])
	}
}

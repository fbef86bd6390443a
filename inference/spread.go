package inference

import (
	"math"
	"runtime"

	"ppl/graph/parallel"
	"ppl/inference/psis"
)

// Spread is the shape k̂ of the tail of the weights times the squared distance
// from the mean, of the coordinate in which it is heaviest: whether the weights
// carry the posterior's variances (Vehtari et al. 2024, sec. 3: the k̂ of an
// estimate is that of its terms). A proposal that misses a tail altogether has
// harmless weights where it draws, and so a low k̂; but its variances rest on the
// few draws at the edge. It is 0 of a proposal with tails that are heavy enough for
// anything (see Extend).
type Spread struct {
	KHat       float64
	Coordinate int
}

// measureSpread fills w.Spread.
func (w *Weighted) measureSpread() {
	d, n := w.D, w.N()
	shapes := make([]float64, d)
	workers := max(1, min(d, runtime.GOMAXPROCS(0)))
	parallel.Each(workers, func(worker int) {
		terms, done := psis.Numbers(n)
		defer done()
		for i := worker; i < d; i += workers {
			mean := 0.0
			for k, x := range w.W {
				mean += x * w.U[k*d+i]
			}
			positive := 0
			for k, x := range w.W {
				off := math.Abs(w.U[k*d+i] - mean)
				if terms[k] = x * off * off; x > 0 && off > 0 {
					positive++
				}
			}
			shapes[i] = psis.KHat(terms, positive, func(k int) float64 {
				return math.Log(w.W[k]) + 2*math.Log(math.Abs(w.U[k*d+i]-mean))
			})
		}
	})
	w.Spread = Spread{KHat: math.Inf(-1)}
	for i, k := range shapes {
		if k > w.Spread.KHat {
			w.Spread = Spread{k, i}
		}
	}
}

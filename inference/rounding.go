package inference

import (
	"math"
	"slices"

	"ppl/graph"
)

// measureRounding fills fit.Rounding: the median size of the second differences of the log
// density along a few coordinates, at steps so short that all of it is rounding, over √6,
// which is what they are of independent errors.
func (f *fitter) measureRounding(fit *Answer) error {
	const points, step, most = 16, 1e-5, 8
	d := f.t.D
	n := min(d, most)
	u := make([]float64, 0, n*points*d)
	for i := range n {
		for k := range points {
			at := len(u)
			u = append(u, fit.Loc...)
			u[at+i] += step * (float64(k) - points/2) * math.Exp(fit.LogSD[i])
		}
	}
	lp := make([]float64, n*points)
	if err := f.surf.Value(u, lp); err != nil {
		return err
	}
	var sizes []float64
	for i := range n {
		for k := 1; k < points-1; k++ {
			x := lp[i*points+k-1 : i*points+k+2]
			if v := math.Abs(x[0] - 2*x[1] + x[2]); graph.Finite(v) {
				sizes = append(sizes, v)
			}
		}
	}
	if len(sizes) > 0 {
		slices.Sort(sizes)
		fit.Rounding = sizes[len(sizes)/2] / math.Sqrt(6)
	}
	return nil
}

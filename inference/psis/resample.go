package psis

import "math/rand/v2"

// Resample picks n draws with probabilities w, which need not sum to one, by
// systematic resampling: one uniform number shifts n evenly spaced points on the
// cumulative weights, so that a draw of weight w comes ⌊nw⌋ or ⌈nw⌉ times
// (Kitagawa 1996; Douc, Cappé & Moulines 2005). The indices ascend; nil is
// returned where no draw has weight.
func Resample(w []float64, n int, r *rand.Rand) []int {
	total, last := 0.0, -1
	for i, v := range w {
		if v > 0 {
			total += v
			last = i
		}
	}
	if last < 0 {
		return nil
	}
	out := make([]int, 0, n)
	u := r.Float64()
	i, below := 0, 0.0 // the weight of the draws before i
	for k := 0; k < n; k++ {
		at := (float64(k) + u) / float64(n) * total
		for i < last && (!(w[i] > 0) || below+w[i] <= at) {
			if w[i] > 0 {
				below += w[i]
			}
			i++
		}
		out = append(out, i)
	}
	return out
}

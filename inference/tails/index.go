package tails

import (
	"math"
	"slices"

	"ppl/inference/psis"
)

// The tail indices from which on a distribution has no sd and no mean to report.
const (
	HeavySD   = 0.5
	heavyMean = 0.8
)

// tailDraws is how many effective draws make a tail: those of the largest 3√(n/reff)
// of n draws of relative efficiency reff, at most a fifth.
func tailDraws(n, reff float64) float64 {
	return math.Min(n/5, 3*math.Sqrt(n/reff))
}

// index is the larger tail index of draws in ascending order, worth n effective ones.
func index(sorted []psis.Draw, n, reff float64) float64 {
	most := tailDraws(n, reff)
	upper := tailIndex(len(sorted), most, func(i int) psis.Draw { return sorted[len(sorted)-1-i] })
	lower := tailIndex(len(sorted), most, func(i int) psis.Draw { d := sorted[i]; return psis.Draw{X: -d.X, W: d.W} })
	return math.Max(upper, lower)
}

// tailIndex is the shape of the tail of n draws that come in descending order: of the
// first ones, worth so many effective draws, but no more than a fifth of the weight. It
// is 0 where too few draws differ to tell, as of counts and bounded quantities.
func tailIndex(n int, effective float64, at func(i int) psis.Draw) float64 {
	total := 0.0
	for i := range n {
		total += at(i).W
	}
	var tail []psis.Draw
	sum, squares := 0.0, 0.0
	i := 0
	for ; i < n && sum*sum < effective*squares+1e-300; i++ {
		d := at(i)
		if sum+d.W > total/5 {
			break
		}
		sum += d.W
		squares += d.W * d.W
		tail = append(tail, d)
	}
	if i >= n {
		return 0
	}
	cutoff := at(i).X
	for len(tail) > 0 && tail[len(tail)-1].X == cutoff { // ties, as of an effect that mostly is 0
		last := tail[len(tail)-1]
		tail, sum, squares = tail[:len(tail)-1], sum-last.W, squares-last.W*last.W
	}
	if len(tail) < fewestTail {
		return 0
	}
	slices.Reverse(tail)
	x, w := make([]float64, len(tail)), make([]float64, len(tail))
	for i, d := range tail {
		x[i], w[i] = d.X-cutoff, d.W
	}
	return fit(x, w, sum*sum/squares).k
}

// fewestTail is the least number of draws to which a tail is fitted.
const fewestTail = 20

// tail is a generalised Pareto distribution fitted to excesses, those from on, over the
// one before.
type tail struct {
	k, sigma float64
	from     int
}

// clearly is by how many standard errors, (1 + k)/√M, a tail that begins further out must
// be lighter to be taken for the tail.
const clearly = 3.5

// fit fits a tail to excesses in ascending order. Where a few draws are of something
// wider than the rest (a coefficient that is there in most draws, and has its prior in
// the others) the largest ones look like a heavy tail, and the largest of these show
// that it ends: the longest part of the upper quarter counts that is clearly lighter.
func fit(x, w []float64, effective float64) tail {
	k, sigma := shape(x, w, effective)
	whole := tail{k, sigma, 0}
	if k < HeavySD/2 || len(x) < 4*fewestTail {
		return whole
	}
	total, all := 0.0, 0.0
	for _, v := range w {
		total += v
		all += v * v
	}
	reff := effective / (total * total / all)
	from, sum, squares := len(x), 0.0, 0.0
	var best tail
	for from > 1 {
		from--
		sum += w[from]
		squares += w[from] * w[from]
		if squares == 0 { // of weights below 1e-162
			continue
		}
		size := reff * sum * sum / squares
		if size > effective/4 {
			break
		}
		n := len(x) - from
		if n < fewestTail || n&(n-1) != 0 && size < effective/4-reff { // 32, 64, ... and the quarter
			continue
		}
		further := make([]float64, n)
		for i := range further {
			further[i] = x[from+i] - x[from-1]
		}
		k, sigma = shape(further, w[from:], size)
		if sigma > 0 && k+clearly*(1+math.Max(k, 0))/math.Sqrt(size) < whole.k {
			best = tail{k, sigma, from}
		}
	}
	if best.from > 0 {
		return best
	}
	return whole
}

// shape fits a generalised Pareto distribution to excesses in ascending order, of which
// lighter ones than an exponential distribution's are left at what their first two
// moments say: the likelihood takes fifty times as long.
func shape(x, w []float64, effective float64) (k, sigma float64) {
	if x[len(x)-1] <= x[0] {
		return 0, 0
	}
	total, mean, square := 0.0, 0.0, 0.0
	for i, v := range x {
		total += w[i]
		mean += w[i] * v
		square += w[i] * v * v
	}
	mean /= total
	if ratio := mean * mean / (square/total - mean*mean); ratio > 1 {
		// E x = σ/(1 − k), var x = σ²/((1 − k)²(1 − 2k)).
		k = (1 - ratio) / 2
		return k, mean * (1 - k)
	}
	k, sigma = psis.FitParetoWeighted(x, w, effective)
	if math.IsNaN(k) || math.IsNaN(sigma) { // most excesses are equal
		return 0, 0
	}
	return k, sigma
}

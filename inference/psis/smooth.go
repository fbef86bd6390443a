package psis

import "math"

const (
	// minTail is the fewest tail draws to which a tail is fitted.
	minTail = 5
	// equal is the spread of log weights below which they are the same number:
	// the rounding errors of two log densities are of that size.
	equal = 1e-9
)

// Smooth smooths the largest of the importance ratios with logarithms logw,
// which need not be normalised, and gives the logarithms of normalised weights
// and the estimated shape k̂ of the ratios' tail. The draws count as independent.
//
//   - A ratio of zero (logarithm −Inf) keeps weight zero, and so does NaN: the
//     tail is that of the draws that have weight.
//   - Ratios whose tail is one value are bounded and need no smoothing: k̂ is 0.
//   - With fewer than 21 draws of any weight there is no tail to fit: the
//     weights are the raw ones and k̂ is +Inf, as nothing vouches for them.
//   - An infinite ratio takes all the weight, and k̂ is +Inf.
//   - Where no draw has weight all logarithms are −Inf and k̂ is +Inf.
func Smooth(logw []float64) (logweights []float64, khat float64) {
	return SmoothDependent(logw, 1)
}

// SmoothDependent is Smooth for draws of relative efficiency reff, as those of a
// Markov chain are: their tail is longer, 3√(S/reff).
func SmoothDependent(logw []float64, reff float64) (logweights []float64, khat float64) {
	lw, top := shifted(logw)
	khat = math.Inf(1)
	if n := tailLength(positive(lw), reff); n >= minTail && !math.IsInf(top, 0) {
		khat = smoothLargest(lw, n)
	}
	normalise(lw)
	return lw, khat
}

// smoothLargest smooths the n largest ratios and gives k̂.
func smoothLargest(lw []float64, n int) float64 {
	top := largest(lw, n+1)
	tail := top[1:]
	if lw[tail[n-1]]-lw[tail[0]] < equal {
		return 0
	}
	return smoothTail(lw, tail, lw[top[0]])
}

// KHat is the k̂ that Smooth gives for ratios of about these sizes, of which so many are neither 0 nor NaN. log is the logarithm
// of one, which is asked of the largest alone; a size may be off by a few units of the last place, or beyond the range of numbers.
func KHat(size []float64, positive int, log func(i int) float64) float64 {
	const near, smallest = 1e-9, 1e-290
	n := tailLength(positive, 1)
	if n < minTail {
		return math.Inf(1)
	}
	least := Top(size, n+1)[0]
	if least *= 1 - near; least < smallest {
		least = 0
	}
	lw := make([]float64, 0, n+1+n/8)
	for i, v := range size {
		if v >= least {
			lw = append(lw, log(i))
		}
	}
	lw, top := shifted(lw)
	if math.IsInf(top, 0) {
		return math.Inf(1)
	}
	return smoothLargest(lw, n)
}

// shifted copies log ratios so that the largest, top, becomes 0, and makes
// −Inf of NaN. Infinite ratios become 0 and all others −Inf.
func shifted(logw []float64) (lw []float64, top float64) {
	top = math.Inf(-1)
	for _, l := range logw {
		if l > top {
			top = l
		}
	}
	lw = make([]float64, len(logw))
	for i, l := range logw {
		switch {
		case math.IsNaN(l) || math.IsInf(l, -1):
			lw[i] = math.Inf(-1)
		case l == top:
			lw[i] = 0
		default:
			lw[i] = l - top
		}
	}
	return lw, top
}

// positive counts the draws that have weight.
func positive(lw []float64) int {
	n := 0
	for _, l := range lw {
		if !math.IsInf(l, -1) {
			n++
		}
	}
	return n
}

// tailLength is M = ⌈min(S/5, 3√(S/reff))⌉, or 0 where that leaves no draw
// below the tail.
func tailLength(s int, reff float64) int {
	m := int(math.Ceil(math.Min(0.2*float64(s), 3*math.Sqrt(float64(s)/reff))))
	if m >= s {
		return 0
	}
	return m
}

// smoothTail replaces the log weights of the draws in tail, in ascending order,
// by the logarithms of the fitted distribution's quantiles at (z − ½)/M, cut at
// the largest raw weight, and returns k̂.
func smoothTail(lw []float64, tail []int, cutoff float64) float64 {
	u := math.Exp(cutoff)
	excess := make([]float64, len(tail))
	for z, i := range tail {
		// exp(l) − exp(cutoff) without cancellation.
		excess[z] = -math.Exp(lw[i]) * math.Expm1(cutoff-lw[i])
	}
	k, sigma := FitPareto(excess)
	if math.IsNaN(k) || math.IsNaN(sigma) {
		return math.Inf(1)
	}
	for z, i := range tail {
		p := (float64(z) + 0.5) / float64(len(tail))
		lw[i] = math.Min(0, math.Log(u+ParetoQuantile(p, k, sigma)))
	}
	return k
}

// normalise shifts log weights so that the weights sum to one.
func normalise(lw []float64) {
	sum := 0.0
	for _, l := range lw {
		sum += math.Exp(l) // none is above 0
	}
	if sum == 0 {
		return
	}
	z := math.Log(sum)
	for i := range lw {
		lw[i] -= z
	}
}

// Threshold is the k̂ above which the estimates from s draws are unreliable,
// min(1 − 1/log₁₀ S, 0.7): the size at which the Pareto-smoothed estimate needs
// more than s draws.
func Threshold(s int) float64 {
	return math.Min(1-1/math.Log10(float64(s)), 0.7)
}

// MinDraws is how many draws a reliable estimate needs where the tail has shape
// k: 10^(1/(1 − max(0, k))), and +Inf from k = 1 on.
func MinDraws(k float64) float64 {
	if !(k < 1) {
		return math.Inf(1)
	}
	return math.Pow(10, 1/(1-math.Max(0, k)))
}

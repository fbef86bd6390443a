package tails

import (
	"math"

	"ppl/inference/psis"
)

// prudence is by how many of its standard errors, (1 + k)/√M, the index of a tail is
// taken to be larger than the estimate: a sample that has missed the tail says both that
// the index and that the error is small, and would be believed.
const prudence = 0.5

// nearOne is the largest index otherwise, with a large error: whether there is a mean
// is for the quantity's own tails to say.
const nearOne = 0.99

// termError is the standard error of the mean of terms whose own mean is 0, of relative
// efficiency reff: √(variance/n) of light ones, else that of a typical sample from a
// distribution with their tail, of which it says the index; and which for weighted terms may have no mean: whatever the
// tails of the quantity, its proposal does not reach them.
func termError(terms []float64, reff float64, light, weighted bool) (err, index float64) {
	n := float64(len(terms))
	variance := 0.0
	for _, g := range terms {
		variance += g * g / n
	}
	plain := math.Sqrt(variance / (n * reff))
	if light {
		return plain, 0
	}
	size, done := psis.Numbers(len(terms))
	defer done()
	for i, g := range terms {
		size[i] = math.Abs(g)
	}
	m := int(math.Ceil(tailDraws(n, reff)))
	if m >= len(size) {
		return plain, 0
	}
	size = psis.Top(size, m+1)
	cutoff := size[0]
	for m > 0 && size[len(size)-m] == cutoff { // ties, as of an effect that mostly is 0
		m--
	}
	if m < fewestTail {
		return plain, 0
	}
	largest := size[len(size)-m:]
	excess, one := make([]float64, m), make([]float64, m)
	for i, v := range largest {
		excess[i], one[i] = v-cutoff, 1
	}
	t := fit(excess, one, float64(m)*reff)
	if t.from > 0 {
		cutoff, largest, m = largest[t.from-1], largest[t.from:], m-t.from
	}
	k, sigma := t.k, t.sigma
	switch {
	case sigma == 0 || k <= 0:
		return plain, k
	case k >= 1 && weighted:
		return math.Inf(1), k
	}
	k = math.Min(k+prudence*(1+k)/math.Sqrt(float64(m)*reff), nearOne)
	// The tail's own squares, and those of the order statistics expected of it.
	for i, v := range largest {
		p := (float64(i) + 0.5) / float64(m)
		smooth := cutoff + psis.ParetoQuantile(p, k, sigma)
		variance += (smooth*smooth - v*v) / n
	}
	// Beyond the largest draw to be expected lies, on average over all draws, the mean
	// excess there over their number.
	effective := n * reff
	expected := sigma * math.Expm1(k*math.Log(float64(m)*reff)) / k
	missing := (sigma + k*math.Max(0, expected)) / (1 - k) / effective
	return math.Sqrt(math.Max(variance, 0)/effective + missing*missing), t.k
}

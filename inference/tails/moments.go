package tails

import (
	"math"
	"slices"

	"ppl/inference/mcmc"
	"ppl/inference/psis"
)

// Moments are those of a quantity's distribution, estimated from draws.
type Moments struct {
	// Mean and SD are estimates whether or not the distribution has them: see Which.
	Mean, SD float64
	// MeanError and SDError are their Monte-Carlo standard errors, +Inf where the
	// tail has none.
	MeanError, SDError float64
	// Index is the larger one of the two tails' indices; 0 where the tails are light
	// enough not to be fitted.
	Index float64
	// SquareIndex is that of the terms of the variance, weights included: twice Index,
	// unless the weights' tails are heavier or lighter.
	SquareIndex float64
}

// Which says which moments a distribution has, as far as its draws tell.
type Which string

// The values of Which.
const (
	Both Which = "both" // a mean and a standard deviation
	Mean Which = "mean" // and an infinite variance
	None Which = "none"
)

// Which says which of the moments are to be reported: those that the tails have and, of
// weighted draws, whose terms have a mean.
func (m *Moments) Which() Which {
	switch {
	case m.Index >= heavyMean || math.IsInf(m.MeanError, 1):
		return None
	case m.Index >= HeavySD || math.IsInf(m.SDError, 1):
		return Mean
	}
	return Both
}

// Weighted are the moments of independent draws with normalised weights; w is nil if
// all are equal. Draws without weight do not count. All are NaN where some draw with
// weight is not finite.
func Weighted(x, w []float64) Moments { return WeightedSorted(x, w, nil) }

// WeightedSorted is Weighted where the draws have been sorted; sorted may be nil.
func WeightedSorted(x, w []float64, sorted *psis.Order) Moments {
	if w == nil {
		if m, done := lightMoments(x); done {
			return m
		}
	}
	return moments(x, w, sorted, func([]float64) float64 { return 1 })
}

// WeightedMean is the mean alone of Weighted.
func WeightedMean(x, w []float64) float64 {
	m, _, _ := centred(x, w)
	return m.Mean
}

// Chains are the moments of draws of Markov chains of one length; errors allow for
// autocorrelation.
func Chains(chains [][]float64) Moments {
	n := len(chains[0])
	return moments(slices.Concat(chains...), nil, nil, func(terms []float64) float64 {
		parts := make([][]float64, len(chains))
		for c := range parts {
			parts[c] = terms[c*n : (c+1)*n]
		}
		reff := mcmc.ESSMean(parts) / float64(len(terms))
		if math.IsNaN(reff) {
			return 1
		}
		return math.Min(1, reff)
	})
}

// lightKurtosis is that up to which tails are not looked at: a normal distribution's is
// 3, and a sample of thousands from one without a fourth moment is far above.
const lightKurtosis = 3.5

// lightIndex is that below which the errors of unweighted draws are what the draws' own
// variances say.
const lightIndex = 0.1

// An sd of a tail that is not light, and many times what the middle of the draws says, is that
// of the largest draws alone: weighted draws reach so far that they make an sd of 33, or of
// 800, of a quantity between 0.5 and 4.3 whose tail is that of a Cauchy prior.
const (
	swampedIndex = 0.25
	swamped      = 8
)

// width is the sd of a normal distribution with the 5 and 95 % quantiles of draws in order.
func width(sorted []psis.Draw) float64 {
	total, sum := 0.0, 0.0
	for _, d := range sorted {
		total += d.W
	}
	low, high := sorted[0].X, sorted[len(sorted)-1].X
	for i, d := range sorted {
		if before := sum; before < 0.05*total && before+d.W >= 0.05*total {
			low = sorted[i].X
		} else if before < 0.95*total && before+d.W >= 0.95*total {
			high = sorted[i].X
		}
		sum += d.W
	}
	return (high - low) / (2 * 1.6448536269514722)
}

// moments takes the moments of draws; reff gives the relative efficiency of terms, one
// for each draw, for their mean.
func moments(x, w []float64, order *psis.Order, reff func(terms []float64) float64) Moments {
	m, about, light := centred(x, w)
	if math.IsNaN(m.Mean) || m.SD == 0 {
		return m
	}
	n := float64(len(x))
	room, done := psis.Numbers(2 * len(x))
	defer done()
	first, second := room[:len(x)], room[len(x):]
	clear(room)
	for i, v := range x {
		if weight := weightOf(w, i, n); weight > 0 {
			d := v - about.draw - about.mean
			first[i], second[i] = weight*d, weight*(d*d-m.SD*m.SD)
		}
	}
	r1, r2 := reff(first), reff(second)
	if !light {
		if order == nil {
			order = psis.Sorted(x, w)
			defer order.Release()
		}
		sorted := order.Draws
		m.Index = index(sorted, n, r1)
		if m.Index > swampedIndex && m.SD > swamped*width(sorted) {
			m.Index = math.Max(m.Index, HeavySD)
		}
		light = w == nil && m.Index < lightIndex // squares have twice the index
	}
	m.MeanError, _ = termError(first, r1, light, w != nil)
	m.SDError, m.SquareIndex = termError(second, r2, light, w != nil)
	m.SDError /= 2 * m.SD
	return m
}

// weightOf is draw i's weight as a share of n.
func weightOf(w []float64, i int, n float64) float64 {
	if w == nil {
		return 1
	}
	return n * w[i]
}

// reference is a draw, and the mean of the draws' differences from it.
type reference struct{ draw, mean float64 }

// centred are mean and sd, taken about a draw, so that what all draws have in common
// costs no digits, and whether the tails are light.
func centred(x, w []float64) (m Moments, about reference, light bool) {
	if w == nil {
		return centredEqually(x)
	}
	n := float64(len(x))
	total, squares := 0.0, 0.0
	about.draw = math.NaN()
	for i := range x {
		if v := weightOf(w, i, n); v > 0 {
			if total == 0 {
				about.draw = x[i]
			}
			total += v
			squares += v * v
		}
	}
	for i, v := range x {
		if weight := weightOf(w, i, n); weight > 0 {
			about.mean += weight / total * (v - about.draw)
		}
	}
	m.Mean = about.draw + about.mean
	if math.IsInf(m.Mean, 0) || math.IsNaN(m.Mean) {
		nan := math.NaN()
		return Moments{nan, nan, nan, nan, 0, 0}, about, true
	}
	second, fourth := 0.0, 0.0
	for i, v := range x {
		if weight := weightOf(w, i, n); weight > 0 {
			d := v - about.draw - about.mean
			second += weight / total * d * d
			fourth += weight / total * d * d * d * d
		}
	}
	if second > 0 {
		m.SD = math.Sqrt(second / (1 - squares/(total*total)))
	}
	return m, about, fourth <= lightKurtosis*second*second
}

// centredEqually is centred for draws without weights, with the same bits.
func centredEqually(x []float64) (m Moments, about reference, light bool) {
	nan := math.NaN()
	about.draw = nan
	if len(x) > 0 {
		about.draw = x[0]
	}
	n := float64(len(x))
	share := 1 / n
	for _, v := range x {
		about.mean += share * (v - about.draw)
	}
	m.Mean = about.draw + about.mean
	if math.IsInf(m.Mean, 0) || math.IsNaN(m.Mean) {
		return Moments{nan, nan, nan, nan, 0, 0}, about, true
	}
	second, fourth := 0.0, 0.0
	for _, v := range x {
		d := v - about.draw - about.mean
		second += share * d * d
		fourth += share * d * d * d * d
	}
	if second > 0 {
		m.SD = math.Sqrt(second / (1 - n/(n*n)))
	}
	return m, about, fourth <= lightKurtosis*second*second
}

// lightMoments are the moments of independent draws without weights whose tails are light, with the same bits as
// by way of the terms of the errors; false where tails have to be looked at.
func lightMoments(x []float64) (m Moments, done bool) {
	m, about, light := centredEqually(x)
	if math.IsNaN(m.Mean) || m.SD == 0 || !light {
		return m, light || math.IsNaN(m.Mean) || m.SD == 0
	}
	n, square := float64(len(x)), m.SD*m.SD
	first, second := 0.0, 0.0
	for _, v := range x {
		d := v - about.draw - about.mean
		e := d*d - square
		first += d * d / n
		second += e * e / n
	}
	m.MeanError = math.Sqrt(first / n)
	m.SDError = math.Sqrt(second/n) / (2 * m.SD)
	return m, true
}

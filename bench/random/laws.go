package random

import (
	"cmp"
	"math"
	"slices"
)

// A Law is that of a quantity given the coordinates: normal, or a point where SD
// is 0.
type Law struct{ Mean, SD float64 }

// A summary is what is known of one quantity.
type summary struct {
	mean, sd, q5, q50, q95 float64
	tame                   bool // has no moments by its tail, of which there is next to nothing
}

// A point is a node with its share of the mass.
type point struct{ weight, mean, sd float64 }

// A mixture is one of normal laws and points, in the order of its means. Of very
// many, those alike are merged.
type mixture []point

func newMixture(points []point) mixture {
	const many = 5000
	byMean := func(a, b point) int { return cmp.Compare(a.mean, b.mean) }
	if len(points) < many {
		slices.SortFunc(points, byMean)
		return points
	}
	alike := map[likeness]mixture{}
	for _, a := range points {
		k := likenessOf(a)
		alike[k] = append(alike[k], a)
	}
	out := make(mixture, 0, len(alike))
	for _, group := range alike {
		out = append(out, merge(group))
	}
	slices.SortFunc(out, func(a, b point) int { return cmp.Or(byMean(a, b), cmp.Compare(a.sd, b.sd)) })
	return out
}

// likeness is shared by points whose sds are within a twentieth, and means within
// a tenth of an sd.
type likeness struct{ mean, sd float64 }

func likenessOf(a point) likeness {
	if a.sd == 0 {
		return likeness{mean: a.mean}
	}
	k := math.Floor(20 * math.Log(a.sd))
	return likeness{math.Floor(a.mean / (0.1 * math.Exp(k/20))), k}
}

// merge is the normal law with the moments of several.
func merge(points []point) point {
	var out point
	for _, a := range points {
		out.weight += a.weight
		out.mean += a.weight * a.mean
	}
	out.mean /= out.weight
	for _, a := range points {
		out.sd += a.weight / out.weight * (a.sd*a.sd + (a.mean-out.mean)*(a.mean-out.mean))
	}
	out.sd = math.Sqrt(out.sd)
	return out
}

// farShare is the share of the mass further from the middle of a quantity than
// twenty times the distance of its outer quantiles, below which its tail has no
// say in moments as draws show them.
const farShare = 1e-6

// trimmed are moments without the outermost 10⁻⁹ on both sides, for a quantity
// that has none by its tail, and whether there is next to nothing of that tail.
func (m mixture) trimmed(q5, q95 float64) (mean, sd float64, tame bool) {
	all := merge(m.without(1e-9))
	var far, sum float64
	for _, a := range m {
		sum += a.weight
		if a.mean < q5-20*(q95-q5) || a.mean > q95+20*(q95-q5) {
			far += a.weight
		}
	}
	return all.mean, all.sd, far < farShare*sum
}

func (m mixture) without(share float64) mixture {
	var sum float64
	for _, a := range m {
		sum += a.weight
	}
	from, to := 0, len(m)
	for cum := m[0].weight; from < to-1 && cum < share*sum; cum += m[from].weight {
		from++
	}
	for cum := m[to-1].weight; to > from+1 && cum < share*sum; cum += m[to-1].weight {
		to--
	}
	return m[from:to]
}

// below is the probability of less than x.
func (m mixture) below(x float64) float64 {
	var p float64
	for _, a := range m {
		switch {
		case a.sd > 0 && math.Abs(x-a.mean) < 9*a.sd:
			p += a.weight * 0.5 * math.Erfc((a.mean-x)/(a.sd*math.Sqrt2))
		case a.mean <= x:
			p += a.weight
		}
	}
	return p
}

// quantile solves for the p-quantile by bisection, between points of the
// mixture of no more than their own sd around it.
func (m mixture) quantile(p float64) float64 {
	var sum, sd float64
	for _, a := range m {
		sum += a.weight
		sd = math.Max(sd, a.sd)
	}
	if len(m) == 0 || !(sum > 0) {
		return math.NaN()
	}
	k, cum := 0, 0.0
	for cum = m[0].weight; k < len(m)-1 && cum < p*sum; cum += m[k].weight {
		k++
	}
	lo, hi := m[k].mean, m[k].mean
	for step := math.Max(m[k].sd, 1e-12*math.Abs(lo)) + 1e-300; m.below(lo) > p*sum; step *= 2 {
		lo -= step
	}
	for step := math.Max(m[k].sd, 1e-12*math.Abs(hi)) + 1e-300; m.below(hi) < p*sum*(1-1e-12) && hi < math.MaxFloat64/4; step *= 2 {
		hi += step
	}
	for range 40 {
		x := 0.5 * (lo + hi)
		if m.below(x) < p*sum {
			lo = x
		} else {
			hi = x
		}
		if hi-lo < 1e-5*(math.Abs(hi)+math.Abs(lo))*0.5 && hi-lo < 1e-4*sd {
			break
		}
	}
	return 0.5 * (lo + hi)
}

package loo

import (
	"fmt"
	"math"
	"slices"

	"ppl/inference/psis"
)

// Point is what leaving out one point gives.
type Point struct {
	// ELPD is the log predictive density of the point given all others, LPD given
	// itself too; LPD is NaN where that is not known.
	ELPD, LPD float64
	// MCSE is the Monte-Carlo standard error of ELPD. It says nothing where KHat is
	// above the threshold.
	MCSE float64
	// KHat is the shape of the tail of the importance ratios, NaN for an exact point.
	KHat float64
	// REff is the relative efficiency of the draws for the point's likelihood, ESS the
	// effective size of the draws with the ratios as weights.
	REff, ESS float64
	// Exact says that the model was fitted without the point.
	Exact bool
}

// PLOO is the point's part of the effective number of parameters, LPD − ELPD.
func (p Point) PLOO() float64 { return p.LPD - p.ELPD }

// Result is the cross-validation of a model: what each point gives, in the order of
// the data, and the number of draws that had weight, 0 if all points are exact ones.
type Result struct {
	Points []Point
	Draws  int
}

// Estimate is a sum over points and its standard error, √(N var), which is that of
// data as they might have come; it is NaN for one point.
type Estimate struct{ Value, SE float64 }

// ELPD is the expected log predictive density of new data like these, elpd_loo.
func (r Result) ELPD() Estimate { return r.sum(func(p Point) float64 { return p.ELPD }) }

// PLOO is the effective number of parameters, p_loo.
func (r Result) PLOO() Estimate { return r.sum(Point.PLOO) }

// LOOIC is the elpd on the scale of a deviance, −2·elpd_loo.
func (r Result) LOOIC() Estimate { return r.sum(func(p Point) float64 { return -2 * p.ELPD }) }

func (r Result) sum(f func(Point) float64) Estimate {
	return total(len(r.Points), func(i int) float64 { return f(r.Points[i]) })
}

// total is the sum of n numbers and its standard error.
func total(n int, x func(i int) float64) Estimate {
	sum, squares := 0.0, 0.0
	for i := range n {
		sum += x(i)
	}
	for i := range n {
		d := x(i) - sum/float64(n)
		squares += d * d
	}
	return Estimate{sum, math.Sqrt(float64(n) * squares / float64(n-1))}
}

// MCSE is the Monte-Carlo standard error of the elpd, NaN where k̂ of some point is
// above the threshold.
func (r Result) MCSE() float64 {
	if len(r.High()) > 0 {
		return math.NaN()
	}
	sum := 0.0
	for _, p := range r.Points {
		sum += p.MCSE * p.MCSE
	}
	return math.Sqrt(sum)
}

// Threshold is the k̂ above which a point's elpd is not reliable; see psis.Threshold.
func (r Result) Threshold() float64 { return psis.Threshold(r.Draws) }

// High lists the points whose k̂ is above the threshold.
func (r Result) High() []int {
	var high []int
	for i, p := range r.Points {
		if p.KHat > r.Threshold() {
			high = append(high, i)
		}
	}
	return high
}

// Counts are numbers of points by k̂: good up to the threshold, bad from there to 1,
// where the estimate is biased, very bad above it, where the ratios have no mean; and
// of those that are exact.
type Counts struct{ Good, Bad, VeryBad, Exact int }

// Counts sorts the points by k̂.
func (r Result) Counts() (c Counts) {
	for _, p := range r.Points {
		switch {
		case p.Exact:
			c.Exact++
		case p.KHat > math.Max(1, r.Threshold()):
			c.VeryBad++
		case p.KHat > r.Threshold():
			c.Bad++
		default:
			c.Good++
		}
	}
	return c
}

// Replace gives the result in which the points at these places are those of fits
// without them, as HeldOut gives. Their LPD stays that of the whole posterior.
func (r Result) Replace(exact map[int]Point) (Result, error) {
	out := Result{slices.Clone(r.Points), r.Draws}
	for i, p := range exact {
		if i < 0 || i >= len(r.Points) {
			return Result{}, fmt.Errorf("there is no point %d of %d", i+1, len(r.Points))
		}
		if !p.Exact {
			return Result{}, fmt.Errorf("point %d was not held out", i+1)
		}
		p.LPD = r.Points[i].LPD
		out.Points[i] = p
	}
	return out, nil
}

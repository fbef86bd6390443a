package psis

import (
	"math"
	"sort"
)

// Weights are the weights of normalised log weights. They are all zero where no
// draw has weight.
func Weights(logweights []float64) []float64 {
	w := make([]float64, len(logweights))
	for i, l := range logweights {
		w[i] = math.Exp(l)
	}
	return w
}

// ESS is the effective sample size of normalised weights, reff/Σw²: how many
// independent draws from the target give a mean the same error, for a quantity
// that is not related to the weights. It is 0 where no draw has weight.
func ESS(w []float64, reff float64) float64 {
	sum := 0.0
	for _, v := range w {
		sum += v * v
	}
	if sum == 0 {
		return 0
	}
	return reff / sum
}

// Mean is the self-normalised estimate Σ w·x and its Monte-Carlo standard
// error, √(Σ w²(x − mean)²/reff) (delta method; Vehtari et al. 2024, eq. 6).
// Draws without weight do not count, whatever their x.
func Mean(x, w []float64, reff float64) (mean, mcse float64) {
	return moment(x, w, reff, func(v float64) float64 { return v })
}

// moment is Mean for h(x).
func moment(x, w []float64, reff float64, h func(float64) float64) (mean, mcse float64) {
	total, sum := 0.0, 0.0
	for i, v := range w {
		if v > 0 {
			sum += v * h(x[i])
			total += v
		}
	}
	if total == 0 {
		return math.NaN(), math.NaN()
	}
	mean = sum / total
	for i, v := range w {
		if v > 0 {
			d := v / total * (h(x[i]) - mean)
			mcse += d * d
		}
	}
	return mean, math.Sqrt(mcse / reff)
}

// SD is the weighted standard deviation and its Monte-Carlo standard error, by
// the delta method from that of the variance. The variance is
// Σ w(x − mean)²/(1 − Σw²), which for equal weights is the unbiased one.
func SD(x, w []float64, reff float64) (sd, mcse float64) {
	mean, _ := Mean(x, w, reff)
	v, e := moment(x, w, reff, func(v float64) float64 { return (v - mean) * (v - mean) })
	sd = math.Sqrt(v / (1 - 1/ESS(w, 1)))
	if v == 0 {
		return 0, 0
	}
	return sd, e / (2 * sd)
}

// Quantiles are weighted quantiles at probabilities ps and their Monte-Carlo
// standard errors. Draws in ascending order sit at the middle of their weight
// in the cumulative distribution, with straight lines between; so a quantile is
// continuous in the weights, and for equal weights it is Hazen's. The error of
// the distribution function at the quantile, by the delta method, is mapped back
// through the quantile function.
func Quantiles(x, w []float64, reff float64, ps []float64) (qs, mcse []float64) {
	sorted := Sorted(x, w)
	defer sorted.Release()
	return sorted.Quantiles(x, w, reff, ps)
}

// Quantiles are those of the draws x with weights w that were sorted.
func (o *Order) Quantiles(x, w []float64, reff float64, ps []float64) (qs, mcse []float64) {
	room := numbers(len(o.Draws))
	defer giveBack(&plainRooms, room)
	c := cdf{o.Draws, *room}
	c.fill()
	total := 0.0
	for _, v := range w {
		if v > 0 {
			total += v
		}
	}
	for _, p := range ps {
		q := c.quantile(p)
		e := below(x, w, total, reff, q)
		qs = append(qs, q)
		mcse = append(mcse, (c.quantile(p+e)-c.quantile(p-e))/2)
	}
	return qs, mcse
}

// below is the Monte-Carlo standard error of the weight of what is not above q: that of moment.
func below(x, w []float64, total, reff, q float64) float64 {
	sum, mcse := 0.0, 0.0
	for i, v := range w {
		if v > 0 && x[i] <= q {
			sum += v
		}
	}
	if total == 0 {
		return math.NaN()
	}
	mean := sum / total
	side := [2]float64{-mean, 1 - mean}
	for i, v := range w {
		if v > 0 {
			h := side[0]
			if x[i] <= q {
				h = side[1]
			}
			d := v / total * h
			mcse += d * d
		}
	}
	return math.Sqrt(mcse / reff)
}

// A Draw is one with its weight.
type Draw struct{ X, W float64 }

// Order are the draws that have weight, in order.
type Order struct {
	Draws []Draw
	room  *[]Draw
}

// Sorted are the draws that have weight, in order; all have the same if w is nil.
func Sorted(x, w []float64) *Order {
	o := &Order{room: room[Draw](&orderRooms, len(x))}
	draws := (*o.room)[:0]
	for i, v := range x {
		weight := 1.0
		if w != nil {
			weight = w[i]
		}
		if weight > 0 {
			draws = append(draws, Draw{v, weight})
		}
	}
	sortDraws(draws)
	o.Draws = draws
	return o
}

// Release lets the memory be used again: the draws are not to be read any more.
func (o *Order) Release() {
	giveBack(&orderRooms, o.room)
	o.Draws, o.room = nil, nil
}

// cdf is a weighted empirical distribution function: at[i] of the weight lies
// below the middle of the i-th smallest draw.
type cdf struct {
	draws []Draw
	at    []float64
}

// fill works out at.
func (c cdf) fill() {
	total := 0.0
	for i, d := range c.draws {
		c.at[i] = total + d.W/2
		total += d.W
	}
	for i := range c.at {
		c.at[i] /= total
	}
}

func (c cdf) quantile(p float64) float64 {
	n := len(c.draws)
	if n == 0 || math.IsNaN(p) {
		return math.NaN()
	}
	i := sort.SearchFloat64s(c.at, p)
	switch {
	case i == 0:
		return c.draws[0].X
	case i == n:
		return c.draws[n-1].X
	case c.draws[i].X == c.draws[i-1].X:
		return c.draws[i].X
	}
	f := (p - c.at[i-1]) / (c.at[i] - c.at[i-1])
	return c.draws[i-1].X + f*(c.draws[i].X-c.draws[i-1].X)
}

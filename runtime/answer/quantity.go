package answer

import (
	"math"
	"sort"

	"ppl/inference/tails"
)

// Draws are what is common to the draws of quantities: how many were made, what they weigh,
// and which of them are kept.
type Draws struct {
	// N were made; the first N/Chains are those of the first chain, and so on; Chains is 0 of
	// independent ones.
	N, Chains int
	// Weights are those of the draws, and sum to 1; nil: all the same.
	Weights []float64
	// Rows are the draws that are kept, resampled by their weights; nil: the first Kept.
	Rows []int
	Kept int
}

// KeptRow is the row of draw i of those that are kept.
func (d *Draws) KeptRow(i int) int {
	if d.Rows == nil {
		return i
	}
	return d.Rows[i]
}

// KeptChains is the number of chains where as many draws are kept of each, chain by chain; else 0.
func (d *Draws) KeptChains() int {
	kept := d.Kept
	if d.Rows != nil {
		kept = len(d.Rows)
	}
	if d.Chains == 0 || d.Weights != nil || kept == 0 || kept%d.Chains != 0 || d.N%d.Chains != 0 {
		return 0
	}
	for i := range kept {
		if d.KeptRow(i)/(d.N/d.Chains) != i/(kept/d.Chains) {
			return 0
		}
	}
	return d.Chains
}

// Quantity is one number of the posterior: a latent, or a let that depends on
// one, or an element of either.
type Quantity struct {
	// Name is as in the model, with indices from 1 or factor labels:
	// `mu`, `theta[3]`, `alpha[AITKIN]`, `w[2, 1]` prints as `w[2,1]`.
	Name string
	// Column is the name that CmdStan would use: `theta.3`, `w.2.1`.
	Column string
	// Symbol is the name in the model, Index the position in it from 1.
	Symbol string
	Index  []int

	// Mean and SD are NaN where Moments says that there is none.
	Mean, SD     float64
	Q5, Q50, Q95 float64
	// MCSE is the Monte-Carlo standard error of the mean, MCSESD that of the sd.
	MCSE, MCSESD float64
	// MCSETail is the larger one of those of Q5 and Q95; 0 where draws are independent and
	// not weighted, and of quantities of few values.
	MCSETail float64
	// Moments says which moments there are, as far as the draws tell, and TailIndex
	// why: it is the larger one of the indices of both tails, of which 1/2 is that from
	// which on there is no variance (see package tails); 0 where they are light.
	Moments   tails.Which
	TailIndex float64
	// NotFinite says that some draw that counts is not finite.
	NotFinite bool
	// MeanFieldSD is the standard deviation under the plain mean-field guide.
	MeanFieldSD float64
	// RHat is R̂, and ESSBulk and ESSTail are effective numbers of draws, of Markov
	// chains; 0 for variational inference.
	RHat, ESSBulk, ESSTail float64

	values []float64 // all draws that were made
	of     *Draws
}

// Hold gives the quantity its draws, which it keeps without a copy.
func (q *Quantity) Hold(values []float64, of *Draws) { q.values, q.of = values, of }

// Made are all draws that were made, with their weights; not to be changed.
func (q *Quantity) Made() ([]float64, *Draws) { return q.values, q.of }

// Draws are the draws that are kept: where draws carry weights, resampled by these. Draw i is
// joint with draw i of every other quantity of the answer. The slice is the caller's.
func (q *Quantity) Draws() []float64 {
	if q == nil || q.of == nil {
		return nil
	}
	if q.of.Rows == nil {
		return append([]float64(nil), q.values[:q.of.Kept]...)
	}
	out := make([]float64, len(q.of.Rows))
	for i, row := range q.of.Rows {
		out[i] = q.values[row]
	}
	return out
}

// Quantiles are the quantiles at probabilities in [0, 1], of all draws with their weights.
func (q *Quantity) Quantiles(p ...float64) []float64 {
	out := make([]float64, len(p))
	if q == nil || q.of == nil {
		for i := range out {
			out[i] = math.NaN()
		}
		return out
	}
	values, places := q.sorted()
	for i, x := range p {
		out[i] = at(values, places, x)
	}
	return out
}

// HDI is the shortest interval that holds a share p, in (0, 1), of the draws: the highest
// density interval where the density has one mode.
func (q *Quantity) HDI(p float64) (from, to float64) {
	if q == nil || q.of == nil {
		return math.NaN(), math.NaN()
	}
	values, places := q.sorted()
	shortest := math.Inf(1)
	for i, a := range places {
		if a+p > 1 {
			break
		}
		if b := at(values, places, a+p); !(b-values[i] >= shortest) {
			from, to, shortest = values[i], b, b-values[i]
		}
	}
	return from, to
}

// sorted are the draws that have weight, in order, and their places between 0 and 1: as
// type 7 of Hyndman & Fan (1996) has them where weights are equal.
func (q *Quantity) sorted() (values, places []float64) {
	w := q.of.Weights
	if w == nil {
		values = q.Draws()
		sort.Float64s(values)
		places = make([]float64, len(values))
		for i := range places {
			places[i] = float64(i) / math.Max(1, float64(len(values)-1))
		}
		return values, places
	}
	order := make([]int, 0, len(w))
	for i := range w {
		if w[i] > 0 {
			order = append(order, i)
		}
	}
	sort.Slice(order, func(i, j int) bool { return q.values[order[i]] < q.values[order[j]] })
	sum := 0.0
	for _, i := range order {
		values, places = append(values, q.values[i]), append(places, sum+w[i]/2)
		sum += w[i]
	}
	first, last := places[0], places[len(places)-1]
	for i := range places {
		places[i] = (places[i] - first) / math.Max(last-first, math.SmallestNonzeroFloat64)
	}
	return values, places
}

// at interpolates between sorted values.
func at(values, places []float64, p float64) float64 {
	i := sort.SearchFloat64s(places, p)
	switch {
	case i == 0:
		return values[0]
	case i == len(places):
		return values[len(values)-1]
	case values[i-1] == values[i]:
		return values[i]
	}
	return values[i-1] + (p-places[i-1])/(places[i]-places[i-1])*(values[i]-values[i-1])
}

// Spread is the scale of a quantity: its sd or, where it has none, what that of a normal
// distribution with the same 5 and 95 % quantiles is.
func (q *Quantity) Spread() float64 {
	if q == nil {
		return math.NaN()
	}
	if q.Moments == tails.Both || q.Moments == "" {
		return q.SD
	}
	return (q.Q95 - q.Q5) / (2 * 1.6448536269514722)
}

// Discrete is one element of a discrete latent, with its posterior.
type Discrete struct {
	// Name, Column, Symbol and Index are as those of a Quantity.
	Name, Column, Symbol string
	Index                []int
	// Values is the support, and P the posterior probability of each value: the
	// mean, over the draws of the other latents, of its exact probability given
	// those.
	Values []int
	P      []float64
	// Mode is the most likely value; Joint the value in the most likely
	// combination of all discrete latents, given the others at their posterior
	// means (on the unconstrained scale): in a chain, the Viterbi path.
	Mode, Joint int
	// RHat and ESS are those of Markov chains that move in the latent; 0 where it was
	// summed out, or has a guide that is the answer.
	RHat, ESS float64
}

// Mean and SD are those of the values as numbers.
func (q *Discrete) Mean() float64 {
	if q == nil || len(q.P) == 0 {
		return math.NaN()
	}
	m := 0.0
	for k, p := range q.P {
		m += p * float64(q.Values[k])
	}
	return m
}

// SD is the standard deviation of the value as a number.
func (q *Discrete) SD() float64 {
	if q == nil {
		return math.NaN()
	}
	m, v := q.Mean(), 0.0
	for k, p := range q.P {
		v += p * (float64(q.Values[k]) - m) * (float64(q.Values[k]) - m)
	}
	return math.Sqrt(v)
}

// Quantile is the least value up to which the probability is at least p; 0 of a
// Discrete without values.
func (q *Discrete) Quantile(p float64) int {
	if q == nil || len(q.Values) == 0 {
		return 0
	}
	c := 0.0
	for k, x := range q.P {
		if c += x; c >= p-1e-12 {
			return q.Values[k]
		}
	}
	return q.Values[len(q.Values)-1]
}

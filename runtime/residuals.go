package runtime

import (
	"context"
	"math"
	"math/rand/v2"

	"ppl/inference/random"
)

// Residual is the randomised quantile residual of a datum (Dunn & Smyth 1996, "Randomized quantile residuals", J.
// Computational and Graphical Statistics 5). Where the model is right residuals are standard
// normal, but for the data having been used twice, which draws them towards 0.
type Residual struct {
	Name   string // "y[3]", with labels
	Symbol string
	Data   float64
	// PIT is where the datum stands among its replicates, in (0, 1): the share of them that are less,
	// and of those that are equal a random part, as of outcomes that are counts or labels.
	PIT float64
	// Quantile is that of the standard normal distribution at PIT. S replicates reach little further than ±Φ⁻¹(1/S),
	// 3.5 of 4000.
	Quantile float64
}

// residuals are those of all data, in the order of the model. Of S replicates k of which are less than the
// datum and m equal to it, PIT = (k + V(m + 1))/(S + 1) with V uniform: uniform itself where the datum and its
// replicates can be exchanged.
func (c *checking) residuals(ctx context.Context, seed uint64) ([]Residual, error) {
	var out []Residual
	naming := c.by.p.naming()
	for _, r := range c.arrays {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		from := len(out)
		for i, at := range r.places {
			out = append(out, Residual{Name: naming.name(r.symbol, r.shape, at).Name, Symbol: r.symbol.Name, Data: r.data[i]})
		}
		forEach(len(r.places), func(lo, hi int) {
			for i := lo; i < hi; i++ {
				out[from+i].place(r.draws[i], random.Stream(seed, "residual "+r.symbol.Name, r.places[i]))
			}
		})
	}
	return out, nil
}

// place finds the datum's place among its replicates.
func (x *Residual) place(replicates []float64, r *rand.Rand) {
	below, same := 0, 0
	for _, y := range replicates {
		switch {
		case y < x.Data:
			below++
		case y == x.Data:
			same++
		}
	}
	v := r.Float64()
	for v == 0 { // of which the residual would be infinite
		v = r.Float64()
	}
	x.PIT = (float64(below) + v*float64(same+1)) / float64(len(replicates)+1)
	x.Quantile = -math.Sqrt2 * math.Erfinv(1-2*x.PIT)
}

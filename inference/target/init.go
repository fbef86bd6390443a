package target

import (
	"fmt"
	"math"

	"ppl/graph/lower"
	"ppl/guide"
	"ppl/lang"
)

// Init are values of latents that a fit starts from, on the scale on which the model is written: whole arrays by symbol, NaN
// where there is no value. Those of missing elements of data stand in the array of the data.
type Init map[*lang.Symbol]*lower.Array

// Started is a point on the unconstrained scale.
type Started struct {
	U []float64
	// Given marks the coordinates that have a value of Init; the others are those of the rest.
	Given []bool
	// Outside are values outside of their supports, whose coordinates are NaN.
	Outside []guide.Misplaced
}

// Start is the point where latents have the values of init, and what has none the numbers of rest, which are held as
// the target holds them: a latent without a value that is relative to others is so to the values of these.
func (t *Target) Start(init Init, rest []float64) (*Started, error) {
	if len(rest) != t.D {
		return nil, fmt.Errorf("a start has %d numbers, the target %d", len(rest), t.D)
	}
	opt := t.Options
	opt.LatentsOnly = true
	for {
		p := &guide.Unpacked{Centring: t.Centring, Angles: t.Angles, Values: init, Rest: rest}
		if t.D == 0 {
			p.Rest = []float64{}
		}
		_, ds := lower.LowerWith(t.Model, t.Data, p, bare(), opt)
		switch {
		case len(p.U) == t.D && len(p.Given) == t.D:
			return &Started{p.U, p.Given, p.Outside}, nil
		case opt.LatentsOnly: // missing data are latents, too
			opt = t.Options
		default:
			return nil, fmt.Errorf("starting values: %w", ds.Err())
		}
	}
}

// Whole reports whether the start does not depend on the rest.
func (s *Started) Whole() bool {
	for _, given := range s.Given {
		if !given {
			return false
		}
	}
	return true
}

// Latents are the continuous latents, those of missing elements of data too.
func (t *Target) Latents() ([]Quantity, error) { return t.quantities(Summed) }

// Inside reports whether all coordinates are numbers.
func (s *Started) Inside() bool {
	for _, x := range s.U {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return false
		}
	}
	return true
}

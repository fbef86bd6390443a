package inference

import (
	"math"

	"ppl/graph"
)

var mode = Family{Name: "map", Doc: "the mode alone", fit: (*fitter).maximum}

// sameMode is the difference, in nats, up to which two climbs are taken to have reached the same height.
const sameMode = 1e-6

// maximum is the mode of the density of the latents as they are written,
// without the Jacobian of the transforms: a point, that says nothing of
// uncertainty.
func (f *fitter) maximum() (*Answer, error) {
	t := *f.t
	t.Mode = true
	f.stage = "start"
	if err := f.use(&t); err != nil {
		return nil, err
	}
	n := 1 + 3
	starts, err := f.starts(n)
	if err != nil {
		return nil, err
	}
	if f.pattern, err = f.findPattern(); err != nil {
		return nil, err
	}
	if f.pattern == nil {
		return nil, &ErrTooLarge{"map", t.D, largestDense, "meanfield"}
	}
	f.stage = "optimise"
	var best, asked *climber
	for i, s := range starts {
		c := &climber{u: s}
		if err := f.climb(c, 1e-10, 200); err != nil {
			return nil, err
		}
		if i == 0 && f.opt.Init != nil && graph.Finite(c.lp) {
			asked = c
		}
		if better := best == nil || c.done && !best.done || c.done == best.done && c.lp > best.lp; better && graph.Finite(c.lp) {
			best = c
		}
		if f.halted() {
			break
		}
	}
	higher := best
	if asked != nil { // the mode that the values to start from lead to
		best = asked
	}
	fit := newAnswer(&t)
	fit.Point = true
	fit.Starts = len(starts)
	fit.Loc, fit.LogSD = best.u, make([]float64, t.D)
	for i := range fit.LogSD {
		fit.LogSD[i] = math.Inf(-1)
	}
	fit.Converged, fit.Decrement, fit.Ended = best.decrement < decrementTol, best.decrement, best.ended()
	fit.ELBO, fit.MCSE = best.lp, 0
	fit.Modes = []Mode{{best.u, best.lp}}
	if higher.done && higher.lp > best.lp+sameMode {
		fit.Higher = []Mode{{higher.u, higher.lp}}
	}
	fit.Draws = &Weighted{D: t.D, U: append([]float64(nil), best.u...), KHat: math.NaN(), ESS: 1}
	f.mark(fit)
	fit.Evaluations = f.evaluations()
	return fit, nil
}

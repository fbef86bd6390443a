package inference

import (
	"math"

	"ppl/graph"
	"ppl/inference/arrow"
	"ppl/inference/target"
)

// laplace is the Gaussian around the mode of the density on the unconstrained
// scale, with the curvature there.
func (f *fitter) laplace() (*Fit, error) {
	if f.t.D > largestDense {
		return nil, &ErrTooLarge{"laplace", f.t.D, largestDense, "`--guide meanfield`"}
	}
	fit, _, a, err := f.base()
	if err != nil {
		return nil, err
	}
	f.stage = "optimise"
	c := &climber{u: append([]float64(nil), a.loc...)}
	if err := f.climb(c, 1e-10, 200); err != nil {
		return nil, err
	}
	fit.Converged, fit.Decrement, fit.Ended = c.decrement < decrementTol, c.decrement, c.ended()
	q := diagonal(c.u, a.logsd)
	if factor, scale, ok := exact(c.h); ok {
		if g := newGaussian(c.u, inverse(factor, scale)); g != nil {
			q = g
		}
	} else {
		fit.Converged, fit.Ended = false, "the density has no mode with negative curvature in all directions"
	}
	return fit, f.conclude(fit, q)
}

// ended says why a climb stopped.
func (c *climber) ended() string {
	switch {
	case c.done:
		return "converged"
	case c.why != "":
		return c.why
	}
	return "the limit of Newton steps was reached"
}

// exact factorises a scaled matrix without any shift.
func exact(h *arrow.Matrix) (*arrow.Cholesky, []float64, bool) {
	if h == nil || !h.Finite() {
		return nil, nil, false
	}
	scale := unitDiagonal(h)
	c, ok := h.Scaled(scale, nil).Factor()
	return c, scale, ok
}

// inverse is the dense inverse of a factorised, scaled matrix.
func inverse(c *arrow.Cholesky, scale []float64) []float64 {
	d := len(scale)
	out := make([]float64, d*d)
	e := make([]float64, d)
	for i := 0; i < d; i++ {
		clear(e)
		e[i] = scale[i]
		row := out[i*d : (i+1)*d]
		c.Solve(e, row)
		for j := range row {
			row[j] *= scale[j]
		}
	}
	target.Symmetrise(out, d)
	return out
}

// maximum is the mode of the density of the latents as they are written,
// without the Jacobian of the transforms: a point, that says nothing of
// uncertainty.
func (f *fitter) maximum() (*Fit, error) {
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
		return nil, &ErrTooLarge{"map", t.D, largestDense, "`--guide meanfield`"}
	}
	f.stage = "optimise"
	var best *climber
	for _, s := range starts {
		c := &climber{u: s}
		if err := f.climb(c, 1e-10, 200); err != nil {
			return nil, err
		}
		if better := best == nil || c.done && !best.done || c.done == best.done && c.lp > best.lp; better && graph.Finite(c.lp) {
			best = c
		}
		if f.halted() {
			break
		}
	}
	fit := newFit(&t)
	fit.Point = true
	fit.Starts = len(starts)
	fit.Loc, fit.LogSD = best.u, make([]float64, t.D)
	for i := range fit.LogSD {
		fit.LogSD[i] = math.Inf(-1)
	}
	fit.Converged, fit.Decrement, fit.Ended = best.decrement < decrementTol, best.decrement, best.ended()
	fit.ELBO, fit.MCSE = best.lp, 0
	fit.Modes = []Mode{{best.u, best.lp}}
	fit.Draws = &Weighted{D: t.D, U: append([]float64(nil), best.u...), KHat: math.NaN(), ESS: 1}
	f.mark(fit)
	fit.Evaluations = f.evaluations()
	return fit, nil
}

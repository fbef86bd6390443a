package inference

import (
	"ppl/inference/arrow"
	"ppl/inference/target"
)

var laplace = Family{Name: "laplace", Doc: "curvature at the mode", Most: mostLaplace, Instead: "meanfield", fit: (*fitter).laplace}

// mostLaplace bounds the latents of a covariance that is inverted as a whole.
const mostLaplace = 1500

// laplace is the Gaussian around the mode of the density on the unconstrained
// scale, with the curvature there.
func (f *fitter) laplace() (*Answer, error) {
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

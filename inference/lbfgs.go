package inference

import (
	"math"

	"gonum.org/v1/gonum/optimize"
)

// lbfgs maximises the fixed-noise ELBO in rounds. In each, L-BFGS (Nocedal &
// Wright, ch. 7, gonum's) works in the coordinates
//
//	loc = c + sd ⊙ θ,  logsd = s + φ,
//
// with c, s and sd those at the start of the round: θ is in posterior sds, so
// scales do not matter, and the guide's own sds are the preconditioner. The
// run has converged when a round begins with a gradient below 1e-3 in these
// units and gains less than 1e-6 nats.
func (f *fitter) lbfgs() (converged bool, ended string, err error) {
	const rounds = 60
	for round := 0; round < rounds; round++ {
		before := f.value
		norm, err := f.round(200)
		if err != nil {
			return false, "", err
		}
		if f.halted() {
			return false, f.why, nil
		}
		if f.value-before < 1e-6*math.Max(1, 1e-6*math.Abs(f.value)) {
			if norm < 1e-3 {
				return true, "converged", nil
			}
			if round > 2 {
				return norm < 1e-2, "the ELBO no longer improves", nil
			}
		}
	}
	return false, "the ELBO was still improving after the last round", nil
}

// round runs L-BFGS for at most n iterations from the best point, moves there,
// and returns the largest component of the scaled gradient.
func (f *fitter) round(n int) (norm float64, err error) {
	d := f.t.D
	c, s := append([]float64(nil), f.loc...), append([]float64(nil), f.logsd...)
	sd := make([]float64, d)
	for i := range sd {
		sd[i] = math.Exp(s[i])
	}
	loc, logsd := make([]float64, d), make([]float64, d)
	point := make([]float64, 2*d)
	var value float64
	grad := make([]float64, 2*d)
	known := false
	best, bestNorm := f.value, math.Inf(1)
	eval := func(x []float64) {
		if known && same(x, point) {
			return
		}
		copy(point, x)
		known = true
		for i := 0; i < d; i++ {
			loc[i] = c[i] + sd[i]*x[i]
			logsd[i] = s[i] + x[d+i]
		}
		v, gl, gs, e := f.obj.Eval(loc, logsd)
		if e != nil {
			err = e
		}
		value = -v
		if !finite(v) || !allFinite(gl) || !allFinite(gs) {
			value = math.Inf(1)
			clear(grad)
			return
		}
		for i := 0; i < d; i++ {
			grad[i], grad[d+i] = -sd[i]*gl[i], -gs[i]
		}
		if v >= best {
			best, bestNorm = v, largest(grad)
			copy(f.loc, loc)
			copy(f.logsd, logsd)
			f.value = v
		}
		f.tell(best, bestNorm)
	}
	problem := optimize.Problem{
		Func: func(x []float64) float64 { eval(x); return value },
		Grad: func(g, x []float64) { eval(x); copy(g, grad) },
		Status: func() (optimize.Status, error) {
			if err != nil || f.halted() {
				return optimize.RuntimeLimit, nil
			}
			return optimize.NotTerminated, nil
		},
	}
	settings := &optimize.Settings{
		MajorIterations:   n,
		GradientThreshold: 1e-6,
		Converger:         &optimize.FunctionConverge{Absolute: 1e-8, Iterations: 10},
	}
	// What Minimize says of its end (a failed line search, usually) only ends the
	// round: the next one starts afresh from the best point.
	_, _ = optimize.Minimize(problem, make([]float64, 2*d), settings, &optimize.LBFGS{Store: 20})
	return bestNorm, err
}

func same(a, b []float64) bool {
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

func largest(x []float64) float64 {
	m := 0.0
	for _, v := range x {
		m = math.Max(m, math.Abs(v))
	}
	return m
}

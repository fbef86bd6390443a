package inference

import "math"

// adam maximises the ELBO with fresh antithetic noise in each step (Kingma &
// Ba 2015) in the coordinates of lbfgs: locations in units of the guide's
// current sds, and log sds. The rate is 0.1 at first and halves when the ELBO,
// averaged over windows of 100 steps, no longer rises by more than its noise;
// the answer is the average of the iterates of the last window (Polyak &
// Juditsky 1992). It ends when the rate falls below 0.002.
func (f *fitter) adam() (converged bool, ended string, err error) {
	const (
		window   = 100
		maxSteps = 50000
		b1, b2   = 0.9, 0.999
	)
	d, s := f.t.D, f.opt.Particles
	m, v := make([]float64, 2*d), make([]float64, 2*d)
	sumLoc, sumSD := make([]float64, d), make([]float64, d)
	eps := make([]float64, s*d)
	rate := 0.1
	var values []float64
	last := math.Inf(-1)
	steps := 0 // since the moments were reset
	for step := 1; step <= maxSteps; step++ {
		if f.halted() {
			return false, f.why, nil
		}
		antithetic(Stream(f.opt.Seed, "adam", step), eps, s, d)
		f.obj.SetNoise(eps)
		elbo, gl, gs, err := f.obj.Eval(f.loc, f.logsd)
		if err != nil {
			return false, "", err
		}
		if !finite(elbo) || !allFinite(gl) || !allFinite(gs) {
			// A draw fell where the density is not finite: shrink and go on.
			for i := range f.logsd {
				f.logsd[i] -= 0.1
			}
			continue
		}
		steps++
		c1, c2 := 1-math.Pow(b1, float64(steps)), 1-math.Pow(b2, float64(steps))
		norm := 0.0
		update := func(k int, g float64) float64 {
			norm = math.Max(norm, math.Abs(g))
			m[k] = b1*m[k] + (1-b1)*g
			v[k] = b2*v[k] + (1-b2)*g*g
			return rate * (m[k] / c1) / (math.Sqrt(v[k]/c2) + 1e-8)
		}
		for i := 0; i < d; i++ {
			sd := math.Exp(f.logsd[i])
			f.loc[i] += sd * update(i, sd*gl[i])
			f.logsd[i] += update(d+i, gs[i])
			sumLoc[i] += f.loc[i]
			sumSD[i] += f.logsd[i]
		}
		f.value = elbo
		f.tell(elbo, norm)
		if values = append(values, elbo); len(values) < window {
			continue
		}
		mean, sd := meanSD(values)
		if mean-last < 2*sd/math.Sqrt(window) {
			if rate /= 2; rate < 0.002 {
				for i := 0; i < d; i++ {
					f.loc[i], f.logsd[i] = sumLoc[i]/window, sumSD[i]/window
				}
				return true, "converged", nil
			}
		}
		last = mean
		values = values[:0]
		clear(sumLoc)
		clear(sumSD)
	}
	return false, "the ELBO was still rising after the last step", nil
}

package inference

import (
	"math"
	"math/rand/v2"

	"ppl/graph"
	"ppl/inference/random"
	"ppl/inference/target"
)

// polish goes on from a fixed-noise optimum by stochastic gradients, whose noise
// is fresh in each step: with far more latents than particles, all of which
// touch, an optimum for fixed noise fits the noise. It is for models whose
// Hessian is too large to form, where no linear response mends the sds.
func (f *fitter) polish(a *ascent) error {
	d := f.t.D
	start, unit := append([]float64(nil), a.loc...), make([]float64, d)
	for i, l := range a.logsd {
		unit[i] = math.Exp(l)
	}
	eps, u := make([]float64, target.Lanes*d), make([]float64, target.Lanes*d)
	lp, g := make([]float64, target.Lanes), make([]float64, target.Lanes*d)
	sd := make([]float64, d)
	s := &stochastic{f: f, purpose: "polish", first: 0.05}
	s.gradient = func(x []float64, r *rand.Rand, out []float64) (float64, bool, error) {
		value := 0.5 * float64(d) * (1 + math.Log(2*math.Pi))
		for i := range sd {
			sd[i] = unit[i] * math.Exp(x[d+i])
			value += math.Log(sd[i])
		}
		random.Antithetic(r, eps, target.Lanes, d)
		for i := range u {
			u[i] = start[i%d] + unit[i%d]*x[i%d] + sd[i%d]*eps[i]
		}
		if err := f.surf.Gradient(u, lp, g); err != nil {
			return 0, false, err
		}
		clear(out)
		for p := 0; p < target.Lanes; p++ {
			value += lp[p] / target.Lanes
			for i := 0; i < d; i++ {
				v := g[p*d+i] / target.Lanes
				out[i] += v * unit[i]
				out[d+i] += v * eps[p*d+i] * sd[i]
			}
		}
		for i := d; i < 2*d; i++ {
			out[i]++
		}
		return value, graph.Finite(value) && graph.AllFinite(out), nil
	}
	s.divergence = func(x, y []float64) float64 {
		mean := 0.0
		for i := 0; i < d; i++ {
			vx, vy := math.Exp(2*x[d+i]), math.Exp(2*y[d+i])
			m := x[i] - y[i]
			mean += 0.5 * (vx/vy + vy/vx - 2 + m*m*(1/vx+1/vy)) / float64(d)
		}
		return mean
	}
	if err := s.run(make([]float64, 2*d)); err != nil {
		return err
	}
	for i := range start {
		a.loc[i] = start[i] + unit[i]*s.x[i]
		a.logsd[i] += s.x[d+i]
	}
	a.value, a.converged, a.why, a.decrement = s.value, s.converged, s.why, math.NaN()
	return nil
}

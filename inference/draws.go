package inference

import "math"

// Draws samples the fitted guide and evaluates the reported values: for each
// value k of the reporter, draws of size(k) numbers, one row a draw. Draws come
// in antithetic pairs, balanced in blocks of r.S, so that means and sds of
// quantities that are linear in one latent have no Monte-Carlo error.
func (t *Target) Draws(r *Reporter, loc, logsd []float64, n int, seed uint64) ([][]float64, error) {
	out := make([][]float64, len(r.Symbols))
	for k := range out {
		out[k] = make([]float64, 0, n*r.Shapes[k].Size())
	}
	sd := make([]float64, len(logsd))
	for i, l := range logsd {
		sd[i] = math.Exp(l)
	}
	u := make([]float64, r.S*r.D)
	for done, round := 0, 0; done < n; round++ {
		balanced(Stream(seed, "draws", round), u, r.S, r.D)
		for i := range u {
			u[i] = loc[i%r.D] + sd[i%r.D]*u[i]
		}
		vals, err := r.Eval(u)
		if err != nil {
			return nil, err
		}
		take := min(r.S, n-done)
		for k := range out {
			out[k] = append(out[k], vals[k][:take*r.Shapes[k].Size()]...)
		}
		done += take
	}
	return out, nil
}

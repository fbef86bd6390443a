package inference

import (
	"math"

	"ppl/graph"
	"ppl/inference/random"
	"ppl/inference/target"
)

// evaluate fills the ELBO, estimated with fresh noise as the mean of
// log p(u) − log q(u), and its parts.
func (f *fitter) evaluate(fit *Answer) error {
	d := f.t.D
	n := 1024
	if f.why != "" { // someone is waiting
		n = target.Lanes
	}
	entropy := float64(d) * 0.5 * (1 + math.Log(2*math.Pi))
	for _, l := range fit.LogSD {
		entropy += l
	}
	sd := make([]float64, d)
	for i, l := range fit.LogSD {
		sd[i] = math.Exp(l)
	}
	r := random.Stream(f.opt.Seed, "evaluate", 0)
	pairs := make([]float64, n/2) // antithetic pairs are dependent: the error is that of their means
	rows := batch(d)
	eps, u, lp := make([]float64, min(n, rows)*d), make([]float64, min(n, rows)*d), make([]float64, min(n, rows))
	var first []float64
	for from := 0; from < n; from += rows {
		k := min(rows, n-from)
		random.Antithetic(r, eps, k, d)
		for i := range u[:k*d] {
			u[i] = fit.Loc[i%d] + sd[i%d]*eps[i]
		}
		if err := f.surf.Value(u[:k*d], lp[:k]); err != nil {
			return err
		}
		for i, l := range lp[:k] {
			q := 0.0 // ½ Σ eps² less its mean, so that E[w] is the ELBO
			for _, e := range eps[i*d : (i+1)*d] {
				q += 0.5 * (e*e - 1)
			}
			if !graph.Finite(l) { // beyond the support, or beyond a function's domain
				l = math.Inf(-1)
				fit.Beyond += 1 / float64(n)
			}
			pairs[(from+i)/2] += 0.5 * (l + q + entropy)
		}
		if from == 0 {
			first = append(first, eps[:target.Lanes*d]...)
		}
	}
	m, spread := meanSD(pairs)
	fit.ELBO, fit.MCSE = m, spread/math.Sqrt(float64(len(pairs)))
	if f.why != "" || f.opt.Quick {
		return nil
	}
	var err error
	fit.Parts, err = f.t.Parts(fit.Loc, fit.LogSD, first, target.Lanes)
	return err
}

func meanSD(x []float64) (mean, sd float64) {
	for _, v := range x {
		mean += v
	}
	mean /= float64(len(x))
	for _, v := range x {
		sd += (v - mean) * (v - mean)
	}
	return mean, math.Sqrt(sd / math.Max(1, float64(len(x)-1)))
}

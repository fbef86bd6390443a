package inference

import (
	"math"

	"ppl/inference/psis"
)

// Weighted are draws on the unconstrained scale with importance weights.
type Weighted struct {
	D int
	U []float64 // N×D
	// W are normalised weights; nil if all are equal.
	W []float64
	// KHat is the shape of the weights' tail (Vehtari et al. 2024), ESS their
	// effective sample size; NaN and N where there are no weights.
	KHat, ESS float64
}

// N is the number of draws.
func (w *Weighted) N() int {
	if w.D == 0 {
		return 0
	}
	return len(w.U) / w.D
}

// heaviness is the degrees of freedom of the t proposal in d dimensions: heavy
// tails for few, and so many for more that the radius of a t, which is spread
// wider than a Gaussian's, does not cost more than a quarter of the draws.
func heaviness(d int) float64 { return math.Max(7, float64(d)/2) }

// weigh draws n points from a multivariate t around q and weights them towards
// the target; df = +Inf draws from q itself. Draws come in antithetic pairs,
// balanced in every coordinate before the χ² scaling.
func (f *fitter) weigh(q *gaussian, df float64, n int, purpose string, index int) (*Weighted, error) {
	d := q.d
	r := Stream(f.opt.Seed, purpose, index)
	z := make([]float64, n*d)
	balanced(r, z, n, d)
	u, lp, logw := make([]float64, n*d), make([]float64, n), make([]float64, n)
	c := 1.0
	for i := 0; i < n; i++ {
		if !math.IsInf(df, 1) && i%2 == 0 { // a pair shares its scale
			c = math.Sqrt(df / chi2(r, df))
		}
		row := z[i*d : (i+1)*d]
		q.place(row, c, u[i*d:(i+1)*d])
		r2 := dot(row, row)
		if math.IsInf(df, 1) {
			logw[i] = 0.5*r2 + q.logDet
		} else {
			logw[i] = 0.5*(df+float64(d))*math.Log1p(c*c*r2/df) + q.logDet
		}
	}
	if err := f.surf.Value(u, lp); err != nil {
		return nil, err
	}
	for i := range logw {
		logw[i] += lp[i]
	}
	w := &Weighted{D: d, U: u}
	smooth, khat := psis.Smooth(logw)
	w.W, w.KHat = psis.Weights(smooth), khat
	w.ESS = psis.ESS(w.W, 1)
	return w, nil
}

// refit is the Gaussian with the mean and covariance of weighted draws.
func (w *Weighted) refit() *gaussian {
	d, n := w.D, w.N()
	loc, cov := make([]float64, d), make([]float64, d*d)
	for i := 0; i < n; i++ {
		axpy(w.W[i], w.U[i*d:(i+1)*d], loc)
	}
	x := make([]float64, d)
	for i := 0; i < n; i++ {
		if w.W[i] == 0 {
			continue
		}
		for j := range x {
			x[j] = w.U[i*d+j] - loc[j]
		}
		for j := range x {
			axpy(w.W[i]*x[j], x, cov[j*d:(j+1)*d])
		}
	}
	return newGaussian(loc, cov)
}

// correct runs importance sampling from the Gaussian q and, where the first
// round is middling, again from one refitted to the weighted draws. The round
// with the smaller k̂ counts.
func (f *fitter) correct(q *gaussian, n int) (*Weighted, error) {
	df := heaviness(q.d)
	best, err := f.weigh(q, df, n, "importance", 0)
	if err != nil {
		return nil, err
	}
	for round := 1; round <= 2 && best.KHat > 0.5 && !f.halted(); round++ {
		// Too few effective draws say nothing about a covariance.
		if best.ESS < 5*float64(q.d)+20 {
			break
		}
		again := best.refit()
		if again == nil {
			break
		}
		w, err := f.weigh(again, df, 2*n, "importance", round)
		if err != nil {
			return nil, err
		}
		if !(w.KHat < best.KHat) {
			break
		}
		best = w
	}
	return best, nil
}

// Resample picks n rows of the draws by their weights, in random order; without
// weights, the first n, or as many as it takes with repetition.
func (w *Weighted) Resample(seed uint64, n int) []int {
	if w.W != nil {
		r := Stream(seed, "resample", 0)
		if rows := psis.Resample(w.W, n, r); rows != nil {
			r.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
			return rows
		}
	}
	rows := make([]int, n)
	for i := range rows {
		rows[i] = i % w.N()
	}
	return rows
}

// MeanFieldDraws are n draws of the mean-field guide, balanced.
func (fit *Fit) MeanFieldDraws(seed uint64, n int) []float64 {
	d := fit.Target.D
	u := make([]float64, n*d)
	balanced(Stream(seed, "plain draws", 0), u, n, d)
	for i := range u {
		u[i] = fit.Loc[i%d] + math.Exp(fit.LogSD[i%d])*u[i]
	}
	return u
}

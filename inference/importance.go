package inference

import (
	"math"
	"math/rand/v2"

	"ppl/inference/psis"
	"ppl/inference/random"
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
	// Chains is the number of Markov chains that the draws are of, chain by chain;
	// 0 where they are independent.
	Chains int
	// Spread says whether the weights carry the variances; its KHat is 0 where
	// there are no weights.
	Spread Spread

	logP     []float64 // the target's log densities
	logRatio []float64 // log p − log q, less constants of q
	proposal *mixture
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

// weigh draws n points from a multivariate t around q, with df degrees of
// freedom, and weights them towards the target; df = +Inf draws from q itself.
func (f *fitter) weigh(q *gaussian, df float64, n int, purpose string, index int) (*Weighted, error) {
	return f.weighMixture(&mixture{df: df, weight: []float64{1}, part: []*gaussian{q}}, n, purpose, index)
}

// weighMixture draws from a mixture (see place), and weights the draws towards the
// target.
func (f *fitter) weighMixture(m *mixture, n int, purpose string, index int) (*Weighted, error) {
	d := m.part[0].d
	w := &Weighted{D: d, U: make([]float64, n*d), logP: make([]float64, n), proposal: m}
	logw := make([]float64, n)
	m.place(random.Stream(f.opt.Seed, purpose, index), w.U, func(i int, q *gaussian, z []float64, c float64) {
		if len(m.part) > 1 {
			return
		}
		r2 := dot(z, z)
		if math.IsInf(m.df, 1) {
			logw[i] = 0.5*r2 + q.logDet
		} else {
			logw[i] = 0.5*(m.df+float64(d))*math.Log1p(c*c*r2/m.df) + q.logDet
		}
	})
	if len(m.part) > 1 {
		share, distance, z := make([]float64, len(m.part)), make([]float64, len(m.part)), make([]float64, d)
		density := m.density()
		for i := range logw {
			logw[i] = -density.at(w.U[i*d:(i+1)*d], z, share, distance)
		}
	}
	if err := f.surf.Value(w.U, w.logP); err != nil {
		return nil, err
	}
	f.sym.restrict(w.U, w.logP)
	for i := range logw {
		logw[i] += w.logP[i]
	}
	w.logRatio = logw
	smooth, khat := psis.Smooth(logw)
	w.W, w.KHat = psis.Weights(smooth), khat
	w.ESS = psis.ESS(w.W, 1)
	return w, nil
}

// place fills u with draws of the mixture, each component in proportion to its weight,
// in antithetic pairs around the component's location, those of one component balanced
// in every coordinate before the χ² scaling; visit is told each draw's component, its
// standard normals and their scale.
func (m *mixture) place(r *rand.Rand, u []float64, visit func(i int, q *gaussian, z []float64, c float64)) {
	d := m.part[0].d
	n := len(u) / d
	from := 0
	mass := 0.0
	for k, q := range m.part {
		mass += m.weight[k]
		to := n
		if k+1 < len(m.part) {
			to = min(n, int(math.Round(mass*float64(n)/2))*2)
		}
		z := make([]float64, (to-from)*d)
		random.Balanced(r, z, to-from, d)
		c := 1.0
		for i := from; i < to; i++ {
			if !math.IsInf(m.df, 1) && (i-from)%2 == 0 { // a pair shares its scale
				c = math.Sqrt(m.df / random.Chi2(r, m.df))
			}
			at := z[(i-from)*d : (i-from+1)*d]
			q.place(at, c, u[i*d:(i+1)*d])
			visit(i, q, at, c)
		}
		from = to
	}
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

// adaptations bounds the rounds after the first, adaptationsBefore where Markov chains
// take over what is doubtful then, and mixtures the dimensions in which they fit more
// than one component.
const (
	adaptations       = 3
	adaptationsBefore = 1
	mixtures          = 40
)

// correct runs importance sampling from a t around the Gaussian q and, where
// the first round is middling, again from a mixture of t distributions fitted
// to the weighted draws, a part of whose draws still come from the first
// proposal: what the fit misses, the weights see. The round with the smallest
// k̂ counts.
func (f *fitter) correct(q *gaussian, n, rounds int) (*Weighted, error) {
	df := heaviness(q.d)
	best, err := f.weigh(q, df, n, "importance", 0)
	if err != nil {
		return nil, err
	}
	var m *mixture
	for round := 1; round <= rounds && best.KHat > enough && !f.halted(); round++ {
		// Too few effective draws say nothing about a covariance.
		if best.ESS < 2*float64(q.d)+20 {
			break
		}
		if m = fitMixture(best, m, df, 1+round); m == nil {
			break
		}
		w, err := f.weighMixture(m.defended(q, 0.1), 2*n, "importance", round)
		if err != nil {
			return nil, err
		}
		if w.better(best) {
			best = w
		}
	}
	if !f.opt.Quick && best.KHat < UsableKHat && best.ESS < ample && (rounds == adaptations || best.KHat <= SteadyKHat) && !f.halted() {
		// A sound proposal, but few effective draws: more of them.
		w, err := f.weighMixture(best.proposal, 4*best.N(), "importance", adaptations+1)
		if err != nil {
			return nil, err
		}
		best = w
	}
	best.measureSpread()
	return best, nil
}

// ample is the number of effective draws that the answer aims at.
const ample = 1500

// enough is the k̂ at which no further round is tried.
const enough = 0.45

// better compares rounds: by k̂ above 0.5, and below it by effective draws.
func (w *Weighted) better(than *Weighted) bool {
	if than.KHat > 0.5 || w.KHat > 0.5 {
		return w.KHat < than.KHat
	}
	return w.ESS > than.ESS
}

// defended adds a component with a share of the draws.
func (m *mixture) defended(q *gaussian, share float64) *mixture {
	out := &mixture{df: m.df, part: append(append([]*gaussian(nil), m.part...), q)}
	for _, x := range m.weight {
		out.weight = append(out.weight, (1-share)*x)
	}
	out.weight = append(out.weight, share)
	return out
}

// Resample picks n rows of the draws by their weights, in random order; without
// weights, the first n, or as many as it takes with repetition.
func (w *Weighted) Resample(seed uint64, n int) []int {
	if w.W != nil {
		r := random.Stream(seed, "resample", 0)
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

// PlainDraws are n draws of the guide before any correction, balanced.
func (fit *Answer) PlainDraws(seed uint64, n int) []float64 {
	d := fit.Target.D
	if fit.Point {
		return append([]float64(nil), fit.Loc...)
	}
	u := make([]float64, n*d)
	random.Balanced(random.Stream(seed, "plain draws", 0), u, n, d)
	z := make([]float64, d)
	for i := 0; i < n; i++ {
		row := u[i*d : (i+1)*d]
		if fit.plain != nil {
			copy(z, row)
			fit.plain.place(z, 1, row)
			continue
		}
		for j := range row {
			row[j] = fit.Loc[j] + math.Exp(fit.LogSD[j])*row[j]
		}
	}
	return u
}

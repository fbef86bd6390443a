package inference

import (
	"math"

	"gonum.org/v1/gonum/mat"

	"ppl/graph"
	"ppl/inference/psis"
	"ppl/inference/random"
	"ppl/inference/target"
)

// Exact passes: sums over all rows, batch by batch, of what an evaluation gives.

const (
	passDecrement = 1e-4 // nats, at which exact passes end: 0.014 sds
	passDraws     = 1024 // that are weighted in one more pass
	passNumbers   = 2.5e11
	longPass      = 4 // sds that a step may be long
)

// sums are over all rows, at points of the global numbers.
type sums struct {
	lp, g, hv []float64
}

// sum goes through all rows, in the same order each time.
func (l *loop) sum(b *target.Batched, u, vs []float64) (*sums, error) {
	n, d := len(u)/l.b.Global, l.b.Global
	out := &sums{lp: make([]float64, n), g: make([]float64, n*d)}
	if vs != nil {
		out.hv = make([]float64, n*d)
	}
	s := b.Points
	us, ws := make([]float64, s*d), make([]float64, s*d)
	for rows, err := range l.feed.Epoch(l.ctx, l.opt.Seed, 0, 0) {
		if err != nil {
			return nil, err
		}
		share := float64(len(rows.Index)) / float64(l.b.N)
		for from := 0; from < n; from += s {
			k := min(s, n-from)
			for i := range s {
				copy(us[i*d:(i+1)*d], u[(from+min(i, k-1))*d:])
				if vs != nil {
					copy(ws[i*d:(i+1)*d], vs[(from+min(i, k-1))*d:])
				}
			}
			v := ws
			if vs == nil {
				v = nil
			}
			e, err := b.Evaluate(rows, us, v, 1, share)
			if err != nil {
				return nil, err
			}
			for i := range k {
				out.lp[from+i] += e.LogDensity[i]
			}
			axpy(1, e.Gradient[:k*d], out.g[from*d:(from+k)*d])
			if vs != nil {
				axpy(1, e.Product[:k*d], out.hv[from*d:(from+k)*d])
			}
		}
	}
	return out, nil
}

// passes makes Newton steps on the expected log density under a Gaussian of the covariance that the Hessian has.
func (l *loop) passes(out *Batches) error {
	b, d := l.b.With(target.Lanes), l.b.Global
	loc := append([]float64(nil), l.x[:d]...)
	latents := 0
	for i := range d {
		if !l.point[i] {
			latents++
		}
	}
	noisy := target.Lanes
	if latents == 0 {
		noisy = 1
	}
	z := make([]float64, noisy*d)
	if latents > 0 {
		random.Balanced(random.Stream(l.opt.Seed, "exact", 0), z, noisy, d)
	}
	cov := mat.NewSymDense(d, nil)
	for i := range d {
		if !l.point[i] {
			cov.SetSym(i, i, math.Exp(2*l.x[d+i]))
		}
	}
	u, vs := make([]float64, (noisy+d)*d), make([]float64, (noisy+d)*d)
	for i := range d {
		vs[(noisy+i)*d+i] = 1
	}
	for pass := range l.opt.Exact {
		if l.stopped(&out.Ending) {
			return nil
		}
		spread := l.spreadOf(cov)
		for p := range noisy {
			for i := range d {
				u[p*d+i] = loc[i]
				if spread != nil {
					u[p*d+i] += dot(spread[i*d:(i+1)*d], z[p*d:(p+1)*d])
				}
			}
		}
		for i := range d {
			copy(u[(noisy+i)*d:(noisy+i+1)*d], loc)
		}
		s, err := l.sum(b, u, vs)
		if err != nil {
			if l.stopped(&out.Ending) {
				return nil
			}
			return err
		}
		g, value := make([]float64, d), 0.0
		for p := range noisy {
			axpy(1/float64(noisy), s.g[p*d:(p+1)*d], g)
			value += s.lp[p] / float64(noisy)
		}
		h := mat.NewSymDense(d, nil)
		for i := range d {
			for j := i; j < d; j++ {
				h.SetSym(i, j, -0.5*(s.hv[(noisy+i)*d+j]+s.hv[(noisy+j)*d+i]))
			}
		}
		if !graph.AllFinite(g) || !graph.Finite(value) || !finiteSym(h) {
			out.Ended += "; the density is not finite over all rows"
			return nil
		}
		chol := definiteSym(h)
		if chol == nil {
			out.Ended += "; the Hessian over all rows is not definite"
			return nil
		}
		step := mat.NewVecDense(d, nil)
		if err := chol.SolveVecTo(step, mat.NewVecDense(d, g)); err != nil {
			out.Ended += "; the Hessian over all rows is singular"
			return nil
		}
		out.Exact = pass + 1
		out.Decrement = 0.5 * dot(g, step.RawVector().Data)
		short := math.Min(1, longPass*math.Sqrt(float64(d))/math.Sqrt(2*math.Max(out.Decrement, 1e-300)))
		if pass == 0 || out.Decrement < 1 {
			short = 1
		}
		axpy(short, step.RawVector().Data, loc)
		if cov = l.covarianceOf(h, chol); cov == nil {
			out.Ended += "; the Hessian over all rows is singular"
			return nil
		}
		copy(l.x[:d], loc)
		out.ELBO, out.MCSE = value+l.gaussianEntropy(cov), 0
		out.Covariance = make([]float64, d*d)
		for i := range d {
			for j := range d {
				out.Covariance[i*d+j] = cov.At(i, j)
			}
			if !l.point[i] {
				l.x[d+i] = 0.5 * math.Log(cov.At(i, i))
			}
		}
		l.tell(out, out.Epochs, 0, out.ELBO)
		if out.Decrement < passDecrement {
			out.Converged, out.Ended, out.Missing = true, "converged", 0
			return nil
		}
	}
	out.Converged, out.Ended = false, "the exact passes have not converged"
	return nil
}

// covarianceOf is that of the latents given the params, and the inverse of the information on the params, by the negated
// Hessian of all; nil where that is singular.
func (l *loop) covarianceOf(h *mat.SymDense, chol *mat.Cholesky) *mat.SymDense {
	d := l.b.Global
	out := mat.NewSymDense(d, nil)
	if chol.InverseTo(out) != nil {
		return nil
	}
	var at []int
	for i := range d {
		if !l.point[i] {
			at = append(at, i)
		}
	}
	if len(at) == 0 || len(at) == d {
		return out
	}
	own := mat.NewSymDense(len(at), nil)
	for i, a := range at {
		for j := i; j < len(at); j++ {
			own.SetSym(i, j, h.At(a, at[j]))
		}
		for b := range d {
			if l.point[b] {
				out.SetSym(min(a, b), max(a, b), 0)
			}
		}
	}
	c := definiteSym(own)
	if c == nil || c.InverseTo(own) != nil {
		return nil
	}
	for i, a := range at {
		for j := i; j < len(at); j++ {
			out.SetSym(a, at[j], own.At(i, j))
		}
	}
	return out
}

// spreadOf is the root of the covariance of the latents given the params, rows of D numbers; nil without latents.
func (l *loop) spreadOf(cov *mat.SymDense) []float64 {
	d := l.b.Global
	var at []int
	for i := range d {
		if !l.point[i] {
			at = append(at, i)
		}
	}
	if len(at) == 0 {
		return nil
	}
	sub := mat.NewSymDense(len(at), nil)
	for i, a := range at {
		for j := i; j < len(at); j++ {
			sub.SetSym(i, j, cov.At(a, at[j]))
		}
	}
	var c mat.Cholesky
	out := make([]float64, d*d)
	if !c.Factorize(sub) {
		for _, a := range at {
			out[a*d+a] = math.Sqrt(math.Max(0, cov.At(a, a)))
		}
		return out
	}
	var lower mat.TriDense
	c.LTo(&lower)
	for i, a := range at {
		for j := range i + 1 {
			out[a*d+at[j]] = lower.At(i, j)
		}
	}
	return out
}

// gaussianEntropy is that of the Gaussian of the latents.
func (l *loop) gaussianEntropy(cov *mat.SymDense) float64 {
	d := l.b.Global
	spread := l.spreadOf(cov)
	h := 0.0
	for i := range d {
		if !l.point[i] {
			h += 0.5*(1+math.Log(2*math.Pi)) + math.Log(spread[i*d+i])
		}
	}
	return h
}

// weighed are draws from around what exact passes have led to, with weights by one more pass; nil where that would take too long, or
// there are params, whose draws these would not be.
func (l *loop) weighed(out *Batches) (*Weighted, error) {
	d := l.b.Global
	for _, p := range l.point {
		if p {
			return nil, nil
		}
	}
	if !out.Converged || out.Covariance == nil || float64(l.b.N)*float64(max(d, 8))*passDraws > passNumbers || l.stopped(&Ending{}) {
		return nil, nil
	}
	q := newGaussian(l.x[:d], out.Covariance)
	if q == nil {
		return nil, nil
	}
	m := &mixture{df: heaviness(d), weight: []float64{1}, part: []*gaussian{q}}
	w := &Weighted{D: d, U: make([]float64, passDraws*d), proposal: m}
	logw := make([]float64, passDraws)
	m.place(random.Stream(l.opt.Seed, "importance", 0), w.U, func(i int, q *gaussian, z []float64, c float64) {
		logw[i] = 0.5*(m.df+float64(d))*math.Log1p(c*c*dot(z, z)/m.df) + q.logDet
	})
	s, err := l.sum(l.b.With(target.Lanes), w.U, nil)
	if err != nil {
		return nil, err
	}
	w.logP = s.lp
	for i := range logw {
		logw[i] += s.lp[i]
	}
	w.logRatio = logw
	smooth, khat := psis.Smooth(logw)
	w.W, w.KHat = psis.Weights(smooth), khat
	w.ESS = psis.ESS(w.W, 1)
	w.measureSpread()
	return w, nil
}

func finiteSym(m *mat.SymDense) bool {
	n := m.SymmetricDim()
	for i := range n {
		for j := i; j < n; j++ {
			if !graph.Finite(m.At(i, j)) {
				return false
			}
		}
	}
	return true
}

// definiteSym factorises a matrix, with as little added to its diagonal as it takes; nil if nothing does.
func definiteSym(m *mat.SymDense) *mat.Cholesky {
	n := m.SymmetricDim()
	for mu := 0.0; mu < 1e4; mu = math.Max(1e-8, mu*10) {
		s := mat.NewSymDense(n, nil)
		s.CopySym(m)
		for i := range n {
			s.SetSym(i, i, m.At(i, i)+mu*math.Max(1e-12, math.Abs(m.At(i, i))))
		}
		var c mat.Cholesky
		if c.Factorize(s) {
			return &c
		}
	}
	return nil
}

package inference

import (
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"

	"ppl/graph"
	"ppl/inference/random"
	"ppl/inference/target"
)

var lowRank = Family{Name: "lowrank", Doc: "ten factors", fit: (*fitter).lowrank}

// lowrank is the Gaussian with covariance diag(s²) + F Fᵀ, F of D×r (Ong, Nott
// & Smith 2018, "Gaussian variational approximation with a factor covariance
// structure"), that maximises the ELBO: u = μ + s ⊙ ε + F η. It is fitted by
// stochastic gradients (see stochastic) with the path-derivative estimator
// (Roeder, Wu & Duvenaud 2017), whose noise vanishes where the guide is exact.
func (f *fitter) lowrank() (*Answer, error) {
	fit, o, a, err := f.base()
	if err != nil {
		return nil, err
	}
	d := f.t.D
	r := min(rank, (d+1)/2)
	q := &factored{d: d, r: r, loc: a.loc, sd: make([]float64, d), f: make([]float64, d*r)}
	for i, l := range a.logsd {
		q.sd[i] = math.Exp(l)
	}
	if d <= largestFull {
		full, err := f.around(o, a)
		if err != nil {
			return nil, err
		}
		q.approximate(full)
	} else {
		noise := random.Stream(f.opt.Seed, "factors", 0)
		for i := range q.f {
			q.f[i] = 0.01 * q.sd[i/r] * noise.NormFloat64()
		}
	}
	f.stage = "optimise"
	// Coordinates are in units of the sds at the start.
	unit := make([]float64, d)
	for i := range unit {
		unit[i] = math.Sqrt(q.variance(i))
	}
	start := append([]float64(nil), q.loc...)
	unpack := func(x []float64) *factored {
		p := &factored{d: d, r: r, loc: make([]float64, d), sd: make([]float64, d), f: make([]float64, d*r)}
		for i := range p.loc {
			p.loc[i] = start[i] + unit[i]*x[i]
			p.sd[i] = unit[i] * math.Exp(x[d+i])
			for j := 0; j < r; j++ {
				p.f[i*r+j] = unit[i] * x[2*d+i*r+j]
			}
		}
		return p
	}
	x := make([]float64, 2*d+d*r)
	for i := range q.loc {
		x[d+i] = math.Log(q.sd[i] / unit[i])
		for j := 0; j < r; j++ {
			x[2*d+i*r+j] = q.f[i*r+j] / unit[i]
		}
	}
	const n = target.Lanes
	u, g, lp := make([]float64, n*d), make([]float64, n*d), make([]float64, n)
	eps, eta := make([]float64, n*d), make([]float64, n*r)
	h := make([]float64, d)
	s := &stochastic{f: f, purpose: "lowrank", first: 0.02}
	s.gradient = func(x []float64, noise *rand.Rand, out []float64) (float64, bool, error) {
		p := unpack(x)
		if !p.prepare() {
			return 0, false, nil
		}
		random.Antithetic(noise, eps, n, d)
		random.Antithetic(noise, eta, n, r)
		for i := 0; i < n; i++ {
			p.place(eps[i*d:(i+1)*d], eta[i*r:(i+1)*r], u[i*d:(i+1)*d])
		}
		if err := f.surf.Gradient(u, lp, g); err != nil {
			return 0, false, err
		}
		clear(out)
		value := 0.0
		for i := 0; i < n; i++ {
			if !graph.Finite(lp[i]) {
				return 0, false, nil
			}
			logq := p.gradient(u[i*d:(i+1)*d], h)
			value += (lp[i] - logq) / n
			for k, gk := range g[i*d : (i+1)*d] {
				y := (gk - h[k]) * unit[k] / n // ∇ log p − ∇ log q along the path
				out[k] += y
				out[d+k] += y * eps[i*d+k] * p.sd[k] / unit[k]
				for j := 0; j < r; j++ {
					out[2*d+k*r+j] += y * eta[i*r+j]
				}
			}
		}
		return value, graph.Finite(value) && graph.AllFinite(out), nil
	}
	s.divergence = func(a, b []float64) float64 { return marginalDivergence(unpack(a), unpack(b)) }
	if err := s.run(x); err != nil {
		return nil, err
	}
	q = unpack(s.x)
	fit.Converged, fit.Ended, fit.Decrement = s.converged, s.why, math.NaN()
	fit.Particles = n
	if d <= largestFull {
		if full := newGaussian(q.loc, q.covariance()); full != nil {
			return fit, f.conclude(fit, full)
		}
	}
	return fit, f.concludeFactored(fit, q, s)
}

// rank is that of the factors.
const rank = 10

// factored is N(loc, diag(sd²) + f fᵀ).
type factored struct {
	d, r    int
	loc, sd []float64
	f       []float64 // D×r

	inner  mat.Cholesky // of I + Fᵀ diag(sd⁻²) F
	logDet float64      // of the covariance
}

// approximate sets sd and f from the leading directions of a full covariance,
// in units of its sds.
func (q *factored) approximate(full *gaussian) {
	d, r := q.d, q.r
	q.loc = full.loc
	sd := make([]float64, d)
	for i := range sd {
		row := full.l[i*d : i*d+i+1]
		sd[i] = math.Sqrt(dot(row, row))
	}
	corr := mat.NewSymDense(d, nil)
	for i := 0; i < d; i++ {
		for j := 0; j <= i; j++ {
			corr.SetSym(i, j, dot(full.l[i*d:i*d+j+1], full.l[j*d:j*d+j+1])/(sd[i]*sd[j]))
		}
	}
	var e mat.EigenSym
	if !e.Factorize(corr, true) {
		return
	}
	values := e.Values(nil)
	var v mat.Dense
	e.VectorsTo(&v)
	for i := 0; i < d; i++ {
		left := 1.0
		for j := 0; j < r; j++ {
			// The least eigenvalue is the noise that all coordinates share.
			c := v.At(i, d-1-j) * math.Sqrt(math.Max(0, values[d-1-j]-values[0]))
			q.f[i*r+j] = sd[i] * c
			left -= c * c
		}
		q.sd[i] = sd[i] * math.Sqrt(math.Max(left, 0.01))
	}
}

func (q *factored) variance(i int) float64 {
	row := q.f[i*q.r : (i+1)*q.r]
	return q.sd[i]*q.sd[i] + dot(row, row)
}

func (q *factored) covariance() []float64 {
	c := make([]float64, q.d*q.d)
	for i := 0; i < q.d; i++ {
		for j := 0; j < q.d; j++ {
			c[i*q.d+j] = dot(q.f[i*q.r:(i+1)*q.r], q.f[j*q.r:(j+1)*q.r])
		}
		c[i*q.d+i] += q.sd[i] * q.sd[i]
	}
	return c
}

// prepare factorises what the log density needs, by the Woodbury identity.
func (q *factored) prepare() bool {
	inner := mat.NewSymDense(q.r, nil)
	for j := 0; j < q.r; j++ {
		for k := j; k < q.r; k++ {
			t := 0.0
			for i := 0; i < q.d; i++ {
				t += q.f[i*q.r+j] * q.f[i*q.r+k] / (q.sd[i] * q.sd[i])
			}
			if j == k {
				t++
			}
			inner.SetSym(j, k, t)
		}
	}
	if !q.inner.Factorize(inner) {
		return false
	}
	q.logDet = q.inner.LogDet()
	for _, s := range q.sd {
		q.logDet += 2 * math.Log(s)
	}
	return graph.Finite(q.logDet)
}

func (q *factored) place(eps, eta, u []float64) {
	for i := range u {
		u[i] = q.loc[i] + q.sd[i]*eps[i] + dot(q.f[i*q.r:(i+1)*q.r], eta)
	}
}

// gradient fills h with ∇ log q(u) and returns log q(u).
func (q *factored) gradient(u, h []float64) float64 {
	y := make([]float64, q.r)
	quad := 0.0
	for i := range u {
		x := u[i] - q.loc[i]
		h[i] = x / (q.sd[i] * q.sd[i])
		quad += x * h[i]
		axpy(h[i], q.f[i*q.r:(i+1)*q.r], y)
	}
	var z mat.VecDense
	if err := q.inner.SolveVecTo(&z, mat.NewVecDense(q.r, y)); err != nil {
		return math.NaN()
	}
	w := z.RawVector().Data
	quad -= dot(y, w)
	for i := range h {
		h[i] = -(h[i] - dot(q.f[i*q.r:(i+1)*q.r], w)/(q.sd[i]*q.sd[i]))
	}
	return -0.5 * (quad + q.logDet + float64(q.d)*math.Log(2*math.Pi))
}

// marginalDivergence is the largest symmetrised Kullback-Leibler divergence
// between the marginals of a coordinate.
func marginalDivergence(a, b *factored) float64 {
	worst := 0.0
	for i := range a.loc {
		va, vb := a.variance(i), b.variance(i)
		m := a.loc[i] - b.loc[i]
		worst = math.Max(worst, 0.5*(va/vb+vb/va-2+m*m*(1/va+1/vb)))
	}
	return worst
}

// concludeFactored makes the answer of a guide too large for a dense
// covariance: its own draws.
func (f *fitter) concludeFactored(fit *Answer, q *factored, s *stochastic) error {
	d, n := q.d, f.opt.Draws
	fit.Loc, fit.LogSD = q.loc, make([]float64, d)
	for i := range fit.LogSD {
		fit.LogSD[i] = 0.5 * math.Log(q.variance(i))
	}
	fit.Draws, fit.Applied = &Weighted{D: d, U: make([]float64, n*d), KHat: math.NaN(), ESS: float64(n)}, NoCorrection
	eps, eta := make([]float64, target.Lanes*d), make([]float64, target.Lanes*q.r)
	for from := 0; from < n; from += target.Lanes {
		noise := random.Stream(f.opt.Seed, "draws", from/target.Lanes)
		random.Balanced(noise, eps, target.Lanes, d)
		random.Balanced(noise, eta, target.Lanes, q.r)
		for i := from; i < min(n, from+target.Lanes); i++ {
			k := i - from
			q.place(eps[k*d:(k+1)*d], eta[k*q.r:(k+1)*q.r], fit.Draws.U[i*d:(i+1)*d])
		}
	}
	// The objective's own average: it is that of the last rate's iterates.
	fit.ELBO, fit.MCSE = s.value, math.NaN()
	fit.Modes[0] = Mode{q.loc, s.value}
	f.mark(fit)
	fit.Evaluations = f.evaluations()
	return nil
}

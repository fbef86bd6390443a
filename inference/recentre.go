package inference

import (
	"math"
	"runtime"

	"ppl/graph/parallel"
	"ppl/inference/random"
	"ppl/inference/target"
)

const (
	// recentrings bounds the rounds of recentring.
	recentrings = 5
	// Draws of the first round, and of any.
	leastRecentring, mostRecentring = 128, 512
	// smallError is the Monte-Carlo error of a location, in posterior sds, and
	// smallStep the step, likewise, after which no further round is made.
	smallError, smallStep = 0.05, 0.1
	// farthest is how many sds the way from the mean-field location may lead.
	farthest = 3
)

// recentre moves the Gaussian of linear response from the mean-field location
// to where the expected gradient under that Gaussian itself vanishes, the
// location of the closest Gaussian of this covariance, by Newton steps
//
//	μ ← μ − E[∇² log p(u)]⁻¹ E[∇ log p(u)],  u ~ N(μ, Σ),
//
// solved by conjugate gradients that Σ preconditions. The mean-field guide
// averages over a spread that ignores correlations, so that in a skewed posterior
// its location is off by a part of an sd that does not shrink with more
// particles; with the right spread the location is, to first order in the
// skewness, the posterior mean. Rounds use fresh antithetic draws, twice as many
// each time; worst is the largest Monte-Carlo error, in sds, of the last. Where
// the way leads far, or nowhere, the location stays as it is and worst is NaN.
func (f *fitter) recentre(r *response, loc []float64) (mu []float64, worst float64, way Moved, err error) {
	sd := r.variances()
	for i, v := range sd {
		sd[i] = math.Sqrt(v)
	}
	mu = append([]float64(nil), loc...)
	n := leastRecentring
	for round := 0; round < recentrings && !f.halted(); round++ {
		e := f.average(r, mu, n, round)
		step, spread, err := e.newton()
		if err != nil {
			return nil, 0, way, err
		}
		moved := 0.0
		worst, way = 0, Moved{}
		for i, s := range step {
			mu[i] += s
			moved = math.Max(moved, math.Abs(s)/sd[i])
			way.update(i, math.Abs(mu[i]-loc[i])/sd[i])
			worst = math.Max(worst, spread[i]/sd[i])
		}
		if !(way.SDs < farthest) {
			return append(mu[:0], loc...), math.NaN(), way, nil
		}
		if worst < smallError && moved < smallStep {
			break
		}
		n = min(2*n, mostRecentring)
	}
	return mu, worst, way, nil
}

// Moved is how far the location of an answer lies from that of the mean-field guide, in
// sds of the coordinate that has moved most.
type Moved struct {
	SDs        float64
	Coordinate int
}

// update takes a coordinate in; one that is not finite has moved infinitely far.
func (m *Moved) update(i int, sds float64) {
	if math.IsNaN(sds) {
		sds = math.Inf(1)
	}
	if sds > m.SDs {
		*m = Moved{sds, i}
	}
}

// averaged is a set of draws from the Gaussian around a location, in
// antithetic pairs, over which derivatives are averaged.
type averaged struct {
	f       *fitter
	r       *response
	d, n    int
	u, g    []float64
	v, hv   []float64
	lp      []float64
	workers int
}

func (f *fitter) average(r *response, mu []float64, n, round int) *averaged {
	d := f.t.D
	buf := func() []float64 { return make([]float64, n*d) }
	e := &averaged{f: f, r: r, d: d, n: n, u: buf(), g: buf(), v: buf(), hv: buf(), lp: make([]float64, n)}
	blocks := n / target.Lanes
	e.workers = min(blocks, runtime.GOMAXPROCS(0))
	parallel.Each(e.workers, func(w int) {
		z, y := make([]float64, target.Lanes*2*d), make([]float64, 2*d)
		for b := w; b < blocks; b += e.workers {
			random.Balanced(random.Stream(f.opt.Seed, "recentre", round*mostRecentring+b), z, target.Lanes, 2*d)
			for i := 0; i < target.Lanes; i++ {
				x := e.u[(b*target.Lanes+i)*d:][:d]
				r.colour(z[i*2*d:(i+1)*2*d], x, y)
				axpy(1, mu, x)
			}
		}
	})
	return e
}

// newton is the Newton step of the expected log density, and its Monte-Carlo
// error.
func (e *averaged) newton() (step, spread []float64, err error) {
	if err := e.f.surf.Gradient(e.u, e.lp, e.g); err != nil {
		return nil, nil, err
	}
	b := e.mean(e.g)
	spread = e.spread(b)
	d := e.d
	vec := func() []float64 { return make([]float64, d) }
	step = vec()
	res, z, p, q := append([]float64(nil), b...), vec(), vec(), vec()
	e.r.apply(res, z)
	copy(p, z)
	rz := dot(res, z)
	first := rz
	for i := 0; i < 12 && rz > 1e-2*first && !e.f.halted(); i++ {
		if err := e.product(p, q); err != nil {
			return nil, nil, err
		}
		curvature := dot(p, q)
		if !(curvature > 0) {
			break
		}
		axpy(rz/curvature, p, step)
		axpy(-rz/curvature, q, res)
		e.r.apply(res, z)
		old := rz
		rz = dot(res, z)
		for j := range p {
			p[j] = z[j] + rz/old*p[j]
		}
	}
	return step, spread, nil
}

// mean averages the rows of x.
func (e *averaged) mean(x []float64) []float64 {
	m := make([]float64, e.d)
	for i := 0; i < e.n; i++ {
		axpy(1/float64(e.n), x[i*e.d:(i+1)*e.d], m)
	}
	return m
}

// product fills q with −E[∇² log p] times p.
func (e *averaged) product(p, q []float64) error {
	for i := 0; i < e.n; i++ {
		copy(e.v[i*e.d:], p)
	}
	if err := e.f.surf.Product(e.u, e.v, e.lp, e.g, e.hv); err != nil {
		return err
	}
	clear(q)
	axpy(-1, e.mean(e.hv), q)
	return nil
}

// spread is the Monte-Carlo error of the step, by the spread over pairs.
func (e *averaged) spread(mean []float64) []float64 {
	pairs := e.n / 2
	d := e.d
	parallel.Each(e.workers, func(w int) {
		x := make([]float64, d)
		for p := w; p < pairs; p += e.workers {
			for i := range x {
				x[i] = 0.5*(e.g[2*p*d+i]+e.g[(2*p+1)*d+i]) - mean[i]
			}
			e.r.apply(x, e.v[p*d:(p+1)*d])
		}
	})
	s := make([]float64, d)
	for p := 0; p < pairs; p++ {
		for i, v := range e.v[p*d : (p+1)*d] {
			s[i] += v * v
		}
	}
	for i := range s {
		s[i] = math.Sqrt(s[i] / float64(pairs*(pairs-1)))
	}
	return s
}

package nuts

import (
	"math"
	"math/rand/v2"
	"ppl/graph"
)

// Density is a log density on unconstrained vectors, up to a constant, with its
// gradient; *target.Density of one point is one. The results are read before
// the next call. An error is a fault of ours; where there is no density the
// value is −Inf or NaN.
type Density interface {
	Eval(q []float64) (logDensity, gradient []float64, err error)
}

// point is a point of phase space: position and momentum, with the log density
// and its gradient at the position, and the velocity v = M⁻¹p once its energy has
// been asked for.
type point struct {
	q, p, g, v []float64
	lp         float64
}

func newPoint(d int) point {
	return point{q: make([]float64, d), p: make([]float64, d), g: make([]float64, d), v: make([]float64, d)}
}

func (z *point) set(from *point) {
	copy(z.q, from.q)
	copy(z.p, from.p)
	copy(z.g, from.g)
	copy(z.v, from.v)
	z.lp = from.lp
}

// system is what moves a point: the density and M⁻¹.
type system struct {
	density     Density
	invMetric   []float64   // the diagonal of M⁻¹
	covariances covariances // all of M⁻¹; nil if it is diagonal
	scale       []float64   // by which rows and columns of M⁻¹ are multiplied; nil: 1
	scaled      []float64
	evaluations int
	err         error // the first one of the density
}

// covariances are an M⁻¹ that is not diagonal.
type covariances interface {
	// times sets v = M⁻¹p; kick draws p ~ N(0, M).
	times(p, v []float64)
	kick(p []float64, r *rand.Rand)
}

// evaluate fills the log density and the gradient at the point's position.
func (s *system) evaluate(z *point) {
	s.evaluations++
	lp, g, err := s.density.Eval(z.q)
	if err != nil {
		if s.err == nil {
			s.err = err
		}
		z.lp = math.NaN()
		return
	}
	z.lp = lp[0]
	copy(z.g, g)
}

// energy is H = −log π(q) + ½pᵀM⁻¹p, and +Inf wherever that is not finite: a
// gradient that is not finite shows in the momentum.
func (s *system) energy(z *point) float64 {
	s.velocity(z)
	kinetic := 0.0
	for i, p := range z.p {
		kinetic += p * z.v[i]
	}
	if h := kinetic/2 - z.lp; graph.Finite(h) {
		return h
	}
	return math.Inf(1)
}

// leapfrog moves the point by one step: half a kick, a drift, half a kick. A
// negative step goes back in time.
func (s *system) leapfrog(z *point, step float64) {
	for i, g := range z.g {
		z.p[i] += step / 2 * g
	}
	s.velocity(z)
	for i, v := range z.v {
		z.q[i] += step * v
	}
	s.evaluate(z)
	for i, g := range z.g {
		z.p[i] += step / 2 * g
	}
}

// velocity is v = M⁻¹p.
func (s *system) velocity(z *point) {
	p := z.p
	if s.scale != nil {
		if len(s.scaled) != len(p) {
			s.scaled = make([]float64, len(p))
		}
		for i, x := range p {
			s.scaled[i] = s.scale[i] * x
		}
		p = s.scaled
	}
	if s.covariances != nil {
		s.covariances.times(p, z.v)
	} else {
		for i, x := range p {
			z.v[i] = s.invMetric[i] * x
		}
	}
	for i, x := range s.scale {
		z.v[i] *= x
	}
}

// kick draws a new momentum p ~ N(0, M).
func (s *system) kick(z *point, r *rand.Rand) {
	if s.covariances != nil {
		s.covariances.kick(z.p, r)
	} else {
		for i, v := range s.invMetric {
			z.p[i] = r.NormFloat64() / math.Sqrt(v)
		}
	}
	for i, x := range s.scale {
		z.p[i] /= x
	}
}

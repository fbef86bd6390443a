package inference

import (
	"math"

	"gonum.org/v1/gonum/mat"

	"ppl/graph"
	"ppl/inference/arrow"
)

// climber moves one point up the log density.
type climber struct {
	u         []float64
	lp        float64
	g         []float64     // gradient at u
	h         *arrow.Matrix // negated Hessian at u
	steps     int
	decrement float64 // ½ gᵀ|H|⁻¹g at u, in nats
	done      bool
	why       string
}

const (
	// dampings and shortenings are the steps that one iteration of climb tries.
	shortest = 1.0 / 4096
	// stride bounds a step in coordinates whose transform is an exponential or
	// the like: e² is a large factor.
	stride = 2.0
)

var (
	dampings    = []float64{0, 1e-4, 1e-2, 1e-1, 1, 10, 100, 1e4}
	shortenings = []float64{1, 0.5, 0.125, 1.0 / 32, 1.0 / 256, shortest}
)

// climb runs damped Newton steps on the log density from c.u, until the Newton
// decrement falls below tol nats or n steps are made:
//
//	u ← u + t·D·V (|Λ| + μ)⁻¹ Vᵀ·D·g,  −DHD = VΛVᵀ, D = diag |H|^−½,
//
// saddle-free by the absolute eigenvalues (Dauphin et al. 2014), whatever the
// units of the coordinates. The best combination of a few dampings μ and lengths
// t is taken: see search.
func (f *fitter) climb(c *climber, tol float64, n int) error {
	shift := 0.0
	for ; c.steps < n; c.steps++ {
		h, g, err := f.hessianInTime(f.pattern, c.u)
		if isStopped(err) {
			c.why = f.why
			return nil
		}
		if err != nil {
			return err
		}
		c.g, c.h = g, h
		if !graph.AllFinite(g) || !h.Finite() {
			c.why = "the Hessian is not finite"
			return nil
		}
		q := newQuadratic(h, shift)
		c.decrement = q.decrement(g)
		if q, is := q.(*shifted); is {
			shift = q.least
		}
		if c.decrement < tol {
			c.done = true
			return nil
		}
		if f.halted() {
			c.why = f.why
			return nil
		}
		gain, err := f.search(c, q)
		if err != nil {
			return err
		}
		if gain <= 0 {
			c.why = "no step along the Newton direction raises the density"
			return nil
		}
		f.tell(c.lp, c.decrement)
		if gain < 1e-9*(1+1e-4*math.Abs(c.lp)) {
			c.why = "the density no longer rises"
			c.steps++
			break
		}
	}
	h, g, err := f.hessianInTime(f.pattern, c.u)
	if isStopped(err) {
		return nil // with the Hessian of the step before
	}
	c.h, c.g = h, g
	return err
}

// search moves c to the best of the steps from it, and tells what that gains; 0
// if none raises the density. Where each damping costs a factorisation they are
// tried one after another, until one gains a good part of what the model of the
// density promises.
func (f *fitter) search(c *climber, q quadratic) (gain float64, err error) {
	_, all := q.(*spectrum)
	together := len(dampings)
	if !all {
		together = 1
	}
	d := f.t.D
	to := make([]float64, d)
	lp := c.lp
	for from := 0; from < len(dampings) && (from == 0 || gain < 0.1*c.decrement); from += together {
		us, lps := append([]float64(nil), c.u...), make([]float64, 1+together*len(shortenings))
		for _, mu := range dampings[from : from+together] {
			p := q.solve(c.g, mu)
			f.shorten(p)
			for _, t := range shortenings {
				us = append(us, c.u...)
				axpy(t, p, us[len(us)-d:])
			}
		}
		if err := f.surf.Value(us, lps); err != nil {
			return 0, err
		}
		for i, v := range lps {
			if graph.Finite(v) && v-lps[0] > gain {
				gain, lp = v-lps[0], v
				copy(to, us[i*d:])
			}
		}
	}
	if gain > 0 {
		copy(c.u, to)
		c.lp = lp
	}
	return gain, nil
}

// shorten scales a step so that no coordinate behind a transform moves by more
// than stride.
func (f *fitter) shorten(p []float64) {
	most := 0.0
	for i, v := range p {
		if f.curved[i] {
			most = math.Max(most, math.Abs(v))
		}
	}
	if most > stride {
		for i := range p {
			p[i] *= stride / most
		}
	}
}

// quadratic is a negated Hessian that Newton steps are taken with.
type quadratic interface {
	// solve is (|−H| + μ diag)⁻¹ g.
	solve(g []float64, mu float64) []float64
	// decrement is ½ gᵀ|H|⁻¹g: how far, in nats, a quadratic model says that the
	// optimum is.
	decrement(g []float64) float64
}

// largestSpectrum bounds the eigendecompositions that are made.
const largestSpectrum = 128

// newQuadratic takes the shift that the matrix of the step before needed.
func newQuadratic(h *arrow.Matrix, shift float64) quadratic {
	if len(h.Blocks) == 0 && h.Size() <= largestSpectrum {
		return newSpectrum(h)
	}
	return newShifted(h, shift)
}

// shifted solves with the smallest shift, of μ and more, that makes the scaled
// matrix positive definite.
type shifted struct {
	h      *arrow.Matrix
	scale  []float64
	least  float64         // the shift that it needs
	factor *arrow.Cholesky // with that shift; nil if there is none
}

// newShifted looks for the least shift, from a little below the guess.
func newShifted(h *arrow.Matrix, guess float64) *shifted {
	q := &shifted{h: h, scale: unitDiagonal(h)}
	if q.least = guess / 100; q.least < 1e-6 {
		q.least = 0
	}
	for ; q.least < 1e8; q.least = math.Max(1e-6, q.least*10) {
		if c, ok := q.shift(q.least); ok {
			q.factor = c
			break
		}
	}
	return q
}

func (q *shifted) shift(mu float64) (*arrow.Cholesky, bool) {
	shift := make([]float64, q.h.Size())
	for i := range shift {
		shift[i] = mu
	}
	return q.h.Scaled(q.scale, shift).Factor()
}

func (q *shifted) solve(g []float64, mu float64) []float64 {
	x := make([]float64, len(g))
	c := q.factor
	if c != nil && mu > q.least {
		if more, ok := q.shift(mu); ok {
			c = more
		}
	}
	if c == nil {
		return x
	}
	for i := range x {
		x[i] = g[i] * q.scale[i]
	}
	c.Solve(x, x)
	for i := range x {
		x[i] *= q.scale[i]
	}
	return x
}

func (q *shifted) decrement(g []float64) float64 { return 0.5 * dot(g, q.solve(g, 0)) }

// spectrum is the eigendecomposition of a negated, scaled Hessian:
// −D H D = V Λ Vᵀ.
type spectrum struct {
	n      int
	scale  []float64 // the diagonal of D
	values []float64
	v      *mat.Dense
}

func newSpectrum(h *arrow.Matrix) *spectrum {
	n := h.Size()
	q := &spectrum{n: n, scale: unitDiagonal(h)}
	s := mat.NewSymDense(n, nil)
	for i := 0; i < n; i++ {
		for j := i; j < n; j++ {
			s.SetSym(i, j, h.Corner[i*n+j]*q.scale[i]*q.scale[j])
		}
	}
	var e mat.EigenSym
	e.Factorize(s, true)
	q.values = e.Values(nil)
	q.v = &mat.Dense{}
	e.VectorsTo(q.v)
	return q
}

// solve is D V (|Λ| + μ)⁻¹ Vᵀ D g. Eigenvalues that are zero up to rounding
// count as such a rounding error.
func (q *spectrum) solve(g []float64, mu float64) []float64 {
	z := q.project(g)
	floor := q.floor()
	for k := range z {
		z[k] /= math.Max(math.Abs(q.values[k]), floor) + mu
	}
	p := make([]float64, q.n)
	for i := range p {
		for k := range z {
			p[i] += q.v.At(i, k) * z[k]
		}
		p[i] *= q.scale[i]
	}
	return p
}

func (q *spectrum) floor() float64 {
	m := 0.0
	for _, l := range q.values {
		m = math.Max(m, math.Abs(l))
	}
	return math.Max(1e-13*m, math.SmallestNonzeroFloat64)
}

// project is Vᵀ D g.
func (q *spectrum) project(g []float64) []float64 {
	z := make([]float64, q.n)
	for k := range z {
		for i := range g {
			z[k] += q.v.At(i, k) * q.scale[i] * g[i]
		}
	}
	return z
}

func (q *spectrum) decrement(g []float64) float64 {
	t, floor := 0.0, q.floor()
	for k, z := range q.project(g) {
		t += 0.5 * z * z / math.Max(math.Abs(q.values[k]), floor)
	}
	return t
}

package inference

import (
	"math"

	"gonum.org/v1/gonum/mat"

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
	// dampings and shortenings are the steps that one iteration of climb tries,
	// all in one run.
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
// units of the coordinates. All combinations of a few dampings μ and lengths t
// are evaluated at once and the best is taken.
func (f *fitter) climb(c *climber, tol float64, n int) error {
	d := f.t.D
	trials := 1 + len(dampings)*len(shortenings)
	us, lps := make([]float64, trials*d), make([]float64, trials)
	for ; c.steps < n; c.steps++ {
		h, g, err := f.hessian(c.u)
		if err != nil {
			return err
		}
		c.g, c.h = g, h
		if !allFinite(g) || !h.Finite() {
			c.why = "the Hessian is not finite"
			return nil
		}
		q := newQuadratic(h)
		c.decrement = q.decrement(g)
		if c.decrement < tol {
			c.done = true
			return nil
		}
		if f.halted() {
			c.why = f.why
			return nil
		}
		for i, mu := range dampings {
			if _, dense := q.(*spectrum); !dense && i%2 == 1 {
				// A factorisation for each: every other one must do.
				for j := range shortenings {
					copy(us[(1+i*len(shortenings)+j)*d:], c.u)
				}
				continue
			}
			p := q.solve(g, mu)
			f.shorten(p)
			for j, t := range shortenings {
				row := us[(1+i*len(shortenings)+j)*d:][:d]
				for k := range row {
					row[k] = c.u[k] + t*p[k]
				}
			}
		}
		copy(us, c.u)
		if err := f.surf.Value(us, lps); err != nil {
			return err
		}
		lp := lps[0]
		best := -1
		for i, v := range lps {
			if finite(v) && v > lp && (best < 0 || v > lps[best]) {
				best = i
			}
		}
		if best < 0 {
			c.why = "no step along the Newton direction raises the density"
			return nil
		}
		gain := lps[best] - lp
		copy(c.u, us[best*d:][:d])
		c.lp = lps[best]
		f.tell(c.lp, c.decrement)
		if gain < 1e-9*(1+1e-4*math.Abs(lp)) {
			c.why = "the density no longer rises"
			c.steps++
			break
		}
	}
	var err error
	c.h, c.g, err = f.hessian(c.u)
	return err
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

func newQuadratic(h *arrow.Matrix) quadratic {
	if len(h.Blocks) == 0 && h.Size() <= largestSpectrum {
		return newSpectrum(h)
	}
	return &shifted{h: h, scale: unitDiagonal(h)}
}

// shifted solves with the smallest shift, of μ and more, that makes the scaled
// matrix positive definite.
type shifted struct {
	h     *arrow.Matrix
	scale []float64
}

func (q *shifted) solve(g []float64, mu float64) []float64 {
	n := len(g)
	shift, x := make([]float64, n), make([]float64, n)
	for ; mu < 1e8; mu = math.Max(1e-6, mu*10) {
		for i := range shift {
			shift[i] = mu
		}
		c, ok := q.h.Scaled(q.scale, shift).Factor()
		if !ok {
			continue
		}
		for i := range x {
			x[i] = g[i] * q.scale[i]
		}
		c.Solve(x, x)
		break
	}
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

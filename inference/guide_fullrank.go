package inference

import (
	"math"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"

	"ppl/graph"
	"ppl/inference/random"
	"ppl/inference/target"
)

var fullRank = Family{Name: "fullrank", Doc: "any covariance", Most: largestFull, Instead: "lowrank", fit: (*fitter).fullrank}

// fullrank is the Gaussian with any covariance that is closest to the posterior
// by the ELBO. It takes natural-gradient steps with the expected gradient and
// Hessian of the log density under the guide (Bonnet's and Price's theorems:
// Opper & Archambeau 2009; Khan & Rue 2023, "The Bayesian learning rule", sec.
// 4.1),
//
//	S ← S + ρG + ½ρ²GΣG,  G = E[−∇² log p] − S,
//	μ ← μ + ρ S⁻¹ E[∇ log p],
//
// whose second-order term keeps the precision S = Σ⁻¹ positive definite (Lin,
// Schmidt & Khan 2020). Expectations are over fresh draws. Steps have a fixed
// rate until the Newton decrement is down to its noise; then rates 1/k average
// the noise out.
func (f *fitter) fullrank() (*Answer, error) {
	fit, o, a, err := f.base()
	if err != nil {
		return nil, err
	}
	q, err := f.around(o, a)
	if err != nil {
		return nil, err
	}
	f.stage = "optimise"
	n := &natural{f: f, d: f.t.D}
	if q, err = n.run(q); err != nil {
		return nil, err
	}
	fit.Converged, fit.Ended, fit.Decrement = n.converged, n.why, n.decrement
	return fit, f.conclude(fit, q)
}

// largestFull bounds the latents of a full-rank guide: its covariance has D²
// elements, and a step takes D products with each draw's Hessian.
const largestFull = 600

// natural is the state of the optimisation.
type natural struct {
	f *fitter
	d int

	decrement float64
	converged bool
	why       string
}

const (
	naturalRate  = 0.5
	naturalSteps = 60  // at the fixed rate
	averaging    = 100 // steps at rates 1/k
	naturalError = 0.02
)

func (n *natural) run(q *gaussian) (*gaussian, error) {
	d := n.d
	s := precision(q)
	best := math.Inf(1)
	since := 0
	k := 0 // steps of the averaging phase
	for step := 0; ; step++ {
		if n.f.halted() {
			n.why = n.f.why
			return q, nil
		}
		e, err := n.expect(q, step)
		if err != nil {
			return nil, err
		}
		if e == nil {
			n.why = "the density is not finite among the guide's draws"
			return q, nil
		}
		// G, and the decrement ½ gᵀΣg + ¼ tr(ΣGΣG).
		g := make([]float64, d*d)
		for i := range g {
			g[i] = e.h[i] - s[i]
		}
		sg := q.times(g) // Σ G
		n.decrement = 0.0
		for i := 0; i < d; i++ {
			for j := 0; j < d; j++ {
				n.decrement += 0.25 * sg[i*d+j] * sg[j*d+i]
			}
		}
		white := q.whiten(e.g) // Lᵀ g
		n.decrement += 0.5 * dot(white, white)
		n.f.tell(e.value, n.decrement)
		rate := naturalRate
		switch {
		case k > 0:
			rate = 1 / float64(k+2)
			if k++; k >= 8 && e.error/math.Sqrt(float64(k)) < naturalError || k > averaging {
				n.converged = e.error/math.Sqrt(float64(k)) < 2.5*naturalError
				n.why = "converged"
				if !n.converged {
					n.why = "the noise of the gradients did not average out"
				}
				return q, nil
			}
		case n.decrement < 0.7*best:
			best, since = n.decrement, 0
		default:
			since++
		}
		if k == 0 && (n.decrement < decrementTol || since >= 4 || step >= naturalSteps) {
			if step >= naturalSteps && n.decrement > 1 {
				n.why = "the limit of natural-gradient steps was reached"
				return q, nil
			}
			k = 1
		}
		var next *gaussian
		var t []float64
		for ; rate > 1e-4; rate /= 2 {
			// S + ρG + ½ρ²GΣG
			t = append([]float64(nil), s...)
			for i := range t {
				t[i] += rate * g[i]
			}
			blas64.Gemm(blas.NoTrans, blas.NoTrans, 0.5*rate*rate, general(g, d), general(sg, d), 1, general(t, d))
			target.Symmetrise(t, d)
			if next = fromPrecision(q.loc, t); next != nil {
				break
			}
		}
		if next == nil {
			n.why = "the covariance lost its rank"
			return q, nil
		}
		s = t
		move := next.covarianceTimes(e.g)
		loc := append([]float64(nil), q.loc...)
		n.limit(move)
		axpy(rate, move, loc)
		next.loc = loc
		q = next
	}
}

// limit keeps a step within what the curved coordinates bear.
func (n *natural) limit(p []float64) { n.f.shorten(p) }

func general(a []float64, d int) blas64.General {
	return blas64.General{Rows: d, Cols: d, Stride: d, Data: a}
}

// expectation holds means under the guide.
type expectation struct {
	value float64
	g, h  []float64 // gradient, negated Hessian
	error float64   // largest Monte-Carlo error of the location that g implies, in sds
}

// expect averages over fresh draws; nil if something is not finite.
func (n *natural) expect(q *gaussian, step int) (*expectation, error) {
	d := n.d
	draws := 2 * max(4, min(32, 1024/d))
	eps := make([]float64, draws*d)
	random.Balanced(random.Stream(n.f.opt.Seed, "natural", step), eps, draws, d)
	e := &expectation{g: make([]float64, d), h: make([]float64, d*d)}
	pattern := n.f.pattern
	w := 1 / float64(draws)
	gs := make([][]float64, draws)
	u := make([]float64, d)
	for i := 0; i < draws; i++ {
		q.place(eps[i*d:(i+1)*d], 1, u)
		h, g, err := n.f.hessianAs(pattern, u)
		if err != nil {
			return nil, err
		}
		if !graph.AllFinite(g) || !h.Finite() {
			return nil, nil
		}
		h.AddDense(w, e.h)
		axpy(w, g, e.g)
		gs[i] = g
	}
	// The error of the mean over antithetic pairs, in units of the guide's sds.
	white := make([]float64, d)
	for i := 0; i+1 < draws; i += 2 {
		x := make([]float64, d)
		for j := range x {
			x[j] = 0.5*(gs[i][j]+gs[i+1][j]) - e.g[j]
		}
		for j, v := range q.whiten(x) {
			white[j] += v * v
		}
	}
	pairs := float64(draws / 2)
	for _, v := range white {
		e.error = math.Max(e.error, math.Sqrt(v/(pairs*(pairs-1))))
	}
	return e, nil
}

// whiten is Lᵀ g.
func (q *gaussian) whiten(g []float64) []float64 {
	out := make([]float64, q.d)
	for i, x := range g {
		axpy(x, q.l[i*q.d:i*q.d+i+1], out)
	}
	return out
}

// covarianceTimes is L Lᵀ g.
func (q *gaussian) covarianceTimes(g []float64) []float64 {
	w := q.whiten(g)
	out := make([]float64, q.d)
	for i := range out {
		out[i] = dot(q.l[i*q.d:i*q.d+i+1], w[:i+1])
	}
	return out
}

// times is Σ·A for a D×D matrix A.
func (q *gaussian) times(a []float64) []float64 {
	d := q.d
	t := append([]float64(nil), a...)
	l := blas64.Triangular{N: d, Stride: d, Data: q.l, Uplo: blas.Lower, Diag: blas.NonUnit}
	blas64.Trmm(blas.Left, blas.Trans, 1, l, general(t, d))
	blas64.Trmm(blas.Left, blas.NoTrans, 1, l, general(t, d))
	return t
}

// precision is Σ⁻¹.
func precision(q *gaussian) []float64 {
	d := q.d
	inv := make([]float64, d*d) // L⁻¹
	for i := 0; i < d; i++ {
		inv[i*d+i] = 1
	}
	l := blas64.Triangular{N: d, Stride: d, Data: q.l, Uplo: blas.Lower, Diag: blas.NonUnit}
	blas64.Trsm(blas.Left, blas.NoTrans, 1, l, general(inv, d))
	out := make([]float64, d*d)
	blas64.Gemm(blas.Trans, blas.NoTrans, 1, general(inv, d), general(inv, d), 0, general(out, d))
	target.Symmetrise(out, d)
	return out
}

// fromPrecision inverts; nil if s is not positive definite.
func fromPrecision(loc, s []float64) *gaussian {
	q := newGaussian(loc, s) // the factor of the precision
	if q == nil {
		return nil
	}
	return newGaussian(loc, precision(q))
}

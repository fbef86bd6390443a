package inference

import (
	"cmp"
	"context"
	"math"
	"slices"

	"ppl/inference/psis"
	"ppl/inference/tails"
	"ppl/inference/target"
)

// Shortfall says how much of a latent's second moment lies beyond the draws' reach: a lower
// bound of the share that is missing.
//
// Draws that stop short of a tail look as if it were light, to every diagnostic that
// looks at draws alone. The density knows better. By Stein's identity, on the
// unconstrained scale,
//
//	E[f′(u_i) + f(u_i) ∂ log p/∂u_i] = 0
//
// for any f that does not grow too fast. With u_i = log x and f = x² it says that
// E[x²(2 + ∂ log p/∂ log x)] = 0: a tail pulls back as strongly as x² grows. Of draws
// that end at x* the average is the density of log x at x*, times x*²: what the tail
// would have pulled. In units of E[x²] that is the shortfall; where x has the tail
// index 1/α, the second moment that is missing is 1/(α − 2) times as much. Of a latent
// without bounds it is the variance, and f the cube of the distance from the mean.
type Shortfall struct {
	Coordinate   int
	Share, Error float64
}

// reachDraws and reachWork bound the draws, and the elements that evaluations work
// through.
const (
	reachDraws = 16384
	reachWork  = 1e9
)

// ShortfallOf is the largest one that is beyond its error, of draws u of a target's
// latents with weights w, or of so many chains; the zero value where there is none, or
// the gradients would take too long.
func ShortfallOf(ctx context.Context, t *target.Target, u, w []float64, chains int) (Shortfall, error) {
	none := Shortfall{}
	if t.D == 0 || len(u) == 0 || len(t.Discrete) > 0 || ctx.Err() != nil {
		return none, nil
	}
	s, err := t.NewSurface()
	if err != nil {
		return none, err
	}
	n := len(u) / t.D
	if n > reachDraws && w == nil { // of each chain the same part
		u, n = thinned(u, t.D, max(1, chains), n/reachDraws)
	}
	if 4*float64(n)*s.Cost() > reachWork {
		return none, nil
	}
	reaches := heavyReaches(t, u, w)
	if len(reaches) == 0 {
		return none, nil
	}
	lp, g := make([]float64, n), make([]float64, n*t.D)
	if err := s.Gradient(u, lp, g); err != nil {
		return none, err
	}
	for k, r := range reaches {
		if float64(4*k*n)*float64(t.D*t.D) > reachWork { // the regressions
			break
		}
		if x := r.shortfall(u, g, w, t.D, chains); x.Share > none.Share {
			none = x
		}
	}
	return none, nil
}

// reach is a coordinate, what its second moment is the mean of at each draw, and that mean.
type reach struct {
	i       int
	squares []float64
	second  float64
	// log says that the coordinate is the logarithm of the latent; centre is the mean of
	// one that is not.
	log    bool
	centre float64
}

// heavyReaches are those of the latents that have a tail to speak of, the heaviest first.
func heavyReaches(t *target.Target, u, w []float64) []reach {
	var out []reach
	var heavy []float64
	x, done := psis.Numbers(len(u) / t.D)
	defer done()
	spare := make([]float64, len(x))
	for _, s := range t.Slots {
		log := s.Transform.Name == "exp"
		if !log && s.Transform.Name != "identity" {
			continue
		}
		for e := range s.Free.Size() {
			r := newReach(u, w, s.Offset+e, t.D, log, x, spare)
			h := topShare(r.squares, w, r.second)
			if !(h > heavyShare) {
				continue
			}
			spare = make([]float64, len(x))
			at, _ := slices.BinarySearchFunc(heavy, h, func(a, b float64) int { return cmp.Compare(b, a) })
			heavy, out = slices.Insert(heavy, at, h), slices.Insert(out, at, r)
		}
	}
	return out
}

// newReach is that of a coordinate; x is room for as many numbers as there are draws, and squares what the reach has.
func newReach(u, w []float64, i, d int, log bool, x, squares []float64) reach {
	r := reach{i: i, log: log, squares: squares}
	top := math.Inf(-1)
	for k := range x {
		x[k] = u[k*d+i]
		top = math.Max(top, x[k])
	}
	if !log {
		r.centre = tails.WeightedMean(x, w)
	}
	for k, v := range x {
		if log {
			r.squares[k] = math.Exp(2 * (v - top)) // in units of the largest
		} else {
			r.squares[k] = (v - r.centre) * (v - r.centre)
		}
	}
	r.second = tails.WeightedMean(r.squares, w)
	return r
}

// beyondChance is how many standard errors a shortfall must have.
const beyondChance = 3

func (r *reach) shortfall(u, g, w []float64, d, chains int) Shortfall {
	n, squares, second := len(r.squares), r.squares, r.second
	tilted, effective := make([]float64, n), 0.0 // the draws' weights towards p(u)x²
	for k, v := range squares {
		tilted[k] = v / second / float64(n)
		if w != nil {
			tilted[k] = w[k] * v / second
		}
		effective += tilted[k] * tilted[k]
	}
	if effective = 1 / effective; effective < drawsPerControl*2*float64(d) {
		return Shortfall{}
	}
	terms := r.controlled(u, g, tilted, d)
	for k := range terms {
		terms[k] *= squares[k] / second
	}
	m := tails.Weighted(terms, w)
	if chains > 1 {
		each := make([][]float64, chains)
		for c := range each {
			each[c] = terms[c*(n/chains) : (c+1)*(n/chains)]
		}
		m = tails.Chains(each)
	}
	if !(m.Mean > beyondChance*m.MeanError) {
		return Shortfall{}
	}
	return Shortfall{r.i, m.Mean, m.MeanError}
}

// drawsPerControl is how many effective draws a coefficient of a control takes.
const drawsPerControl = 10

// heavyShare is the share of a second moment that the largest hundredth of the draws has
// where there is a tail to speak of: it is 0.085 of a normal distribution's.
const heavyShare = 0.1

// topShare is the share of the mean that the largest hundredth of the draws, without
// weights, has.
func topShare(x, w []float64, mean float64) float64 {
	cut, sum := psis.Top(x, 1+len(x)/100)[0], 0.0
	for k, v := range x {
		switch {
		case v <= cut:
		case w == nil:
			sum += v / float64(len(x))
		default:
			sum += w[k] * v
		}
	}
	return sum / mean
}

// controlled are 2 + ∂ log p/∂u_i, or 3 + (u_i − m_i) ∂ log p/∂u_i without bounds, less
// what is known to average zero under p(u) times the square and goes along with it: ∂ log p/∂u_j and 1 + (u_j − m_j) ∂ log p/∂u_j, Stein's identity
// along the other coordinates. Their coefficients are those of a regression with an
// intercept (Oates, Girolami & Chopin 2017, "Control functionals for Monte Carlo
// integration", with linear functions). It is they that know a latent to scale others:
// moving a scale together with what it scales changes the density far less than by itself.
func (r *reach) controlled(u, g, w []float64, d int) []float64 {
	n, p, i := len(w), 2*(d-1), r.i
	terms, mean := make([]float64, n), make([]float64, d)
	for k := range n {
		axpy(w[k], u[k*d:(k+1)*d], mean)
		if terms[k] = 2 + g[k*d+i]; !r.log {
			terms[k] = 3 + (u[k*d+i]-r.centre)*g[k*d+i]
		}
	}
	controls := func(k int, x []float64) {
		c := 0
		for j := range d {
			if j == i {
				continue
			}
			gj := g[k*d+j]
			x[c], x[c+1] = gj, 1+(u[k*d+j]-mean[j])*gj
			c += 2
		}
	}
	x, centre, average := make([]float64, p), make([]float64, p), 0.0
	for k := range n {
		controls(k, x)
		axpy(w[k], x, centre)
		average += w[k] * terms[k]
	}
	gram, rhs := make([]float64, p*p), make([]float64, p)
	for k := range n {
		controls(k, x)
		axpy(-1, centre, x)
		for c := range x {
			axpy(w[k]*x[c], x[:c+1], gram[c*p:c*p+c+1])
		}
		axpy(w[k]*(terms[k]-average), x, rhs)
	}
	for c := range p {
		gram[c*p+c] *= 1 + 1e-9
		for e := range c {
			gram[e*p+c] = gram[c*p+e]
		}
	}
	q := newGaussian(make([]float64, p), gram) // for its Cholesky factor
	if q == nil || p == 0 {
		return terms
	}
	beta := q.solve(rhs)
	for k := range n {
		controls(k, x)
		terms[k] -= dot(beta, x)
	}
	return terms
}

// solve is the inverse of the covariance times b.
func (q *gaussian) solve(b []float64) []float64 {
	x := append([]float64(nil), b...)
	for i := range x {
		for j := range i {
			x[i] -= q.l[i*q.d+j] * x[j]
		}
		x[i] /= q.l[i*q.d+i]
	}
	for i := q.d - 1; i >= 0; i-- {
		for j := i + 1; j < q.d; j++ {
			x[i] -= q.l[j*q.d+i] * x[j]
		}
		x[i] /= q.l[i*q.d+i]
	}
	return x
}

// thinned keeps one in so many draws of each chain.
func thinned(u []float64, d, chains, thin int) ([]float64, int) {
	each := len(u) / d / chains
	var out []float64
	for c := range chains {
		for k := thin - 1; k < each; k += thin {
			at := (c*each + k) * d
			out = append(out, u[at:at+d]...)
		}
	}
	return out, len(out) / d
}

package inference

import (
	"context"
	"math"

	"ppl/graph"
	"ppl/inference/tails"
	"ppl/inference/target"
)

// Displacement says by how much draws are out of place, as their gradients tell: by Off of the sds that a
// Gaussian with such gradients would have, with a Monte-Carlo error. The zero value says nothing.
//
// Particles and chains that do not enter the neck of a funnel agree with one another, and so do
// all of their runs. The density knows better: by Stein's identity the gradient g of its log averages
// zero, whatever its shape. Draws of a Gaussian that are displaced by δ have the average −Gδ, where G is the covariance of g
// and the inverse of that of the draws; so the displacement is told as −G⁻¹E[g]. Of all
// combinations of gradients with the same effect in a coordinate, its own in G⁻¹g varies least. Where draws
// stop short of a part of a coordinate whose density there is p, it is p times the variance.
type Displacement struct {
	Coordinate int
	Off, Error float64
}

const (
	// displacedDraws are as many draws as are looked at.
	displacedDraws = 16384
	// displacedMost is how much may be left of a displacement when three errors of it are taken off: exact draws
	// have nothing left.
	displacedMost = 0.05
)

// Displaced reports whether draws are further out of place than chance makes them.
func (x Displacement) Displaced() bool { return x.Off-beyondChance*x.Error > displacedMost }

// DisplacementOf is the one that is the largest, three times its error taken off, of draws u of a target's latents
// with weights w, or of so many chains. It is zero where it is no larger than that, the gradients
// would take too long, or the density jumps.
func DisplacementOf(ctx context.Context, t *target.Target, u, w []float64, chains int) (Displacement, error) {
	none, d := Displacement{}, t.D
	if d == 0 || len(u) == 0 || t.Guided() || ctx.Err() != nil {
		return none, nil
	}
	s, err := t.NewSurface()
	if err != nil {
		return none, err
	}
	n := len(u) / d
	if n > displacedDraws && w == nil {
		u, n = thinned(u, d, max(1, chains), (n+displacedDraws-1)/displacedDraws)
	}
	if 4*float64(n)*s.Cost() > reachWork || float64(n)*float64(d*d) > reachWork {
		return none, nil
	}
	lp, g := make([]float64, n), make([]float64, n*d)
	if err := s.Gradient(u, lp, g); err != nil {
		return none, err
	}
	if !graph.AllFinite(g) {
		return none, nil
	}
	q := newGaussian(make([]float64, d), covariance(g, w, d))
	if q == nil {
		return none, nil
	}
	out, sd, beyond := none, 0.0, 0.0
	unit, terms := make([]float64, d), make([]float64, n)
	for i := range d {
		clear(unit)
		unit[i] = 1
		row := q.solve(unit)
		for k := range terms {
			terms[k] = dot(row, g[k*d:(k+1)*d])
		}
		scale := math.Sqrt(row[i])
		mean, err := averageOf(terms, w, chains)
		x := Displacement{i, math.Abs(mean) / scale, err / scale}
		if off := x.Off - beyondChance*x.Error; off > beyond {
			beyond, out, sd = off, x, scale
		}
	}
	if !out.Displaced() {
		return none, nil
	}
	if broken, err := jumps(s, u, out.Coordinate, sd); err != nil || broken {
		return none, err
	}
	return out, nil
}

// averageOf is a mean with its Monte-Carlo error, that between chains or runs where it is larger.
func averageOf(x, w []float64, chains int) (mean, err float64) {
	if chains < 2 {
		m := tails.Weighted(x, w)
		return m.Mean, m.MeanError
	}
	n := len(x) / chains
	each, means := make([][]float64, chains), make([]float64, chains)
	for c := range each {
		each[c] = x[c*n : (c+1)*n]
		means[c], _ = meanSD(each[c])
	}
	m := tails.Chains(each)
	_, between := meanSD(means)
	return m.Mean, math.Max(m.MeanError, between/math.Sqrt(float64(chains)))
}

// covariance is that of rows of d numbers with weights, or without.
func covariance(u, w []float64, d int) []float64 {
	n := len(u) / d
	weight := func(k int) float64 {
		if w == nil {
			return 1 / float64(n)
		}
		return w[k]
	}
	mean, cov := make([]float64, d), make([]float64, d*d)
	for k := range n {
		axpy(weight(k), u[k*d:(k+1)*d], mean)
	}
	z := make([]float64, d)
	for k := range n {
		copy(z, u[k*d:(k+1)*d])
		axpy(-1, mean, z)
		for i, v := range z {
			axpy(weight(k)*v, z, cov[i*d:(i+1)*d])
		}
	}
	return cov
}

const (
	jumpDraws = 32 // draws from which a coordinate is changed
	jumpSteps = 64 // by so many steps, from an sd below to one above
	// jumpLeast is by how much, in nats, a log density may change where its gradients do not say so.
	jumpLeast = 0.1
)

// jumps reports whether the density jumps along a coordinate, as where it is compared with data: its gradients
// know nothing of that, and average to anything.
func jumps(s *target.Surface, u []float64, i int, sd float64) (bool, error) {
	d := s.D
	n := len(u) / d
	each := min(jumpDraws, n)
	at := make([]float64, each*(jumpSteps+1)*d)
	step := 2 * sd / jumpSteps
	for k := range each {
		from := u[k*(n/each)*d:][:d]
		for j := range jumpSteps + 1 {
			to := at[(k*(jumpSteps+1)+j)*d:][:d]
			copy(to, from)
			to[i] += (float64(j) - jumpSteps/2) * step
		}
	}
	lp, g := make([]float64, len(at)/d), make([]float64, len(at))
	if err := s.Gradient(at, lp, g); err != nil {
		return false, err
	}
	seen := 0
	for k := range each {
		for j := range jumpSteps {
			a := k*(jumpSteps+1) + j
			// What is smooth changes by as much as one of the gradients says, or between them.
			low, high := g[a*d+i]*step, g[(a+1)*d+i]*step
			if low > high {
				low, high = high, low
			}
			if change, room := lp[a+1]-lp[a], high-low+jumpLeast; change > high+room || change < low-room {
				seen++
				break
			}
		}
	}
	return seen > each/8, nil
}

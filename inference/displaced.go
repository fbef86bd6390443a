package inference

import (
	"context"
	"math"

	"ppl/graph"
	"ppl/inference/psis"
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
//
// Neck says that it is the small values of a positive latent that draws stop short of. That is told far more sharply by E[f′ + f·∂ log p] = 0
// where f falls from 1 to 0 about the tenth part of its log: of draws that end at x the average is the density there, times the sd,
// which is Off. What averages zero for the same reason, f times the gradients along other coordinates and f times those of
// their scales, has no part in it, by regression, as in Shortfall.
type Displacement struct {
	Coordinate int
	Off, Error float64
	Neck       bool
}

const (
	// displacedDraws are as many draws as are looked at.
	displacedDraws = 16384
	// displacedMost is how much may be left of a displacement when three errors of it are taken off: exact draws
	// have nothing left.
	displacedMost = 0.05
	// neckMost is that for a density: in a lower tail that falls off within an sd it is the mass that is missing, which makes the
	// quantile at 5 % that at 1.
	neckMost = 0.04
)

// Displaced reports whether draws are further out of place than chance makes them.
func (x Displacement) Displaced() bool { return x.beyond() > 1 }

// beyond is what is left of it when three errors are taken off, as a multiple of what is borne.
func (x Displacement) beyond() float64 {
	most := displacedMost
	if x.Neck {
		most = neckMost
	}
	return (x.Off - beyondChance*x.Error) / most
}

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
	out, width := none, 0.0
	keep := func(x Displacement, scale float64) {
		if x.beyond() > out.beyond() {
			out, width = x, scale
		}
	}
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
		keep(Displacement{Coordinate: i, Off: math.Abs(mean) / scale, Error: err / scale}, scale)
	}
	necks := 0
	for _, slot := range t.Slots {
		for e := range slot.Free.Size() {
			if necks++; slot.Transform.Name != "exp" || float64(necks)*float64(n)*float64(4*d*d) > reachWork {
				continue
			}
			x, scale := neck(u, g, w, d, slot.Offset+e, chains)
			keep(x, scale)
		}
	}
	if !out.Displaced() {
		return none, nil
	}
	if broken, err := jumps(s, u, out.Coordinate, width); err != nil || broken {
		return none, err
	}
	return out, nil
}

// neck is the displacement of the lower end of a coordinate, and its sd. Weights add up to 1.
func neck(u, g, w []float64, d, i, chains int) (Displacement, float64) {
	n := len(u) / d
	weights := w
	if w == nil {
		weights = fill(make([]float64, n), 1/float64(n))
	}
	x, mean := make([]float64, n), make([]float64, d)
	for k := range n {
		x[k] = u[k*d+i]
		axpy(weights[k], u[k*d:(k+1)*d], mean)
	}
	sd, _ := psis.SD(x, weights, 1)
	at, _ := psis.Quantiles(x, weights, 1, []float64{0.1})
	const steep = 0.4 // sds
	p := 2 * (d - 1)
	terms, controls := make([]float64, n), make([]float64, n*p)
	for k, v := range x {
		f := 1 / (1 + math.Exp((v-at[0])/(steep*sd)))
		terms[k] = f*g[k*d+i]*sd - f*(1-f)/steep
		c := controls[k*p : (k+1)*p]
		for j := range d {
			if j == i {
				continue
			}
			gj := g[k*d+j]
			c[0], c[1] = f*gj, f*(1+(u[k*d+j]-mean[j])*gj)
			c = c[2:]
		}
	}
	regressed(terms, controls, weights, p)
	off, err := averageOf(terms, w, chains)
	return Displacement{Coordinate: i, Off: -off, Error: err, Neck: true}, sd
}

// regressed takes from terms what goes along with controls, p of each draw, which are known to average zero.
func regressed(terms, controls, w []float64, p int) {
	if p == 0 {
		return
	}
	gram, rhs := covariance(controls, w, p), make([]float64, p)
	centre, average := make([]float64, p), 0.0
	for k, t := range terms {
		axpy(w[k], controls[k*p:(k+1)*p], centre)
		average += w[k] * t
	}
	for k, t := range terms {
		for c, v := range controls[k*p : (k+1)*p] {
			rhs[c] += w[k] * (v - centre[c]) * (t - average)
		}
	}
	for c := range p {
		gram[c*p+c] *= 1 + 1e-9
	}
	q := newGaussian(make([]float64, p), gram) // for its Cholesky factor
	if q == nil {
		return
	}
	beta := q.solve(rhs)
	for k := range terms {
		terms[k] -= dot(beta, controls[k*p:(k+1)*p])
	}
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

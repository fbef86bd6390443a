package inference

import (
	"math"

	"ppl/graph"
	"ppl/inference/psis"
)

// What particles and answers are compared by.

func fill(x []float64, v float64) []float64 {
	for i := range x {
		x[i] = v
	}
	return x
}

// examine computes what differs between the runs.
func (l *Look) examine() {
	p := l.Particles
	d, n := p.D, p.N()
	before := l.result.Before
	m := len(before) / d
	x, z := make([]float64, n), make([]float64, m)
	equal, equally := fill(make([]float64, n), 1/float64(n)), fill(make([]float64, m), 1/float64(m))
	for j := range d {
		for i := range x {
			x[i] = p.U[i*d+j]
		}
		for i := range z {
			z[i] = before[i*d+j]
		}
		now := describe(x, equal, p.Chains)
		l.figures = append(l.figures, now)
		l.Drift = math.Max(l.Drift, differ(now, describe(z, equally, p.Chains)))
		l.RHat = math.Max(l.RHat, between(x, p.Chains))
	}
}

// Compare holds the moments and quantiles of an answer's draws against the particles',
// coordinate by coordinate.
func (l *Look) Compare(answer *Weighted) { l.compare(answer, differ) }

// replaces holds an answer that is to take the place of the particles of few latents against
// them, as Compare does, but with less room for sds. A part of a hundredth of the mass, far out, makes a fifth
// of an sd; where chains seldom go, or weights hardly reach, their own error of the sd is told too
// small, and the particles, which are there in proportion, know better.
func (l *Look) replaces(answer *Weighted) { l.compare(answer, differOfFew) }

func (l *Look) compare(answer *Weighted, differ func(a, b figures) float64) {
	l.Agrees, l.Off = true, 0
	d, m := l.Particles.D, answer.N()
	y := make([]float64, m)
	w := answer.W
	if w == nil {
		w = fill(make([]float64, m), 1/float64(m))
	}
	u := l.sym.Folded(answer.U)
	for j := 0; j < d && m > 0; j++ {
		for i := range y {
			y[i] = u[i*d+j]
		}
		if off := differ(l.figures[j], describe(y, w, max(1, answer.Chains))); off > l.Off {
			l.Off, l.Coordinate = off, j
		}
	}
	l.Agrees = l.Off < offMost
}

// Confirms reports whether draws of chains that started from the particles, and agree
// with one another, are to be believed more than these: as precise as particles are of
// few latents, as roughly as they are of many.
func (l *Look) Confirms(chains *Weighted) bool {
	held := *l
	if l.Particles.D > fewTempered {
		held.Compare(chains)
		return held.Off < roughly
	}
	held.replaces(chains)
	return held.Agrees
}

// roughly is up to where chains may differ from particles of many latents.
const roughly = 3

// mostUnseen is how many of some thousand particles may lie where importance draws say
// that there is nothing.
const mostUnseen = 2

// beyondWeights is by how much, in nats, a particle's weight must exceed the largest of all
// importance draws for it to be unseen.
const beyondWeights = 2

// unseen counts the particles, not how often each was kept, that importance weights know
// nothing of: under the proposal their weight would be well above that of every draw that
// there is. A mode of a thousandth of the mass shows so that no mean or sd of a few hundred
// particles tells.
func (l *Look) unseen(w *Weighted) int {
	if w.proposal == nil || len(w.logRatio) == 0 {
		return 0
	}
	top := math.Inf(-1)
	for i, r := range w.logRatio {
		if w.W[i] > 0 {
			top = math.Max(top, r)
		}
	}
	p, m := l.Particles, w.proposal
	share, distance, z := make([]float64, len(m.part)), make([]float64, len(m.part)), make([]float64, p.D)
	density, n := m.density(), 0
	for i, lp := range p.logP {
		u := p.U[i*p.D : (i+1)*p.D]
		if lp-density.at(u, z, share, distance)-top > beyondWeights {
			n++
		}
	}
	return n / l.size.keep
}

// figures are what is compared of a coordinate.
type figures struct {
	mean, sd, low, high float64 // low and high are the quantiles at 5 and 95 %
	err, errSD          float64 // Monte-Carlo errors of the mean, and of the log of the sd
	errLow, errHigh     float64 // and of the quantiles
}

// describe computes the figures of draws in groups, whose means tell the error.
func describe(x, w []float64, groups int) figures {
	var g figures
	var errSD float64
	g.mean, g.err = psis.Mean(x, w, 1)
	g.sd, errSD = psis.SD(x, w, 1)
	g.errSD = errSD / g.sd
	qs, errs := psis.Quantiles(x, w, 1, []float64{0.05, 0.95})
	g.low, g.high, g.errLow, g.errHigh = qs[0], qs[1], errs[0], errs[1]
	if groups > 2 {
		n := len(x) / groups
		runs := [4][]float64{} // means, sds and quantiles of each
		for i := range groups {
			part := x[i*n : (i+1)*n]
			m, s := meanSD(part)
			qs, _ := psis.Quantiles(part, fill(make([]float64, n), 1/float64(n)), 1, []float64{0.05, 0.95})
			for k, v := range []float64{m, s * s, qs[0], qs[1]} { // a variance's error is less skewed than its root's
				runs[k] = append(runs[k], v)
			}
		}
		for k, to := range []*float64{&g.err, &g.errSD, &g.errLow, &g.errHigh} {
			_, s := meanSD(runs[k])
			if s /= math.Sqrt(float64(groups)); k == 1 {
				s /= 2 * g.sd * g.sd
			}
			*to = math.Max(*to, s)
		}
	}
	return g
}

// offMost is from which on two answers are said to differ: in the units of differ.
const offMost = 1

// differ is how much two sets of figures differ, as a multiple of what is borne: a tenth of
// the narrower sd at means and quantiles, a tenth of the sds' ratio, and three Monte-Carlo
// errors beside.
func differ(a, b figures) float64 {
	sd := math.Min(a.sd, b.sd)
	if !(sd > 0) || !graph.Finite(a.mean) || !graph.Finite(b.mean) {
		return math.Inf(1)
	}
	err := math.Hypot(a.err, b.err)
	off := math.Abs(a.mean-b.mean) / (0.1*sd + 3*err)
	off = math.Max(off, math.Abs(math.Log(a.sd/b.sd))/(0.1+3*math.Hypot(a.errSD, b.errSD)))
	off = math.Max(off, math.Abs(a.low-b.low)/(0.1*sd+3*math.Hypot(a.errLow, b.errLow)))
	return math.Max(off, math.Abs(a.high-b.high)/(0.1*sd+3*math.Hypot(a.errHigh, b.errHigh)))
}

// differOfFew is differ, but sds may differ by a tenth, or else by two Monte-Carlo errors.
func differOfFew(a, b figures) float64 {
	off := math.Abs(math.Log(a.sd/b.sd)) / math.Max(0.1, 2*math.Hypot(a.errSD, b.errSD))
	return math.Max(off, differ(a, b))
}

// between is R̂ of groups of draws: by how much their means differ.
func between(x []float64, groups int) float64 {
	n := len(x) / groups
	means, within := make([]float64, groups), 0.0
	for i := range means {
		m, s := meanSD(x[i*n : (i+1)*n])
		means[i] = m
		within += s * s / float64(groups)
	}
	_, b := meanSD(means)
	if within == 0 {
		return 1
	}
	return math.Sqrt(1 + b*b/within - 1/float64(n))
}

package temper

import (
	"math"
	"math/rand/v2"
)

// population is the particles of one run.
type population struct {
	d, n         int
	r            *rand.Rand
	u            []float64
	lp, lq       []float64 // log densities of the target and the reference
	beta         float64
	logEvidence  float64
	temperatures int
	lost         bool // no particle has a finite density

	// Proposals of half of the particles.
	proposed   []float64 // their log densities under the reference
	kind       []int     // whole, part or jump
	scale      [2]float64
	tried, got [2]float64

	spare          []float64 // room for resampling
	spareP, spareQ []float64
	weight         []float64
}

// The kinds of moves: of all coordinates, of some, and by a difference as it stands.
const (
	whole = iota
	part
	jump
)

// Shares of moves, and the acceptance that scales aim at.
const (
	jumps     = 0.1
	parts     = 0.4
	goodShare = 0.25
)

// effective is the share of the particles that a change of temperature leaves effective.
const effective = 0.7

func newPopulation(d, n int, r *rand.Rand) *population {
	return &population{d: d, n: n, r: r, u: make([]float64, n*d), lp: make([]float64, n), lq: make([]float64, n), scale: [2]float64{1, 1},
		proposed: make([]float64, n/2), kind: make([]int, n/2),
		spare: make([]float64, n*d), spareP: make([]float64, n), spareQ: make([]float64, n), weight: make([]float64, n)}
}

func (p *population) row(i int) []float64 { return p.u[i*p.d : (i+1)*p.d] }

// support leaves out the particles where the density is 0: their share counts in the
// evidence, whatever the temperature.
func (p *population) support() {
	inside := 0.0
	for i, l := range p.lp {
		p.weight[i] = 0
		if !math.IsInf(l, -1) {
			p.weight[i] = 1
			inside++
		}
	}
	if inside < 2 {
		p.lost = true
		return
	}
	if inside < float64(p.n) {
		p.logEvidence += math.Log(inside / float64(p.n))
		p.resample(inside)
	}
}

// advance raises β as far as the weights allow, and resamples.
func (p *population) advance() {
	if p.lost || p.beta == 1 {
		return
	}
	p.temperatures++
	next := 1.0
	if p.effective(1) < effective {
		lo, hi := math.Log(math.Max(p.beta, 1e-300)), 0.0
		if p.beta == 0 {
			lo = math.Log(1e-30)
		}
		for range 60 {
			mid := 0.5 * (lo + hi)
			if p.effective(math.Exp(mid)) < effective {
				hi = mid
			} else {
				lo = mid
			}
		}
		// A step that rounding makes nothing would never end.
		next = math.Min(1, math.Max(math.Exp(lo), p.beta*(1+1e-9)+1e-300))
	}
	total, top := p.reweigh(next)
	p.logEvidence += top + math.Log(total/float64(p.n))
	p.beta = next
	p.resample(total)
}

// reweigh fills the weights of a change to another β, relative to the largest.
func (p *population) reweigh(beta float64) (total, top float64) {
	top = math.Inf(-1)
	for i := range p.weight {
		p.weight[i] = (beta - p.beta) * (p.lp[i] - p.lq[i])
		top = math.Max(top, p.weight[i])
	}
	for i, w := range p.weight {
		p.weight[i] = math.Exp(w - top)
		total += p.weight[i]
	}
	return total, top
}

// effective is the share of effective particles after a change to another β.
func (p *population) effective(beta float64) float64 {
	total, _ := p.reweigh(beta)
	square := 0.0
	for _, w := range p.weight {
		square += w * w
	}
	return total * total / square / float64(p.n)
}

// resample draws the particles anew by their weights, systematically (Kitagawa 1996),
// in an order that mixes the halves.
func (p *population) resample(total float64) {
	step := total / float64(p.n)
	at := p.r.Float64() * step
	sum, from := p.weight[0], 0
	order := p.r.Perm(p.n)
	for k := range p.n {
		for sum < at && from < p.n-1 {
			from++
			sum += p.weight[from]
		}
		to := order[k]
		copy(p.spare[to*p.d:(to+1)*p.d], p.row(from))
		p.spareP[to], p.spareQ[to] = p.lp[from], p.lq[from]
		at += step
	}
	p.u, p.spare = p.spare, p.u
	p.lp, p.spareP = p.spareP, p.lp
	p.lq, p.spareQ = p.spareQ, p.lq
}

// propose fills u with a proposal for each particle of one half, from differences of
// the other half.
func (p *population) propose(side int, u []float64) {
	half := p.n / 2
	own, other := side*half, (1-side)*half
	for k := range half {
		a := p.r.IntN(half)
		b := p.r.IntN(half - 1)
		if b >= a {
			b++
		}
		x, y, z := p.row(own+k), p.row(other+a), p.row(other+b)
		to := u[k*p.d : (k+1)*p.d]
		copy(to, x)
		switch v := p.r.Float64(); {
		case v < jumps:
			p.kind[k] = jump
			for j := range to {
				to[j] += y[j] - z[j]
			}
		case v < jumps+parts && p.d > 1:
			p.kind[k] = part
			p.some(to, y, z)
		default:
			p.kind[k] = whole
			g := p.stretch(whole, p.d)
			for j := range to {
				to[j] += g * (y[j] - z[j])
			}
		}
	}
}

// some changes a few coordinates: each with a chance, one at least.
func (p *population) some(to, y, z []float64) {
	chance := p.r.Float64()
	first := p.r.IntN(p.d)
	n := 1
	p.chosen(chance, first, func(int) { n++ })
	g := p.stretch(part, n)
	to[first] += g * (y[first] - z[first])
	p.chosen(chance, first, func(j int) { to[j] += g * (y[j] - z[j]) })
}

// chosen calls f for a random set of coordinates but first; it is the same set at the
// second call for a proposal.
func (p *population) chosen(chance float64, first int, f func(j int)) {
	// The set is drawn from the bits of a number that is derived from the state, so
	// that it needs no memory.
	h := math.Float64bits(chance) ^ uint64(first)*0x9e3779b97f4a7c15
	for j := range p.d {
		h ^= h << 13
		h ^= h >> 7
		h ^= h << 17
		if j != first && float64(h>>11)/(1<<53) < chance {
			f(j)
		}
	}
}

// stretch is the factor of a difference that moves n coordinates (ter Braak & Vrugt
// 2008: 2.38/√(2n), of what is accepted well enough), spread, so that scales of all
// sizes are tried.
func (p *population) stretch(kind, n int) float64 {
	return p.scale[kind] * 2.38 / math.Sqrt(2*float64(n)) * math.Exp(0.5*p.r.NormFloat64())
}

// accept is the Metropolis test of the proposals of one half.
func (p *population) accept(side int, u, lp []float64) {
	half := p.n / 2
	for k := range half {
		i := side*half + k
		ratio := p.beta * (lp[k] - p.lp[i])
		if p.beta < 1 {
			ratio += (1 - p.beta) * (p.proposed[k] - p.lq[i])
		}
		take := ratio >= 0 || math.Log(1-p.r.Float64()) < ratio
		if kind := p.kind[k]; kind != jump {
			p.tried[kind]++
			if take {
				p.got[kind]++
			}
		}
		if take {
			copy(p.row(i), u[k*p.d:(k+1)*p.d])
			p.lp[i], p.lq[i] = lp[k], p.proposed[k]
		}
	}
}

// adapt scales the moves that follow.
func (p *population) adapt() {
	for kind := range p.scale {
		if p.tried[kind] > 20 {
			p.scale[kind] *= math.Exp(0.5 * (p.got[kind]/p.tried[kind] - goodShare))
			p.scale[kind] = math.Min(math.Max(p.scale[kind], 0.02), 3)
			p.tried[kind], p.got[kind] = 0, 0
		}
	}
}

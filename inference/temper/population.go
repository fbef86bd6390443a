package temper

import (
	"math"
	"math/rand/v2"

	"ppl/graph/kernel/vec"
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
	drawn      []drawn
	stretches  []float64 // of the differences
	ratio      []float64 // logs of the chances to be accepted
	uniform    []float64 // and of what they are held against
	scale      [2]float64
	tried, got [2]float64
	step       []float64 // of a move of so many coordinates
	chosen     []int     // room for these

	spare          []float64 // room for resampling
	spareP, spareQ []float64
	weight, excess []float64 // excess are the log densities of the target over those of the reference
}

// drawn is what is random about a proposal.
type drawn struct {
	kind, a, b, first int
	chance            float64
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
		proposed: make([]float64, n/2), drawn: make([]drawn, n/2), stretches: make([]float64, n/2), ratio: make([]float64, n/2), uniform: make([]float64, n/2),
		step: steps(d), chosen: make([]int, 0, d), spare: make([]float64, n*d), spareP: make([]float64, n), spareQ: make([]float64, n), weight: make([]float64, n), excess: make([]float64, n)}
}

// steps are 2.38/√(2n) of n ≤ d coordinates: of what is accepted well enough (ter Braak & Vrugt 2008).
func steps(d int) []float64 {
	out := make([]float64, d+1)
	for n := range out {
		out[n] = 2.38 / math.Sqrt(2*float64(max(1, n)))
	}
	return out
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
	for i := range p.excess {
		p.excess[i] = p.lp[i] - p.lq[i]
	}
	next := 1.0
	if p.effective(1) < effective {
		// A step that rounding makes nothing would never end.
		next = math.Min(1, math.Max(p.largest(), p.beta*(1+1e-9)+1e-300))
	}
	total, top := p.reweigh(next)
	p.logEvidence += top + math.Log(total/float64(p.n))
	p.beta = next
	p.resample(total)
}

// exact is how near the share of effective particles comes to what it may be.
const exact = 1e-9

// largest is the largest β that leaves enough particles effective, where 1 does not: the end of a bracket of its logarithm,
// which is halved at first, and then divided by false position, where an end that stays counts half (the Illinois method).
func (p *population) largest() float64 {
	lo, hi := math.Log(math.Max(p.beta, 1e-300)), 0.0
	if p.beta == 0 {
		lo = math.Log(1e-30)
	}
	const wide = 1
	above, below, stayed := 1-effective, 0.0, 0
	for k := 0; k < 100 && hi-lo > 1e-14*(1-lo); k++ {
		x := 0.5 * (lo + hi)
		if hi-lo < wide && below < 0 && above > 0 {
			if y := (lo*below - hi*above) / (below - above); y > lo && y < hi {
				x = y
			}
		}
		f := p.effective(math.Exp(x)) - effective
		if f >= 0 {
			if lo = x; f < exact {
				break
			}
			if above = f; stayed > 0 {
				below /= 2
			}
			stayed = 1
		} else {
			if hi, below = x, f; stayed < 0 {
				above /= 2
			}
			stayed = -1
		}
	}
	return math.Exp(lo)
}

// reweigh fills the weights of a change to another β, relative to the largest.
func (p *population) reweigh(beta float64) (total, top float64) {
	for i, x := range p.excess {
		p.weight[i] = (beta - p.beta) * x
	}
	top = vec.Maximum(p.weight)
	for i := range p.weight {
		p.weight[i] -= top
	}
	vec.Map(vec.Exp, p.weight, p.weight)
	return vec.Sum(p.weight), top
}

// effective is the share of effective particles after a change to another β.
func (p *population) effective(beta float64) float64 {
	total, _ := p.reweigh(beta)
	return total * total / vec.SumSquares(p.weight) / float64(p.n)
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
	for k := range p.drawn {
		x := drawn{a: p.r.IntN(half), b: p.r.IntN(half - 1)}
		if x.b >= x.a {
			x.b++
		}
		switch v := p.r.Float64(); {
		case v < jumps:
			x.kind = jump
		case v < jumps+parts && p.d > 1:
			x.kind, x.chance, x.first = part, p.r.Float64(), p.r.IntN(p.d)
			p.stretches[k] = 0.5 * p.r.NormFloat64()
		default:
			x.kind = whole
			p.stretches[k] = 0.5 * p.r.NormFloat64()
		}
		p.drawn[k] = x
	}
	// The factors of the differences are spread, so that scales of all sizes are tried.
	vec.Map(vec.Exp, p.stretches, p.stretches)
	for k := range p.drawn {
		x := &p.drawn[k]
		y, z := p.row(other+x.a), p.row(other+x.b)
		to := u[k*p.d : (k+1)*p.d]
		copy(to, p.row(own+k))
		switch x.kind {
		case jump:
			for j := range to {
				to[j] += y[j] - z[j]
			}
		case part:
			p.some(to, y, z, x, p.stretches[k])
		default:
			g := p.scale[whole] * p.step[p.d] * p.stretches[k]
			for j := range to {
				to[j] += g * (y[j] - z[j])
			}
		}
	}
	clear(p.stretches) // those of jumps are not drawn
}

// some changes a few coordinates: each with a chance, one at least.
func (p *population) some(to, y, z []float64, x *drawn, stretch float64) {
	// The set is drawn from the bits of a number that is derived from the state, so
	// that it needs no memory.
	h := math.Float64bits(x.chance) ^ uint64(x.first)*0x9e3779b97f4a7c15
	chance, chosen := x.chance*(1<<53), p.chosen[:0]
	for j := range to {
		h ^= h << 13
		h ^= h >> 7
		h ^= h << 17
		if j == x.first || float64(h>>11) < chance {
			chosen = append(chosen, j)
		}
	}
	g := p.scale[part] * p.step[len(chosen)] * stretch
	for _, j := range chosen {
		to[j] += g * (y[j] - z[j])
	}
}

// accept is the Metropolis test of the proposals of one half.
func (p *population) accept(side int, u, lp []float64) {
	half := p.n / 2
	own := side * half
	for k := range half {
		ratio := p.beta * (lp[k] - p.lp[own+k])
		if p.beta < 1 {
			ratio += (1 - p.beta) * (p.proposed[k] - p.lq[own+k])
		}
		p.ratio[k], p.uniform[k] = ratio, 1
		if !(ratio >= 0) {
			p.uniform[k] = 1 - p.r.Float64()
		}
	}
	vec.Map(vec.Log, p.uniform, p.uniform)
	for k, ratio := range p.ratio {
		take := ratio >= 0 || p.uniform[k] < ratio
		if kind := p.drawn[k].kind; kind != jump {
			p.tried[kind]++
			if take {
				p.got[kind]++
			}
		}
		if i := own + k; take {
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

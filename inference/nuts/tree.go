package nuts

import (
	"math"
	"math/rand/v2"
)

// maxEnergyGain is the rise in energy that makes a step a divergence.
const maxEnergyGain = 1000

// state is a point that may become the next draw: its position with all that
// starting from there again needs.
type state struct {
	q, g       []float64
	lp, energy float64
}

func newState(d int) *state { return &state{q: make([]float64, d), g: make([]float64, d)} }

// edge is an outermost point of a span: momentum p and velocity v = M⁻¹p.
type edge struct{ p, v []float64 }

// span is a stretch of a trajectory: its edges, the sum ρ of its momenta, the
// logarithm of its weight Σexp(H₀ − H), and the point chosen from it.
type span struct {
	beg, end  edge
	rho       []float64
	logWeight float64
	chosen    *state
}

func newSpan(d int) *span {
	x := make([]float64, 5*d)
	return &span{beg: edge{x[:d], x[d : 2*d]}, end: edge{x[2*d : 3*d], x[3*d : 4*d]}, rho: x[4*d:], chosen: newState(d)}
}

// tree grows trajectories. Its memory is made once: the whole trajectory, the
// part that doubles it, and two halves for each level below.
type tree struct {
	*system
	r        *rand.Rand
	maxDepth int
	halted   func() bool // whether to stop at once

	step   float64 // > 0
	whole  *span
	part   *span
	halves [][2]*span
	ends   [2]point // the trajectory's last points, backwards and forwards

	h0        float64 // the energy at the start
	signed    float64 // the step with its direction
	leaps     int
	accept    float64 // Σ min(1, exp(H₀ − H)) over the leaps
	depth     int
	divergent bool
}

func newTree(s *system, r *rand.Rand, maxDepth int, halted func() bool) *tree {
	d := len(s.invMetric)
	t := &tree{system: s, r: r, maxDepth: maxDepth, halted: halted, whole: newSpan(d), part: newSpan(d)}
	for range maxDepth {
		t.halves = append(t.halves, [2]*span{newSpan(d), newSpan(d)})
	}
	t.ends = [2]point{newPoint(d), newPoint(d)}
	return t
}

// transition replaces the current draw by the next one.
func (t *tree) transition(now *state) {
	t.begin(now)
	for t.depth < t.maxDepth {
		forwards := t.r.Float64() > 0.5
		if !t.double(forwards) {
			break
		}
	}
	c := t.whole.chosen
	copy(now.q, c.q)
	copy(now.g, c.g)
	now.lp, now.energy = c.lp, c.energy
}

// acceptance is the mean acceptance probability over the trajectory, also over
// parts that were not kept.
func (t *tree) acceptance() float64 {
	if t.leaps == 0 {
		return 0
	}
	return t.accept / float64(t.leaps)
}

// begin makes the trajectory of the draw alone, with a new momentum.
func (t *tree) begin(now *state) {
	z := &t.ends[0]
	copy(z.q, now.q)
	copy(z.g, now.g)
	z.lp = now.lp
	t.kick(z, t.r)
	t.ends[1].set(z)
	t.h0 = t.energy(z)
	t.leaps, t.accept, t.depth, t.divergent = 0, 0, 0, false
	t.leaf(z, t.h0, t.whole)
}

// double adds as many points again on one side and says whether to go on. A part
// that diverges or turns back by itself is not added: then no trajectory that
// starts in it would have come here.
func (t *tree) double(forwards bool) bool {
	w, z := t.whole, &t.ends[0]
	t.signed = -t.step
	if forwards {
		z, t.signed = &t.ends[1], t.step
	}
	if !t.grow(z, t.depth, t.part) {
		return false
	}
	t.depth++
	if !forwards { // make w.end the edge next to the new part
		w.beg, w.end = w.end, w.beg
	}
	on := straight(w, t.part)
	// The newer half is preferred: probability min(1, its weight over the old one's).
	gain := t.part.logWeight - w.logWeight
	if gain > 0 || t.r.Float64() < math.Exp(gain) {
		w.chosen, t.part.chosen = t.part.chosen, w.chosen
	}
	for i, rho := range t.part.rho {
		w.rho[i] += rho
	}
	w.logWeight = logSumExp(w.logWeight, t.part.logWeight)
	w.end, t.part.end = t.part.end, w.end
	if !forwards {
		w.beg, w.end = w.end, w.beg
	}
	return on
}

// grow moves z by 2^depth steps and describes them in out, from the first to the
// last. It returns false, early, if they diverge or a part of them turns back.
func (t *tree) grow(z *point, depth int, out *span) bool {
	if depth == 0 {
		return t.leap(z, out)
	}
	a, b := t.halves[depth-1][0], t.halves[depth-1][1]
	if !t.grow(z, depth-1, a) || !t.grow(z, depth-1, b) || !straight(a, b) {
		return false
	}
	for i := range out.rho {
		out.rho[i] = a.rho[i] + b.rho[i]
	}
	out.logWeight = logSumExp(a.logWeight, b.logWeight)
	from := a
	if t.r.Float64() < math.Exp(b.logWeight-out.logWeight) {
		from = b
	}
	out.chosen, from.chosen = from.chosen, out.chosen
	out.beg, a.beg = a.beg, out.beg
	out.end, b.end = b.end, out.end
	return true
}

// leap is one leapfrog step.
func (t *tree) leap(z *point, out *span) bool {
	if t.halted() {
		return false
	}
	t.leapfrog(z, t.signed)
	t.leaps++
	h := t.energy(z)
	t.accept += math.Min(1, math.Exp(t.h0-h))
	if !(h-t.h0 <= maxEnergyGain) {
		t.divergent = true
		return false
	}
	t.leaf(z, h, out)
	return true
}

// leaf describes a single point of energy h, which has been asked for.
func (t *tree) leaf(z *point, h float64, out *span) {
	for i, p := range z.p {
		v := z.v[i]
		out.beg.p[i], out.end.p[i], out.rho[i] = p, p, p
		out.beg.v[i], out.end.v[i] = v, v
	}
	out.logWeight = t.h0 - h
	copy(out.chosen.q, z.q)
	copy(out.chosen.g, z.g)
	out.chosen.lp, out.chosen.energy = z.lp, h
}

// straight says whether two spans, b following a, go on without turning back:
// as a whole, and each with the point of the other that is next to it.
func straight(a, b *span) bool {
	return along(a.beg, b.end, a.rho, b.rho) &&
		along(a.beg, b.beg, a.rho, b.beg.p) &&
		along(a.end, b.end, b.rho, a.end.p)
}

// along says whether the summed momentum r + s points along the velocities at
// both ends. NaN does not.
func along(x, y edge, r, s []float64) bool {
	vx, vy := 0.0, 0.0
	for i := range r {
		rho := r[i] + s[i]
		vx += x.v[i] * rho
		vy += y.v[i] * rho
	}
	return vx > 0 && vy > 0
}

// logSumExp is log(e^a + e^b) of finite numbers.
func logSumExp(a, b float64) float64 {
	if a < b {
		a, b = b, a
	}
	return a + math.Log1p(math.Exp(b-a))
}

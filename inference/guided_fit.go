package inference

import (
	"math"
	"math/rand/v2"

	"ppl/graph"
	"ppl/graph/lower"
	"ppl/graph/named"
	"ppl/inference/psis"
)

// SiteGuide is the guide of a discrete latent: independent distributions, one
// for each element.
type SiteGuide struct {
	// P are the probabilities of the values, elements × values. Of a latent with
	// infinitely many values they are those from Low on, as many as matter.
	P      []float64
	Values []float64
	// Draws are positions in Values, draws × elements.
	Draws []int
}

const (
	firstTemperature = 0.5
	lastTemperature  = 0.1
	guidedRate       = 0.1
	relaxedBlocks    = 160
)

// guided fits a model some of whose discrete latents have a guide: a start by
// coordinate ascent with points for the continuous latents, then stochastic
// gradients for all parameters together.
func (f *fitter) guided() (*Fit, error) {
	f.stage = "start"
	var best *guidedStart
	g, err := f.newGuided(lanes)
	if err != nil {
		return nil, err
	}
	const tries = 4
	for try := 0; try < tries && !f.halted(); try++ {
		s, err := f.guidedStart(g, try)
		if err != nil {
			return nil, err
		}
		if s != nil && (best == nil || s.value > best.value) {
			best = s
		}
	}
	if best == nil {
		if f.halted() {
			return nil, &ErrStopped{f.why}
		}
		e := &ErrNoStart{}
		for _, d := range f.t.Discrete {
			e.Sites = append(e.Sites, d.Symbol.Name)
		}
		return nil, e
	}
	f.stage = "optimise"
	fit, end, err := f.descend(g, best, guidedRate)
	if err != nil || !g.relaxes() || f.halted() {
		return fit, err
	}
	return f.unbiased(g, fit, end, best)
}

// relaxes reports whether some site is relaxed.
func (g *guided) relaxes() bool {
	for _, x := range g.sites {
		if x.how == lower.Relax {
			return true
		}
	}
	return false
}

// unbiased goes on from where a relaxation ended with unbiased gradients of the
// ELBO itself, by the score function: a relaxation leads to the right region,
// but its optimum is not that of the model with hard values, at any temperature
// at which its gradients are of use. As both have optima that are not the best,
// the start of the relaxation is tried as well; the best guide by the ELBO is the
// answer.
func (f *fitter) unbiased(g *guided, relaxed *Fit, end, start *guidedStart) (*Fit, error) {
	written := f.t
	defer func() { f.t = written }()
	t := *written
	t.Discrete = append([]lower.Discrete(nil), t.Discrete...)
	t.Options.Strategies = map[string]string{}
	for name, how := range written.Options.Strategies {
		t.Options.Strategies[name] = how
	}
	for i := range t.Discrete {
		if d := &t.Discrete[i]; d.Strategy == lower.Relax {
			d.Strategy = lower.Score
			t.Options.Strategies[d.Symbol.Name] = lower.Score
		}
	}
	f.t = &t
	h, err := f.newGuided(g.s)
	if err != nil { // its factors cannot be tabulated: the density as a whole
		t.Options.Strategies = written.Options.Strategies
		if h, err = f.newGuided(g.s); err != nil {
			return nil, err
		}
	}
	h.layout()
	best := relaxed
	for _, st := range []*guidedStart{end, start} {
		fit, _, err := f.descend(h, st, guidedRate/4)
		if err != nil {
			return nil, err
		}
		if fit.ELBO > best.ELBO {
			best = fit
		}
		if f.halted() {
			break
		}
	}
	return best, nil
}

// guidedStart is a point to start from: locations, sds, and parameters of the
// discrete guides.
type guidedStart struct {
	loc, sd, phi []float64
	bounds       [][2][]float64 // of infinite sites
	allowed      [][]bool
	value        float64
}

// layout places the parameters of the sites in one vector; it returns their
// number.
func (g *guided) layout() int {
	n := 0
	for _, x := range g.sites {
		x.at = n
		n += x.params()
	}
	return n
}

// guidedStart alternates between a few Newton steps for the continuous latents,
// given the probabilities of the discrete ones, and the probabilities that
// maximise the objective given those: coordinate ascent, from random
// probabilities.
func (f *fitter) guidedStart(g *guided, try int) (*guidedStart, error) {
	d := f.t.D
	r := Stream(f.opt.Seed, "guided start", try)
	st := &guidedStart{loc: make([]float64, d), sd: make([]float64, d), phi: make([]float64, g.layout()), value: math.Inf(-1)}
	for i := range st.sd {
		st.sd[i] = 1
		st.loc[i] = 0.5 * r.NormFloat64() * float64(try)
	}
	for _, x := range g.sites {
		for i := range x.allowed {
			x.allowed[i] = true
		}
		phi := st.phi[x.at : x.at+x.params()]
		if x.infinite {
			for e := 0; e < x.n; e++ {
				x.from[e], x.to[e] = x.low, math.Inf(1)
				phi[2*e], phi[2*e+1] = x.low+1, 0
			}
			continue
		}
		for i := range phi {
			phi[i] = r.NormFloat64()
		}
	}
	u := make([]float64, lanes*d)
	place := func() {
		for i := range u {
			u[i] = st.loc[i%d]
		}
	}
	place()
	if err := f.scan(g, st, u); err != nil {
		return nil, err
	}
	in := newInputs(lanes, nil)
	t := *f.t
	t.Options.Assigner = in
	var sub *fitter
	if d > 0 {
		sub = newFitter(f.ctx, &t, f.opt)
		sub.stop = f.stop
		if err := sub.use(&t); err != nil {
			return nil, err
		}
		var err error
		sub.surf.fixed = g.fixed(in, st)
		if sub.pattern, err = sub.findPattern(); err != nil {
			return nil, err
		}
	}
	const rounds = 12
	for round := 0; round < rounds && !f.halted(); round++ {
		for _, x := range g.sites {
			x.logits(st.phi[x.at : x.at+x.params()])
		}
		if sub != nil && sub.pattern != nil {
			sub.surf.fixed = g.fixed(in, st)
			c := &climber{u: append([]float64(nil), st.loc...)}
			if err := sub.climb(c, 0.01, 15); err != nil {
				return nil, err
			}
			if c.h != nil && c.h.Finite() && allFinite(c.u) {
				copy(st.loc, c.u)
				diag := make([]float64, d)
				c.h.Diagonal(diag)
				for i, h := range diag {
					if h > 0 {
						st.sd[i] = 1 / math.Sqrt(h)
					}
				}
			}
		}
		place()
		// The probabilities given the rest: proportional to e^T, with T the
		// derivative by the assignment.
		for _, x := range g.sites {
			x.fill(st.phi)
		}
		if err := g.eval(u); err != nil {
			return nil, err
		}
		value := g.lp[0]
		for _, x := range g.sites {
			value += x.entropy(nil)
		}
		if finite(value) {
			st.value = value
		}
		f.spent += lanes
		for _, x := range g.sites {
			if x.infinite {
				continue
			}
			phi := st.phi[x.at : x.at+x.params()]
			for e := 0; e < x.n; e++ {
				top := math.Inf(-1)
				for k := 0; k < x.k; k++ {
					top = math.Max(top, x.dw[e*x.k+k]+x.dp[e*x.k+k])
				}
				if !finite(top) {
					continue
				}
				for k := 0; k < x.k; k++ {
					at := e*x.k + k
					switch v := x.dw[at] + x.dp[at]; {
					case math.IsInf(v, -1):
						x.allowed[at] = false
					case !math.IsNaN(v): // half way: neighbours move as well
						phi[at] = 0.5*phi[at] + 0.5*math.Max(v-top, -30)
					}
				}
			}
		}
		if err := f.scan(g, st, u); err != nil {
			return nil, err
		}
	}
	if !finite(st.value) {
		return nil, nil
	}
	for _, x := range g.sites {
		st.bounds = append(st.bounds, [2][]float64{append([]float64(nil), x.from...), append([]float64(nil), x.to...)})
		st.allowed = append(st.allowed, append([]bool(nil), x.allowed...))
	}
	return st, nil
}

// fixed are the assignments by probabilities as inputs without particles.
func (g *guided) fixed(in *inputs, st *guidedStart) map[*graph.Node][]float64 {
	out := map[*graph.Node][]float64{}
	for _, x := range g.sites {
		x.logits(st.phi[x.at : x.at+x.params()])
		if n := in.weights[x.i]; n != nil {
			w := append([]float64(nil), x.q...)
			if x.infinite {
				for i := range w {
					w[i] = 1
				}
			}
			out[n] = w
		}
		if n := in.prior[x.i]; n != nil {
			out[n] = append([]float64(nil), x.q...)
		}
		if n := in.drawn[x.i]; n != nil {
			z := make([]float64, x.n)
			for e := range z {
				z[e] = math.Round(st.phi[x.at+2*e])
			}
			out[n] = z
		}
	}
	return out
}

// fill assigns probabilities, and the rounded means of infinite sites, to all
// particles.
func (x *guidedSite) fill(all []float64) {
	phi := all[x.at : x.at+x.params()]
	x.logits(phi)
	s := len(x.z) / x.n
	for p := 0; p < s; p++ {
		if x.infinite {
			for e := 0; e < x.n; e++ {
				x.w[p*x.n+e] = 1
				x.z[p*x.n+e] = math.Min(math.Max(math.Round(phi[2*e]), x.from[e]), x.to[e])
			}
			continue
		}
		copy(x.w[p*x.n*x.k:], x.q)
		copy(x.pr[p*x.n*x.k:], x.q)
	}
}

// scan looks for the best value of each element of infinite sites among a grid
// around the present one, finds out where the density ends, and sets the
// guide's mean and sd from what it sees. Particles try different values; the
// derivative by the assignment is, element by element, what each value gives.
func (f *fitter) scan(g *guided, st *guidedStart, u []float64) error {
	for _, x := range g.sites {
		if !x.infinite {
			continue
		}
		for _, y := range g.sites {
			y.fill(st.phi)
		}
		phi := st.phi[x.at : x.at+x.params()]
		grid := make([]float64, len(x.z)/x.n)
		for e := 0; e < x.n; e++ {
			for p := range grid {
				x.z[p*x.n+e] = x.low + spaced(p, len(grid), math.Max(phi[2*e]-x.low, 1))
			}
		}
		if err := g.eval(u); err != nil {
			return err
		}
		f.spent += lanes
		for e := 0; e < x.n; e++ {
			best, top := -1, math.Inf(-1)
			for p := range grid {
				if v := x.dw[p*x.n+e]; finite(v) && v > top {
					best, top = p, v
				}
			}
			if best < 0 {
				continue
			}
			mode := x.z[best*x.n+e]
			// The spread of what is within a few nats of the best.
			lo, hi := mode, mode
			for p := range grid {
				z, v := x.z[p*x.n+e], x.dw[p*x.n+e]
				switch {
				case math.IsInf(v, -1) && z < mode:
					x.from[e] = math.Max(x.from[e], z+1)
				case math.IsInf(v, -1) && z > mode:
					x.to[e] = math.Min(x.to[e], z-1)
				case v > top-2:
					lo, hi = math.Min(lo, z), math.Max(hi, z)
				}
			}
			phi[2*e], phi[2*e+1] = mode, math.Log(math.Max(0.5, (hi-lo)/4))
		}
	}
	return nil
}

// spaced is place p of n in a grid of integers from 0: every one at first, then
// ever wider, up to a hundred times around.
func spaced(p, n int, around float64) float64 {
	half := n / 2
	if p < half {
		return float64(p)
	}
	top := math.Max(100*around, 1000)
	return math.Round(float64(half) * math.Pow(top/float64(half), float64(p-half+1)/float64(n-half)))
}

// descend runs the stochastic optimiser from a start, and makes the answer.
func (f *fitter) descend(g *guided, st *guidedStart, first float64) (*Fit, *guidedStart, error) {
	d := f.t.D
	for i, x := range g.sites {
		copy(x.from, st.bounds[i][0])
		copy(x.to, st.bounds[i][1])
		copy(x.allowed, st.allowed[i])
	}
	last := f.opt.Temperature
	if last == 0 {
		last = lastTemperature
	}
	relaxed := g.relaxes()
	n := 2*d + g.layout()
	x0 := make([]float64, n)
	// Means of infinite sites are in units of their sds.
	unit := make([]float64, len(st.phi))
	for i := range unit {
		unit[i] = 1
	}
	for _, x := range g.sites {
		if x.infinite {
			for e := 0; e < x.n; e++ {
				unit[x.at+2*e] = math.Exp(st.phi[x.at+2*e+1])
			}
		}
	}
	unpack := func(x []float64) (loc, sd, phi []float64) {
		loc, sd, phi = make([]float64, d), make([]float64, d), make([]float64, len(unit))
		for i := range loc {
			loc[i] = st.loc[i] + st.sd[i]*x[i]
			sd[i] = st.sd[i] * math.Exp(x[d+i])
		}
		for i := range phi {
			phi[i] = st.phi[i] + unit[i]*x[2*d+i]
		}
		return loc, sd, phi
	}
	constant := float64(d) * 0.5 * (1 + math.Log(2*math.Pi))
	eps, u := make([]float64, g.s*d), make([]float64, g.s*d)
	s := &stochastic{f: f, purpose: "guided", first: first}
	temperature := func() float64 {
		c := s.rate / guidedRate
		return math.Max(last, firstTemperature*c*c)
	}
	s.ready = func(float64) bool { return !relaxed || temperature() == last }
	if relaxed {
		s.blocks = relaxedBlocks // it need not be exact: see unbiased
	}
	s.gradient = func(x []float64, r *rand.Rand, out []float64) (float64, bool, error) {
		loc, sd, phi := unpack(x)
		antithetic(r, eps, g.s, d)
		for i := range u {
			u[i] = loc[i%d] + sd[i%d]*eps[i]
		}
		for _, y := range g.sites {
			p := phi[y.at : y.at+y.params()]
			y.logits(p)
			y.assign(r, g.s, p, temperature(), f.opt.StraightThrough, false)
		}
		if err := g.eval(u); err != nil {
			return 0, false, err
		}
		f.spent += g.s
		clear(out)
		value := constant
		for _, l := range g.lp {
			value += l / float64(g.s)
		}
		for i := 0; i < d; i++ {
			value += math.Log(sd[i])
			for p := 0; p < g.s; p++ {
				v := g.du[p*d+i] * st.sd[i] / float64(g.s)
				out[i] += v
				out[d+i] += v * eps[p*d+i] * sd[i] / st.sd[i]
			}
			out[d+i]++
		}
		for _, y := range g.sites {
			o := out[2*d+y.at : 2*d+y.at+y.params()]
			if y.infinite && y.bound(g.s) {
				return 0, false, nil
			}
			y.gradient(g.s, temperature(), g.lp, o)
			value += y.entropy(o)
			if y.infinite {
				for _, l := range y.logq {
					value -= l / float64(g.s)
				}
			}
		}
		for i := range unit {
			out[2*d+i] *= unit[i]
		}
		return value, finite(value) && allFinite(out), nil
	}
	// Logits of what is nearly certain drift without effect: probabilities count.
	s.watch = func(x []float64) []float64 {
		out := append([]float64(nil), x[:2*d]...)
		_, _, phi := unpack(x)
		for _, y := range g.sites {
			p := phi[y.at : y.at+y.params()]
			if y.infinite {
				out = append(out, x[2*d+y.at:2*d+y.at+y.params()]...)
				continue
			}
			y.logits(p)
			out = append(out, y.q...)
		}
		return out
	}
	s.divergence = func(a, b []float64) float64 {
		la, sa, pa := unpack(a)
		lb, sb, pb := unpack(b)
		return g.divergence(la, sa, pa, lb, sb, pb)
	}
	if err := s.run(x0); err != nil {
		return nil, nil, err
	}
	fit := newFit(f.t)
	fit.Converged, fit.Ended, fit.Decrement = s.converged, s.why, math.NaN()
	fit.Particles = g.s
	loc, sd, phi := unpack(s.x)
	end := &guidedStart{loc: loc, sd: sd, phi: phi, bounds: st.bounds, allowed: st.allowed, value: s.value}
	return fit, end, f.concludeGuided(fit, g, loc, sd, phi)
}

// bound narrows the support of infinite sites where a draw had density zero, and
// reports whether it did.
func (x *guidedSite) bound(s int) bool {
	found := false
	for e := 0; e < x.n; e++ {
		sum, n := 0.0, 0
		for p := 0; p < s; p++ {
			if finite(x.dw[p*x.n+e]) {
				sum += x.z[p*x.n+e]
				n++
			}
		}
		for p := 0; p < s && n > 0; p++ {
			if i := p*x.n + e; math.IsInf(x.dw[i], -1) {
				found = true
				if x.z[i] < sum/float64(n) {
					x.from[e] = math.Max(x.from[e], x.z[i]+1)
				} else {
					x.to[e] = math.Min(x.to[e], x.z[i]-1)
				}
			}
		}
	}
	return found
}

// divergence is the largest symmetrised Kullback-Leibler divergence between two
// guides' marginals.
func (g *guided) divergence(la, sa, pa, lb, sb, pb []float64) float64 {
	normal := func(m, va, vb float64) float64 { return 0.5 * (va/vb + vb/va - 2 + m*m*(1/va+1/vb)) }
	worst := 0.0
	for i := range la {
		worst = math.Max(worst, normal(la[i]-lb[i], sa[i]*sa[i], sb[i]*sb[i]))
	}
	for _, x := range g.sites {
		a, b := pa[x.at:x.at+x.params()], pb[x.at:x.at+x.params()]
		if x.infinite {
			for e := 0; e < x.n; e++ {
				worst = math.Max(worst, normal(a[2*e]-b[2*e], math.Exp(2*a[2*e+1]), math.Exp(2*b[2*e+1])))
			}
			continue
		}
		q, p := make([]float64, x.k), make([]float64, x.k)
		for e := 0; e < x.n; e++ {
			softmax(a[e*x.k:(e+1)*x.k], x.allowed[e*x.k:(e+1)*x.k], 1, q)
			softmax(b[e*x.k:(e+1)*x.k], x.allowed[e*x.k:(e+1)*x.k], 1, p)
			t := 0.0
			for k := range q {
				if q[k] > 0 && p[k] > 0 {
					t += (q[k] - p[k]) * math.Log(q[k]/p[k])
				}
			}
			worst = math.Max(worst, t)
		}
	}
	return worst
}

// concludeGuided makes the answer: draws of the guide, and the ELBO of the model
// with hard draws.
func (f *fitter) concludeGuided(fit *Fit, g *guided, loc, sd, phi []float64) error {
	f.stage = "correct"
	d, n := f.t.D, (f.opt.Draws+g.s-1)/g.s*g.s
	fit.Loc, fit.LogSD = loc, make([]float64, d)
	entropy := float64(d) * 0.5 * (1 + math.Log(2*math.Pi))
	for i := range sd {
		fit.LogSD[i] = math.Log(sd[i])
		entropy += fit.LogSD[i]
	}
	fit.Draws, fit.Applied = &Weighted{D: d, U: make([]float64, n*d), KHat: math.NaN(), ESS: float64(n)}, NoCorrection
	fit.Guides = make([]*SiteGuide, len(f.t.Discrete))
	for _, x := range g.sites {
		p := phi[x.at : x.at+x.params()]
		x.logits(p)
		fit.Guides[x.i] = x.summary(p)
	}
	var ratios []float64
	eps := make([]float64, g.s*d)
	for from := 0; from < n; from += g.s {
		r := Stream(f.opt.Seed, "guided draws", from/g.s)
		balanced(r, eps, g.s, d)
		u := fit.Draws.U[from*d : (from+g.s)*d]
		for i := range u {
			u[i] = loc[i%d] + sd[i%d]*eps[i]
		}
		for _, x := range g.sites {
			x.assign(r, g.s, phi[x.at:x.at+x.params()], 1, false, true)
			x.record(fit.Guides[x.i])
		}
		if err := g.eval(u); err != nil {
			return err
		}
		f.spent += g.s
		for p := 0; p < g.s; p++ {
			v := g.lp[p] + entropy
			for _, e := range eps[p*d : (p+1)*d] {
				v += 0.5 * (e*e - 1)
			}
			for _, x := range g.sites {
				for _, l := range x.logq[p*x.n : (p+1)*x.n] {
					v -= l
				}
			}
			ratios = append(ratios, v)
		}
	}
	t := *f.t
	t.Options.Assigner = guideAssigner(fit.Guides)
	fit.Target = &t
	m, spread := meanSD(ratios)
	fit.ELBO, fit.MCSE = m, spread/math.Sqrt(float64(len(ratios)))
	fit.Modes = []Mode{{loc, fit.ELBO}}
	elements := d
	for _, x := range g.sites {
		elements += x.n
	}
	if elements <= mostWeighted {
		_, fit.KHatMeanField = psis.Smooth(ratios)
		fit.Draws.KHat = fit.KHatMeanField
	}
	f.mark(fit)
	fit.Evaluations = f.spent
	return nil
}

// summary tabulates the guide of a site.
func (x *guidedSite) summary(phi []float64) *SiteGuide {
	s := &SiteGuide{}
	if !x.infinite {
		s.P = append([]float64(nil), x.q...)
		return s
	}
	lo, hi := math.Inf(1), math.Inf(-1)
	for e := 0; e < x.n; e++ {
		m, sd := phi[2*e], math.Exp(phi[2*e+1])
		lo = math.Min(lo, math.Max(x.from[e], math.Floor(m-6*sd)))
		hi = math.Max(hi, math.Min(x.to[e], math.Ceil(m+6*sd)))
	}
	lo = math.Max(lo, x.low)
	for v := lo; v <= hi; v++ {
		s.Values = append(s.Values, v)
	}
	k := len(s.Values)
	s.P = make([]float64, x.n*k)
	for e := 0; e < x.n; e++ {
		m, sd := phi[2*e], math.Exp(phi[2*e+1])
		sum := 0.0
		row := s.P[e*k : (e+1)*k]
		for i, v := range s.Values {
			if v >= x.from[e] && v <= x.to[e] {
				row[i] = phi0((v+0.5-m)/sd) - phi0((v-0.5-m)/sd)
				sum += row[i]
			}
		}
		for i := range row {
			row[i] /= sum
		}
	}
	return s
}

// record appends the draws of one evaluation.
func (x *guidedSite) record(s *SiteGuide) {
	for _, z := range x.z {
		k := int(z)
		if x.infinite {
			k = min(max(int(z-s.Values[0]), 0), len(s.Values)-1)
		}
		s.Draws = append(s.Draws, k)
	}
}

// guideAssigner assigns the probabilities of fitted guides, for what is summed
// out beside them.
type guideAssigner []*SiteGuide

func (a guideAssigner) Weights(b *named.Builder, i int, shape graph.Shape) named.Value {
	if shape[len(shape)-1] == 1 && len(a[i].Values) > 0 { // infinitely many
		one := make([]float64, shape.Size())
		for k := range one {
			one[k] = 1
		}
		return b.Array(shape, one)
	}
	return b.Array(shape, a[i].P)
}

func (a guideAssigner) Prior(b *named.Builder, i int, shape graph.Shape) named.Value {
	return a.Weights(b, i, shape)
}

// Drawn is the most likely value.
func (a guideAssigner) Drawn(b *named.Builder, i int, shape graph.Shape, _ float64) named.Value {
	z := make([]float64, shape.Size())
	k := len(a[i].Values)
	for e := range z {
		z[e] = a[i].Values[argmax(a[i].P[e*k:(e+1)*k])]
	}
	return b.Array(shape, z)
}

package inference

import (
	"math"
	"math/rand/v2"

	"ppl/graph"
	"ppl/graph/lower"
	"ppl/inference/random"
	"ppl/inference/target"
)

const (
	firstTemperature = 0.5
	lastTemperature  = 0.1
	guidedRate       = 0.1
	relaxedBlocks    = 160
	relaxedAccuracy  = 0.3
)

// guided fits a model some of whose discrete latents have a guide: a start by
// coordinate ascent, then stochastic gradients for all parameters together. What
// is relaxed is finished without a relaxation: see unbiased.
func (f *fitter) guided() (*Answer, error) {
	f.stage = "start"
	g, err := newGuided(f.t, target.Lanes)
	if err != nil {
		return nil, err
	}
	h := g
	if g.relaxes() {
		if h, err = hardened(g.t, g.s); err != nil {
			return nil, err
		}
	}
	start := g
	if h.tabulated() { // its start needs nothing plugged in
		start = h
	}
	best, err := f.guidedStarts(start)
	if err != nil {
		return nil, err
	}
	if best == nil {
		if f.halted() {
			return nil, &ErrStopped{f.why}
		}
		e := &target.ErrNoStart{}
		for _, d := range f.t.Discrete {
			e.Sites = append(e.Sites, d.Symbol.Name)
		}
		return nil, e
	}
	f.stage = "optimise"
	g.layout()
	fit, end, err := f.descend(g, best, guidedRate)
	if err == nil && h != g && !f.halted() {
		fit, err = f.unbiased(h, fit, end, best)
	}
	if err != nil {
		return nil, err
	}
	fit.outsets = f.outsets(start, fit)
	return fit, nil
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

// tabulated reports whether all factors are tables.
func (g *guided) tabulated() bool {
	for _, x := range g.sites {
		if x.how == lower.Relax || x.whole {
			return false
		}
	}
	return true
}

// hardened is the objective with unbiased gradients of the ELBO in the place of
// relaxations: expectations if the factors can be tabulated, and tables do not cost too
// much, else the score function of the density as a whole. At hard values it is the
// density of the model.
func hardened(t *target.Target, s int) (*guided, error) {
	expect, err := lowerGuided(inPlaceOfRelax(t, lower.Expect), s)
	if err != nil || expect.work > costly {
		score, scoreErr := lowerGuided(inPlaceOfRelax(t, lower.Score), s)
		if err != nil && scoreErr != nil {
			return nil, scoreErr
		}
		if err != nil || scoreErr == nil && expect.work > costlier*score.work {
			expect = score
		}
	}
	expect.layout()
	return expect, expect.compile()
}

// Tables cost too much if they work through more than costly numbers, and costlier times
// those that the density without tables does.
const (
	costly   = 1e4
	costlier = 30
)

// inPlaceOfRelax is the target with another strategy for latents that are relaxed. Under
// Score they are lowered as they are, and given draws.
func inPlaceOfRelax(t *target.Target, how string) *target.Target {
	u := *t
	u.Discrete = append([]lower.Discrete(nil), t.Discrete...)
	u.Options.Strategies = map[string]string{}
	for name, x := range t.Options.Strategies {
		u.Options.Strategies[name] = x
	}
	for i := range u.Discrete {
		d := &u.Discrete[i]
		if d.Strategy != lower.Relax {
			continue
		}
		if d.Strategy = how; how == lower.Expect {
			u.Options.Strategies[d.Symbol.Name] = how
		}
	}
	return &u
}

// unbiased goes on from where a relaxation ended with unbiased gradients of the
// ELBO itself: a relaxation leads to the right region, but its optimum is not
// that of the model with hard values, at any temperature at which its gradients
// are of use. As both have optima that are not the best, the start of the
// relaxation is tried as well; the best guide by the ELBO is the answer.
func (f *fitter) unbiased(h *guided, relaxed *Answer, end, start *guidedStart) (*Answer, error) {
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

// descend runs the stochastic optimiser from a start, and makes the answer.
func (f *fitter) descend(g *guided, st *guidedStart, first float64) (*Answer, *guidedStart, error) {
	d := g.t.D
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
		s.blocks, s.within = relaxedBlocks, relaxedAccuracy // it need not be exact: see unbiased
	}
	s.gradient = func(x []float64, r *rand.Rand, out []float64) (float64, bool, error) {
		loc, sd, phi := unpack(x)
		random.Antithetic(r, eps, g.s, d)
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
		return value, graph.Finite(value) && graph.AllFinite(out), nil
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
	fit := newAnswer(g.t)
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
			if graph.Finite(x.dw[p*x.n+e]) {
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

package inference

import (
	"context"
	"math"
	"math/rand/v2"

	"ppl/graph"
	"ppl/inference/psis"
	"ppl/inference/random"
	"ppl/inference/temper"
)

// A look at a fit that does not descend from it: particles are tempered from the prior
// (package temper), and what they find is held against the answer. Where the answer has
// missed some of the mass, or could not be corrected, what the particles have found is
// weighed, and becomes the answer.

// Look is what tempering from the prior says of an answer.
type Look struct {
	// Agrees says that the answer has the means, sds and quantiles of the particles, as
	// far as their number can tell. Otherwise Coordinate is the number of the unconstrained
	// scale that is furthest off, by Off of the particles' sds.
	Agrees     bool
	Coordinate int
	Off        float64
	// Used says that the answer has been made from the particles.
	Used bool
	// Particles are the tempered ones; Chains is the number of their runs.
	Particles *Weighted
	// LogEvidence is their estimate of the log evidence, with its Monte-Carlo error.
	LogEvidence, MCSE float64
	// RHat is the largest over the coordinates, between runs, Drift by how much their last
	// moves changed the particles, in the units of Off.
	RHat, Drift float64
	coarse      float64 // what fitter.coarse says of the particles
	result      *temper.Result
	sym         *Symmetry
	figures     []figures // of the particles, by coordinate
	from        *reference
	size        size
}

// Tempered draws are particles that were tempered from the prior.
const Tempered Correction = "tempered particles"

const (
	// mostTempered latents are what a few thousand particles can cover.
	mostTempered = 30
	// cheapLook is the work that is always spent on a look, dearLook where the answer is in
	// doubt: numbers that evaluations work through.
	cheapLook, dearLook = 5e9, 2.5e11
	// doubtfulKHat is that from which on the weights of a fit are not taken for an
	// answer without a thorough look.
	doubtfulKHat = 0.3
	// fewTempered latents are covered so well that particles may be the answer.
	fewTempered = 8
)

// size is that of a tempered run.
type size struct{ runs, particles, moves, final, keep int }

var glance = size{4, 512, 5, 10, 1}

// Coarse is the largest Monte-Carlo error of the sds and quantiles of what is reported, as a
// multiple of what is aimed at, 5 % of the sd; NaN where it was not computed.
func (l *Look) Coarse() float64 { return l.coarse }

// Precise reports whether sds and quantiles are as exact as those of an answer called good.
func (l *Look) Precise() bool { return l.coarse <= precise }

// Each is the number of particles of a run.
func (l *Look) Each() int { return l.size.particles }

// thorough is that which may become the answer.
func thorough(d int) size { return size{8, 512, 8 + d/2, 40 + 4*d, 4} }

// evaluations estimates how many a run takes in d coordinates.
func (s size) evaluations(d int) float64 {
	temperatures := 6 + 4*math.Sqrt(float64(d))
	return float64(s.runs*s.particles) * (temperatures*float64(s.moves) + float64(s.final))
}

// looksAt reports whether a fit may be looked at.
func (f *fitter) looksAt(fit *Fit) bool {
	return f.opt.Correct == Corrections[0] && !fit.Point && f.t.D <= mostTempered && f.t.D > 0 && !f.halted() && f.surf != nil
}

// look holds a fit against tempered particles.
func (f *fitter) look(fit *Fit) error {
	if !f.looksAt(fit) {
		return nil
	}
	f.stage = "look"
	d, cost := f.t.D, f.cost()
	sound := fit.sound()
	glances := sound && fit.Draws.KHat <= doubtfulKHat
	if glances && glance.evaluations(d)*cost > cheapLook || !glances && thorough(d).evaluations(d)*cost > dearLook {
		return nil
	}
	prior := f.prior()
	ref := f.reference(fit, prior)
	if glances {
		l, err := f.temper(ref, glance, "glance")
		if err != nil || l == nil {
			return err
		}
		if l.Compare(fit.Draws); l.Agrees && l.unseen(fit.Draws) == 0 {
			fit.Look = l
			return nil
		}
	}
	l, err := f.thoroughly(fit, ref, prior)
	if err != nil || l == nil {
		return err
	}
	fit.Look = l
	if l.Compare(fit.Draws); l.unseen(fit.Draws) > mostUnseen {
		l.Agrees = false
	}
	if sound && l.Agrees && (fit.Draws.KHat <= doubtfulKHat || d > fewTempered) || f.opt.Guide != Guides[0] {
		return nil
	}
	return f.takeParticles(fit)
}

// thoroughly tempers as many particles as it takes until runs agree, and the figures
// that are reported are precise; nil if that cannot be afforded. It starts with few, goes on
// with four times as many, and then with more runs of as many.
func (f *fitter) thoroughly(fit *Fit, ref *reference, prior []float64) (*Look, error) {
	d, cost := f.t.D, f.cost()
	s := thorough(d)
	var best *Look
	for round := range 4 {
		if n := s.evaluations(d); n*cost > dearLook || n > mostEvaluations || round > 0 && d > fewTempered || f.halted() {
			break
		}
		var l *Look
		var err error
		if round < 2 {
			l, err = f.temper(ref, s, "look")
		} else {
			l, err = f.moreRuns(best, s.runs)
		}
		if err != nil || l == nil {
			return best, err
		}
		if !l.steady() && prior != nil && round == 0 { // the fit may be where there is nothing
			if l, ref, err = f.fromPrior(fit, prior, s, l, ref); err != nil {
				return nil, err
			}
		}
		if l.coarse, err = f.coarse(l.Particles); err != nil {
			return nil, err
		}
		if l.steady() {
			if best = l; l.coarse < 1 || round > 0 && l.coarse < nearly {
				break
			}
		} else if l.MCSE > hopeless || round > 0 {
			break
		}
		if round == 0 {
			s.particles *= 4
		} else {
			s.runs *= 2
		}
	}
	return best, nil
}

// moreRuns joins as many runs to those of a look as make n.
func (f *fitter) moreRuns(l *Look, n int) (*Look, error) {
	s := l.size
	s.runs = n - l.size.runs
	r, err := f.particles(l.from, s, "look", l.size.runs)
	if err != nil || !r.Complete {
		return nil, err
	}
	s.runs = n
	return f.lookOf(l.result.Join(r), l.from, s), nil
}

// temperMore makes four times as many runs the answer, or twice as many; false where these would
// take too long or too much memory, or do not agree.
func (fit *Fit) temperMore(ctx context.Context, seed uint64, reported int) (bool, error) {
	f := newFitter(ctx, fit.Target, Options{Seed: seed})
	f.sym = fit.Symmetry
	if err := f.use(fit.Target); err != nil {
		return false, err
	}
	s := fit.Look.size
	affordable := false
	for _, times := range []int{4, 2} {
		s.runs = times * fit.Look.size.runs
		n := s.evaluations(f.t.D)
		if affordable = n*f.cost() <= dearLook && n <= mostEvaluations && s.runs*s.particles*s.keep*(f.t.D+reported) <= mostNumbers; affordable {
			break
		}
	}
	if !affordable || f.halted() {
		return false, nil
	}
	l, err := f.moreRuns(fit.Look, s.runs)
	fit.Evaluations += f.evaluations()
	if err != nil || l == nil || !l.steady() {
		return false, err
	}
	if l.coarse, err = f.coarse(l.Particles); err != nil {
		return false, err
	}
	l.Agrees, l.Used = true, true
	fit.Look, fit.Draws = l, l.Particles
	fit.imaged(seed)
	return true, nil
}

// fromPrior tempers from the prior alone, and gives the steadier of the two, with its
// reference.
func (f *fitter) fromPrior(fit *Fit, prior []float64, s size, l *Look, ref *reference) (*Look, *reference, error) {
	m := f.priorParts(fit, prior)
	if len(m.part) == 0 {
		return l, ref, nil
	}
	alone := newReference(m)
	other, err := f.temper(alone, s, "look from the prior")
	if err == nil && other != nil && other.MCSE < l.MCSE {
		return other, alone, nil
	}
	return l, ref, err
}

// steady reports whether the runs agree with one another, and were where they had to be
// before their last moves.
func (l *Look) steady() bool {
	return l.MCSE < steadyEvidence && l.RHat < steadyRHat && l.Drift < offMost
}

// Limits of what differs between runs.
const (
	steadyEvidence = 0.15
	steadyRHat     = 1.01
	hopeless       = 0.7
	// mostEvaluations are those of the largest run.
	mostEvaluations = 1e7
)

// sound reports whether the answer is one of importance weights that need no help.
func (fit *Fit) sound() bool {
	w := fit.Draws
	return fit.Applied == Importance && fit.Converged && len(fit.Modes) == 1 && w.steady() && w.ESS >= FewESS
}

// cost is what an evaluation at one point works through, bodies of recurrences included.
func (f *fitter) cost() float64 { return f.surf.Work() }

// temper runs particles; nil if they did not come to the density.
func (f *fitter) temper(ref *reference, s size, purpose string) (*Look, error) {
	r, err := f.particles(ref, s, purpose, 0)
	if err != nil || !r.Complete {
		return nil, err
	}
	return f.lookOf(r, ref, s), nil
}

// particles runs them, with the streams of runs from the given one on.
func (f *fitter) particles(ref *reference, s size, purpose string, from int) (*temper.Result, error) {
	return temper.Run(f.surf.Value, ref, temper.Options{D: f.t.D, Runs: s.runs, Particles: s.particles, Moves: s.moves, Final: s.final, Keep: s.keep,
		Most:   int(dearLook / f.cost()),
		Stream: func(i int) *rand.Rand { return random.Stream(f.opt.Seed, purpose, from+i) }, Halted: f.halted})
}

// lookOf examines what particles have come to.
func (f *fitter) lookOf(r *temper.Result, ref *reference, s size) *Look {
	w := &Weighted{D: r.D, U: r.U, KHat: math.NaN(), ESS: float64(r.Runs * r.Particles * r.Keep), Chains: r.Runs, logP: r.LogDensity}
	l := &Look{Particles: w, result: r, from: ref, size: s, sym: f.sym}
	f.sym.Fold(w.U)
	f.sym.Fold(r.Before)
	l.LogEvidence, l.MCSE = r.Evidence()
	l.examine()
	return l
}

// reference is a mixture of t distributions that tempering starts from.
type reference struct {
	mixture
	norm float64 // of the t density
}

// referenceTails is the degrees of freedom of its components.
const referenceTails = 5

// reference is one that covers the prior, a wide neighbourhood of the fit, and those
// of further modes.
func (f *fitter) reference(fit *Fit, prior []float64) *reference {
	at, near := f.bulk(fit), 10.0
	m := f.priorParts(fit, prior)
	if len(m.part) > 0 {
		near = 3
	}
	m.add(at.inflated(near), 1)
	for _, image := range f.sym.images() {
		if q := at.image(image); q != nil {
			m.add(q.inflated(near), 1)
		}
	}
	for i, mode := range append(append([]Mode(nil), fit.Modes[1:]...), fit.Minor...) {
		if i < 6 {
			q := *at
			q.loc = mode.Loc
			m.add(q.inflated(near), 0.5)
		}
	}
	if len(m.part) == 0 {
		m.add(diagonal(make([]float64, f.t.D), fill(make([]float64, f.t.D), math.Log(2))), 1)
	}
	return newReference(m)
}

// priorParts is a mixture whose one component covers the prior, none without points.
func (f *fitter) priorParts(fit *Fit, prior []float64) *mixture {
	m := &mixture{df: referenceTails}
	if prior != nil {
		m.add(spreadOf(prior, f.t.D, f.bulk(fit).inflated(3)), 1)
	}
	return m
}

// add adds a component, if it is one; weights are in proportion.
func (m *mixture) add(q *gaussian, weight float64) {
	if q != nil && graph.AllFinite(q.l) && graph.AllFinite(q.loc) && graph.Finite(q.logDet) {
		m.part, m.weight = append(m.part, q), append(m.weight, weight)
	}
}

func newReference(m *mixture) *reference {
	total := 0.0
	for _, w := range m.weight {
		total += w
	}
	for i := range m.weight {
		m.weight[i] /= total
	}
	return &reference{mixture: *m, norm: studentNorm(m.part[0].d, m.df)}
}

func fill(x []float64, v float64) []float64 {
	for i := range x {
		x[i] = v
	}
	return x
}

// bulk is where the fit puts the posterior: the moments of weighted draws, or those of
// the guide.
func (f *fitter) bulk(fit *Fit) *gaussian {
	if fit.Draws != nil && fit.Draws.W != nil && fit.Draws.ESS > 4*float64(f.t.D)+20 {
		if q := fit.Draws.refit(); q != nil {
			return q
		}
	}
	logsd := make([]float64, f.t.D)
	for i, l := range fit.LogSD {
		logsd[i] = math.Min(math.Max(l, -30), 30)
		if math.IsNaN(l) {
			logsd[i] = 0
		}
	}
	return diagonal(fit.Loc, logsd)
}

// studentNorm is the log of the constant of a multivariate t density.
func studentNorm(d int, df float64) float64 {
	n := float64(d)
	if math.IsInf(df, 1) {
		return -0.5 * n * math.Log(2*math.Pi)
	}
	a, _ := math.Lgamma(0.5 * (df + n))
	b, _ := math.Lgamma(0.5 * df)
	return a - b - 0.5*n*math.Log(df*math.Pi)
}

// Draw implements temper.Reference: components have shares in proportion to their
// weights.
func (m *reference) Draw(r *rand.Rand, u []float64, n int) {
	d := m.part[0].d
	z := make([]float64, d)
	from, mass := 0, 0.0
	for k, q := range m.part {
		mass += m.weight[k]
		to := n
		if k+1 < len(m.part) {
			to = min(n, int(math.Round(mass*float64(n))))
		}
		for ; from < to; from++ {
			for j := range z {
				z[j] = r.NormFloat64()
			}
			q.place(z, math.Sqrt(m.df/random.Chi2(r, m.df)), u[from*d:(from+1)*d])
		}
	}
}

// LogDensity implements temper.Reference.
func (m *reference) LogDensity(u []float64) float64 {
	var z [mostTempered]float64
	var share, distance [16]float64
	k := len(m.part)
	return m.norm + m.mixture.logDensity(u, z[:len(u)], share[:k], distance[:k])
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
func (l *Look) Compare(answer *Weighted) {
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
	if held.Compare(chains); l.Particles.D > fewTempered {
		return held.Off < roughly
	}
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

// unseen counts the particles, not how often each was kept, that importance weights know nothing of: under the proposal
// their weight would be well above that of every draw that there is. A mode of a
// thousandth of the mass shows so that no mean or sd of a few hundred particles tells.
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
	n := 0
	for i, lp := range p.logP {
		u := p.U[i*p.D : (i+1)*p.D]
		if lp-m.logDensity(u, z, share, distance)-top > beyondWeights {
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

// differ is how much two sets of figures differ, as a multiple of what is borne: a tenth
// of the narrower sd, or 15 % of it, or a fifth at the quantiles, and four Monte-Carlo
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

// temperedParts is the most components of a mixture that is fitted to particles, temperedRounds
// how often it is fitted anew to what it was weighted to.
const (
	temperedParts  = 6
	remixTails     = 2 // degrees of freedom: heavier than those of a fit's weights
	temperedRounds = 2
)

// takeParticles makes the answer from what the particles have found. Of few latents they
// are the answer as they stand, if they are precise. Otherwise draws of a mixture that
// is fitted to them are weighed: if the weights are steady and agree with the particles
// they are the answer. Otherwise the particles are, until Markov chains that start from
// them say more.
func (f *fitter) takeParticles(fit *Fit) error {
	l := fit.Look
	if !f.direct(l) || l.coarse > 1 {
		w, err := f.remix(l.Particles)
		if err != nil {
			return err
		}
		if w != nil && w.steady() && w.ESS >= FewESS {
			if l.Compare(w); l.Agrees && (w.KHat <= safeKHat || !f.direct(l)) {
				fit.Draws, fit.Applied = w, Importance
				f.found(fit)
				return nil
			}
		}
	}
	fit.Draws, fit.Applied = l.Particles, Tempered
	l.Agrees = true
	f.found(fit)
	fit.chained = fit.chained && !(f.direct(l) && l.Precise())
	return nil
}

// direct reports whether particles may be the answer as they stand.
func (f *fitter) direct(l *Look) bool { return f.t.D <= fewTempered && l.coarse < bearable }

// bearable is how coarse particles may be, nearly what is not worth more of them, and
// precise what is left to no chains.
const (
	bearable = 1.4
	nearly   = 1.1
	precise  = 1.25
)

// found marks that the particles have found what the optimiser did not.
func (f *fitter) found(fit *Fit) {
	fit.Look.Used = true
	fit.Modes, fit.Flat, fit.NoResponse = fit.Modes[:1], nil, ""
	fit.Converged = true
	fit.chained = f.chained(fit)
}

// remix weights draws of a mixture that is fitted to particles, and then to the weighted
// draws; nil if there is none. Shares of the draws come from wide surroundings of all
// particles, whose tails are heavy.
func (f *fitter) remix(p *Weighted) (*Weighted, error) {
	n := p.N()
	df := math.Max(remixTails, float64(p.D)/2)
	equal := &Weighted{D: p.D, U: p.U, logP: p.logP, W: fill(make([]float64, n), 1/float64(n)), ESS: float64(n)}
	broad := equal.refit()
	m := fitMixture(equal, nil, df, temperedParts)
	if m == nil || broad == nil {
		return nil, nil
	}
	defence := func(m *mixture) *mixture {
		if m = m.defended(broad.inflated(1.5), 0.1); p.D <= fewTempered { // of more, draws that wide are lost
			m = m.defended(broad.inflated(5), 0.1)
		}
		return m
	}
	var best *Weighted
	for round := range temperedRounds {
		if f.halted() {
			break
		}
		w, err := f.weighMixture(defence(m), 2*f.opt.Draws, "tempered", round)
		if err != nil {
			return nil, err
		}
		if best == nil || w.better(best) {
			best = w
		}
		if best.KHat <= enough || w.ESS < 2*float64(p.D)+20 {
			break
		}
		if m = fitMixture(w, m, df, temperedParts+1); m == nil {
			break
		}
	}
	for more := 0; more < 2 && best != nil && best.KHat <= SteadyKHat && !f.halted(); more++ {
		coarse, err := f.coarse(best)
		if err != nil {
			return nil, err
		}
		if best.ESS > ample && coarse < 1 {
			break
		}
		w, err := f.weighMixture(best.proposal, 4*best.N(), "tempered", temperedRounds+more)
		if err != nil {
			return nil, err
		}
		best = w
	}
	if best != nil {
		best.measureSpread()
	}
	return best, nil
}

package inference

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"time"

	"ppl/graph"
	"ppl/graph/named"
	"ppl/graph/parallel"
	"ppl/inference/arrow"
	"ppl/inference/random"
	"ppl/inference/target"
)

// Options set a fit. The zero value of a field means its default.
type Options struct {
	Seed      uint64
	Particles int    // Monte-Carlo particles of the ELBO, before doubling; 64
	Guide     string // one of Guides; "meanfield"
	Correct   string // one of Corrections; "auto"
	Draws     int    // importance draws; 4096
	// Temperature is that at which a relaxation ends; 0.1. StraightThrough uses
	// hard draws forwards and relaxed ones backwards.
	Temperature     float64
	StraightThrough bool
	MaxTime         time.Duration // 0: no limit
	// Quick leaves out what checks an answer: further starts, images of modes, the look from
	// the prior. What there is are linear response and weights from one start.
	Quick bool
	// Progress is called from time to time, from the fitting goroutine.
	Progress func(Progress)
}

// Progress is the state of a running fit.
type Progress struct {
	Stage       string // "start", "optimise", "correct", "modes"
	Evaluations int    // of the log density, its gradient or a Hessian product at a point
	ELBO        float64
	// Decrement is the Newton decrement: how far from its optimum, in nats, a
	// quadratic model puts the objective.
	Decrement float64
	Elapsed   time.Duration
}

// ErrStopped is returned where a fit is stopped before it has found a point to
// start from, so that there is nothing to report.
type ErrStopped struct{ Why string }

func (e *ErrStopped) Error() string {
	return "stopped before a starting point was found: " + e.Why
}

// fitter is the state that the steps of a fit share.
type fitter struct {
	ctx     context.Context
	t       *target.Target
	opt     Options
	surf    *target.Surface
	pattern *arrow.Pattern // of the Hessian; nil if it is too large to form
	curved  []bool         // coordinates behind a transform that is not the identity
	begun   time.Time
	stop    time.Time
	told    time.Time
	stage   string
	spent   int    // evaluations of surfaces given up
	budget  int    // Hessian products of a run from a further start; 0: no bound
	why     string // set once the run must end early
	ears    *listener
	tried   []*guidedStart
	sym     *Symmetry // that is found at the first optimum, then about the best

	reporter *target.Reporter // compiled when it is first needed
}

func newFitter(ctx context.Context, t *target.Target, opt Options) *fitter {
	f := &fitter{ctx: ctx, opt: opt, begun: time.Now()}
	if opt.MaxTime > 0 {
		f.stop = f.begun.Add(opt.MaxTime)
	}
	f.ears = &listener{ctx: ctx, stop: f.stop}
	return f
}

// use makes t the target at work.
func (f *fitter) use(t *target.Target) error {
	return f.useOver(t, target.PointAxis())
}

// useOver is use where the axis of the points is given: inputs of the model
// already have it.
func (f *fitter) useOver(t *target.Target, ax *named.Axis) error {
	if f.surf != nil {
		f.spent += f.surf.Evaluations()
	}
	f.t = t
	f.curved = make([]bool, t.D)
	for _, s := range t.Slots {
		if s.Transform.Name != "identity" {
			for i := 0; i < s.Free.Size(); i++ {
				f.curved[s.Offset+i] = true
			}
		}
	}
	var err error
	f.surf, err = t.SurfaceOver(ax)
	return err
}

func (f *fitter) evaluations() int {
	if f.surf == nil {
		return f.spent
	}
	return f.spent + f.surf.Evaluations()
}

// halted reports whether the run must end now, and remembers why.
func (f *fitter) halted() bool {
	if f.why == "" {
		f.why = f.ears.why()
	}
	return f.why != ""
}

func (f *fitter) tell(value, decrement float64) {
	if f.opt.Progress == nil || time.Since(f.told) < 50*time.Millisecond {
		return
	}
	f.told = time.Now()
	f.opt.Progress(Progress{f.stage, f.evaluations(), value, decrement, time.Since(f.begun)})
}

// DefaultParticles is the number of particles where Options does not say.
const DefaultParticles = 64

// Variational fits the default approximation: a mean-field guide on fixed
// noise, linear response, importance weights.
func Variational(ctx context.Context, t *target.Target, opt Options) (*Answer, error) {
	if opt.Particles == 0 {
		opt.Particles = DefaultParticles
	}
	if opt.Draws == 0 {
		opt.Draws = 4096
	}
	if opt.Guide == "" {
		opt.Guide = Guides[0]
	}
	if opt.Correct == "" {
		opt.Correct = Corrections[0]
	}
	guide, ok := family(opt.Guide)
	if !ok || !slices.Contains(Corrections, opt.Correct) {
		return nil, fmt.Errorf("unknown guide %q or correction %q", opt.Guide, opt.Correct)
	}
	f := newFitter(ctx, t, opt)
	defer f.ears.close()
	f.t = t.Heard(f.ears.halt)
	run := guide.fit
	if t.Guided() {
		run = (*fitter).guided
	} else if err := guide.suits(t.D); err != nil {
		return nil, err
	}
	var fit *Answer
	err := f.unlessHalted(func() (err error) {
		if err := f.face(); err != nil {
			return err
		}
		fit, err = run(f)
		return err
	})
	if err != nil || t.Guided() {
		return fit, err
	}
	err = f.unlessHalted(func() error { return f.look(fit) })
	if _, is := err.(*ErrStopped); err != nil && !is {
		return nil, err
	}
	f.mark(fit)
	fit.stalled = !fit.Converged && f.why == "" && !fit.Point && len(fit.Flat) == 0 && fit.Draws.N() > 0 && f.chained(fit)
	fit.spread()
	fit.imaged(opt.Seed)
	fit.Evaluations = f.evaluations()
	fit.More = func(ctx context.Context, a *Answer, reported int) (*Answer, bool, error) {
		return a.more(ctx, opt.Seed, reported)
	}
	return fit, nil
}

// fresh makes t the target at work and fits the guide from a cold start.
func (f *fitter) fresh(t *target.Target) (*objective, *ascent, error) {
	f.stage = "start"
	if err := f.use(t); err != nil {
		return nil, nil, err
	}
	starts, err := f.starts(1)
	if err != nil {
		return nil, nil, err
	}
	if f.pattern, err = f.findPattern(); err != nil {
		return nil, nil, err
	}
	f.stage = "optimise"
	o := newObjective(f.surf, f.opt.Seed, f.opt.Particles)
	a, err := f.climbAndAscend(o, starts[0], nil)
	if err == nil && f.pattern == nil && a.converged && f.opt.Correct == "none" {
		err = f.polish(a)
	}
	return o, a, err
}

// climbAndAscend approaches the bulk from a start and optimises there.
func (f *fitter) climbAndAscend(o *objective, start []float64, near func([]float64) bool) (*ascent, error) {
	loc, logsd, err := f.approach(start)
	if err != nil {
		return nil, err
	}
	if err := f.shrink(o, loc, logsd); err != nil {
		if stopped, is := err.(*ErrStopped); is {
			return nil, stopped
		}
		// The density has no bulk where the steps led (a hierarchical one may rise
		// without bound): optimise from the start itself.
		loc = append([]float64(nil), start...)
		clear(logsd)
		if err := f.shrink(o, loc, logsd); err != nil {
			return nil, err
		}
	}
	return f.ascend(o, loc, logsd, near)
}

// take copies the state of the optimiser.
func (f *fitter) take(fit *Answer, a *ascent) {
	fit.Loc, fit.LogSD = a.loc, a.logsd
	fit.Converged, fit.Decrement, fit.Ended = a.converged, a.decrement, a.why
	fit.Particles = a.o.S
	if len(fit.Modes) == 0 {
		fit.Modes = make([]Mode, 1)
	}
	fit.Modes[0] = Mode{a.loc, a.value}
}

// answer computes linear response and importance weights. Where the weights
// cannot carry the answer it rests on the locations, and the particles are
// doubled until those are exact enough.
func (f *fitter) answer(fit *Answer, o *objective, a *ascent) error {
	f.stage = "correct"
	if !fit.Converged || f.opt.Correct == "none" || f.halted() {
		return f.plainDraws(fit, a, f.t.D)
	}
	plain := *a
	err := f.unlessHalted(func() error { return f.corrected(fit, o, a) })
	if stopped := (*ErrStopped)(nil); errors.As(err, &stopped) {
		return f.plainDraws(fit, &plain, f.t.D)
	}
	return err
}

// corrected is answer where there is time for it.
func (f *fitter) corrected(fit *Answer, o *objective, a *ascent) error {
	if f.pattern == nil {
		return f.respondKrylov(fit, a)
	}
	var r *response
	for {
		// One from no more particles than the last one had would be no better.
		if n := f.affordable(o); r == nil || n > r.particles {
			var err error
			if r, err = f.respond(o, n); err != nil {
				return err
			}
		}
		fit.Flat, fit.NoResponse = r.flat, r.why
		if r.factor == nil {
			return f.withoutResponse(fit, r, a)
		}
		fit.LocError = locError(o, r)
		if err := f.weights(fit, r, a); err != nil {
			return err
		}
		if math.IsNaN(fit.Draws.KHat) { // no weights
			loc, worst, way, err := f.recentre(r, a.loc)
			if err != nil {
				return err
			}
			fit.Moved = way
			if !math.IsNaN(worst) {
				fit.LocError = worst
				f.responseDraws(fit, r, loc)
				return nil
			}
		}
		weighted := fit.Applied == Importance && fit.Draws.KHat <= UsableKHat
		if weighted || f.leaves(fit) || fit.LocError < 0.05 || o.S >= f.mostParticles(fit) || f.halted() {
			f.responseDraws(fit, r, a.loc)
			return nil
		}
		more := newObjective(f.surf, f.opt.Seed, f.moreParticles(fit, o.S))
		next, err := f.refine(more, a, r)
		if err != nil {
			return err
		}
		if !next.converged {
			f.responseDraws(fit, r, a.loc)
			return nil
		}
		o, a = more, next
		f.take(fit, a)
	}
}

// leaves reports whether the answer is left to Markov chains.
func (f *fitter) leaves(fit *Answer) bool { return fit.chained && fit.Draws.KHat > UsableKHat }

// moreParticles is how often s must be doubled for the error of the locations
// to become small: it falls with the root of s.
func (f *fitter) moreParticles(fit *Answer, s int) int {
	most := f.mostParticles(fit)
	for e := 1.1 * fit.LocError; ; e /= math.Sqrt2 { // an estimate: a little more is safer
		if s *= 2; 2*s > most || e < 0.05*math.Sqrt2 {
			return s
		}
	}
}

// mostParticles bounds the doubling: where no Gaussian comes near the posterior
// (k̂ above 1) exact locations of one are of little use.
func (f *fitter) mostParticles(fit *Answer) int {
	switch {
	case f.opt.Particles < 64:
		return f.opt.Particles // the user wants few
	case fit.Draws.KHat > 1:
		return 256
	}
	return 1024
}

// mostWeighted is the number of coordinates beyond which importance weights
// are not tried.
const mostWeighted = 300

// weights runs importance sampling around the linear response, where that may
// help. Where it does not, k̂ and the effective draws are kept, without draws.
func (f *fitter) weights(fit *Answer, r *response, a *ascent) error {
	d := f.t.D
	fit.Draws, fit.Applied = &Weighted{D: d, KHat: math.NaN(), ESS: float64(f.opt.Draws)}, LinearResponse
	if f.opt.Correct == "linear" || d > mostWeighted {
		return nil
	}
	q := newGaussian(a.loc, r.covariance())
	if q == nil {
		return nil
	}
	return f.weightsAround(fit, q, a)
}

// weightsAround is weights for a Gaussian that is given.
func (f *fitter) weightsAround(fit *Answer, q *gaussian, a *ascent) error {
	d, n := f.t.D, f.opt.Draws
	rounds := adaptations
	if f.opt.Quick {
		rounds = adaptationsBefore
	} else if fit.chained = f.chained(fit); fit.chained {
		rounds = adaptationsBefore
	}
	w, err := f.correct(q, n, rounds)
	if err != nil {
		return err
	}
	if f.opt.Quick {
		fit.KHatMeanField = math.NaN()
	} else if plain, err := f.weigh(diagonal(a.loc, a.logsd), math.Inf(1), min(n, 1024), "meanfield", 0); err == nil {
		fit.KHatMeanField = plain.KHat
	} else {
		return err
	}
	if fit.Draws = w; w.KHat < 1 && w.ESS > 100 {
		fit.Applied = Importance
		return nil
	}
	fit.Draws = &Weighted{D: d, KHat: w.KHat, ESS: w.ESS}
	return nil
}

// responseDraws draws from the linear response, unless the weights carry the
// answer. Draws are balanced block by block, as models may be large.
func (f *fitter) responseDraws(fit *Answer, r *response, loc []float64) {
	if fit.Applied == Importance {
		return
	}
	d := f.t.D
	fit.Draws.U = f.drawn(2*d, func(z, u, scratch []float64) {
		r.colour(z, u, scratch)
		axpy(1, loc, u)
	})
	if n := fit.Draws.N(); n < f.opt.Draws {
		fit.Draws.ESS = min(fit.Draws.ESS, float64(n))
	}
}

// plainDraws draws from the mean-field guide.
func (f *fitter) plainDraws(fit *Answer, a *ascent, d int) error {
	f.ears.close()
	draw := func(z, u, _ []float64) {
		for i, x := range z {
			u[i] = a.loc[i] + math.Exp(a.logsd[i])*x
		}
	}
	var u []float64
	if n := f.opt.Draws; n*d <= balancedDraws {
		u = make([]float64, n*d)
		random.Balanced(random.Stream(f.opt.Seed, "draws", 0), u, n, d)
		for i := 0; i < n; i++ {
			draw(u[i*d:(i+1)*d], u[i*d:(i+1)*d], nil)
		}
	} else {
		u = f.drawn(d, draw)
	}
	fit.Draws, fit.Applied = &Weighted{D: d, U: u, KHat: math.NaN(), ESS: float64(len(u) / max(1, d))}, NoCorrection
	return nil
}

// balancedDraws is the number of numbers, 128 MB of them, up to which plain draws
// are balanced all at once; hastyDraws how many are drawn where someone is waiting.
const (
	balancedDraws = 1 << 24
	hastyDraws    = 1 << 21
)

// drawn makes the draws of the answer, rows of D numbers, each from standard
// normals, width of them: all that were asked for, or fewer where the run has been
// ended, or is meanwhile. They are balanced block by block, as models may be large.
func (f *fitter) drawn(width int, draw func(z, u, scratch []float64)) []float64 {
	d, n := f.t.D, f.opt.Draws
	waiting := f.halted()
	if waiting {
		n = min(n, max(target.Lanes, hastyDraws/d))
	}
	out := make([]float64, n*d)
	blocks := (n + target.Lanes - 1) / target.Lanes
	done := make([]bool, blocks)
	workers := min(blocks, runtime.GOMAXPROCS(0))
	parallel.Each(workers, func(worker int) {
		z, scratch := make([]float64, target.Lanes*width), make([]float64, width)
		for b := worker; b < blocks && (b == 0 || waiting || f.ears.why() == ""); b += workers {
			random.Balanced(random.Stream(f.opt.Seed, "draws", b), z, target.Lanes, width)
			for i := b * target.Lanes; i < min(n, (b+1)*target.Lanes); i++ {
				draw(z[(i-b*target.Lanes)*width:][:width], out[i*d:(i+1)*d], scratch)
			}
			done[b] = true
		}
	})
	if b := slices.Index(done, false); b > 0 {
		out = out[:b*target.Lanes*d]
	}
	if hasty := max(target.Lanes, hastyDraws/d) * d; f.halted() && len(out) > hasty {
		out = append([]float64(nil), out[:hasty]...) // what is made of them takes time, too
	}
	return out
}

// response forms the linear response from the particles that are affordable.
func (f *fitter) response(o *objective) (*response, error) {
	return f.respond(o, f.affordable(o))
}

// affordable is the number of particles that a linear response is formed from,
// the fewer the dearer a product is.
func (f *fitter) affordable(o *objective) int {
	n := o.S
	for n > 8 && float64(n)*float64(f.pattern.Probes())*f.surf.Cost() > 2e9 {
		n /= 2
	}
	return n
}

// locError is the Monte-Carlo error of the locations in posterior sds: the
// covariance of the mean gradient over antithetic pairs, through the linear
// response (Giordano, Ingram & Broderick 2024, eq. 13).
func locError(o *objective, r *response) float64 {
	d := o.D
	pairs := o.S / 2
	if pairs < 2 {
		return math.NaN()
	}
	sums := make([]float64, d)
	x, y := make([]float64, d), make([]float64, d)
	for p := 0; p < pairs; p++ {
		for i := range x {
			x[i] = 0.5*(o.g[2*p*d+i]+o.g[(2*p+1)*d+i]) - o.gloc[i]
		}
		r.apply(x, y)
		for i, v := range y {
			sums[i] += v * v
		}
	}
	worst := 0.0
	for i, v := range r.variances() {
		worst = math.Max(worst, math.Sqrt(sums[i]/float64(pairs*(pairs-1))/v))
	}
	return worst
}

// finish evaluates the ELBO and marks how the run ended.
func (f *fitter) finish(fit *Answer, o *objective) error {
	f.ears.close()
	f.mark(fit)
	fit.spread()
	defer func() { fit.Evaluations = f.evaluations() }()
	if f.why == "" && f.t.D <= mostWeighted {
		if err := f.measureRounding(fit); err != nil {
			return err
		}
	}
	return f.evaluate(fit)
}

// mark notes that a run was ended from outside.
func (f *fitter) mark(fit *Answer) {
	fit.Integrates = f.surf != nil && f.surf.Integrates()
	if f.why != "" {
		fit.Converged, fit.Ended = false, f.why
		fit.Interrupted = f.ctx.Err() != nil
		fit.TimedOut = !fit.Interrupted
	}
}

// evaluate fills the ELBO, estimated with fresh noise as the mean of
// log p(u) − log q(u), and its parts.
func (f *fitter) evaluate(fit *Answer) error {
	d := f.t.D
	n := 1024
	if f.why != "" { // someone is waiting
		n = target.Lanes
	}
	entropy := float64(d) * 0.5 * (1 + math.Log(2*math.Pi))
	for _, l := range fit.LogSD {
		entropy += l
	}
	sd := make([]float64, d)
	for i, l := range fit.LogSD {
		sd[i] = math.Exp(l)
	}
	r := random.Stream(f.opt.Seed, "evaluate", 0)
	pairs := make([]float64, n/2) // antithetic pairs are dependent: the error is that of their means
	rows := batch(d)
	eps, u, lp := make([]float64, min(n, rows)*d), make([]float64, min(n, rows)*d), make([]float64, min(n, rows))
	var first []float64
	for from := 0; from < n; from += rows {
		k := min(rows, n-from)
		random.Antithetic(r, eps, k, d)
		for i := range u[:k*d] {
			u[i] = fit.Loc[i%d] + sd[i%d]*eps[i]
		}
		if err := f.surf.Value(u[:k*d], lp[:k]); err != nil {
			return err
		}
		for i, l := range lp[:k] {
			q := 0.0 // ½ Σ eps² less its mean, so that E[w] is the ELBO
			for _, e := range eps[i*d : (i+1)*d] {
				q += 0.5 * (e*e - 1)
			}
			if !graph.Finite(l) { // beyond the support, or beyond a function's domain
				l = math.Inf(-1)
				fit.Beyond += 1 / float64(n)
			}
			pairs[(from+i)/2] += 0.5 * (l + q + entropy)
		}
		if from == 0 {
			first = append(first, eps[:target.Lanes*d]...)
		}
	}
	m, spread := meanSD(pairs)
	fit.ELBO, fit.MCSE = m, spread/math.Sqrt(float64(len(pairs)))
	if f.why != "" || f.opt.Quick {
		return nil
	}
	var err error
	fit.Parts, err = f.t.Parts(fit.Loc, fit.LogSD, first, target.Lanes)
	return err
}

func meanSD(x []float64) (mean, sd float64) {
	for _, v := range x {
		mean += v
	}
	mean /= float64(len(x))
	for _, v := range x {
		sd += (v - mean) * (v - mean)
	}
	return mean, math.Sqrt(sd / math.Max(1, float64(len(x)-1)))
}

package inference

import (
	"context"
	"fmt"
	"slices"
	"time"

	"ppl/graph/named"
	"ppl/inference/arrow"
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
	// the prior. What there is are linear response and weights from one start, of all latents unless some are asked to be
	// integrated out.
	Quick bool
	// Init are values to start from; nil: the origin of the unconstrained scale.
	Init target.Init
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
	ctx      context.Context
	t        *target.Target
	opt      Options
	surf     *target.Surface
	pattern  *arrow.Pattern // of the Hessian; nil if it is too large to form
	curved   []bool         // coordinates behind a transform that is not the identity
	begun    time.Time
	stop     time.Time
	told     time.Time
	stage    string
	spent    int    // evaluations of surfaces given up
	budget   int    // Hessian products of a run from a further start; 0: no bound
	why      string // set once the run must end early
	ears     *listener
	tried    []*guidedStart
	sym      *Symmetry // that is found at the first optimum, then about the best
	learning bool      // params
	written  bool      // the guide is the user's own, whose noise is still
	outset   []float64 // where a fit starts; nil: the origin of the unconstrained scale

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
	fit.chained = f.chained(fit) && (opt.Guide == Guides[0] || opt.Guide == Written)
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
	o := f.objective()
	a, err := f.climbAndAscend(o, starts[0], nil)
	if err == nil && f.pattern == nil && a.converged && f.opt.Correct == "none" {
		err = f.polish(a)
	}
	return o, a, err
}

// objective is the ELBO of the target at work, under the noise of the fit.
func (f *fitter) objective() *objective {
	o := newObjective(f.surf, f.opt.Seed, f.opt.Particles, f.still())
	if f.learning {
		f.orthogonal(o)
	}
	return o
}

// still are the coordinates that keep a standard normal guide; nil where there are none.
func (f *fitter) still() []bool {
	if !f.written {
		return nil
	}
	return f.surf.Noise()
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

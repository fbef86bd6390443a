package inference

import (
	"context"
	"fmt"
	"math"
	"time"
)

// Options set a fit. The zero value of a field means its default.
type Options struct {
	Seed      uint64
	Particles int           // Monte-Carlo particles of the ELBO; 64
	Method    string        // "lbfgs" (default) or "adam"
	MaxTime   time.Duration // 0: no limit
	// Progress is called from time to time, from the fitting goroutine.
	Progress func(Progress)
}

// Progress is the state of a running fit.
type Progress struct {
	Evaluations  int
	ELBO         float64
	GradientNorm float64 // largest component, in units of the guide's sds
	Elapsed      time.Duration
}

// Fit is a fitted mean-field guide.
type Fit struct {
	Loc, LogSD []float64
	// ELBO is estimated with fresh noise; MCSE is its Monte-Carlo standard error.
	ELBO, MCSE  float64
	Parts       []Part // nil if the run was stopped
	Evaluations int
	Converged   bool
	Interrupted bool // by its context
	TimedOut    bool // MaxTime was reached
	// Ended says in words why the optimiser stopped.
	Ended string
}

// ErrNoStart is returned where no starting point has a finite density.
type ErrNoStart struct {
	// Sites lists the statements whose contribution is not finite at the start.
	Sites []string
}

func (e *ErrNoStart) Error() string {
	return fmt.Sprintf("the log density is not finite at any starting point; not finite at the last one: %v", e.Sites)
}

// ErrStopped is returned where a fit is stopped before it has found a point to
// start from, so that there is nothing to report.
type ErrStopped struct{ Why string }

func (e *ErrStopped) Error() string {
	return "stopped before a starting point was found: " + e.Why
}

// fitter is the common state of the optimisers.
type fitter struct {
	ctx   context.Context
	t     *Target
	opt   Options
	obj   *ELBO
	begun time.Time
	stop  time.Time
	told  time.Time

	loc, logsd []float64 // the best so far
	value      float64   // its ELBO under the objective's noise
	why        string    // set once the run must end early
}

// MeanField fits a mean-field guide.
func MeanField(ctx context.Context, t *Target, opt Options) (*Fit, error) {
	if opt.Particles == 0 {
		opt.Particles = 64
	}
	f := &fitter{ctx: ctx, t: t, opt: opt, begun: time.Now(), loc: make([]float64, t.D), logsd: make([]float64, t.D)}
	if opt.MaxTime > 0 {
		f.stop = f.begun.Add(opt.MaxTime)
	}
	var err error
	if f.obj, err = t.NewELBO(opt.Particles); err != nil {
		return nil, err
	}
	eps := make([]float64, opt.Particles*t.D)
	balanced(Stream(opt.Seed, "elbo", 0), eps, opt.Particles, t.D)
	f.obj.SetNoise(eps)
	if err := f.start(); err != nil {
		return nil, err
	}
	fit := &Fit{}
	switch opt.Method {
	case "", "lbfgs":
		fit.Converged, fit.Ended, err = f.lbfgs()
	case "adam":
		fit.Converged, fit.Ended, err = f.adam()
	default:
		return nil, fmt.Errorf("unknown method %q", opt.Method)
	}
	if err != nil {
		return nil, err
	}
	if f.why != "" {
		fit.Converged, fit.Ended = false, f.why
		fit.Interrupted = ctx.Err() != nil
		fit.TimedOut = !fit.Interrupted
	}
	fit.Loc, fit.LogSD = f.loc, f.logsd
	return fit, f.evaluate(fit)
}

// halted reports whether the run must end now, and remembers why.
func (f *fitter) halted() bool {
	switch {
	case f.why != "":
	case f.ctx.Err() != nil:
		f.why = "interrupted"
	case !f.stop.IsZero() && time.Now().After(f.stop):
		f.why = "the time limit was reached"
	}
	return f.why != ""
}

func (f *fitter) tell(value, norm float64) {
	if f.opt.Progress == nil || time.Since(f.told) < 50*time.Millisecond {
		return
	}
	f.told = time.Now()
	f.opt.Progress(Progress{f.obj.Evaluations, value, norm, time.Since(f.begun)})
}

// start finds a point where the ELBO and its gradient are finite: the origin
// of the unconstrained scale, with an sd of 1 that is halved until all
// particles have a finite density; then points away from the origin. The sds
// are then set from the curvature there, which puts raw units of any size on
// one scale.
func (f *fitter) start() error {
	r := Stream(f.opt.Seed, "start", 0)
	for try := 0; try < 20; try++ {
		for i := range f.loc {
			f.loc[i] = 0
			if try > 0 {
				f.loc[i] = (2*r.Float64() - 1) * math.Min(2, 0.2*float64(try))
			}
		}
		for logsd := 0.0; logsd > -16; logsd -= math.Ln2 * 2 {
			for i := range f.logsd {
				f.logsd[i] = logsd
			}
			v, gl, gs, err := f.obj.Eval(f.loc, f.logsd)
			if err != nil {
				return err
			}
			if finite(v) && allFinite(gl) && allFinite(gs) {
				f.value = v
				return f.rescale()
			}
			if f.halted() {
				return &ErrStopped{f.why}
			}
		}
	}
	return f.noStart()
}

func (f *fitter) noStart() error {
	eps := make([]float64, f.t.D)
	parts, err := f.t.Parts(f.loc, f.logsd, eps, 1)
	if err != nil {
		return err
	}
	e := &ErrNoStart{}
	for _, p := range parts {
		if !finite(p.Mean) {
			e.Sites = append(e.Sites, p.Factor.Site)
		}
	}
	return e
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

func allFinite(x []float64) bool {
	for _, v := range x {
		if !finite(v) {
			return false
		}
	}
	return true
}

// rescale shrinks the sds to those that the curvature of the expected log
// density at the start calls for, in each dimension where that is negative and
// the sd that was found safe is too large, if the ELBO gains by it.
func (f *fitter) rescale() error {
	trial := append([]float64(nil), f.logsd...)
	loc := append([]float64(nil), f.loc...)
	// The derivative of the ELBO with respect to logsd, less the entropy's 1, is
	// E[∂log p/∂u · eps · sd] ≈ sd²·H: one gradient holds the whole diagonal.
	_, _, gs, err := f.obj.Eval(loc, f.logsd)
	if err != nil {
		return err
	}
	for i, g := range gs {
		if h := (1 - g); h > 1 {
			trial[i] = f.logsd[i] - 0.5*math.Log(h)
		}
	}
	v, gl, gs2, err := f.obj.Eval(loc, trial)
	if err == nil && finite(v) && allFinite(gl) && allFinite(gs2) && v >= f.value {
		f.logsd, f.value = trial, v
	}
	return err
}

// evaluate fills the ELBO, estimated with fresh noise as the mean of
// log p(u) − log q(u), and its parts.
func (f *fitter) evaluate(fit *Fit) error {
	s, d := f.opt.Particles, f.t.D
	entropy := float64(d) * 0.5 * (1 + math.Log(2*math.Pi))
	for _, l := range fit.LogSD {
		entropy += l
	}
	var w []float64
	eps := make([]float64, s*d)
	rounds := max(4, (1024+s-1)/s)
	if f.why != "" { // someone is waiting
		rounds = 1
	}
	for k := 0; k < rounds; k++ {
		antithetic(Stream(f.opt.Seed, "evaluate", k), eps, s, d)
		f.obj.SetNoise(eps)
		if _, _, _, err := f.obj.Eval(fit.Loc, fit.LogSD); err != nil {
			return err
		}
		lp := f.obj.LogDensities()
		for i := 0; i < s; i++ {
			q := 0.0 // ½ Σ eps² less its mean, so that E[w] is the ELBO
			for j := 0; j < d; j++ {
				q += 0.5 * (eps[i*d+j]*eps[i*d+j] - 1)
			}
			w = append(w, lp[i]+q+entropy)
		}
	}
	fit.Evaluations = f.obj.Evaluations
	// Antithetic pairs are dependent: the error is that of the pairs' means.
	var pairs []float64
	for i := 0; i+1 < len(w); i += 2 {
		pairs = append(pairs, (w[i]+w[i+1])/2)
	}
	if s == 1 || s%2 == 1 {
		pairs = w
	}
	m, sd := meanSD(pairs)
	fit.ELBO, fit.MCSE = m, sd/math.Sqrt(float64(len(pairs)))
	if f.why != "" {
		return nil
	}
	var err error
	fit.Parts, err = f.t.Parts(fit.Loc, fit.LogSD, eps, s)
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

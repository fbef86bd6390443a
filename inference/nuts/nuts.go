package nuts

import (
	"context"
	"errors"
	"fmt"
	"ppl/graph"
	"sync"
	"time"

	"ppl/graph/parallel"
	"ppl/inference/random"
	"ppl/inference/target"
)

// Options set a run. The zero value of a field means its default.
type Options struct {
	Seed         uint64
	Chains       int     // 4
	Warmup       int     // transitions that adapt, a chain; 1000, none if negative
	Draws        int     // transitions that are kept, a chain; 1000
	TargetAccept float64 // mean acceptance that the step size aims at; 0.8, nearer 1 against divergences
	MaxDepth     int     // most doublings of a trajectory; 10
	// Init are starting points, unconstrained, used in turn by the chains; by
	// default each chain finds one at random.
	Init [][]float64
	// InvMetric is the diagonal of the first M⁻¹, such as posterior variances from
	// a fit; all ones by default.
	InvMetric []float64
	StepSize  float64 // the first one; found by trial
	// Metric says whether warm-up adapts M⁻¹ to the covariances of the posterior
	// ("dense") or to its variances alone ("diagonal"); by default to covariances up
	// to mostDense numbers.
	Metric string
	// Progress is called from time to time, by one goroutine at a time.
	Progress func(Progress)
}

// DefaultWarmup is that of Options.
const DefaultWarmup = 1000

// Progress is the state of a run, over all chains.
type Progress struct {
	Done, Total int  // transitions
	Warmup      bool // some chain is still in its warm-up
	Divergences int  // after warm-up
	Elapsed     time.Duration
}

// Result is the draws of all chains, equally many from each.
type Result struct {
	D                int
	Warmup, MaxDepth int // as asked for
	TargetAccept     float64
	Chains           []Chain
	// Divergences are trajectories after warm-up that ended in a divergence,
	// Saturated those that reached the greatest depth without turning back.
	Divergences, Saturated int
	Evaluations            int // gradients, warm-up included
	// Restarts are those of all chains.
	Restarts int
	// Interrupted says that the context was done before the draws were.
	Interrupted bool
}

// Run samples the posterior of a target. A cancelled context is not an error:
// the result is what there was, marked as interrupted. Without a starting point
// the error is an *target.ErrNoStart.
func Run(ctx context.Context, t *target.Target, opt Options) (*Result, error) {
	compiled, err := t.NewDensity(1)
	if err != nil {
		return nil, fmt.Errorf("compiling the log density: %w", err)
	}
	r, err := sample(ctx, t.D, func() (Density, error) { return compiled.Share() }, opt)
	if err != nil {
		return nil, explain(t, err)
	}
	return r, nil
}

// sample samples any density over d unconstrained numbers; density gives each
// chain one with working memory of its own.
func sample(ctx context.Context, d int, density func() (Density, error), opt Options) (*Result, error) {
	if err := opt.complete(d); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	watch := newWatch(opt)
	var chains []*chain
	for i := range opt.Chains {
		f, err := density()
		if err != nil {
			return nil, fmt.Errorf("making the log density of a chain: %w", err)
		}
		c := newChain(f, d, random.Stream(opt.Seed, "nuts", i), opt, func() bool { return ctx.Err() != nil })
		c.tell = watch.chain(i)
		chains = append(chains, c)
	}
	errs := runAll(chains, opt.Init, cancel)
	for i, err := range errs {
		if err != nil {
			return nil, fmt.Errorf("chain %d: %w", i+1, err)
		}
	}
	return collect(chains, d, opt, ctx.Err() != nil), nil
}

// runAll runs the chains side by side; one that fails, or panics, stops the others.
func runAll(chains []*chain, init [][]float64, cancel func()) []error {
	errs := make([]error, len(chains))
	parallel.Each(len(chains), func(i int) {
		var given [][]float64
		for k := range init { // its own first
			given = append(given, init[(i+k)%len(init)])
		}
		ended := false
		defer func() {
			if !ended || errs[i] != nil {
				cancel()
			}
		}()
		errs[i] = chains[i].run(given)
		ended = true
	})
	return errs
}

// The values of Options.Metric.
const (
	Diagonal = "diagonal"
	Dense    = "dense"
)

// mostDense is the most numbers for which covariances are adapted by default.
const mostDense = 50

func (o *Options) dense(d int) bool { return o.Metric == Dense || o.Metric == "" && d <= mostDense }

// complete fills in the defaults and refuses what makes no sense.
func (o *Options) complete(d int) error {
	def := func(x *int, v int) {
		if *x == 0 {
			*x = v
		}
	}
	def(&o.Chains, 4)
	def(&o.Warmup, DefaultWarmup)
	def(&o.Draws, 1000)
	def(&o.MaxDepth, 10)
	o.Warmup = max(o.Warmup, 0)
	if o.TargetAccept == 0 {
		o.TargetAccept = 0.8
	}
	switch {
	case o.Chains < 0 || o.Draws < 0 || o.MaxDepth < 0 || o.MaxDepth > 20:
		return fmt.Errorf("%d chains of %d draws with depth %d", o.Chains, o.Draws, o.MaxDepth)
	case !(o.TargetAccept > 0 && o.TargetAccept < 1):
		return fmt.Errorf("the target acceptance is %g, not between 0 and 1", o.TargetAccept)
	case !(o.StepSize >= 0) || !graph.Finite(o.StepSize):
		return fmt.Errorf("the step size is %g", o.StepSize)
	case o.Metric != "" && o.Metric != Dense && o.Metric != Diagonal:
		return fmt.Errorf("there is no metric %q", o.Metric)
	case o.InvMetric != nil && len(o.InvMetric) != d:
		return fmt.Errorf("the inverse metric has %d numbers, the target %d", len(o.InvMetric), d)
	}
	for _, v := range o.InvMetric {
		if !(v > 0) || !graph.Finite(v) {
			return errors.New("the inverse metric must be positive")
		}
	}
	for _, q := range o.Init {
		if len(q) != d {
			return fmt.Errorf("a starting point has %d numbers, the target %d", len(q), d)
		}
	}
	return nil
}

func collect(chains []*chain, d int, opt Options, interrupted bool) *Result {
	r := &Result{D: d, Warmup: opt.Warmup, MaxDepth: opt.MaxDepth, TargetAccept: opt.TargetAccept}
	n := opt.Draws
	for _, c := range chains {
		n = min(n, len(c.out.Draws))
	}
	r.Interrupted = interrupted && n < opt.Draws
	for _, c := range chains {
		c.out.cut(n)
		r.Chains = append(r.Chains, *c.out)
		r.Divergences += c.out.divergences()
		r.Restarts += c.out.Restarts
		r.Evaluations += c.out.Evaluations
		for i, depth := range c.out.Depth {
			if depth >= opt.MaxDepth && !c.out.Diverged[i] {
				r.Saturated++
			}
		}
	}
	return r
}

// watch gathers the chains' progress.
type watch struct {
	sync.Mutex
	report      func(Progress)
	begun, told time.Time
	warmup      int
	total       int
	done        []int
	divergences []int
}

func newWatch(opt Options) *watch {
	return &watch{
		report: opt.Progress, begun: time.Now(), warmup: opt.Warmup, total: opt.Chains * (opt.Warmup + opt.Draws),
		done: make([]int, opt.Chains), divergences: make([]int, opt.Chains),
	}
}

// chain makes the function by which chain i tells that a transition is done.
func (w *watch) chain(i int) func(iteration int, c *Chain) {
	if w.report == nil {
		return func(int, *Chain) {}
	}
	divergences, told := 0, time.Time{}
	return func(iteration int, c *Chain) {
		if k := len(c.Diverged); k > 0 && c.Diverged[k-1] {
			divergences++
		}
		if time.Since(told) < 10*time.Millisecond {
			return
		}
		told = time.Now()
		w.Lock()
		defer w.Unlock()
		w.done[i], w.divergences[i] = iteration, divergences
		if told.Sub(w.told) < 50*time.Millisecond {
			return
		}
		w.told = told
		w.report(w.sum())
	}
}

func (w *watch) sum() Progress {
	p := Progress{Total: w.total, Elapsed: time.Since(w.begun)}
	for i, n := range w.done {
		p.Done += n
		p.Divergences += w.divergences[i]
		p.Warmup = p.Warmup || n < w.warmup
	}
	return p
}

package chains

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"ppl/graph/parallel"
	"ppl/inference"
	"ppl/inference/nuts"
	"ppl/inference/random"
)

// Options set a run. The zero value of a field means its default.
type Options struct {
	Seed         uint64
	Chains       int     // 64
	Groups       int     // of chains with a common starting point; 8
	Warmup       int     // transitions that adapt, a chain; 160
	Draws        int     // that are kept, a chain; as many as it takes
	Keep         int     // the least number of draws of all chains together; 4096
	TargetAccept float64 // that step sizes aim at; 0.9
	MaxDepth     int     // most doublings of a trajectory; 10
	Effective    float64 // draws of each number that are aimed at where Draws is 0; 1000
	// Work bounds the elements that evaluations work through, where Draws is 0;
	// defaultWork.
	Work float64
	// Progress is called from time to time, by one goroutine at a time.
	Progress func(nuts.Progress)

	together bool // for tests: all elements with tables in one group
}

// defaultWork takes some fifteen seconds of one core.
const defaultWork = 6e10

// The length of a run whose Draws is 0.
const (
	enough   = 1000 // effective draws of each quantity that a run aims at
	plenty   = 4000 // and while it has done little
	little   = 1.5e9
	agree    = 1.008
	strayed  = 1.2  // after a few rounds of which a run gives up
	disagree = 1.02 // from which on the first half of what was drawn is left out
	// A larger share of divergent trajectories makes steps smaller, and what was drawn
	// warm-up too, unless the acceptance is as high as that.
	divergent     = 0.001
	highestAccept = 0.98
	mostDraws     = 4096 // a chain
	mostKept      = 256  // of them, a chain: others are left out
	manyDraws     = 8192 // of all chains, from which on the work allowed grows with them
	lanesAtOnce   = 32
	defaultDepth  = 10
)

// Why runs end early.
const (
	workDone  = "the work allowed was done"
	converged = "converged: the groups of chains agree"
	stopped   = "stopped"
)

// run is the state of a run.
type run struct {
	ctx     context.Context
	fit     *inference.Answer
	opt     Options
	batches []*batch
	lanes   []*lane
	groups  *groups
	metric  *metric
	step    float64
	thin    int
	begun   time.Time
	done    int // iterations of each chain
	warm    int // those before its draws
	planned int
	lock    sync.Mutex
	told    time.Time
	count   int // iterations of all chains
	saved   []draws
}

// Run draws from the posterior of a fitted model some of whose discrete latents
// have a guide. A cancelled context is not an error: the result is what there was, nil
// if there was nothing. The error is an *ErrRefused where there can be no chains.
func Run(ctx context.Context, fit *inference.Answer, opt Options) (*Result, error) {
	opt.complete()
	r := &run{ctx: ctx, fit: fit, opt: opt, thin: 1, begun: time.Now()}
	if err := r.prepare(); err != nil || r.halted() {
		return nil, err
	}
	if err := r.warmUp(); err != nil || r.halted() {
		return nil, refusal(err)
	}
	ended, err := r.sample()
	if err != nil {
		return nil, refusal(err)
	}
	out := r.collect(ended)
	if out == nil && !r.halted() {
		err = r.tooDear(r.work())
	}
	return out, err
}

// refusal makes errors of the sampler about the posterior refusals.
func refusal(err error) error {
	if errors.Is(err, nuts.ErrImproper) || errors.Is(err, nuts.ErrNoStep) {
		return &ErrRefused{err.Error()}
	}
	return err
}

func (o *Options) complete() {
	def := func(x *int, v int) {
		if *x <= 0 {
			*x = v
		}
	}
	def(&o.Chains, 64)
	def(&o.Groups, 8)
	for o.Chains%min(o.Groups, o.Chains) != 0 {
		o.Groups--
	}
	o.Groups = min(o.Groups, o.Chains)
	def(&o.Keep, 4096)
	def(&o.MaxDepth, defaultDepth)
	if o.Warmup == 0 {
		o.Warmup = 160
	}
	o.Warmup = max(o.Warmup, 0)
	if o.TargetAccept == 0 {
		o.TargetAccept = 0.9
	}
	if o.Effective == 0 {
		o.Effective = enough
	}
	if o.Work == 0 {
		o.Work = defaultWork
	}
	o.Work *= math.Max(1, float64(o.Keep)/manyDraws) // who asks for many has time
}

func (r *run) halted() bool { return r.ctx.Err() != nil }

// most is the work of a batch at which it stops wherever it is.
func (r *run) most() float64 {
	if r.opt.Draws > 0 {
		return math.Inf(1)
	}
	return 1.5 * r.opt.Work / float64(len(r.batches))
}

// spent reports whether some batch has stopped for it.
func (r *run) spent() bool {
	for _, b := range r.batches {
		if b.spent(r.most()) {
			return true
		}
	}
	return false
}

// prepare compiles the density, finds the groups of elements, and places the chains.
func (r *run) prepare() error {
	o := r.opt
	per := min(lanesAtOnce, (o.Chains+1)/2)
	first, err := inference.NewJoint(r.fit.Target, per)
	if err != nil {
		return err
	}
	scales := make([]float64, first.D)
	for i, l := range r.fit.LogSD {
		scales[i] = math.Min(math.Max(math.Exp(2*l), 1e-200), 1e200)
	}
	for at := 0; at < o.Chains; at += per {
		j := first
		if at > 0 {
			if j, err = first.Share(); err != nil {
				return err
			}
		}
		b := &batch{j: j, u: make([]float64, per*j.D)}
		b.halted = func() bool { return r.halted() || b.spent(r.most()) }
		for row := range min(per, o.Chains-at) {
			l, err := newLane(b, row, random.Stream(o.Seed, "chains", at+row), nuts.Options{MaxDepth: o.MaxDepth, TargetAccept: o.TargetAccept, InvMetric: scales})
			if err != nil {
				return err
			}
			l.sym = r.fit.Symmetry
			b.lanes = append(b.lanes, l)
			r.lanes = append(r.lanes, l)
		}
		r.batches = append(r.batches, b)
	}
	r.metric = &metric{all: &nuts.Metric{Diagonal: scales}}
	if p := r.fit.Proposal(); p != nil {
		r.begin(p)
	}
	r.planned = o.Warmup + max(o.Draws, r.least())
	r.groups = &groups{single: listed(first).single}
	if err := r.afford(r.leastWork()); err != nil { // whatever groups there are
		return err
	}
	if r.groups, err = findGroups(r.batches[0], r.fit, o.Seed); err != nil {
		return err
	}
	if o.together {
		r.groups.finite = [][]element{slices.Concat(r.groups.finite...)}
	}
	placed := make([]bool, len(r.lanes))
	err = r.each(func(i int, l *lane) error {
		var err error
		placed[i], err = l.disperse(r.fit, o.Seed, i*o.Groups/len(r.lanes))
		return err
	})
	if err != nil {
		return err
	}
	for _, ok := range placed {
		if !ok && !r.halted() {
			return &ErrRefused{"no point near the guide has a finite density"}
		}
	}
	return nil
}

// begin takes the metric of the draws that chains start from.
func (r *run) begin(p *inference.Weighted) {
	pool := nuts.NewPool(p.D)
	for at := 0; at < len(p.U); at += p.D {
		pool.Add(p.U[at : at+p.D])
	}
	r.metric.all = pool.Metric(r.metric.all.Diagonal)
	for _, l := range r.lanes {
		l.s.SetMetric(r.metric.all)
	}
}

// each does some work of every chain, batches side by side.
func (r *run) each(work func(i int, l *lane) error) error {
	number := map[*lane]int{}
	for i, l := range r.lanes {
		number[l] = i
	}
	errs := make([]error, len(r.batches))
	parallel.Each(len(r.batches), func(i int) {
		b := r.batches[i]
		errs[i] = b.run(func(l *lane) {
			if err := work(number[l], l); err != nil && b.err == nil {
				b.err = err
			}
		})
	})
	for _, err := range errs {
		if err != nil {
			return fmt.Errorf("a batch of chains: %w", err)
		}
	}
	return nil
}

// iterate runs all chains for n transitions.
func (r *run) iterate(n int, adapt bool, keep func(*lane)) error {
	err := r.each(func(_ int, l *lane) error {
		if keep != nil {
			l.grow(min(n/r.thin, mostDraws))
		}
		if l.s != nil && adapt {
			l.scale()
			if err := l.s.Tune(); err != nil {
				return err
			}
		}
		var kept func()
		if keep != nil {
			kept = func() { keep(l) }
		}
		err := l.iterate(n, adapt, r.groups, kept, r.tick)
		if l.s != nil && adapt {
			l.s.Settle()
		}
		return err
	})
	if err != nil || r.halted() {
		return err
	}
	if r.entangled() { // as no trial showed
		r.groups.infinite = apart(r.groups.infinite)
		r.clear()
	}
	if r.done += n; adapt && r.lanes[0].s != nil {
		var steps []float64
		for _, l := range r.lanes {
			steps = append(steps, l.s.Step())
		}
		r.step = nuts.Median(steps)
		for _, l := range r.lanes {
			l.s.SetStep(r.step)
		}
	}
	return nil
}

// entangled reports whether, since it was last asked, elements that were moved
// together turned out to share a factor.
func (r *run) entangled() bool {
	any := false
	for _, b := range r.batches {
		any = any || b.entangled
		b.entangled = false
	}
	return any
}

func (r *run) clear() {
	for _, l := range r.lanes {
		l.clear()
	}
}

// tick counts an iteration of a chain.
func (r *run) tick() {
	if r.opt.Progress == nil {
		return
	}
	r.lock.Lock()
	defer r.lock.Unlock()
	r.count++
	if now := time.Now(); now.Sub(r.told) > 50*time.Millisecond {
		r.told = now
		r.opt.Progress(nuts.Progress{Done: r.count, Total: max(r.count, r.planned*len(r.lanes)), Warmup: r.warm == 0, Elapsed: now.Sub(r.begun)})
	}
}

// remetric sets the metric from the draws that chains have kept, and forgets them.
func (r *run) remetric() {
	if r.lanes[0].s != nil && r.lanes[0].out.kept > 0 {
		r.metric = newMetric(r.lanes, r.metric)
		for _, l := range r.lanes {
			l.metric = r.metric
			l.s.SetMetric(r.metric.all)
		}
	}
	r.clear()
}

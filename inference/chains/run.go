package chains

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"ppl/inference"
	"ppl/inference/nuts"
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
	// DefaultWork.
	Work float64
	// Progress is called from time to time, by one goroutine at a time.
	Progress func(nuts.Progress)

	together bool // for tests: all elements with tables in one group
}

// DefaultWork takes some fifteen seconds of one core.
const DefaultWork = 6e10

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

// Result is the draws of all chains, equally many from each.
type Result struct {
	Chains, Groups, Warmup int
	Draws                  int // that are kept of each chain
	// U are the draws of the continuous latents, chain by chain, Z those of the
	// discrete ones, by latent (as in Target.Discrete): chain by chain, draw by draw,
	// element by element, indices into the values or, of infinitely many, values.
	U []float64
	Z [][]int
	// P are the posterior probabilities of the values of the latents with finitely
	// many, elements × values: averages of conditional probabilities where these are
	// known, which is more exact than counts.
	P                      [][]float64
	Trajectories           int // after warm-up, of all chains
	Divergences, Saturated int // of them
	MaxDepth               int
	StepSize, TargetAccept float64
	Dense                  bool
	Evaluations            int // of the density at a point, warm-up included
	Interrupted            bool
	// Ended says why the run ended.
	Ended string
}

// Why runs end early.
const (
	workDone = "the work allowed was done"
	stopped  = "stopped"
)

// run is the state of a run.
type run struct {
	ctx     context.Context
	fit     *inference.Fit
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
func Run(ctx context.Context, fit *inference.Fit, opt Options) (*Result, error) {
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
		o.Work = DefaultWork
	}
	o.Work *= math.Max(1, float64(o.Keep)/manyDraws) // who asks for many has time
}

func (r *run) halted() bool { return r.ctx.Err() != nil }

// limit is the work of a batch at which it stops wherever it is.
func (r *run) limit() float64 {
	if r.opt.Draws > 0 {
		return math.Inf(1)
	}
	return 1.5 * r.opt.Work / float64(len(r.batches))
}

// spent reports whether some batch has stopped for it.
func (r *run) spent() bool {
	for _, b := range r.batches {
		if b.spent(r.limit()) {
			return true
		}
	}
	return false
}

// prepare compiles the density, finds the groups of elements, and places the chains.
func (r *run) prepare() error {
	o := r.opt
	per := min(lanesAtOnce, (o.Chains+1)/2)
	first, err := r.fit.Target.NewJoint(per)
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
		b.halted = func() bool { return r.halted() || b.spent(r.limit()) }
		for row := range min(per, o.Chains-at) {
			l, err := newLane(b, row, inference.Stream(o.Seed, "chains", at+row), nuts.Options{MaxDepth: o.MaxDepth, TargetAccept: o.TargetAccept, InvMetric: scales})
			if err != nil {
				return err
			}
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
	panics := make([]any, len(r.batches))
	var wait sync.WaitGroup
	for i, b := range r.batches {
		wait.Go(func() {
			defer func() { panics[i] = recover() }()
			errs[i] = b.run(func(l *lane) {
				if err := work(number[l], l); err != nil && b.err == nil {
					b.err = err
				}
			})
		})
	}
	wait.Wait()
	for i := range r.batches {
		if panics[i] != nil {
			panic(panics[i])
		}
		if errs[i] != nil {
			return fmt.Errorf("a batch of chains: %w", errs[i])
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

// warmUp leaves the starting points, and adapts metric and step size.
func (r *run) warmUp() error {
	w := r.opt.Warmup
	if w < 5 {
		if r.lanes[0].s == nil || r.halted() {
			return nil
		}
		return r.iterate(0, true, nil) // a step size there must be
	}
	if err := r.settle(w / 5); err != nil || r.halted() {
		return err
	}
	for i, phase := range []int{w / 5, 2 * (w / 5), w - 4*(w/5)} {
		keep := (*lane).keep
		if i == 2 {
			keep = nil
		}
		if err := r.iterate(phase, true, keep); err != nil || r.halted() {
			return err
		}
		if err := r.afford(r.work()); err != nil {
			return err
		}
		if i == 1 {
			r.sharpen()
		}
		if keep != nil {
			r.remetric()
		}
	}
	return nil
}

// settled is the R̂ of log densities from which on groups of chains are taken to have
// left their starting points.
const settled = 1.1

// settle lets chains come from where they start to where the posterior is, n
// transitions at a time: until the log densities of groups agree, or a quarter of the
// work is done.
func (r *run) settle(n int) error {
	if err := r.afford(r.leastWork()); err != nil {
		return err
	}
	defer r.clear()
	for {
		r.clear()
		before := r.work()
		if err := r.iterate(n, true, (*lane).keep); err != nil || r.halted() {
			return err
		}
		if r.opt.Draws > 0 { // as long as was asked for
			return nil
		}
		each := (r.work() - before) / float64(n)
		if err := r.afford(r.work() + each*float64(r.planned-r.done)); err != nil {
			return err
		}
		rhat, _ := nested(r.series(func(l *lane, k int) float64 { return l.out.LP[k] }), r.opt.Groups)
		if rhat < settled || r.work() > r.opt.Work/4 {
			return nil
		}
		r.planned += n
	}
}

// afford says whether work can be afforded.
func (r *run) afford(work float64) error {
	if r.opt.Draws > 0 || work <= r.opt.Work && !r.spent() {
		return nil
	}
	return r.tooDear(work)
}

func (r *run) tooDear(work float64) error {
	return &ErrRefused{fmt.Sprintf("they would take too long, %.2g operations of %.2g that are allowed", work, r.opt.Work)}
}

// leastWork is what a run takes in which each trajectory is one step.
func (r *run) leastWork() float64 {
	j := r.batches[0].j
	n := 2 + len(r.groups.finite) + 2*len(r.groups.infinite)
	for _, x := range r.groups.single {
		if k := j.Sites[x.site].Values; k <= fewValues {
			n += k - 1
		} else {
			n += 2
		}
	}
	return float64(n) * (j.Work() + r.batches[0].besides()) * float64(len(r.lanes)) * float64(r.planned)
}

// work is what evaluations have worked through.
func (r *run) work() float64 {
	w := 0.0
	for _, b := range r.batches {
		w += b.work
	}
	return w
}

// least is the number of draws of each chain that make up Keep.
func (r *run) least() int { return (r.opt.Keep + r.opt.Chains - 1) / r.opt.Chains }

// sample draws; it says why it ended.
func (r *run) sample() (string, error) {
	for n := r.opt.Draws; n > 0; {
		r.warm = r.done
		if err := r.iterate(n, false, (*lane).keep); err != nil || r.halted() {
			return stopped, err
		}
		if r.lanes[0].out.n > 0 { // else forgotten: see iterate
			return "all draws were made", nil
		}
	}
	r.warm = r.done
	drawn, stuck := 0, 0 // draws by each chain, rounds in which groups were apart
	for n := r.least(); ; n *= 2 {
		r.planned = r.done + n - drawn
		for _, l := range r.lanes {
			l.mark()
		}
		if thin := r.thinning(n); thin != r.thin {
			for _, l := range r.lanes {
				l.rarefy(thin / r.thin)
			}
			r.thin = thin
		}
		before := r.work()
		if err := r.iterate(n-drawn, false, func(l *lane) { l.thinned(r.thin) }); err != nil || r.halted() {
			return stopped, err
		}
		if r.spent() {
			return workDone, nil
		}
		each := (r.work() - before) / float64(n-drawn)
		if drawn = n; r.lanes[0].out.n == 0 { // forgotten: see iterate
			drawn, n, r.warm = 0, (n+1)/2, r.done
			continue
		}
		rhat, ess := r.measure()
		if rhat > strayed {
			stuck++
		}
		switch {
		case rhat < agree && r.ample(ess) && !r.diverges() && r.lanes[0].out.kept >= r.least():
			return "converged: the groups of chains agree", nil
		case stuck > 3:
			return "chains that started elsewhere stay apart", nil
		case 2*n > mostDraws:
			return "the greatest length was reached", nil
		case r.work()+each*float64(2*n) > r.opt.Work:
			return workDone, nil
		case rhat > disagree && !r.diverges():
			for _, l := range r.lanes {
				r.warm = r.done - l.drop()
			}
		case r.diverges():
			r.save()
			r.sharpen()
			r.remetric()
			drawn, r.thin = 0, 1
			if err := r.iterate(r.opt.Warmup/5, true, nil); err != nil || r.halted() {
				return stopped, err
			}
			if r.spent() {
				return workDone, nil
			}
			r.warm = r.done
		}
	}
}

// ample reports whether so many effective draws are enough. Cheap ones are taken as well:
// the sd of a quantity with heavy tails needs them.
func (r *run) ample(ess float64) bool {
	return ess > plenty || ess > r.opt.Effective && r.work() > little
}

// save remembers draws that new ones are to replace, should there be none; restore
// takes them back.
func (r *run) save() {
	r.saved = nil
	for _, l := range r.lanes {
		r.saved = append(r.saved, *l.out)
	}
}

func (r *run) restore() {
	for i, o := range r.saved {
		*r.lanes[i].out = o
	}
}

// kept is the number of draws that all chains have kept.
func (r *run) kept() int {
	n := r.lanes[0].out.kept
	for _, l := range r.lanes {
		n = min(n, l.out.kept)
	}
	return n
}

// accepts is the acceptance that steps aim at.
func (r *run) accepts() float64 { return r.lanes[0].s.TargetAccept() }

// diverges reports whether trajectories diverge so often that smaller steps are
// called for.
func (r *run) diverges() bool {
	if r.lanes[0].s == nil {
		return false
	}
	bad, n := 0, 0
	for _, l := range r.lanes {
		bad += l.out.divergences
		n += l.out.n
	}
	return float64(bad) > divergent*float64(n) && r.accepts() < highestAccept
}

// sharpen makes steps aim at a higher acceptance where trajectories diverge.
func (r *run) sharpen() {
	if !r.diverges() {
		return
	}
	accept := r.accepts() + (1-r.accepts())/2
	for _, l := range r.lanes {
		l.s.SetTargetAccept(accept)
	}
}

// thinning is of how many draws one is kept in a run of n, so that memory suffices.
func (r *run) thinning(n int) int {
	numbers := 0
	for _, x := range r.lanes[0].given {
		numbers += len(x)
	}
	numbers = max(1, (numbers+len(r.lanes[0].u))*len(r.lanes))
	most := max(r.least(), min(mostKept, 5e7/numbers))
	thin := 1
	for n/thin > most {
		thin *= 2
	}
	return thin
}

// measure gives the largest R̂ of groups of chains, and the smallest number of effective
// draws, over all numbers that the chains move in: both by the plain formulas, the
// latter from how the means of chains vary.
func (r *run) measure() (rhat, ess float64) {
	rhat, ess = 1, math.Inf(1)
	for i := range r.lanes[0].b.j.D {
		x, y := nested(r.series(func(l *lane, k int) float64 { return l.out.U[k*len(l.u)+i] }), r.opt.Groups)
		rhat, ess = math.Max(rhat, x), math.Min(ess, y)
	}
	for site, z := range r.lanes[0].z {
		for e := range z {
			x, y := nested(r.series(func(l *lane, k int) float64 { return float64(l.out.Z[site][k*len(z)+e]) }), r.opt.Groups)
			rhat, ess = math.Max(rhat, x), math.Min(ess, y)
		}
	}
	return rhat, ess
}

// series are the draws of a number by chain.
func (r *run) series(at func(l *lane, k int) float64) [][]float64 {
	n := r.kept()
	out := make([][]float64, len(r.lanes))
	for c, l := range r.lanes {
		out[c] = make([]float64, n)
		for k := range out[c] {
			out[c][k] = at(l, k)
		}
	}
	return out
}

// nested is the plain split-R̂ of groups of chains, and the effective number of draws by
// the variance of the chains' means.
func nested(chains [][]float64, groups int) (rhat, ess float64) {
	n := len(chains[0])
	var halves [][]float64
	for half := range 2 {
		for g := range groups {
			var x []float64
			for c, chain := range chains {
				if c*groups/len(chains) == g {
					x = append(x, chain[half*(n/2):(half+1)*(n/2)]...)
				}
			}
			halves = append(halves, x)
		}
	}
	var all, means []float64
	within := 0.0
	for _, x := range halves {
		m, v := meanVar(x)
		means = append(means, m)
		within += v / float64(len(halves))
	}
	_, between := meanVar(means)
	rhat, ess = 1, float64(n*len(chains))
	if between > 0 {
		rhat = math.Sqrt(1 + between/within)
	}
	means = means[:0]
	for _, x := range chains {
		m, _ := meanVar(x)
		means = append(means, m)
		all = append(all, x...)
	}
	_, total := meanVar(all)
	if _, v := meanVar(means); v > 0 {
		ess = float64(len(chains)) * total / v
	}
	return rhat, ess
}

func meanVar(x []float64) (mean, variance float64) {
	for _, v := range x {
		mean += v
	}
	mean /= float64(len(x))
	for _, v := range x {
		variance += (v - mean) * (v - mean)
	}
	return mean, variance / math.Max(1, float64(len(x)-1))
}

// collect gathers what the chains have kept.
func (r *run) collect(ended string) *Result {
	n := r.kept()
	if n == 0 {
		r.restore()
		n = r.kept()
	}
	j := r.lanes[0].b.j
	out := &Result{Chains: len(r.lanes), Groups: r.opt.Groups, Warmup: r.warm, Draws: n, MaxDepth: r.opt.MaxDepth,
		StepSize: r.step, TargetAccept: r.opt.TargetAccept, Dense: r.metric.all.Dense(), Interrupted: ended == stopped, Ended: ended}
	latents := len(r.fit.Target.Discrete)
	out.Z, out.P = make([][]int, latents), make([][]float64, latents)
	for _, b := range r.batches {
		out.Evaluations += b.evaluations
	}
	if n == 0 {
		return nil
	}
	if r.lanes[0].s != nil {
		out.TargetAccept = r.accepts()
	}
	for _, l := range r.lanes {
		o := l.out
		out.U = append(out.U, o.U[:n*j.D]...)
		out.Divergences += o.divergences
		out.Saturated += o.saturated
		out.Trajectories += o.n
	}
	for i, s := range j.Sites {
		p := make([]float64, s.Elements*max(1, s.Values))
		for _, l := range r.lanes {
			out.Z[s.Index] = append(out.Z[s.Index], l.out.Z[i][:n*s.Elements]...)
			add(p, l.out.P[i])
		}
		if s.Values == 0 {
			continue
		}
		for k := range p {
			p[k] /= float64(out.Trajectories)
		}
		if s.Values == 1 {
			for k := range p {
				p[k] = 1
			}
		}
		out.P[s.Index] = p
	}
	return out
}

// Apply makes the draws the answer of the fit that the chains started from.
func (r *Result) Apply(fit *inference.Fit) {
	fit.Corrected(&inference.Weighted{D: fit.Target.D, U: r.U, KHat: math.NaN(), Chains: r.Chains}, r.Ended)
	fit.Evaluations += r.Evaluations
	guides := make([]*inference.SiteGuide, len(fit.Guides))
	for i, z := range r.Z {
		if z == nil {
			continue
		}
		guides[i] = &inference.SiteGuide{P: r.P[i], Draws: z}
		if r.P[i] == nil { // infinitely many values
			guides[i] = counted(z, fit.Target.Discrete[i].Shape.Size())
		}
	}
	fit.Guides = guides
}

// counted are the values of elements with infinitely many, by how often they were
// drawn.
func counted(z []int, elements int) *inference.SiteGuide {
	low, high := slices.Min(z), slices.Max(z)
	k := high - low + 1
	s := &inference.SiteGuide{P: make([]float64, elements*k)}
	for v := low; v <= high; v++ {
		s.Values = append(s.Values, float64(v))
	}
	each := 1 / float64(len(z)/elements)
	for i, v := range z {
		s.P[i%elements*k+v-low] += each
		s.Draws = append(s.Draws, v-low)
	}
	return s
}

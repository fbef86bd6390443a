package chains

import (
	"fmt"

	"ppl/inference/nuts"
)

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

// shortDepth bounds the doublings of trajectories meanwhile, where the metric has not all covariances.
const shortDepth = 6

// limit bounds the doublings of all trajectories.
func (r *run) limit(depth int) {
	for _, l := range r.lanes {
		if l.s != nil {
			l.s.Limit(depth)
		}
	}
}

// settling is how many times as dear transitions are taken to be as they will be with a metric of the draws.
const settling = 4

// settle lets chains come from where they start to where the posterior is, n
// transitions at a time: until the log densities of groups agree, or a quarter of the
// work is done.
func (r *run) settle(n int) error {
	if err := r.afford(r.leastWork()); err != nil {
		return err
	}
	defer r.clear()
	if nuts.PartialMetric(r.batches[0].j.D) { // far from the posterior's own, trajectories would be as long as may be
		r.limit(shortDepth)
		defer r.limit(r.opt.MaxDepth)
	}
	for {
		r.clear()
		before := r.work()
		if err := r.iterate(n, true, (*lane).keep); err != nil || r.halted() {
			return err
		}
		if r.opt.Draws > 0 { // as long as was asked for
			return nil
		}
		each := (r.work() - before) / float64(n) / settling
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

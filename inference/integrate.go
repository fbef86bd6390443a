package inference

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"ppl/graph"
	"ppl/guide"
	"ppl/inference/arrow"
	"ppl/inference/target"
)

// Latents that are Gaussian given the others are integrated out (package gauss), and what is fitted is the marginal density of
// the others: hierarchies, regressions, smooths and state-space models with normal errors come down to a handful of scales,
// which weights, a look from the prior and chains can be sure of.

// mostOutside is the number of latents beside a block up to which it is integrated out: that up to which an answer can be held
// against particles from the prior.
const mostOutside = mostTempered

// integrated is the answer where a block of latents can be integrated out; nil where there is none, what is left has no
// answer, or a quick one is wanted and nobody asks for it.
func integrated(ctx context.Context, t *target.Target, opt Options) (*Answer, error) {
	asked := t.ToIntegrate()
	plain := (opt.Guide == "" || opt.Guide == Guides[0]) && (opt.Correct == "" || opt.Correct == Corrections[0]) && opt.Init == nil
	if opt.Quick && len(asked) == 0 {
		return nil, nil
	}
	if !plain {
		return nil, refuse(asked, "it goes with the default guide and corrections alone, and without starting values")
	}
	begun := time.Now()
	f := newFitter(ctx, t, opt)
	defer f.ears.close()
	f.t = t.Heard(f.ears.halt)
	bl, err := f.integrable()
	if err != nil || bl == nil {
		return nil, err
	}
	if opt.MaxTime > 0 {
		opt.MaxTime = max(opt.MaxTime-time.Since(begun), 1)
	}
	a, err := Variational(ctx, t.Marginal(bl), opt)
	const fails = "there is no answer for what is left then"
	switch {
	case errors.As(err, new(*target.ErrNoStart)), errors.As(err, new(*target.ErrMemory)):
		return nil, refuse(asked, fails)
	case err != nil:
		return nil, err
	case a.Interrupted || a.TimedOut:
		return a, nil
	case !a.Converged && !a.Doubtful(), len(a.Flat) > 0:
		return nil, refuse(asked, fails)
	}
	return a, nil
}

// integrable is the block that is integrated out: one that is worth it, or asked for.
func (f *fitter) integrable() (bl *target.Block, err error) {
	asked := f.t.ToIntegrate()
	err = f.unlessHalted(func() (err error) {
		if bl, err = f.block(); err == nil && bl != nil && len(asked) == 0 && f.dear(bl) {
			bl = nil
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if bl == nil {
		return nil, refuse(asked, "its posterior is not Gaussian given the others, or these are too many")
	}
	for i, s := range f.t.Slots {
		if !bl.Slots[i] && slices.Contains(asked, s.Site.Name) {
			return nil, refuse([]string{s.Site.Name}, "its posterior is not Gaussian given the others")
		}
	}
	return bl, nil
}

// Integrated is what a fit by default integrates out of a target; nil: nothing. The error is an *ErrNotIntegrated, or of a context
// that is done.
func Integrated(ctx context.Context, t *target.Target) (*target.Block, error) {
	f := newFitter(ctx, t, Options{})
	defer f.ears.close()
	f.t = t.Heard(f.ears.halt)
	return f.integrable()
}

// ErrNotIntegrated is returned where a latent that is to be integrated out cannot be.
type ErrNotIntegrated struct{ Name, Why string }

func (e *ErrNotIntegrated) Error() string {
	return fmt.Sprintf("`%s` cannot be integrated out: %s", e.Name, e.Why)
}

func refuse(asked []string, why string) error {
	if len(asked) == 0 {
		return nil
	}
	return &ErrNotIntegrated{asked[0], why}
}

// mostMarginal is the work of a thorough look at the latents outside of a block, in numbers that evaluations work through, above
// which they are not worth it, and chains over all latents are faster.
const mostMarginal = 2 * dearLook

// dear reports whether the density of the latents outside of a block is.
func (f *fitter) dear(bl *target.Block) bool {
	m := f.t.Marginal(bl)
	s, err := m.NewSurface()
	return err != nil || thorough(m.D).evaluations(m.D)*s.Work() > mostMarginal
}

// block is that which is to be integrated out; nil: none.
func (f *fitter) block() (*target.Block, error) {
	marked, err := f.t.GaussianSlots(mostOutside)
	if err != nil || !slices.Contains(marked, true) {
		return nil, err
	}
	bl := f.t.NewBlock(marked)
	bl.Seed = f.opt.Seed
	if n := len(bl.Outside); n == 0 || n > mostOutside {
		return nil, nil
	}
	within := make([]bool, f.t.D)
	for _, c := range bl.Inside {
		within[c] = true
	}
	var slots []guide.Slot
	for i, s := range f.t.Slots {
		if marked[i] {
			slots = append(slots, s)
		} else if s.Relative && s.Free.Size() > 1 { // the density of these is unbounded where their scale vanishes
			return nil, nil
		}
	}
	if err := f.use(f.t); err != nil {
		return nil, err
	}
	p, err := f.findPatternOf(slots, &arrow.Pattern{Globals: bl.Inside}, within)
	if err != nil || p == nil || p.Probes() > target.MostProbes {
		return nil, err
	}
	place := make([]int, f.t.D)
	for i, c := range bl.Inside {
		place[c] = i
	}
	bl.Pattern = renumbered(p, place)
	return bl, f.centre(bl, p)
}

// renumbered is a pattern whose coordinate c is called place[c].
func renumbered(p *arrow.Pattern, place []int) *arrow.Pattern {
	of := func(list []int) []int {
		out := make([]int, len(list))
		for i, c := range list {
			out[i] = place[c]
		}
		return out
	}
	q := &arrow.Pattern{Globals: of(p.Globals), Chained: p.Chained}
	for _, b := range p.Blocks {
		q.Blocks = append(q.Blocks, of(b))
	}
	return q
}

// centre puts the block about its mean given the others at the origin, where that is finite; p is its pattern in the
// target's own coordinates.
func (f *fitter) centre(bl *target.Block, p *arrow.Pattern) error {
	m, g, err := f.hessianInTime(p, make([]float64, f.t.D))
	if err != nil {
		return err
	}
	m.Pattern = bl.Pattern
	if !m.Finite() || !graph.AllFinite(g) {
		return nil
	}
	c, ok := m.Factor()
	if !ok {
		return nil
	}
	side, at := make([]float64, len(bl.Inside)), make([]float64, len(bl.Inside))
	for i, x := range bl.Inside {
		side[i] = g[x]
	}
	c.Solve(side, at)
	if graph.AllFinite(at) {
		bl.About = at
	}
	return nil
}

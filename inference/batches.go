package inference

import (
	"context"
	"fmt"
	"iter"
	"math"
	"slices"
	"strings"
	"time"

	"ppl/inference/random"
	"ppl/inference/target"
)

// Learning in batches: params, and the guides of latents, follow stochastic gradients of the ELBO, each of some rows
// along a dimension, whose terms count N/n times. Latents of a row exist while the row is at hand: what the guide of
// the user's draws for it (amortised), or with a mean-field guide of their own, whose numbers are kept row by row.
//
// The loop is that of Welandawe et al. 2024 (see stochastic): Adam at a fixed rate until the iterates are stationary, their average,
// half the rate, until that gains little. Where no latents belong to rows and few numbers are to be learned, exact passes over all rows follow:
// Newton steps on the expected log density, whose Hessian gives the covariances too.

// Feed gives the rows, in the order of an epoch from batch number from on: each row once in an epoch.
type Feed interface {
	Rows() int
	Epoch(ctx context.Context, seed uint64, epoch, from int) iter.Seq2[*target.Rows, error]
}

// BatchOptions set a run in batches; the zero value of a field means its default.
type BatchOptions struct {
	Options
	// Epochs bounds the passes over the rows; 100, or as many as make 40,000 steps. Rate, if it is set, is kept throughout, for all Epochs.
	Epochs int
	Rate   float64
	Size   int // of a batch
	// Exact bounds the exact passes at the end; 20, negative: none.
	Exact int
	// From is the Checkpoint of the run that this one goes on with, of the same rows, seed and batches.
	From map[string][]float64
	// Tell is told of the state after some batches.
	Tell func(BatchProgress)
}

// BatchProgress is the state of a run.
type BatchProgress struct {
	Epoch     int     // that is at work, from 1
	Share     float64 // of the rows of the epoch that have been used
	Rows      int     // that have been used in all
	ELBO      float64 // mean over the last batches, for all rows, in nats
	Rate      float64 // of Adam
	Exact     int     // exact passes so far
	Decrement float64 // of the last one, in nats; NaN before
}

// Batches is what a run in batches has come to.
type Batches struct {
	Ending
	// Loc and LogSD are of the global numbers, as target.Batched has them: params, which are points, and the mean-field guide
	// of latents of no row; Local those of the latents of rows, Width numbers for each, row by row: nil where a guide of
	// the user's draws all of them.
	Loc, LogSD           []float64
	LocalLoc, LocalLogSD []float64
	// Covariance is by the exact passes, Global × Global; nil without these. Of latents it is the posterior's given the params, as
	// linear response has it; of params the inverse of the observed information; of one with the other 0.
	Covariance []float64
	// ELBO is that of all rows, MCSE its Monte-Carlo error.
	ELBO, MCSE float64
	// Epochs, Steps and Exact are how many there were; Missing estimates how many epochs more it would have taken.
	Epochs, Steps, Exact int
	Missing              int
	Rate                 float64
	RowsASecond          float64
	// Checkpoint is what another run goes on from, with the bits of one that did not stop: arrays by name, which are the
	// caller's. Nil of one that has come to its end.
	Checkpoint map[string][]float64
	// Weighed are draws of the latents with weights over all rows; nil where there are none.
	Weighed   *Weighted
	Compiled  int
	Decrement float64
}

// loop is the state of the optimiser.
type loop struct {
	ctx   context.Context
	b     *target.Batched
	feed  Feed
	opt   BatchOptions
	begun time.Time

	point, noise []bool // of the global numbers
	auto         []bool // of the local numbers of a row: with a mean-field guide
	x, m, v      []float64
	lx, lm, lv   []float64
	lk           []int32
	at           descent
	k            int // steps at this rate
	rate         float64
	steps, rows  int
	bad          int
	astray       int // 1 if exact passes have led nowhere
	eps, u       []float64
	g            []float64
	recent       []float64
	relaxes      bool // discrete latents
}

const (
	batchRate    = 0.02
	batchEpochs  = 100
	leastSteps   = 40000
	batchHorizon = 40 // batches whose ELBOs are shown as one
	exactNumbers = 256
	exactPasses  = 20
	nearSteps    = 2000 // before exact passes, which lead on from afar
	leastDecay   = 16
	localRate    = 5  // times the rate, for what moves once in an epoch
	driftChance  = 1  // sds of the cosine of gradients that are noise
	longLook     = 40 // blocks at a rate before it is looked whether iterates rest, which span so many
	fewBlocks    = 16
	blockNumbers = 1 << 24 // in the blocks that are kept
	restEpochs   = 5       // epochs; half as many more at each rate, since what is left to go takes the more steps the lower the rate
	mostDropped  = 10      // steps in a row without a finite gradient
)

// ErrNotFinite is returned where gradients stay without finite values.
type ErrNotFinite struct {
	Epoch int
	// Sites are those whose density is not finite there; none where derivatives alone are not. Rows are the numbers, from 0, of the
	// rows of the last batch.
	Sites []string
	Rows  []int
}

func (e *ErrNotFinite) Error() string {
	text := fmt.Sprintf("the gradients of %d batches in a row are not finite, in epoch %d", mostDropped, e.Epoch)
	var names []string
	for _, site := range e.Sites {
		if site == "" {
			names = append(names, "a `factor`")
		} else {
			names = append(names, "`"+site+"`")
		}
	}
	if len(names) > 0 {
		text += ": nor is the density of " + strings.Join(names, ", ")
	}
	if len(e.Rows) > 0 {
		text += fmt.Sprintf("; the last of them begins with row %d", e.Rows[0]+1)
	}
	return text
}

// InBatches learns what a target has to be learned, in batches.
func InBatches(ctx context.Context, b *target.Batched, feed Feed, opt BatchOptions) (*Batches, error) {
	if opt.Exact == 0 {
		opt.Exact = exactPasses
	}
	l := &loop{ctx: ctx, b: b, feed: feed, opt: opt, begun: time.Now(), rate: opt.Rate}
	if l.rate == 0 {
		l.rate = batchRate
	}
	l.relaxes = b.Relaxes()
	l.begin()
	if opt.From != nil {
		if err := l.restore(opt.From); err != nil {
			return nil, err
		}
	}
	if opt.Epochs == 0 {
		l.opt.Epochs = batchEpochs
		if size := opt.Size; size > 0 && opt.Rate == 0 {
			l.opt.Epochs = max(batchEpochs, leastSteps*size/b.N)
		}
	}
	out := &Batches{Decrement: math.NaN(), MCSE: math.NaN()}
	if err := l.descend(out); err != nil {
		return nil, err
	}
	if l.exact() && !out.Interrupted && !out.TimedOut {
		from := slices.Clone(l.x)
		if err := l.passes(out); err != nil {
			return nil, err
		}
		if !out.Converged && !out.Interrupted && !out.TimedOut { // a density without a bulk where they led: the way on is that without them
			l.x, l.astray = from, 1
			*out = Batches{Decrement: math.NaN(), MCSE: math.NaN()}
			if err := l.descend(out); err != nil {
				return nil, err
			}
		}
	}
	out.Steps, out.Rate = l.steps, l.rate
	switch {
	case out.Interrupted || out.TimedOut:
		out.ELBO, out.MCSE = meanSD(l.recent)
		out.MCSE /= math.Sqrt(float64(max(1, len(l.recent))))
	case l.exact():
		out.Checkpoint = nil
		var err error
		if out.Weighed, err = l.weighed(out); err != nil {
			return nil, err
		}
	default:
		if err := l.evaluate(out); err != nil {
			return nil, err
		}
	}
	out.RowsASecond = float64(l.rows) / time.Since(l.begun).Seconds()
	out.Compiled = b.Compiled
	g := b.Global
	out.Loc, out.LogSD = slices.Clone(l.x[:g]), make([]float64, g)
	copy(out.LogSD, l.x[g:])
	if slices.Contains(l.auto, true) {
		n := b.N * b.Width
		out.LocalLoc, out.LocalLogSD = l.lx[:n], l.lx[n:]
	}
	return out, nil
}

// begin puts everything where it starts.
func (l *loop) begin() {
	b, g := l.b, l.b.Global
	l.x, l.point, l.noise = make([]float64, 2*g), make([]bool, g), make([]bool, g)
	r := random.Stream(l.opt.Seed, "batches", 0)
	at := 0
	for k, s := range b.Slots {
		n := s.Free.Size()
		if b.Local[k] {
			for range n / s.Free[0] {
				l.auto = append(l.auto, !s.Noise)
			}
			continue
		}
		sd := 0.1
		if d := len(s.Free); d >= 2 {
			sd = 1 / math.Sqrt(float64(max(1, s.Free[d-1])))
		}
		for i := range n {
			switch {
			case s.Param:
				l.point[at+i] = true
				l.x[at+i] = sd * r.NormFloat64()
				if s.Init != nil && !math.IsNaN(s.Init[i]) {
					l.x[at+i] = s.Init[i]
				}
			case s.Noise:
				l.noise[at+i] = true
			default:
				l.x[g+at+i] = -1
			}
		}
		at += n
	}
	n := g // params have no sds
	for i := range g {
		if !l.point[i] && !l.noise[i] {
			n = 2 * g
		}
	}
	l.x = l.x[:n]
	l.m, l.v, l.g = make([]float64, n), make([]float64, n), make([]float64, n)
	if slices.Contains(l.auto, true) {
		n := b.N * b.Width
		l.lx, l.lm, l.lv, l.lk = make([]float64, 2*n), make([]float64, 2*n), make([]float64, 2*n), make([]int32, b.N)
		for i := n; i < 2*n; i++ {
			l.lx[i] = -1
		}
	}
}

// stopped notes that the run must end.
func (l *loop) stopped(e *Ending) bool {
	interrupted := l.ctx.Err() != nil && !(l.opt.MaxTime > 0 && time.Since(l.begun) >= l.opt.MaxTime)
	late := l.opt.MaxTime > 0 && time.Since(l.begun) >= l.opt.MaxTime
	if interrupted || late {
		e.End(interrupted)
		return true
	}
	return false
}

// tell reports progress.
func (l *loop) tell(out *Batches, epoch int, share, value float64) {
	if l.recent = append(l.recent, value); len(l.recent) > batchHorizon {
		l.recent = l.recent[1:]
	}
	if l.opt.Tell == nil {
		return
	}
	mean, _ := meanSD(l.recent)
	l.opt.Tell(BatchProgress{epoch + 1, share, l.rows, mean, l.rate, out.Exact, out.Decrement})
}

// evaluate finds the ELBO of what has been learned, over all rows twice, with a noise of each: the differences tell its
// Monte-Carlo error. Discrete latents are at draws, also those whose relaxation was learned with.
func (l *loop) evaluate(out *Batches) error {
	hard := l.b.Hard()
	var sums [2][]float64
	for twice := range sums {
		for rows, err := range l.feed.Epoch(l.ctx, l.opt.Seed, 0, 0) {
			if err != nil {
				if l.stopped(&out.Ending) {
					return nil
				}
				return err
			}
			if l.stopped(&out.Ending) {
				return nil
			}
			n := len(rows.Index)
			l.points(rows, random.Stream(l.opt.Seed, "ELBO", 2*len(sums[twice])+twice))
			e, err := hard.Evaluate(rows, l.u, nil, 1, float64(n)/float64(l.b.N))
			if err != nil {
				return err
			}
			mean, _ := meanSD(e.LogDensity)
			sums[twice] = append(sums[twice], mean+l.entropy(rows))
		}
	}
	out.ELBO, out.MCSE = 0, 0
	for k, a := range sums[0] {
		b := sums[1][k]
		out.ELBO += 0.5 * (a + b)
		out.MCSE += 0.25 * (a - b) * (a - b)
	}
	out.MCSE = math.Sqrt(out.MCSE)
	return nil
}

// exact reports whether exact passes can follow.
func (l *loop) exact() bool {
	return l.astray == 0 && l.opt.Exact > 0 && l.opt.Rate == 0 && l.b.Width == 0 && l.b.Global > 0 && l.b.Global <= exactNumbers && !slices.Contains(l.noise, true)
}

// Spread draws the global numbers at places of the latents, from standard normal numbers: by the covariance of exact passes where
// there is one, else by the mean-field guide. The others stay as they are.
func (r *Batches) Spread(latents []int) func(z, global []float64) {
	d := len(r.Loc)
	var lower []float64
	if r.Covariance != nil {
		n := len(latents)
		sub := make([]float64, n*n)
		for i, a := range latents {
			for j, b := range latents {
				sub[i*n+j] = r.Covariance[a*d+b]
			}
		}
		if q := newGaussian(make([]float64, n), sub); q != nil {
			lower = q.l
		}
	}
	return func(z, global []float64) {
		copy(global, r.Loc)
		for i, a := range latents {
			if lower != nil {
				global[a] += dot(lower[i*len(latents):i*len(latents)+i+1], z[:i+1])
			} else {
				global[a] += math.Exp(r.LogSD[a]) * z[i]
			}
		}
	}
}

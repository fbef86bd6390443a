package inference

import (
	"context"
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"ppl/graph"
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
	eps, u       []float64
	g            []float64
	recent       []float64
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
	out.Steps, out.Rate = l.steps, l.rate
	if l.exact() || out.Interrupted || out.TimedOut {
		out.ELBO, out.MCSE = meanSD(l.recent)
		out.MCSE /= math.Sqrt(float64(max(1, len(l.recent))))
	} else {
		if err := l.evaluate(out); err != nil {
			return nil, err
		}
	}
	out.RowsASecond = float64(l.rows) / time.Since(l.begun).Seconds()
	if l.exact() && !out.Interrupted && !out.TimedOut {
		if err := l.passes(out); err != nil {
			return nil, err
		}
		if out.Converged {
			out.Checkpoint = nil
		}
		var err error
		if out.Weighed, err = l.weighed(out); err != nil {
			return nil, err
		}
	}
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

// descent is where the stochastic part stands.
type descent struct {
	epoch, batch   int // that is next
	block, slope   []float64
	inBlock        int
	blocks, slopes [][]float64 // means of iterates, and of gradients in units of their sizes
	value          float64     // of the block
	values         []float64
	least, look    int       // blocks before it is looked whether iterates rest: at first, and next
	before         []float64 // the average at the rate before; nil at the first
	level          float64   // its ELBO
}

// descend is the stochastic part.
func (l *loop) descend(out *Batches) error {
	length, kept := l.blockLength()
	if l.at.look == 0 {
		least := min(max(longLook, restEpochs*l.b.N/(max(1, l.opt.Size)*blockSteps)), mostBlocks/2)
		l.at.least = max(fewBlocks, least*blockSteps/length)
		l.at.look, l.at.level = l.at.least, math.Inf(-1)
		l.newBlock()
	}
	for ; l.at.epoch < l.opt.Epochs; l.at.epoch, l.at.batch = l.at.epoch+1, 0 {
		out.Epochs = l.at.epoch + 1
		used := l.at.batch * l.opt.Size
		if l.near() {
			l.settle(out)
			return nil
		}
		for rows, err := range l.feed.Epoch(l.ctx, l.opt.Seed, l.at.epoch, l.at.batch) {
			if err != nil {
				if l.stopped(&out.Ending) {
					out.Checkpoint = l.checkpoint()
					return nil
				}
				return err
			}
			if l.stopped(&out.Ending) {
				out.Checkpoint = l.checkpoint()
				return nil
			}
			value, ok, err := l.step(rows)
			if err != nil {
				return err
			}
			l.at.batch++
			used += len(rows.Index)
			l.rows += len(rows.Index)
			if !ok {
				l.rate /= 2
				if l.bad++; l.bad >= mostDropped {
					return &ErrNotFinite{l.at.epoch + 1, l.b.Blame(rows, l.u), slices.Clone(rows.Index)}
				}
				continue
			}
			l.bad = 0
			l.tell(out, l.at.epoch, float64(used)/float64(l.b.N), value)
			if l.opt.Rate == 0 && l.note(value, length, kept) && l.rest(out, kept) {
				return nil
			}
		}
	}
	out.Checkpoint = l.checkpoint()
	out.Ended = fmt.Sprintf("all %d epochs were made", l.opt.Epochs)
	if out.Converged = l.opt.Rate > 0; out.Converged { // it is what was asked for
		return nil
	}
	if n := len(l.at.blocks); n > 1 {
		copy(l.x, average(l.at.blocks[n/2:]))
	}
	out.Missing = l.missing(out)
	return nil
}

func (l *loop) newBlock() {
	l.at.block, l.at.slope, l.at.inBlock, l.at.value = make([]float64, len(l.x)), make([]float64, len(l.x)), 0, 0
}

// note takes a step into the block at work, and reports whether that is whole.
func (l *loop) note(value float64, length, kept int) bool {
	a := &l.at
	axpy(1/float64(length), l.x, a.block)
	for i, x := range l.g {
		a.slope[i] += x / (math.Sqrt(l.v[i]) + 1e-8) / float64(length)
	}
	a.value += value / float64(length)
	if a.inBlock++; a.inBlock < length {
		return false
	}
	a.blocks, a.slopes, a.values = append(a.blocks, a.block), append(a.slopes, a.slope), append(a.values, a.value)
	l.newBlock()
	if len(a.blocks) > kept {
		a.blocks, a.slopes, a.values = a.blocks[1:], a.slopes[1:], a.values[1:]
	}
	return true
}

// near reports whether exact passes take over.
func (l *loop) near() bool {
	return l.exact() && l.steps >= nearSteps && l.at.inBlock == 0 && len(l.at.blocks) > 0
}

// settle ends the stochastic part before exact passes, which may be gone on with from here.
func (l *loop) settle(out *Batches) {
	out.Checkpoint = l.checkpoint()
	n := len(l.at.blocks)
	copy(l.x, average(l.at.blocks[n/2:]))
	out.Ended = "near enough for exact passes"
}

// rest looks whether iterates have come to rest, and lowers the rate where they have; done says that the stochastic part is.
func (l *loop) rest(out *Batches, kept int) (done bool) {
	a := &l.at
	n := len(a.blocks)
	if l.near() {
		l.settle(out)
		return true
	}
	if n < a.look {
		return false
	}
	a.look += a.look / 4
	if latents := l.latentsOf(a.blocks[n/2:]); latents != nil && !settled(latents) || !even(a.values[n/2:]) || drifting(a.slopes[n/2:]) {
		return false
	}
	mean := average(a.blocks[n/2:])
	copy(l.x, mean)
	level, sd := meanSD(a.values[n/2:])
	noise := sd / math.Sqrt(float64(n/2))
	if a.before != nil && l.rate <= batchRate/leastDecay && l.moved(a.before, mean) < accuracy && level-a.level < math.Max(accuracy, 2*noise) {
		out.Converged, out.Ended = true, "converged: half the rate would change little"
		return true
	}
	a.level, a.before, a.blocks, a.slopes, a.values = level, mean, nil, nil, nil
	l.newBlock()
	a.least = min(a.least+a.least/2, kept)
	a.look = a.least
	l.rate /= 2
	l.k = 0
	clear(l.m)
	clear(l.v)
	if l.rate < lowestRate {
		out.Ended = "the lowest rate was reached"
	}
	return out.Ended != ""
}

// drifting reports whether the mean gradients of two halves of a window point the same way, more than chance would have it: those of
// iterates that have come to rest do not, at a fixed rate (Pflug 1990, "Non-asymptotic confidence bounds for stochastic
// approximation algorithms with constant step size"). Directions that change nothing have no part in that.
func drifting(slopes [][]float64) bool {
	h := len(slopes) / 2
	if h == 0 {
		return true
	}
	a, b := average(slopes[:h]), average(slopes[len(slopes)-h:])
	moves := 0
	for _, x := range a {
		if x != 0 {
			moves++
		}
	}
	return dot(a, b) > driftChance/math.Sqrt(float64(max(1, moves)))*math.Sqrt(dot(a, a)*dot(b, b))
}

// missing estimates how many epochs more it takes: as many for each halving of the rate that is left as there were for those so far.
func (l *loop) missing(out *Batches) int {
	halvings := math.Log2(batchRate / l.rate)
	left := math.Max(1, math.Log2(leastDecay)+1-halvings)
	return int(math.Ceil(float64(out.Epochs) * left / (halvings + 1)))
}

// blockLength is how many steps blocks of iterates are averaged over, and how many blocks are kept: the more numbers there are, the
// fewer.
func (l *loop) blockLength() (steps, kept int) {
	kept = max(fewBlocks, min(mostBlocks, blockNumbers/max(1, len(l.x))))
	return blockSteps * ((mostBlocks + kept - 1) / kept), kept
}

func average(blocks [][]float64) []float64 {
	mean := make([]float64, len(blocks[0]))
	for _, b := range blocks {
		axpy(1/float64(len(blocks)), b, mean)
	}
	return mean
}

// even reports whether values no longer rise: those of the second half are not above those of the first by more than noise.
func even(values []float64) bool {
	h := len(values) / 2
	if h < 2 {
		return false
	}
	a, sa := meanSD(values[:h])
	b, sb := meanSD(values[h:])
	return b-a < 2*math.Sqrt((sa*sa+sb*sb)/float64(h))
}

// moved is the root of the symmetrised Kullback-Leibler divergence, the largest of a latent, between the guides of two averages.
// Params are left to the ELBO: models may leave directions of them open.
func (l *loop) moved(a, b []float64) float64 {
	g, divergence := l.b.Global, 0.0
	for i := range g {
		if !l.point[i] && !l.noise[i] {
			va, vb, d := math.Exp(2*a[g+i]), math.Exp(2*b[g+i]), a[i]-b[i]
			divergence = math.Max(divergence, 0.5*(va/vb+vb/va-2+d*d*(1/va+1/vb)))
		}
	}
	return math.Sqrt(divergence)
}

// latentsOf are the parts of blocks that are of the guides of global latents, in units of their sds; nil without any.
func (l *loop) latentsOf(blocks [][]float64) [][]float64 {
	g := l.b.Global
	var at []int
	for i := range g {
		if !l.point[i] && !l.noise[i] {
			at = append(at, i)
		}
	}
	if at == nil {
		return nil
	}
	out := make([][]float64, len(blocks))
	for k, b := range blocks {
		for _, i := range at {
			out[k] = append(out[k], b[i]/math.Exp(l.x[g+i]), b[g+i])
		}
	}
	return out
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

// points fills u with the particles of a batch, around the present guides.
func (l *loop) points(rows *target.Rows, r *rand.Rand) {
	b, n, s := l.b, len(rows.Index), l.b.Points
	d := b.Size(n)
	l.eps, l.u = sized(l.eps, s*d), sized(l.u, s*d)
	spans := l.spans(rows)
	if s > 1 {
		random.Antithetic(r, l.eps, s, d)
	} else {
		for _, t := range spans {
			for i := range t.n {
				if t.kind != pointSpan {
					l.eps[t.at+i] = r.NormFloat64()
				}
			}
		}
	}
	all := b.N * b.Width
	for p := range s {
		eps, u := l.eps[p*d:(p+1)*d], l.u[p*d:(p+1)*d]
		for _, t := range spans {
			to, e := u[t.at:t.at+t.n], eps[t.at:t.at+t.n]
			switch t.kind {
			case pointSpan:
				copy(to, l.x[t.global:])
			case noiseSpan:
				copy(to, e)
			case globalSpan:
				for i := range to {
					to[i] = l.x[t.global+i] + math.Exp(l.x[b.Global+t.global+i])*e[i]
				}
			case localSpan:
				for i := range to {
					to[i] = l.lx[t.local+i] + math.Exp(l.lx[all+t.local+i])*e[i]
				}
			}
		}
	}
}

// span is a stretch of the numbers of a batch: of global ones, of the local ones of a row, or of noise.
type span struct {
	at, n  int // among the numbers of the batch
	kind   spanKind
	global int // where it begins among the global numbers, −1 of local ones
	local  int // or among those of all rows
}

type spanKind int

const (
	pointSpan  spanKind = iota // params
	noiseSpan                  // that a guide of the user's draws from
	globalSpan                 // of latents of no row, with a mean-field guide
	localSpan                  // of latents of a row, likewise
)

// spans are those of a batch; neighbours of one kind are one, but for the local ones of each row.
func (l *loop) spans(rows *target.Rows) []span {
	var out []span
	at, i, width := 0, 0, 0
	for k, s := range l.b.Slots {
		n := s.Free.Size()
		if n == 0 {
			continue
		}
		if !l.b.Local[k] {
			kind := globalSpan
			switch {
			case s.Param:
				kind = pointSpan
			case s.Noise:
				kind = noiseSpan
			}
			out = append(out, span{i, n, kind, at, -1})
			at, i = at+n, i+n
			continue
		}
		each := n / s.Free[0]
		if s.Noise {
			out = append(out, span{i, each * len(rows.Index), noiseSpan, -1, -1})
			i += each * len(rows.Index)
		} else {
			for _, row := range rows.Index {
				out = append(out, span{i, each, localSpan, -1, row*l.b.Width + width})
				i += each
			}
		}
		width += each
	}
	return out
}

func sized(x []float64, n int) []float64 {
	if cap(x) < n {
		return make([]float64, n)
	}
	return x[:n]
}

// step makes one, and gives an estimate of the ELBO of all rows; ok is false where it or a gradient is not finite.
func (l *loop) step(rows *target.Rows) (value float64, ok bool, err error) {
	b, s := l.b, l.b.Points
	scale := float64(b.N) / float64(len(rows.Index))
	l.points(rows, random.Stream(l.opt.Seed, "batch", l.steps))
	l.steps++
	e, err := b.Evaluate(rows, l.u, nil, scale, 1)
	if err != nil {
		return 0, false, err
	}
	d, w := b.Size(len(rows.Index)), 1/float64(s)
	for _, lp := range e.LogDensity {
		value += w * lp
	}
	if !graph.Finite(value) || !graph.AllFinite(e.Gradient) {
		return value, false, nil
	}
	value += scale * l.entropy(rows)
	clear(l.g)
	n := b.N * b.Width
	spans := l.spans(rows)
	for _, t := range spans {
		if t.kind != pointSpan && t.kind != globalSpan {
			continue
		}
		for p := range s {
			g := e.Gradient[p*d+t.at : p*d+t.at+t.n]
			axpy(w, g, l.g[t.global:t.global+t.n])
			if t.kind == globalSpan {
				eps := l.eps[p*d+t.at : p*d+t.at+t.n]
				for i, x := range g {
					l.g[b.Global+t.global+i] += w * x * eps[i] * math.Exp(l.x[b.Global+t.global+i])
				}
			}
		}
		if t.kind == globalSpan {
			for i := range t.n {
				l.g[b.Global+t.global+i]++
			}
		}
	}
	l.k++
	adam(l.x, l.g, l.m, l.v, l.rate, l.k, l.opt.Rate > 0)
	if l.lx == nil {
		return value, true, nil
	}
	for _, row := range rows.Index {
		l.lk[row]++
	}
	for _, t := range spans {
		if t.kind != localSpan {
			continue
		}
		for i := range t.n {
			at, local := t.at+i, t.local+i
			gl, gs := 0.0, 1.0
			sd := math.Exp(l.lx[n+local])
			for p := range s {
				g := w * e.Gradient[p*d+at] / scale
				gl += g
				gs += g * l.eps[p*d+at] * sd
			}
			k := int(l.lk[local/b.Width])
			adam(l.lx[local:local+1], []float64{gl}, l.lm[local:local+1], l.lv[local:local+1], localRate*l.rate, k, l.opt.Rate > 0)
			adam(l.lx[n+local:n+local+1], []float64{gs}, l.lm[n+local:n+local+1], l.lv[n+local:n+local+1], localRate*l.rate, k, l.opt.Rate > 0)
		}
	}
	return value, true, nil
}

// evaluate finds the ELBO of what has been learned, over all rows twice, with a noise of each: the differences tell its
// Monte-Carlo error.
func (l *loop) evaluate(out *Batches) error {
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
			e, err := l.b.Evaluate(rows, l.u, nil, 1, float64(n)/float64(l.b.N))
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

// entropy is that of the guides of a batch, those of global latents in proportion to its rows; of the noise of a guide of the user's the
// standard normal's.
func (l *loop) entropy(rows *target.Rows) float64 {
	const one = 0.5 + 0.91893853320467274178032973640562 // ½ + ½ log 2π
	share, h := float64(len(rows.Index))/float64(l.b.N), 0.0
	for _, t := range l.spans(rows) {
		times := 1.0
		if t.global >= 0 {
			times = share
		}
		if t.kind != pointSpan {
			h += times * one * float64(t.n)
		}
		for i := range t.n {
			switch t.kind {
			case globalSpan:
				h += share * l.x[l.b.Global+t.global+i]
			case localSpan:
				h += l.lx[l.b.N*l.b.Width+t.local+i]
			}
		}
	}
	return h
}

// adam moves x along g (Kingma & Ba 2015), in step k at its rate. Where it is not asked to be just that, its second moments are at
// first those of the last half of the steps: gradients are huge where a run starts, and would keep steps short for thousands more.
func adam(x, g, m, v []float64, rate float64, k int, plain bool) {
	const b1 = 0.9
	b2 := 0.999
	c1, c2 := 1-math.Pow(b1, float64(k)), 1.0
	if plain {
		c2 = 1 - math.Pow(b2, float64(k))
	} else {
		b2 = math.Min(b2, 1-2/float64(k+1))
	}
	for i := range x {
		m[i] = b1*m[i] + (1-b1)*g[i]
		v[i] = b2*v[i] + (1-b2)*g[i]*g[i]
		x[i] += rate * (m[i] / c1) / (math.Sqrt(v[i]/c2) + 1e-8)
	}
}

// exact reports whether exact passes can follow.
func (l *loop) exact() bool {
	return l.opt.Exact > 0 && l.opt.Rate == 0 && l.b.Width == 0 && l.b.Global > 0 && l.b.Global <= exactNumbers && !slices.Contains(l.noise, true)
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

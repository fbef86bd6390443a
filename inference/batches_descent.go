package inference

import (
	"fmt"
	"math"
	"slices"
)

// The stochastic part of a run in batches: steps at a rate until the iterates rest, their average, half the rate.

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
			if l.opt.Rate == 0 && l.cooled() == 1 && l.note(value, length, kept) && l.rest(out, kept) {
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

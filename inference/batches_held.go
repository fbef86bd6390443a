package inference

import (
	"context"
	"math"
	"math/rand/v2"

	"ppl/graph"
	"ppl/inference/psis"
	"ppl/inference/random"
	"ppl/inference/target"
)

// HeldOut is what rows that were not learned from say of what was learned, in nats a row.
type HeldOut struct {
	Rows int
	// ELBO is the mean over the rows of E[log p(row, z) − log q(z)], z being the latents of the row under the guide; Bound
	// the importance-weighted one (Burda, Grosse & Salakhutdinov 2016, "Importance weighted autoencoders"), of Samples
	// draws, which is nearer to log p(row). Their standard errors are those of means over rows.
	ELBO, ELBOError   float64
	Bound, BoundError float64
	Samples           int
	// Unsteady is the share of rows whose weights have a k̂ above 0.7: there the guide of the row is far from its posterior.
	Unsteady float64
}

// heldSamples is the number of draws for each row.
const heldSamples = 1024

// HoldOut evaluates rows that were held out, one at a time as feed gives them, under a target whose params are known and guides of
// the latents of no row as they have been learned. It is nil where latents of rows have a guide of their own each, which those of
// other rows have not.
func HoldOut(ctx context.Context, b *target.Batched, feed Feed, loc, logsd []float64, seed uint64) (*HeldOut, error) {
	l := &loop{ctx: ctx, b: b.Drawn(), feed: feed, opt: BatchOptions{Options: Options{Seed: seed}}}
	l.begin()
	if l.lx != nil {
		return nil, nil
	}
	copy(l.x, loc)
	if g := b.Global; len(l.x) > g {
		copy(l.x[g:], logsd)
	}
	out := &HeldOut{Samples: heldSamples}
	var elbos, bounds []float64
	logw := make([]float64, heldSamples)
	for rows, err := range feed.Epoch(ctx, seed, 0, 0) {
		if err != nil {
			return nil, err
		}
		noise := random.Stream(seed, "held out", rows.Index[0])
		if err := l.weigh(rows, noise, logw); err != nil {
			return nil, err
		}
		mean, most := 0.0, math.Inf(-1)
		for _, w := range logw {
			mean += w / heldSamples
			most = math.Max(most, w)
		}
		sum := 0.0
		for _, w := range logw {
			sum += math.Exp(w - most)
		}
		elbos, bounds = append(elbos, mean), append(bounds, most+math.Log(sum/heldSamples))
		if _, k := psis.Smooth(logw); k > UsableKHat {
			out.Unsteady++
		}
	}
	out.Rows = len(elbos)
	n := math.Sqrt(float64(out.Rows))
	mean, sd := meanSD(elbos)
	out.ELBO, out.ELBOError = mean, sd/n
	mean, sd = meanSD(bounds)
	out.Bound, out.BoundError = mean, sd/n
	out.Unsteady /= float64(max(1, out.Rows))
	if !graph.Finite(out.ELBO) {
		out.ELBOError = math.NaN()
	}
	return out, nil
}

// weigh fills logw with log p(row, z) − log q(z) of draws z of the latents of one row.
func (l *loop) weigh(rows *target.Rows, noise *rand.Rand, logw []float64) error {
	const halfLog2Pi = 0.91893853320467274178032973640562
	d, s := l.b.Size(len(rows.Index)), l.b.Points
	spans := l.spans(rows)
	for from := 0; from < len(logw); from += s {
		l.points(rows, noise)
		e, err := l.b.Evaluate(rows, l.u, nil, 1, 0)
		if err != nil {
			return err
		}
		for p := range min(s, len(logw)-from) {
			w := e.Rows[p]
			for _, t := range spans {
				if t.kind != noiseSpan || t.global >= 0 {
					continue
				}
				for _, z := range l.eps[p*d+t.at : p*d+t.at+t.n] {
					w += 0.5*z*z + halfLog2Pi
				}
			}
			logw[from+p] = w
		}
	}
	return nil
}

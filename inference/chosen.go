package inference

import (
	"context"
	"iter"
	"math"
	"slices"

	"ppl/graph/lower"
	"ppl/inference/psis"
	"ppl/inference/random"
	"ppl/inference/target"
)

// Guides of the user's that draw discrete latents. What is to be learned is learned by the stochastic gradients of a run in batches,
// with all data as the one batch there is; then the guide's own draws, of all latents, have importance weights.

// whole is a feed of all data at once.
type whole struct{ rows *target.Rows }

func (w whole) Rows() int { return 1 }

func (w whole) Epoch(context.Context, uint64, int, int) iter.Seq2[*target.Rows, error] {
	return func(yield func(*target.Rows, error) bool) { yield(w.rows, nil) }
}

// LearnChosen learns the params of a target whose guide draws discrete latents, and the mean-field guide of what that does not
// draw, from all data at a time.
func LearnChosen(ctx context.Context, t *target.Target, opt Options) (*Batches, error) {
	particles := opt.Particles
	if particles == 0 {
		particles = DefaultParticles
	}
	b, err := target.NewWhole(t, min(particles, target.Lanes), lower.Relaxation{Hard: opt.StraightThrough})
	if err != nil {
		return nil, err
	}
	o := BatchOptions{Options: opt, Size: 1}
	if opt.Progress != nil {
		o.Tell = func(p BatchProgress) { opt.Progress(Progress{Stage: "optimise", ELBO: p.ELBO, Decrement: math.NaN()}) }
	}
	return InBatches(ctx, b, whole{&target.Rows{Data: t.Data, Index: []int{0}}}, o)
}

// DrawChosen draws from the guide of a target whose params are known, as LearnChosen has found it, and weighs the draws: loc and logsd
// are of the unconstrained numbers that the guide does not draw noise for, at their places among all.
func DrawChosen(ctx context.Context, t *target.Target, loc, logsd []float64, opt Options) (*Answer, error) {
	const halfLog2Pi = 0.91893853320467274178032973640562
	fit := newAnswer(t)
	n := (opt.Draws + target.Lanes - 1) / target.Lanes * target.Lanes
	c, err := t.NewChooser(target.Lanes)
	if err != nil {
		return nil, err
	}
	d, elements := t.D, 0
	fit.Draws = &Weighted{D: d, U: make([]float64, n*d), KHat: math.NaN(), ESS: float64(n)}
	fit.Guides = make([]*target.SiteGuide, len(t.Discrete))
	for _, i := range c.Sites {
		size := t.Discrete[i].Shape.Size()
		elements += size
		fit.Guides[i] = &target.SiteGuide{P: make([]float64, size*len(t.Discrete[i].Values)), Draws: make([]int, 0, n*size)}
	}
	logw := make([]float64, n)
	r := random.Stream(opt.Seed, "chosen", 0)
	for from := 0; from < n; from += c.S {
		if ctx.Err() != nil && from > 0 {
			n = from
			break
		}
		u := fit.Draws.U[from*d : (from+c.S)*d]
		for p := range c.S {
			for _, s := range t.Slots {
				for k := s.Offset; k < s.Offset+s.Free.Size(); k++ {
					z := r.NormFloat64()
					u[p*d+k] = z
					if s.Choice {
						continue
					}
					logw[from+p] += 0.5*z*z + halfLog2Pi
					if !s.Noise {
						u[p*d+k] = loc[k] + math.Exp(logsd[k])*z
						logw[from+p] += logsd[k]
					}
				}
			}
		}
		lp, picks, err := c.Eval(u)
		if err != nil {
			return nil, err
		}
		for p, x := range lp {
			logw[from+p] += x
		}
		for k, i := range c.Sites {
			v := len(t.Discrete[i].Values)
			for at := 0; at < len(picks[k]); at += v {
				fit.Guides[i].Draws = append(fit.Guides[i].Draws, target.MostProbable(picks[k][at:at+v]))
			}
		}
	}
	fit.Draws.U, logw = fit.Draws.U[:n*d], logw[:n]
	fit.Draws.ESS = float64(n)
	mean, sd := meanSD(logw)
	fit.ELBO, fit.MCSE = mean, sd/math.Sqrt(float64(n))
	for _, s := range t.Slots {
		if !s.Choice {
			elements += s.Free.Size()
		}
	}
	if elements <= mostWeighted {
		smooth, khat := psis.Smooth(logw)
		if !manyValues(logw) { // no tail of any shape: the largest are as they are
			copy(smooth, logw)
			khat = 0
			most, sum := slices.Max(logw), 0.0
			for _, x := range logw {
				sum += math.Exp(x - most)
			}
			for i := range smooth {
				smooth[i] -= most + math.Log(sum)
			}
		}
		fit.Draws.KHat, fit.KHatMeanField = khat, khat
		if khat <= UsableKHat {
			w := psis.Weights(smooth)
			fit.Draws.W, fit.Draws.ESS, fit.Applied = w, psis.ESS(w, 1), Importance
		}
	}
	for _, i := range c.Sites {
		g, size := fit.Guides[i], t.Discrete[i].Shape.Size()
		v := len(t.Discrete[i].Values)
		for at, z := range g.Draws {
			w := 1 / float64(n)
			if fit.Draws.W != nil {
				w = fit.Draws.W[at/size]
			}
			g.P[at%size*v+z] += w
		}
	}
	return fit, nil
}

// manyValues reports whether the largest weights, whose shape tells k̂, differ: under discrete latents alone they are few numbers.
func manyValues(logw []float64) bool {
	n := len(logw)
	top := slices.Clone(logw)
	slices.Sort(top)
	top = top[n-min(n/5, int(3*math.Sqrt(float64(n)))):]
	tail := len(top)
	return 2*len(slices.Compact(top)) > tail
}

package chains

import (
	"context"
	"math"
	"slices"

	"ppl/inference"
	"ppl/inference/random"
	"ppl/inference/target"
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
	Agreed                 bool // the groups of chains agree
	// Ended says why the run ended.
	Ended string

	run *run // that may go on
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
		StepSize: r.step, TargetAccept: r.opt.TargetAccept, Dense: r.metric.all.Dense(), Interrupted: ended == stopped, Agreed: ended == converged, Ended: ended, run: r}
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

// Answer is that of the draws, in the place of the one that the chains started from.
func (r *Result) Answer() *inference.Answer {
	fit := *r.run.fit
	if fit.Before = r.run.fit; fit.Target.Guided() {
		fit.Before = nil
	}
	fit.Symmetry.Spread(r.U, random.Stream(r.run.opt.Seed, "images", 0))
	fit.Draws, fit.Applied, fit.Ended = &inference.Weighted{D: fit.Target.D, U: r.U, KHat: math.NaN(), Chains: r.Chains}, inference.Sampled, r.Ended
	fit.Sampling = &inference.Sampling{
		Chains: r.Chains, Groups: r.Groups, Warmup: r.Warmup, Draws: r.Draws, MaxDepth: r.MaxDepth, Divergences: r.Divergences, Saturated: r.Saturated,
		TargetAccept: r.TargetAccept, Trajectories: r.Trajectories, StepSize: []float64{r.StepSize}, Dense: r.Dense,
	}
	if r.Agreed && !fit.Target.Guided() && len(fit.Modes) > 1 { // around each of which chains have started: they are one hill
		fit.Modes = fit.Modes[:1]
	}
	fit.Evaluations += r.Evaluations
	guides := make([]*target.SiteGuide, len(fit.Guides))
	for i, z := range r.Z {
		if z == nil {
			continue
		}
		guides[i] = &target.SiteGuide{P: r.P[i], Draws: z}
		if r.P[i] == nil { // infinitely many values
			guides[i] = counted(z, fit.Target.Discrete[i].Shape.Size())
		}
	}
	fit.Guides = guides
	fit.More = func(_ context.Context, a *inference.Answer, reported int) (*inference.Answer, bool, error) {
		more, err := r.extend(reported)
		if err != nil || !more {
			return a, false, err
		}
		return r.Answer(), true, nil
	}
	return &fit
}

// counted are the values of elements with infinitely many, by how often they were
// drawn.
func counted(z []int, elements int) *target.SiteGuide {
	low, high := slices.Min(z), slices.Max(z)
	k := high - low + 1
	s := &target.SiteGuide{P: make([]float64, elements*k)}
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

package runtime

import (
	"context"
	"fmt"

	"ppl/graph/lower"
	"ppl/inference"
	"ppl/inference/methods"
	"ppl/inference/target"
	"ppl/lang"
)

// Fits under a guide of the user's that draws discrete latents: see inference.LearnChosen.

// fitChosen is fit for them. Where ctx is done it gives what was reached.
func (p *Problem) fitChosen(ctx context.Context, run *methods.Run, opt Options) (*Posterior, error) {
	if p.target.Guided() {
		for _, d := range p.target.Discrete {
			if d.Strategy != lower.Exact && !d.Written {
				return nil, &OptionError{"Guide", fmt.Sprintf("the `guide` draws discrete latents, but not `%s`, which is not summed out either: give it a place in the guide", d.Symbol.Name)}
			}
		}
	}
	if opt.Method == MethodNUTS {
		return nil, &OptionError{"Method", MethodNUTS + " does not go with a `guide` that draws discrete latents: leave that out by Guide: meanfield"}
	}
	if run.Options.Init != nil {
		return nil, &OptionError{"Init", "does not go with a `guide` that draws discrete latents"}
	}
	limited, cancel := run.Limited()
	defer cancel()
	made := &making{problem: p, asks: opt, options: opt, chosen: true}
	var r *inference.Batches
	learns := false
	for _, s := range p.target.Slots {
		learns = learns || !s.Noise
	}
	point, spread := make([]float64, p.target.D), make([]float64, p.target.D)
	ending := inference.Ending{Converged: true, Ended: "nothing was to be learned"}
	if learns {
		var err error
		if r, err = inference.LearnChosen(ctx, p.target, run.Options); err != nil {
			return nil, p.explain(err)
		}
		copy(point, r.Loc)
		copy(spread, r.LogSD)
		ending = r.Ending
	}
	var loc, logsd []float64
	for _, s := range p.target.Slots {
		if !s.Param {
			loc = append(loc, point[s.Offset:s.Offset+s.Free.Size()]...)
			logsd = append(logsd, spread[s.Offset:s.Offset+s.Free.Size()]...)
		}
	}
	if p.target.Learns() {
		values, err := p.target.ParamsAt(point, 1)
		if err != nil {
			return nil, err
		}
		n := 0
		for n < len(values) && values[n].Symbol.Kind == lang.SymParam {
			n++
		}
		q, err := p.knowing(values[:n:n])
		if err != nil {
			return nil, err
		}
		lets, err := q.target.KnownLets()
		if err != nil {
			return nil, err
		}
		made.problem, made.learned = q, &learned{Learned: &inference.Learned{Ending: ending, Values: values[:n:n], Starts: 1, Reached: 1}, lets: lets}
	}
	a, err := inference.DrawChosen(limited, made.problem.target, loc, logsd, run.Options)
	if err != nil {
		return nil, err
	}
	a.Ending = ending
	a.Modes, a.Particles = []inference.Mode{{ELBO: a.ELBO}}, inference.DefaultParticles
	if opt.Particles > 0 {
		a.Particles = min(opt.Particles, target.Lanes)
	}
	made.fit = a
	if err := made.reportOnce(run.Context); err != nil {
		return nil, err
	}
	made.conclude()
	return made.done(run.Begun), nil
}

// judgeChosen lowers the verdict for what nothing has checked of a guide that draws discrete latents.
func (post *making) judgeChosen() {
	if post.chosen {
		post.lower(Caution, "the `guide` draws discrete latents: it was learned from one start, and values that it never draws are not seen by its weights")
	}
}

package runtime

import (
	"context"
	"fmt"
	"slices"

	"ppl/graph/lower"
	"ppl/inference/loo"
	"ppl/inference/random"
	"ppl/inference/target"
	"ppl/runtime/answer"
)

// Fits without some of the data: the log likelihood of what is left out is not in the joint density
// (lower.Data.Left), and everything else is as it was, so that the latents are the same and their draws
// say how probable what was left out is. Data that are read elsewhere, as those before in a series
// are, go on to be read, as they do where weights leave a unit out.

// refitting is the part of a cross-validation that fits again.
type refitting struct {
	p     *Problem
	asked answer.Asked
	units *target.Pointwise
	out   *LOO
}

// run replaces points by those of fits without them, as the options say.
func (r *refitting) run(ctx context.Context, opt LOOOptions) error {
	folds, err := r.folds(opt)
	if err != nil || !opt.Refit && opt.KFold == 0 {
		return err
	}
	r.out.Refits = map[Verdict]int{}
	exact := map[int]loo.Point{}
	for _, fold := range folds {
		if err := r.without(ctx, fold, exact); err != nil {
			return err
		}
	}
	if r.out.Result, err = r.out.Replace(exact); len(exact) == len(r.out.Points) {
		r.out.Draws = 0
	}
	return err
}

// folds are the units that each fit is without.
func (r *refitting) folds(opt LOOOptions) (folds [][]int, err error) {
	n := len(r.out.Points)
	switch {
	case opt.KFold == 0 && !opt.Refit:
		return nil, nil
	case opt.KFold == 0:
		for _, i := range r.out.High() {
			folds = append(folds, []int{i})
		}
		return folds, nil
	case opt.Refit:
		return nil, &OptionError{"Refit", "does not go with KFold, of which each unit is scored by a fit without it"}
	case opt.KFold < 2 || opt.KFold > n:
		return nil, &OptionError{"KFold", fmt.Sprintf("must be between 2 and %d, the number of units, found %d", n, opt.KFold)}
	case r.out.Coupled:
		return nil, &OptionError{"KFold", "is not for units that discrete latents couple: each is predicted from all others, those of its fold too"}
	}
	folds = make([][]int, opt.KFold)
	for k, i := range random.Stream(r.asked.Seed, "folds", 0).Perm(n) {
		folds[k%opt.KFold] = append(folds[k%opt.KFold], i)
	}
	return folds, nil
}

// without fits the model without some units, and scores these.
func (r *refitting) without(ctx context.Context, units []int, scores map[int]loo.Point) error {
	p, err := r.p.leaveOut(ctx, r.left(units))
	if err != nil {
		return err
	}
	opt := refitOptions(r.asked)
	if opt.init, err = p.askedAgain(r.asked.Init); err != nil {
		return err
	}
	post, err := p.Fit(ctx, opt)
	if ctx.Err() != nil { // what a cancelled fit has reached is no answer
		return ctx.Err()
	}
	if err == nil {
		err = post.sampled()
	}
	if err != nil {
		return fmt.Errorf("the fit without `%s`: %w", r.out.Units[units[0]].Name, err)
	}
	r.out.Refits[post.Verdict()]++
	d, err := post.jointDraws(r.units.Latents)
	if err != nil {
		return err
	}
	rows, err := d.rows()
	if err != nil {
		return err
	}
	return r.units.Columns(d.values, d.n, func(u int, column []float64) error {
		if !slices.Contains(units, u) {
			return ctx.Err()
		}
		x, err := rows.HeldOut(column)
		scores[u] = x
		return err
	})
}

// left marks the data of units.
func (r *refitting) left(units []int) map[string][]bool {
	out := map[string][]bool{}
	for i, x := range r.units.Points {
		if !slices.Contains(units, r.units.Units.Of[i]) {
			continue
		}
		name := x.Symbol.Name
		if out[name] == nil {
			n := 1
			if a := observedIn(r.p.model.checked, r.p.bound, x.Symbol); a != nil {
				n = len(a.Data)
			}
			out[name] = make([]bool, n)
		}
		out[name][x.Element] = true
	}
	return out
}

// leaveOut is the same problem without the log likelihood of some data.
func (p *Problem) leaveOut(ctx context.Context, left map[string][]bool) (*Problem, error) {
	out := *p
	d := lowerData(p.bound)
	d.Left = left
	t, diags := target.NewWith(p.model.checked, d, p.target.Engine, lower.Options{Strategies: p.discrete, Halt: func() bool { return ctx.Err() != nil }})
	if t != nil {
		t.Asked = p.latents
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if diags.HasErrors() {
		return nil, &DataError{diags}
	}
	t.Programs = p.target.Programs
	out.target = t
	return &out, nil
}

// refitOptions are the options of a fit, as they were asked for.
func refitOptions(a answer.Asked) Options {
	return Options{Seed: a.Seed, Method: a.Method, Guide: a.Guide, Correct: a.Correct, Particles: a.Particles, Draws: a.Draws, Temperature: a.Temperature,
		StraightThrough: a.StraightThrough, MaxTime: a.MaxTime, Quick: a.Quick, Chains: a.Chains, Warmup: a.Warmup, TargetAccept: a.TargetAccept}
}

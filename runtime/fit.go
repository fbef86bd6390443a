package runtime

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"ppl/inference"
	"ppl/inference/methods"
	"ppl/inference/target"
	"ppl/lang/diag"
)

// Fit fits the guide that the options name, until ctx is done or Options.MaxTime has passed.
//
// The posterior of a fit whose time has passed is what was reached, marked as timed out. That of
// one whose context is done is in the error, a *Stopped. Otherwise the error is an *ArgumentError, an
// *OptionError that names the option, a *DataError where no starting point has a finite density, a
// *Stopped where the time was too short to find one, or a *CallbackError where a function that
// the options hold panicked.
func (p *Problem) Fit(ctx context.Context, opt Options) (post *Posterior, err error) {
	calls := &callbacks{}
	defer settle(calls, &post, &err)
	defer stopped(ctx, &err)
	defer guarded(&err)
	if err := given("Problem.Fit", argument{"p", p.made()}, contextArgument(ctx)); err != nil {
		return nil, err
	}
	if err := opt.complete(p); err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, &Stopped{Why: whyDone(ctx)}
	}
	if opt.init == nil {
		if opt.init, err = p.initial(opt.Init); err != nil {
			return nil, err
		}
	}
	post, err = p.fit(calls.watch(ctx, &opt), opt)
	if err == nil && ctx.Err() != nil {
		return nil, &Stopped{Why: whyDone(ctx), Posterior: post}
	}
	return post, err
}

// fit is Fit with options that are complete. Where ctx is done it gives what was reached.
func (p *Problem) fit(ctx context.Context, opt Options) (post *Posterior, err error) {
	run := opt.run(ctx)
	begun := run.Begun
	if p, err = p.under(opt.Guide); err != nil {
		return nil, err
	}
	if len(p.target.Chosen()) > 0 {
		return p.fitChosen(ctx, run, opt)
	}
	p, points, err := p.learn(run)
	if err != nil {
		return nil, p.explain(err)
	}
	a, err := methods.Named(opt.Method).Infer(run, p.target)
	for err == nil {
		made := &making{problem: p, asks: opt, options: opt, fit: a, learned: points}
		if err := made.report(run); err != nil {
			return nil, err
		}
		// More draws may have shown that the answer is in doubt.
		next, better, err := methods.Correct(run, made.fit)
		if err != nil {
			return nil, p.explain(err)
		}
		if !better {
			made.fit = next
			made.conclude()
			if made, err = made.orWhatItCorrects(run, next.Before); err != nil {
				return nil, err
			}
			return made.done(begun), nil
		}
		a = next
	}
	return nil, p.explain(err)
}

// orWhatItCorrects is the answer that chains have corrected where they do no better; nil stands for none.
func (post *making) orWhatItCorrects(run *methods.Run, a *inference.Answer) (*making, error) {
	if a == nil || post.verdict == Good || post.fit.Interrupted || post.fit.TimedOut {
		return post, nil
	}
	before := &making{problem: post.problem, asks: post.asks, options: post.asks, fit: a, learned: post.learned}
	if err := before.report(run); err != nil {
		return nil, err
	}
	before.conclude()
	return post.orBefore(before), nil
}

// astray is the R̂ from which on chains say less than the answer that they were to correct.
const astray = 1.1

// orBefore is the answer before, where its verdict is no worse and the chains that were to correct it do not agree, or it is one of
// tempered particles, which are in all modes and tails in proportion.
func (post *making) orBefore(before *making) *making {
	agree := !(post.sampling != nil && post.sampling.RHat >= astray)
	if standing(before.verdict) > standing(post.verdict) || agree && before.fit.Applied != inference.Tempered {
		return post
	}
	f := *before.fit
	f.Trail, f.Evaluations = post.fit.Trail, post.fit.Evaluations
	before.fit = &f
	if s := post.sampling; s != nil && !(s.RHat < cautionRHat) {
		before.lower(before.verdict, "Markov chains were tried, and do not agree: R̂ of `%s` is %.2f", post.where(func(q *quantity) float64 { return q.RHat }), s.RHat)
	}
	return before
}

// under is the problem under a guide of a name: without that of the model, unless it is that which is asked for.
func (p *Problem) under(guide string) (*Problem, error) {
	if guide == inference.Written {
		return p, nil
	}
	t, ds := p.target.Unguided()
	if ds.HasErrors() {
		return nil, &DataError{ds}
	}
	q := *p
	q.target = t
	return &q, nil
}

// run is what the options ask of a method, from now on.
func (o *Options) run(ctx context.Context) *methods.Run {
	tell, tellOfChains := told(o.Progress)
	r := &methods.Run{
		Context: ctx, Begun: time.Now(), Draws: o.Draws, Chains: o.Chains, Warmup: o.Warmup, TargetAccept: o.TargetAccept, Sampler: tellOfChains,
		Options: inference.Options{
			Seed: o.Seed, Particles: o.Particles, Guide: o.Guide, Correct: o.Correct, Temperature: o.Temperature, StraightThrough: o.StraightThrough,
			Draws: o.Draws, MaxTime: o.MaxTime, Progress: tell, Quick: o.Quick, Init: o.init,
		},
	}
	if !o.Quick {
		r.Options.Draws = r.Keep()
	}
	return r
}

// explain gives an error of the fit its public type: a start that failed
// becomes a diagnostic that names the sites.
func (p *Problem) explain(err error) error {
	if stopped := (*inference.ErrStopped)(nil); errors.As(err, &stopped) {
		return &Stopped{Why: stopped.Why}
	}
	if not := (*inference.ErrNotIntegrated)(nil); errors.As(err, &not) {
		return &OptionError{"Latents", not.Error()}
	}
	if large := (*inference.ErrTooLarge)(nil); errors.As(err, &large) {
		return &OptionError{"Guide", fmt.Sprintf("%s is for up to %d latents, this model has %d; use %s", large.Guide, large.Most, large.Latents, large.Alternative)}
	}
	if memory := (*target.ErrMemory)(nil); errors.As(err, &memory) {
		return &ModelError{diag.List{{Code: "too-large", Source: p.model.checked.File.Source, Summary: memory.Error(),
			Hint: "some products of matrices with latents are held for all rows: `b[1] * x + b[2] * z` in the place of `X @ b` never is"}}}
	}
	if refusal := (*methods.Refusal)(nil); errors.As(err, &refusal) {
		return &OptionError{refusal.Option, refusal.Why}
	}
	var no *target.ErrNoStart
	if !errors.As(err, &no) {
		return err
	}
	if found := p.unfit(); len(found) > 0 && !errors.As(err, new(*inference.ErrInitial)) {
		return &DataError{found}
	}
	at := noFiniteStart
	if initial := (*inference.ErrInitial)(nil); errors.As(err, &initial) {
		at = "the log density is not finite at the starting values that were given"
	}
	d := diag.Diagnostic{Code: "no-finite-start", Source: p.model.checked.File.Source,
		Summary: at,
		Hint:    "check that the priors allow the data: bounds, counts, positive scales"}
	what := "the density of "
	if no.Derivatives {
		d.Code, d.Summary = "no-derivatives", "the log density is finite, but its derivatives are not at any starting point"
		d.Hint = "some function is at the edge of its domain there, whatever the latents are: write the expression so that it is not"
		what = "a derivative of the density of "
	}
	if len(no.Sites) > 0 {
		d.Found, d.Span = "not finite: "+what+quoted(no.Sites), no.Span
		if no.At != "" {
			d.Found += ", at " + no.At
		}
		for _, f := range p.model.checked.Samples { // a discrete latent has no statement of its own in the density
			if no.Span == (diag.Span{}) && f.Symbol != nil && f.Symbol.Name == no.Sites[0] {
				d.Span = f.Symbol.Span
			}
		}
	}
	return &DataError{diag.List{d}}
}

// noFiniteStart is what a fit without a start has in common with others: the datum
// at fault differs.
const noFiniteStart = "the log density is not finite at any starting point"

// unfit names the data that keep a fit from starting, if it is them. It is an
// answer to a failure, and has none of its own.
func (p *Problem) unfit() (found diag.List) {
	defer func() {
		if recover() != nil {
			found = nil
		}
	}()
	found = p.target.Unfit(1)
	for i := range found {
		found[i].Code = "no-finite-start"
	}
	return found
}

func quoted(names []string) string {
	q := make([]string, len(names))
	for i, n := range names {
		if q[i] = "`" + n + "`"; n == "" {
			q[i] = "a `factor`"
		}
	}
	return strings.Join(q, ", ")
}

func init() {
	diag.Declare(
		diag.CodeInfo{Code: "nothing-to-fit", Title: "A model without latents",
			Explanation: "Every `~` of the model has data on its left, so there is nothing to infer.",
			Wrong:       "data y : real\ny ~ Normal(0, 1)", Right: "data y : real\nmu ~ Normal(0, 1)\ny ~ Normal(mu, 1)"},
		diag.CodeInfo{Code: "no-finite-start", Title: "No starting point with a finite density",
			Explanation: "The log density of the model is -inf or NaN wherever the fit tried to start. Usually some data are impossible under the model, or a parameter leaves its range. Where a single datum or a parameter is at fault at every start, the message names it.",
			Wrong:       "data y : real\nmu ~ Uniform(0, 1)\ny ~ Uniform(mu + 5, mu + 6)   # with y = 0",
			Right:       "data y : real\nmu ~ Uniform(-10, 1)\ny ~ Uniform(mu, mu + 6)"},
		diag.CodeInfo{Code: "no-derivatives", Title: "A density without finite derivatives",
			Explanation: "A fit follows the derivatives of the log density. Here the density is finite wherever the fit tried to start, but some derivative is not: the slope of a square root or of a power below 1 is infinite at 0, for example. " +
				"Where such a function only meets data, or a product with 0, that does no harm; nor in the branch of an `if` that is not taken.",
			Wrong: "data x : real[N]   # with x[2] = 0\ndata y : real[N]\na ~ Normal(0, 1)\ny ~ Normal(sqrt(a + x - a), 1)",
			Right: "data x : real[N]\ndata y : real[N]\na ~ Normal(0, 1)\ny ~ Normal(a * sqrt(x), 1)"},
	)
}

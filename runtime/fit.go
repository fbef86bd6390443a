package runtime

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"ppl/inference"
	"ppl/lang/diag"
)

// Options set a fit. The zero value of a field means its default.
type Options struct {
	Seed      uint64        // all randomness derives from it
	Particles int           // Monte-Carlo particles of the ELBO; 64
	Draws     int           // posterior draws that are kept; 4000
	Method    string        // "lbfgs" (fixed noise, the default) or "adam"
	MaxTime   time.Duration // 0: no limit
	// Progress is called from time to time while the fit runs.
	Progress func(inference.Progress)
}

// DefaultDraws is the number of posterior draws where Options does not say.
const DefaultDraws = 4000

// Verdict says how far a posterior may be believed.
type Verdict string

const (
	Good    Verdict = "good"
	Caution Verdict = "caution"
	Poor    Verdict = "poor"
)

// Stopped is the error of a fit that was cancelled, or ran out of time, before
// it had found a point to start from: there is nothing to report.
type Stopped struct{ Why string }

func (e *Stopped) Error() string { return "stopped before a starting point was found: " + e.Why }

// Fit fits the default guide. A cancelled context or a passed time limit is
// not an error: the posterior says what was reached, marked as interrupted.
func (p *Problem) Fit(ctx context.Context, opt Options) (post *Posterior, err error) {
	defer guarded(&err)
	if opt.Draws <= 0 {
		opt.Draws = DefaultDraws
	}
	begun := time.Now()
	fit, err := inference.MeanField(ctx, p.target, inference.Options{
		Seed: opt.Seed, Particles: opt.Particles, Method: opt.Method, MaxTime: opt.MaxTime, Progress: opt.Progress,
	})
	if err != nil {
		return nil, p.explain(err)
	}
	rep, err := p.target.NewReporter(64)
	if err != nil {
		return nil, err
	}
	// Summaries do not get worse because few draws are kept.
	draws, err := p.target.Draws(rep, fit.Loc, fit.LogSD, max(opt.Draws, DefaultDraws), opt.Seed)
	if err != nil {
		return nil, err
	}
	post = &Posterior{problem: p, options: opt, fit: fit}
	post.collect(rep, draws, opt.Draws)
	post.judge()
	post.FitTime = time.Since(begun)
	return post, nil
}

// explain gives an error of the fit its public type: a start that failed
// becomes a diagnostic that names the sites.
func (p *Problem) explain(err error) error {
	if stopped := (*inference.ErrStopped)(nil); errors.As(err, &stopped) {
		return &Stopped{stopped.Why}
	}
	var no *inference.ErrNoStart
	if !errors.As(err, &no) {
		return err
	}
	d := diag.Diagnostic{Code: "no-finite-start", Source: p.model.checked.File.Source,
		Summary: "the log density is not finite at any starting point",
		Hint:    "check that the priors allow the data: bounds, counts, positive scales"}
	if len(no.Sites) > 0 {
		d.Found = "not finite: the density of " + quoted(no.Sites)
		for _, f := range p.model.checked.Samples {
			if f.Symbol != nil && f.Symbol.Name == no.Sites[0] {
				d.Span = f.Symbol.Span
			}
		}
	}
	return &DataError{diag.List{d}}
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
			Explanation: "The log density of the model is -inf or NaN wherever the fit tried to start. Usually some data are impossible under the model, or a parameter leaves its range.",
			Wrong:       "data y : real\nmu ~ Uniform(0, 1)\ny ~ Uniform(mu + 5, mu + 6)   # with y = 0",
			Right:       "data y : real\nmu ~ Uniform(-10, 1)\ny ~ Uniform(mu, mu + 6)"},
	)
}

// judge sets the verdict. Without importance diagnostics nothing vouches for
// the sds of a mean-field guide, so it is "caution" at best.
func (post *Posterior) judge() {
	f := post.fit
	post.Verdict = Caution
	post.Reasons = []string{"the mean-field guide ignores posterior correlations: its sds can be too small, and nothing has checked them yet"}
	if !f.Converged {
		post.Verdict = Poor
		why := "the optimiser did not converge: " + f.Ended
		if f.Interrupted {
			why = "interrupted before convergence"
		}
		post.Reasons = append([]string{why}, post.Reasons...)
	}
	for _, q := range post.quantities {
		if !q.finite() {
			post.Verdict = Poor
			post.Reasons = append(post.Reasons, fmt.Sprintf("`%s` has draws that are not finite", q.Name))
			break
		}
	}
}

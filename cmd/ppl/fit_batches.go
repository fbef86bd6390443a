package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"time"

	"ppl/runtime"
)

// batch reads --batch N=256.
func (c *fitCmd) batch() (dim string, rows int, err error) {
	dim, size, ok := strings.Cut(c.Batch, "=")
	if n, bad := strconv.Atoi(size); ok && bad == nil && n > 0 && dim != "" {
		return dim, n, nil
	}
	return "", 0, usage("--batch takes a dimension and a number of rows, as in --batch N=256; found %q", c.Batch)
}

// validBatch finds mistakes among the flags of batches.
func (c *fitCmd) validBatch() error {
	if c.Batch == "" {
		switch {
		case c.Epochs != 0:
			return usage("--epochs goes with --batch")
		case c.Rate != 0:
			return usage("--rate goes with --batch")
		case c.Resume != "":
			return usage("--resume goes with --batch")
		case len(c.HeldOut) > 0:
			return usage("--held-out goes with --batch")
		}
		return nil
	}
	if _, _, err := c.batch(); err != nil {
		return err
	}
	switch {
	case c.Epochs < 0:
		return usage("--epochs must be positive, found %d", c.Epochs)
	case !(c.Rate >= 0 && c.Rate <= 1):
		return usage("--rate must be above 0 and at most 1, found %g", c.Rate)
	case c.Sampler.Method == runtime.MethodNUTS:
		return usage("--method nuts evaluates all rows at once, and does not go with --batch")
	case c.Quick:
		return usage("--quick does not go with --batch: --epochs says how long a fit takes")
	case len(c.Init) > 0:
		return usage("--init does not go with --batch yet: a `param` says itself where it starts")
	case c.Engine != runtime.EnginePlan:
		return usage("--engine %s does not go with --batch", c.Engine)
	case c.Correct != "auto":
		return usage("--correct does not go with --batch")
	}
	return nil
}

// allParticles is the default of --particles.
const allParticles = 64

// inBatches fits some rows at a time.
func (c *fitCmd) inBatches(e *env, r *result) error {
	ctx, stop := signal.NotifyContext(e.ctx, os.Interrupt)
	defer stop()
	defer context.AfterFunc(ctx, stop)()
	show := newProgress(e, c.Quiet)
	opt := c.options()
	if c.Particles == allParticles {
		opt.Particles = 0 // the default of batches
	}
	batch := runtime.BatchOptions{Epochs: c.Epochs, Rate: c.Rate}
	batch.Dim, batch.Size, _ = c.batch()
	var err error
	if batch.Discrete, err = strategies(c.Discrete); err != nil {
		return err
	}
	batch.HeldOut = runtime.RowsOf(c.HeldOut...)
	if c.Resume != "" {
		from, err := runtime.LoadFile(c.Resume)
		if err != nil {
			return err
		}
		batch.Resume = from
	}
	begun, last := time.Now(), time.Time{}
	batch.Progress = func(p runtime.BatchProgress) {
		if time.Since(last) > 100*time.Millisecond {
			last = time.Now()
			show.describe(batchLine(p, time.Since(begun)))
		}
	}
	if !c.Quiet {
		e.render(r.model.Warnings())
	}
	post, err := r.model.FitBatches(ctx, runtime.RowsOf(c.Data...), opt, batch)
	show.remove()
	if stopped := (*runtime.Stopped)(nil); errors.As(err, &stopped) && stopped.Posterior != nil {
		post, err = stopped.Posterior, nil
	}
	if err != nil {
		return stoppedEarly(err)
	}
	r.post = post
	r.problem, err = post.Problem()
	return err
}

// batchLine is the state of a fit in batches.
func batchLine(p runtime.BatchProgress, elapsed time.Duration) string {
	what := fmt.Sprintf("epoch %d, %.0f %%", p.Epoch, 100*p.Share)
	if p.Exact > 0 {
		what = fmt.Sprintf("exact pass %d, %.2g nats to go", p.Exact, p.Decrement)
	}
	return fmt.Sprintf("%s  ELBO %.6g  rate %.2g  %.0f rows a second  %s", what, p.ELBO, p.Rate, float64(p.Rows)/elapsed.Seconds(), elapsed.Round(100*time.Millisecond))
}

package main

import (
	"fmt"
	"time"

	"github.com/schollz/progressbar/v3"

	"ppl/runtime"
)

// progress is a line on the terminal that is rewritten while a fit runs and
// removed at its end. Where standard error is no terminal there is none.
type progress struct {
	bar *progressbar.ProgressBar
}

func newProgress(e *env, quiet bool) *progress {
	if !e.live || quiet {
		return &progress{}
	}
	return &progress{progressbar.NewOptions(-1,
		progressbar.OptionSetWriter(e.stderr),
		progressbar.OptionSpinnerType(14),
		progressbar.OptionSetDescription("starting"),
		progressbar.OptionSetElapsedTime(false),
		progressbar.OptionSetPredictTime(false),
		progressbar.OptionUseANSICodes(true),
		progressbar.OptionClearOnFinish(),
	)}
}

func (p *progress) update(s runtime.Progress) { p.describe(progressLine(s)) }

func (p *progress) describe(line string) {
	if p.bar != nil {
		p.bar.Describe(line)
	}
}

// progressLine is the state of a fit, of its Markov chains, or of a calibration.
func progressLine(s runtime.Progress) string {
	switch s.Stage {
	case runtime.StageCalibrate:
		return fmt.Sprintf("%d of %d fits", s.Done, s.Total)
	case runtime.StageWarmup, runtime.StageSample:
		return fmt.Sprintf("%s  %d of %d transitions  %d divergences  %s", s.Stage, s.Done, s.Total, s.Divergences, s.Elapsed.Round(100*time.Millisecond))
	}
	return fmt.Sprintf("%s  ELBO %.6g  %.2g nats to go  %d evaluations  %s", s.Stage, s.ELBO, s.Decrement, s.Evaluations, s.Elapsed.Round(100*time.Millisecond))
}

func (p *progress) remove() {
	if p.bar != nil {
		p.bar.Finish()
	}
}

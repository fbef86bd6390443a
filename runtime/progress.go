package runtime

import (
	"context"
	"fmt"
	"math"
	"time"

	"ppl/inference"
	"ppl/inference/nuts"
)

// Stage is what a fit or a calibration is at.
type Stage int

// The stages, in their usual order; a fit leaves some out, and may come back to one.
const (
	StageStart     Stage = iota // looks for a point to start from
	StageOptimise               // optimises the guide
	StageCorrect                // linear response and importance weights
	StageModes                  // looks for further modes from other starting points
	StageLook                   // tempers particles from the prior, to see what the fit has missed
	StageWarmup                 // Markov chains adapt
	StageSample                 // Markov chains draw
	StageCalibrate              // fits data sets that were simulated
)

var stages = []string{"start", "optimise", "correct", "modes", "look", "warm-up", "sampling", "calibrate"}

func (s Stage) String() string {
	if s < 0 || int(s) >= len(stages) {
		return fmt.Sprintf("Stage(%d)", int(s))
	}
	return stages[s]
}

// Progress is the state of a fit or of a calibration that is running. A figure that the stage does
// not have is NaN, a count 0.
type Progress struct {
	Stage Stage
	// Fraction is the share of the stage's work that is done, in [0, 1]: that of Done in Total. It
	// is NaN of all stages but those of Markov chains and of calibrations, which alone know their end.
	Fraction float64
	Elapsed  time.Duration // since the fit, the chains or the calibration began

	// Evaluations of the log density, its gradient or a Hessian product at a point; ELBO is the
	// objective in nats, and Decrement how far, in nats, a quadratic model puts it from its optimum.
	Evaluations     int
	ELBO, Decrement float64

	// Done and Total are transitions of all Markov chains, warm-up included, or fits of a
	// calibration; Divergences are those of trajectories after warm-up.
	Done, Total, Divergences int
}

// told is f as packages inference and nuts call it; nil if f is.
func told(f func(Progress)) (func(inference.Progress), func(nuts.Progress)) {
	if f == nil {
		return nil, nil
	}
	return func(p inference.Progress) {
			f(Progress{Stage: stageOf(p.Stage), Fraction: math.NaN(), Elapsed: p.Elapsed, Evaluations: p.Evaluations, ELBO: p.ELBO, Decrement: p.Decrement})
		}, func(p nuts.Progress) {
			stage := StageSample
			if p.Warmup {
				stage = StageWarmup
			}
			f(counted(stage, p.Done, p.Total, p.Elapsed, p.Divergences))
		}
}

// stageOf is the stage that package inference calls so.
func stageOf(name string) Stage {
	for s, n := range stages {
		if n == name {
			return Stage(s)
		}
	}
	return StageOptimise // which all others are steps to or from
}

// counted is the progress of a stage that knows its end.
func counted(stage Stage, done, total int, elapsed time.Duration, divergences int) Progress {
	return Progress{Stage: stage, Fraction: float64(done) / math.Max(1, float64(total)), Elapsed: elapsed, ELBO: math.NaN(), Decrement: math.NaN(),
		Done: done, Total: total, Divergences: divergences}
}

// watch makes the context of a fit, which ends if the callback fails, and puts that under watch.
func (c *callbacks) watch(ctx context.Context, opt *Options) context.Context {
	ctx, c.cancel = context.WithCancel(ctx)
	opt.Progress = watched(c, "Options.Progress", opt.Progress)
	return ctx
}

// watchSBC is watch for a calibration.
func (c *callbacks) watchSBC(ctx context.Context, opt *SBCOptions) context.Context {
	ctx, c.cancel = context.WithCancel(ctx)
	opt.Progress = watched(c, "SBCOptions.Progress", opt.Progress)
	return ctx
}

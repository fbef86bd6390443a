package main

import (
	"testing"

	"ppl/runtime"
)

func TestProgressLine(t *testing.T) {
	for _, c := range []struct {
		is   runtime.Progress
		want string
	}{
		{runtime.Progress{Stage: runtime.StageOptimise, Evaluations: 120, ELBO: -31.52345, Decrement: 0.00123, Elapsed: 1.25e9}, "optimise  ELBO -31.5235  0.0012 nats to go  120 evaluations  1.3s"},
		{runtime.Progress{Stage: runtime.StageWarmup, Done: 30, Total: 8000, Elapsed: 1.25e9}, "warm-up  30 of 8000 transitions  0 divergences  1.3s"},
		{runtime.Progress{Stage: runtime.StageSample, Done: 4030, Total: 8000, Divergences: 2, Elapsed: 1.25e9}, "sampling  4030 of 8000 transitions  2 divergences  1.3s"},
		{runtime.Progress{Stage: runtime.StageCalibrate, Done: 3, Total: 200, Elapsed: 1.25e9}, "3 of 200 fits"},
	} {
		if got := progressLine(c.is); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}

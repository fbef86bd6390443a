package main

import (
	"testing"

	"ppl/inference"
)

func TestProgressLine(t *testing.T) {
	s := inference.Progress{Stage: "optimise", Evaluations: 120, ELBO: -31.52345, Decrement: 0.00123, Elapsed: 1.25e9}
	if got, want := progressLine(s), "optimise  ELBO -31.5235  0.0012 nats to go  120 evaluations  1.3s"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

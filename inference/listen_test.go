package inference

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"ppl/inference/target"
)

// TestRowsWithoutParticles: arrays of rows count without their particles, of which
// there are 64: they are worked through in blocks. What is laid out for all rows
// counts as it is.
func TestRowsWithoutParticles(t *testing.T) {
	const n = 1 << 10
	x, y := make([]float64, n), make([]float64, n)
	for i := range x {
		x[i] = math.Sin(float64(i))
		y[i] = 1 + 2*x[i] + math.Cos(float64(7*i))
	}
	tg := build(t, `
data x : real[N]
data y : real[N]
a ~ Normal(0, 1)
b ~ Normal(0, 1)
s ~ HalfNormal(1)
y ~ StudentT(4, a + b * x, s)`, data{"N": n, "x": x, "y": y})
	few := *tg
	few.Options.Elements = n
	at := make([]float64, 3*target.Lanes)
	for i := range at {
		at[i] = math.Sin(float64(i))
	}
	var lps [2][]float64
	for k, tg := range []*target.Target{tg, &few} {
		s, err := tg.NewSurface()
		if err != nil {
			t.Fatal(err)
		}
		lps[k] = make([]float64, target.Lanes)
		if err := s.Gradient(at, lps[k], make([]float64, len(at))); err != nil {
			t.Fatal(err)
		}
	}
	for i := range lps[0] {
		if lps[0][i] != lps[1][i] {
			t.Fatalf("particle %d has log density %v, with a limit %v", i, lps[0][i], lps[1][i])
		}
	}
	few.Options.Elements = n / 2
	if _, err := few.NewSurface(); err == nil || !strings.Contains(err.Error(), "too-large") {
		t.Errorf("beyond the limit: %v", err)
	}
}

// TestBuildingListens: a large graph stops being built when nobody waits for it any
// more, before there is a start and where there is one.
func TestBuildingListens(t *testing.T) {
	var b strings.Builder
	for i := range 8000 {
		fmt.Fprintf(&b, "x%d ~ Gamma(2, 1)\n", i)
	}
	tg := build(t, b.String(), nil)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Variational(ctx, tg, Options{Seed: 1}); !errors.As(err, new(*ErrStopped)) {
		t.Errorf("a cancelled fit of a large graph gives %v", err)
	}
	l := &listener{ctx: ctx}
	l.close()
	if _, err := tg.Heard(l.halt).NewSurface(); err != nil {
		t.Errorf("a graph for the answer gives %v", err)
	}
}

// TestDrawnLate: where the run has ended a large model gets few draws, which are the
// first of those that it would have had.
func TestDrawnLate(t *testing.T) {
	const d = 5000
	tg := build(t, fmt.Sprintf("x[i in 1..%d] ~ Normal(0, 1)\n", d), nil)
	draws := func(limit time.Duration) []float64 {
		f := newFitter(context.Background(), tg, Options{Seed: 1, Draws: 1000, MaxTime: limit})
		f.t = tg
		return f.drawn(d, func(z, u, _ []float64) { copy(u, z) })
	}
	all, few := draws(0), draws(time.Nanosecond)
	if len(all) != 1000*d || len(few) != hastyDraws/d*d {
		t.Fatalf("%d draws, %d late", len(all)/d, len(few)/d)
	}
	for i, x := range few {
		if x != all[i] {
			t.Fatalf("number %d is %v, late %v", i, all[i], x)
		}
	}
}

package inference

import (
	"context"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"ppl/graph/lower"
)

// bowl is −½ Σ c_i (x_i − a_i)² with noise in its gradient.
func bowl(f *fitter, n int, noise float64) (s *stochastic, a []float64) {
	a = make([]float64, n)
	c := make([]float64, n)
	for i := range a {
		a[i], c[i] = 3*math.Sin(float64(i)), math.Exp(0.7*math.Cos(float64(3*i)))
	}
	s = &stochastic{f: f, purpose: "bowl", first: 0.1}
	s.gradient = func(x []float64, r *rand.Rand, g []float64) (float64, bool, error) {
		v := 0.0
		for i := range x {
			g[i] = -c[i]*(x[i]-a[i]) + noise*r.NormFloat64()
			v -= 0.5 * c[i] * (x[i] - a[i]) * (x[i] - a[i])
		}
		return v + noise*r.NormFloat64(), true, nil
	}
	// x_i stands for the mean of a normal distribution of sd 1.
	s.divergence = func(x, y []float64) float64 {
		worst := 0.0
		for i := range x {
			worst = math.Max(worst, (x[i]-y[i])*(x[i]-y[i]))
		}
		return worst
	}
	return s, a
}

func TestStochasticEndsByItself(t *testing.T) {
	for _, noise := range []float64{0, 0.3, 1} {
		for seed := range uint64(3) {
			s, a := bowl(newFitter(context.Background(), nil, Options{Seed: seed}), 10, noise)
			if err := s.run(make([]float64, len(a))); err != nil {
				t.Fatal(err)
			}
			if !s.converged || !strings.HasPrefix(s.why, "converged") {
				t.Errorf("noise %g: %s", noise, s.why)
			}
			for i := range a {
				// The aim is a divergence of accuracy², and an average has its own error.
				if d := math.Abs(s.x[i] - a[i]); d > accuracy+4*averageError {
					t.Errorf("noise %g, seed %d: x[%d] is off by %.3f", noise, seed, i, d)
				}
			}
		}
	}
}

func TestStochasticIsReproducible(t *testing.T) {
	run := func() []float64 {
		s, a := bowl(newFitter(context.Background(), nil, Options{Seed: 4}), 5, 1)
		if err := s.run(make([]float64, len(a))); err != nil {
			t.Fatal(err)
		}
		return s.x
	}
	x, y := run(), run()
	for i := range x {
		if math.Float64bits(x[i]) != math.Float64bits(y[i]) {
			t.Fatalf("%v and then %v", x, y)
		}
	}
}

func TestStochasticSaysWhyItEnded(t *testing.T) {
	// A divergence that is never small.
	s, a := bowl(newFitter(context.Background(), nil, Options{}), 2, 1)
	s.divergence = func(x, y []float64) float64 { return 1 }
	if err := s.run(make([]float64, len(a))); err != nil {
		t.Fatal(err)
	}
	if s.converged || (s.why != "the lowest rate was reached" && s.why != "the limit of steps was reached") {
		t.Errorf("converged %t: %s", s.converged, s.why)
	}
	// Never a gradient.
	s, a = bowl(newFitter(context.Background(), nil, Options{}), 2, 1)
	s.gradient = func([]float64, *rand.Rand, []float64) (float64, bool, error) { return 0, false, nil }
	if err := s.run(make([]float64, len(a))); err != nil {
		t.Fatal(err)
	}
	if s.converged || s.why != "the gradients are not finite" {
		t.Errorf("converged %t: %s", s.converged, s.why)
	}
	// From outside: a context, the clock.
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	s, a = bowl(newFitter(ctx, nil, Options{}), 2, 1)
	if err := s.run(a); err != nil || s.converged || s.why != "interrupted" {
		t.Errorf("converged %t: %s, %v", s.converged, s.why, err)
	}
	s, a = bowl(newFitter(context.Background(), nil, Options{MaxTime: time.Nanosecond}), 2, 1)
	time.Sleep(time.Millisecond)
	if err := s.run(a); err != nil || s.converged || s.why != "the time limit was reached" {
		t.Errorf("converged %t: %s, %v", s.converged, s.why, err)
	}
	// Some gradients that are not finite do no harm.
	s, a = bowl(newFitter(context.Background(), nil, Options{}), 2, 0.3)
	inner, k := s.gradient, 0
	s.gradient = func(x []float64, r *rand.Rand, g []float64) (float64, bool, error) {
		if k++; k%3 == 0 {
			return 0, false, nil
		}
		return inner(x, r, g)
	}
	if err := s.run(make([]float64, len(a))); err != nil || !s.converged || math.Abs(s.x[0]-a[0]) > 0.3 {
		t.Errorf("converged %t: %s, %v", s.converged, s.why, s.x)
	}
}

// E[(b − 0.499)²] (Tucker et al. 2017): b = 1 is better by 0.002, at a
// curvature far larger. Scaled by 1000 the answer must all but rule b = 0 out,
// up to the entropy: P(b = 1) = 1/(1 + e^(−2)).
func TestToyOfTucker(t *testing.T) {
	for _, how := range []string{lower.Expect, lower.Score, lower.Relax, "straight through"} {
		straight := how == "straight through"
		if straight {
			how = lower.Relax
		}
		tg := compiled(t, "b ~ Bernoulli(0.5)\nfactor 1000 * (b - 0.499)^2", nil, map[string]string{"b": how})
		fit, err := Infer(context.Background(), tg, Options{Seed: 1, StraightThrough: straight})
		if err != nil {
			t.Fatal(err)
		}
		p, want := fit.Guides[0].P[1], 1/(1+math.Exp(-2))
		t.Logf("%s: P(b = 1) = %.3f, want %.3f; %s", how, p, want, fit.Ended)
		off := 0.03
		if how == lower.Relax {
			off = 0.13 // at its last temperature; it must be at the right vertex
		}
		if math.Abs(p-want) > off || !fit.Converged {
			t.Errorf("%s: P(b = 1) = %.3f, want %.3f; %s", how, p, want, fit.Ended)
		}
	}
}

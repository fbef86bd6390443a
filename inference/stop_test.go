package inference

import (
	"context"
	"math"
	"strings"
	"testing"

	"ppl/graph"
)

// TestStopsAtEveryStage: a fit that is cancelled at its n-th look at the clock
// returns what it has, says that it was interrupted, and has finite draws; or,
// before a start was found, says that there is nothing.
func TestStopsAtEveryStage(t *testing.T) {
	for _, text := range []string{
		"v ~ Normal(0, 3)\nx[i in 1..3] ~ Flat()\nfactor sum([log_density(Normal(0, exp(v / 2)), x[i]) for i in 1..3])",
		"mu ~ Normal(0, 5)\ntau ~ HalfNormal(5)\nx[i in 1..4] ~ Normal(mu, tau)\nfactor -0.1 * sum([(x[i] - i)^2 for i in 1..4])",
	} {
		tg := build(t, text, nil)
		for _, correct := range []string{"auto", "linear"} {
			stopped := 0
			for after := 0; after < 200; after += 7 {
				ctx := &expiring{Context: context.Background(), left: after}
				fit, err := Variational(ctx, tg, Options{Seed: 1, Correct: correct, Draws: 100})
				if err != nil {
					if !strings.Contains(err.Error(), "stopped before a starting point") {
						t.Errorf("after %d looks: %v", after, err)
					}
					continue
				}
				if ctx.left >= 0 {
					break // it ended by itself
				}
				stopped++
				if !fit.Interrupted || fit.Converged || fit.Ended != "interrupted" {
					t.Errorf("after %d looks: interrupted %t, converged %t, %q", after, fit.Interrupted, fit.Converged, fit.Ended)
				}
				if fit.Draws == nil || fit.Draws.N() == 0 || !graph.AllFinite(fit.Draws.U) || !graph.AllFinite(fit.Loc) {
					t.Errorf("after %d looks: no draws, or not finite", after)
				}
			}
			if stopped < 2 {
				t.Errorf("%s: stopped %d times only", correct, stopped)
			}
		}
	}
}

// expiring is a context that ends after a number of looks at it.
type expiring struct {
	context.Context
	left int
}

func (c *expiring) Err() error {
	if c.left--; c.left < 0 {
		return context.Canceled
	}
	return nil
}

// TestFewParticlesAndDraws: odd and tiny numbers of both.
func TestFewParticlesAndDraws(t *testing.T) {
	tg := build(t, "mu ~ Normal(1, 2)\ny ~ Normal(mu, 1)", nil)
	for _, particles := range []int{1, 2, 3, 65} {
		for _, draws := range []int{1, 2, 7, 65} {
			fit := fitted(t, tg, Options{Seed: 1, Particles: particles, Draws: draws})
			if fit.Draws.N() < draws || !graph.AllFinite(fit.Draws.U) || math.IsNaN(fit.ELBO) {
				t.Errorf("%d particles, %d draws: %d draws, ELBO %g", particles, draws, fit.Draws.N(), fit.ELBO)
			}
		}
	}
}

// TestOneLatent: the smallest model.
func TestOneLatent(t *testing.T) {
	fit := fitted(t, build(t, "a ~ Normal(3, 2)", nil), Options{Seed: 1})
	mean, sd := moments(fit.Draws, 0)
	if !fit.Converged || math.Abs(mean-3) > 0.05 || math.Abs(sd-2) > 0.05 {
		t.Errorf("%g ± %g, %s", mean, sd, fit.Ended)
	}
}

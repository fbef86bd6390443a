package inference

import (
	"math"
	"reflect"
	"testing"
)

// TestLook: modes that no start of the optimiser leads to, or that it cannot tell to be
// more than one, are found and weighed, under each of three seeds. The right values are
// closed forms, and sums of two.
func TestLook(t *testing.T) {
	for _, c := range []struct {
		name, text string
		given      data
		mean, sd   float64 // of the first number
	}{
		{"branches that a discrete latent names", "z ~ Bernoulli(0.5)\nx ~ Normal(if z == 1 then 10 else 0, 1)", nil, 5, math.Sqrt(26)},
		{"a wide component of small weight", "x ~ Normal(0, 100)\nfactor log_sum_exp([log(0.9) + log_density(Normal(0, 0.1), x), log(0.1) + log_density(Normal(40, 5), x)]) - log_density(Normal(0, 100), x)",
			nil, 4, math.Sqrt(0.9*0.01 + 0.1*25 + 0.09*1600)},
		{"two clusters of a contaminated normal", `
data y : real[N]
mu ~ Normal(0, 10)
factor sum([log_sum_exp([log(0.9) + log_density(Normal(mu, 0.1), y[i]), log(0.1) + log_density(Normal(mu, 10), y[i])]) for i in 1..N])`,
			data{"N": 4, "y": []float64{-1, -1, 3, 3}}, 0.95997, 2.00053},
	} {
		t.Run(c.name, func(t *testing.T) {
			tg := build(t, c.text, c.given)
			for seed := uint64(1); seed <= 3; seed++ {
				fit := fitted(t, tg, Options{Seed: seed})
				if fit.Look == nil || !fit.Look.Used || !fit.Look.Agrees {
					t.Fatalf("seed %d: the look has not been taken: %+v", seed, fit.Look)
				}
				mean, sd := moments(fit.Draws, 0)
				if math.Abs(mean-c.mean) > 0.08*c.sd || math.Abs(math.Log(sd/c.sd)) > 0.05 {
					t.Errorf("seed %d: %.4f ± %.4f, want %.4f ± %.4f (%s)", seed, mean, sd, c.mean, c.sd, fit.Applied)
				}
			}
		})
	}
}

// TestLookAgrees: an answer that has missed nothing is left as it is, to the last bit.
func TestLookAgrees(t *testing.T) {
	x, y := normals(1, "x", 60), normals(2, "y", 60)
	for i := range y {
		y[i] += 3 * x[i]
	}
	tg := build(t, "data x : real[N]\ndata y : real[N]\na ~ Normal(0, 1000)\nb ~ Normal(0, 1000)\ns ~ HalfNormal(10)\ny ~ Normal(a + b * x, s)",
		data{"N": 60, "x": x, "y": y})
	fit := fitted(t, tg, Options{Seed: 1})
	if fit.Look == nil || !fit.Look.Agrees || fit.Look.Used {
		t.Fatalf("%+v", fit.Look)
	}
	f := atWork(t, tg)
	f.opt.Guide, f.opt.Correct = Guides[0], Corrections[0]
	alone, err := f.meanfield()
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(fit.Draws.U, alone.Draws.U) || !reflect.DeepEqual(fit.Draws.W, alone.Draws.W) {
		t.Error("the look has changed the answer")
	}
}

// TestLookSeesOtherGuides: an answer that was asked for is kept, and what it has missed
// is said.
func TestLookSeesOtherGuides(t *testing.T) {
	tg := build(t, "z ~ Bernoulli(0.3)\nx ~ Normal(if z == 1 then 30 else 0, 1)", nil)
	fit := fitted(t, tg, Options{Seed: 1, Guide: "laplace"})
	if fit.Look == nil || fit.Look.Agrees || fit.Look.Used {
		t.Errorf("%+v", fit.Look)
	}
}

// TestInitial: chains start in all modes.
func TestInitial(t *testing.T) {
	tg := build(t, "z ~ Bernoulli(0.5)\nx ~ Normal(if z == 1 then 10 else 0, 1)", nil)
	in, err := Begin(t.Context(), tg, 1, 16, nil)
	if err != nil {
		t.Fatal(err)
	}
	low := 0
	for _, p := range in.Points {
		if p[0] < 5 {
			low++
		}
	}
	if len(in.Points) != 16 || low < 2 || low > 14 {
		t.Errorf("%d of %d chains start in one of two modes", low, len(in.Points))
	}
}

// TestReplaces: draws that are to stand for the particles of few latents may differ in an sd by a
// tenth, or by two Monte-Carlo errors, and in means and quantiles by more.
func TestReplaces(t *testing.T) {
	sds := func(sd, err float64) figures { return figures{sd: sd, errSD: err, low: -1, high: 1} }
	for _, c := range []struct {
		name       string
		a, b       figures
		few, other bool // whether they agree
	}{
		{"the same", sds(1, 0.01), sds(1, 0.01), true, true},
		{"a twelfth apart", sds(1, 0.01), sds(1.08, 0.01), true, true},
		{"an eighth apart, and it is no chance", sds(1, 0.01), sds(1.13, 0.01), false, true},
		{"an eighth apart, by chance", sds(1, 0.05), sds(1.13, 0.05), true, true},
		{"chains that seldom go to a hundredth of the mass", sds(0.40, 0.076), sds(0.33, 0.049), false, true},
		{"another mode", sds(1, 0.05), sds(2, 0.05), false, false},
		{"a mean apart", sds(1, 0), figures{sd: 1, mean: 0.2, low: -1, high: 1}, false, false},
	} {
		if got := differOfFew(c.a, c.b) < offMost; got != c.few {
			t.Errorf("%s: of few latents they agree: %v", c.name, got)
		}
		if got := differ(c.a, c.b) < offMost; got != c.other {
			t.Errorf("%s: they agree: %v", c.name, got)
		}
	}
}

package inference

import (
	"math"
	"testing"

	"ppl/graph/lower"
	"ppl/graph/named"
	"ppl/guide"
	"ppl/inference/random"
	"ppl/inference/target"
	"ppl/lang"
)

// TestPriorPoints: a draw from the prior and the point on the unconstrained scale that it
// is taken to be are the same values, of all kinds of latents and parameterisations.
func TestPriorPoints(t *testing.T) {
	for name, text := range map[string]string{
		"positive":         "a ~ HalfNormal(2)\nb ~ Gamma(2, 3)\nc ~ Beta(2, 3)\nd ~ Uniform(-3, 5)",
		"bounds":           "a ~ Normal(0, 1)\nb ~ Uniform(a, a + 2)\nc ~ Normal(0, 1) in (b, inf)\nd ~ Normal(0, 1) in (-inf, c)",
		"hierarchy":        "mu ~ Normal(0, 3)\ntau ~ HalfNormal(2)\ntheta[i in 1..4] ~ Normal(mu, tau)\nr[i in 1..3] ~ LogNormal(mu, tau)",
		"pieces":           "h[1] ~ Normal(5, 1)\nfor i in 2..5 { h[i] ~ Normal(0.5 * h[i-1], 1) }\nk[1] ~ HalfNormal(1)\nk[i in 2..3] ~ Gamma(2, 1)",
		"matrix":           "x[i in 1..2, j in 1..3] ~ Normal(i, j)",
		"ragged":           "plate i in 1..3 { plate j in 1..i { x[i, j] ~ Normal(10 * i + j, 0.1) } }\nplate i in 1..2 { plate j in (i+1)..3 { x[i, j] ~ Normal(0, 1) } }",
		"simplex":          "w ~ Dirichlet([1, 2, 3])\nplate i in 1..2 { v[i] ~ Dirichlet([4, 1, 1, 1]) }",
		"ordered":          "m : ordered[3] ~ Normal([-1, 0, 1], 1)\np : positive_ordered[2] ~ HalfNormal(3)",
		"correlation":      "L : cholesky_corr[3] ~ LKJCholesky(2)\nR : corr[2] ~ LKJ(1)",
		"covariance":       "S ~ Wishart(5, [[2, 0.5], [0.5, 1]])",
		"discrete between": "z ~ Bernoulli(0.5)\nx ~ Normal(if z == 1 then 10 else 0, 1)",
	} {
		t.Run(name, func(t *testing.T) {
			tg := build(t, text, nil)
			plain := tg
			partly := make([][]float64, len(tg.Slots))
			for _, k := range tg.RelativeSlots() {
				partly[k] = make([]float64, tg.Slots[k].Free.Size())
				for i := range partly[k] {
					partly[k][i] = 0.3 * float64(i%3)
				}
			}
			for _, tg := range []*target.Target{plain, plain.WithCentring(partly)} {
				roundTrip(t, tg)
			}
		})
	}
}

func roundTrip(t *testing.T, tg *target.Target) {
	t.Helper()
	rep, err := tg.NewReporter(1)
	if err != nil {
		t.Fatal(err)
	}
	r := random.Stream(1, "round trip", 0)
	for range 5 {
		drawn, ds := lower.SimulateLatents(tg.Model, tg.Data, r)
		if ds.HasErrors() {
			t.Fatal(ds.Err())
		}
		p := &guide.Unpacked{Centring: tg.Centring, Values: map[*lang.Symbol]*lower.Array{}}
		for _, x := range drawn.Latents {
			p.Values[x.Symbol] = x.Array
		}
		if _, ds := lower.LowerWith(tg.Model, tg.Data, p, named.New(), tg.Options); ds.HasErrors() {
			t.Fatal(ds.Err())
		}
		if len(p.U) != tg.D {
			t.Fatalf("%d numbers of %d", len(p.U), tg.D)
		}
		values, err := rep.Eval(p.U)
		if err != nil {
			t.Fatal(err)
		}
		for k, sym := range rep.Symbols {
			for i, want := range p.Values[sym].Data {
				if got := values[k][i]; !(math.Abs(got-want) <= 1e-8*(1+math.Abs(want))) {
					t.Errorf("%s[%d] is %g, was drawn as %g", sym.Name, i, got, want)
				}
			}
		}
	}
}

// TestPriorOfNone: a prior that cannot be drawn from has no points.
func TestPriorOfNone(t *testing.T) {
	tg := build(t, "a ~ Flat()\nb ~ Normal(a, 1)\nfactor -a^2", nil)
	if got := tg.PriorPoints(random.Stream(1, "prior", 0), 3, func() bool { return false }); got != nil {
		t.Errorf("%v", got)
	}
}

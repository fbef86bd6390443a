package inference

import (
	"math"
	"reflect"
	"slices"
	"testing"

	"ppl/inference/random"
	"ppl/inference/target"
	"ppl/lang"
)

// atOptimum is a fitter with the optimum that it has found, and the symmetry there.
func atOptimum(t *testing.T, text string, given data) (*fitter, *ascent, *Symmetry) {
	t.Helper()
	f := atWork(t, build(t, text, given))
	f.opt = Options{Seed: 1, Particles: DefaultParticles, Draws: 64, Correct: Corrections[0], Guide: Guides[0]}
	_, a, err := f.optimise()
	if err != nil {
		t.Fatal(err)
	}
	s, err := f.findSymmetry(a)
	if err != nil {
		t.Fatal(err)
	}
	return f, a, s
}

func namesOf(sites []*lang.Symbol) []string {
	var out []string
	for _, s := range sites {
		out = append(out, s.Name)
	}
	return out
}

// TestSymmetry: what the density does not tell apart is found, and nothing else.
func TestSymmetry(t *testing.T) {
	y := []float64{-3.1, -2.8, -3, 0.2, 0, -0.1, 4, 4.2, 3.9}
	given := data{"N": 9, "y": y}
	mixture := func(priors string) string {
		return "data y : real[N]\n" + priors + "\nplate i in 1..N { z[i] ~ Categorical(w)\ny[i] ~ Normal(mu[z[i]], s[z[i]]) }\n"
	}
	type exchange struct {
		sites   []string
		classes [][]int
	}
	for _, c := range []struct {
		name, text string
		given      data
		exchanges  []exchange
		flips      [][]string
	}{
		{"a mixture", mixture("w ~ Dirichlet(ones(3))\nmu : real[3] ~ Normal(1, 5)\ns : real[3] ~ HalfNormal(2)"), given,
			[]exchange{{[]string{"w", "mu", "s"}, [][]int{{0, 1, 2}}}}, nil},
		{"beside a regression on as many predictors", `
data x : real[N, 3]
data y : real[N]
b : real[3] ~ Normal(1, 2)
w ~ Dirichlet(ones(3))
mu : real[3] ~ Normal(1, 5)
plate i in 1..N { z[i] ~ Categorical(w)
y[i] ~ Normal(mu[z[i]] + x[i] @ b, 1) }`, data{"N": 9, "y": y, "x": matrix(normals(4, "x", 27), 3)},
			[]exchange{{[]string{"w", "mu"}, [][]int{{0, 1, 2}}}}, nil},
		{"one component is the background", mixture("w ~ Dirichlet(ones(3))\nmu[k in 1..3] ~ Normal(1, if k == 1 then 50 else 5)\ns : real[3] ~ HalfNormal(2)"), given,
			[]exchange{{[]string{"w", "mu", "s"}, [][]int{{1, 2}}}}, nil},
		{"states of a chain, with both dimensions of their transitions", `
data y : real[N]
P : simplex[2, 2] ~ Dirichlet([2, 2])
mu : real[2] ~ Normal(1, 5)
z[1] ~ Categorical([0.5, 0.5])
for t in 2..N { z[t] ~ Categorical(P[z[t-1]]) }
plate t in 1..N { y[t] ~ Normal(mu[z[t]], 1) }`, given,
			[]exchange{{[]string{"P", "mu"}, [][]int{{0, 1}}}}, nil},
		{"two components with a share", "data y : real[N]\nw ~ Beta(2, 2)\nmu : real[2] ~ Normal(1, 5)\nplate i in 1..N { z[i] ~ Categorical([w, 1 - w])\ny[i] ~ Normal(mu[z[i]], 1) }", given,
			[]exchange{{[]string{"mu", "w"}, [][]int{{0, 1}}}}, nil},
		{"two components with a lopsided share", "data y : real[N]\nw ~ Beta(2, 3)\nmu : real[2] ~ Normal(1, 5)\nplate i in 1..N { z[i] ~ Categorical([w, 1 - w])\ny[i] ~ Normal(mu[z[i]], 1) }", given, nil, nil},
		{"order", mixture("w ~ Dirichlet(ones(3))\nmu : ordered[3] ~ Normal(1, 5)\ns : real[3] ~ HalfNormal(2)"), given, nil, nil},
		{"other priors", mixture("w ~ Dirichlet([1, 2, 3])\nmu : real[3] ~ Normal(1, 5)\ns : real[3] ~ HalfNormal(2)"), given, nil, nil},
		{"groups with data of their own", "data y : real[N]\nmu ~ Normal(1, 5)\ntau ~ HalfNormal(1)\nth : real[N] ~ Normal(mu, tau)\ny ~ Normal(th, 1)", given, nil, nil},
		{"a product", "data y : real[N]\na ~ Normal(0, 3)\nb ~ Normal(0, 2)\ny[i in 1..N] ~ Normal(a * b, 1)", given, nil, [][]string{{"a", "b"}}},
		{"even next to the optimum alone", "k ~ Categorical([0.4, 0.3, 0.3])\nth ~ Normal([-3, 0, 8][k], 0.3)", data{}, nil, nil},
		{"a product of what has a sign", "data y : real[N]\na ~ Normal(1, 3)\nb ~ Normal(0, 2)\ny[i in 1..N] ~ Normal(a * b, 1)", given, nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, _, s := atOptimum(t, c.text, c.given)
			var exchanges []exchange
			var flips [][]string
			if s != nil {
				for _, x := range s.Exchanges {
					sites := namesOf(x.Sites)
					slices.Sort(sites)
					exchanges = append(exchanges, exchange{sites, x.Classes})
				}
				for _, x := range s.Flips {
					flips = append(flips, namesOf(x.Sites))
				}
			}
			for _, x := range c.exchanges {
				slices.Sort(x.sites)
			}
			if !reflect.DeepEqual(exchanges, c.exchanges) || !reflect.DeepEqual(flips, c.flips) {
				t.Errorf("found %v and signs of %v, want %v and %v", exchanges, flips, c.exchanges, c.flips)
			}
		})
	}
}

// TestHold: particles far away show that a density is not even, where neither the surroundings of the
// optimum nor a few points of the prior did.
func TestHold(t *testing.T) {
	f, _, s := atOptimum(t, "k ~ Categorical([0.9998, 0.0002])\nth ~ Normal([0, 8][k], 0.3)", data{})
	if s == nil || len(s.Flips) != 1 {
		t.Fatalf("no flip was found where it seems to be one: %+v", s)
	}
	for _, c := range []struct {
		at    []float64
		holds bool
	}{{[]float64{0.1, -0.4, 0.2}, true}, {[]float64{0.1, -0.4, 8.1}, false}} {
		f.sym = s
		lp := make([]float64, len(c.at))
		if err := f.surf.Value(c.at, lp); err != nil {
			t.Fatal(err)
		}
		if err := f.hold(c.at, lp); err != nil {
			t.Fatal(err)
		}
		if (f.sym != nil) != c.holds {
			t.Errorf("of particles at %v: %+v", c.at, f.sym)
		}
	}
}

// TestFactorSigns: two factors can be exchanged, and each can change its sign.
func TestFactorSigns(t *testing.T) {
	_, _, s := atOptimum(t, `
data y : real[N, P]
load : real[P, 2] ~ Normal(0, 1)
f : real[N, 2] ~ Normal(0, 1)
s ~ HalfNormal(1)
let m = [[f[i] @ load[p] for p in 1..P] for i in 1..N]
y ~ Normal(m, s)`, data{"N": 6, "P": 3, "y": matrix(normals(5, "y", 18), 3)})
	if s == nil || len(s.Exchanges) != 1 || len(s.Flips) != 3 {
		t.Fatalf("%+v", s)
	}
	for _, x := range s.Flips {
		if got := namesOf(x.Sites); !reflect.DeepEqual(got, []string{"load", "f"}) {
			t.Errorf("signs of %v", got)
		}
	}
}

// TestImages: images have the density of what they are images of, lie where latents are
// permuted, and are folded back onto it.
func TestImages(t *testing.T) {
	f, a, s := atOptimum(t, `
data y : real[N]
w ~ Dirichlet(ones(3))
mu : real[3] ~ Normal(0, 5)
s : real[3] ~ HalfNormal(2)
plate i in 1..N { z[i] ~ Categorical(w)
y[i] ~ Normal(mu[z[i]], s[z[i]]) }`, data{"N": 9, "y": []float64{-3.1, -2.8, -3, 0.2, 0, -0.1, 4, 4.2, 3.9}})
	s = s.about(a)
	if s == nil {
		t.Fatal("no symmetry")
	}
	const n = 64
	u := make([]float64, n*s.d)
	r := random.Stream(3, "test", 0)
	for i := range u {
		u[i] = a.loc[i%s.d] + 0.1*r.NormFloat64()
	}
	spread := slices.Clone(u)
	s.Spread(spread, r)
	lp, image := make([]float64, n), make([]float64, n)
	if err := f.surf.Value(u, lp); err != nil {
		t.Fatal(err)
	}
	if err := f.surf.Value(spread, image); err != nil {
		t.Fatal(err)
	}
	rep, err := f.t.NewReporter(target.Lanes)
	if err != nil {
		t.Fatal(err)
	}
	values, err := rep.Report(u)
	if err != nil {
		t.Fatal(err)
	}
	images, err := rep.Report(spread)
	if err != nil {
		t.Fatal(err)
	}
	moved := 0
	for i := range n {
		if math.Abs(lp[i]-image[i]) > 1e-9*math.Abs(lp[i]) {
			t.Errorf("row %d: %.12g, its image %.12g", i, lp[i], image[i])
		}
		var order []int // of the labels, by the means
		for k, sym := range rep.Symbols {
			if sym.Name != "mu" {
				continue
			}
			for e := range 3 {
				for from := range 3 {
					if math.Abs(images[k][e*n+i]-values[k][from*n+i]) < 1e-12 {
						order = append(order, from)
					}
				}
			}
		}
		if len(order) != 3 {
			t.Fatalf("row %d: the means are not those of the draw, permuted", i)
		}
		if !reflect.DeepEqual(order, []int{0, 1, 2}) {
			moved++
		}
		for k := range rep.Symbols {
			for e, from := range order {
				if x, y := images[k][e*n+i], values[k][from*n+i]; math.Abs(x-y) > 1e-12*(1+math.Abs(y)) {
					t.Errorf("row %d: %s[%d] is %g, and was %g", i, rep.Symbols[k].Name, e+1, x, y)
				}
			}
		}
	}
	if got := len(s.images()); got != 5 {
		t.Errorf("%d images of the optimum, want 3! - 1", got)
	}
	// A Gaussian's image has at the image of a point what it has at the point.
	q := diagonal(a.loc, a.logsd)
	for _, image := range s.images() {
		p, at, z := q.image(image), slices.Clone(u[:s.d]), make([]float64, s.d)
		image(at)
		if x, y := q.distance(u[:s.d], z), p.distance(at, z); math.Abs(x-y) > 1e-9*x || math.Abs(q.logDet-p.logDet) > 1e-9 {
			t.Errorf("distance %g, of the image %g", x, y)
		}
	}
	if moved < n/2 {
		t.Errorf("%d of %d rows were moved", moved, n)
	}
	// Points next to the optimum are left as they are, to the last bit, and so keep their density.
	if folded := s.Folded(u); !slices.Equal(folded, u) {
		t.Error("folding has changed points that are next to the optimum")
	}
	kept := slices.Clone(lp)
	if s.restrict(u, kept); !slices.Equal(kept, lp) {
		t.Error("points next to the optimum have lost their density")
	}
	s.Fold(spread)
	for i := range u {
		if math.Abs(u[i]-spread[i]) > 1e-12*(1+math.Abs(u[i])) {
			t.Fatalf("number %d is %g, and %g when folded back", i, u[i], spread[i])
		}
	}
}

// TestSymmetricAnswer: components without order have the same means and sds, which are
// those of both modes, under each of three seeds, where one mode is as far as the fit gets.
func TestSymmetricAnswer(t *testing.T) {
	tg := build(t, `
data y : real[N]
mu[k in 1..2] ~ Normal(0, 5)
factor sum([log_sum_exp([log_density(Normal(mu[1], 0.5), y[i]), log_density(Normal(mu[2], 0.5), y[i])]) for i in 1..N])`,
		data{"N": 6, "y": []float64{-2.1, -2, -1.9, 1.9, 2, 2.1}})
	for seed := uint64(1); seed <= 3; seed++ {
		fit := fitted(t, tg, Options{Seed: seed})
		if fit.Symmetry == nil || len(fit.Modes) != 1 {
			t.Fatalf("seed %d: %d modes, symmetry %+v", seed, len(fit.Modes), fit.Symmetry)
		}
		for i := range 2 {
			if mean, sd := moments(fit.Draws, i); math.Abs(mean) > 0.1 || math.Abs(sd-2.01408) > 0.05 {
				t.Errorf("seed %d: mu[%d] %.4f ± %.4f, want 0 ± 2.01408 (%s)", seed, i+1, mean, sd, fit.Applied)
			}
		}
	}
}

// matrix has rows of some numbers.
func matrix(x []float64, columns int) [][]float64 {
	var out [][]float64
	for ; len(x) > 0; x = x[columns:] {
		out = append(out, x[:columns])
	}
	return out
}

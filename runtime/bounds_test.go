package runtime_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"ppl/runtime"
)

// Latents truncated row by row, with bounds of which some are infinite or at the
// edge of the support: the moments are those of truncated distributions, by
// quadrature.
func TestLatentsBoundedByRow(t *testing.T) {
	inf := math.Inf(1)
	lower, upper := []float64{-inf, -1, -inf, 0.5, 2}, []float64{inf, inf, 0.25, 2, 3}
	data := map[string]any{"lo": lower, "up": upper}
	declare := "data lo : real[N] >= -inf\ndata up : real[N] <= inf\n"
	models, truncations := 0, 0
	for _, c := range []struct {
		text    string
		density func(x float64) float64
		from    float64
	}{
		{"x[i in 1..N] ~ Normal(0.3, 1.2) in (lo[i], up[i])", func(x float64) float64 { return math.Exp(-(x - 0.3) * (x - 0.3) / 2.88) }, -inf},
		{"x : real[N] ~ StudentT(5, 0.3, 1.2) in (lo, up)", func(x float64) float64 { return math.Pow(1+(x-0.3)*(x-0.3)/1.44/5, -3) }, -inf},
		{"x[i in 1..N] ~ Gamma(2.5, 1.5) in (lo[i], up[i])", func(x float64) float64 { return math.Pow(x, 1.5) * math.Exp(-1.5*x) }, 0},
		{"x : real[N] ~ LogNormal(0, 0.8) in (lo, inf)", func(x float64) float64 { l := math.Log(x); return math.Exp(-l*l/1.28) / x }, 0},
	} {
		post := fitWith(t, declare+c.text, data, runtime.Options{Seed: 1})
		if post.Verdict() != runtime.Good {
			t.Errorf("%s: %s %v", c.text, post.Verdict(), post.Reasons())
		}
		models++
		for i := range lower {
			truncations++
			name := fmt.Sprintf("x[%d]", i+1)
			x, err := post.Quantity(name)
			if err != nil {
				t.Fatal(err)
			}
			hi := upper[i]
			if strings.HasSuffix(c.text, "inf)") {
				hi = inf
			}
			mean, sd := momentsOf(c.density, math.Max(lower[i], c.from), hi)
			if math.Abs(x.Mean-mean) > 0.1*sd || math.Abs(x.SD/sd-1) > 0.1 {
				t.Errorf("%s: %s is %.4f ± %.4f, want %.4f ± %.4f", c.text, name, x.Mean, x.SD, mean, sd)
			}
		}
	}
	t.Logf("%d distributions, %d truncations: mean and sd compared with quadrature", models, truncations)
}

// Data truncated row by row with an end that is infinite, or at the edge of the support.
func TestDataTruncatedByRow(t *testing.T) {
	inf := math.Inf(1)
	phi := func(z float64) float64 { return 0.5 * math.Erfc(-z/math.Sqrt2) }
	models, truncations := 0, 0
	for _, c := range []struct {
		text          string
		lower, upper  []float64
		toNormal      func(x float64) float64 // under which a row is Normal(mu, 1)
		prior, centre float64
	}{
		{"mu ~ Normal(10, 1)\ny[i in 1..N] ~ Normal(mu, 1) in (lo[i], up[i])", []float64{2, -inf, -inf}, []float64{inf, 12, inf}, func(x float64) float64 { return x }, 1, 10},
		{"mu ~ Normal(0, 2)\ny[i in 1..N] ~ LogNormal(mu, 1) in (lo[i], up[i])", []float64{0, 0.5, -inf}, []float64{inf, inf, 3}, math.Log, 2, 0},
	} {
		y := []float64{10.2, 9.1, 9.7}
		if c.centre == 0 {
			y = []float64{2.5, 1.1, 2.9}
		}
		density := func(mu float64) float64 {
			z := (mu - c.centre) / c.prior
			l := -0.5 * z * z
			for i := range y {
				d := c.toNormal(y[i]) - mu
				lo, hi := 0.0, 1.0
				if c.lower[i] > 0 {
					lo = phi(c.toNormal(c.lower[i]) - mu)
				}
				if !math.IsInf(c.upper[i], 1) {
					hi = phi(c.toNormal(c.upper[i]) - mu)
				}
				l += -0.5*d*d - math.Log(hi-lo)
			}
			return math.Exp(l)
		}
		mean, sd := momentsOf(density, c.centre-15, c.centre+15)
		text := "data y : real[N]\ndata lo : real[N] >= -inf\ndata up : real[N] <= inf\n" + c.text
		post := fitWith(t, text, map[string]any{"y": y, "lo": c.lower, "up": c.upper}, runtime.Options{Seed: 1})
		mu, err := post.Quantity("mu")
		if err != nil {
			t.Fatal(err)
		}
		if post.Verdict() != runtime.Good || math.Abs(mu.Mean-mean) > 0.05*sd || math.Abs(mu.SD/sd-1) > 0.05 {
			t.Errorf("%s: %.4f ± %.4f, want %.4f ± %.4f; %s %v", c.text, mu.Mean, mu.SD, mean, sd, post.Verdict(), post.Reasons())
		}
		models, truncations = models+1, truncations+len(y)
	}
	t.Logf("%d distributions, %d truncations of data: mean and sd compared with quadrature", models, truncations)
}

// Latent angles, in a turn and in a part of it.
func TestLatentAngles(t *testing.T) {
	density := func(x float64) float64 { return math.Exp(2 * math.Cos(x-0.5)) }
	for text, w := range map[string][2]float64{"a ~ VonMises(0.5, 2)": {-math.Pi, math.Pi}, "a ~ VonMises(0.5, 2) in (-1, inf)": {-1, math.Pi}} {
		post := fitWith(t, text, nil, runtime.Options{Seed: 1})
		a, err := post.Quantity("a")
		if err != nil {
			t.Fatal(err)
		}
		if mean, sd := momentsOf(density, w[0], w[1]); post.Verdict() != runtime.Good || math.Abs(a.Mean-mean) > 0.1*sd || math.Abs(a.SD/sd-1) > 0.1 {
			t.Errorf("%s: %.4f ± %.4f, want %.4f ± %.4f; %s", text, a.Mean, a.SD, mean, sd, post.Verdict())
		}
	}
}

// The log probabilities of tails are terms of a density like any other, and known to those that report them:
// data that are known to lie above a limit, and a let.
func TestLogTailsInModels(t *testing.T) {
	text := "data c : real[N]\ndata k : int[M]\nmu ~ Normal(0, 2)\nr ~ Gamma(2, 1)\nfactor log_ccdf(Normal(mu, 1), c)\n" +
		"factor sum([log_cdf(Poisson(r), k[i]) for i in 1..M])\nlet p = exp(log_cdf(Poisson(r), 3))"
	post := fitWith(t, text, map[string]any{"c": []float64{1, 2}, "k": []int{3, 1}}, runtime.Options{Seed: 1})
	upper := func(z float64) float64 { return 0.5 * math.Erfc(z/math.Sqrt2) }
	poisson := func(r float64, k int) float64 {
		sum, term := 0.0, math.Exp(-r)
		for i := 0; i <= k; i++ {
			sum += term
			term *= r / float64(i+1)
		}
		return sum
	}
	mu := func(x float64) float64 { return math.Exp(-x*x/8) * upper(1-x) * upper(2-x) }
	rate := func(r float64) float64 { return r * math.Exp(-r) * poisson(r, 3) * poisson(r, 1) }
	for name, w := range map[string]struct {
		f    func(float64) float64
		from float64
	}{"mu": {mu, -300}, "r": {rate, 0}} {
		q, err := post.Quantity(name)
		if err != nil {
			t.Fatal(err)
		}
		if mean, sd := momentsOf(w.f, w.from, 300); math.Abs(q.Mean-mean) > 0.1*sd || math.Abs(q.SD/sd-1) > 0.1 {
			t.Errorf("%s: %.4f ± %.4f, want %.4f ± %.4f", name, q.Mean, q.SD, mean, sd)
		}
	}
	p, err := post.Quantity("p")
	if err != nil {
		t.Fatal(err)
	}
	above := func(r float64) float64 { return rate(r) * poisson(r, 3) }
	if want := totalOf(above, 0, 100) / totalOf(rate, 0, 100); math.Abs(p.Mean-want) > 0.02 {
		t.Errorf("p: %.4f, want %.4f", p.Mean, want)
	}
}

func totalOf(f func(x float64) float64, lower, upper float64) float64 {
	const n = 100_000
	sum := 0.0
	for i := range n {
		sum += f(lower + (upper-lower)*(float64(i)+0.5)/n)
	}
	return sum * (upper - lower) / n
}

// momentsOf a density on an interval, by the midpoint rule; what lies beyond 300 is nothing.
func momentsOf(f func(x float64) float64, lower, upper float64) (mean, sd float64) {
	lower, upper = math.Max(lower, -300), math.Min(upper, 300)
	const n = 1_000_000
	var s0, s1, s2 float64
	for i := range n {
		x := lower + (upper-lower)*(float64(i)+0.5)/n
		p := f(x)
		s0, s1, s2 = s0+p, s1+p*x, s2+p*x*x
	}
	mean = s1 / s0
	return mean, math.Sqrt(s2/s0 - mean*mean)
}

// A start that no bounds allow names the latents, and no factor where there is none.
func TestNoStartNamesNoFactor(t *testing.T) {
	m, err := runtime.Compile("model.ppl", []byte("data y : real\nb ~ Normal(0, 1) in (5, 6)\nx ~ Normal(0, 1) in (b, -b)\ny ~ Normal(x, 1)"))
	if err != nil {
		t.Fatal(err)
	}
	p, err := m.Bind(runtime.Map(map[string]any{"y": 1.0}))
	if err != nil {
		t.Fatal(err)
	}
	_, err = p.Fit(t.Context(), runtime.Options{Seed: 1})
	var bad *runtime.DataError
	if !errors.As(err, &bad) || bad.Diagnostics[0].Code != "no-finite-start" || !strings.HasSuffix(bad.Diagnostics[0].Found, "the density of `x`") {
		t.Errorf("%v", err)
	}
}

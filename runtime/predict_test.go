package runtime_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"ppl/runtime"
)

// fitted fits a model to data.
func fitted(t *testing.T, text string, data map[string]any, opt runtime.Options) *runtime.Posterior {
	t.Helper()
	m, err := runtime.Compile("model.ppl", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	p, err := m.Bind(runtime.Map(data))
	if err != nil {
		t.Fatal(err)
	}
	opt.Seed = 1
	post, err := p.Fit(context.Background(), opt)
	if err != nil {
		t.Fatal(err)
	}
	if post.Verdict() != runtime.Good {
		t.Fatalf("verdict %s: %v", post.Verdict(), post.Reasons())
	}
	return post
}

func predicted(t *testing.T, post *runtime.Posterior, data map[string]any, opt runtime.PredictOptions) *runtime.Predictions {
	t.Helper()
	opt.Seed = 2
	out, err := post.Predict(context.Background(), runtime.Map(data), opt)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestPredictClosedForms compares mean and sd of predictions with the formulas of conjugate models.
// A mean may be off by four standard errors of 4,000 draws, an sd by 8 %.
func TestPredictClosedForms(t *testing.T) {
	type want struct{ mean, sd float64 }
	y := []float64{1.2, 0.4, 2.2, 1.9, 0.8}
	sum, ss := 0.0, 0.0
	for _, v := range y {
		sum += v
	}
	for _, v := range y {
		ss += (v - sum/5) * (v - sum/5)
	}
	// Normal, known sds: mu ~ N(0, 3), y ~ N(mu, 1).
	precision := 1.0/9 + 5
	// Gelman et al. (2013) 3.2: p(mu, sigma²) ∝ 1/sigma² gives a t with n − 1 degrees of freedom. Here
	// with InvGamma(a, b) and mu | sigma ~ N(0, sigma/sqrt(k)): t with 2a + n.
	a, b, k, n := 3.0, 2.0, 0.5, 5.0
	an, kn := a+n/2, k+n
	mn := sum / kn
	bn := b + (ss+k*n/kn*(sum/n)*(sum/n))/2
	scale := math.Sqrt(bn / an * (1 + 1/kn))
	// A line with known sds: x centred on new rows 2 and −1.
	x := []float64{-1, 0, 1, 2, 3}
	line := func(at float64) want {
		// prior precision 1/4 on intercept and slope, noise sd 0.5
		s00, s01, s11, r0, r1 := 0.25, 0.0, 0.25, 0.0, 0.0
		for i := range x {
			s00, s01, s11 = s00+4, s01+4*x[i], s11+4*x[i]*x[i]
			r0, r1 = r0+4*y[i], r1+4*x[i]*y[i]
		}
		det := s00*s11 - s01*s01
		m0, m1 := (s11*r0-s01*r1)/det, (s00*r1-s01*r0)/det
		v := (s11 - 2*s01*at + s00*at*at) / det
		return want{m0 + m1*at, math.Sqrt(v + 0.25)}
	}
	for _, c := range []struct {
		name, text string
		data, anew map[string]any
		want       map[string]want
	}{
		{"a normal mean", "data y : real[N]\nmu ~ Normal(0, 3)\ny[i in 1..N] ~ Normal(mu, 1)", map[string]any{"y": y}, map[string]any{"N": 2},
			map[string]want{"y[1]": {sum / precision, math.Sqrt(1 + 1/precision)}, "y[2]": {sum / precision, math.Sqrt(1 + 1/precision)}}},
		{"a normal with both unknown", "data y : real[N]\ns2 ~ InvGamma(3, 2)\nmu ~ Normal(0, sqrt(s2 / 0.5))\ny[i in 1..N] ~ Normal(mu, sqrt(s2))", map[string]any{"y": y}, nil,
			map[string]want{"y[1]": {mn, scale * math.Sqrt(2*an/(2*an-2))}}},
		{"beta-binomial", "data n : int[N]\ndata y : int[N]\np ~ Beta(2, 3)\ny[i in 1..N] ~ Binomial(n[i], p)", map[string]any{"n": []int{10, 20}, "y": []int{3, 9}}, map[string]any{"n": []int{12}},
			map[string]want{"y[1]": {12 * 14.0 / 35, math.Sqrt(12 * 14 * 21 * (35.0 + 12) / (35 * 35 * 36))}}},
		{"gamma-Poisson", "data y : int[N]\nlambda ~ Gamma(3, 1)\ny[i in 1..N] ~ Poisson(lambda)", map[string]any{"y": []int{4, 2, 5}}, map[string]any{"N": 1},
			map[string]want{"y[1]": {14.0 / 4, math.Sqrt(14.0 / 4 * 5 / 4)}}},
		{"a line", "data x : real[N]\ndata y : real[N]\na ~ Normal(0, 2)\nb ~ Normal(0, 2)\ny[i in 1..N] ~ Normal(a + b * x[i], 0.5)", map[string]any{"x": x, "y": y}, map[string]any{"x": []float64{2, -1, 10}},
			map[string]want{"y[1]": line(2), "y[2]": line(-1), "y[3]": line(10)}},
		{"a new group", "data g : factor(J)[N]\ndata y : real[N]\na[j in 1..J] ~ Normal(1, 2)\ny[i in 1..N] ~ Normal(a[g[i]], 0.5)", map[string]any{"g": []string{"b", "a", "b"}, "y": []float64{3, -1, 4}}, map[string]any{"g": []string{"new", "a"}},
			map[string]want{"y[1]": {1, math.Sqrt(4.25)}, "y[2]": {(1.0/4 - 1*4) / 4.25, math.Sqrt(1/4.25 + 0.25)}, "a[new]": {1, 2}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			post := fitted(t, c.text, c.data, runtime.Options{})
			out := predicted(t, post, c.anew, runtime.PredictOptions{})
			for name, w := range c.want {
				q, err := out.Quantity(name)
				if err != nil {
					t.Fatal(err)
				}
				if math.Abs(q.Mean-w.mean) > 4*w.sd/math.Sqrt(4000) || math.Abs(q.SD/w.sd-1) > 0.08 {
					t.Errorf("%s: %.4f ± %.4f, want %.4f ± %.4f", name, q.Mean, q.SD, w.mean, w.sd)
				}
			}
		})
	}
}

// TestPredictExtends: an autoregression, a random walk that is observed with noise, and a Gaussian
// process go on from where they were, as their formulas have it.
func TestPredictExtends(t *testing.T) {
	y := []float64{0.3, 1.1, 0.9, 1.8, 2.2}
	post := fitted(t, "data y : real[T]\nc ~ Normal(0, 0.001)\ny[1] ~ Normal(0, 1)\nfor t in 2..T { y[t] ~ Normal(c + 0.8 * y[t-1], 0.5) }", map[string]any{"y": y}, runtime.Options{})
	out := predicted(t, post, nil, runtime.PredictOptions{Extend: map[string]int{"T": 3}})
	if got := len(out.Quantities()); got != 3 {
		t.Fatalf("%d predictions, want 3", got)
	}
	mean, v := y[4], 0.0
	for h := 6; h <= 8; h++ {
		mean, v = 0.8*mean, 0.64*v+0.25
		check(t, out, fmt.Sprintf("y[%d]", h), mean, math.Sqrt(v))
	}
	// A local level: the filter's last state, and then a step each.
	post = fitted(t, "data y : real[T]\nh[1] ~ Normal(0, 2)\nfor t in 2..T { h[t] ~ Normal(h[t-1], 0.7) }\nplate t in 1..T { y[t] ~ Normal(h[t], 0.5) }", map[string]any{"y": y}, runtime.Options{})
	out = predicted(t, post, nil, runtime.PredictOptions{Extend: map[string]int{"T": 2}})
	m, p := 0.0, 4.0
	for i, v := range y {
		if i > 0 {
			p += 0.49
		}
		gain := p / (p + 0.25)
		m, p = m+gain*(v-m), p*(1-gain)
	}
	for h := range 2 {
		p += 0.49
		check(t, out, fmt.Sprintf("h[%d]", 6+h), m, math.Sqrt(p))
		check(t, out, fmt.Sprintf("y[%d]", 6+h), m, math.Sqrt(p+0.25))
	}
	// A Gaussian process at a new point: kriging with noise, by the two by two inverse.
	post = fitted(t, "data x : real[N]\ndata y : real[N]\nf : real[N] ~ MvNormal(zeros(N), cov = cov_exp_quad(x, x, 1, 1) + 1e-6 * eye(N))\ny[i in 1..N] ~ Normal(f[i], 0.3)", map[string]any{"x": []float64{0, 1}, "y": []float64{1, 0.2}}, runtime.Options{})
	out = predicted(t, post, map[string]any{"x": []float64{0.5, 4}}, runtime.PredictOptions{Extend: map[string]int{"N": 2}})
	cov := func(a, b float64) float64 { return math.Exp(-(a - b) * (a - b) / 2) }
	for i, at := range []float64{0.5, 4} {
		d, o := 1.09+1e-6, cov(0, 1)
		det := d*d - o*o
		k0, k1 := cov(at, 0), cov(at, 1)
		w0, w1 := (d*k0-o*k1)/det, (d*k1-o*k0)/det
		check(t, out, fmt.Sprintf("f[%d]", 3+i), w0*1+w1*0.2, math.Sqrt(1+1e-6-w0*k0-w1*k1))
	}
}

func check(t *testing.T, out *runtime.Predictions, name string, mean, sd float64) {
	t.Helper()
	q, err := out.Quantity(name)
	if err != nil {
		t.Error(err)
		return
	}
	if math.Abs(q.Mean-mean) > 4*sd/math.Sqrt(4000)+1e-3 || math.Abs(q.SD/sd-1) > 0.08 {
		t.Errorf("%s: %.4f ± %.4f, want %.4f ± %.4f", name, q.Mean, q.SD, mean, sd)
	}
}

// TestPredictKeepsReductions: predictors that are standardised within the model mean the same for
// one new row as for many.
func TestPredictKeepsReductions(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	var x, y []float64
	for i := range 30 {
		x = append(x, float64(i)+r.NormFloat64())
		y = append(y, 2+0.5*x[i]+r.NormFloat64())
	}
	for _, text := range []string{
		"let z = (x - mean(x)) / sd(x)",
		"let m = mean(x)\nlet s = sqrt(sum((x - m)^2) / (N - 1))\nlet z = (x - m) / s",
		"let z = (x - x[1]) / max(x - x[1])",
		"let z = [(x[i] - sum(x) / N) / sd(x) for i in 1..N]",
		"let z = (x - dot(x, ones(N)) / N) / norm(x)",
	} {
		post := fitted(t, "data x : real[N]\ndata y : real[N]\n"+text+"\na ~ Normal(0, 20)\nb ~ Normal(0, 20)\nsigma ~ HalfNormal(5)\ny[i in 1..N] ~ Normal(a + b * z[i], sigma)", map[string]any{"x": x, "y": y}, runtime.Options{})
		one := predicted(t, post, map[string]any{"x": []float64{40}}, runtime.PredictOptions{})
		many := predicted(t, post, map[string]any{"x": []float64{40, 100, -300, 7}}, runtime.PredictOptions{})
		a, b := one.Quantities()[0], many.Quantities()[0]
		if math.Abs(a.Mean-b.Mean) > 0.2 || math.Abs(a.Mean-22) > 2 || math.Abs(a.SD/b.SD-1) > 0.1 {
			t.Errorf("%s: one row %.3f ± %.3f, among others %.3f ± %.3f; about 22 ± 1", text, a.Mean, a.SD, b.Mean, b.SD)
		}
	}
}

// TestPredictRefuses: what cannot be predicted is said, with its place.
func TestPredictRefuses(t *testing.T) {
	for _, c := range []struct {
		name, text string
		data, anew map[string]any
		opt        runtime.PredictOptions
		want       string
	}{
		{"a predictor is missing", "data x : real[N]\ndata w : real[N]\ndata y : real[N]\nb ~ Normal(0, 1)\ny[i in 1..N] ~ Normal(b * x[i] + w[i], 1)", map[string]any{"x": []float64{1, 2}, "w": []float64{1, 2}, "y": []float64{1, 3}}, map[string]any{"x": []float64{3}}, runtime.PredictOptions{}, "the new data hold no value for `w`, and its rows along `N` are new ones"},
		{"data of a new group", "data g : factor(J)[N]\ndata u : real[J]\ndata y : real[N]\nb ~ Normal(0, 1)\ny[i in 1..N] ~ Normal(b * u[g[i]], 1)", map[string]any{"g": []string{"a", "b"}, "u": map[string]float64{"a": 1, "b": 2}, "y": []float64{1, 3}}, map[string]any{"g": []string{"c"}}, runtime.PredictOptions{}, "the label \"c\" of `J` is new"},
		{"a label that must be known", "data g : factor(J)[N]\ndata y : real[N]\na[j in 1..J] ~ Normal(0, 1)\ny[i in 1..N] ~ Normal(a[g[i]], 1)", map[string]any{"g": []string{"a", "b"}, "y": []float64{1, 3}}, map[string]any{"g": []string{"c"}}, runtime.PredictOptions{KnownOnly: true}, "not a level of `J`"},
		{"rows that are mixed", "data x : real[N]\ndata y : real[N]\nlet c = cumsum(x)\nb ~ Normal(0, 1)\ny[i in 1..N] ~ Normal(b * c[i], 1)", map[string]any{"x": []float64{1, 2}, "y": []float64{1, 3}}, map[string]any{"x": []float64{3}}, runtime.PredictOptions{}, "`cumsum` mixes the rows"},
		{"rows that a function mixes", "fn std(v: real[M]) -> real[M] = (v - mean(v)) / sd(v)\ndata x : real[N]\ndata y : real[N]\nlet z = std(x)\nb ~ Normal(0, 1)\ny[i in 1..N] ~ Normal(b * z[i], 1)", map[string]any{"x": []float64{1, 2}, "y": []float64{1, 3}}, map[string]any{"x": []float64{3}}, runtime.PredictOptions{}, "the function `std` computes something over all rows"},
		{"no such dimension", "data y : real[N]\nmu ~ Normal(0, 1)\ny[i in 1..N] ~ Normal(mu, 1)", map[string]any{"y": []float64{1, 3}}, nil, runtime.PredictOptions{Extend: map[string]int{"T": 2}}, "Extend: T=2: the model has no dimension"},
		{"a number of other elements", "data x : real[T]\ndata y : real[T]\nb ~ Normal(0, 1)\ny[t in 1..T] ~ Normal(b * x[t], 1)", map[string]any{"x": []float64{1, 2}, "y": []float64{1, 3}}, map[string]any{"x": []float64{1, 2, 3}}, runtime.PredictOptions{Extend: map[string]int{"T": 2}}, "`T` is to be extended by 2, but `x` is given for 3"},
		{"scores without data", "data y : real[N]\nmu ~ Normal(0, 1)\ny[i in 1..N] ~ Normal(mu, 1)", map[string]any{"y": []float64{1, 3}}, map[string]any{"N": 4}, runtime.PredictOptions{Score: true}, "the data hold none of what is predicted"},
	} {
		t.Run(c.name, func(t *testing.T) {
			post := fitted(t, c.text, c.data, runtime.Options{})
			_, err := post.Predict(context.Background(), runtime.Map(c.anew), c.opt)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v; want %q", err, c.want)
			}
		})
	}
	post := fitted(t, "data y : real[N]\nmu ~ Normal(0, 1)\ny[i in 1..N] ~ Normal(mu, 1)", map[string]any{"y": []float64{1, 3}}, runtime.Options{})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := post.Predict(ctx, nil, runtime.PredictOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled context: %v", err)
	}
}

// TestPredictScores: of a normal model with everything known but the mean.
func TestPredictScores(t *testing.T) {
	post := fitted(t, "data g : factor(J)[N]\ndata y : real[N]\nmu ~ Normal(0, 1)\ny[i in 1..N] ~ Normal(mu, 1)", map[string]any{"g": []string{"a", "b", "a"}, "y": []float64{1, 3, 2}}, runtime.Options{})
	anew := []float64{1.5, 9}
	out := predicted(t, post, map[string]any{"g": []string{"a", "b"}, "y": anew}, runtime.PredictOptions{Score: true, ScoreBy: []string{"g"}})
	scores := out.Scores()
	if len(scores) != 3 || scores[1].Group != "g = a" || scores[2].Group != "g = b" {
		t.Fatalf("%+v", scores)
	}
	elpd := 0.0
	for _, y := range anew[:1] { // the density of 9 is told by few draws
		elpd += -0.5*math.Log(2*math.Pi*1.25) - (y-1.5)*(y-1.5)/2.5
	}
	if s := scores[1]; math.Abs(s.ELPD-elpd) > 0.02 || s.Coverage50 != 1 || s.RMSE > 0.1 {
		t.Errorf("%+v; elpd should be %.3f", s, elpd)
	}
	if s := scores[0]; s.N != 2 || s.Coverage90 != 0.5 || math.Abs(s.RMSE-7.5/math.Sqrt2) > 0.1 || math.Abs(s.ELPD-scores[1].ELPD-scores[2].ELPD) > 1e-9 {
		t.Errorf("%+v", s)
	}
	if !math.IsNaN(scores[0].Brier) {
		t.Errorf("a Brier score of real numbers: %g", scores[0].Brier)
	}
	class := fitted(t, "data x : real[N]\ndata y : int[N] in 0..1\nb ~ Normal(0, 1)\ny[i in 1..N] ~ Bernoulli(logit = b * x[i])", map[string]any{"x": []float64{1, -1, 2, -2}, "y": []int{1, 0, 1, 0}}, runtime.Options{})
	s := predicted(t, class, map[string]any{"x": []float64{0, 0}, "y": []int{1, 0}}, runtime.PredictOptions{Score: true}).Scores()[0]
	if math.Abs(s.Brier-0.25) > 0.01 || math.Abs(s.LogLoss-math.Ln2) > 1e-6 {
		t.Errorf("of even odds: Brier %.4f, log loss %.4f", s.Brier, s.LogLoss)
	}
}

// TestPredictMeans: expectations given the latents, whose mean is that of the draws.
func TestPredictMeans(t *testing.T) {
	x := []float64{-2, -1, 0, 1, 2, 3}
	post := fitted(t, `data x : real[N]
data y : int[N] in 0..1
data k : int[N] in 1..3
data c : int[N]
b ~ Normal(0, 1)
w : simplex[3] ~ Dirichlet([2, 2, 2])
plate i in 1..N {
  y[i] ~ Bernoulli(logit = b * x[i])
  k[i] ~ Categorical(w)
  c[i] ~ Poisson(exp(0.1 * b * x[i]))
}`, map[string]any{"x": x, "y": []int{0, 0, 1, 1, 1, 1}, "k": []int{1, 2, 1, 3, 1, 2}, "c": []int{0, 1, 2, 1, 0, 3}}, runtime.Options{})
	anew := map[string]any{"x": []float64{1.5, -4}}
	means, drawn := predicted(t, post, anew, runtime.PredictOptions{Mean: true}), predicted(t, post, anew, runtime.PredictOptions{})
	for _, name := range []string{"y[1]", "y[2]", "c[1]", "c[2]"} {
		a, err := means.Quantity(name)
		if err != nil {
			t.Fatal(err)
		}
		b, _ := drawn.Quantity(name)
		if math.Abs(a.Mean-b.Mean) > 4*b.SD/math.Sqrt(4000) || a.SD >= b.SD {
			t.Errorf("%s: expectations %.4f ± %.4f, draws %.4f ± %.4f", name, a.Mean, a.SD, b.Mean, b.SD)
		}
	}
	for c, want := range []float64{5.0 / 12, 4.0 / 12, 3.0 / 12} {
		q, err := means.Quantity(fmt.Sprintf("k[2,%d]", c+1))
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(q.Mean-want) > 0.01 {
			t.Errorf("%s: %.4f, want %.4f", q.Name, q.Mean, want)
		}
	}
	heavy := fitted(t, "data y : real[N]\nm ~ Normal(0, 1)\ny[i in 1..N] ~ Cauchy(m, 1)", map[string]any{"y": []float64{1, 3}}, runtime.Options{})
	if _, err := heavy.Predict(context.Background(), nil, runtime.PredictOptions{Mean: true}); err == nil || !strings.Contains(err.Error(), "`y` has no expectation") {
		t.Errorf("the mean of a Cauchy: %v", err)
	}
}

// TestGenerate: what stands under `generate` is evaluated at each draw of the posterior.
func TestGenerate(t *testing.T) {
	post := fitted(t, "data y : real[N]\nmu ~ Normal(0, 3)\ny[i in 1..N] ~ Normal(mu, 1)\ngenerate next ~ Normal(mu, 2)\ngenerate let gap = next - mu", map[string]any{"y": []float64{1, 2}}, runtime.Options{})
	out := predicted(t, post, nil, runtime.PredictOptions{})
	m, v := 3/(2+1.0/9), 1/(2+1.0/9)
	check(t, out, "next", m, math.Sqrt(4+v))
	if q, err := out.Quantity("gap"); err != nil || math.Abs(q.Mean) > 0.13 || math.Abs(q.SD/2-1) > 0.08 {
		t.Errorf("gap: %+v, %v", q, err)
	}
}

// TestPredictLoaded: a fit that was saved and loaded predicts the same bits.
func TestPredictLoaded(t *testing.T) {
	post := fitted(t, "data x : real[N]\ndata g : factor(J)[N]\ndata y : real[N]\na[j in 1..J] ~ Normal(1, 2)\nb ~ Normal(0, 1)\ny[i in 1..N] ~ Normal(a[g[i]] + b * (x[i] - mean(x)), 0.5)", map[string]any{"x": []float64{1, 2, 4}, "g": []string{"b", "a", "b"}, "y": []float64{3, -1, 4}}, runtime.Options{})
	path := filepath.Join(t.TempDir(), "fit.zarr.zip")
	if err := post.SaveFile(path); err != nil {
		t.Fatal(err)
	}
	loaded, err := runtime.LoadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, anew := range []map[string]any{nil, {"x": []float64{3, 5}, "g": []string{"new", "a"}}, {"x": []float64{3, 5}, "g": []string{"new", "a"}, "y": []float64{1, 1}}} {
		var texts [2]string
		for i, p := range []*runtime.Posterior{post, loaded} {
			var b strings.Builder
			if err := predicted(t, p, anew, runtime.PredictOptions{Score: anew["y"] != nil}).WriteJSON(&b); err != nil {
				t.Fatal(err)
			}
			texts[i] = b.String()
		}
		if texts[0] != texts[1] {
			t.Errorf("in memory\n%s\nloaded\n%s", texts[0], texts[1])
		}
	}
}

// TestPredictGivenPredictors: data that may be missing have a `~` of their own; where they are given
// for new rows, outcomes are predicted from them.
func TestPredictGivenPredictors(t *testing.T) {
	post := fitted(t, "data x : real?[N]\ndata y : real[N]\nmx ~ Normal(0, 2)\nx[i in 1..N] ~ Normal(mx, 1)\nb ~ Normal(0, 1)\nlet eta[i in 1..N] = b * x[i]\ny[i in 1..N] ~ Normal(eta[i], 0.1)",
		map[string]any{"x": []float64{0.1, math.NaN(), 2, -1, 3}, "y": []float64{0, 1, 2, -1.1, 2.9}}, runtime.Options{})
	nan := math.NaN()
	out := predicted(t, post, map[string]any{"x": []float64{10, nan}, "y": []float64{9, 1}}, runtime.PredictOptions{Score: true})
	q, err := out.Quantity("y[1]")
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(q.Mean-10) > 0.5 || q.SD > 1 {
		t.Errorf("y at x = 10: %.3f ± %.3f", q.Mean, q.SD)
	}
	if q, err := out.Quantity("y[2]"); err != nil || q.SD < 0.8 {
		t.Errorf("y where x is missing: %+v, %v", q, err)
	}
	if w := predicted(t, post, map[string]any{"x": []float64{1}, "mx": 3.0}, runtime.PredictOptions{}).Warnings(); len(w) != 1 || !strings.Contains(w[0].Summary, "`mx`") {
		t.Errorf("warnings: %v", w)
	}
	if s := out.Scores(); len(s) != 1 || s[0].Symbol != "y" {
		t.Errorf("%+v", s)
	}
}

// TestLabelsWithBlanks: elements are found by labels that have blanks.
func TestLabelsWithBlanks(t *testing.T) {
	post := fitted(t, "data g : factor(J)[N]\ndata y : real[N]\na[j in 1..J] ~ Normal(1, 2)\ny[i in 1..N] ~ Normal(a[g[i]], 0.5)", map[string]any{"g": []string{"north west", "b", "b"}, "y": []float64{3, -1, 4}}, runtime.Options{})
	out := predicted(t, post, map[string]any{"g": []string{"far off"}}, runtime.PredictOptions{})
	if _, err := post.Quantity("a[north west]"); err != nil {
		t.Error(err)
	}
	if _, err := post.Quantity("a[ b ]"); err != nil {
		t.Error(err)
	}
	if _, err := out.Quantity("a[far off]"); err != nil {
		t.Error(err)
	}
}

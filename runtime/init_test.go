package runtime_test

import (
	"context"
	"errors"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ppl/runtime"
)

func boundTo(t *testing.T, text string, values map[string]any) *runtime.Problem {
	t.Helper()
	return must(must(runtime.Compile("m.ppl", []byte(text))).Bind(runtime.Map(values)))
}

func values(pairs ...any) *runtime.Data {
	m := map[string]any{}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i].(string)] = pairs[i+1]
	}
	return runtime.Map(m)
}

// Of two modes the answer of `map` is the one that the starting values lead to, and the verdict says where
// another is higher.
func TestInitPicksTheMode(t *testing.T) {
	// log(0.3 N(x | −3, 1/2) + 0.7 N(x | 3, 1/2))
	p := boundTo(t, "x ~ Normal(0, 100)\nfactor log_sum_exp([log(0.3) + log_density(Normal(-3, 0.5), x), log(0.7) + log_density(Normal(3, 0.5), x)])\n", nil)
	for _, start := range []float64{-2.5, 2.5} {
		post, err := p.Fit(context.Background(), runtime.Options{Guide: "map", Init: values("x", start)})
		if err != nil {
			t.Fatal(err)
		}
		got, _ := post.Mean("x")
		if math.Abs(got-math.Copysign(3, start)) > 0.01 {
			t.Errorf("from %g the mode is %g", start, got)
		}
		if said := strings.Contains(strings.Join(post.Reasons(), "\n"), "higher mode"); said != (start < 0) {
			t.Errorf("from %g: %q", start, post.Reasons())
		}
	}
}

// A start on every kind of support comes back as it was: no step of `map` is taken under a prior whose mode it is.
func TestInitOnEverySupport(t *testing.T) {
	text := `a ~ Normal(1, 1)
b ~ Gamma(3, 1)
c ~ Beta(3, 2)
d ~ Normal(3, 1) in (2, 5)
e : ordered[3] ~ Normal(0, 5)
f : simplex[3] ~ Dirichlet([2, 3, 4])
g[i in 1..2] ~ Normal(a, b)
h ~ Uniform(0, b)
`
	p := boundTo(t, text, nil)
	at := []any{"a", 0.3, "b", 1.7, "c", 0.2, "d", 2.6, "e", []float64{-1, 0.5, 2}, "f", []float64{0.2, 0.3, 0.5}, "g", []float64{4, -3}, "h", 1.1}
	// What is reached in no time is the start.
	post, err := p.Fit(context.Background(), runtime.Options{Guide: "map", Init: values(at...), MaxTime: 1})
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(at); i += 2 {
		want, ok := at[i+1].([]float64)
		if !ok {
			want = []float64{at[i+1].(float64)}
		}
		for k, x := range want {
			name := at[i].(string)
			if ok {
				name += "[" + string(rune('1'+k)) + "]"
			}
			if got, err := post.Mean(name); err != nil || math.Abs(got-x) > 1e-9 {
				t.Errorf("%s starts at %g, asked for %g (%v)", name, got, x, err)
			}
		}
	}
	// What has no value is where it is without any: relative to what has one.
	post, err = p.Fit(context.Background(), runtime.Options{Guide: "map", Init: values("a", 10.0, "g", []any{7.5, nil}), MaxTime: 1})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]float64{"a": 10, "g[1]": 7.5, "b": 1, "c": 0.5, "d": 3.5, "h": 0.5} {
		if got, err := post.Mean(name); err != nil || math.Abs(got-want) > 1e-9 {
			t.Errorf("%s starts at %g, want %g (%v)", name, got, want, err)
		}
	}
}

// A model whose density is 0 but for a region far from the origin starts there, for every method, and the same
// seed and values give the same bits.
func TestInitWhereThereIsADensity(t *testing.T) {
	p := boundTo(t, "data y : real[N]\nx ~ Normal(0, 1000)\ny ~ Uniform(x - 1, x + 1)\nz ~ Normal(0, 1)\n", map[string]any{"y": []float64{500.1, 500.4}})
	var data *runtime.DataError
	if _, err := p.Fit(context.Background(), runtime.Options{}); !errors.As(err, &data) || data.Diagnostics[0].Code != "no-finite-start" {
		t.Fatalf("without a start: %v", err)
	}
	for name, opt := range map[string]runtime.Options{"default": {}, "nuts": {Method: runtime.MethodNUTS, Draws: 500, Warmup: 300}, "laplace": {Guide: "laplace"}, "map": {Guide: "map"}} {
		opt.Init = values("x", 500.2)
		var all [2][]float64
		for i := range all {
			post, err := p.Fit(context.Background(), opt)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			all[i], _ = post.Draws("x")
			if lo, hi := slices.Min(all[i]), slices.Max(all[i]); name == "nuts" && (lo < 499.4 || hi > 501.1) {
				t.Errorf("%s: x between %g and %g", name, lo, hi)
			}
		}
		if !slices.Equal(all[0], all[1]) {
			t.Errorf("%s: the same seed and start have other draws", name)
		}
	}
	if _, err := p.Fit(context.Background(), runtime.Options{Init: values("x", -3.0)}); !errors.As(err, &data) || !strings.Contains(data.Error(), "starting values") {
		t.Errorf("a start without a density: %v", err)
	}
}

// Chains of NUTS start around the values: in the mode that they are in, which they do not leave.
func TestInitOfChains(t *testing.T) {
	p := boundTo(t, "x ~ Normal(0, 100)\nfactor log_sum_exp([log(0.3) + log_density(Normal(-20, 0.5), x), log(0.7) + log_density(Normal(20, 0.5), x)])\n", nil)
	for _, start := range []float64{-20, 20} {
		post, err := p.Fit(context.Background(), runtime.Options{Method: runtime.MethodNUTS, Draws: 400, Warmup: 200, Init: values("x", start)})
		if err != nil {
			t.Fatal(err)
		}
		if mean, _ := post.Mean("x"); math.Abs(mean-start) > 0.2 {
			t.Errorf("from %g the chains are at %g", start, mean)
		}
		if post.Verdict() != runtime.Poor {
			t.Errorf("from %g: %s, though there is another mode: %q", start, post.Verdict(), post.Reasons())
		}
	}
}

func TestInitErrors(t *testing.T) {
	p := boundTo(t, "data county : factor(J)[N]\ndata y : real[N]\nsigma ~ HalfNormal(1)\ntheta[j in 1..J] ~ Normal(0, 1)\nu ~ Uniform(0, sigma)\nz ~ Bernoulli(0.4)\ny[i in 1..N] ~ Normal(theta[county[i]] + z, sigma)\n",
		map[string]any{"county": []string{"A", "B"}, "y": []float64{1, 2}})
	for _, c := range []struct {
		init *runtime.Data
		want string
	}{
		{values("sigm", 1.0), "no latent `sigm`; did you mean `sigma`?"},
		{values("sigma", -1.0), "starting value of `sigma` is outside of its support"},
		{values("sigma", 0.0), "starting value of `sigma` is on an end of its support"},
		{values("sigma", 2.0, "u", 2.5), "starting value of `u` is outside of its support"},
		{values("theta", []float64{1, 2, 3}), "`theta` is an array of length 3, and the model has an array of length 2"},
		{values("theta", map[string]float64{"C": 1}), "`theta` has a value for \"C\""},
		{values("theta", []string{"a", "b"}), "which is no number"},
		{values("z", 1), "`z` is discrete, and has no starting value"},
		{values("y", []float64{1, 2}), "no latent `y`"},
	} {
		_, err := p.Fit(context.Background(), runtime.Options{Init: c.init})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v; want %s", err, c.want)
		}
		var point *runtime.PointError
		var data *runtime.DataError
		if !errors.As(err, &point) && !errors.As(err, &data) {
			t.Errorf("%T", err)
		}
	}
	for _, ok := range []*runtime.Data{values("theta", map[string]float64{"B": 1.5}), values("sigma", 2.0, "u", 1.5), values()} {
		if _, err := p.Fit(context.Background(), runtime.Options{Quick: true, Init: ok}); err != nil {
			t.Error(err)
		}
	}
}

// What is taken of another fit are its medians, by label; a saved fit keeps the starting values that it was asked
// for, and what is loaded is as what was saved.
func TestInitFrom(t *testing.T) {
	text := "data county : factor(J)[N]\ndata y : real[N]\nmu ~ Normal(0, 5)\np : simplex[3] ~ Dirichlet([2, 2, 2])\nalpha[j in 1..J] ~ Normal(mu, 1)\ny[i in 1..N] ~ Normal(alpha[county[i]], 0.1)\n"
	first := boundTo(t, text, map[string]any{"county": []string{"A", "B", "C"}, "y": []float64{1, 2, 3}})
	post, err := first.Fit(context.Background(), runtime.Options{Init: values("mu", 2.0)})
	if err != nil {
		t.Fatal(err)
	}
	second := boundTo(t, text+"extra ~ Normal(0, 1)\n", map[string]any{"county": []string{"C", "B", "X"}, "y": []float64{3, 2, 7}})
	init, taken, err := second.InitFrom(post)
	if err != nil || !slices.Equal(taken, []string{"mu", "p", "alpha"}) {
		t.Fatalf("taken %q, %v", taken, err)
	}
	at, err := second.Fit(context.Background(), runtime.Options{Guide: "map", Init: init, MaxTime: 1})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"mu", "alpha[B]", "alpha[C]"} {
		got, _ := at.Mean(name)
		if want, _ := post.Quantile(name, 0.5); math.Abs(got-want) > 1e-9 {
			t.Errorf("%s starts at %g, and its median is %g", name, got, want)
		}
	}
	if x, _ := at.Mean("alpha[X]"); x != 0 { // the origin
		t.Errorf("a label without a value starts at %g", x)
	}
	for i, name := range []string{"p[1]", "p[2]", "p[3]"} {
		if x, _ := at.Mean(name); math.Abs(x-1.0/3) > 0.02 {
			t.Errorf("p[%d] starts at %g", i+1, x)
		}
	}
	path := filepath.Join(t.TempDir(), "fit.zarr.zip")
	if err := post.SaveFile(path); err != nil {
		t.Fatal(err)
	}
	loaded, err := runtime.LoadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	a, err := post.LOO(context.Background(), runtime.LOOOptions{KFold: 3})
	if err != nil {
		t.Fatal(err)
	}
	b, err := loaded.LOO(context.Background(), runtime.LOOOptions{KFold: 3})
	if err != nil || a.ELPD() != b.ELPD() {
		t.Errorf("refits of what was saved: %v and %v, %v", a.ELPD(), b.ELPD(), err)
	}
}

package runtime_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	goruntime "runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"ppl/runtime"
)

func problem(t *testing.T, text string, values map[string]any) *runtime.Problem {
	t.Helper()
	return problemWith(t, text, values, runtime.BindOptions{})
}

func problemWith(t *testing.T, text string, values map[string]any, opt runtime.BindOptions) *runtime.Problem {
	t.Helper()
	m, err := runtime.Compile("model.ppl", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	p, err := m.BindWith(runtime.Map(values), opt)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// A conjugate model: the posterior of mu is Normal(2, 0.5).
const conjugate = `
data y : real[N]
mu ~ Normal(0, 1)
y[i in 1..N] ~ Normal(mu, 1)
let twice = 2 * mu
`

func conjugateData() map[string]any {
	return map[string]any{"y": []float64{2, 3, 5 - 10.0/3, 10.0 / 3}}
}

// TestNUTS compares with an exact posterior, and checks what is said of the draws.
func TestNUTS(t *testing.T) {
	p := problem(t, conjugate, map[string]any{"y": []float64{2, 4, 4}})
	told := 0
	post, err := p.Fit(context.Background(), runtime.Options{Seed: 3, Method: runtime.MethodNUTS,
		Progress: func(runtime.Progress) { told++ }})
	if err != nil {
		t.Fatal(err)
	}
	s := post.Sampling()
	if s == nil || s.Chains != 4 || s.Draws != 1000 || s.Warmup != 1000 {
		t.Fatalf("%+v", s)
	}
	if post.Verdict() != runtime.Good || s.RHat >= 1.01 || s.ESSBulk < 400 || s.ESSTail < 400 || !post.Figures().Converged || post.Figures().ESS < 400 {
		t.Errorf("verdict %s %v, %+v", post.Verdict(), post.Reasons(), s)
	}
	q, err := post.Quantity("mu")
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(q.Mean-2.5) > 5*q.MCSE || math.Abs(q.SD/0.5-1) > 0.1 || q.MCSE > 0.03 || len(q.Draws()) != 4000 {
		t.Errorf("%+v", q)
	}
	twice, err := post.Draws("twice")
	if err != nil {
		t.Fatal(err)
	}
	for i, x := range q.Draws() {
		if twice[i] != 2*x {
			t.Fatal("row i is not one joint draw")
		}
	}
	if v := post.Figures().ELBO; !math.IsNaN(v) {
		t.Errorf("NUTS has an ELBO of %v", v)
	}
}

// TestNUTSCores: the draws do not depend on the number of cores.
func TestNUTSCores(t *testing.T) {
	p := problem(t, conjugate, conjugateData())
	run := func(cores int) []float64 {
		defer goruntime.GOMAXPROCS(goruntime.GOMAXPROCS(cores))
		post, err := p.Fit(context.Background(), runtime.Options{Seed: 3, Method: runtime.MethodNUTS, Chains: 3, Draws: 300, Warmup: 100})
		if err != nil {
			t.Fatal(err)
		}
		x, _ := post.Draws("mu")
		return x
	}
	one := run(1)
	if !slices.Equal(one, run(2)) || !slices.Equal(one, run(1)) {
		t.Error("the draws differ")
	}
	if len(one) != 300 {
		t.Errorf("%d draws", len(one))
	}
}

// TestNUTSVerdict: the verdict names what is wrong.
func TestNUTSVerdict(t *testing.T) {
	for _, c := range []struct {
		name, text string
		opt        runtime.Options
		verdict    runtime.Verdict
		want       string
	}{
		{"one chain", conjugate, runtime.Options{Chains: 1}, runtime.Caution, "one chain cannot show"},
		{"few draws", conjugate, runtime.Options{Draws: 600, Seed: 1}, runtime.Caution, "effective draws; try more Options.Draws"},
		{"two modes", "m ~ Normal(0, 10)\nfactor log_sum_exp([-50 * (m - 10)^2, -50 * (m + 10)^2])\n", runtime.Options{Seed: 5}, runtime.Poor, "the chains have not mixed"},
		{"a funnel", "s ~ Normal(0, 3)\nx : real[9] ~ Normal(0, 1)\nfactor sum([-0.5 * (x[i] * exp(-s / 2))^2 - s / 2 for i in 1..9])\n", runtime.Options{Seed: 1}, "", "diverged"},
	} {
		values := conjugateData()
		if c.text != conjugate {
			values = nil
		}
		c.opt.Method = runtime.MethodNUTS
		post, err := problem(t, c.text, values).Fit(context.Background(), c.opt)
		if err != nil {
			t.Fatal(err)
		}
		if post.Verdict() == runtime.Good || c.verdict != "" && post.Verdict() != c.verdict || !strings.Contains(strings.Join(post.Reasons(), "\n"), c.want) {
			t.Errorf("%s: verdict %s: %v", c.name, post.Verdict(), post.Reasons())
		}
	}
}

func asStopped(err error, to **runtime.Stopped) bool { return errors.As(err, to) }

// TestNUTSStops: a cancelled run keeps what it has, and says so.
func TestNUTSStops(t *testing.T) {
	p := problem(t, conjugate, conjugateData())
	ctx, cancel := context.WithCancel(context.Background())
	opt := runtime.Options{Method: runtime.MethodNUTS, Warmup: 50, Draws: 10_000_000, Progress: func(x runtime.Progress) {
		if x.Done > 2000 && x.Stage == runtime.StageSample {
			cancel()
		}
	}}
	var stopped *runtime.Stopped
	if _, err := p.Fit(ctx, opt); !asStopped(err, &stopped) || stopped.Posterior == nil || !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	post := stopped.Posterior
	if !post.Figures().Interrupted || post.Sampling().Draws == 0 || post.Verdict() == runtime.Good || !strings.Contains(post.Reasons()[0], "interrupted after") {
		t.Errorf("%v %v %+v", post.Verdict(), post.Reasons(), post.Sampling())
	}
	opt.Progress, opt.MaxTime = nil, 300*time.Millisecond
	switch post, err := p.Fit(context.Background(), opt); {
	case asStopped(err, &stopped) && strings.Contains(err.Error(), "time limit"): // a busy machine: still in warm-up
	case err != nil:
		t.Fatal(err)
	case !post.Figures().TimedOut || post.Figures().Interrupted:
		t.Errorf("timed out %v, interrupted %v", post.Figures().TimedOut, post.Figures().Interrupted)
	}
	if _, err := p.Fit(ctx, runtime.Options{Method: runtime.MethodNUTS}); !asStopped(err, &stopped) {
		t.Errorf("cancelled from the start: %v", err)
	}
	if _, err := p.Fit(context.Background(), runtime.Options{Method: "gibbs"}); err == nil || !strings.Contains(err.Error(), "gibbs") {
		t.Errorf("an unknown method: %v", err)
	}
}

// TestComponentsWithoutOrder: both methods give each label of a mixture that does not tell
// them apart the moments of all components, those of the ordered model, and say so.
func TestComponentsWithoutOrder(t *testing.T) {
	const text = `
data y : real[N]
w ~ Dirichlet([2, 2])
mu : %s[2] ~ Normal(0, 5)
plate i in 1..N {
  z[i] ~ Categorical(w)
  y[i] ~ Normal(mu[z[i]], 1)
}`
	given := map[string]any{"y": []float64{2.1, 1.9, 2.4, 2.2, 2.0, -3, -2.5, -3.2, -3.3}}
	ordered, err := problem(t, fmt.Sprintf(text, "ordered"), given).Fit(t.Context(), runtime.Options{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	mean, square := 0.0, 0.0
	for _, name := range []string{"mu[1]", "mu[2]"} {
		q, err := ordered.Quantity(name)
		if err != nil {
			t.Fatal(err)
		}
		mean += q.Mean / 2
		square += (q.SD*q.SD + q.Mean*q.Mean) / 2
	}
	sd := math.Sqrt(square - mean*mean)
	p := problem(t, fmt.Sprintf(text, "real"), given)
	for _, method := range []string{"", runtime.MethodNUTS} {
		for seed := uint64(1); seed <= 2; seed++ {
			post, err := p.Fit(t.Context(), runtime.Options{Seed: seed, Method: method})
			if err != nil {
				t.Fatal(err)
			}
			if post.Verdict() != runtime.Good || !strings.Contains(strings.Join(post.Reasons(), "; "), "labels 1, 2 of `w`, `mu` can be exchanged") {
				t.Errorf("method %q, seed %d: %s, %q", method, seed, post.Verdict(), post.Reasons())
			}
			for _, name := range []string{"mu[1]", "mu[2]"} {
				if q, err := post.Quantity(name); err != nil || math.Abs(q.Mean-mean) > 0.1*sd || math.Abs(q.SD/sd-1) > 0.05 {
					t.Errorf("method %q, seed %d: %s is %.3f ± %.3f, want %.3f ± %.3f", method, seed, name, q.Mean, q.SD, mean, sd)
				}
			}
		}
	}
}

// TestMostLikelyOfImages: where labels can be exchanged, the most likely combination is that
// of one order of them: what lies together has one label, what lies apart another.
func TestMostLikelyOfImages(t *testing.T) {
	p := problem(t, "data y : real[N]\nw ~ Dirichlet([2, 2, 2])\nmu : real[3] ~ Normal(0, 5)\nplate i in 1..N {\n  z[i] ~ Categorical(w)\n  y[i] ~ Normal(mu[z[i]], 0.5)\n}",
		map[string]any{"y": []float64{2.1, 1.9, 2.4, -3, -2.5, -3.2, 7, 7.2, 6.8}})
	for _, method := range []string{"", runtime.MethodNUTS} {
		post, err := p.Fit(t.Context(), runtime.Options{Seed: 1, Method: method})
		if err != nil {
			t.Fatal(err)
		}
		z := post.Discrete()
		for i := range z {
			for j := range i {
				if same := z[i].Joint == z[j].Joint; same != (i/3 == j/3) {
					t.Errorf("method %q: %s and %s are %d and %d", method, z[i].Name, z[j].Name, z[i].Joint, z[j].Joint)
				}
			}
		}
	}
}

package runtime_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	gort "runtime"
	"strings"
	"testing"
	"time"

	"ppl/inference"
	"ppl/runtime"
)

// The oracle of chains is the same model with all discrete latents summed out.
var chainModels = []struct {
	name, text string
	data       map[string]any
	how        map[string]string
	// exact is the text to be summed out, if it is another.
	exact string
	// slow ones take half of the time, and run with PPL_SLOW=1.
	slow bool
}{
	{"mixture", `
data y : real[3]
mu : real[3] ~ Normal(0, 2)
s ~ LogNormal(0, 0.5)
plate i in 1..3 {
  z[i] ~ Categorical([0.5, 0.2, 0.3])
  y[i] ~ Normal(mu[z[i]], s)
}`, map[string]any{"y": []float64{0.8, -1, 2}}, map[string]string{"z": "expect"}, "", false},
	{"weights that are not known", `
data y : real[4]
w ~ Dirichlet(ones(2))
plate i in 1..4 {
  z[i] ~ Categorical(w)
  y[i] ~ Normal(2 * z[i], 1)
}`, map[string]any{"y": []float64{0.8, -1, 2, 3}}, map[string]string{"z": "score"}, "", false},
	{"chain", `
data y : real[6]
p ~ Beta(2, 2)
z[1] ~ Bernoulli(0.4)
for t in 2..6 { z[t] ~ Bernoulli(0.1 + 0.8 * p * z[t-1]) }
plate t in 1..6 { y[t] ~ Normal(z[t], 1) }`, map[string]any{"y": []float64{0.8, -1, 2, 3, 1, 0.5}}, map[string]string{"z": "score"}, "", false},
	{"elements in products", `
data y : real[2]
b ~ Normal(0, 1)
s[k in 1..3] ~ Bernoulli(0.3)
plate i in 1..2 { y[i] ~ Normal(b * (s[1] + 2 * s[2] * s[3]) + i * s[3]^2, 1) }`,
		map[string]any{"y": []float64{0.8, 2}}, map[string]string{"s": "relax"}, "", false},
	{"a coefficient that is in or out", `
data x : real[20, 3]
data y : real[20]
s : int[3] ~ Bernoulli(0.3)
b : real[3] ~ Normal(0, 5)
y ~ Normal(x @ (s * b), 1)`, map[string]any{"x": matrix(20, 3, 9), "y": normals(20, 8)}, map[string]string{"s": "relax"}, "", false},
	{"one site under another", `
data y : real[3]
top ~ Bernoulli(0.3)
plate i in 1..3 {
  z[i] ~ Bernoulli(0.1 + 0.7 * top)
  y[i] ~ Normal(2 * z[i] + top, 1)
}`, map[string]any{"y": []float64{0.8, -1, 2}}, map[string]string{"top": "expect", "z": "expect"}, "", false},
	{"a count of observations", `
data y : int[2]
p ~ Beta(2, 2)
n ~ Binomial(4, 0.6)
plate i in 1..2 { y[i] ~ Binomial(n, p) }`, map[string]any{"y": []int{1, 2}}, map[string]string{"n": "score"}, "", false},
	{"many values without tables", `
data y : real
m ~ Normal(0, 1)
n : int[2] ~ Binomial(30, 0.4)
y ~ Normal(sum(n) + m, 2)`, map[string]any{"y": 31.0}, map[string]string{"n": "relax"}, "", true},
	{"a site summed out under one with a guide", `
data y : real[3]
data g : int[3]
m ~ Normal(0, 1)
c[j in 1..2] ~ Categorical([0.4, 0.3, 0.3])
plate i in 1..3 {
  z[i] ~ Bernoulli([0.1, 0.5, 0.7][c[g[i]]])
  y[i] ~ Normal(m * c[g[i]] + 3 * z[i], 1)
}`, map[string]any{"y": []float64{0.8, -1, 2}, "g": []int{1, 2, 1}}, map[string]string{"c": "expect", "z": "exact"}, "", false},
	{"infinitely many values", `
data y : int[4]
rate ~ Gamma(4, 1)
plate i in 1..4 {
  n[i] ~ Poisson(rate)
  y[i] ~ Binomial(n[i], 0.6)
}`, map[string]any{"y": []int{1, 4, 2, 7}}, map[string]string{"n": "score"}, `
data y : int[4]
rate ~ Gamma(4, 1)
plate i in 1..4 {
  n[i] ~ Poisson(rate) in 0..40
  y[i] ~ Binomial(n[i], 0.6)
}`, false},
	{"infinitely many values that depend on one another", `
data y : real
m ~ Normal(0, 1)
n : int[2] ~ Poisson(3)
y ~ Normal(sum(n) + m, 1)`, map[string]any{"y": 11.0}, map[string]string{"n": "score"}, `
data y : real
m ~ Normal(0, 1)
n : int[2] ~ Poisson(3) in 0..40
y ~ Normal(sum(n) + m, 1)`, true},
	{"discrete latents alone", `
data y : real[4]
z[i in 1..4] ~ Categorical([0.2, 0.3, 0.5])
y ~ Normal(cumsum(z), 1)`, map[string]any{"y": []float64{0.8, 3, 5, 9}}, map[string]string{"z": "relax"}, "", false},
}

// TestChainsAgainstExact: means, sds and probabilities are those of the exact posterior.
func TestChainsAgainstExact(t *testing.T) {
	for _, c := range chainModels {
		if c.slow && !slow {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			exact := map[string]string{}
			for name := range c.how {
				exact[name] = "exact"
			}
			text := c.exact
			if text == "" {
				text = c.text
			}
			want := fitGuided(t, bindDiscrete(t, text, c.data, exact), runtime.Options{Draws: 10000})
			begun := time.Now()
			got := fitGuided(t, bindDiscrete(t, c.text, c.data, c.how), runtime.Options{})
			s := got.Sampling()
			if s == nil {
				t.Fatalf("no chains: %v", got.Reasons())
			}
			t.Logf("%d draws, R̂ %.4f, ESS %.0f, %v; exact %s; %v", s.Chains*s.Draws, s.RHat, s.ESSBulk, got.Reasons(), want.Verdict(), time.Since(begun))
			if got.Verdict() == runtime.Poor {
				t.Errorf("%s: %v", got.Verdict(), got.Reasons())
			}
			for _, q := range want.Quantities() {
				x, err := got.Quantity(q.Name)
				if err != nil {
					t.Fatal(err)
				}
				if math.Abs(x.Mean-q.Mean) > 0.1*q.SD || math.Abs(math.Log(x.SD/q.SD)) > 0.08 {
					t.Errorf("%s is %.4f ± %.4f, exact %.4f ± %.4f", q.Name, x.Mean, x.SD, q.Mean, q.SD)
				}
			}
			for _, q := range want.Discrete() {
				for k, v := range q.Values {
					p, err := got.Probability(q.Name, v)
					if err != nil {
						t.Fatal(err)
					}
					if math.Abs(p-q.P[k]) > 0.03 {
						t.Errorf("P(%s = %d) is %.4f, exact %.4f", q.Name, v, p, q.P[k])
					}
				}
				drawn, err := got.DiscreteDraws(q.Name)
				if err != nil || len(drawn) != 4000 {
					t.Fatalf("%d draws of %s, %v", len(drawn), q.Name, err)
				}
				mean := 0.0
				for _, v := range drawn {
					mean += float64(v) / float64(len(drawn))
				}
				if math.Abs(mean-q.Mean()) > 0.15*q.SD()+0.01 {
					t.Errorf("draws of %s have the mean %.3f, exact %.3f", q.Name, mean, q.Mean())
				}
			}
		})
	}
}

// TestChainsSameBits: the whole answer is the same on any number of cores.
func TestChainsSameBits(t *testing.T) {
	defer gort.GOMAXPROCS(gort.GOMAXPROCS(0))
	c := chainModels[4]
	p := bindDiscrete(t, c.text, c.data, c.how)
	want := ""
	for _, cores := range part([]int{1, 4, 2}, 2) {
		gort.GOMAXPROCS(cores)
		post := fitGuided(t, p, runtime.Options{})
		got := fmt.Sprint(post.Sampling(), post.Reasons())
		for _, q := range post.Quantities() {
			got += fmt.Sprintf("%x %x %x %x\n", q.Mean, q.SD, q.RHat, q.Draws())
		}
		for _, q := range post.Discrete() {
			got += fmt.Sprintf("%x\n", q.P)
		}
		if want != "" && got != want {
			t.Errorf("%d cores: another answer", cores)
		}
		want = got
	}
}

// TestChainsOfContinuousLatents: where importance weights are unsteady chains take over, and
// are right; where they are not asked for, they do not.
func TestChainsOfContinuousLatents(t *testing.T) {
	t.Run("few", func(t *testing.T) { shrunk(t, fewMeans, inference.Tempered) })
	t.Run("many", func(t *testing.T) { shrunk(t, manyMeans, inference.Sampled) })
}

func shrunk(t *testing.T, y []float64, applied inference.Correction) {
	s := savable{text: cauchyMeans, data: map[string]any{"y": y}, kept: "m"}
	p, post := s.problem(t), s.fit(t)
	if post.Sampling() == nil || post.Figures().Applied != string(applied) || post.Verdict() != runtime.Good {
		t.Fatalf("%s, %s: %v", post.Figures().Applied, post.Verdict(), post.Reasons())
	}
	// Given tau the rest is normal: an integral over tau.
	var total, mean, square, first float64
	for k := range 20000 {
		tau := math.Exp(-12 + 20*(float64(k)+0.5)/20000)
		w := tau / (1 + tau*tau)
		shrunk := tau * tau / (tau*tau + 4)
		for _, v := range y {
			w *= math.Exp(-0.5*v*v/(4+tau*tau)) / math.Sqrt(4+tau*tau)
		}
		total += w
		mean += w * tau
		square += w * tau * tau
		first += w * shrunk * y[4]
	}
	mean, square, first = mean/total, square/total, first/total
	tau, err := post.Quantity("tau")
	if err != nil {
		t.Fatal(err)
	}
	m, err := post.Quantity("m[5]")
	if err != nil {
		t.Fatal(err)
	}
	if sd := math.Sqrt(square - mean*mean); math.Abs(tau.Mean-mean) > 0.1*sd || math.Abs(math.Log(tau.SD/sd)) > 0.1 {
		t.Errorf("tau %.4f ± %.4f, exact %.4f ± %.4f", tau.Mean, tau.SD, mean, sd)
	}
	if math.Abs(m.Mean-first) > 0.1*m.SD || !(m.MeanFieldSD > 0) {
		t.Errorf("m[5] %.4f ± %.4f, exact %.4f; mean-field sd %.4f", m.Mean, m.SD, first, m.MeanFieldSD)
	}
	counts := []int{runtime.DefaultDraws}
	if applied == inference.Tempered || slow {
		counts = append(counts, 200, 9000) // 9000: more than there are particles; chains have as many as that
	}
	for _, n := range counts {
		other := post
		if n != runtime.DefaultDraws {
			other = fitGuided(t, p, runtime.Options{Draws: n})
		}
		q, err := other.Quantity("m[5]")
		if err != nil {
			t.Fatal(err)
		}
		at, sd := 0.0, 0.0
		for _, x := range q.Draws() {
			at += x / float64(n)
		}
		for _, x := range q.Draws() {
			sd += (x - at) * (x - at) / float64(n)
		}
		if len(q.Draws()) != n || math.Abs(at-m.Mean) > 0.4*m.SD || math.Abs(math.Log(math.Sqrt(sd)/m.SD)) > 0.35 {
			t.Errorf("%d of %d draws have mean %.4f and sd %.4f, all %.4f and %.4f", len(q.Draws()), n, at, math.Sqrt(sd), m.Mean, m.SD)
		}
	}
	for _, opt := range []runtime.Options{{Correct: "linear"}, {Correct: "none"}, {Guide: "fullrank"}, {Guide: "laplace"}} {
		if post := fitGuided(t, p, opt); post.Sampling() != nil {
			t.Errorf("%+v: chains", opt)
		}
	}
}

// TestChainsMethods: chains of a number and length that is asked for, and no chains.
func TestChainsMethods(t *testing.T) {
	c := chainModels[0]
	p := bindDiscrete(t, c.text, c.data, c.how)
	nuts := fitGuided(t, p, runtime.Options{Method: runtime.MethodNUTS, Chains: 3, Draws: 600, Warmup: 300})
	if s := nuts.Sampling(); s == nil || s.Chains != 3 || s.Groups != 3 || s.Draws != 200 || s.Warmup != 300 || s.TargetAccept < 0.9 {
		t.Errorf("nuts: %+v", s)
	}
	if q, err := nuts.Quantity("s"); err != nil || len(q.Draws()) != 600 || !(q.RHat < 1.1) {
		t.Errorf("nuts: %+v, %v", q, err)
	}
	none := fitGuided(t, p, runtime.Options{Correct: "none"})
	if none.Sampling() != nil || none.Verdict() == runtime.Good {
		t.Errorf("--correct none: %+v, %s", none.Sampling(), none.Verdict())
	}
	few := fitGuided(t, p, runtime.Options{Draws: 10})
	if q, err := few.Quantity("s"); err != nil || len(q.Draws()) != 10 || few.Sampling().Draws*64 < 4000 {
		t.Errorf("ten draws: %d, of %+v, %v", len(q.Draws()), few.Sampling(), err)
	}
}

// TestChainsDisagree: components that may exchange their labels leave chains in different modes,
// and the verdict says so.
func TestChainsDisagree(t *testing.T) {
	y := threeNormalsData(60, 8)
	post := fitGuided(t, bindDiscrete(t, strings.Replace(threeNormals, "ordered[3]", "real[3]", 1), map[string]any{"y": y}, map[string]string{"z": "expect"}), runtime.Options{})
	if post.Verdict() != runtime.Poor || !strings.Contains(fmt.Sprint(post.Reasons()), "have not mixed") {
		t.Errorf("%s: %v", post.Verdict(), post.Reasons())
	}
}

// TestChainsTooDear: where chains would take too long the guide is the answer, and says why.
func TestChainsTooDear(t *testing.T) {
	n := 400
	post := fitGuided(t, bindDiscrete(t, `
data x : real[N, K]
data y : real[N]
s : int[K] ~ Bernoulli(0.1)
y ~ Normal(x @ s, 1)`, map[string]any{"x": matrix(n, 300, 3), "y": normals(n, 4)}, map[string]string{"s": "score"}), runtime.Options{MaxTime: 20 * time.Second})
	if post.Sampling() != nil || post.Verdict() == runtime.Good || !strings.Contains(fmt.Sprint(post.Reasons()), "no Markov chains have checked them: they would take too long") {
		t.Errorf("%s: %v", post.Verdict(), post.Reasons())
	}
}

// TestChainsStop: a fit that is stopped while chains run reports what there is.
func TestChainsStop(t *testing.T) {
	c := chainModels[4]
	p := bindDiscrete(t, c.text, c.data, c.how)
	for _, after := range []time.Duration{1, 300 * time.Millisecond, 600 * time.Millisecond, 900 * time.Millisecond} {
		post, err := p.Fit(context.Background(), runtime.Options{Seed: 1, MaxTime: after, Method: runtime.MethodNUTS, Draws: 1000000})
		if err != nil {
			if _, stopped := err.(*runtime.Stopped); !stopped {
				t.Errorf("after %v: %v", after, err)
			}
			continue
		}
		if !post.Figures().TimedOut || post.Verdict() == runtime.Good {
			t.Errorf("after %v: %s, %v", after, post.Verdict(), post.Reasons())
		}
	}
}

// TestKinksOfManyLatents: the optimiser comes to no end on absolute values, and there are too
// many latents for a look; chains that start where it stands are the answer, that of NUTS.
func TestKinksOfManyLatents(t *testing.T) {
	const n, k = 80, 32
	r := rand.New(rand.NewPCG(3, 4))
	x, y := make([][]float64, n), make([]float64, n)
	for i := range x {
		x[i] = make([]float64, k)
		for j := range x[i] {
			x[i][j] = r.NormFloat64()
			y[i] += x[i][j] * math.Sin(float64(j))
		}
		y[i] += r.ExpFloat64() - r.ExpFloat64()
	}
	p := problem(t, "data X : real[N, K]\ndata y : real[N]\nb : real[K] ~ Normal(0, 2)\ns ~ HalfNormal(2)\ny ~ Laplace(X @ b, s)", map[string]any{"X": x, "y": y})
	post, err := p.Fit(t.Context(), runtime.Options{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	if post.Verdict() != runtime.Good || post.Figures().Applied != string(inference.Sampled) {
		t.Errorf("%s, %s: %q", post.Figures().Applied, post.Verdict(), post.Reasons())
	}
	long, err := p.Fit(t.Context(), runtime.Options{Seed: 1, Method: runtime.MethodNUTS, Draws: 4000})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range long.Quantities() {
		got, err := post.Quantity(want.Name)
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(got.Mean-want.Mean) > 0.15*want.SD || math.Abs(math.Log(got.SD/want.SD)) > 0.12 {
			t.Errorf("%s is %.3f ± %.3f, under NUTS %.3f ± %.3f", want.Name, got.Mean, got.SD, want.Mean, want.SD)
		}
	}
}

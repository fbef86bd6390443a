package runtime_test

import (
	"context"
	"fmt"
	"math"
	"testing"

	"ppl/runtime"
)

func fitWith(t *testing.T, text string, data map[string]any, opt runtime.Options) *runtime.Posterior {
	t.Helper()
	m, err := runtime.Compile("model.ppl", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	p, err := m.Bind(runtime.Map(data))
	if err != nil {
		t.Fatal(err)
	}
	post, err := p.Fit(context.Background(), opt)
	if err != nil {
		t.Fatal(err)
	}
	return post
}

// A random walk with known scales whose gaps are filled by its bridge, in closed
// form: between y[2] and y[5] the means are on a line, with the variances of a
// Brownian bridge; beyond the last element it is free.
func TestMissingBridge(t *testing.T) {
	const text = "data y : real?[T]\ny[1] ~ Normal(0, 1)\nfor t in 2..T { y[t] ~ Normal(y[t-1], 1) }"
	data := map[string]any{"y": []any{0.5, 1.0, nil, nil, 4.0, math.NaN()}}
	want := map[string][2]float64{"y[3]": {2, 2. / 3}, "y[4]": {3, 2. / 3}, "y[6]": {4, 1}}
	for _, method := range []string{runtime.MethodVariational, runtime.MethodNUTS} {
		post := fitWith(t, text, data, runtime.Options{Seed: 1, Method: method})
		if n := len(post.Quantities()); n != len(want) {
			t.Errorf("%s: %d quantities", method, n)
		}
		for name, w := range want {
			q, err := post.Quantity(name)
			if err != nil {
				t.Fatal(err)
			}
			if math.Abs(q.Mean-w[0]) > 0.08 || math.Abs(q.SD/math.Sqrt(w[1])-1) > 0.06 {
				t.Errorf("%s: %s is %.3f ± %.3f, want %.3f ± %.3f", method, name, q.Mean, q.SD, w[0], math.Sqrt(w[1]))
			}
		}
		if post.Verdict() != runtime.Good {
			t.Errorf("%s: %s %v", method, post.Verdict(), post.Reasons())
		}
	}
}

// A missing cause of what is seen, with everything else known: Bayes' rule. Every
// strategy finds it, since the elements are independent.
func TestMissingCause(t *testing.T) {
	const text = "data c : int?[N, 2]\ndata x : real[N, 2]\nplate i in 1..N, j in 1..2 {\n  c[i, j] ~ Bernoulli(0.3)\n  x[i, j] ~ Normal(2 * c[i, j], 1)\n}"
	x := [][]float64{{0.2, 1.3}, {2.4, -1}}
	data := map[string]any{"c": []any{[]any{0, nil}, []any{nil, 1}}, "x": x}
	post := fitWith(t, text, data, runtime.Options{Seed: 1})
	for _, e := range [][2]int{{1, 2}, {2, 1}} {
		v := x[e[0]-1][e[1]-1]
		a, b := 0.7*math.Exp(normalLog(v, 0, 1)), 0.3*math.Exp(normalLog(v, 2, 1))
		got, err := post.Probability(fmt.Sprintf("c[%d,%d]", e[0], e[1]), 1)
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(got-b/(a+b)) > 1e-10 {
			t.Errorf("P(c%v = 1) is %.12f, want %.12f", e, got, b/(a+b))
		}
	}
	if n := len(post.Discrete()); n != 2 {
		t.Errorf("%d discrete quantities", n)
	}
	draws, err := post.DiscreteDraws("c[1,2]")
	if err != nil {
		t.Fatal(err)
	}
	q, _ := post.DiscreteQuantity("c[1,2]")
	mean := 0.0
	for _, v := range draws {
		mean += float64(v) / float64(len(draws))
	}
	if math.Abs(mean-q.Mean()) > 4*q.SD()/math.Sqrt(float64(len(draws))) {
		t.Errorf("mean of the draws %g, of the quantity %g", mean, q.Mean())
	}
}

// A guide in the place of the sum: the strategies of discrete latents apply to
// missing integers.
func TestMissingStrategies(t *testing.T) {
	const text = "data c : int?[N]\ndata x : real[N]\nm ~ Normal(0, 1)\nc[i in 1..N] ~ Bernoulli(0.3)\nx[i in 1..N] ~ Normal(m + 4 * c[i], 1)"
	data := map[string]any{"c": []any{0, nil, 1, nil}, "x": []float64{0.2, 4.3, 4.4, -0.5}}
	exact := fitWith(t, text, data, runtime.Options{Seed: 1})
	m, err := runtime.Compile("model.ppl", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	for _, how := range []string{"expect", "relax", "score"} {
		p, err := m.BindWith(runtime.Map(data), runtime.BindOptions{Discrete: map[string]string{"c": how}})
		if err != nil {
			t.Fatal(err)
		}
		post, err := p.Fit(context.Background(), runtime.Options{Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"c[2]", "c[4]"} {
			want, _ := exact.Probability(name, 1)
			got, err := post.Probability(name, 1)
			if err != nil || math.Abs(got-want) > 0.1 {
				t.Errorf("%s: P(%s = 1) is %.3f, exactly %.3f (%v)", how, name, got, want, err)
			}
		}
		a, _ := exact.Quantity("m")
		b, _ := post.Quantity("m")
		if math.Abs(a.Mean-b.Mean) > 0.15*a.SD {
			t.Errorf("%s: m is %.3f, exactly %.3f ± %.3f", how, b.Mean, a.Mean, a.SD)
		}
	}
}

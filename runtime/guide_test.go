package runtime_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"

	"ppl/runtime"
)

// fitText fits a model.
func fitText(t *testing.T, text string, data map[string]any, opt runtime.Options) *runtime.Posterior {
	t.Helper()
	_, post := learn(t, text, data, opt)
	return post
}

// TestGuideExact: of a normal mean the optimum of the guide is the posterior, and the ELBO the log evidence.
func TestGuideExact(t *testing.T) {
	y := []float64{1.2, 3.1, 2.2, 0.4, 2.9}
	text := `data y : real[N]
mu ~ Normal(1, 2)
y ~ Normal(mu, 1.5)
param m : real
param s : real > 0
guide { mu ~ Normal(m, s) }
`
	params, post := learn(t, text, map[string]any{"y": y}, runtime.Options{})
	precision, sum := 1/4.0, 1/4.0
	for _, v := range y {
		precision += 1 / 2.25
		sum += v / 2.25
	}
	mean, sd := sum/precision, math.Sqrt(1/precision)
	within(t, "m", params["m"], mean, 1e-6)
	within(t, "s", params["s"], sd, 1e-6)
	// log p(y) by the chain rule at mu = mean.
	lp := -0.5*math.Pow((mean-1)/2, 2) - math.Log(2) + math.Log(sd)
	for _, v := range y {
		lp += -0.5*math.Pow((v-mean)/1.5, 2) - math.Log(1.5) - 0.5*math.Log(2*math.Pi)
	}
	within(t, "ELBO", post.Figures().ELBO, lp, 1e-6)
	if post.Verdict() != runtime.Good {
		t.Errorf("verdict %v: %v", post.Verdict(), post.Reasons())
	}
}

const schoolsModel = `data y : real[J]
data se : real[J]
mu ~ Normal(0, 5)
tau ~ HalfNormal(5)
plate j in 1..J {
  theta[j] ~ Normal(mu, tau)
  y[j] ~ Normal(theta[j], se[j])
}
`

const schoolsGuide = `param m : real
param s : real > 0
param a : real
param t : real > 0
guide {
  mu ~ Normal(m, s)
  tau ~ LogNormal(a, t)
  plate j in 1..J {
    let w = tau^2 / (tau^2 + se[j]^2)
    theta[j] ~ Normal(mu + w * (y[j] - mu), se[j] * sqrt(w))
  }
}
`

func schools() map[string]any {
	return map[string]any{"y": []float64{28, 8, -3, 7, -1, 1, 18, 12}, "se": []float64{15, 10, 16, 11, 9, 11, 10, 18}}
}

// TestGuideStructured: a guide in which sites depend on one another leads to the posterior of the default, whichever
// guide the model has or is told to have.
func TestGuideStructured(t *testing.T) {
	plain := fitText(t, schoolsModel, schools(), runtime.Options{})
	for _, opt := range []runtime.Options{{}, {Guide: "meanfield"}, {Guide: "written", Seed: 3}, {Guide: "laplace"}} {
		post := fitText(t, schoolsModel+schoolsGuide, schools(), opt)
		sameMoments(t, fmt.Sprintf("%+v", opt), plain, post, 0.1)
		if n := len(post.Params()); (n > 0) != (opt.Guide == "" || opt.Guide == "written") {
			t.Errorf("guide %q: %d params", opt.Guide, n)
		}
		if post.Verdict() != runtime.Good && opt.Guide != "laplace" {
			t.Errorf("guide %q: %v, %v", opt.Guide, post.Verdict(), post.Reasons())
		}
	}
}

// sameTable demands that two posteriors are shown alike, and gives the table.
func sameTable(t *testing.T, a, b *runtime.Posterior) string {
	t.Helper()
	var tables [2]strings.Builder
	for i, p := range []*runtime.Posterior{a, b} {
		if err := p.WriteTable(&tables[i], runtime.TableOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	if tables[0].String() != tables[1].String() {
		t.Errorf("the table before\n%s\nand after\n%s", tables[0].String(), tables[1].String())
	}
	return tables[0].String()
}

// sameMoments compares means, in sds, and sds of the quantities of two posteriors.
func sameMoments(t *testing.T, what string, want, got *runtime.Posterior, tol float64) {
	t.Helper()
	for _, q := range want.Quantities() {
		g, err := got.Quantity(q.Name)
		if err != nil {
			t.Errorf("%s: there is no %s", what, q.Name)
			continue
		}
		if math.Abs(g.Mean-q.Mean) > tol*q.SD || math.Abs(g.SD/q.SD-1) > tol {
			t.Errorf("%s: %s has %.4f ± %.4f, want %.4f ± %.4f", what, q.Name, g.Mean, g.SD, q.Mean, q.SD)
		}
	}
}

// TestGuideOfSeries: the states of a series, each drawn given the one before it, are those of the Kalman smoother.
func TestGuideOfSeries(t *testing.T) {
	const n = 30
	r := rand.New(rand.NewPCG(1, 2))
	y := make([]float64, n)
	h := r.NormFloat64()
	for i := range y {
		if i > 0 {
			h = 0.9*h + 0.5*r.NormFloat64()
		}
		y[i] = h + 0.5*r.NormFloat64()
	}
	text := `data y : real[T]
h[1] ~ Normal(0, 1)
for t in 2..T { h[t] ~ Normal(0.9 * h[t-1], 0.5) }
plate t in 1..T { y[t] ~ Normal(h[t], 0.5) }
param k : real = 0.5
param s : real[2] > 0
guide {
  h[1] ~ Normal(k * y[1], s[1])
  for t in 2..T {
    let m = 0.9 * h[t-1]
    h[t] ~ Normal(m + k * (y[t] - m), s[2])
  }
}
`
	post := fitText(t, text, map[string]any{"y": y}, runtime.Options{})
	precision, right := mat.NewSymDense(n, nil), mat.NewVecDense(n, nil)
	add := func(i, j int, x float64) { precision.SetSym(i, j, precision.At(i, j)+x) }
	add(0, 0, 1)
	for i := range n {
		add(i, i, 4)
		right.SetVec(i, 4*y[i])
		if i > 0 {
			add(i, i, 4)
			add(i-1, i-1, 4*0.81)
			add(i-1, i, -4*0.9)
		}
	}
	var c mat.Cholesky
	c.Factorize(precision)
	var mean mat.VecDense
	if err := c.SolveVecTo(&mean, right); err != nil {
		t.Fatal(err)
	}
	var cov mat.SymDense
	if err := c.InverseTo(&cov); err != nil {
		t.Fatal(err)
	}
	for i := range n {
		q, _ := post.Quantity(fmt.Sprintf("h[%d]", i+1))
		sd := math.Sqrt(cov.At(i, i))
		if math.Abs(q.Mean-mean.AtVec(i)) > 0.05*sd || math.Abs(q.SD/sd-1) > 0.05 {
			t.Errorf("h[%d]: %.4f ± %.4f, want %.4f ± %.4f", i+1, q.Mean, q.SD, mean.AtVec(i), sd)
		}
	}
	if post.Verdict() != runtime.Good {
		t.Errorf("verdict %v: %v", post.Verdict(), post.Reasons())
	}
}

// TestGuideAmortised: intercepts of groups whose guide is a function of the groups' data are those of the exact
// posterior; the model's params are those of maximum likelihood, beside the guide's.
func TestGuideAmortised(t *testing.T) {
	groups := 400
	if os.Getenv("PPL_SLOW") != "" {
		groups = 10000
	}
	r := rand.New(rand.NewPCG(4, 2))
	var g []int
	var y []float64
	mean, count := make([]float64, groups), make([]float64, groups)
	for j := range groups {
		alpha := 1 + 1.5*r.NormFloat64()
		for range 2 + r.IntN(5) {
			v := alpha + r.NormFloat64()
			g, y = append(g, j+1), append(y, v)
			mean[j] += v
			count[j]++
		}
		mean[j] /= count[j]
	}
	text := `data J : int
data g : int[N]
data y : real[N]
data ybar : real[J]
data n : real[J]
plate j in 1..J { alpha[j] ~ Normal(1, 1.5) }
plate i in 1..N { y[i] ~ Normal(alpha[g[i]], 1) }
param a : real[2]
guide {
  plate j in 1..J {
    let w = n[j] / (n[j] + exp(a[1]))
    alpha[j] ~ Normal(w * ybar[j] + (1 - w) * a[2], 1.5 * sqrt(1 - w))
  }
}
`
	post := fitText(t, text, map[string]any{"J": groups, "g": g, "y": y, "ybar": mean, "n": count}, runtime.Options{})
	for j := range groups {
		precision := 1/2.25 + count[j]
		want, sd := (1/2.25+count[j]*mean[j])/precision, math.Sqrt(1/precision)
		q, _ := post.Quantity(fmt.Sprintf("alpha[%d]", j+1))
		if math.Abs(q.Mean-want) > 0.1*sd || math.Abs(q.SD/sd-1) > 0.1 {
			t.Errorf("alpha[%d]: %.4f ± %.4f, want %.4f ± %.4f", j+1, q.Mean, q.SD, want, sd)
		}
	}
}

// TestGuideBesideParams: the params of a model are at the maximum of its likelihood whatever guide draws its latents,
// and however far that is from their posterior.
func TestGuideBesideParams(t *testing.T) {
	const n = 40
	r := rand.New(rand.NewPCG(8, 2))
	y := make([]float64, n)
	mean, square := 0.0, 0.0
	for i := range y {
		y[i] = 2 + 1.3*r.NormFloat64() + 0.7*r.NormFloat64()
		mean += y[i] / n
	}
	for _, v := range y {
		square += (v - mean) * (v - mean) / n
	}
	model := `data y : real[N]
param mu : real
param tau : real > 0
plate i in 1..N {
  z[i] ~ Normal(mu, tau)
  y[i] ~ Normal(z[i], 0.7)
}
`
	for _, guide := range []string{
		"param b : real[2]\nparam s : real > 0\nguide { plate i in 1..N { z[i] ~ Normal(b[1] + b[2] * y[i], s) } }\n", // holds the posterior
		"param c : real\nguide { plate i in 1..N { z[i] ~ Normal(c, 1) } }\n",                                         // does not
	} {
		params, post := learn(t, model+guide, map[string]any{"y": y}, runtime.Options{})
		within(t, "mu", params["mu"], mean, 1e-3)
		within(t, "tau", params["tau"], math.Sqrt(square-0.49), 2e-3)
		if post.Verdict() != runtime.Good {
			t.Errorf("%s: %v, %v", guide, post.Verdict(), post.Reasons())
		}
	}
}

// TestGuideSaved: a fit under a guide is saved, loaded and predicted from like any other, and its leave-one-out
// estimates are those of the fit without.
func TestGuideSaved(t *testing.T) {
	text := `data y : real[N]
data x : real[N]
b ~ Normal(0, 5)
sigma ~ HalfNormal(3)
y ~ Normal(b * x, sigma)
`
	guide := `param m : real[2]
param s : real[2] > 0
guide {
  b ~ Normal(m[1], s[1])
  sigma ~ LogNormal(m[2], s[2])
}
`
	data := map[string]any{"y": []float64{1.1, 2.3, 2.8, 4.4, 5.1, 5.8}, "x": []float64{1, 2, 3, 4, 5, 6}}
	plain, post := fitText(t, text, data, runtime.Options{}), fitText(t, text+guide, data, runtime.Options{})
	sameMoments(t, "guide", plain, post, 0.08)
	path := filepath.Join(t.TempDir(), "fit")
	if err := post.SaveFile(path); err != nil {
		t.Fatal(err)
	}
	loaded, err := runtime.LoadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	sameTable(t, post, loaded)
	fresh := runtime.Map(map[string]any{"x": []float64{10}})
	for _, p := range []*runtime.Posterior{post, loaded} {
		pred, err := p.Predict(context.Background(), fresh, runtime.PredictOptions{})
		if err != nil {
			t.Fatal(err)
		}
		b, _ := plain.Quantity("b")
		if q := pred.Quantities()[0]; math.Abs(q.Mean-10*b.Mean) > 0.3 {
			t.Errorf("prediction %.3f, want %.3f", q.Mean, 10*b.Mean)
		}
	}
	var elpd [2]float64
	for i, p := range []*runtime.Posterior{plain, loaded} {
		l, err := p.LOO(context.Background(), runtime.LOOOptions{})
		if err != nil {
			t.Fatal(err)
		}
		elpd[i] = l.ELPD().Value
	}
	within(t, "elpd", elpd[1], elpd[0], 0.05)
}

// TestGuideRefused: what a guide cannot be is said where it stands.
func TestGuideRefused(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"distribution", "data y : real\nmu ~ Normal(0, 1)\ny ~ Normal(mu, 1)\nguide { mu ~ Flat() }\n", "`Flat` is improper and has no draws"},
		{"too short", "data y : real[N]\nplate i in 1..N { z[i] ~ Normal(0, 1)\n y[i] ~ Normal(z[i], 1) }\nguide { plate i in 2..N { z[i] ~ Normal(0, 1) } }\n", "z[1]"},
		{"missing", "data x : real?[N]\ndata y : real[N]\nx ~ Normal(0, 1)\nmu ~ Normal(0, 1)\ny ~ Normal(mu, 1)\nguide { mu ~ Normal(x[1], 1) }\n", "missing"},
	} {
		m, err := runtime.Compile("model.ppl", []byte(c.text))
		if err == nil {
			data := map[string]any{"y": []any{1.0, 2.0}, "x": []any{nil, 1.0}}
			if !strings.Contains(c.text, "y : real[") {
				data["y"] = 1.0
			}
			if !strings.Contains(c.text, "data x") {
				delete(data, "x")
			}
			_, err = m.Bind(runtime.Map(data))
		}
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "internal") {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	m, err := runtime.Compile("model.ppl", []byte("data y : real\nmu ~ Normal(0, 1)\ny ~ Normal(mu, 1)\n"))
	if err != nil {
		t.Fatal(err)
	}
	p, err := m.Bind(runtime.Map(map[string]any{"y": 1.0}))
	if err != nil {
		t.Fatal(err)
	}
	var wrong *runtime.OptionError
	if _, err := p.Fit(context.Background(), runtime.Options{Guide: "written"}); !errors.As(err, &wrong) || wrong.Field != "Guide" {
		t.Errorf("a guide that the model does not have: %v", err)
	}
}

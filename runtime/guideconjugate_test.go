package runtime_test

import (
	"math"
	"strings"
	"testing"

	"ppl/runtime"
)

// TestGuideConjugate: a guide of the family of the posterior becomes the posterior, and the ELBO the log evidence, by the
// derivatives of draws from that family.
func TestGuideConjugate(t *testing.T) {
	lg := func(x float64) float64 { v, _ := math.Lgamma(x); return v }
	lbeta := func(a, b float64) float64 { return lg(a) + lg(b) - lg(a+b) }
	for _, c := range []struct {
		name, text string
		data       map[string]any
		params     map[string]float64
		evidence   float64
	}{
		{
			"Gamma", `data y : int[N]
rate ~ Gamma(2, 1)
y ~ Poisson(rate)
param a : real > 0
param b : real > 0
guide { rate ~ Gamma(a, b) }
`, map[string]any{"y": []int{3, 0, 2, 1, 4}},
			map[string]float64{"a": 12, "b": 6},
			lg(12) - 12*math.Log(6) - math.Log(6*2*24),
		}, {
			"Beta", `data y : int[N]
p ~ Beta(0.5, 0.5)
y ~ Bernoulli(p)
param a : real > 0
param b : real > 0
guide { p ~ Beta(a, b) }
`, map[string]any{"y": []int{1, 0, 1, 1, 1, 0, 1}},
			map[string]float64{"a": 5.5, "b": 2.5},
			lbeta(5.5, 2.5) - lbeta(0.5, 0.5),
		}, {
			"Dirichlet", `data y : int[N]
w ~ Dirichlet(ones(3))
y ~ Categorical(w)
param c : real[3] > 0
guide { w ~ Dirichlet(c) }
`, map[string]any{"y": []int{1, 2, 1, 1, 3, 1, 2}},
			map[string]float64{"c[1]": 5, "c[2]": 3, "c[3]": 2},
			lg(3) - lg(10) + lg(5) + lg(3) + lg(2),
		}, {
			"InvGamma", `data y : real[N]
v ~ InvGamma(3, 2)
y ~ Normal(0, sqrt(v))
param a : real > 0
param b : real > 0
guide { v ~ InvGamma(a, b) }
`, map[string]any{"y": []float64{1, -2, 0.5, 1.5}},
			map[string]float64{"a": 5, "b": 2 + 0.5*7.5},
			3*math.Log(2) - lg(3) + lg(5) - 5*math.Log(5.75) - 2*math.Log(2*math.Pi),
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			params, post := learn(t, c.text, c.data, runtime.Options{})
			for name, want := range c.params {
				within(t, name, params[name], want, 0.02*want)
			}
			within(t, "ELBO", post.Figures().ELBO, c.evidence, 2e-3)
			if post.Verdict() != runtime.Good {
				t.Errorf("verdict %v: %v", post.Verdict(), post.Reasons())
			}
		})
	}
}

// TestGuideOfTheSameFamily: without data the posterior is the prior, which a guide of its family becomes: the ELBO is 0
// then whatever is drawn, and a few draws of noise tell the params.
func TestGuideOfTheSameFamily(t *testing.T) {
	for _, c := range []struct {
		prior, params, guide string
		want                 map[string]float64
	}{
		{"x ~ StudentT(4, 1, 2)", "param n : real > 0\nparam m : real\nparam s : real > 0", "x ~ StudentT(n, m, s)", map[string]float64{"n": 4, "m": 1, "s": 2}},
		{"x ~ Weibull(2, 3)", "param k : real > 0\nparam s : real > 0", "x ~ Weibull(k, s)", map[string]float64{"k": 2, "s": 3}},
		{"x ~ Kumaraswamy(2, 3)", "param a : real > 0\nparam b : real > 0", "x ~ Kumaraswamy(a, b)", map[string]float64{"a": 2, "b": 3}},
		{"x ~ Wald(2, 3)", "param m : real > 0\nparam s : real > 0", "x ~ Wald(m, s)", map[string]float64{"m": 2, "s": 3}},
		{"x ~ Gumbel(2, 3)", "param m : real\nparam s : real > 0", "x ~ Gumbel(m, s)", map[string]float64{"m": 2, "s": 3}},
		{"x ~ HalfStudentT(5, 2)", "param n : real > 0\nparam s : real > 0", "x ~ HalfStudentT(n, s)", map[string]float64{"n": 5, "s": 2}},
		{"x ~ SkewNormal(0, 1, 3)", "param s : real > 0\nparam a : real", "x ~ SkewNormal(0, s, a)", map[string]float64{"s": 1, "a": 3}},
		{"x ~ VonMises(0.5, 3)", "param m : real\nparam k : real > 0", "x ~ VonMises(m, k)", map[string]float64{"m": 0.5, "k": 3}},
		{"x ~ Normal(1, 2) in (0, 4)", "param m : real\nparam s : real > 0", "x ~ Normal(m, s) in (0, 4)", map[string]float64{"m": 1, "s": 2}},
		{"x ~ Gamma(2, 1) in (1, 6)", "param a : real > 0\nparam b : real > 0", "x ~ Gamma(a, b) in (1, 6)", map[string]float64{"a": 2, "b": 1}},
		{"x : cholesky_corr[3] ~ LKJCholesky(2)", "param e : real > 0", "x : cholesky_corr[3] ~ LKJCholesky(e)", map[string]float64{"e": 2}},
		{"x : corr[3] ~ LKJ(2)", "param e : real > 0", "x : corr[3] ~ LKJ(e)", map[string]float64{"e": 2}},
		{"x : cov[2] ~ Wishart(5, [[1, 0.5], [0.5, 2]])", "param n : real > 1\nparam S : cov[2]", "x ~ Wishart(n, S)", map[string]float64{"n": 5, "S[1,2]": 0.5, "S[2,2]": 2}},
		{"x : cov[2] ~ InvWishart(9, [[1, 0.5], [0.5, 2]])", "param n : real > 1\nparam S : cov[2]", "x ~ InvWishart(n, S)", map[string]float64{"n": 9, "S[1,2]": 0.5, "S[2,2]": 2}},
		{"x ~ MvStudentT(6, [1, 2], cov = [[1, 0.5], [0.5, 2]])", "param n : real > 0\nparam m : real[2]\nparam S : cov[2]", "x ~ MvStudentT(n, m, cov = S)", map[string]float64{"n": 6, "m[2]": 2, "S[1,2]": 0.5}},
		{"x : real[4] ~ GaussianRandomWalk(2, 1)", "param s : real > 0\nparam a : real", "x : real[4] ~ GaussianRandomWalk(s, a)", map[string]float64{"s": 2, "a": 1}},
	} {
		t.Run(c.guide, func(t *testing.T) {
			opt := runtime.Options{Particles: 1024, Correct: "none"}
			if strings.Contains(c.prior, "SkewNormal") || strings.Contains(c.prior, "VonMises") { // whose quantiles take 50 µs
				opt.Particles = 256
			}
			params, post := learn(t, c.prior+"\n"+c.params+"\nguide { "+c.guide+" }\n", nil, opt)
			for name, want := range c.want {
				within(t, name, params[name], want, 0.03*math.Max(1, want))
			}
			within(t, "ELBO", post.Figures().ELBO, 0, 1e-3)
		})
	}
}

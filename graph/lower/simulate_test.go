package lower_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"ppl/graph/builtin"
	"ppl/graph/lower"
	"ppl/lang"
)

// TestSimulateDistributions draws from every distribution, as a latent in a plate,
// and compares the mean of a function of the draws with its expectation.
func TestSimulateDistributions(t *testing.T) {
	phi := func(x float64) float64 { return 0.5 * math.Erfc(-x/math.Sqrt2) }
	rows := []struct {
		dist, stat string
		want       float64
	}{
		{"Bernoulli(0.3)", "x[i]", 0.3},
		{"Bernoulli(logit = 1)", "x[i]", 1 / (1 + math.Exp(-1))},
		{"Beta(2, 3)", "x[i]", 0.4},
		{"BetaBinomial(10, 2, 3)", "x[i]", 4},
		{"BetaMeanPrecision(0.3, 5)", "x[i]", 0.3},
		{"Binomial(12, 0.25)", "x[i]", 3},
		{"CAR(zeros(2), [[0.0, 1], [1, 0]], 0.5, 2)", "x[i, 1] * x[i, 2]", 1.0 / 3},
		{"Categorical([0.2, 0.3, 0.5])", "x[i]", 2.3},
		{"Cauchy(1, 2)", "1.0 * (x[i] < 3)", 0.75},
		{"ChiSquared(3)", "x[i]", 3},
		{"Dirichlet([1, 2, 3])", "x[i, 3]", 0.5},
		{"DirichletMultinomial(6, [1, 2, 3])", "x[i, 3]", 3},
		{"DiscreteUniform(2, 5)", "x[i]", 3.5},
		{"Exponential(2)", "x[i]", 0.5},
		{"Flat() in (2, 4)", "x[i]", 3},
		{"Frechet(2, 1)", "1.0 * (x[i] < 1)", math.Exp(-1)},
		{"Gamma(3, 2)", "x[i]", 1.5},
		{"Geometric(0.25)", "x[i]", 3},
		{"Gumbel(1, 2)", "x[i]", 1 + 2*0.5772156649},
		{"HalfCauchy(2)", "1.0 * (x[i] < 2)", 0.5},
		{"HalfNormal(2)", "x[i]", 2 * math.Sqrt(2/math.Pi)},
		{"HalfStudentT(5, 2)", "x[i]^2", 4 * 5.0 / 3},
		{"HyperGeometric(20, 5, 8)", "x[i]", 2},
		{"InvChiSquared(5)", "x[i]", 1.0 / 3},
		{"InvGamma(4, 6)", "x[i]", 2},
		{"InvWishart(8, eye(2))", "x[i, 1, 1]", 1.0 / 5},
		{"Kumaraswamy(1, 3)", "x[i]", 0.25},
		{"Laplace(1, 2)", "(x[i] - 1)^2", 8},
		{"Logistic(1, 2)", "(x[i] - 1)^2", 4 * math.Pi * math.Pi / 3},
		{"LogNormal(0.5, 0.25)", "log(x[i])", 0.5},
		{"Mixture([0.25, 0.75], Normal(0, 1), Normal(4, 2))", "x[i]^2", 0.25 + 0.75*20},
		{"Mixture([0.5, 0.5], Normal(0, 1) in (0, inf), Exponential(2))", "x[i]", 0.5*math.Sqrt(2/math.Pi) + 0.25},
		{"Multinomial(6, [0.2, 0.3, 0.5])", "x[i, 2]", 1.8},
		{"MvNormal(zeros(2), cov = [[1, 0.5], [0.5, 2]])", "x[i, 1] * x[i, 2]", 0.5},
		{"MvStudentT(8, zeros(2), cov = [[1, 0.5], [0.5, 2]])", "x[i, 1] * x[i, 2]", 0.5 * 8 / 6},
		{"NegBinomial(3, 0.4)", "x[i]", 4.5},
		{"NegBinomial(mean = 3, dispersion = 2)", "x[i]", 3},
		{"Normal(3, 2) in (3, inf)", "x[i]", 3 + 2*math.Sqrt(2/math.Pi)},
		{"OrderedLogistic(0.5, [0, 1])", "1.0 * (x[i] == 1)", 1 / (1 + math.Exp(0.5))},
		{"Pareto(2, 3)", "x[i]", 3},
		{"Poisson(3.5)", "x[i]", 3.5},
		{"Poisson(1) in 1..inf", "x[i]", 1 / (1 - math.Exp(-1))},
		{"Rayleigh(2)", "x[i]^2", 8},
		{"SkewNormal(0, 1, 2)", "1.0 * (x[i] < 0)", 0.5 - math.Atan(2)/math.Pi},
		{"StudentT(5, 1, 2)", "(x[i] - 1)^2", 4 * 5.0 / 3},
		{"Uniform(2, 5)", "x[i]", 3.5},
		{"VonMises(0, 1)", "cos(x[i])", 0.446389965896},
		{"Wald(2, 3)", "x[i]", 2},
		{"Weibull(2, 3)", "x[i]^2", 9},
		{"Wishart(5, eye(2))", "x[i, 1, 1]", 5},
		{"ZeroInflated(Poisson(3), 0.25)", "x[i]", 2.25},
		{"Normal(0, 1) in (8, 9)", "1.0 * (x[i] < 8.08)", (phi(-8) - phi(-8.08)) / (phi(-8) - phi(-9))},
	}
	seen := map[string]bool{}
	for _, row := range rows {
		name, _, _ := strings.Cut(row.dist, "(")
		seen[name] = true
		n := 3000
		if strings.Contains(row.dist, "(8, 9)") {
			n = 200 // inverts the distribution function
		}
		m := checkedWithout(t, fmt.Sprintf("plate i in 1..%d {\n  x[i] ~ %s\n  let s[i] = %s\n}\n", n, row.dist, row.stat))
		var got moments
		for _, v := range latentOf(t, m, nil, 1, "s").Data {
			got.add(v - row.want)
		}
		if z := got.z(); math.Abs(z) > 4.5 {
			t.Errorf("%s: the mean of %s is %.4f, want %.4f: %.1f standard errors", row.dist, row.stat, row.want+got.sum/got.n, row.want, z)
		}
	}
	for name, row := range map[string]string{
		"LKJ":                "R : corr[3] ~ LKJ(2)\nlet s = R[1, 2]^2",
		"LKJCholesky":        "L : cholesky_corr[3] ~ LKJCholesky(2)\nlet s = L[2, 1]^2",
		"GaussianRandomWalk": "x : real[4] ~ GaussianRandomWalk(2, start = 1)\nlet s = (x[4] - 1)^2 / 96",
	} {
		seen[name] = true
		m := checkedWithout(t, row)
		var got moments
		for k := range 2000 {
			got.add(latentOf(t, m, nil, k, "s").Data[0] - 1.0/6) // a correlation is Beta(5/2, 5/2) on (−1, 1)
		}
		if z := got.z(); math.Abs(z) > 4.5 {
			t.Errorf("%s: %.1f standard errors from the expectation", row, z)
		}
	}
	for _, name := range builtin.Catalogue().DistNames() {
		if !seen[name] {
			t.Errorf("no row for %s", name)
		}
	}
}

func simulate(t *testing.T, m *lang.Model, v values, seed int) *lower.Simulated {
	t.Helper()
	out, ds := lower.Simulate(m, partlyBound(m, v), rand.New(rand.NewPCG(uint64(seed), 11)))
	if ds.HasErrors() {
		t.Fatalf("%s\n%s", m.File.Source.Text, ds.Error())
	}
	return out
}

func latentOf(t *testing.T, m *lang.Model, v values, seed int, name string) *lower.Array {
	t.Helper()
	for _, x := range simulate(t, m, v, seed).Latents {
		if x.Symbol.Name == name {
			return x.Array
		}
	}
	t.Fatalf("no %s among the latents", name)
	return nil
}

// partlyBound binds data some of which may be left out; integers are dimensions too.
func partlyBound(m *lang.Model, v values) *lower.Data {
	out := &lower.Data{Values: map[string]*lower.Array{}, Dims: map[string]int{}}
	for name, x := range v {
		if n, ok := x.(int); ok {
			out.Dims[name] = n
		}
	}
	for _, s := range m.Data {
		x, ok := v[s.Name]
		if !ok {
			continue
		}
		out.Values[s.Name] = arrayOf(x)
		for i, d := range s.Type.Dims {
			out.Dims[d.String()] = out.Values[s.Name].Shape[i]
		}
	}
	return out
}

// simulatedModels are models with the means of functions of drawn latents and data,
// worked out by hand. Names with a capital S are such functions; the data are drawn too.
var simulatedModels = []struct {
	name, text string
	data       values
	want       map[string]float64 // mean of each S
}{
	{"random walk", `
h[1] ~ Normal(1, 2)
for t in 2..4 { h[t] ~ Normal(h[t-1], 0.5) }
let S1 = h[4]
let S2 = (h[4] - 1)^2
let S3 = (h[4] - h[1])^2`, nil, map[string]float64{"S1": 1, "S2": 4.75, "S3": 0.75}},
	{"walks in a plate", `
plate j in 1..3 {
  h[j, 1] ~ Normal(0, 1)
  for t in 2..4 { h[j, t] ~ Normal(0.5 * h[j, t-1] + j, 1) }
}
let S1 = h[1, 4]
let S2 = h[3, 4]
let S3 = (h[2, 4] - 3.5) * (h[1, 4] - 1.75)
let S4 = (h[2, 2] - 2)^2`, nil, map[string]float64{"S1": 1.75, "S2": 5.25, "S3": 0, "S4": 1.25}},
	{"autoregression of data, the first given", `
data y : real[T]
a ~ Normal(0.5, 0.1)
for t in 2..T { y[t] ~ Normal(a * y[t-1], 1) }
z ~ Normal(y[T], 1)
let S1 = z`, values{"y": []float64{8, 0, 0}}, map[string]float64{"S1": 8 * (0.25 + 0.01)}},
	{"the same as a plate", `
data y : real[T]
y[t in 3..T] ~ Normal(y[t-1] - y[t-2], 1)
z ~ Normal(y[T], 1)
let S1 = z
let S2 = (z + 2)^2`, values{"y": []float64{1, 2, 9, 9, 9}}, map[string]float64{"S1": -2, "S2": 3}},
	{"conditional variances", `
data y : real[T]
omega ~ Exponential(1)
let v[1] = omega
y[1] ~ Normal(0, sqrt(v[1]))
for t in 2..T {
  let v[t] = omega + 0.5 * y[t-1]^2
  y[t] ~ Normal(0, sqrt(v[t]))
}
let S1 = v[3]`, values{"T": 3}, map[string]float64{"S1": 1.75}},
	{"hidden Markov model", `
data y : real[T]
mu : ordered[2] ~ Normal(0, 1)
z[1] ~ Categorical([0.25, 0.75])
for t in 2..T { z[t] ~ Categorical([[0.9, 0.1], [0.2, 0.8]][z[t-1]]) }
plate t in 1..T { y[t] ~ Normal(mu[z[t]], 0.1) }
let S1 = 1.0 * (z[3] == 1)
let S2 = mu[2]`, values{"T": 3}, map[string]float64{"S1": 0.25*(0.81+0.02) + 0.75*(0.18+0.16), "S2": 1 / math.Sqrt(math.Pi)}},
	{"an order that depends on a latent is not renormalised", `
m ~ Normal(0, 1)
mu : ordered[2] ~ Normal([m, 0], 1)
let S1 = m
let S2 = mu[2]`, nil, map[string]float64{"S1": -math.Sqrt(2 / math.Pi / 3), "S2": math.Sqrt(2 / math.Pi / 3)}},
	{"an order with known centres", `
mu : ordered[2] ~ Normal([1, 0], 1)
let S1 = mu[2] - mu[1]`, nil, map[string]float64{"S1": -1 + math.Sqrt2*math.Exp(-0.25)/math.Sqrt(2*math.Pi)/(0.5*math.Erfc(0.5))}},
	{"positive and ordered", `
m ~ Exponential(1)
x : positive_ordered[2, 2] ~ Normal(0, 1)
let S1 = x[1, 2] + x[1, 1]`, nil, map[string]float64{"S1": 2 * math.Sqrt(2/math.Pi)}},
	{"ragged", `
data n : int[J]
plate j in 1..J {
  a[j] ~ Normal(j, 1)
  plate i in 1..n[j] { x[j, i] ~ Normal(a[j], 1) }
}
plate j in 1..J { plate i in n[j]+1..3 { x[j, i] ~ Normal(0, 1) } }
let S1 = x[2, 3]
let S2 = x[1, 1] * a[1]
let S3 = x[1, 2] * a[1]`, values{"n": []int{1, 3}}, map[string]float64{"S1": 2, "S2": 2, "S3": 0}},
	{"missing data", `
data y : real?[N]
y[i in 1..N] ~ Normal(3, 1)
z ~ Normal(sum(y), 1)
let S1 = z`, values{"y": holes{[]float64{1, math.NaN(), 2}, []int{1}}}, map[string]float64{"S1": 9}},
	{"a branch on latents", `
p ~ Bernoulli(0.25)
x ~ Normal(if p == 1 then 4 else 0, 1)
let S1 = x`, nil, map[string]float64{"S1": 1}},
	{"parts of arrays in a loop with a plate in it", `
for t in 1..3 {
  plate j in 1..2 { x[j, t] ~ Normal(if t == 1 then j else 2 * x[3-j, t-1], 1) }
}
let S1 = x[1, 3]
let S2 = x[2, 3]`, nil, map[string]float64{"S1": 4, "S2": 8}},
	{"a let of data", `
data x : real[N]
let y = log(x)
a ~ Normal(1, 1)
y[i in 1..N] ~ Normal(a, 1)
z ~ Normal(mean(y), 1)
let S1 = z * a`, values{"x": []float64{5, 6}}, map[string]float64{"S1": 2}},
	{"locals, counts of trials and functions", `
data n : int[N]
data k : int[N]
fn half(x: real[M]) -> real[M] { let y = x / 2  return y }
q ~ Beta(2, 2)
plate i in 1..N {
  let p = half([q, 1])[1]
  k[i] ~ Binomial(n[i], p)
}
z ~ Normal(sum(k), 1)
let S1 = z`, values{"n": []int{4, 8}}, map[string]float64{"S1": 3}},
}

// TestSimulateModels compares the means with draws.
func TestSimulateModels(t *testing.T) {
	for _, row := range simulatedModels {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			m := checkedWithout(t, row.text)
			got := map[string]*moments{}
			for k := range often(1000) {
				for _, x := range simulate(t, m, row.data, k).Latents {
					if want, ok := row.want[x.Symbol.Name]; ok {
						if got[x.Symbol.Name] == nil {
							got[x.Symbol.Name] = &moments{}
						}
						got[x.Symbol.Name].add(x.Array.Data[0] - want)
					}
				}
			}
			for name, want := range row.want {
				g := got[name]
				if g == nil {
					t.Fatalf("no %s", name)
				}
				if z := g.z(); math.Abs(z) > 4.5 {
					t.Errorf("%s has mean %.4f, want %.4f: %.1f standard errors", name, want+g.sum/g.n, want, z)
				}
			}
		})
	}
}

// TestSimulateKeeps checks which elements of data are drawn.
func TestSimulateKeeps(t *testing.T) {
	m := checkedWithout(t, "data y : real?[T]\ny[t in 3..T] ~ Normal(y[t-1], 1)\n")
	given := []float64{1, 2, 3, 4}
	s := simulate(t, m, values{"y": holes{given, []int{3}}}, 1)
	y := s.Values["y"]
	if !slices.Equal(y.Data[:2], given[:2]) || y.Data[2] == 3 || y.Data[3] == 4 || !slices.Equal(given, []float64{1, 2, 3, 4}) {
		t.Errorf("drew %v of %v", y.Data, given)
	}
	if !slices.Equal(y.Missing, []bool{false, false, false, true}) {
		t.Errorf("missing %v", y.Missing)
	}
	again := simulate(t, m, values{"y": holes{given, []int{3}}}, 1)
	if !slices.Equal(again.Values["y"].Data, y.Data) {
		t.Error("the same stream drew other data")
	}
}

func TestSimulateRefuses(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"mu ~ Flat()\n", "`Flat` is no distribution that can be drawn from"},
		{"a ~ Exponential(1)\nmu ~ Flat() in (0, a)\n", "`Flat` is no distribution that can be drawn from"},
		{"mu ~ Normal(0, 1)\nfactor -mu^2\n", "a model with `factor` cannot be simulated"},
		{"param a : real\nx ~ Normal(a, 1)\n", "a `param` has no prior"},
		{"data y : real[3]\nlet m = mean(y)\nmu ~ Normal(m, 1)\ny ~ Normal(mu, 1)\n", "`y[1]` is read before any `~` has drawn it"},
		{"data y : real[3]\ny[2..3] ~ Normal(0, 1)\n", "no `~` draws `y[1]`"},
		{"s ~ Normal(-5, 0.1)\nx ~ Normal(0, s)\n", "the parameter `sd` of `Normal` is out of its range"},
		{"w : simplex[3] ~ Normal(0, 1)\n", "never of kind `simplex`"},
		{"a ~ Normal(10, 0.1)\nx : ordered[2] ~ Normal([a, 0], 1)\n", "in 1000 attempts"},
		{"a ~ Normal(5, 0.1)\nx ~ Normal(0, 1) in (a, 3)\n", "nothing can be drawn"},
	} {
		m := checkedWithout(t, c.text)
		_, ds := lower.Simulate(m, partlyBound(m, nil), rand.New(rand.NewPCG(1, 1)))
		if !ds.HasErrors() || !strings.Contains(ds.Error(), c.want) {
			t.Errorf("%s: want %q, got\n%s", c.text, c.want, ds.Error())
		}
	}
	m := checkedWithout(t, "data y : real[3]\nlet m = mean(y)\nmu ~ Normal(m, 1)\ny ~ Normal(mu, 1)\n")
	_, ds := lower.Simulate(m, partlyBound(m, values{"y": []float64{1, 2, 3}}), rand.New(rand.NewPCG(1, 1)))
	if !strings.Contains(ds.Error(), "`y[1]` is read before this draws it") {
		t.Errorf("a prior that uses the data: %s", ds.Error())
	}
}

// TestSimulateLarge draws 10,000 elements of plates and of walks: the work for an
// element must not grow with their number.
func TestSimulateLarge(t *testing.T) {
	text := `
data y : real[T]
data g : int[T]
data w : real[T]
h[1] ~ Normal(0, 1)
for t in 2..T { h[t] ~ Normal(0.9 * h[t-1], 1) }
for t in 3..T { w[t] ~ Normal(0.5 * w[t-1] - 0.2 * w[t-2] + h[t], 1) }
a[j in 1..50] ~ Normal(0, 1)
y[t in 1..T] ~ Normal(a[g[t]] + h[t], 1)`
	m := checkedWithout(t, text)
	g := make([]int, 10000)
	for i := range g {
		g[i] = i%50 + 1
	}
	s := simulate(t, m, values{"g": g, "w": make([]float64, len(g))}, 1)
	if len(s.Values["y"].Data) != len(g) {
		t.Error("too short")
	}
}

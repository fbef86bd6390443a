package lower_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"ppl/graph"
	"ppl/graph/grad"
	"ppl/graph/lower"
	"ppl/graph/named"
	"ppl/guide"
)

// A discreteCase is a model with discrete latents. The oracle is the same
// model where they are data: its density is evaluated at every combination of
// their values, and the exponentials are added up.
type discreteCase struct {
	name  string
	text  string
	data  values
	sites []discreteSite
	// how is what some site should say of itself; "" does not matter.
	how string
}

type discreteSite struct {
	name   string
	shape  []int
	lo, hi int
}

// decl declares the site as data.
func (s discreteSite) decl() string {
	if len(s.shape) == 0 {
		return "data " + s.name + " : int\n"
	}
	return fmt.Sprintf("data %s : int%s\n", s.name, strings.ReplaceAll(fmt.Sprint(s.shape), " ", ", "))
}

func (s discreteSite) value(x []int) any {
	switch len(s.shape) {
	case 0:
		return x[0]
	case 1:
		return append([]int(nil), x...)
	}
	var rows [][]int
	for len(x) > 0 {
		rows = append(rows, append([]int(nil), x[:s.shape[1]]...))
		x = x[s.shape[1]:]
	}
	return rows
}

// states calls f for every combination of values of the sites.
func states(sites []discreteSite, f func(v values)) {
	var lo, hi, x []int
	for _, s := range sites {
		for range graph.Shape(s.shape).Size() {
			lo, hi, x = append(lo, s.lo), append(hi, s.hi), append(x, s.lo)
		}
	}
	for {
		v := values{}
		at := 0
		for _, s := range sites {
			n := graph.Shape(s.shape).Size()
			v[s.name] = s.value(x[at : at+n])
			at += n
		}
		f(v)
		i := len(x) - 1
		for ; i >= 0; i-- {
			if x[i]++; x[i] <= hi[i] {
				break
			}
			x[i] = lo[i]
		}
		if i < 0 {
			return
		}
	}
}

// brute is log Σ exp(density), the gradient, and the probability of each value
// of each element.
func (c discreteCase) brute(t *testing.T, u []float64) (logz float64, g []float64) {
	t.Helper()
	text := ""
	for _, s := range c.sites {
		text += s.decl()
	}
	text += regexp.MustCompile(`(?m)^(\w+) : int\[.*\] ~`).ReplaceAllString(c.text, "$1 ~")
	var ls []float64
	var gs [][]float64
	most := math.Inf(-1)
	states(c.sites, func(v values) {
		for k, x := range c.data {
			v[k] = x
		}
		p, ds := lowerText(t, text, v)
		if p == nil {
			if ds[0].Code == "outside-support" {
				return // this combination is impossible
			}
			t.Fatalf("with %v:\n%s", v, ds.Error())
		}
		e := p.eval(u)
		ls, gs = append(ls, e.target), append(gs, e.grad)
		most = math.Max(most, e.target)
	})
	g = make([]float64, len(u))
	total := 0.0
	for i, l := range ls {
		w := math.Exp(l - most)
		total += w
		for k, x := range gs[i] {
			if w > 0 {
				g[k] += w * x
			}
		}
	}
	for k := range g {
		g[k] /= total
	}
	return most + math.Log(total), g
}

func TestDiscrete(t *testing.T) {
	for _, c := range discreteCases() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p, ds := lowerText(t, c.text, c.data)
			if len(ds) > 0 {
				t.Fatal(ds.Error())
			}
			r := rand.New(rand.NewPCG(3, 7))
			u := make([]float64, p.d)
			for i := range u {
				u[i] = 0.7 * r.NormFloat64()
			}
			got := p.eval(u)
			want, g := c.brute(t, u)
			if !near(got.target, want, 1e-10) {
				t.Errorf("log density %.15g, want %.15g", got.target, want)
			}
			for i, x := range g {
				if !near(got.grad[i], x, 1e-9) {
					t.Errorf("gradient %d is %.12g, want %.12g", i, got.grad[i], x)
				}
			}
			p.checkHessian(t, u)
			testCase{text: c.text}.inParticles(t, p)
			found := false
			for _, s := range p.joint.Discrete {
				found = found || strings.HasPrefix(s.How, c.how)
			}
			if !found {
				t.Errorf("no site says %q: %+v", c.how, p.joint.Discrete)
			}
		})
	}
}

// checkHessian compares the product of the Hessian with a vector with
// differences of the gradient.
func (p *lowering) checkHessian(t *testing.T, u []float64) {
	t.Helper()
	b := p.b
	v := make([]float64, p.d)
	for i := range v {
		v[i] = math.Cos(float64(3*i) + 1)
	}
	product := grad.Reverse(b.G, b.Dot(b.Wrap(p.grad), b.Array(graph.Shape{p.d}, v)).N, []*graph.Node{p.u})[0]
	got := p.run(u, []*graph.Node{product})[product]
	at := func(h float64) []float64 {
		x := append([]float64(nil), u...)
		for i := range x {
			x[i] += h * v[i]
		}
		return append([]float64(nil), p.run(x, []*graph.Node{p.grad})[p.grad]...)
	}
	const h = 1e-3
	up, down, up2, down2 := at(h), at(-h), at(h/2), at(-h/2)
	for i, x := range got {
		d1, d2 := (up[i]-down[i])/(2*h), (up2[i]-down2[i])/h
		if d := (4*d2 - d1) / 3; !near(x, d, 1e-7) {
			t.Errorf("Hessian times vector, element %d: %.10g, differences give %.10g", i, x, d)
		}
	}
}

func discreteCases() []discreteCase {
	y := func(n int) []float64 { return reals(n) }
	return []discreteCase{
		{name: "mixture", text: `
data y : real[4]
w ~ Dirichlet(ones(3))
mu : ordered[3] ~ Normal(0, 10)
sigma[k in 1..3] ~ HalfNormal(2)
plate i in 1..4 {
  z[i] ~ Categorical(w)
  y[i] ~ Normal(mu[z[i]], sigma[z[i]])
}`, data: values{"y": y(4)}, sites: []discreteSite{{"z", []int{4}, 1, 3}}, how: "summed out"},

		{name: "mixture in two plates and with lets", text: `
data y : real[4]
w ~ Beta(1, 1)
mu[k in 1..2] ~ Normal(0, 10)
z[i in 1..4] ~ Bernoulli(w)
plate i in 1..4 {
  let k = z[i] + 1
  let m[i] = if z[i] == 1 then mu[k] else mu[1] / 2
}
plate j in 1..4 { y[j] ~ Normal(m[j], 1 + z[j]) }
`, data: values{"y": y(4)}, sites: []discreteSite{{"z", []int{4}, 0, 1}}},

		{name: "hidden Markov model", text: `
data y : real[5]
a ~ Beta(1, 1)
b ~ Beta(1, 1)
let move = [[a, 1 - a], [b, 1 - b]]
mu[k in 1..2] ~ Normal(0, 3)
z[1] ~ Categorical([0.5, 0.5])
for t in 2..5 { z[t] ~ Categorical(move[z[t-1]]) }
plate t in 1..5 { y[t] ~ Normal(mu[z[t]], 1) }`, data: values{"y": y(5)}, sites: []discreteSite{{"z", []int{5}, 1, 2}}, how: "forward recursion over 5 steps"},

		{name: "transitions that vary, forbidden ones among them", text: `
data y : real[5]
data x : real[5]
b ~ Normal(0, 1)
mu[k in 1..3] ~ Normal(0, 3)
for t in 1..5 {
  z[t] ~ Categorical(if t == 1 then [1, 0, 0] else (if z[t-1] == 1 then [0.5, 0.5, 0] else softmax([0, b * x[t], z[t-1]])))
  y[t] ~ Normal(mu[z[t]], 1)
}`, data: values{"y": y(5), "x": y(5)}, sites: []discreteSite{{"z", []int{5}, 1, 3}}},

		{name: "chains in a plate with a class above", text: `
data y : real[2, 3]
w ~ Beta(1, 1)
mu[k in 1..2] ~ Normal(0, 3)
plate n in 1..2 {
  c[n] ~ Bernoulli(w)
  z[n, 1] ~ Categorical([0.3, 0.7])
  for t in 2..3 { z[n, t] ~ Categorical(if c[n] == 1 then [w, 1 - w] else (if z[n, t-1] == 1 then [0.9, 0.1] else [0.2, 0.8])) }
  plate t in 1..3 { y[n, t] ~ Normal(mu[z[n, t]] + c[n], 1) }
}`, data: values{"y": table(2, 3)}, sites: []discreteSite{{"c", []int{2}, 0, 1}, {"z", []int{2, 3}, 1, 2}}, how: "forward"},

		{name: "two coupled chains", text: `
data y : real[3]
b ~ Normal(0, 1)
s[1] ~ Bernoulli(0.4)
r[1] ~ Bernoulli(0.6)
for t in 2..3 {
  s[t] ~ Bernoulli(logit = b * r[t-1] - s[t-1])
  r[t] ~ Bernoulli(logit = 0.5 + b * s[t-1] * r[t-1])
}
plate t in 1..3 { y[t] ~ Normal(b * (s[t] + 2 * r[t]), 1) }`, data: values{"y": y(3)}, sites: []discreteSite{{"s", []int{3}, 0, 1}, {"r", []int{3}, 0, 1}}, how: "forward recursion over 3 steps of 4"},

		{name: "a chain with a discrete child", text: `
data y : real[3]
b ~ Normal(0, 1)
s[1] ~ Bernoulli(0.4)
for t in 2..3 { s[t] ~ Bernoulli(logit = b - s[t-1]) }
plate t in 1..3 {
  k[t] ~ Binomial(2, 0.2 + 0.5 * s[t])
  y[t] ~ Normal(b * k[t], 1)
}`, data: values{"y": y(3)}, sites: []discreteSite{{"s", []int{3}, 0, 1}, {"k", []int{3}, 0, 2}}, how: "forward"},

		{name: "second order", text: `
data y : real[4]
b ~ Normal(0, 1)
s[1] ~ Bernoulli(0.4)
s[2] ~ Bernoulli(0.3)
for t in 3..4 { s[t] ~ Bernoulli(logit = b * s[t-1] - s[t-2]) }
plate t in 1..4 { y[t] ~ Normal(b * s[t], 1) }`, data: values{"y": y(4)}, sites: []discreteSite{{"s", []int{4}, 0, 1}}, how: "forward recursion over 4 steps of 4"},

		{name: "two-level latent classes", text: `
data y : real[5]
data g : int[5]
a ~ Beta(1, 1)
mu[k in 1..2] ~ Normal(0, 3)
plate j in 1..3 { c[j] ~ Bernoulli(a) }
plate i in 1..5 {
  z[i] ~ Bernoulli(0.2 + 0.6 * c[g[i]])
  y[i] ~ Normal(mu[z[i] + 1], 1)
}`, data: values{"y": y(5), "g": []int{2, 1, 2, 3, 3}}, sites: []discreteSite{{"c", []int{3}, 0, 1}, {"z", []int{5}, 0, 1}}},

		{name: "classes of nested plates", text: `
data y : real[2, 3]
mu[k in 1..2] ~ Normal(0, 3)
top ~ Categorical([0.3, 0.7])
plate j in 1..2 {
  c[j] ~ Categorical([[0.2, 0.8], [0.6, 0.4]][top])
  plate i in 1..3 {
    z[j, i] ~ Categorical([[0.1, 0.9], [0.5, 0.5]][c[j]])
    y[j, i] ~ Normal(mu[z[j, i]] + 0.1 * top, 1)
  }
}`, data: values{"y": table(2, 3)}, sites: []discreteSite{{"top", nil, 1, 2}, {"c", []int{2}, 1, 2}, {"z", []int{2, 3}, 1, 2}}},

		{name: "change point", text: `
data y : int[6]
early ~ Exponential(1)
late ~ Exponential(1)
tau ~ DiscreteUniform(1, 6)
plate t in 1..6 { y[t] ~ Poisson(if t < tau then early else late) }`, data: values{"y": []int{3, 4, 2, 0, 1, 0}}, sites: []discreteSite{{"tau", nil, 1, 6}}},

		{name: "a count that is not known", text: `
data y : int[3]
p ~ Beta(2, 2)
n ~ Binomial(9, 0.6)
plate i in 1..3 { y[i] ~ Binomial(n, p) }`, data: values{"y": []int{3, 4, 2}}, sites: []discreteSite{{"n", nil, 0, 9}}},

		{name: "a truncated count, of a truncated Poisson", text: `
data y : int[2]
lambda ~ Exponential(0.2)
n[i in 1..2] ~ Poisson(lambda) in 0..7
plate i in 1..2 { y[i] ~ Binomial(n[i], 0.5) }`, data: values{"y": []int{3, 1}}, sites: []discreteSite{{"n", []int{2}, 0, 7}}},

		{name: "counts up to different numbers", text: `
data m : int[3]
data y : real[3]
p ~ Beta(2, 2)
plate i in 1..3 {
  n[i] ~ Binomial(m[i], p)
  y[i] ~ Normal(n[i], 1)
}`, data: values{"m": []int{2, 0, 3}, "y": y(3)}, sites: []discreteSite{{"n", []int{3}, 0, 3}}},

		{name: "an array over iid elements, read as a whole", text: `
data y : real[2]
data x : real[2, 3]
b ~ Normal(0, 1)
s : int[3] ~ Bernoulli(0.3)
y ~ Normal(x @ s * b, 1)
factor 0.1 * sum([s[k] * k for k in 1..3])`, data: values{"y": y(2), "x": table(2, 3)}, sites: []discreteSite{{"s", []int{3}, 0, 1}}},

		{name: "an index that is itself discrete", text: `
data y : real[3]
b ~ Normal(0, 1)
s[k in 1..2] ~ Bernoulli(0.3)
z[i in 1..3] ~ Categorical([0.4, 0.6])
plate i in 1..3 { y[i] ~ Normal(b * s[z[i]], 1) }`, data: values{"y": y(3)}, sites: []discreteSite{{"s", []int{2}, 0, 1}, {"z", []int{3}, 1, 2}}},

		{name: "a ragged plate", text: `
data y : real[M]
data n : int[3]
data first : int[3]
mu ~ Normal(0, 1)
plate i in 1..3 {
  z[i] ~ Bernoulli(0.3)
  let m = mu * (1 + z[i])
  plate j in 1..n[i] { y[first[i] + j - 1] ~ Normal(m + z[i], 1) }
}`, data: values{"y": y(4), "n": []int{2, 0, 2}, "first": []int{1, 3, 3}}, sites: []discreteSite{{"z", []int{3}, 0, 1}}},

		{name: "prior of a continuous latent", text: `
data y : real[3]
plate i in 1..3 {
  z[i] ~ Bernoulli(0.3)
  b[i] ~ Normal(0, if z[i] == 1 then 3 else 0.1)
  y[i] ~ Normal(b[i], 1)
}`, data: values{"y": y(3)}, sites: []discreteSite{{"z", []int{3}, 0, 1}}},

		{name: "grades that are not known", text: `
data y : real[3]
eta ~ Normal(0, 1)
cut : ordered[2] ~ Normal(0, 2)
plate i in 1..3 {
  z[i] ~ OrderedLogistic(eta, cut)
  y[i] ~ Normal(z[i], 1)
}`, data: values{"y": y(3)}, sites: []discreteSite{{"z", []int{3}, 1, 3}}},

		{name: "through a function", text: `
data y : real[3]
fn level(k: int, m: real[N]) -> real = if k == 1 then m[1] else m[N] * k
mu : real[2] ~ Normal(0, 1)
plate i in 1..3 {
  z[i] ~ Categorical([0.3, 0.7])
  factor log_density(Normal(level(z[i], mu), 1), y[i])
}`, data: values{"y": y(3)}, sites: []discreteSite{{"z", []int{3}, 1, 2}}},

		{name: "no effect on anything", text: `
data y : real
mu ~ Normal(0, 1)
z[i in 1..3] ~ DiscreteUniform(2, 4)
y ~ Normal(mu, 1)`, data: values{"y": 1.0}, sites: []discreteSite{{"z", []int{3}, 2, 4}}},
	}
}

// A table that is too large, and what cannot be summed out, are located errors.
func TestDiscreteErrors(t *testing.T) {
	for _, c := range []struct {
		name, text string
		data       values
		opt        lower.Options
		code, says string
	}{
		{"infinite support", "data y : int\nz ~ Poisson(3)\ny ~ Binomial(z, 0.5)", values{"y": 2}, lower.Options{Strategies: map[string]string{"z": lower.Exact}},
			"infinite-support", "infinitely many values"},
		{"support that depends on a latent", "data y : real\nm ~ Normal(0, 1)\nz ~ Binomial(if m > 0 then 3 else 4, 0.5)\ny ~ Normal(z, 1)", values{"y": 2.0}, lower.Options{},
			"unknown-range", "known from the data"},
		{"joint table", "data y : real\nz : int[30] ~ Bernoulli(0.5)\ny ~ Normal(sum(z), 1)", values{"y": 2.0}, lower.Options{},
			"discrete-too-large", "summing out `z` exactly needs a table of"},
		{"table of an elimination", "data y : real[3, 4]\nz : int[3] ~ DiscreteUniform(1, 100)\nplate i in 1..2, j in 1..4 { y[i, j] ~ Normal(z[i] - z[i+1], 1) }\nplate j in 1..4 { y[3, j] ~ Normal(z[1] * z[3], 1) }",
			values{"y": table(3, 4)}, lower.Options{Limit: 100000}, "discrete-too-large", "more than the limit of 100000"},
		{"crossed plates", "data y : real[40, 30]\na[i in 1..40] ~ Bernoulli(0.5)\nb[j in 1..30] ~ Bernoulli(0.5)\nplate i in 1..40, j in 1..30 { y[i, j] ~ Normal(a[i] * b[j], 1) }",
			values{"y": table(40, 30)}, lower.Options{Limit: 100000}, "discrete-too-large", "`"},
		{"all pairs", "data y : real[30, 30]\nz[i in 1..30] ~ Bernoulli(0.5)\nplate i in 1..30, j in 1..30 { y[i, j] ~ Normal(z[i] + z[j], 1) }",
			values{"y": table(30, 30)}, lower.Options{}, "discrete-too-large", "summing out `z` exactly needs a table of 1.07e+09 elements"},
		{"too many elements", "data y : real[140000]\nz[i in 1..140000] ~ Bernoulli(0.5)\nplate i in 1..140000 { y[i] ~ Normal(z[i] + z[140001 - i], 1) }",
			values{"y": reals(140000)}, lower.Options{}, "not-exact", "neither a tree nor a chain"},
		{"pieces of different support", "data y : real\nz[1] ~ Bernoulli(0.5)\nz[2] ~ Categorical([0.2, 0.8])\ny ~ Normal(z[1] + z[2], 1)", values{"y": 1.0}, lower.Options{},
			"not-supported-here", "different supports"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := checkedWithout(t, c.text)
			joint, ds := lower.LowerWith(m, bound(t, m, c.data), &guide.Packed{}, named.New(), c.opt)
			if joint != nil {
				t.Fatal("no error")
			}
			if len(ds) != 1 || string(ds[0].Code) != c.code || !strings.Contains(ds[0].Summary, c.says) || ds[0].Span.End == 0 {
				t.Errorf("want one %s that says %q:\n%s", c.code, c.says, ds.Error())
			}
		})
	}
}

package inference

import (
	"fmt"
	"math"
	"testing"

	"ppl/graph"
	"ppl/graph/builtin"
	"ppl/graph/lower"
	"ppl/inference/random"
	"ppl/inference/target"
	"ppl/lang/check"
	"ppl/lang/diag"
	"ppl/parser"
)

// The oracle of these tests is the model with its discrete latents declared as
// data: its log density at a combination of values owes nothing to what is
// tested. Expectations are sums over all combinations.

// enumerable is a model with few combinations of discrete values.
type enumerable struct {
	name, text string
	data       map[string]*lower.Array
	sites      []enumerableSite
	// fixed are strategies of sites that are not under test.
	fixed map[string]string
	// rough says that a relaxation is not to be had: values inside the simplex
	// are outside of something's support.
	rough bool
	// impossible says that some combinations have probability zero.
	impossible bool
}

type enumerableSite struct {
	name  string
	shape []int
	low   int
	k     int
}

func vectorOf(x ...float64) *lower.Array { return &lower.Array{Shape: []int{len(x)}, Data: x} }
func numberOf(x float64) *lower.Array    { return &lower.Array{Data: []float64{x}} }

var enumerables = []enumerable{
	{name: "one coin", text: "data y : real\nz ~ Bernoulli(0.3)\ny ~ Normal(z, 1)",
		data: map[string]*lower.Array{"y": numberOf(0.8)}, sites: []enumerableSite{{"z", nil, 0, 2}}},
	{name: "mixture", text: `
data y : real[3]
mu : real[3] ~ Normal(0, 2)
s ~ HalfNormal(1)
plate i in 1..3 {
  z[i] ~ Categorical([0.5, 0.2, 0.3])
  y[i] ~ Normal(mu[z[i]], s)
}`, data: map[string]*lower.Array{"y": vectorOf(0.8, -1, 2)}, sites: []enumerableSite{{"z", []int{3}, 1, 3}}},
	{name: "weights that are not known", text: `
data y : real[3]
w ~ Dirichlet(ones(2))
plate i in 1..3 {
  z[i] ~ Categorical(w)
  y[i] ~ Normal(2 * z[i], 1)
}`, data: map[string]*lower.Array{"y": vectorOf(0.8, -1, 2)}, sites: []enumerableSite{{"z", []int{3}, 1, 2}}},
	{name: "chain", text: `
data y : real[4]
p ~ Beta(2, 2)
z[1] ~ Bernoulli(0.4)
for t in 2..4 { z[t] ~ Bernoulli(0.1 + 0.8 * p * z[t-1]) }
plate t in 1..4 { y[t] ~ Normal(3 * z[t], 1) }`,
		data: map[string]*lower.Array{"y": vectorOf(0.8, -1, 2, 3)}, sites: []enumerableSite{{"z", []int{4}, 0, 2}}},
	{name: "chain by index", text: `
data y : real[3]
let move = [[0.7, 0.2, 0.1], [0.2, 0.5, 0.3], [0.3, 0.3, 0.4]]
mu : real[3] ~ Normal(0, 1)
z[1] ~ Categorical([0.4, 0.3, 0.3])
for t in 2..3 { z[t] ~ Categorical(move[z[t-1]]) }
plate t in 1..3 { y[t] ~ Normal(mu[z[t]], 1) }`,
		data: map[string]*lower.Array{"y": vectorOf(0.8, -1, 2)}, sites: []enumerableSite{{"z", []int{3}, 1, 3}}},
	{name: "arithmetic", text: `
data y : real[2]
b ~ Normal(0, 1)
s[k in 1..3] ~ Bernoulli(0.3)
plate i in 1..2 { y[i] ~ Normal(b * (s[1] + 2 * s[2] * s[3]) + i * s[3]^2, 1) }`,
		data: map[string]*lower.Array{"y": vectorOf(0.8, -1)}, sites: []enumerableSite{{"s", []int{3}, 0, 2}}},
	{name: "condition", text: `
data y : real[3]
m ~ Normal(0, 1)
plate i in 1..3 {
  z[i] ~ Categorical([0.5, 0.2, 0.3])
  y[i] ~ Normal(if z[i] == 2 then m else -1, if z[i] > 1 then 2 else 0.5)
}`, data: map[string]*lower.Array{"y": vectorOf(0.8, -1, 2)}, sites: []enumerableSite{{"z", []int{3}, 1, 3}}},
	{name: "two sites, one under the other", text: `
data y : real[3]
top ~ Bernoulli(0.3)
plate i in 1..3 {
  z[i] ~ Bernoulli(0.1 + 0.7 * top)
  y[i] ~ Normal(2 * z[i] + top, 1)
}`, data: map[string]*lower.Array{"y": vectorOf(0.8, -1, 2)}, sites: []enumerableSite{{"top", nil, 0, 2}, {"z", []int{3}, 0, 2}}},
	{name: "a pair that may be the same element", text: `
data y : real[3]
data g : int[3]
data h : int[3]
z[i in 1..2] ~ Bernoulli(0.3)
plate i in 1..3 { y[i] ~ Normal(z[g[i]] + 3 * z[h[i]], 1) }`,
		data:  map[string]*lower.Array{"y": vectorOf(0.8, -1, 2), "g": vectorOf(1, 2, 2), "h": vectorOf(2, 2, 1)},
		sites: []enumerableSite{{"z", []int{2}, 0, 2}}},
	{name: "equality of a pair that may be the same element", text: `
data y : real[3]
data g : int[3]
data h : int[3]
z[i in 1..2] ~ Categorical([0.3, 0.3, 0.4])
plate i in 1..3 { y[i] ~ Normal(if z[g[i]] == z[h[i]] then 2 else 0, 1) }`,
		data:  map[string]*lower.Array{"y": vectorOf(0.8, -1, 2), "g": vectorOf(1, 2, 2), "h": vectorOf(2, 2, 1)},
		sites: []enumerableSite{{"z", []int{2}, 1, 3}}},
	{name: "an index that is itself discrete", text: `
data y : real[3]
b ~ Normal(0, 1)
s[k in 1..2] ~ Bernoulli(0.3)
z[i in 1..3] ~ Categorical([0.4, 0.6])
plate i in 1..3 { y[i] ~ Normal(b * s[z[i]], 1) }`,
		data: map[string]*lower.Array{"y": vectorOf(0.8, -1, 2)}, sites: []enumerableSite{{"s", []int{2}, 0, 2}, {"z", []int{3}, 1, 2}}},
	{name: "a sum of all elements, squared", text: `
data y : real
z[i in 1..4] ~ Bernoulli(0.3)
y ~ Normal(sum(z)^2, 2)`,
		data: map[string]*lower.Array{"y": numberOf(3)}, sites: []enumerableSite{{"z", []int{4}, 0, 2}}},
	{name: "through a function", text: `
data y : real[3]
fn level(k: int, m: real[N]) -> real = if k == 1 then m[1] else m[N] * k
mu : real[2] ~ Normal(0, 1)
plate i in 1..3 {
  z[i] ~ Categorical([0.3, 0.7])
  factor log_density(Normal(level(z[i], mu), 1), y[i])
}`, data: map[string]*lower.Array{"y": vectorOf(0.8, -1, 2)}, sites: []enumerableSite{{"z", []int{3}, 1, 2}}},
	{name: "a count of observations", text: `
data y : int[2]
p ~ Beta(2, 2)
n ~ Binomial(4, 0.6)
plate i in 1..2 { y[i] ~ Binomial(n, p) }`, data: map[string]*lower.Array{"y": vectorOf(1, 2)},
		sites: []enumerableSite{{"n", nil, 0, 5}}, rough: true, impossible: true},
	{name: "transitions that cannot happen", text: `
data y : real[3]
let move = [[0.7, 0.3, 0], [0, 0.5, 0.5], [0, 0, 1]]
z[1] ~ Categorical([0.4, 0.6, 0])
for t in 2..3 { z[t] ~ Categorical(move[z[t-1]]) }
plate t in 1..3 { y[t] ~ Normal(z[t], 1) }`,
		data: map[string]*lower.Array{"y": vectorOf(0.8, -1, 2)}, sites: []enumerableSite{{"z", []int{3}, 1, 3}}, impossible: true},
	{name: "a site summed out under one with a guide", text: `
data y : real[3]
data g : int[3]
m ~ Normal(0, 1)
c[j in 1..2] ~ Categorical([0.4, 0.3, 0.3])
plate i in 1..3 {
  z[i] ~ Bernoulli([0.1, 0.5, 0.7][c[g[i]]])
  y[i] ~ Normal(m * c[g[i]] + 3 * z[i], 1)
}`, data: map[string]*lower.Array{"y": vectorOf(0.8, -1, 2), "g": vectorOf(1, 2, 1)},
		sites: []enumerableSite{{"c", []int{2}, 1, 3}}, fixed: map[string]string{"z": lower.Exact}},
	{name: "a chain summed out beside a site with a guide", text: `
data y : real[3]
m ~ Normal(0, 1)
k ~ Bernoulli(0.4)
z[1] ~ Bernoulli(0.4)
for t in 2..3 { z[t] ~ Bernoulli(0.2 + 0.5 * z[t-1]) }
plate t in 1..3 { y[t] ~ Normal(m + 3 * z[t], 1) }
factor -(k - 0.3 * m)^2`,
		data: map[string]*lower.Array{"y": vectorOf(0.8, -1, 2)}, sites: []enumerableSite{{"k", nil, 0, 2}}, fixed: map[string]string{"z": lower.Exact}},
}

func sizeOf(shape []int) int {
	n := 1
	for _, x := range shape {
		n *= x
	}
	return n
}

// combinations calls f with every combination: positions in the support.
func (c *enumerable) combinations(f func(z []int)) {
	var sizes []int
	for _, s := range c.sites {
		for range sizeOf(s.shape) {
			sizes = append(sizes, s.k)
		}
	}
	z := make([]int, len(sizes))
	for {
		f(z)
		i := len(z) - 1
		for ; i >= 0; i-- {
			if z[i]++; z[i] < sizes[i] {
				break
			}
			z[i] = 0
		}
		if i < 0 {
			return
		}
	}
}

func compiled(t *testing.T, text string, data map[string]*lower.Array, how map[string]string) *target.Target {
	t.Helper()
	tg, diags := compile(t, text, data, how)
	if err := diags.Err(); err != nil {
		t.Fatal(err)
	}
	return tg
}

func compile(t *testing.T, text string, data map[string]*lower.Array, how map[string]string) (*target.Target, diag.List) {
	t.Helper()
	file, diags := parser.Parse("model.ppl", []byte(text))
	m, more := check.Check(file, builtin.Catalogue())
	if err := append(diags, more...).Err(); err != nil {
		t.Fatal(err)
	}
	return target.NewWith(m, &lower.Data{Values: data, Dims: map[string]int{}}, target.Plan, lower.Options{Strategies: how})
}

// target compiles the model with one strategy for all sites under test.
func (c *enumerable) target(t *testing.T, how string) *target.Target {
	t.Helper()
	all := map[string]string{}
	for _, s := range c.sites {
		all[s.name] = how
	}
	for name, x := range c.fixed {
		all[name] = x
	}
	return compiled(t, c.text, c.data, all)
}

// oracle is the log density, and its gradient by u, at every combination.
func (c *enumerable) oracle(t *testing.T, u []float64) (lp [][]float64, du [][]float64) {
	t.Helper()
	text := ""
	for _, s := range c.sites {
		dims := ""
		if len(s.shape) > 0 {
			dims = fmt.Sprint(s.shape)
		}
		text += fmt.Sprintf("data %s : int%s\n", s.name, dims)
	}
	c.combinations(func(z []int) {
		data := map[string]*lower.Array{}
		for k, v := range c.data {
			data[k] = v
		}
		at := 0
		for _, s := range c.sites {
			x := make([]float64, sizeOf(s.shape))
			for e := range x {
				x[e] = float64(s.low + z[at])
				at++
			}
			data[s.name] = &lower.Array{Shape: s.shape, Data: x}
		}
		tg, diags := compile(t, text+c.text, data, c.fixed)
		if c.impossible && diags.HasErrors() && diags[0].Code == "outside-support" {
			never := make([]float64, max(1, len(u)))
			for i := range never {
				never[i] = math.Inf(-1)
			}
			lp, du = append(lp, never), append(du, make([]float64, len(u)))
			return
		}
		if err := diags.Err(); err != nil {
			t.Fatal(err)
		}
		if tg.D == 0 {
			g := newGuidedOf(t, tg, 1)
			if err := g.eval(nil); err != nil {
				t.Fatal(err)
			}
			lp, du = append(lp, append([]float64(nil), g.lp...)), append(du, nil)
			return
		}
		d, err := tg.NewDensity(len(u) / tg.D)
		if err != nil {
			t.Fatal(err)
		}
		l, g, err := d.Eval(u)
		if err != nil {
			t.Fatal(err)
		}
		lp, du = append(lp, append([]float64(nil), l...)), append(du, append([]float64(nil), g...))
	})
	return lp, du
}

func newGuidedOf(t *testing.T, tg *target.Target, s int) *guided {
	t.Helper()
	g, err := newGuided(tg, s)
	if err != nil {
		t.Fatal(err)
	}
	g.layout()
	return g
}

// rows repeats u for s particles.
func rows(u []float64, s int) []float64 {
	var out []float64
	for range s {
		out = append(out, u...)
	}
	return out
}

// point is a point for the continuous latents, phi logits of the guide.
func point(n int, seed int, scale float64) []float64 {
	r := random.Stream(1, "guided test", seed)
	x := make([]float64, n)
	for i := range x {
		x[i] = scale * r.NormFloat64()
	}
	return x
}

// At the vertices of the simplex every strategy is the model itself.
func TestGuidedVertices(t *testing.T) {
	for _, c := range enumerables {
		for _, how := range []string{lower.Expect, lower.Score, lower.Relax} {
			t.Run(c.name+"/"+how, func(t *testing.T) {
				tg := c.target(t, how)
				u := point(tg.D, 1, 0.5)
				want, wantU := c.oracle(t, u)
				g := newGuidedOf(t, tg, 1)
				i := 0
				c.combinations(func(z []int) {
					at := 0
					for _, x := range g.sites {
						for e := 0; e < x.n; e++ {
							oneHot(x.w[e*x.k:(e+1)*x.k], z[at])
							at++
						}
						copy(x.pr, x.w)
					}
					if err := g.eval(u); err != nil {
						t.Fatal(err)
					}
					if !same(g.lp[0], want[i][0], 1e-9) {
						t.Errorf("at %v the log density is %.12g, want %.12g", z, g.lp[0], want[i][0])
					}
					for k, v := range g.du {
						if graph.Finite(want[i][0]) && !same(v, wantU[i][k], 1e-8) {
							t.Errorf("at %v derivative %d by u is %.12g, want %.12g", z, k, v, wantU[i][k])
						}
					}
					for _, x := range g.sites {
						if how == lower.Relax && !graph.Finite(want[i][0]) {
							break // log 0 of a mixture has no derivative
						}
						for _, v := range append(append([]float64(nil), x.dw...), x.dp...) {
							if math.IsNaN(v) {
								t.Errorf("at %v a derivative by the assignment is not a number", z)
							}
						}
					}
					i++
				})
			})
		}
	}
}

func same(x, y, eps float64) bool {
	return x == y || math.Abs(x-y) <= eps*math.Max(1, math.Abs(y))
}

// exactELBO is Σ q(z) (log p(z, u) − log q(z)), its gradient by the logits and
// by u, from sums over all combinations.
func (c *enumerable) exactELBO(g *guided, phi []float64, lp, du [][]float64) (value float64, byPhi, byU []float64) {
	for _, x := range g.sites {
		x.logits(phi[x.at : x.at+x.params()])
	}
	byPhi = make([]float64, len(phi))
	if len(du[0]) > 0 {
		byU = make([]float64, len(du[0]))
	}
	i := 0
	c.combinations(func(z []int) {
		logq := 0.0
		score := make([]float64, len(phi))
		at := 0
		for _, x := range g.sites {
			for e := 0; e < x.n; e++ {
				logq += math.Log(x.q[e*x.k+z[at]])
				for k := 0; k < x.k; k++ {
					score[x.at+e*x.k+k] = -x.q[e*x.k+k]
				}
				score[x.at+e*x.k+z[at]]++
				at++
			}
		}
		if q := math.Exp(logq); q > 0 {
			f := lp[i][0] - logq
			value += q * f
			for k, s := range score {
				byPhi[k] += q * s * f
			}
			for k, v := range du[i] {
				byU[k] += q * v
			}
		}
		i++
	})
	return value, byPhi, byU
}

func phiOf(g *guided) []float64 {
	n := 0
	for _, x := range g.sites {
		n = max(n, x.at+x.params())
	}
	return point(n, 2, 0.8)
}

// The closed form is the expectation, to rounding.
func TestExpectGradient(t *testing.T) {
	for _, c := range enumerables {
		if c.impossible {
			continue // the expectation is −∞
		}
		t.Run(c.name, func(t *testing.T) {
			tg := c.target(t, lower.Expect)
			u := point(tg.D, 1, 0.5)
			lp, du := c.oracle(t, u)
			g := newGuidedOf(t, tg, 1)
			phi := phiOf(g)
			value, byPhi, byU := c.exactELBO(g, phi, lp, du)
			for _, x := range g.sites {
				x.assign(nil, 1, phi[x.at:x.at+x.params()], 1, false, false)
			}
			if err := g.eval(u); err != nil {
				t.Fatal(err)
			}
			got, out := g.lp[0], make([]float64, len(phi))
			for _, x := range g.sites {
				o := out[x.at : x.at+x.params()]
				x.gradient(1, 1, g.lp, o)
				got += x.entropy(o)
			}
			if !same(got, value, 1e-9) {
				t.Errorf("ELBO %.12g, want %.12g", got, value)
			}
			for k := range out {
				if !same(out[k], byPhi[k], 1e-9) {
					t.Errorf("derivative by logit %d is %.12g, want %.12g", k, out[k], byPhi[k])
				}
			}
			for k := range byU {
				if !same(g.du[k], byU[k], 1e-9) {
					t.Errorf("derivative by u[%d] is %.12g, want %.12g", k, g.du[k], byU[k])
				}
			}
		})
	}
}

// estimate is the mean of many gradient estimates by the logits, and its error.
func estimate(t *testing.T, g *guided, u, phi []float64, tau float64, straight bool, runs int) (mean, mcse []float64) {
	t.Helper()
	mean, mcse = make([]float64, len(phi)), make([]float64, len(phi))
	all := rows(u, g.s)
	out := make([]float64, len(phi))
	for k := range runs {
		r := random.Stream(5, "guided test estimates", k)
		clear(out)
		for _, x := range g.sites {
			p := phi[x.at : x.at+x.params()]
			x.logits(p)
			x.assign(r, g.s, p, tau, straight, false)
		}
		if err := g.eval(all); err != nil {
			t.Fatal(err)
		}
		for _, x := range g.sites {
			o := out[x.at : x.at+x.params()]
			x.gradient(g.s, tau, g.lp, o)
			x.entropy(o)
		}
		for i, v := range out {
			mean[i] += v
			mcse[i] += v * v
		}
	}
	n := float64(runs)
	for i := range mean {
		mean[i] /= n
		mcse[i] = math.Sqrt(math.Max(0, mcse[i]/n-mean[i]*mean[i]) / (n - 1))
	}
	return mean, mcse
}

// The score-function estimator has no bias.
func TestScoreGradient(t *testing.T) {
	for _, c := range enumerables {
		if c.impossible {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			tg := c.target(t, lower.Score)
			u := point(tg.D, 1, 0.5)
			lp, du := c.oracle(t, u)
			g := newGuidedOf(t, tg, 64)
			phi := phiOf(g)
			_, want, _ := c.exactELBO(g, phi, lp, du)
			mean, mcse := estimate(t, g, u, phi, 1, false, 1500)
			for i := range want {
				if z := (mean[i] - want[i]) / math.Max(mcse[i], 1e-9); math.Abs(z) > 4.5 {
					t.Errorf("logit %d: %.6g ± %.2g, want %.6g: z = %.1f", i, mean[i], mcse[i], want[i], z)
				}
			}
		})
	}
}

// Nor does it have where the density is not tabulated.
func TestScoreWholeGradient(t *testing.T) {
	for _, c := range enumerables {
		if c.impossible {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			tg := c.target(t, lower.Relax)
			for i := range tg.Discrete {
				if c.fixed[tg.Discrete[i].Symbol.Name] == "" {
					tg.Discrete[i].Strategy = lower.Score
				}
			}
			u := point(tg.D, 1, 0.5)
			lp, du := c.oracle(t, u)
			g := newGuidedOf(t, tg, 64)
			phi := phiOf(g)
			_, want, _ := c.exactELBO(g, phi, lp, du)
			mean, mcse := estimate(t, g, u, phi, 1, false, 1500)
			for i := range want {
				if z := (mean[i] - want[i]) / math.Max(mcse[i], 1e-9); math.Abs(z) > 4.5 {
					t.Errorf("logit %d: %.6g ± %.2g, want %.6g: z = %.1f", i, mean[i], mcse[i], want[i], z)
				}
			}
		})
	}
}

// A relaxation's bias falls with its temperature.
func TestRelaxGradient(t *testing.T) {
	for _, c := range enumerables {
		if c.impossible || c.rough {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			tg := c.target(t, lower.Relax)
			u := point(tg.D, 1, 0.5)
			lp, du := c.oracle(t, u)
			g := newGuidedOf(t, tg, 64)
			phi := phiOf(g)
			_, want, _ := c.exactELBO(g, phi, lp, du)
			bias := func(tau float64) (b, e float64) {
				mean, mcse := estimate(t, g, u, phi, tau, false, 600)
				for i := range want {
					b = math.Hypot(b, mean[i]-want[i])
					e = math.Hypot(e, mcse[i])
				}
				return b, e
			}
			// In the end the bias is proportional to τ; on the way it may change its sign.
			hot, hotError := 0.0, 0.0
			for _, tau := range []float64{1, 0.5, 0.25} {
				if b, e := bias(tau); b > hot {
					hot, hotError = b, e
				}
			}
			if cold, e := bias(0.05); cold > 0.35*hot+4*(hotError+e) {
				t.Errorf("bias up to %.3g ± %.2g from τ = 1 to 0.25, %.3g ± %.2g at 0.05", hot, hotError, cold, e)
			}
		})
	}
}

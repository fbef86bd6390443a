package inference

import (
	"fmt"
	"testing"

	"ppl/graph/lower"
)

// lettings are models with lets that depend on discrete latents. The oracle is
// the model with its discrete latents declared as data. Each let mentions b, so
// that it is reported there too.
var lettings = []enumerable{
	{name: "arithmetic, sums and comparisons", text: `
data y : real[4]
b ~ Normal(0, 1)
z[i in 1..4] ~ Bernoulli(0.3)
let k = b + sum(z)
let any = b * (if sum(z) > 2 then 1 else 0)
let first = b + (if z[1] == z[2] then 3 else z[4])
let all = b * z
let ones = b + sum([if z[i] == 1 then i else 0 for i in 1..4])
y ~ Normal(b * z, 1)`,
		data: map[string]*lower.Array{"y": vectorOf(1, 0, 2, 1)}, sites: []enumerableSite{{"z", []int{4}, 0, 2}}},
	{name: "indices", text: `
data y : real[3]
data g : int[3]
b ~ Normal(0, 1)
mu : real[3] ~ Normal(0, 1)
W : real[3, 2] ~ Normal(0, 1)
c[j in 1..2] ~ Categorical([0.2, 0.3, 0.5])
plate i in 1..3 {
  let m = mu[c[g[i]]]
  let level[i] = m + b
  y[i] ~ Normal(level[i], 1)
}
let picked = mu[c]
let row = W[c[1]]
let rows = W[c]
let cell = W[c[2], 2] + W[c[1], 1]
let nested = mu[c[g]]
let total = sum(level)
let under = sum([mu[c[g[i]]] for i in 1..3])
let mean_level = total / 3 + level[2]`,
		data:  map[string]*lower.Array{"y": vectorOf(1, 0, 2), "g": vectorOf(1, 2, 2)},
		sites: []enumerableSite{{"c", []int{2}, 1, 3}}},
	{name: "an index that is discrete, functions, pieces", text: `
data y : real[3]
fn pair(k: int, m: real[N]) -> real = if k == 1 then m[1] else m[N] * k
b ~ Normal(0, 1)
s[k in 1..2] ~ Bernoulli(0.3)
z[i in 1..3] ~ Categorical([0.4, 0.6])
let through = pair(z[2], [b, 2])
let chosen = b * s[z[1]]
let parts[1] = b
plate i in 2..3 { let parts[i] = b + z[i - 1] + parts[1] }
let moved = [b * z[i + 1] - z[i] for i in 1..2]
plate i in 1..3 { y[i] ~ Normal(b * s[z[i]], 1) }`,
		data: map[string]*lower.Array{"y": vectorOf(1, 0, 2)}, sites: []enumerableSite{{"s", []int{2}, 0, 2}, {"z", []int{3}, 1, 2}}},
	{name: "a chain", text: `
data y : real[4]
b ~ Normal(0, 1)
z[1] ~ Bernoulli(0.4)
for t in 2..4 { z[t] ~ Bernoulli(0.1 + 0.8 * z[t-1]) }
for t in 2..4 { let jump[t - 1] = b + (if z[t] != z[t-1] then 1 else 0) }
let jumps = sum(jump)
plate t in 1..4 { y[t] ~ Normal(3 * z[t] + b, 1) }`,
		data: map[string]*lower.Array{"y": vectorOf(1, 0, 2, 3)}, sites: []enumerableSite{{"z", []int{4}, 0, 2}}},
}

// Whatever the strategy, a let at given values of the discrete latents is what
// it is where these are data.
func TestGivenLets(t *testing.T) {
	for _, c := range lettings {
		for _, how := range []string{lower.Exact, lower.Expect, lower.Relax, lower.Score} {
			t.Run(c.name+"/"+how, func(t *testing.T) { c.compareLets(t, how) })
		}
	}
}

func (c *enumerable) compareLets(t *testing.T, how string) {
	tg := c.target(t, how)
	if len(tg.Unreported) > 0 {
		t.Fatalf("not reported: %s", tg.Unreported[0].Name)
	}
	r, err := tg.NewGivenReporter(1)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(tg.Model.Lets); len(r.Symbols) != n {
		t.Fatalf("%d lets are reported, the model has %d", len(r.Symbols), n)
	}
	u := point(tg.D, 1, 0.7)
	c.combinations(func(z []int) {
		values := make([][]float64, len(c.sites))
		text, data := c.text, map[string]*lower.Array{}
		for k, v := range c.data {
			data[k] = v
		}
		at := 0
		for k, s := range c.sites {
			for range sizeOf(s.shape) {
				values[k] = append(values[k], float64(s.low+z[at]))
				at++
			}
			text = fmt.Sprintf("data %s : int%v\n", s.name, s.shape) + text
			data[s.name] = &lower.Array{Shape: s.shape, Data: values[k]}
		}
		oracle := compiled(t, text, data, nil)
		o, err := oracle.NewReporter(1)
		if err != nil {
			t.Fatal(err)
		}
		want, err := o.Eval(u)
		if err != nil {
			t.Fatal(err)
		}
		got, err := r.Eval(u, values)
		if err != nil {
			t.Fatal(err)
		}
		for k, s := range r.Symbols {
			found := false
			for j, x := range o.Symbols {
				if x.Name != s.Name {
					continue
				}
				found = true
				if len(want[j]) != len(got[k]) {
					t.Fatalf("%s has %d numbers, want %d", s.Name, len(got[k]), len(want[j]))
				}
				for e := range want[j] {
					if !same(got[k][e], want[j][e], 1e-12) {
						t.Errorf("%s[%d] at %v is %.12g, want %.12g", s.Name, e+1, z, got[k][e], want[j][e])
					}
				}
			}
			if !found {
				t.Errorf("the oracle has no %s", s.Name)
			}
		}
	})
}

// A let that no density needs has no part in how its latents are handled: the
// number of those that are 1 has no table over all of them.
func TestLetDoesNotForceAGuide(t *testing.T) {
	y := make([]float64, 50)
	tg := compiled(t, "data y : real[50]\nb ~ Normal(0, 1)\nz[i in 1..50] ~ Bernoulli(0.3)\nlet k = sum(z)\nplate i in 1..50 { y[i] ~ Normal(b + z[i], 1) }",
		map[string]*lower.Array{"y": vectorOf(y...)}, nil)
	if how := tg.Discrete[0].Strategy; how != lower.Exact || len(tg.Given) != 1 {
		t.Errorf("the strategy is %s, and %d lets are reported", how, len(tg.Given))
	}
}

package runtime

import (
	"context"
	"math"
	"testing"

	"ppl/graph"
	"ppl/inference/random"
	"ppl/inference/target"
)

// equalRows are models whose rows repeat, with the most elements for a particle that an array of the log density has, in
// rows: 300 where nothing can be taken together.
var equalRows = []struct {
	name, text string
	most       int
}{
	{"latent classes", `
w ~ Dirichlet(ones(3))
p : real[3, K] ~ Beta(1, 1)
plate i in 1..N {
  z[i] ~ Categorical(w)
  plate k in 1..K { y[i, k] ~ Bernoulli(p[z[i], k]) }
}`, 200},
	{"latent classes by a covariate", `
a : real[2] ~ Normal(0, 1)
p : real[2, K] ~ Beta(1, 1)
plate i in 1..N {
  z[i] ~ Bernoulli(logit = a[h[i]])
  plate k in 1..K { y[i, k] ~ Bernoulli(p[z[i] + 1, k]) }
}`, 290},
	{"attributes that meet", `
eta : real[3] ~ Beta(1, 1)
g : real[K] ~ Beta(1, 5)
s : real[K] ~ Beta(1, 5)
plate i in 1..N {
  plate k in 1..3 { m[i, k] ~ Bernoulli(eta[k]) }
  plate k in 1..K { y[i, k] ~ Bernoulli(if m[i, 1 + mod(k, 3)] == 1 && m[i, 1 + mod(k + 1, 3)] == 1 then 1 - s[k] else g[k]) }
}`, 290},
	{"capture histories", `
phi ~ Beta(1, 1)
p ~ Beta(1, 1)
plate i in 1..N {
  z[i, 1] ~ Bernoulli(0.5)
  for t in 2..K { z[i, t] ~ Bernoulli(phi * z[i, t-1]) }
  for t in first[i] .. K { c[i, t] ~ Bernoulli(p * z[i, t]) }
}`, 290},
	{"survival by group", `
phi : real[2] ~ Beta(1, 1)
p ~ Beta(1, 1)
plate i in 1..N {
  z[i, 1] ~ Bernoulli(0.5)
  for t in 2..K { z[i, t] ~ Bernoulli(phi[h[i]] * z[i, t-1]) }
  for t in 1..K { c[i, t] ~ Bernoulli(p * z[i, t]) }
}`, 290},
	{"a mixture of counts", `
mu : ordered[2] ~ Normal(0, 1)
w ~ Beta(1, 1)
plate i in 1..N {
  z[i] ~ Bernoulli(w)
  n[i] ~ Poisson(exp(mu[1 + z[i]]))
}`, 40},
	{"patterns and a column of reals", `
w ~ Dirichlet(ones(2))
p : real[2, K] ~ Beta(1, 1)
m : real[2] ~ Normal(0, 1)
plate i in 1..N {
  z[i] ~ Categorical(w)
  x[i] ~ Normal(m[z[i]], 1)
  plate k in 1..K { y[i, k] ~ Bernoulli(p[z[i], k]) }
}`, 300},
	{"patterns and a latent of each row", `
sd ~ HalfNormal(1)
e[i in 1..N] ~ Normal(0, sd)
b : real[K] ~ Normal(0, 1)
plate i in 1..N {
  z[i] ~ Bernoulli(0.4)
  plate k in 1..K { y[i, k] ~ Bernoulli(logit = z[i] + b[k] + e[i]) }
}`, 300},
}

func equalRowsData() map[string]any {
	const n, k = 300, 4
	r := random.Stream(4, "equal rows", 0)
	y, c, h, first, count, x := make([][]int, n), make([][]int, n), make([]int, n), make([]int, n), make([]int, n), make([]float64, n)
	for i := range y {
		high := 0.15 + 0.7*float64(r.IntN(2))
		for range k {
			y[i], c[i] = append(y[i], 0), append(c[i], 0)
		}
		for j := range k {
			if r.Float64() < high {
				y[i][j] = 1
			}
			if j < 1+r.IntN(k) && r.Float64() < 0.6 {
				c[i][j] = 1
			}
		}
		h[i], first[i], count[i], x[i] = 1+r.IntN(2), 1+r.IntN(k), r.IntN(4)+r.IntN(4), r.NormFloat64()
	}
	return map[string]any{"y": y, "c": c, "h": h, "first": first, "n": count, "x": x}
}

const equalRowsHeader = `
data y : int[N, K] in 0..1
data c : int[N, K] in 0..1
data h : int[N] in 1..2
data first : int[N] in 1..K
data n : int[N] >= 0
data x : real[N]
`

func bindEqualRows(t *testing.T, text string) *Problem {
	t.Helper()
	model, err := Compile("m.ppl", []byte(equalRowsHeader+text))
	if err != nil {
		t.Fatal(err)
	}
	p, err := model.Bind(Map(equalRowsData()))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestEqualRows: rows that are alike are worked through once, also where discrete latents of each were summed out, and
// value, gradient and Hessian-vector product are those of all rows.
func TestEqualRows(t *testing.T) {
	for _, m := range equalRows {
		t.Run(m.name, func(t *testing.T) {
			p := bindEqualRows(t, m.text)
			l, err := p.target.Listing()
			if err != nil {
				t.Fatal(err)
			}
			needed, rows := graph.Needed(l.Outputs), 0
			for _, node := range l.Graph.Nodes() {
				if needed[node.ID] && !node.IsConst() && len(node.Shape) > 1 && node.Shape[0] == target.Lanes {
					rows = max(rows, node.Shape[1])
				}
			}
			if m.most < 300 && rows > m.most || m.most == 300 && rows < 300 {
				t.Errorf("an array has %d rows, want at most %d", rows, m.most)
			}
			compareForms(t, p)
		})
	}
}

// TestEqualRowsReport: what is reported is of every row, and the same as without.
func TestEqualRowsReport(t *testing.T) {
	for _, m := range equalRows[:1] {
		p := bindEqualRows(t, m.text)
		direct, tg := *p, *p.target
		tg.Direct = true
		direct.target = &tg
		var posts [2]*Posterior
		for i, q := range []*Problem{p, &direct} {
			post, err := q.Fit(context.Background(), Options{Seed: 1, Correct: "none"})
			if err != nil {
				t.Fatal(err)
			}
			posts[i] = post
		}
		a, b := posts[0].Discrete(), posts[1].Discrete()
		if len(a) != 300 || len(b) != 300 {
			t.Fatalf("%s: %d and %d discrete latents are reported of 300", m.name, len(a), len(b))
		}
		for i := range a {
			for k := range a[i].P {
				if d := math.Abs(a[i].P[k] - b[i].P[k]); !(d < 1e-5) {
					t.Errorf("%s: P(%s = %d) is %.9f, directly %.9f", m.name, a[i].Name, a[i].Values[k], a[i].P[k], b[i].P[k])
				}
			}
		}
	}
}

package lower_test

import (
	"slices"
	"testing"

	"ppl/graph/lower"
	"ppl/lang"
)

// TestRowsApart: rows are predicted some at a time where none of them has to do with another.
func TestRowsApart(t *testing.T) {
	const before = "data x : real[N]\ndata w : real[N, K]\ndata g : int[N]\ndata J : int\ndata y : real[N]\na ~ Normal(0, 1)\nb[k in 1..K] ~ Normal(0, 1)\nc[j in 1..J] ~ Normal(0, 1)\n"
	for _, c := range []struct {
		name, text string
		apart      bool
	}{
		{"row by row", "y[i in 1..N] ~ Normal(a * x[i] + c[g[i]], 1)", true},
		{"in a plate", "plate i in 1..N {\nlet m = a * x[i]\nlet s[i] = exp(m)\ny[i] ~ Normal(m, s[i])\n}", true},
		{"at once", "let m = a * x + w @ b + c[g]\ny ~ Normal(exp(m), 1)", true},
		{"scaled by all data", "let z = (x - mean(x)) / sd(x)\ny[i in 1..N] ~ Normal(a * z[i], 1 + sum(x) / N)", true},
		{"a latent for each row", "u[i in 1..N] ~ Normal(a, 1)\ny[i in 1..N] ~ Normal(u[i], 1)", true},
		{"a row of a table", "y[i in 1..N] ~ Normal(w[i] @ b + w[i, 1], 1)", true},
		{"a comprehension", "let m = [a * x[i] for i in 1..N]\ny ~ Normal(m, 1)", true},
		{"the row before", "y[1] ~ Normal(a, 1)\nfor i in 2..N { y[i] ~ Normal(a * x[i-1], 1) }", false},
		{"a walk over rows", "u[1] ~ Normal(0, 1)\nfor i in 2..N { u[i] ~ Normal(u[i-1], 1) }\ny[i in 1..N] ~ Normal(u[i], 1)", false},
		{"a sum over rows", "let m = sum(a * x)\ny[i in 1..N] ~ Normal(m, 1)", false},
		{"a sum of a comprehension", "let m = sum([a * x[i] for i in 1..N])\ny[i in 1..N] ~ Normal(m, 1)", false},
		{"the number of the row", "y[i in 1..N] ~ Normal(a * i, 1)", false},
		{"the first row", "let q = a * x\ny[i in 1..N] ~ Normal(q[i] - q[1], 1)", false},
		{"another row", "y[i in 1..N] ~ Normal(a * x[g[i]], 1)", false},
		{"rows that are one vector", "y ~ MvNormal(a * x, eye(N))", false},
		{"a product over rows", "let m = (a * x) @ w\ny[i in 1..N] ~ Normal(m[1], 1)", false},
		{"rows as probabilities", "z ~ Categorical(logit = a * x)\ny[i in 1..N] ~ Normal(z, 1)", false},
		{"running sums", "let m = cumsum(a * x)\ny[i in 1..N] ~ Normal(m[i], 1)", false},
		{"rows in order", "u : ordered[N] ~ Normal(0, 1)\ny[i in 1..N] ~ Normal(u[i], 1)", false},
		{"a loop over all rows in each", "plate i in 1..N { y[i] ~ Normal(sum([a * x[k] for k in 1..N]), 1) }", false},
		{"part of the rows", "y[i in 1..2] ~ Normal(a, 1)", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := checkedWithout(t, before+c.text)
			v := values{"x": []float64{1, 3, 2, 5}, "w": [][]float64{{1, 2}, {3, 1}, {2, 2}, {0, 1}}, "g": []int{1, 3, 2, 1}, "J": 3, "K": 2, "y": reals(4)}
			data, was := partlyBound(m, v), partlyBound(m, v)
			if ds := data.Freeze(m, was, map[string]bool{"N": true}); ds.HasErrors() {
				if c.apart {
					t.Fatal(ds)
				}
				return
			}
			if got := data.RowsApart(m, "N"); got != c.apart {
				t.Fatalf("apart: %v", got)
			}
			if c.apart {
				c := &forwardCase{text: before + c.text, data: v}
				c.sameRows(t, m, data)
			}
		})
	}
}

// sameRows compares the expectations of all rows with those of rows 2 and 3 alone.
func (c *forwardCase) sameRows(t *testing.T, m *lang.Model, data *lower.Data) {
	t.Helper()
	known := c.known(t, lower.NewPrediction(m, data, lower.PredictOptions{}), 1)
	means := func(d *lower.Data, from, to int) []float64 {
		k := map[string]*lower.Array{}
		for name, a := range known {
			k[name] = a
			if name == "u" {
				k[name] = &lower.Array{Shape: []int{to - from}, Data: a.Data[from:to]}
			}
		}
		return draw(t, lower.NewPrediction(m, d, lower.PredictOptions{Means: true}), k, 1).Means["y"].Data
	}
	all, some := means(data, 0, 4), means(data.Rows(m, "N", 1, 3), 1, 3)
	if !slices.Equal(all[1:3], some) {
		t.Errorf("rows 2 and 3 are %v among all, and %v alone", all[1:3], some)
	}
}

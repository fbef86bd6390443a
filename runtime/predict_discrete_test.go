package runtime_test

import (
	"math"
	"testing"

	"ppl/runtime"
)

// TestPredictDiscrete: what is predicted through discrete latents, which were summed out of the fit, has the moments
// that sums and integrals say: of a mixture's new row, of the states and outcomes of a hidden Markov
// model some steps on, of counts with extra zeros, and beside data that are missing.
func TestPredictDiscrete(t *testing.T) {
	normal := func(x, m float64) float64 { return math.Exp(-0.5*(x-m)*(x-m)) / math.Sqrt(2*math.Pi) }
	// probability is the posterior mean of p ~ Beta(2, 2) where row i has the density p a[i] + (1 − p) b[i].
	probability := func(a, b []float64) float64 {
		sum, first := 0.0, 0.0
		for k := range 20000 {
			p := (float64(k) + 0.5) / 20000
			w := p * (1 - p)
			for i := range a {
				w *= p*a[i] + (1-p)*b[i]
			}
			sum, first = sum+w, first+w*p
		}
		return first / sum
	}

	// A mixture of two known parts.
	y := []float64{2.5, 3.1, -2, 0.3, 4, -3.3, 2.2}
	var a, b []float64
	for _, v := range y {
		a, b = append(a, normal(v, 3)), append(b, normal(v, -3))
	}
	post := fitted(t, "data y : real[N]\np ~ Beta(2, 2)\nz[i in 1..N] ~ Bernoulli(p)\ny[i in 1..N] ~ Normal(if z[i] == 1 then 3 else -3, 1)", map[string]any{"y": y}, runtime.Options{})
	m := probability(a, b)
	out := predicted(t, post, map[string]any{"N": 2}, runtime.PredictOptions{})
	for _, row := range []string{"1", "2"} {
		check(t, out, "y["+row+"]", 6*m-3, math.Sqrt(1+36*m*(1-m)))
	}
	// A replicate is drawn with the label of its own row: of the first one that is 1, all but surely.
	check(t, predicted(t, post, nil, runtime.PredictOptions{}), "y[1]", 3, 1)

	// A hidden Markov model with known chances: the filter, and then the transitions alone.
	states := []float64{-2, 0, 3}
	P := [3][3]float64{{0.7, 0.2, 0.1}, {0.1, 0.8, 0.1}, {0.2, 0.2, 0.6}}
	y = []float64{-2.3, -1.1, 0.6, 0.2, 1.9}
	alpha := [3]float64{1.0 / 3, 1.0 / 3, 1.0 / 3}
	step := func(alpha [3]float64) (next [3]float64) {
		for i, w := range alpha {
			for j := range next {
				next[j] += w * P[i][j]
			}
		}
		return next
	}
	for i, v := range y {
		if i > 0 {
			alpha = step(alpha)
		}
		total := 0.0
		for k := range alpha {
			alpha[k] *= normal(v, states[k])
			total += alpha[k]
		}
		for k := range alpha {
			alpha[k] /= total
		}
	}
	post = fitted(t, `data y : real[T]
let P = [[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.2, 0.2, 0.6]]
let level = [-2, 0, 3]
s[1] ~ Categorical(ones(3) / 3)
for t in 2..T { s[t] ~ Categorical(P[s[t-1]]) }
plate t in 1..T { y[t] ~ Normal(level[s[t]], 1) }`, map[string]any{"y": y}, runtime.Options{})
	out = predicted(t, post, nil, runtime.PredictOptions{Extend: map[string]int{"T": 2}})
	for _, at := range []string{"6", "7"} {
		alpha = step(alpha)
		var level, levels, state, square float64
		for k, w := range alpha {
			level, levels = level+w*states[k], levels+w*states[k]*states[k]
			state, square = state+w*float64(k+1), square+w*float64((k+1)*(k+1))
		}
		check(t, out, "s["+at+"]", state, math.Sqrt(square-state*state))
		check(t, out, "y["+at+"]", level, math.Sqrt(1+levels-level*level))
	}

	// Counts that are 0 with a probability of their own.
	counts := []int{0, 3, 0, 2, 0, 4, 0, 1}
	a, b = nil, nil
	for _, k := range counts {
		zero := 0.0
		if k == 0 {
			zero = 1
		}
		a, b = append(a, zero), append(b, math.Pow(3, float64(k))*math.Exp(-3)/math.Gamma(float64(k)+1))
	}
	post = fitted(t, "data y : int[N]\np ~ Beta(2, 2)\nz[i in 1..N] ~ Bernoulli(p)\ny[i in 1..N] ~ Poisson(if z[i] == 1 then 0 else 3)", map[string]any{"y": counts}, runtime.Options{})
	m = probability(a, b)
	out = predicted(t, post, map[string]any{"N": 1}, runtime.PredictOptions{Keep: true})
	check(t, out, "y[1]", 3*(1-m), math.Sqrt((1-m)*(3+9)-9*(1-m)*(1-m)))
	q, err := out.Quantity("y[1]")
	if err != nil {
		t.Fatal(err)
	}
	zeros := 0.0
	for _, x := range q.Draws() {
		if x == 0 {
			zeros += 1 / float64(len(q.Draws()))
		}
	}
	if want := m + (1-m)*math.Exp(-3); math.Abs(zeros-want) > 4*math.Sqrt(want*(1-want)/4000) {
		t.Errorf("a new count is 0 with probability %.4f, want %.4f", zeros, want)
	}

	// A row that is missing says nothing, and is predicted as a new one is.
	post = fitted(t, "data y : real?[N]\nmu ~ Normal(0, 3)\ny[i in 1..N] ~ Normal(mu, 1)", map[string]any{"y": []any{1.0, nil, 2.5, 0.5}}, runtime.Options{})
	precision := 1.0/9 + 3
	mean, sd := 4/precision, math.Sqrt(1+1/precision)
	check(t, predicted(t, post, map[string]any{"N": 1}, runtime.PredictOptions{}), "y[1]", mean, sd)
	out = predicted(t, post, nil, runtime.PredictOptions{})
	check(t, out, "y[2]", mean, sd)
	check(t, out, "y[3]", mean, sd)
}

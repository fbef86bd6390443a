package bench

import (
	"context"
	"fmt"
	"testing"
	"time"

	"ppl/runtime"
)

const hierarchicalText = `
data g : factor(J)[N]
data x : real[N]
data y : real[N]
mu ~ Normal(0, 5)
tau ~ HalfNormal(2)
a[j in 1..J] ~ Normal(mu, tau)
b ~ Normal(0, 2)
s ~ HalfNormal(2)
y[i in 1..N] ~ Normal(a[g[i]] + b * x[i], s)
`

func hierarchicalFit(b testing.TB, draws int) *runtime.Posterior {
	b.Helper()
	m, err := runtime.Compile("hier.ppl", []byte(hierarchicalText))
	if err != nil {
		b.Fatal(err)
	}
	r := stream()
	const n = 2000
	x, y, g := make([]float64, n), make([]float64, n), make([]string, n)
	for i := range x {
		x[i], g[i] = r.NormFloat64(), fmt.Sprint("county ", i%85)
		y[i] = float64(i%85)/40 + 0.5*x[i] + r.NormFloat64()
	}
	p, err := m.Bind(runtime.Map(map[string]any{"x": x, "y": y, "g": g}))
	if err != nil {
		b.Fatal(err)
	}
	post, err := p.Fit(context.Background(), runtime.Options{Seed: 1, Draws: draws})
	if err != nil {
		b.Fatal(err)
	}
	return post
}

func newRows(n int) map[string]any {
	r := stream()
	x, g := make([]float64, n), make([]string, n)
	for i := range x {
		x[i], g[i] = r.NormFloat64(), fmt.Sprint("county ", i%85)
	}
	return map[string]any{"x": x, "g": g}
}

func TestTry(t *testing.T) {
	post := hierarchicalFit(t, 4000)
	for _, n := range []int{1, 1000, 20000} {
		for range 2 {
			begun := time.Now()
			if _, err := post.Predict(context.Background(), runtime.Map(newRows(n)), runtime.PredictOptions{}); err != nil {
				t.Fatal(err)
			}
			fmt.Println(n, time.Since(begun))
		}
	}
}

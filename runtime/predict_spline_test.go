package runtime_test

import (
	"math"
	"testing"

	"ppl/runtime"
)

// TestPredictSplines: a regression on a cubic spline whose knots lie at quantiles of a standardised predictor, all of it
// within the model, predicts the same for one new row as for many, and what the curve is there.
func TestPredictSplines(t *testing.T) {
	var x, y []float64
	for i := range 40 {
		at := -2 + float64(i)*0.1
		x, y = append(x, 10+3*at), append(y, math.Sin(at)+0.1*math.Sin(37*float64(i)))
	}
	post := fitted(t, `
data x : real[N]
data y : real[N]
let u = (x - mean(x)) / sd(x)
let knots = [sort(u)[10], sort(u)[20], sort(u)[30]]
let B = [if u[i] > knots[k] then (u[i] - knots[k])^3 else 0 for i in 1..N, k in 1..3]
a ~ Normal(0, 2)
b : real[3] ~ Normal(0, 2)
c : real[3] ~ Normal(0, 2)
sigma ~ HalfNormal(1)
y[i in 1..N] ~ Normal(a + b[1] * u[i] + b[2] * u[i]^2 + b[3] * u[i]^3 + B[i] @ c, sigma)`, map[string]any{"x": x, "y": y}, runtime.Options{})
	one := predicted(t, post, map[string]any{"x": []float64{13.7}}, runtime.PredictOptions{})
	rows := make([]float64, 1000)
	for i := range rows {
		rows[i] = 4 + 0.012*float64(i)
	}
	rows[0] = 13.7
	many := predicted(t, post, map[string]any{"x": rows}, runtime.PredictOptions{})
	p, err := one.Quantity("y[1]")
	if err != nil {
		t.Fatal(err)
	}
	q, err := many.Quantity("y[1]")
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(p.Mean-q.Mean) > 4*p.SD/math.Sqrt(4000)*math.Sqrt2 || math.Abs(p.SD/q.SD-1) > 0.08 {
		t.Errorf("one row %.4f ± %.4f, among a thousand %.4f ± %.4f", p.Mean, p.SD, q.Mean, q.SD)
	}
	if want := math.Sin(3.7 / 3); math.Abs(p.Mean-want) > 0.1 {
		t.Errorf("the curve is at %.3f, want %.3f", p.Mean, want)
	}
}

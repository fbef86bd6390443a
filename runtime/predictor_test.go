package runtime

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"testing"
)

// TestPredictorIsPredict: a Predictor draws the same numbers as Posterior.Predict, to rounding, for every
// model that is lowered, whatever it has been asked before.
func TestPredictorIsPredict(t *testing.T) {
	programs := 0
	for _, c := range forwardModels {
		if c.anew == nil {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			post := forwardFit(t, c.text, c.data)
			opt := c.opt
			opt.Seed, opt.Draws = 7, 300
			x := must(post.Predictor(opt))
			other := map[string]any{}
			for name, v := range c.anew {
				if f, is := v.([]float64); is {
					v = append([]float64{f[len(f)-1] + 0.5}, f[:len(f)-1]...)
				}
				if s, is := v.([]string); is {
					v = append([]string{"b"}, s[:len(s)-1]...)
				}
				other[name] = v
			}
			for _, rows := range []map[string]any{c.anew, other, c.anew} {
				have, err := x.Predict(context.Background(), Map(rows))
				if err != nil {
					t.Fatal(err)
				}
				samePredictions(t, have, must(post.Predict(context.Background(), Map(rows), opt)))
			}
			for _, f := range x.forms {
				if f.c != nil {
					programs++
				}
			}
		})
	}
	if programs < 7 {
		t.Errorf("programs were kept for %d models", programs)
	}
}

func samePredictions(t *testing.T, have, want *Predictions) {
	t.Helper()
	if len(have.Quantities()) != len(want.Quantities()) || len(want.Quantities()) == 0 {
		t.Fatalf("%d quantities, not %d", len(have.Quantities()), len(want.Quantities()))
	}
	for i, w := range want.Quantities() {
		h := have.Quantities()[i]
		x, y := h.Draws(), w.Draws()
		for k := range y {
			if h.Name != w.Name || math.Abs(x[k]-y[k]) > 1e-9*math.Max(1, math.Abs(y[k])) {
				t.Fatalf("%s, draw %d, is %g; %s is %g", h.Name, k+1, x[k], w.Name, y[k])
			}
		}
		if math.Abs(h.Q95-w.Q95) > 1e-9*math.Max(1, math.Abs(w.Q95)) {
			t.Errorf("%s: 95 %% %g, not %g", h.Name, h.Q95, w.Q95)
		}
	}
}

// TestPredictorOfManyGoroutines: the answer hangs on the rows alone, and nothing grows with the calls.
func TestPredictorOfManyGoroutines(t *testing.T) {
	post := forwardFit(t, hierarchyText, hierarchyData())
	x := must(post.Predictor(PredictOptions{Seed: 1, Draws: 200}))
	row := func(i int) map[string]any {
		n := 1 + i%(mostForms+4) // more kinds than are kept
		labels, v := make([]string, n), make([]float64, n)
		for k := range v {
			labels[k], v[k] = []string{"a", "b"}[(i+k)%2], float64(i+k)
		}
		return map[string]any{"g": labels, "x": v}
	}
	want := make([]*Predictions, 60)
	for i := range want {
		want[i] = must(post.Predict(context.Background(), Map(row(i)), PredictOptions{Seed: 1, Draws: 200}))
	}
	var wait sync.WaitGroup
	got := make([]*Predictions, 4*len(want))
	errs := make([]error, len(got))
	for c := range 4 {
		wait.Add(1)
		go func() {
			defer wait.Done()
			for k := range want {
				i := (k*7 + c*13) % len(want)
				got[c*len(want)+i], errs[c*len(want)+i] = x.Predict(context.Background(), Map(row(i)))
			}
		}()
	}
	wait.Wait()
	for i, p := range got {
		if errs[i] != nil {
			t.Fatal(errs[i])
		}
		samePredictions(t, p, want[i%len(want)])
	}
	if len(x.forms) > mostForms || len(x.order) != len(x.forms) {
		t.Errorf("%d programs are kept, in an order of %d", len(x.forms), len(x.order))
	}
}

// TestPredictorRefuses: mistakes in rows are those of Posterior.Predict, and do not stay.
func TestPredictorRefuses(t *testing.T) {
	post := forwardFit(t, "data x : real[N]\ndata y : real[N]\na ~ Normal(0, 1)\nb ~ Exponential(1)\ny[i in 1..N] ~ Normal(a, b * x[i])", map[string]any{"x": []float64{1, 2, 1}, "y": []float64{1, 2, 0}})
	x := must(post.Predictor(PredictOptions{Draws: 100}))
	bad, good := Map(map[string]any{"x": []float64{-1}}), Map(map[string]any{"x": []float64{1}})
	for i := range 3 {
		var data *DataError
		if _, err := x.Predict(context.Background(), bad); !errors.As(err, &data) {
			t.Errorf("call %d: a negative sd gives %v", i, err)
		}
		if _, err := x.Predict(context.Background(), good); err != nil {
			t.Errorf("call %d: %v", i, err)
		}
	}
	stopped, stop := context.WithCancel(context.Background())
	stop()
	if _, err := x.Predict(stopped, good); !errors.Is(err, context.Canceled) {
		t.Errorf("a context that is done gives %v", err)
	}
	for _, opt := range []PredictOptions{{Score: true}, {Extend: map[string]int{"N": 1}}, {Draws: -1}} {
		var option *OptionError
		if _, err := post.Predictor(opt); !errors.As(err, &option) {
			t.Errorf("%s gives %v", fmt.Sprintf("%+v", opt), err)
		}
	}
}

package runtime_test

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"

	"ppl/runtime"
)

// TestQuick: a quick fit has the figures of the default one where nothing is wrong, says that
// nothing has checked it, and is not for NUTS.
func TestQuick(t *testing.T) {
	m, err := runtime.Compile("model.ppl", []byte("data x : real[N]\ndata y : real[N]\na ~ Normal(0, 10)\nb ~ Normal(0, 10)\nsigma ~ HalfNormal(5)\ny[i in 1..N] ~ Normal(a + b * x[i], sigma)"))
	if err != nil {
		t.Fatal(err)
	}
	p, err := m.Bind(runtime.Map(map[string]any{"x": []float64{1, 2, 3, 4, 5, 6, 7, 8}, "y": []float64{1.2, 1.9, 3.3, 3.8, 5.1, 6.4, 6.8, 8.2}}))
	if err != nil {
		t.Fatal(err)
	}
	full, err := p.Fit(context.Background(), runtime.Options{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	quick, err := p.Fit(context.Background(), runtime.Options{Seed: 1, Quick: true})
	if err != nil {
		t.Fatal(err)
	}
	if quick.Verdict() != runtime.Caution || !strings.Contains(strings.Join(quick.Reasons(), "; "), "a quick fit") {
		t.Errorf("verdict %s: %v", quick.Verdict(), quick.Reasons())
	}
	if a, b := quick.Figures().Evaluations, full.Figures().Evaluations; a*10 > b {
		t.Errorf("%d evaluations, and %d without Quick", a, b)
	}
	for i, q := range quick.Quantities() {
		w := full.Quantities()[i]
		if math.Abs(q.Mean-w.Mean) > 0.2*w.SD || math.Abs(q.SD/w.SD-1) > 0.2 || len(q.Draws()) != 1000 {
			t.Errorf("%s: %.3f ± %.3f of %d draws; by default %.3f ± %.3f", q.Name, q.Mean, q.SD, len(q.Draws()), w.Mean, w.SD)
		}
	}
	option := (*runtime.OptionError)(nil)
	if _, err := p.Fit(context.Background(), runtime.Options{Quick: true, Method: runtime.MethodNUTS}); !errors.As(err, &option) || option.Field != "Quick" {
		t.Errorf("with NUTS: %v", err)
	}
}

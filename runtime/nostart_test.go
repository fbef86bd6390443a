package runtime_test

import (
	"errors"
	"strings"
	"testing"

	"ppl/lang/diag"
	"ppl/runtime"
)

// TestNoStart: where a density or a derivative of it is not finite, the error says which statement's and
// in which iteration, whatever the method.
func TestNoStart(t *testing.T) {
	for _, c := range []struct {
		name, text string
		data       map[string]any
		code       diag.Code
		line       int
		found      string
	}{
		{"a derivative",
			"data x : real[N]\ndata y : real[N]\na ~ Normal(0, 1)\ny[i in 1..N] ~ Normal(a + sqrt(a + x[i] - a), 1)",
			map[string]any{"x": []float64{1, 4, 0, 2}, "y": []float64{1, 2, 3, 4}},
			"no-derivatives", 4, "not finite: a derivative of the density of `y`, at i = 3"},
		{"a derivative of a factor, in two plates",
			"data x : real[N, M]\na ~ Normal(0, 1)\nplate i in 1..N {\n  factor -a^2\n  plate j in 1..M { factor -(a + x[i, j] - a)^0.5 }\n}",
			map[string]any{"x": [][]float64{{1, 2, 3}, {4, 0, 6}}},
			"no-derivatives", 5, "not finite: a derivative of the density of a `factor`, at i = 2, j = 2"},
		{"a derivative of one that covers an array",
			"data x : real[N]\ndata y : real[N]\na ~ Normal(0, 1)\ny ~ Normal(sqrt(a + x - a), 1)",
			map[string]any{"x": []float64{1, 0}, "y": []float64{1, 2}},
			"no-derivatives", 4, "not finite: a derivative of the density of `y`, at element 2"},
		{"a density",
			"data x : real[N]\nk ~ LogNormal(0, 1)\nplate i in 1..N { factor k * log(x[i]) }",
			map[string]any{"x": []float64{1, 0.5, 3, 0}},
			"no-finite-start", 3, "not finite: the density of a `factor`, at i = 4"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, err := runtime.Compile("model.ppl", []byte(c.text))
			if err != nil {
				t.Fatal(err)
			}
			p, err := m.Bind(runtime.Map(c.data))
			if err != nil {
				t.Fatal(err)
			}
			for _, method := range []string{"", runtime.MethodNUTS} {
				_, err = p.Fit(t.Context(), runtime.Options{Seed: 1, Method: method})
				var bad *runtime.DataError
				if !errors.As(err, &bad) {
					t.Fatalf("method %q: %v", method, err)
				}
				if d := bad.Diagnostics[0]; d.Code != c.code || d.Found != c.found || line(c.text, d.Span) != c.line {
					t.Errorf("method %q: %s on line %d, %s", method, d.Code, line(c.text, d.Span), d.Found)
				}
			}
		})
	}
}

func line(text string, at diag.Span) int { return 1 + strings.Count(text[:at.Start], "\n") }

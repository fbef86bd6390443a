package runtime_test

import (
	"bytes"
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"ppl/runtime"
)

const firstModel = `data county : factor(J)[N]
data x : real[N]
data y : real[N]
let z = x - mean(x)
mu ~ Normal(0, 5)
plate j in 1..J { a[j] ~ Normal(mu, 1) }
b ~ Normal(0, 1)
plate i in 1..N { y[i] ~ Normal(a[county[i]] + b * z[i], 0.5) }
`

func compiled(t *testing.T, text string) *runtime.Model {
	t.Helper()
	return must(runtime.Compile("new.ppl", []byte(text)))
}

func drawsOf(t *testing.T, out *runtime.Predictions, name string) []float64 {
	t.Helper()
	q, err := out.Quantity(name)
	if err != nil {
		t.Fatal(err)
	}
	return q.Draws()
}

// What another model adds is worked out from the draws of the fit, from memory or loaded, with data for the rows of the
// fit or for new ones; what both models say comes out as without it.
func TestPredictByAnotherModel(t *testing.T) {
	p := boundTo(t, firstModel, map[string]any{"county": []string{"A", "B", "A"}, "x": []float64{1, 2, 3}, "y": []float64{0, 1, 2}})
	post := must(p.Fit(context.Background(), runtime.Options{Draws: 200}))
	var file bytes.Buffer
	if err := post.Save(&file); err != nil {
		t.Fatal(err)
	}
	loaded := must(runtime.Load(bytes.NewReader(file.Bytes()), int64(file.Len())))
	more := firstModel + `data cost : real
data w : real[N]
let half = mu / 2
generate let price = cost * half
generate let weighted_sum = sum([w[i] * a[county[i]] for i in 1..N])
generate fresh ~ Normal(mu, 0.001)
`
	opt := runtime.PredictOptions{Model: compiled(t, more)}
	plain := must(post.Predict(context.Background(), nil, runtime.PredictOptions{}))
	mu, _ := post.Draws("mu")
	a, _ := post.Draws("a[A]")
	b, _ := post.Draws("a[B]")
	for _, from := range []*runtime.Posterior{post, loaded} {
		out := must(from.Predict(context.Background(), values("cost", 10.0, "w", []float64{1, 2, 3}), opt))
		price, sum, fresh := drawsOf(t, out, "price"), drawsOf(t, out, "weighted_sum"), drawsOf(t, out, "fresh")
		for k := range mu {
			if math.Abs(price[k]-5*mu[k]) > 1e-9 || math.Abs(sum[k]-(4*a[k]+2*b[k])) > 1e-9 || math.Abs(fresh[k]-mu[k]) > 0.01 {
				t.Fatalf("draw %d: %g, %g, %g with mu = %g, a = %g, %g", k, price[k], sum[k], fresh[k], mu[k], a[k], b[k])
			}
		}
		if got := drawsOf(t, out, "y[2]"); len(got) != len(drawsOf(t, plain, "y[2]")) {
			t.Errorf("%d replicates", len(got))
		}
	}
	// New rows, with a label that the fit has not seen.
	out := must(loaded.Predict(context.Background(), values("cost", 1.0, "county", []string{"B", "NEW"}, "x", []float64{2, 9}, "w", []float64{1, 0}), opt))
	sum := drawsOf(t, out, "weighted_sum")
	if !slices.Equal(out.Unseen()["J"], []string{"NEW"}) || math.Abs(sum[0]-b[0]) > 1e-9 {
		t.Errorf("unseen %v, the sum is %g, want %g", out.Unseen(), sum[0], b[0])
	}
	predictor := must(post.Predictor(runtime.PredictOptions{Model: compiled(t, firstModel+"generate let twice = 2 * mu\n")}))
	again := must(predictor.Predict(context.Background(), values("county", []string{"B"}, "x", []float64{2})))
	if got := drawsOf(t, again, "twice"); math.Abs(got[7]-2*mu[7]) > 1e-9 {
		t.Errorf("twice is %g where mu is %g", got[7], mu[7])
	}
	// Without the new data the error names them.
	if _, err := post.Predict(context.Background(), nil, opt); err == nil || !strings.Contains(err.Error(), "cost") {
		t.Errorf("without cost: %v", err)
	}
}

// Whatever the draws depend on is compared, and the first that differs is named in its place.
func TestPredictByAModelThatDiffers(t *testing.T) {
	p := boundTo(t, firstModel, map[string]any{"county": []string{"A", "B", "A"}, "x": []float64{1, 2, 3}, "y": []float64{0, 1, 2}})
	post := must(p.Fit(context.Background(), runtime.Options{Draws: 20, Quick: true}))
	for _, c := range []struct{ old, new, want string }{
		{"mu ~ Normal(0, 5)", "mu ~ Normal(0, 6)", "this statement is not that of the model of the fit, which has `mu ~ Normal(0, 5)` here"},
		{"b * z[i], 0.5", "b * z[i], 0.6", "this statement is not that"},
		{"Normal(mu, 1)", "StudentT(3, mu, 1)", "which has `plate j in 1..J { a[j] ~ Normal(mu, 1) }` here"},
		{"mean(x)", "max(x)", "`z` is defined otherwise"},
		{"b ~ Normal(0, 1)\n", "b ~ Normal(0, 1)\nextra ~ Normal(0, 1)\n", "the fit has no latent `extra`"},
		{"b ~ Normal(0, 1)\n", "let b = 1\n", "the fit has a latent `b`, which this model has not"},
		{"b ~ Normal(0, 1)\n", "b ~ Normal(0, 1)\nfactor -b ^ 2\n", "this statement is not"},
		{"mu ~ Normal(0, 5)\n", "", "the fit has a latent `mu`"},
		{"data x : real[N]", "data x : real[N] > 0", "the data `x` are declared otherwise"},
		{"let z = x - mean(x)", "data z : real[N]", "`z` are data here, and a `let` in the model of the fit"},
		{"plate i in 1..N { y[i] ~ Normal(a[county[i]] + b * z[i], 0.5) }\n", "", "the model of the fit goes on with `plate i in 1..N"},
		{"b ~ Normal(0, 1)", "b : real[2] ~ Normal(0, 1)\nlet c = b[1]", "`b` is real[2] here, and real in the model of the fit"},
	} {
		text := strings.Replace(firstModel, c.old, c.new, 1)
		if strings.Contains(c.new, "mu ~") == false && strings.HasPrefix(c.old, "mu ~") && c.new == "" {
			text = strings.Replace(text, "Normal(mu, 1)", "Normal(0, 1)", 1)
		}
		if strings.Contains(c.want, "real[2]") {
			text = strings.Replace(text, "b * z[i]", "c * z[i]", 1)
		}
		m, err := runtime.Compile("new.ppl", []byte(text))
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		_, err = post.Predict(context.Background(), nil, runtime.PredictOptions{Model: m})
		var model *runtime.ModelError
		if !errors.As(err, &model) || model.Diagnostics[0].Code != "another-model" || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s for %s: %v, want %s", c.new, c.old, err, c.want)
		}
	}
	// Comments, spacing, a function and a `let` more, within a plate too, are nothing that the draws depend on.
	text := "# another text\n" + strings.Replace(firstModel, "plate i in 1..N { y", "fn twice(v: real) -> real = 2 * v\nplate i in 1..N {\n  let m = twice(b)\n  y", 1) + "generate let t = twice(mu)\n"
	if _, err := post.Predict(context.Background(), nil, runtime.PredictOptions{Model: compiled(t, text)}); err != nil {
		t.Error(err)
	}
}

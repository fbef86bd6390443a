package runtime

import (
	"context"
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	goruntime "runtime"
)

// forwardModels are fitted and predicted in both ways. new is the data to predict for; nil: replicates.
var forwardModels = []struct {
	name, text string
	data, anew map[string]any
	opt        PredictOptions
}{
	{name: "replicates", text: "data y : real[N]\nmu ~ Normal(0, 3)\ns ~ Exponential(1)\ny[i in 1..N] ~ Normal(mu, s)", data: map[string]any{"y": []float64{1, 2, 4, 3}}},
	{name: "new rows", text: "data x : real[N]\ndata y : real[N]\na ~ Normal(0, 2)\nb ~ Normal(0, 2)\ns ~ Exponential(1)\nlet z = (x - mean(x)) / sd(x)\ny[i in 1..N] ~ StudentT(5, a + b * z[i], s)",
		data: map[string]any{"x": []float64{1, 2, 3, 5}, "y": []float64{1, 2, 4, 3}}, anew: map[string]any{"x": []float64{0, 4, 9}}},
	{name: "a new label", text: "data g : factor(J)[N]\ndata y : real[N]\nm ~ Normal(0, 2)\nt ~ HalfNormal(1)\na[j in 1..J] ~ Normal(m, t)\ny[i in 1..N] ~ Normal(a[g[i]], 0.5)",
		data: map[string]any{"g": []string{"b", "a", "b", "c"}, "y": []float64{3, -1, 4, 1}}, anew: map[string]any{"g": []string{"new", "a", "new"}}},
	{name: "a logistic regression", text: "data x : real[N]\ndata y : bool[N]\na ~ Normal(0, 1)\nb ~ Normal(0, 1)\ny[i in 1..N] ~ Bernoulli(logit = a + b * x[i])",
		data: map[string]any{"x": []float64{-1, 0, 1, 2, 3}, "y": []bool{false, true, false, true, true}}, anew: map[string]any{"x": []float64{-3, 4}}},
	{name: "counts with an offset", text: "data n : real[N]\ndata y : int[N]\na ~ Normal(0, 1)\nphi ~ Exponential(1)\ny[i in 1..N] ~ NegBinomial(mean = n[i] * exp(a), dispersion = phi)",
		data: map[string]any{"n": []float64{1, 4, 3}, "y": []int{2, 9, 4}}, anew: map[string]any{"n": []float64{2, 10}}},
	{name: "a mixture", text: "data y : real[N]\nw ~ Dirichlet([2.0, 2.0])\nm : ordered[2] ~ Normal(0, 3)\nz[i in 1..N] ~ Categorical(w)\ny[i in 1..N] ~ Normal(m[z[i]], 0.7)",
		data: map[string]any{"y": []float64{-2, -1.5, -2.2, 2, 2.5, 1.8}}, anew: map[string]any{"N": 3}},
	{name: "latents of rows", text: "data n : int[N]\ndata y : int[N]\nm ~ Normal(0, 1)\nu[i in 1..N] ~ Normal(m, 0.5)\ny[i in 1..N] ~ Binomial(n[i], logit = u[i])",
		data: map[string]any{"n": []int{10, 8, 12}, "y": []int{6, 3, 9}}, anew: map[string]any{"n": []int{5, 50}}},
	{name: "truncated", text: "data x : real[N]\ndata y : real[N]\na ~ Normal(0, 1)\ny[i in 1..N] ~ Normal(a * x[i], 1) in (0, inf)",
		data: map[string]any{"x": []float64{1, 2, 3}, "y": []float64{1, 1.5, 2}}, anew: map[string]any{"x": []float64{-1, 1}}},
	{name: "vectors", text: "data y : real[N, 2]\nm[k in 1..2] ~ Normal(0, 1)\ns ~ Exponential(1)\nplate i in 1..N { y[i] ~ MvNormal(m, s * [[1.0, 0.5], [0.5, 1.0]]) }",
		data: map[string]any{"y": [][]float64{{1, 2}, {0, 1}, {1, 1}}}},
	{name: "two statements", text: "data x : real[N]\ndata y : real[N]\ndata c : int[N]\na ~ Normal(0, 1)\nplate i in 1..N {\ny[i] ~ LogNormal(a * x[i], 0.4)\nc[i] ~ Poisson(log_rate = a * x[i])\n}",
		data: map[string]any{"x": []float64{1, 2}, "y": []float64{2, 3}, "c": []int{2, 4}}, anew: map[string]any{"x": []float64{0, 1}}},
	{name: "generate", text: "data x : real[N]\ndata y : real[N]\na ~ Normal(0, 1)\ny[i in 1..N] ~ Normal(a * x[i], 1)\ngenerate let best = a^2\ngenerate r ~ Gamma(2, exp(a))",
		data: map[string]any{"x": []float64{1, 2}, "y": []float64{2, 3}}},
	{name: "expectations", text: "data x : real[N]\ndata y : int[N]\na ~ Normal(0, 1)\ny[i in 1..N] ~ Poisson(exp(a * x[i]))",
		data: map[string]any{"x": []float64{1, 2}, "y": []int{2, 3}}, anew: map[string]any{"x": []float64{0.5, -1}}, opt: PredictOptions{Mean: true}},
	{name: "probabilities of categories", text: "data x : real[N]\ndata y : int[N]\nb[k in 1..3] ~ Normal(0, 1)\nplate i in 1..N { y[i] ~ Categorical(logit = b * x[i]) }",
		data: map[string]any{"x": []float64{1, 2, -1}, "y": []int{2, 3, 1}}, anew: map[string]any{"x": []float64{0.5, -1}}, opt: PredictOptions{Mean: true}},
}

func forwardFit(t *testing.T, text string, data map[string]any) *Posterior {
	t.Helper()
	m, err := Compile("model.ppl", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	problem, err := m.Bind(Map(data))
	if err != nil {
		t.Fatal(err)
	}
	post, err := problem.Fit(context.Background(), Options{Seed: 1, Draws: 4000})
	if err != nil {
		t.Fatal(err)
	}
	return post
}

// TestForwardHasTheWalksDistribution compares 4,000 predictions of both ways: the largest
// difference between the distributions of each number (Kolmogorov–Smirnov) has a probability under 1e-6
// in two samples of one distribution; expectations are the same numbers.
func TestForwardHasTheWalksDistribution(t *testing.T) {
	for _, c := range forwardModels {
		t.Run(c.name, func(t *testing.T) {
			post := forwardFit(t, c.text, c.data)
			var anew *Data
			if c.anew != nil {
				anew = Map(c.anew)
			}
			c.opt.Seed = 5
			p, err := post.newPrediction(anew, c.opt)
			if err != nil {
				t.Fatal(err)
			}
			ctx, known := context.Background(), p.known()
			drawn, err := p.walkOne(known, 0)
			if err != nil {
				t.Fatal(err)
			}
			if err := p.shapes(drawn); err != nil {
				t.Fatal(err)
			}
			have, want := p.room(), p.room()
			if done, err := p.runForward(ctx, have); err != nil || !done {
				_, why, _ := p.forward(nil)
				t.Fatalf("not lowered for many draws: %v %s", err, why)
			}
			if err := p.runWalk(ctx, known, drawn); err != nil {
				t.Fatal(err)
			}
			p.gather(want)
			if len(want.Quantities()) == 0 {
				t.Fatal("nothing was predicted")
			}
			for i, w := range want.Quantities() {
				h := have.Quantities()[i]
				if h.Name != w.Name {
					t.Fatalf("%s in the place of %s", h.Name, w.Name)
				}
				x, y := h.Draws(), w.Draws()
				if c.opt.Mean {
					for k := range x {
						if math.Abs(x[k]-y[k]) > 1e-9*math.Max(1, math.Abs(y[k])) {
							t.Fatalf("%s, draw %d: %g, and %g by the walk", h.Name, k+1, x[k], y[k])
						}
					}
					continue
				}
				// Two-sided: P(D > d) ≈ 2·exp(−n d²) for n and n draws.
				if d := largestDifference(x, y); 2*math.Exp(-float64(len(x))*d*d) < 1e-6 {
					t.Errorf("%s: the distributions differ by %.3f: mean %.3f, sd %.3f, and %.3f, %.3f by the walk", h.Name, d, h.Mean, h.SD, w.Mean, w.SD)
				}
			}
		})
	}
}

// largestDifference is that of two empirical distribution functions.
func largestDifference(x, y []float64) (most float64) {
	slices.Sort(x)
	slices.Sort(y)
	i, j := 0, 0
	for i < len(x) && j < len(y) {
		at := math.Min(x[i], y[j])
		for i < len(x) && x[i] == at {
			i++
		}
		for j < len(y) && y[j] == at {
			j++
		}
		most = math.Max(most, math.Abs(float64(i)/float64(len(x))-float64(j)/float64(len(y))))
	}
	return most
}

// manyRows are rows of a hierarchy, of the labels that there are and a new one.
func manyRows(n int) (labels []string, x []float64) {
	labels, x = make([]string, n), make([]float64, n)
	for i := range x {
		labels[i], x[i] = []string{"a", "b", "new"}[i%3], float64(i%7)-3
	}
	return labels, x
}

const hierarchyText = "data g : factor(J)[N]\ndata x : real[N]\ndata y : real[N]\nm ~ Normal(0, 2)\nt ~ HalfNormal(1)\na[j in 1..J] ~ Normal(m, t)\nb ~ Normal(0, 1)\nlet z = x - mean(x)\ny[i in 1..N] ~ Normal(a[g[i]] + b * z[i], 0.01)"

func hierarchyData() map[string]any {
	return map[string]any{"g": []string{"b", "a", "b", "a"}, "x": []float64{1, 2, 0, 1}, "y": []float64{2, -1, 1.5, -1.2}}
}

// TestBlocksOfRows: rows in different blocks share the draws of the latents that they have in common, those of
// a new label too, and have the distribution that they have alone; neither the number of cores nor
// whether draws are kept makes a difference.
func TestBlocksOfRows(t *testing.T) {
	post := forwardFit(t, hierarchyText, hierarchyData())
	const n = 2400 // with 4,000 draws three blocks
	labels, x := manyRows(n)
	predict := func(cores int, keep bool) *Predictions {
		defer goruntime.GOMAXPROCS(goruntime.GOMAXPROCS(cores))
		p, err := post.newPrediction(Map(map[string]any{"g": labels, "x": x}), PredictOptions{Seed: 3})
		if err != nil {
			t.Fatal(err)
		}
		drawn, err := p.walkOne(p.known(), 0)
		if err != nil {
			t.Fatal(err)
		}
		if err := p.shapes(drawn); err != nil {
			t.Fatal(err)
		}
		if b := p.blocks(); b.dim != "N" || b.size >= n/2 {
			t.Fatalf("%d rows in blocks of %d", n, b.size)
		}
		out := p.room()
		if _, err := p.runBlocks(context.Background(), out, keep); err != nil {
			t.Fatal(err)
		}
		return out
	}
	out, bare := predict(1, true), predict(3, false)
	few := must(post.Predict(context.Background(), Map(map[string]any{"g": labels[:6], "x": x[:6]}), PredictOptions{Seed: 3}))
	for i, q := range out.Quantities() {
		if p := bare.Quantities()[i]; p.Name != q.Name || p.Mean != q.Mean || p.SD != q.SD || p.Q5 != q.Q5 || p.Q95 != q.Q95 || p.Draws() != nil {
			t.Fatalf("%s: %g ± %g on one core, and %s: %g ± %g on three", q.Name, q.Mean, q.SD, p.Name, p.Mean, p.SD)
		}
	}
	for i := range 6 {
		for _, k := range []int{i, i + 2100 - 2100%21} { // labels go by 3, x by 7
			have, want := out.Quantities()[k], few.Quantities()[i]
			if d := largestDifference(have.Draws(), want.Draws()); 2*math.Exp(-4000*d*d) < 1e-6 {
				t.Errorf("%s: %.3f ± %.3f, and alone %.3f ± %.3f", have.Name, have.Mean, have.SD, want.Mean, want.SD)
			}
		}
	}
	// The new label of two rows, far apart, with the same x: the draws differ by the noise alone.
	one, two := out.Quantities()[2].Draws(), out.Quantities()[2+2100].Draws()
	for k := range one {
		if math.Abs(one[k]-two[k]) > 0.01*math.Sqrt2*6 {
			t.Fatalf("draw %d of the new label is %.3f in one block and %.3f in another", k+1, one[k], two[k])
		}
	}
	if err := bare.WriteCSV(io.Discard); !errors.As(err, new(*NotKept)) {
		t.Errorf("draws that were not kept are written: %v", err)
	}
	if err := bare.WriteTable(io.Discard, TableOptions{HDI: 0.9}); !errors.As(err, new(*NotKept)) {
		t.Errorf("quantiles of draws that were not kept: %v", err)
	}
	if err := bare.WriteTable(io.Discard, TableOptions{}); err != nil {
		t.Error(err)
	}
}

// TestReplicatesInBlocks: replicates of the data of a fit keep what the model computes over them.
func TestReplicatesInBlocks(t *testing.T) {
	const n = 1500
	x, y := make([]float64, n), make([]float64, n)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range x {
		x[i] = float64(i) / n
		y[i] = 3*x[i] + 0.1*r.NormFloat64()
	}
	post := forwardFit(t, "data x : real[N]\ndata y : real[N]\na ~ Normal(0, 1)\nb ~ Normal(0, 5)\nlet z = x - mean(x)\ny[i in 1..N] ~ Normal(a + b * z[i], 0.1)", map[string]any{"x": x, "y": y})
	out := must(post.Predict(context.Background(), nil, PredictOptions{Seed: 3}))
	for _, i := range []int{0, 700, 1499} {
		if q := out.Quantities()[i]; math.Abs(q.Mean-3*x[i]) > 0.02 {
			t.Errorf("%s: %.3f, where %.3f was simulated", q.Name, q.Mean, 3*x[i])
		}
	}
}

func must[T any](x T, err error) T {
	if err != nil {
		panic(err)
	}
	return x
}

// TestForwardRefusesWhatTheWalkRefuses: a parameter that is out of its range at some draws only is an error
// that names it, and no draw from something else.
func TestForwardRefusesWhatTheWalkRefuses(t *testing.T) {
	post := forwardFit(t, "data x : real[N]\ndata y : real[N]\na ~ Normal(0, 1)\nb ~ Normal(0, 1)\ny[i in 1..N] ~ Normal(a, 1.5 + b * x[i])", map[string]any{"x": []float64{0, 0.1, 0}, "y": []float64{1, 2, 0}})
	for _, mean := range []bool{false, true} {
		var data *DataError
		_, err := post.Predict(context.Background(), Map(map[string]any{"x": []float64{0, 1.2}}), PredictOptions{Mean: mean})
		if !errors.As(err, &data) || !strings.Contains(err.Error(), "`sd`") {
			t.Errorf("an sd that is negative at some draws gives %v", err)
		}
	}
}

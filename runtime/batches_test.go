package runtime_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"ppl/graph/lower"
	"ppl/inference/target"
	"ppl/runtime"
	"ppl/runtime/data"
)

// logisticRow is a row of a logistic regression.
type logisticRow struct {
	X []float64
	Y int `ppl:"y"`
}

func logisticRows(n int) iter.Seq[logisticRow] {
	return func(yield func(logisticRow) bool) {
		r := rand.New(rand.NewPCG(3, 5))
		b := []float64{0.5, -1, 0.2}
		for range n {
			row := logisticRow{X: make([]float64, len(b))}
			eta := 0.0
			for j := range b {
				row.X[j] = r.NormFloat64()
				eta += b[j] * row.X[j]
			}
			if r.Float64() < 1/(1+math.Exp(-eta)) {
				row.Y = 1
			}
			if !yield(row) {
				return
			}
		}
	}
}

const logisticModel = `data X : real[N, D]
data y : int[N] in 0..1
b : real[D] ~ Normal(0, 2)
y ~ Bernoulli(logit = X @ b)
`

// inBatches fits a text in batches.
func inBatches(t *testing.T, text string, rows []data.Part, opt runtime.Options, batch runtime.BatchOptions) (*runtime.Posterior, error) {
	t.Helper()
	m, err := runtime.Compile("model.ppl", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if batch.Dim == "" {
		batch.Dim = "N"
	}
	return m.FitBatches(context.Background(), rows, opt, batch)
}

func parts(values map[string]any) []data.Part {
	return []data.Part{data.TablesPart(data.FromMap(values))}
}

// TestBatchesExact: exact passes end where a fit of all rows at once does, from an iterator of rows as from arrays, with the same bits
// each time.
func TestBatchesExact(t *testing.T) {
	const n = 2000
	var x [][]float64
	var y []int
	for row := range logisticRows(n) {
		x, y = append(x, row.X), append(y, row.Y)
	}
	values := map[string]any{"X": x, "y": y}
	whole := fitText(t, logisticModel, values, runtime.Options{})
	var first string
	for _, rows := range [][]data.Part{parts(values), parts(values), {data.RowsPart(func() iter.Seq[logisticRow] { return logisticRows(n) })}} {
		post, err := inBatches(t, logisticModel, rows, runtime.Options{}, runtime.BatchOptions{Size: 128})
		if err != nil {
			t.Fatal(err)
		}
		sameMoments(t, "batches", whole, post, 0.08)
		if post.Verdict() != runtime.Good {
			t.Errorf("verdict %v: %v", post.Verdict(), post.Reasons())
		}
		text := fmt.Sprint(post.Mean("b[1]"))
		if first == "" {
			first = text
		}
		if len(rows) > 0 && text != first && !strings.Contains(fmt.Sprintf("%T", rows[0]), "rowsPart") {
			t.Errorf("once %s, once %s", first, text)
		}
	}
}

// TestBatchesOfParams: without latents the estimates, and their standard errors, are those of maximum likelihood over all rows.
func TestBatchesOfParams(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 9))
	x, y := make([]float64, 500), make([]float64, 500)
	for i := range x {
		x[i] = r.NormFloat64()
		y[i] = 2 - 0.7*x[i] + 1.5*r.NormFloat64()
	}
	text := "data x : real[N]\ndata y : real[N]\nparam a : real\nparam b : real\nparam s : real > 0\ny ~ Normal(a + b * x, s)\n"
	values := map[string]any{"x": x, "y": y}
	want, whole := learn(t, text, values, runtime.Options{})
	post, err := inBatches(t, text, parts(values), runtime.Options{}, runtime.BatchOptions{Size: 50})
	if err != nil {
		t.Fatal(err)
	}
	for k, p := range post.Params() {
		within(t, p.Symbol, p.Values[0], want[p.Symbol], 1e-3)
		within(t, "the standard error of "+p.Symbol, p.Errors[0], whole.Params()[k].Errors[0], 1e-3)
	}
}

// TestBatchesAstray: where exact passes lead nowhere, into the funnel of a hierarchical scale, the answer is that of the stochastic part,
// and is not called good.
func TestBatchesAstray(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 9))
	g, y := make([]int, 120), make([]float64, 120)
	effect := []float64{0.2, -0.3, 0.1, 0.4}
	for i := range y {
		g[i] = 1 + i%4
		y[i] = 1 + effect[i%4] + 0.3*r.NormFloat64()
	}
	text := "data g : int[N]\ndata y : real[N]\nbase ~ Normal(1, 1)\nspread ~ HalfNormal(0.5)\nsigma ~ HalfNormal(1)\nskill[b in 1..4] ~ Normal(0, spread)\n" +
		"plate i in 1..N { y[i] ~ Normal(base + skill[g[i]], sigma) }\n"
	values := map[string]any{"g": g, "y": y}
	whole := fitText(t, text, values, runtime.Options{})
	post, err := inBatches(t, text, parts(values), runtime.Options{}, runtime.BatchOptions{Size: 20, Epochs: 900})
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range whole.Quantities() {
		if b, _ := post.Quantity(q.Name); math.Abs(b.Mean-q.Mean) > q.SD {
			t.Errorf("%s is %.3f, and %.3f ± %.3f of all rows at once", q.Name, b.Mean, q.Mean, q.SD)
		}
	}
	if post.Verdict() == runtime.Good && post.Figures().Applied != "importance weights" {
		t.Errorf("verdict %v: %v", post.Verdict(), post.Reasons())
	}
}

// TestBatchesUnchecked: params at a rate that stays are never called good.
func TestBatchesUnchecked(t *testing.T) {
	post, err := inBatches(t, "data y : real[N]\nparam a : real\ny ~ Normal(a, 1)\n", parts(map[string]any{"y": []float64{1, 2, 3, 4, 5, 6}}), runtime.Options{}, runtime.BatchOptions{Size: 2, Rate: 0.05, Epochs: 3})
	if err != nil || post.Verdict() == runtime.Good {
		t.Errorf("verdict %v: %v, %v", post.Verdict(), post.Reasons(), err)
	}
}

// TestBatchesOfLatents: latents of rows, with the guide that the model writes or one of their own, and the params beside them, which
// are those of maximum likelihood, where the guide can be the posterior.
func TestBatchesOfLatents(t *testing.T) {
	const n = 400
	r := rand.New(rand.NewPCG(4, 9))
	y := make([]float64, n)
	mean, square := 0.0, 0.0
	for i := range y {
		y[i] = 2 + 1.3*r.NormFloat64() + 0.7*r.NormFloat64()
		mean += y[i] / n
	}
	for _, v := range y {
		square += (v - mean) * (v - mean) / n
	}
	model := "data y : real[N]\nparam mu : real\nparam tau : real > 0\nplate i in 1..N {\n  z[i] ~ Normal(mu, tau)\n  y[i] ~ Normal(z[i], 0.7)\n}\n"
	for name, guide := range map[string]string{
		"amortised": "param b : real[2]\nparam s : real > 0\nguide { plate i in 1..N { z[i] ~ Normal(b[1] + b[2] * y[i], s) } }\n",
		"their own": "",
	} {
		post, err := inBatches(t, model+guide, parts(map[string]any{"y": y}), runtime.Options{Particles: 4}, runtime.BatchOptions{Size: 50, Epochs: 600})
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range post.Params() {
			switch p.Symbol {
			case "mu":
				within(t, name+": mu", p.Values[0], mean, 0.04)
			case "tau":
				within(t, name+": tau", p.Values[0], math.Sqrt(square-0.49), 0.06)
			}
		}
		if len(post.Quantities()) != 0 {
			t.Errorf("%s: latents of rows are reported: %v", name, post.Quantities()[0].Name)
		}
	}
}

// TestBatchesUnbiased: the terms of all batches, and their gradients, are those of all rows at once, for sites of all kinds; so what
// one batch gives, N/n times as much, has the right mean.
func TestBatchesUnbiased(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 9))
	n := 23
	x, y, k := make([]float64, n), make([]float64, n), make([]int, n)
	for i := range x {
		x[i], y[i], k[i] = r.NormFloat64(), math.Exp(0.3*r.NormFloat64()), r.IntN(3)
	}
	values := map[string]any{"x": x, "y": y, "k": k}
	head := "data x : real[N]\ndata y : real[N]\ndata k : int[N]\n"
	for name, text := range map[string]string{
		"global":      "a ~ Normal(0, 1)\ns ~ HalfNormal(1)\ny ~ Normal(a * x, s)\nk ~ Poisson(exp(a))\n",
		"simplex":     "w ~ Dirichlet([1, 2, 3])\nlet j = k + 1\nplate i in 1..N { j[i] ~ Categorical(w) }\n",
		"local":       "m ~ Normal(0, 1)\nz[i in 1..N] ~ Normal(m, 0.5)\ny[i in 1..N] ~ Normal(z[i], 1)\n",
		"positive":    "z[i in 1..N] ~ Gamma(2, 3)\ny[i in 1..N] ~ Exponential(z[i])\n",
		"summed":      "m : ordered[2] ~ Normal(0, 1)\nplate i in 1..N {\n c[i] ~ Bernoulli(0.3)\n x[i] ~ Normal(m[c[i] + 1], 1)\n}\n",
		"factor":      "a ~ Normal(0, 1)\nplate i in 1..N { factor -(y[i] - a)^2 }\nfactor -a^4\n",
		"guide":       "param v : real[2]\nz[i in 1..N] ~ Normal(0, 1)\ny[i in 1..N] ~ Normal(z[i], 1)\nguide { plate i in 1..N { z[i] ~ Normal(v[1] * x[i], exp(v[2])) } }\n",
		"gamma guide": "param v : real[2]\nz[i in 1..N] ~ Gamma(2, 1)\ny[i in 1..N] ~ Exponential(z[i])\nguide { plate i in 1..N { z[i] ~ Gamma(exp(v[1] + v[2] * x[i]), 2) } }\n",
		"both":        "param v : real\ng ~ Normal(0, 1)\nz[i in 1..N] ~ Normal(g, 1)\ny[i in 1..N] ~ Normal(z[i], 1)\nguide { g ~ Normal(v, 1)\n plate i in 1..N { z[i] ~ Normal(g + v * x[i], 1) } }\n",
		"weights":     "a ~ Normal(0, 1)\ny[i in 1..N] ~ Normal(a, 1) weighted y[i]\n",
		"vectors":     "L : cholesky_corr[2] ~ LKJCholesky(1.5)\nlet v = [[x[i], y[i]] for i in 1..N]\nplate i in 1..N { v[i] ~ MvNormal(zeros(2), chol = L) }\n",
	} {
		m, err := runtime.Compile("model.ppl", []byte(head+text))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		p, err := m.Bind(runtime.Map(values))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		full := p.Target()
		base := *full.Data
		base.Refilled = map[string]bool{"x": true, "y": true, "k": true}
		rows := func(from, to int) *target.Rows {
			d := base.Rows(m.Checked(), "N", from, to)
			index := make([]int, to-from)
			for i := range index {
				index[i] = from + i
			}
			return &target.Rows{Data: d, Index: index}
		}
		b, err := target.NewBatched(full, "N", n, 1, lower.Relaxation{}, rows(0, 3), rows(3, 6), rows(0, 6))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		u := make([]float64, full.D)
		for i := range u {
			u[i] = 0.5 * r.NormFloat64()
		}
		full.Direct = true
		surf, err := full.NewSurface()
		if err != nil {
			t.Fatal(err)
		}
		lp, g := make([]float64, 1), make([]float64, full.D)
		if err := surf.Gradient(u, lp, g); err != nil {
			t.Fatal(err)
		}
		sum, slope := 0.0, make([]float64, full.D)
		for from := 0; from < n; from += 7 {
			to := min(n, from+7)
			here := rows(from, to)
			at := placesOf(full, b, from, to)
			one := make([]float64, len(at))
			for i, k := range at {
				one[i] = u[k]
			}
			e, err := b.Evaluate(here, one, nil, 1, float64(to-from)/float64(n))
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			sum += e.LogDensity[0]
			for i, k := range at {
				slope[k] += e.Gradient[i]
			}
		}
		within(t, name+": the log density", sum, lp[0], 1e-9*(1+math.Abs(lp[0])))
		for i := range slope {
			within(t, fmt.Sprintf("%s: derivative %d", name, i), slope[i], g[i], 1e-8*(1+math.Abs(g[i])))
		}
		if b.Compiled > 2 { // batches of 7 rows, and one of 2
			t.Errorf("%s: %d programs were compiled", name, b.Compiled)
		}
	}
}

// placesOf are where the numbers of a batch stand among those of all rows.
func placesOf(full *target.Target, b *target.Batched, from, to int) []int {
	var at []int
	for k, s := range full.Slots {
		n := s.Free.Size()
		if !b.Local[k] {
			for i := range n {
				at = append(at, s.Offset+i)
			}
			continue
		}
		each := n / s.Free[0]
		for i := from * each; i < to*each; i++ {
			at = append(at, s.Offset+i)
		}
	}
	return at
}

// TestBatchesRefused: what couples rows is named, and so is a row without a value; options that do not go with batches say so.
func TestBatchesRefused(t *testing.T) {
	values := map[string]any{"x": []float64{1, 2, 3, 4, 5, 6}, "y": []float64{1, 2, 3, 5, 4, 6}}
	head := "data x : real[N]\ndata y : real[N]\nb ~ Normal(0, 1)\n"
	for name, text := range map[string]string{
		"mean":   "y ~ Normal(b * (x - mean(x)), 1)\n",
		"length": "y ~ Normal(b * x / N, 1)\n",
		"before": "for i in 2..N { y[i] ~ Normal(b * y[i-1], 1) }\n",
	} {
		_, err := inBatches(t, head+text, parts(values), runtime.Options{}, runtime.BatchOptions{Size: 2})
		if model := (*runtime.ModelError)(nil); !errors.As(err, &model) || !strings.Contains(err.Error(), "`y`") || !strings.Contains(err.Error(), "couples rows") {
			t.Errorf("%s: %v", name, err)
		}
	}
	plain := head + "y ~ Normal(b * x, 1)\n"
	path := filepath.Join(t.TempDir(), "d.csv")
	if err := os.WriteFile(path, []byte("x,y\n1,1\n2,2\n3,nan\n4,4\n5,\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := inBatches(t, plain, runtime.RowsOf(path), runtime.Options{}, runtime.BatchOptions{Size: 2})
	if dataError := (*runtime.DataError)(nil); !errors.As(err, &dataError) || !strings.Contains(err.Error(), "row 3") || !strings.Contains(err.Error(), "y[3]") {
		t.Errorf("a missing value: %v", err)
	}
	bad := head + "y ~ Exponential(exp(b * x))\n"
	_, err = inBatches(t, bad, parts(map[string]any{"x": []float64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14}, "y": []float64{1, 2, 3, 5, 4, 6, 1, 1, 1, 1, 1, 1, 1, -3}}), runtime.Options{}, runtime.BatchOptions{Size: 2})
	if dataError := (*runtime.DataError)(nil); !errors.As(err, &dataError) || !strings.Contains(err.Error(), "row 14") {
		t.Errorf("a value outside of the support: %v", err)
	}
	_, err = inBatches(t, "data x : real[N]\ndata y : real[N]\nparam s : real = 1\ny ~ Normal(0, sqrt(s - 3) + x)\n", parts(values), runtime.Options{}, runtime.BatchOptions{Size: 2})
	if err == nil || !strings.Contains(err.Error(), "`y`") || !strings.Contains(err.Error(), "not finite") {
		t.Errorf("a density that is not finite: %v", err)
	}
	for field, c := range map[string]struct {
		opt   runtime.Options
		batch runtime.BatchOptions
	}{
		"Method": {runtime.Options{Method: runtime.MethodNUTS}, runtime.BatchOptions{}},
		"Quick":  {runtime.Options{Quick: true}, runtime.BatchOptions{}},
		"Guide":  {runtime.Options{Guide: "fullrank"}, runtime.BatchOptions{}},
		"Size":   {runtime.Options{}, runtime.BatchOptions{Size: -1}},
		"Epochs": {runtime.Options{}, runtime.BatchOptions{Epochs: -1}},
		"Rate":   {runtime.Options{}, runtime.BatchOptions{Rate: 7}},
		"Memory": {runtime.Options{}, runtime.BatchOptions{Memory: -1}},
	} {
		_, err := inBatches(t, plain, parts(values), c.opt, c.batch)
		if option := (*runtime.OptionError)(nil); !errors.As(err, &option) || option.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
	if _, err := inBatches(t, plain, parts(values), runtime.Options{}, runtime.BatchOptions{Dim: "M"}); err == nil || !strings.Contains(err.Error(), "M") {
		t.Errorf("a dimension that is none: %v", err)
	}
}

// TestBatchesInterrupted: a fit in batches that is cancelled hands over what it had reached, and one out of time is poor.
func TestBatchesInterrupted(t *testing.T) {
	m, err := runtime.Compile("model.ppl", []byte(logisticModel))
	if err != nil {
		t.Fatal(err)
	}
	rows := []data.Part{data.RowsPart(func() iter.Seq[logisticRow] { return logisticRows(3000) })}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	_, err = m.FitBatches(ctx, rows, runtime.Options{}, runtime.BatchOptions{Dim: "N", Size: 100, Progress: func(p runtime.BatchProgress) {
		if p.Rows > 1000 {
			cancel()
		}
	}})
	if stopped := (*runtime.Stopped)(nil); !errors.As(err, &stopped) || !errors.Is(err, context.Canceled) || stopped.Posterior == nil || stopped.Posterior.Verdict() != runtime.Poor {
		t.Errorf("cancelled: %v", err)
	}
	_, err = m.FitBatches(context.Background(), rows, runtime.Options{}, runtime.BatchOptions{Dim: "N", Size: 100, Progress: func(runtime.BatchProgress) { panic("of the caller") }})
	if callback := (*runtime.CallbackError)(nil); !errors.As(err, &callback) || callback.Callback != "BatchOptions.Progress" {
		t.Errorf("a progress that panics: %v", err)
	}
	post, err := m.FitBatches(context.Background(), rows, runtime.Options{MaxTime: 30 * time.Millisecond}, runtime.BatchOptions{Dim: "N", Size: 100})
	if err != nil || post.Verdict() != runtime.Poor || !slices.ContainsFunc(post.Reasons(), func(s string) bool { return strings.Contains(s, "time limit") }) {
		t.Errorf("out of time: %v, %v", post, err)
	}
}

// TestBatchesSaved: a fit in batches is saved, loaded and predicts new rows; what needs the rows that were fitted is refused, by
// the fit at hand and by the loaded one.
func TestBatchesSaved(t *testing.T) {
	m, err := runtime.Compile("model.ppl", []byte(logisticModel))
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	post, err := m.FitBatches(ctx, []data.Part{data.RowsPart(func() iter.Seq[logisticRow] { return logisticRows(600) })}, runtime.Options{Draws: 500}, runtime.BatchOptions{Dim: "N", Size: 100})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "fit.zarr.zip")
	if err := post.SaveFile(path); err != nil {
		t.Fatal(err)
	}
	loaded, err := runtime.LoadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if table := sameTable(t, post, loaded); !strings.Contains(table, "batches of 100 rows") {
		t.Errorf("the table says nothing of batches:\n%s", table)
	}
	for _, p := range []*runtime.Posterior{post, loaded} {
		pred, err := p.Predict(ctx, runtime.Map(map[string]any{"X": [][]float64{{1, 0, 0}, {0, 1, 0}}}), runtime.PredictOptions{})
		if err != nil {
			t.Fatal(err)
		}
		b, _ := p.Quantity("b[1]")
		within(t, "the first prediction", pred.Quantities()[0].Mean, 1/(1+math.Exp(-b.Mean)), 0.08)
		gone := (*runtime.RowsGone)(nil)
		if _, err := p.LOO(ctx, runtime.LOOOptions{}); !errors.As(err, &gone) {
			t.Errorf("loo: %v", err)
		}
		if _, err := p.PPC(ctx, runtime.PPCOptions{}); !errors.As(err, &gone) {
			t.Errorf("ppc: %v", err)
		}
		if _, err := p.Predict(ctx, nil, runtime.PredictOptions{}); !errors.As(err, &gone) {
			t.Errorf("replicates: %v", err)
		}
		if _, err := p.LogLikelihood(); !errors.As(err, &gone) {
			t.Errorf("log likelihood: %v", err)
		}
	}
}

// TestBatchesResumed: a fit that is stopped in the middle of an epoch, saved, loaded and gone on with has the bits of one that is
// not stopped: with latents of rows and without, at a rate that falls, one that stays, and before exact passes.
func TestBatchesResumed(t *testing.T) {
	y := make([]float64, 200)
	r := rand.New(rand.NewPCG(4, 9))
	for i := range y {
		y[i] = 2 + 1.5*r.NormFloat64()
	}
	rows := func() []data.Part { return parts(map[string]any{"y": y}) }
	local := "data y : real[N]\nparam mu : real\nparam tau : real > 0\nplate i in 1..N {\n  z[i] ~ Normal(mu, tau)\n  y[i] ~ Normal(z[i], 0.7)\n}\n"
	guide := "param b : real[2]\nparam s : real > 0\nguide { plate i in 1..N { z[i] ~ Normal(b[1] + b[2] * y[i], s) } }\n"
	for name, c := range map[string]struct {
		text  string
		batch runtime.BatchOptions
	}{
		"latents of rows": {local, runtime.BatchOptions{Size: 30, Epochs: 60}},
		"a guide":         {local + guide, runtime.BatchOptions{Size: 30, Epochs: 200}},
		"a fixed rate":    {local + guide, runtime.BatchOptions{Size: 30, Epochs: 20, Rate: 0.01}},
		"exact passes":    {"data y : real[N]\nmu ~ Normal(0, 5)\ns ~ HalfNormal(3)\ny ~ Normal(mu, s)\n", runtime.BatchOptions{Size: 30}},
	} {
		m, err := runtime.Compile("model.ppl", []byte(c.text))
		if err != nil {
			t.Fatal(err)
		}
		c.batch.Dim = "N"
		whole, err := m.FitBatches(context.Background(), rows(), runtime.Options{Draws: 200}, c.batch)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		half := c.batch
		half.Progress = func(p runtime.BatchProgress) {
			if p.Rows > 2650 {
				cancel()
			}
		}
		_, err = m.FitBatches(ctx, rows(), runtime.Options{Draws: 200}, half)
		cancel()
		stopped := (*runtime.Stopped)(nil)
		if !errors.As(err, &stopped) || stopped.Posterior == nil {
			t.Fatalf("%s: %v", name, err)
		}
		path := filepath.Join(t.TempDir(), "half.zarr.zip")
		if err := stopped.Posterior.SaveFile(path); err != nil {
			t.Fatal(err)
		}
		again := c.batch
		if again.Resume, err = runtime.LoadFile(path); err != nil {
			t.Fatal(err)
		}
		least := math.MaxInt
		again.Progress = func(p runtime.BatchProgress) { least = min(least, p.Rows) }
		rest, err := m.FitBatches(context.Background(), rows(), runtime.Options{Draws: 200}, again)
		if least <= 2650 {
			t.Errorf("%s: the fit began anew", name)
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if a, b := fmt.Sprint(whole.Params(), whole.Figures().ELBO), fmt.Sprint(rest.Params(), rest.Figures().ELBO); a != b {
			t.Errorf("%s: at once\n%s\nin two parts\n%s", name, a, b)
		}
		for _, q := range whole.Quantities() {
			a, _ := whole.Draws(q.Name)
			if b, _ := rest.Draws(q.Name); !slices.Equal(a, b) {
				t.Errorf("%s: draws of %s differ", name, q.Name)
			}
		}
		other := again
		other.Size = 20
		option := (*runtime.OptionError)(nil)
		if _, err := m.FitBatches(context.Background(), rows(), runtime.Options{}, other); !errors.As(err, &option) || option.Field != "Resume" {
			t.Errorf("%s, batches of another size: %v", name, err)
		}
	}
}

// TestBatchesHeldOut: where the guide is the posterior both bounds of rows that were held out are their log density; where it is not
// the weighted one is, and the other lies below. Without a guide of the model's there are none.
func TestBatchesHeldOut(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 9))
	y, held := make([]float64, 300), make([]float64, 40)
	for i := range y {
		y[i] = 2 + 1.5*r.NormFloat64()
	}
	for i := range held {
		held[i] = 2 + 1.5*r.NormFloat64()
	}
	model := "data y : real[N]\nplate i in 1..N {\n  z[i] ~ Normal(2, 1.3)\n  y[i] ~ Normal(z[i], 0.7)\n}\n"
	want := 0.0
	for _, v := range held {
		s2 := 1.69 + 0.49
		want += (-0.5*(v-2)*(v-2)/s2 - 0.5*math.Log(2*math.Pi*s2)) / float64(len(held))
	}
	w := 1.69 / (1.69 + 0.49)
	for name, guide := range map[string]string{
		"the posterior": fmt.Sprintf("param c : real = 0\nguide { plate i in 1..N { z[i] ~ Normal(2 + %g * (y[i] - 2), %g + 0 * c) } }\n", w, math.Sqrt(0.49*w)),
		"wider":         fmt.Sprintf("param c : real = 0\nguide { plate i in 1..N { z[i] ~ Normal(2 + %g * (y[i] - 2), %g + 0 * c) } }\n", w, 1.3*math.Sqrt(0.49*w)),
	} {
		post, err := inBatches(t, model+guide, parts(map[string]any{"y": y}), runtime.Options{}, runtime.BatchOptions{Size: 30, Epochs: 1, Rate: 0.001, HeldOut: parts(map[string]any{"y": held})})
		if err != nil {
			t.Fatal(err)
		}
		var text strings.Builder
		if err := post.WriteTable(&text, runtime.TableOptions{}); err != nil {
			t.Fatal(err)
		}
		var elbo, bound float64
		for _, line := range strings.Split(text.String(), "\n") {
			if strings.HasPrefix(line, "held out") {
				fmt.Sscanf(line[strings.Index(line, "ELBO"):], "ELBO %f", &elbo)
				fmt.Sscanf(line[strings.Index(line, "draws"):], "draws %f", &bound)
			}
		}
		within(t, name+": the bound", bound, want, 0.01)
		if below := 0.5*(1.69-1) - math.Log(1.3); name == "wider" {
			within(t, name+": the ELBO", elbo, want-below, 0.02)
		} else {
			within(t, name+": the ELBO, which is shown with two digits,", elbo, want, 0.006)
		}
	}
	_, err := inBatches(t, "data y : real[N]\nparam tau : real > 0\nplate i in 1..N {\n  z[i] ~ Normal(2, tau)\n  y[i] ~ Normal(z[i], 0.7)\n}\n", parts(map[string]any{"y": y}), runtime.Options{},
		runtime.BatchOptions{Size: 30, Epochs: 1, Rate: 0.001, HeldOut: parts(map[string]any{"y": held})})
	if option := (*runtime.OptionError)(nil); !errors.As(err, &option) || option.Field != "HeldOut" {
		t.Errorf("without a guide: %v", err)
	}
}

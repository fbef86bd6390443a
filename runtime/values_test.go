package runtime

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"ppl/graph"
	"ppl/inference/random"
	"ppl/inference/target"
)

// The log density at values of the latents, on the scale of the model, is that on the
// unconstrained scale less the logarithm of the Jacobian of the transforms: of every
// example, and of random models.

// failer is what *testing.T and *rapid.T have in common.
type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

// compareValues looks at n points of a target; text says which model it is.
func compareValues(t failer, tg *target.Target, n int, text string) {
	t.Helper()
	r := random.Stream(9, "values", n)
	u := make([]float64, n*tg.D)
	for i := range u {
		u[i] = 0.5 * r.NormFloat64()
	}
	values, want := valuesAt(t, tg, u, n)
	d, err := tg.NewLogDensity(target.Summed)
	if sum := (*target.ErrSummed)(nil); errors.As(err, &sum) && text == "reactor" { // 36 latents in one expression
		d, err = tg.NewLogDensity(target.Given)
		if err != nil {
			t.Fatalf("%v", err)
		}
		for _, q := range d.Latents {
			if q.Discrete {
				values[q.Symbol.Name] = make([]float64, n*q.Shape.Size())
			}
		}
		got, err := d.At(values, n)
		if err != nil || !graph.AllFinite(got) {
			t.Fatalf("%v, %v", got, err)
		}
		return
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	got, err := d.At(values, n)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	for i, w := range want {
		if math.IsNaN(w) || math.IsInf(w, 0) {
			continue
		}
		if !(math.Abs(got[i]-w) <= 1e-7*(1+math.Abs(w))) {
			t.Fatalf("point %d of %d: %.12g, want %.12g, at %v\n%s", i, n, got[i], w, values, text)
		}
	}
}

// valuesAt is the model at points of the unconstrained scale: the values of what it
// reports, by name, and the log density without the Jacobian.
func valuesAt(t failer, tg *target.Target, u []float64, n int) (values map[string][]float64, lp []float64) {
	t.Helper()
	b := tg.Builder()
	ax, in, at := tg.Points(b, n)
	l, err := tg.LowerDensity(b, at)
	if err != nil {
		t.Fatalf("%v", err)
	}
	outs := []*graph.Node{b.With(l.LogDensity(), ax).N, b.With(l.Pack.LogJacobian(b), ax).N}
	reported := append(l.Joint.Params, l.Joint.Reported...)
	for _, x := range reported {
		outs = append(outs, b.With(x.Value, ax).N)
	}
	p, err := tg.Compile(b.G, outs...)
	if err != nil {
		t.Fatalf("%v", err)
	}
	p.Set(in, u)
	if err := p.Run(); err != nil {
		t.Fatalf("%v", err)
	}
	for i, v := range p.Out(0) {
		lp = append(lp, v-p.Out(1)[i])
	}
	values = map[string][]float64{}
	for k, x := range reported {
		values[x.Symbol.Name] = append([]float64(nil), p.Out(2+k)...)
	}
	return values, lp
}

// comparePointwise adds the points up: where rows are not coupled that is the likelihood. It
// returns whether there was anything to compare.
func comparePointwise(t failer, tg *target.Target, text string) bool {
	t.Helper()
	p, err := tg.NewPointwise(target.Summed, nil)
	var no *target.NoPointwise
	var sum *target.ErrSummed
	if errors.As(err, &no) && no.Site == "" || errors.As(err, &sum) && text == "reactor" {
		return false
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	n := 2
	r := random.Stream(9, "pointwise", n)
	u := make([]float64, n*tg.D)
	for i := range u {
		u[i] = 0.5 * r.NormFloat64()
	}
	values, want := likelihoodAt(t, tg, u, n)
	if err := p.Rows(values, n, func(draw int, x []float64) error {
		total := 0.0
		for _, v := range x {
			total += v
		}
		if w := want[draw]; !p.Coupled && graph.Finite(w) && !(math.Abs(total-w) <= 1e-8*(1+math.Abs(w))) {
			t.Fatalf("the points add up to %.12g, the likelihood is %.12g\n%s", total, w, text)
		}
		return nil
	}); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return true
}

// likelihoodAt is the log likelihood at points of the unconstrained scale: all factors but
// those of continuous latents.
func likelihoodAt(t failer, tg *target.Target, u []float64, n int) (values map[string][]float64, lp []float64) {
	t.Helper()
	values, _ = valuesAt(t, tg, u, n)
	discrete := map[string]bool{}
	for _, d := range tg.Discrete {
		discrete[d.Symbol.Name] = true
	}
	b := tg.Builder()
	ax, in, at := tg.Points(b, n)
	l, err := tg.Lower(b, at)
	if err != nil {
		t.Fatalf("%v", err)
	}
	total := b.Scalar(0)
	for _, f := range l.Joint.Factors {
		if !f.Latent || discrete[f.Site] {
			total = b.Add(total, f.Value)
		}
	}
	p, err := tg.Compile(b.G, b.With(total, ax).N)
	if err != nil {
		t.Fatalf("%v", err)
	}
	p.Set(in, u)
	if err := p.Run(); err != nil {
		t.Fatalf("%v", err)
	}
	return values, append(lp, p.Out(0)...)
}

func TestValuesOfExamples(t *testing.T) {
	folders, err := os.ReadDir("../examples")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, f := range folders {
		file := ""
		if _, err := os.Stat(filepath.Join("../examples", f.Name(), "model.ppl")); err != nil {
			continue // an example of commands
		}
		for _, name := range []string{"data.json", "data.csv"} {
			if _, err := os.Stat(filepath.Join("../examples", f.Name(), name)); err == nil {
				file = name
			}
		}
		if file == "" {
			continue
		}
		found++
		t.Run(f.Name(), func(t *testing.T) {
			tg := exampleTarget(t, f.Name(), file)
			compareValues(t, tg, 3, f.Name())
			comparePointwise(t, tg, f.Name())
		})
	}
	if found < 17 {
		t.Errorf("%d examples", found)
	}
}

func exampleTarget(t *testing.T, name, file string) *target.Target {
	t.Helper()
	m, err := CompileFile(filepath.Join("../examples", name, "model.ppl"))
	if err != nil {
		t.Fatal(err)
	}
	p, err := m.Bind(Files(context.Background(), filepath.Join("../examples", name, file)))
	if err != nil {
		t.Fatal(err)
	}
	return p.target
}

// TestValuesOfRandomModels: more of them with -rapid.checks.
func TestValuesOfRandomModels(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := &writer{t: t, data: map[string]any{}, size: map[string]int{}, codes: map[string][]operand{}}
		w.model()
		text := w.text.String()
		m, err := Compile("random.ppl", []byte(text))
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		p, err := m.Bind(Map(w.data))
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		compareValues(t, p.target, 3, text)
		if !comparePointwise(t, p.target, text) && !strings.Contains(text, "factor ") {
			t.Fatalf("refused\n%s", text)
		}
	})
}

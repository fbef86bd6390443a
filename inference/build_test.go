package inference

import (
	"context"
	"testing"

	"ppl/graph/builtin"
	"ppl/graph/lower"
	"ppl/inference/random"
	"ppl/inference/target"
	"ppl/lang/check"
	"ppl/parser"
)

type data map[string]any

// build compiles a model with data: numbers, vectors and matrices by name,
// dimensions as integers.
func build(t testing.TB, text string, given data) *target.Target {
	t.Helper()
	file, diags := parser.Parse("model.ppl", []byte(text))
	m, more := check.Check(file, builtin.Catalogue())
	if err := append(diags, more...).Err(); err != nil {
		t.Fatal(err)
	}
	d := &lower.Data{Values: map[string]*lower.Array{}, Dims: map[string]int{}}
	for name, v := range given {
		switch v := v.(type) {
		case int:
			d.Dims[name] = v
		case float64:
			d.Values[name] = &lower.Array{Data: []float64{v}}
		case []float64:
			d.Values[name] = &lower.Array{Shape: []int{len(v)}, Data: v}
		case *lower.Array:
			d.Values[name] = v
		case [][]float64:
			a := &lower.Array{Shape: []int{len(v), len(v[0])}}
			for _, row := range v {
				a.Data = append(a.Data, row...)
			}
			d.Values[name] = a
		default:
			t.Fatalf("no way to pass %s", name)
		}
	}
	tg, diags := target.New(m, d, target.Plan)
	if err := diags.Err(); err != nil {
		t.Fatal(err)
	}
	return tg
}

// atWork is a fitter with a target, as after fresh.
func atWork(t testing.TB, tg *target.Target) *fitter {
	t.Helper()
	f := newFitter(context.Background(), tg, Options{Seed: 1, Particles: 64, Draws: 4096})
	if err := f.use(tg); err != nil {
		t.Fatal(err)
	}
	p, err := f.findPattern()
	if err != nil {
		t.Fatal(err)
	}
	f.pattern = p
	return f
}

// fitted is the default fit.
func fitted(t testing.TB, tg *target.Target, opt Options) *Answer {
	t.Helper()
	fit, err := Variational(context.Background(), tg, opt)
	if err != nil {
		t.Fatal(err)
	}
	return fit
}

func normals(seed uint64, purpose string, n int) []float64 {
	r := random.Stream(seed, purpose, 0)
	x := make([]float64, n)
	for i := range x {
		x[i] = r.NormFloat64()
	}
	return x
}

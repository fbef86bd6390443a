package lower_test

import (
	"reflect"
	"testing"

	"ppl/graph/lower"
	"ppl/lang/ast"
)

// Evaluate computes defaults, bounds and dimensions from what is bound so far.
func TestEvaluate(t *testing.T) {
	for _, c := range []struct {
		expr  string
		shape []int
		data  []float64
		code  string
	}{
		{"N + 1", []int{}, []float64{4}, ""},
		{"x[2] * 2", []int{}, []float64{4}, ""},
		{"[x[i] for i in 2..N]", []int{2}, []float64{2, 3}, ""},
		{"double(x)[N]", []int{}, []float64{6}, ""},
		{"x[k]", nil, nil, "index-out-of-bounds"},
		{"later + 1", nil, nil, "unknown-range"},
	} {
		m := checkedWithout(t, `
fn double(v: real[K]) -> real[K] = 2 * v
data x : real[N]
data k : int
data later : real
let want = `+c.expr+`
mu ~ Normal(0, 1)`)
		var e ast.Expr
		for _, s := range m.File.Stmts {
			if l, ok := s.(*ast.Let); ok {
				e = l.Value
			}
		}
		known := map[string]*lower.Array{
			"x": {Shape: []int{3}, Data: []float64{1, 2, 3}},
			"N": {Shape: []int{}, Data: []float64{3}},
			"k": {Shape: []int{}, Data: []float64{9}},
		}
		a, ds := lower.Evaluate(m, func(name string) (*lower.Array, bool) { x, ok := known[name]; return x, ok }, e)
		switch {
		case c.code != "":
			if a != nil || len(ds) != 1 || string(ds[0].Code) != c.code {
				t.Errorf("%s: %v, want %s", c.expr, ds.Error(), c.code)
			}
		case a == nil:
			t.Errorf("%s: %s", c.expr, ds.Error())
		case !reflect.DeepEqual([]int(a.Shape), c.shape) || !reflect.DeepEqual(a.Data, c.data):
			t.Errorf("%s is %v %v, want %v %v", c.expr, a.Shape, a.Data, c.shape, c.data)
		}
	}
}

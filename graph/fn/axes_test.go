package fn_test

import (
	"testing"

	"pgregory.net/rapid"
	_ "ppl/bench/daily"

	"ppl/graph/fn"
	"ppl/graph/named"
)

// TestAxes checks for every function, on arguments that have random axes, that
// the value of a batch is in each slice the value of the slice, and that the
// shape is the one the type rule gives.
func TestAxes(t *testing.T) {
	for name, mk := range makers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(rt *rapid.T) { drawBatch(rt, name, mk, 0).checkSlices(rt) })
		})
	}
}

func TestEveryFunctionIsBatched(t *testing.T) {
	for _, name := range fn.Names() {
		if _, ok := makers[name]; !ok && name != "ode" {
			t.Errorf("%s has no row in the table", name)
		}
	}
}

func (bt *batch) checkSlices(t *rapid.T) {
	b := named.New()
	args, in := bt.inputs(b)
	v := bt.lower(t, b, args)
	full := b.With(v, bt.all...)
	m := compile(t, b.G, full.N)
	m.run(t, in)
	got, n := m.output(0), v.Shape().Size()
	at := map[*named.Axis]int{}
	var walk func(k, slice int)
	walk = func(k, slice int) {
		if k < len(bt.all) {
			for i := range bt.all[k].Size {
				at[bt.all[k]] = i
				walk(k+1, slice*bt.all[k].Size+i)
			}
			return
		}
		c := bt.slice(at)
		want := c.eval(t, true)
		if typ, err := c.typeOf(); err != nil || !want.shape.Equal(concrete(typ)) {
			t.Fatalf("%v: type %v, error %v, shape %v", bt, typ, err, want.shape)
		}
		if !v.Shape().Equal(want.shape) {
			t.Fatalf("%v: shape %v, of a slice %v", bt, v.Shape(), want.shape)
		}
		if x := got[slice*n : (slice+1)*n]; !near(x, want.data, 1e-13) {
			t.Fatalf("%v: slice %d is %v, want %v", bt, slice, x, want.data)
		}
	}
	walk(0, 0)
}

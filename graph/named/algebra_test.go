package named_test

import (
	"math"
	"sort"
	"testing"

	"pgregory.net/rapid"
	_ "ppl/bench/daily"

	"ppl/graph"
	"ppl/graph/grad"
	"ppl/graph/named"
	"ppl/graph/op"
)

// matrices draws well-conditioned square matrices: diagonally dominant, and
// symmetric or lower triangular if asked.
func (w *world) matrices(n int, kind string) ref {
	a := w.array(graph.Shape{n, n})
	return tabulate(a.axes, a.event, func(at place, idx []int) float64 {
		i, j := idx[0], idx[1]
		x := a.get(at, []int{max(i, j), min(i, j)}) / 40
		switch {
		case i == j:
			return 2 + float64(n) + math.Mod(math.Abs(x), 1)
		case kind == "lower" && j > i:
			return 0
		case kind == "any" && j > i:
			return math.Mod(-0.7*x, 1)
		}
		return math.Mod(x, 1)
	})
}

// solved checks that a·x = y in every slice, where x is the value.
func (w *world) solved(what string, x named.Value, a, y ref, trans bool) {
	w.t.Helper()
	got := ref{x.Axes(), x.Shape(), w.eval(x.N)[0]}
	if trans {
		t := a
		a = tabulate(t.axes, t.event, func(at place, idx []int) float64 { return t.get(at, []int{idx[1], idx[0]}) })
	}
	back := w.product(a, got)
	want := tabulate(w.union(a, y), y.event, y.get)
	w.check(what, w.value(back, true), want, 1e-10)
}

func TestSolve(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(rt, 0)
		n := w.upTo(0, 3, "n")
		y := w.array(append(graph.Shape{n}, w.shape(0, 1, 0)...))
		yv := w.value(y, w.flip("constant"))
		a, l := w.matrices(n, "any"), w.matrices(n, "lower")
		av, lv := w.value(a, w.flip("constant")), w.value(l, w.flip("constant"))
		w.solved("solve", w.b.Solve(av, yv), a, y, false)
		for _, trans := range []bool{false, true} {
			w.solved("solve lower", w.b.SolveLower(lv, yv, trans), l, y, trans)
		}
	})
}

// TestSolveSharesTheFactor: axes that only the right side has are columns, but
// for the particle, which stays the first dimension.
func TestSolveSharesTheFactor(t *testing.T) {
	for _, c := range []struct {
		class named.Class
		want  graph.Shape
	}{{named.Particle, graph.Shape{5, 3, 1}}, {named.Plate, graph.Shape{3, 5}}} {
		b := named.New()
		p := &named.Axis{Name: "axis", Size: 5, Class: c.class}
		l := b.Wrap(b.G.Input("L", graph.Shape{3, 3}))
		y := b.Wrap(b.G.Input("y", graph.Shape{5, 3}), p)
		b.SolveLower(l, y, false)
		for _, n := range b.G.Nodes() {
			if s, ok := n.Op.(op.TriSolve); ok && (len(s.A) != 2 || !s.B.Equal(c.want)) {
				t.Errorf("solves %v against %v", s.A, s.B)
			}
		}
	}
}

// TestSolveGradient compares the gradients of both operands, over axes of
// either, with differences.
func TestSolveGradient(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(rt, 1)
		n := w.upTo(1, 3, "n")
		kind := rapid.SampledFrom([]string{"any", "lower", "transposed"}).Draw(rt, "kind")
		av := w.value(w.matrices(n, map[bool]string{true: "any", false: "lower"}[kind == "any"]), false)
		yv := w.value(w.array(append(graph.Shape{n}, w.shape(0, 1, 1)...)), false)
		x := w.b.Solve(av, yv)
		if kind != "any" {
			x = w.b.SolveLower(av, yv, kind == "transposed")
		}
		weight := make([]float64, x.N.Shape.Size())
		for i := range weight {
			weight[i] = math.Cos(float64(i))
		}
		f := w.b.SumAll(w.b.Mul(w.b.Wrap(x.N), w.b.Array(x.N.Shape, weight))).N
		wrt := []*graph.Node{av.N, yv.N}
		d := w.eval(grad.Reverse(w.b.G, f, wrt)...)
		for k, n := range wrt {
			i := w.upTo(0, len(w.in[n])-1, "element")
			at := w.in[n][i]
			eval := func(h float64) float64 {
				w.in[n][i] = at + h
				defer func() { w.in[n][i] = at }()
				return w.eval(f)[0][0]
			}
			slope := (8*(eval(1e-3)-eval(-1e-3)) - (eval(2e-3) - eval(-2e-3))) / 12e-3
			if math.Abs(slope-d[k][i]) > 1e-7*math.Max(1, math.Abs(slope)) {
				rt.Fatalf("%s: gradient by element %d of operand %d is %g, by differences %g", kind, i, k, d[k][i], slope)
			}
		}
	})
}

func TestMatrixFunctions(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(rt, 0)
		n := w.upTo(1, 3, "n")
		s := w.matrices(n, "symmetric")
		v := w.value(s, w.flip("constant"))
		chol := w.b.Cholesky(v)
		l := ref{chol.Axes(), chol.Shape(), w.eval(chol.N)[0]}
		lt := tabulate(l.axes, l.event, func(at place, idx []int) float64 { return l.get(at, []int{idx[1], idx[0]}) })
		w.check("L Lᵀ", w.value(w.product(l, lt), true), s, 1e-12)
		w.check("log det", w.b.LogDet(v), tabulate(l.axes, graph.Shape{}, func(at place, _ []int) (t float64) {
			for i := range n {
				t += 2 * math.Log(l.get(at, []int{i, i}))
			}
			return t
		}), 1e-12)
		w.check("eye", w.b.Eye(n), tabulate(nil, graph.Shape{n, n}, func(_ place, idx []int) float64 {
			if idx[0] == idx[1] {
				return 1
			}
			return 0
		}), 0)
	})
}

// rows gives the elements of the last k event dimensions.
func (r ref) rows(k int, f func(row []float64) float64) ref {
	rest := len(r.event) - k
	return tabulate(r.axes, r.event[:rest], func(at place, idx []int) float64 {
		var row []float64
		eachIndex(r.event[rest:], func(more []int) { row = append(row, r.get(at, append(idx[:rest:rest], more...))) })
		return f(row)
	})
}

var reductions = map[op.ReduceKind]func([]float64) float64{
	op.LogSumExp: func(x []float64) float64 {
		m, t := math.Inf(-1), 0.0
		for _, v := range x {
			m = math.Max(m, v)
		}
		for _, v := range x {
			t += math.Exp(v - m)
		}
		return m + math.Log(t)
	},
	op.MaxOf: func(x []float64) float64 {
		m := math.Inf(-1)
		for _, v := range x {
			m = math.Max(m, v)
		}
		return m
	},
	op.MinOf: func(x []float64) float64 {
		m := math.Inf(1)
		for _, v := range x {
			m = math.Min(m, v)
		}
		return m
	},
	op.AnyOf: func(x []float64) float64 { return truth(len(x)-zeros(x) > 0) },
	op.AllOf: func(x []float64) float64 { return truth(zeros(x) == 0) },
}

func zeros(x []float64) (n int) {
	for _, v := range x {
		if v == 0 {
			n++
		}
	}
	return n
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func TestReductions(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(rt, 0)
		x := w.array(w.shape(0, 3, 0))
		v := w.value(x, w.flip("constant"))
		k := w.upTo(0, len(x.event), "dims")
		for kind, f := range reductions {
			w.check("reduction", w.b.Reduce(kind, v, k), x.rows(k, f), 1e-12)
			axis := w.axes[w.upTo(0, 4, "axis")]
			want := x
			if x.has(axis) {
				want = tabulate(without(x.axes, []*named.Axis{axis}), x.event, func(at place, idx []int) float64 {
					var row []float64
					for i := range axis.Size {
						at[axis] = i
						row = append(row, x.get(at, idx))
					}
					return f(row)
				})
			}
			w.check("reduction of an axis", w.b.ReduceAxis(kind, v, axis), want, 1e-12)
		}
		if len(x.event) == 0 {
			return
		}
		w.check("product", w.b.Product(v), x.rows(1, func(row []float64) float64 {
			p := 1.0
			for _, v := range row {
				p *= v
			}
			return p
		}), 1e-12)
		last := len(x.event) - 1
		w.check("sort", w.b.Sort(v), tabulate(x.axes, x.event, func(at place, idx []int) float64 {
			return x.rows(1, func(row []float64) float64 {
				sort.Float64s(row)
				return row[idx[last]]
			}).get(at, idx[:last])
		}), 0)
		if x.event[last] > 0 {
			w.check("argmax", w.b.Reduce(op.ArgMaxOf, v, 1), x.rows(1, func(row []float64) float64 {
				k := 0
				for i := range row {
					if row[i] > row[k] {
						k = i
					}
				}
				return float64(k + 1)
			}), 0)
		}
	})
}

// TestAbsentAxes: a factor counts once per iteration, also where it does not
// mention the plate; a log-sum-exp over an axis that is absent adds nothing.
func TestAbsentAxes(t *testing.T) {
	b := named.New()
	i := &named.Axis{Name: "i", Size: 7, Class: named.Plate}
	none := &named.Axis{Name: "none", Size: 0, Class: named.Plate, Depth: 1}
	x := b.Scalar(3)
	for _, tt := range []struct {
		got  named.Value
		want float64
	}{
		{b.SumAxes(x, i), 21},
		{b.SumAxes(x, i, none), 0},
		{b.SumAxes(b.Counter(i, 1), i), 28},
		{b.SumAxes(b.Counter(none, 1), none, i), 0},
		{b.ReduceAxis(op.LogSumExp, x, i), 3},
		{b.SumAll(b.Vector()), 0},
	} {
		if v, ok := tt.got.Float(); !ok || v != tt.want {
			t.Errorf("%v is %v, want %v", tt.got, v, tt.want)
		}
	}
}

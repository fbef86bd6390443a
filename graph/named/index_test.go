package named_test

import (
	"testing"

	"pgregory.net/rapid"

	"ppl/graph"
	"ppl/graph/named"
)

// indexArg is an index argument of the reference: index is not nil, or the
// elements lo..hi (from 1) are kept.
type indexArg struct {
	index  *ref
	lo, hi int
}

// index is what indexing means.
func (w *world) index(x ref, args []indexArg) ref {
	rs := []ref{x}
	var event graph.Shape
	for d, n := range x.event {
		switch {
		case d >= len(args):
			event = append(event, n)
		case args[d].index != nil:
			rs = append(rs, *args[d].index)
			event = append(event, args[d].index.event...)
		default:
			event = append(event, max(0, args[d].hi-args[d].lo+1))
		}
	}
	return tabulate(w.union(rs...), event, func(at place, idx []int) float64 {
		var src []int
		for d := range x.event {
			switch {
			case d >= len(args):
				src, idx = append(src, idx[0]), idx[1:]
			case args[d].index != nil:
				r := len(args[d].index.event)
				src, idx = append(src, int(args[d].index.get(at, idx[:r]))-1), idx[r:]
			default:
				src, idx = append(src, args[d].lo-1+idx[0]), idx[1:]
			}
		}
		return x.get(at, src)
	})
}

// drawIndex draws an argument for a dimension of size n: a slice, or an array
// of indices that is affine in its dimensions (own index, shifts, y[t-k],
// constants) or arbitrary (a gather).
func (w *world) drawIndex(n int) (named.IndexArg, indexArg) {
	switch kind := w.upTo(0, 4, "index"); {
	case kind == 0:
		return named.IndexArg{All: true}, indexArg{lo: 1, hi: n}
	case kind == 1 || n == 0:
		lo := w.upTo(1, n+1, "lo")
		hi := w.upTo(0, n, "hi")
		return named.IndexArg{Lo: lo, Hi: hi}, indexArg{lo: lo, hi: hi}
	case kind == 2:
		r := w.affine(n)
		return named.IndexArg{Value: w.value(r, true)}, indexArg{index: &r}
	}
	r := tabulate(w.someAxes("gather"), w.shape(0, 2, 0), func(place, []int) float64 { return float64(1 + w.r.IntN(n)) })
	return named.IndexArg{Value: w.value(r, true)}, indexArg{index: &r}
}

// affine draws an index array first + Σ step·position within 1..n.
func (w *world) affine(n int) ref {
	axes, event := w.someAxes("affine"), w.shape(0, 1, 0)
	s := append(sizes(axes), event...)
	steps := make([]int, len(s))
	lo, hi := 0, 0
	for d := range s {
		steps[d] = w.upTo(-1, 1, "step")
		if reach := steps[d] * (s[d] - 1); s[d] > 0 {
			lo, hi = lo+min(0, reach), hi+max(0, reach)
		}
	}
	if hi-lo >= n {
		clear(steps)
		lo, hi = 0, 0
	}
	first := w.upTo(1-lo, n-hi, "first")
	r := ref{axes: axes, event: event}
	eachIndex(s, func(idx []int) {
		v := first
		for d, i := range idx {
			v += steps[d] * i
		}
		r.data = append(r.data, float64(v))
	})
	return r
}

func TestIndex(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(rt, 0)
		x := w.array(w.shape(0, 3, 0))
		args, refs := w.drawIndices(x.event)
		w.checkLinear("index", x,
			func(v named.Value) named.Value { return w.b.Index(v, args...) },
			func(r ref) ref { return w.index(r, refs) })
	})
}

func (w *world) drawIndices(event graph.Shape) ([]named.IndexArg, []indexArg) {
	var args []named.IndexArg
	var refs []indexArg
	for _, n := range event[:w.upTo(0, len(event), "arguments")] {
		a, r := w.drawIndex(n)
		args, refs = append(args, a), append(refs, r)
	}
	return args, refs
}

// TestPatterns spells out the patterns that models use.
func TestPatterns(t *testing.T) {
	b := named.New()
	p := &named.Axis{Name: "particle", Size: 2, Class: named.Particle}
	i := &named.Axis{Name: "i", Size: 3, Class: named.Plate}
	j := &named.Axis{Name: "j", Size: 2, Class: named.Plate, Depth: 1}
	at := func(v named.Value) named.IndexArg { return named.IndexArg{Value: v} }
	own, inner := b.Counter(i, 1), b.Counter(j, 1)
	y := b.Vector(10, 20, 30, 40, 50)
	m := b.Array(graph.Shape{3, 2}, []float64{11, 12, 21, 22, 31, 32})
	sq := b.Array(graph.Shape{3, 3}, []float64{11, 12, 13, 21, 22, 23, 31, 32, 33})
	batch := b.Wrap(b.G.Constant(graph.Shape{2, 3}, []float64{1, 2, 3, 4, 5, 6}), p)
	county := b.Wrap(b.G.Constant(graph.Shape{3}, []float64{3, 1, 3}), i)
	tests := []struct {
		name  string
		got   named.Value
		axes  []*named.Axis
		event graph.Shape
		want  []float64
	}{
		{"y[i]", b.Index(y, at(own)), []*named.Axis{i}, graph.Shape{}, []float64{10, 20, 30}},
		{"y[i + 2]", b.Index(y, at(b.AddScalar(own, 2))), []*named.Axis{i}, graph.Shape{}, []float64{30, 40, 50}},
		{"y[4 - i]", b.Index(y, at(b.Sub(b.Scalar(4), own))), []*named.Axis{i}, graph.Shape{}, []float64{30, 20, 10}},
		{"y[i + 2 - j]", b.Index(y, at(b.Sub(b.AddScalar(own, 2), inner))), []*named.Axis{i, j}, graph.Shape{}, []float64{20, 10, 30, 20, 40, 30}},
		{"y[2]", b.Index(y, at(b.Scalar(2))), nil, graph.Shape{}, []float64{20}},
		{"y[2..4]", b.Index(y, named.IndexArg{Lo: 2, Hi: 4}), nil, graph.Shape{3}, []float64{20, 30, 40}},
		{"y[4..3]", b.Index(y, named.IndexArg{Lo: 4, Hi: 3}), nil, graph.Shape{0}, nil},
		{"y[county[i]]", b.Index(y, at(county)), []*named.Axis{i}, graph.Shape{}, []float64{30, 10, 30}},
		{"y[[5, 1]]", b.Index(y, at(b.Vector(5, 1))), nil, graph.Shape{2}, []float64{50, 10}},
		{"m[i]", b.Index(m, at(own)), []*named.Axis{i}, graph.Shape{2}, []float64{11, 12, 21, 22, 31, 32}},
		{"m[i, j]", b.Index(m, at(own), at(inner)), []*named.Axis{i, j}, graph.Shape{}, []float64{11, 12, 21, 22, 31, 32}},
		{"m[:, j]", b.Index(m, named.IndexArg{All: true}, at(inner)), []*named.Axis{j}, graph.Shape{3}, []float64{11, 21, 31, 12, 22, 32}},
		{"sq[j, i]", b.Index(sq, at(inner), at(own)), []*named.Axis{i, j}, graph.Shape{}, []float64{11, 21, 12, 22, 13, 23}},
		{"sq[i, i]", b.Index(sq, at(own), at(own)), []*named.Axis{i}, graph.Shape{}, []float64{11, 22, 33}},
		{"sq[county[i], county[i]]", b.Index(sq, at(county), at(county)), []*named.Axis{i}, graph.Shape{}, []float64{33, 11, 33}},
		{"sq[county[i], j]", b.Index(sq, at(county), at(inner)), []*named.Axis{i, j}, graph.Shape{}, []float64{31, 32, 11, 12, 31, 32}},
		{"sq[[3, 1], [2, 2]]", b.Index(sq, at(b.Vector(3, 1)), at(b.Vector(2, 2))), nil, graph.Shape{2, 2}, []float64{32, 32, 12, 12}},
		{"batch[county[i]]", b.Index(batch, at(county)), []*named.Axis{p, i}, graph.Shape{}, []float64{3, 1, 3, 6, 4, 6}},
		{"batch[i]", b.Index(batch, at(own)), []*named.Axis{p, i}, graph.Shape{}, []float64{1, 2, 3, 4, 5, 6}},
		{"pick", b.Pick(batch, b.Wrap(b.G.Constant(graph.Shape{2}, []float64{3, 1}), p)), []*named.Axis{p}, graph.Shape{}, []float64{3, 4}},
	}
	for _, tt := range tests {
		v := tt.got
		if !v.Shape().Equal(tt.event) || !sameAxes(v.Axes(), tt.axes) || !sameNumbers(v.Const(), tt.want) {
			t.Errorf("%s is %v %v, want %v", tt.name, v, v.Const(), tt.want)
		}
	}
}

func sameAxes(a, b []*named.Axis) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

func sameNumbers(a, b []float64) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

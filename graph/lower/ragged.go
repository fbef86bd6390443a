package lower

import (
	"ppl/graph"
	"ppl/graph/named"
	"ppl/graph/op"
	"ppl/lang/ast"
)

// Ragged ranges. In
//
//	plate i in 1..N { plate j in 1..n[i] { ... } }
//
// the inner range has another length in each iteration. It is flattened
// together with the outer axis into one axis of Σ n[i] iterations, in order.
// Inside, that axis takes the place of the outer one: i and j are both known
// integers along it, and whatever has the outer axis is gathered along it when
// it is read. Factors sum over it in place of the outer axis, and indexing
// needs no rule of its own.
type ragged struct {
	axis  *named.Axis
	outer []*named.Axis
	// pos holds, for each outer axis, where along it each iteration lies, from 1.
	pos []named.Value
}

// openRagged opens a range whose ends vary over axes.
func (l *lowerer) openRagged(b *ast.Binder, lo, hi named.Value, class named.Class) *named.Axis {
	outer := union(lo.Axes(), hi.Axes())
	lo, hi = l.b.With(lo, outer...), l.b.With(hi, outer...)
	var cells, idx []float64
	for c, first := range lo.Const() {
		last := hi.Const()[c]
		if float64(len(idx))+last-first >= float64(l.mostElements()) {
			l.fail("unknown-range", b, "this makes more iterations than can be worked with")
		}
		for i := first; i <= last; i++ {
			cells = append(cells, float64(c))
			idx = append(idx, i)
		}
	}
	a := l.flatten(b.Name.Name, outer, cells, class)
	l.count(b, l.b.Wrap(l.b.G.Constant(graph.Shape{a.Size}, idx), a))
	return a
}

// flatten opens an axis in the place of outer; cells are the positions, in
// row-major order over outer, that its iterations belong to.
func (l *lowerer) flatten(name string, outer []*named.Axis, cells []float64, class named.Class) *named.Axis {
	r := &ragged{axis: l.newAxis(name, len(cells), class), outer: outer}
	stride := 1
	r.pos = make([]named.Value, len(outer))
	for k := len(outer) - 1; k >= 0; k-- {
		pos := make([]float64, len(cells))
		for i, c := range cells {
			pos[i] = float64(int(c)/stride%outer[k].Size + 1)
		}
		r.pos[k] = l.b.Wrap(l.b.G.Constant(graph.Shape{len(cells)}, pos), r.axis)
		stride *= outer[k].Size
	}
	if class == named.Plate {
		l.plates = append(without(l.plates, outer), r.axis)
	}
	if l.guard.Valid() {
		l.guard = l.spreadOver(r, l.guard)
	}
	if len(cells) == 0 {
		l.guard = l.b.Scalar(0)
	}
	l.ragged = append(l.ragged[:len(l.ragged):len(l.ragged)], r)
	return r.axis
}

// spreadOver gathers a value along the flattened axis.
func (l *lowerer) spreadOver(r *ragged, v named.Value) named.Value {
	var present []*named.Axis
	var args []named.IndexArg
	for k, a := range r.outer {
		if v.Has(a) {
			present = append(present, a)
			pos := r.pos[k]
			if l.sequence != nil {
				pos = l.sequence.importTo(l.b, pos)
			}
			args = append(args, named.IndexArg{Value: pos})
		}
	}
	if len(present) == 0 {
		return v
	}
	return l.b.Index(l.b.Close(v, present...), args...)
}

// fold adds a value up over the iterations of each cell: the flattened axis
// gives way to the outer ones.
func (l *lowerer) fold(r *ragged, v named.Value) named.Value {
	v = l.b.With(v, r.axis)
	axes := union(without(v.Axes(), []*named.Axis{r.axis}), r.outer)
	out := make(graph.Shape, len(axes))
	for i, a := range axes {
		out[i] = a.Size
	}
	out = append(out, v.Shape()...)
	stride := map[*named.Axis]int{}
	strides := out.Strides()
	for i, a := range axes {
		stride[a] = strides[i]
	}
	off := make([]float64, r.axis.Size)
	for k, a := range r.outer {
		for i, p := range r.pos[k].Const() {
			off[i] += (p - 1) * float64(stride[a])
		}
	}
	p := op.Part{Shape: v.N.Shape, Strides: make([]int, len(v.N.Shape)), OffStrides: make([]int, len(v.N.Shape))}
	copy(p.Strides[len(v.Axes()):], strides[len(axes):])
	for i, a := range v.Axes() {
		if a == r.axis {
			p.OffStrides[i] = 1
		} else {
			p.Strides[i] = stride[a]
		}
	}
	if v.N.Shape.Size() == 0 {
		return l.b.Wrap(l.b.G.Constant(out, make([]float64, out.Size())), axes...)
	}
	n := op.NewScatter(l.b.G, out, []op.Part{p}, v.N, l.b.G.Constant(graph.Shape{len(off)}, off))
	return l.b.Wrap(n, axes...)
}

// union lists the axes of both, in order.
func union(a, b []*named.Axis) []*named.Axis {
	out := append([]*named.Axis(nil), a...)
	for _, x := range b {
		if !contains(out, x) {
			out = append(out, x)
		}
	}
	for i := 1; i < len(out); i++ { // few axes, nearly in order
		for k := i; k > 0 && before(out[k], out[k-1]); k-- {
			out[k], out[k-1] = out[k-1], out[k]
		}
	}
	return out
}

func before(a, b *named.Axis) bool {
	if a.Class != b.Class {
		return a.Class < b.Class
	}
	return a.Depth < b.Depth
}

func contains[T comparable](axes []T, a T) bool {
	for _, x := range axes {
		if x == a {
			return true
		}
	}
	return false
}

func without(axes, drop []*named.Axis) []*named.Axis {
	var out []*named.Axis
	for _, a := range axes {
		if !contains(drop, a) {
			out = append(out, a)
		}
	}
	return out
}

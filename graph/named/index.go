package named

import (
	"fmt"

	"ppl/graph"
	"ppl/graph/op"
)

// IndexArg is one argument of an index: exactly one of Value, All and a range.
type IndexArg struct {
	// Value is a constant array of indices, from 1, with any axes; an event of
	// rank r puts r dimensions in the place of the one indexed.
	Value Value
	// All keeps the dimension.
	All bool
	// Lo..Hi (from 1, both included) keeps part of it, where neither of the
	// others is set.
	Lo, Hi int
}

// Index reads elements of an event. Arguments stand for the leading event
// dimensions; missing ones keep theirs. Indices must be within bounds.
//
// Whatever the pattern, the result is one view: each index that is affine in
// its axes (own index, shift, another plate's index, constant, y[t-k]) becomes
// strides, and the rest (alpha[county[i]]) one array of offsets.
func (b *Builder) Index(x Value, args ...IndexArg) Value {
	axes := x.axes
	for _, a := range args {
		if a.Value.Valid() {
			axes = union(axes, a.Value.axes)
		}
	}
	b.afford(axes, nil)
	ix := &indexing{b: b, axes: axes, st: x.N.Shape.Strides(), base: 0}
	ix.out = sizes(axes)
	ix.strides = make([]int, len(axes))
	ix.irregular = make([]bool, len(axes))
	for i, a := range x.axes {
		ix.strides[position(axes, a)] = ix.st[i]
	}
	for d := range x.event {
		stride := ix.st[len(x.axes)+d]
		a := IndexArg{All: true}
		if d < len(args) {
			a = args[d]
		}
		switch {
		case a.Value.Valid():
			ix.array(a.Value, stride)
		case a.All:
			ix.dim(x.event[d], stride)
		default:
			ix.base += (a.Lo - 1) * stride
			ix.dim(max(0, a.Hi-a.Lo+1), stride)
		}
	}
	return ix.finish(x)
}

type indexing struct {
	b         *Builder
	axes      []*Axis
	st        []int
	out       graph.Shape
	strides   []int
	base      int
	irregular []bool // dimensions that the offsets vary over
	gathers   []gather
	refilled  bool // some of them may be others elsewhere
}

// gather is an index array that is not affine: its values times stride, over
// the listed dimensions of the result.
type gather struct {
	data   []float64
	stride int
	dims   []int
}

func (ix *indexing) dim(n, stride int) {
	ix.out = append(ix.out, n)
	ix.strides = append(ix.strides, stride)
	ix.irregular = append(ix.irregular, false)
}

func (ix *indexing) array(v Value, stride int) {
	data := v.Const()
	if data == nil {
		panic("named: an index must be known when the graph is built")
	}
	var dims []int
	for _, a := range v.axes {
		dims = append(dims, position(ix.axes, a))
	}
	for _, n := range v.event {
		dims = append(dims, len(ix.out))
		ix.dim(n, 0)
	}
	if len(data) == 0 {
		return // the result is empty
	}
	if first, steps, ok := affine(v.N.Shape, data); ok && !v.N.Refilled() {
		ix.base += (first - 1) * stride
		for i, d := range dims {
			ix.strides[d] += steps[i] * stride
		}
		return
	}
	for _, d := range dims {
		ix.irregular[d] = true
	}
	ix.gathers = append(ix.gathers, gather{data, stride, dims})
	ix.refilled = ix.refilled || v.N.Refilled()
}

// affine finds first + Σ steps·c for an array of integers, if it is one.
func affine(shape graph.Shape, data []float64) (first int, steps []int, ok bool) {
	first = int(data[0])
	steps = make([]int, len(shape))
	for d, st := range shape.Strides() {
		if shape[d] > 1 {
			steps[d] = int(data[st]) - first
		}
	}
	idx := make([]int, len(shape))
	want := first
	for _, v := range data {
		if int(v) != want {
			return 0, nil, false
		}
		for d := len(shape) - 1; d >= 0; d-- {
			idx[d]++
			want += steps[d]
			if idx[d] < shape[d] {
				break
			}
			want -= idx[d] * steps[d]
			idx[d] = 0
		}
	}
	return first, steps, true
}

func (ix *indexing) finish(x Value) Value {
	v := op.View{Out: ix.out, Base: ix.base, Strides: ix.strides}
	var off *graph.Node
	if ix.out.Size() == 0 {
		return Value{ix.b.G.Constant(ix.out, []float64{}), ix.axes, ix.out[len(ix.axes):]}
	}
	if len(ix.gathers) > 0 {
		off, v.OffStrides = ix.offsets()
	}
	return Value{op.NewView(ix.b.G, x.N, v, off), ix.axes, ix.out[len(ix.axes):]}
}

// offsets adds up the gathers over the dimensions that they vary over.
func (ix *indexing) offsets() (*graph.Node, []int) {
	var shape graph.Shape
	where := make([]int, len(ix.out))
	for d, yes := range ix.irregular {
		where[d] = -1
		if yes {
			where[d] = len(shape)
			shape = append(shape, ix.out[d])
		}
	}
	st := shape.Strides()
	out := make([]float64, shape.Size())
	for _, g := range ix.gathers {
		g.addTo(out, shape, ix.out, where)
	}
	strides := make([]int, len(ix.out))
	for d := range ix.out {
		if where[d] >= 0 {
			strides[d] = st[where[d]]
		}
	}
	if ix.refilled {
		return ix.b.G.Refillable(shape, out), strides
	}
	return ix.b.G.Constant(shape, out), strides
}

func (g gather) addTo(out []float64, shape, full graph.Shape, where []int) {
	own := make(graph.Shape, len(g.dims))
	for i, d := range g.dims {
		own[i] = full[d]
	}
	step := make([]int, len(shape))
	for i, st := range own.Strides() {
		step[where[g.dims[i]]] += st
	}
	idx := make([]int, len(shape))
	p := 0
	for i := range out {
		out[i] += (g.data[p] - 1) * float64(g.stride)
		for d := len(shape) - 1; d >= 0; d-- {
			idx[d]++
			p += step[d]
			if idx[d] < shape[d] {
				break
			}
			p -= idx[d] * step[d]
			idx[d] = 0
		}
	}
}

// Pick reads element k (from 1, constant, any axes) of a vector event: the
// entry of a probability vector that a categorical observation selects.
func (b *Builder) Pick(x, k Value) Value {
	if x.Rank() != 1 || k.Rank() != 0 {
		panic(fmt.Sprintf("named: Pick of %v by %v", x, k))
	}
	return b.Index(x, IndexArg{Value: k})
}

// Windows are the windows of height × width elements in the last two event dimensions of x, stride apart in
// both: an event [..., height, width, i, j] with the windows' own dimensions before those that number them.
// It is a view: windows may overlap. At least one must fit.
func (b *Builder) Windows(x Value, height, width, stride int) Value {
	k, rank := len(x.axes), x.Rank()
	st := x.N.Shape.Strides()
	down, along := st[k+rank-2], st[k+rank-1]
	v := op.View{Out: append(sizes(x.axes), x.event[:rank-2]...), Strides: append([]int{}, st[:k+rank-2]...)}
	v.Out = append(v.Out, height, width, (x.event[rank-2]-height)/stride+1, (x.event[rank-1]-width)/stride+1)
	v.Strides = append(v.Strides, down, along, stride*down, stride*along)
	return b.view(x, v)
}

// Every keeps n elements of event dimension dim: those at first (from 0), first + step, and so on.
func (b *Builder) Every(x Value, dim, first, step, n int) Value {
	at := len(x.axes) + dim
	st := x.N.Shape.Strides()
	v := op.View{Out: append(graph.Shape{}, x.N.Shape...), Base: first * st[at], Strides: append([]int{}, st...)}
	v.Out[at], v.Strides[at] = n, step*st[at]
	return b.view(x, v)
}

// view applies a view that keeps the axes.
func (b *Builder) view(x Value, v op.View) Value {
	if v.Out.Size() == 0 {
		return Value{b.G.Constant(v.Out, []float64{}), x.axes, v.Out[len(x.axes):]}
	}
	return Value{op.NewView(b.G, x.N, v, nil), x.axes, v.Out[len(x.axes):]}
}

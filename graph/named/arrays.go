package named

import (
	"slices"

	"fmt"

	"ppl/graph"
	"ppl/graph/op"
)

// Functions of whole events: reductions, products, linear algebra, assembly.

// eventDims lists the dimensions of the node that are the last k of the event.
func (v Value) eventDims(k int) []int {
	all := graph.Iota(len(v.N.Shape))
	return all[len(all)-k:]
}

// Sum adds up the last k event dimensions.
func (b *Builder) Sum(x Value, k int) Value {
	return b.Wrap(b.G.ScaledSum(x.N, x.eventDims(k), 1), x.axes...)
}

// SumAll adds up the whole event.
func (b *Builder) SumAll(x Value) Value { return b.Sum(x, x.Rank()) }

// Reduce reduces the last k event dimensions by another reduction.
func (b *Builder) Reduce(kind op.ReduceKind, x Value, k int) Value {
	return b.Wrap(op.NewReduce(b.G, kind, x.N, x.eventDims(k)), x.axes...)
}

// LogSumExp reduces the last event dimension.
func (b *Builder) LogSumExp(x Value) Value { return b.Reduce(op.LogSumExp, x, 1) }

// SumAxes adds up a value over axes; an axis that it lacks counts its size
// times, since the value is the same in each iteration.
func (b *Builder) SumAxes(x Value, axes ...*Axis) Value {
	times := 1.0
	var over []int
	var rest []*Axis
	summed := map[*Axis]bool{}
	for _, a := range axes {
		summed[a] = true
		if !x.Has(a) {
			times *= float64(a.Size)
		}
	}
	for i, a := range x.axes {
		if summed[a] {
			over = append(over, i)
		} else {
			rest = append(rest, a)
		}
	}
	return b.Wrap(b.G.ScaledSum(x.N, over, times), rest...)
}

// ReduceAxis reduces one axis by a reduction; a value that lacks it is left as
// it is.
func (b *Builder) ReduceAxis(kind op.ReduceKind, x Value, a *Axis) Value {
	if !x.Has(a) {
		return x
	}
	var rest []*Axis
	for _, y := range x.axes {
		if y != a {
			rest = append(rest, y)
		}
	}
	return b.Wrap(op.NewReduce(b.G, kind, x.N, []int{position(x.axes, a)}), rest...)
}

// Product multiplies up the last event dimension.
func (b *Builder) Product(x Value) Value { return b.Wrap(op.Prod(b.G, x.N), x.axes...) }

// CumSum is the running sum along the last event dimension.
func (b *Builder) CumSum(x Value) Value {
	return b.Wrap(b.G.Apply(op.CumSum{Of: x.N.Shape}, x.N), x.axes...)
}

// Sort sorts along the last event dimension.
func (b *Builder) Sort(x Value) Value { return b.Wrap(op.Sort(b.G, x.N), x.axes...) }

// MatMul is the dot, matrix-vector, vector-matrix or matrix product of the
// events, by their ranks (1 or 2).
func (b *Builder) MatMul(x, y Value) Value {
	i, k, j := 1<<20, 1<<20+1, 1<<20+2
	ex, ey, out := []int{i, k}, []int{k, j}, []int{i, j}
	if x.Rank() == 1 {
		ex, out = ex[1:], out[1:]
	}
	if y.Rank() == 1 {
		ey, out = ey[:1], out[:len(out)-1]
	}
	return b.Contract(x, y, ex, ey, out)
}

// Contract is an Einstein sum over event dimensions: ex, ey and out label the
// event dimensions of x, y and the result; labels not in out are summed. Axes
// align by identity.
func (b *Builder) Contract(x, y Value, ex, ey, out []int) Value {
	axes := union(x.axes, y.axes)
	b.afford(axes, nil)
	compact := map[int]int{}
	label := func(l int) int {
		if _, ok := compact[l]; !ok {
			compact[l] = len(axes) + len(compact)
		}
		return compact[l]
	}
	labels := func(v []*Axis, e []int) []int {
		var ls []int
		for _, a := range v {
			ls = append(ls, position(axes, a))
		}
		for _, l := range e {
			ls = append(ls, label(l))
		}
		return ls
	}
	n := op.NewContract(b.G, x.N, y.N, labels(x.axes, ex), labels(y.axes, ey), labels(axes, out))
	return b.Wrap(n, axes...)
}

// SumProduct is Σ x·y over axes of both, of a scalar x, as one contraction: no product of all their axes is made. 0 times
// whatever is 0.
func (b *Builder) SumProduct(x, y Value, over ...*Axis) Value {
	axes := union(x.axes, y.axes)
	labels := func(v []*Axis, event int) []int {
		var ls []int
		for _, a := range v {
			ls = append(ls, position(axes, a))
		}
		for i := range event {
			ls = append(ls, len(axes)+i)
		}
		return ls
	}
	var rest []*Axis
	for _, a := range axes {
		if !slices.Contains(over, a) {
			rest = append(rest, a)
		}
	}
	b.afford(rest, y.event)
	n := op.NewContract(b.G, x.N, y.N, labels(x.axes, 0), labels(y.axes, len(y.event)), labels(rest, len(y.event)))
	return b.Wrap(n, rest...)
}

// Outer is the outer product of two vectors.
func (b *Builder) Outer(x, y Value) Value {
	return b.Contract(x, y, []int{0}, []int{1}, []int{0, 1})
}

// Dot is the inner product of two vectors.
func (b *Builder) Dot(x, y Value) Value { return b.MatMul(x, y) }

// Cholesky is the lower factor of a positive definite matrix.
func (b *Builder) Cholesky(a Value) Value {
	return b.Wrap(b.G.Apply(op.Cholesky{Of: a.N.Shape}, a.N), a.axes...)
}

// SolveLower solves L·x = y for lower triangular L; y is a vector or a matrix.
// With trans it solves Lᵀ·x = y.
func (b *Builder) SolveLower(l, y Value, trans bool) Value {
	return b.solve(l, y, func(a, c graph.Shape) graph.Op { return op.TriSolve{A: a, B: c, Trans: trans} })
}

// Solve solves A·x = y.
func (b *Builder) Solve(a, y Value) Value {
	return b.solve(a, y, func(a, c graph.Shape) graph.Op { return op.Solve{A: a, B: c} })
}

// solve turns axes that only y has into columns, so that a factor shared by
// iterations is used once, not copied. Particles may share a factor as they are.
func (b *Builder) solve(a, y Value, mk func(a, c graph.Shape) graph.Op) Value {
	vector := y.Rank() == 1
	if vector {
		y = b.Reshape(y, graph.Shape{y.event[0], 1})
	}
	n, m := y.event[0], y.event[1]
	var columns []*Axis
	for _, x := range y.axes {
		if !a.Has(x) && x.Class != Particle {
			columns = append(columns, x)
		}
	}
	y = b.With(y, a.axes...)
	cols := m
	if len(columns) > 0 {
		y = b.Close(y, columns...) // [columns..., n, m]
		perm := []int{len(columns)}
		for i := range columns {
			perm = append(perm, i)
			cols *= columns[i].Size
		}
		y = b.Reshape(b.Transpose(y, append(perm, len(columns)+1)...), graph.Shape{n, cols})
	}
	x := b.Wrap(b.G.Apply(mk(a.N.Shape, y.N.Shape), a.N, y.N), y.axes...)
	if len(columns) > 0 {
		x = b.Reshape(x, append(append(graph.Shape{n}, sizes(columns)...), m))
		perm := make([]int, 0, len(columns)+2)
		for i := range columns {
			perm = append(perm, i+1)
		}
		x = b.Open(b.Transpose(x, append(perm, 0, len(columns)+1)...), columns...)
	}
	if vector {
		x = b.Reshape(x, graph.Shape{n})
	}
	return x
}

// LogDet is log |det A|.
func (b *Builder) LogDet(a Value) Value {
	return b.Wrap(b.G.Apply(op.LogDet{Of: a.N.Shape}, a.N), a.axes...)
}

// Eye is the identity matrix.
func (b *Builder) Eye(n int) Value {
	x := make([]float64, n*n)
	for i := 0; i < n; i++ {
		x[i*n+i] = 1
	}
	return b.Array(graph.Shape{n, n}, x)
}

// Diagonal is the diagonal of a matrix.
func (b *Builder) Diagonal(a Value) Value {
	n := a.event[0]
	st := a.N.Shape.Strides()
	k := len(a.axes)
	v := op.View{Out: append(sizes(a.axes), n), Strides: append(append([]int(nil), st[:k]...), st[k]+st[k+1])}
	return Value{op.NewView(b.G, a.N, v, nil), a.axes, v.Out[k:]}
}

// DiagonalMatrix has a vector on its diagonal and zeros elsewhere.
func (b *Builder) DiagonalMatrix(x Value) Value {
	n := x.event[0]
	out := append(sizes(x.axes), n, n)
	st := out.Strides()
	k := len(x.axes)
	p := op.Part{Shape: x.N.Shape, Strides: append(append([]int(nil), st[:k]...), n+1)}
	return Value{op.NewScatter(b.G, out, []op.Part{p}, x.N), x.axes, out[k:]}
}

// Block is a box of an array: Value's event goes to At, At+1, ... (from 0) in
// each dimension.
type Block struct {
	Value Value
	At    []int
}

// Holds reports whether the element at (from 0) is in the block.
func (bl Block) Holds(at []int) bool {
	for d, p := range at {
		if p < bl.At[d] || p >= bl.At[d]+bl.Value.event[d] {
			return false
		}
	}
	return true
}

// Assemble builds an event of the given shape from disjoint blocks; elements
// that none covers are zero.
func (b *Builder) Assemble(shape graph.Shape, blocks ...Block) Value {
	var axes []*Axis
	for _, bl := range blocks {
		axes = union(axes, bl.Value.axes)
	}
	out := append(sizes(axes), shape...)
	if out.Size() == 0 {
		return Value{b.G.Constant(out, []float64{}), axes, shape}
	}
	st := out.Strides()
	var parts []op.Part
	var in []*graph.Node
	for _, bl := range blocks {
		v := b.With(bl.Value, axes...)
		if v.N.Shape.Size() == 0 {
			continue
		}
		p := op.Part{Shape: v.N.Shape, Strides: st}
		for d, at := range bl.At {
			p.Base += at * st[len(axes)+d]
		}
		parts = append(parts, p)
		in = append(in, v.N)
	}
	if len(parts) == 0 {
		return Value{b.G.Constant(out, make([]float64, out.Size())), axes, shape}
	}
	return Value{op.NewScatter(b.G, out, parts, in...), axes, shape}
}

// Concat joins events along their first dimension.
func (b *Builder) Concat(xs ...Value) Value {
	shape := append(graph.Shape{}, xs[0].event...)
	shape[0] = 0
	var blocks []Block
	for _, x := range xs {
		at := make([]int, len(shape))
		at[0] = shape[0]
		blocks = append(blocks, Block{x, at})
		shape[0] += x.event[0]
	}
	return b.Assemble(shape, blocks...)
}

// Stack puts events of one shape side by side along a new first dimension.
func (b *Builder) Stack(xs ...Value) Value {
	shape := append(graph.Shape{len(xs)}, xs[0].event...)
	var blocks []Block
	for i, x := range xs {
		one := b.Reshape(x, append(graph.Shape{1}, x.event...))
		at := make([]int, len(shape))
		at[0] = i
		blocks = append(blocks, Block{one, at})
	}
	return b.Assemble(shape, blocks...)
}

// Spread repeats a scalar event over a shape.
func (b *Builder) Spread(x Value, shape graph.Shape) Value {
	if x.Rank() != 0 {
		panic(fmt.Sprintf("named: Spread of %v", x))
	}
	k := len(x.axes)
	v := op.View{Out: append(sizes(x.axes), shape...)}
	v.Strides = append(x.N.Shape.Strides(), make([]int, len(shape))...)
	return Value{op.NewView(b.G, x.N, v, nil), x.axes, v.Out[k:]}
}

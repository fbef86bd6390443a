package lower

import (
	"fmt"

	"ppl/graph"
	"ppl/graph/named"
	"ppl/graph/op"
	"ppl/lang"
	"ppl/lang/ast"
	"ppl/lang/diag"
)

// array is a latent or a let that statements define piece by piece.
type array struct {
	name   string
	span   diag.Span
	elem   lang.Elem
	shape  []int // box so far
	pieces []piece
	joined named.Value // pieces assembled, until the next one comes
	holes  bool        // whether joined has elements that no piece defines
	// dense is a latent's value where it was made whole before its pieces.
	dense named.Value
	// broken marks an array one of whose pieces has failed, which has been
	// reported: what reads it fails quietly.
	broken bool
}

// piece is the part of an array that one statement defines.
type piece struct {
	value named.Value
	dims  []pieceDim // one for each dimension of the array
	// axes were closed into the leading dimensions of a let's value.
	axes []*named.Axis
	span diag.Span
	by   ast.Stmt // the let, or the `~` of a simulation, that defines it
}

// pieceDim says which indices of one dimension of an array a piece defines:
// first, first+1, ... (from 0) along dimension `along` of its value's event;
// or those listed, under a ragged range; or, where along is negative, only first.
type pieceDim struct {
	first, along int
	list         []int
}

// extent is one more than the largest index of dimension d, from 0.
func (p piece) extent(d int) int {
	x := p.dims[d]
	switch {
	case x.list != nil:
		most := 0
		for _, i := range x.list {
			most = max(most, i+1)
		}
		return most
	case x.along < 0:
		return x.first + 1
	case p.size(x.along) == 0:
		return 0
	}
	return x.first + p.size(x.along)
}

func (p piece) size(along int) int { return p.value.Shape()[along] }

// isBox reports whether the piece's value is a box of the array as it is.
func (p piece) isBox() bool {
	next := 0
	for _, x := range p.dims {
		if x.list != nil || x.along >= 0 && x.along < next {
			return false
		}
		if x.along >= 0 {
			next++
		}
	}
	return true
}

// define adds a piece to the array called name, which is in the outermost
// scope of the model or function: it outlives the plates that define it.
func (l *lowerer) define(a *array, at ast.Node, p piece) {
	if len(a.pieces) > 0 && len(a.shape) != len(p.dims) {
		l.fail("shape-at-binding", at, "`%s` has rank %d here and %d before", a.name, len(p.dims), len(a.shape))
	}
	if len(a.pieces) == 0 {
		a.shape = make([]int, len(p.dims))
	}
	p.span = at.Span()
	for d := range p.dims {
		a.shape[d] = max(a.shape[d], p.extent(d))
	}
	l.afford(at, a.shape)
	a.pieces = append(a.pieces, p)
	a.joined = named.Value{}
}

// arrayNamed finds or makes the array of a name.
func (l *lowerer) arrayNamed(name string, at ast.Node) *array {
	root := l.scope
	for root.outer != nil {
		root = root.outer
	}
	if b := root.names[name]; b != nil && b.array != nil {
		return b.array
	}
	a := &array{name: name, span: at.Span()}
	root.names[name] = &binding{array: a}
	l.all = append(l.all, a)
	return a
}

// whole returns the array as far as it is defined, assembled.
func (l *lowerer) whole(a *array) named.Value {
	switch {
	case a.dense.Valid():
		return a.dense
	case len(a.pieces) == 0 || a.broken:
		panic(failed{})
	case !a.joined.Valid():
		if l.sequence != nil {
			l.sequence.assembled = append(l.sequence.assembled, a)
		}
		a.joined, a.holes = l.assemble(a)
	}
	return a.joined
}

func (l *lowerer) assemble(a *array) (v named.Value, holes bool) {
	shape := append(graph.Shape{}, a.shape...) // which grows with the next piece
	pieces := a.pieces
	if l.sequence != nil {
		pieces = l.sequence.importPieces(l.b, pieces)
	}
	defined := 0
	var blocks []named.Block
	boxes, known := true, true
	for _, p := range pieces {
		defined += p.value.Shape().Size()
		boxes = boxes && p.isBox()
		known = known && p.value.IsConst() && len(p.value.Axes()) == 0
	}
	holes = defined < shape.Size()
	switch {
	case known:
		return l.b.Array(shape, denseOf(pieces, shape)), holes
	case boxes:
		for _, p := range pieces {
			blocks = append(blocks, p.block(l.b))
		}
		if len(blocks) == 1 && blocks[0].Value.Shape().Equal(shape) {
			return blocks[0].Value, false
		}
		return l.b.Assemble(shape, blocks...), holes
	}
	return l.scatter(pieces, shape), holes
}

// block is a piece that is a box, with all dimensions of the array.
func (p piece) block(b *named.Builder) named.Block {
	at := make([]int, len(p.dims))
	shape := make(graph.Shape, len(p.dims))
	for d, x := range p.dims {
		at[d], shape[d] = x.first, 1
		if x.along >= 0 {
			shape[d] = p.size(x.along)
		}
	}
	return named.Block{Value: b.Reshape(p.value, shape), At: at}
}

// scatter assembles pieces that are not boxes.
func (l *lowerer) scatter(pieces []piece, shape graph.Shape) named.Value {
	var axes []*named.Axis
	for _, p := range pieces {
		axes = union(axes, p.value.Axes())
	}
	lead := make(graph.Shape, len(axes))
	for i, x := range axes {
		lead[i] = x.Size
	}
	out := append(lead, shape...)
	st := out.Strides()
	var parts []op.Part
	var in []*graph.Node
	for _, p := range pieces {
		v := l.b.With(p.value, axes...)
		if v.N.Shape.Size() == 0 {
			continue
		}
		part, off := p.part(v.N.Shape, st, len(axes))
		parts = append(parts, part)
		in = append(in, v.N)
		if off != nil {
			in = append(in, l.b.G.Constant(graph.Shape{len(off)}, off))
		}
	}
	return l.b.Wrap(op.NewScatter(l.b.G, out, parts, in...), axes...)
}

// part places a piece in an array whose strides are st; its k axes lead.
func (p piece) part(shape graph.Shape, st []int, k int) (op.Part, []float64) {
	part := op.Part{Shape: shape, Strides: make([]int, len(shape))}
	copy(part.Strides, st[:k])
	var off []float64
	for d, x := range p.dims {
		s := st[k+d]
		switch {
		case x.list != nil:
			if off == nil {
				off = make([]float64, len(x.list))
				part.OffStrides = make([]int, len(shape))
				part.OffStrides[k+x.along] = 1
			}
			for i, pos := range x.list {
				off[i] += float64(pos * s)
			}
		case x.along < 0:
			part.Base += x.first * s
		default:
			part.Base += x.first * s
			part.Strides[k+x.along] += s
		}
	}
	return part, off
}

// places calls f with the position of each element of the piece in an array
// with strides st.
func (p piece) places(st []int, f func(i, at int)) { p.placesIn(p.value.Shape(), st, f) }

// placesIn is places for a value of a shape.
func (p piece) placesIn(shape graph.Shape, st []int, f func(i, at int)) {
	part, off := p.part(shape, st, 0)
	idx := make([]int, len(shape))
	for i := range shape.Size() {
		at := part.Base
		for d, c := range idx {
			at += c * part.Strides[d]
			if off != nil && part.OffStrides[d] == 1 {
				at += int(off[c])
			}
		}
		f(i, at)
		for d := len(shape) - 1; d >= 0; d-- {
			idx[d]++
			if idx[d] < shape[d] {
				break
			}
			idx[d] = 0
		}
	}
}

// denseOf fills an array from pieces that are known.
func denseOf(pieces []piece, shape graph.Shape) []float64 {
	out := make([]float64, shape.Size())
	st := shape.Strides()
	for _, p := range pieces {
		v := p.value.Const()
		p.places(st, func(i, at int) { out[at] = v[i] })
	}
	return out
}

// complete checks that every element of every array built in pieces is defined
// exactly once.
func (l *lowerer) complete() {
	for _, a := range l.all {
		if !a.dense.Valid() && len(a.pieces) > 0 && !a.broken {
			l.try(func() { l.cover(a) })
		}
	}
}

func (l *lowerer) cover(a *array) {
	if p := a.pieces[0]; len(a.pieces) == 1 && p.isBox() && p.value.Shape().Size() == graph.Shape(a.shape).Size() {
		return
	}
	shape := graph.Shape(a.shape)
	owner := make([]int, shape.Size())
	st := shape.Strides()
	for k, p := range a.pieces {
		p.places(st, func(_, at int) {
			if o := owner[at]; o != 0 {
				l.failWith(diag.Diagnostic{Code: "element-overlap", Span: p.span,
					Summary: fmt.Sprintf("`%s[%s]` is defined twice", a.name, element(shape, at)),
					Related: []diag.Related{{Span: a.pieces[o-1].span, Message: "first defined here"}}})
			}
			owner[at] = k + 1
		})
	}
	for i, o := range owner {
		if o == 0 {
			l.fail("element-gap", spanned{a.span}, "no statement defines `%s[%s]`", a.name, element(shape, i))
		}
	}
}

// element prints the index of element i of an array, from 1.
func element(shape graph.Shape, i int) string {
	text := ""
	for d := len(shape) - 1; d >= 0; d-- {
		s := fmt.Sprint(i%shape[d] + 1)
		if text != "" {
			s += ", "
		}
		text = s + text
		i /= shape[d]
	}
	return text
}

package sufficient

import (
	"encoding/binary"
	"hash/maphash"
	"math"
	"slices"

	"ppl/graph"
	"ppl/graph/op"
)

// mostEqual bounds the rows that equal ones are looked for among: of more that
// differ little is gained by any that do not, and the looking takes long.
const mostEqual = 1 << 16

// equal replaces times · Σ x over the rows, where rows differ in nothing but data
// and many of them are alike: by the sum over those that differ, each as often as
// there are rows like it. Counts, ages and labels repeat themselves, and so do
// whole histories of animals and patterns of answers.
func equal(g *graph.Graph, x *graph.Node, dims []int, times float64) (*graph.Node, bool) {
	at := lot{node: x, row: make([]int, len(x.Shape))}
	var rows graph.Shape
	for d, n := range x.Shape {
		at.row[d] = -1
		if n > 1 && slices.Contains(dims, d) {
			at.row[d] = len(rows)
			rows = append(rows, n)
		}
	}
	e := newEquals(g, rows)
	e.most = min(mostEqual, e.rows()/gain)
	if !e.afford(at) || !e.read(at) || e.n > e.most {
		return nil, false
	}
	first, count := make([]int, e.n), make([]float64, e.n)
	for row := e.rows() - 1; row >= 0; row-- {
		k := e.of[row]
		first[k] = row
		count[k]++
	}
	e.chosen = first
	y, ok := e.build(at)
	if !ok {
		return nil, false
	}
	f := op.Frame{G: g, Shape: y.Shape}
	class := at.first()
	z := f.Node(f.Apply(op.MulZ, graph.Term{Node: g.Constant(graph.Shape{e.n}, count), Dims: []int{class}}, graph.Full(y)))
	over := []int{class}
	for _, d := range dims { // those of one element, which are no rows
		if at.row[d] < 0 {
			over = append(over, at.without(d))
		}
	}
	slices.Sort(over)
	return g.ScaledSum(z, over, times), true
}

// lot is a node some of whose dimensions are those of the rows.
type lot struct {
	node *graph.Node
	row  []int // of each dimension: which one of the rows' it is, or -1
}

// of is another node whose dimension i is dimension dims[i] of x, or none of it if that is -1.
func (x lot) of(n *graph.Node, dims []int) lot {
	p := lot{node: n, row: make([]int, len(dims))}
	for i, d := range dims {
		p.row[i] = -1
		if d >= 0 {
			p.row[i] = x.row[d]
		}
	}
	return p
}

// first is the first dimension of the rows: the one that the classes take the place of; -1 if there is none.
func (x lot) first() int { return slices.IndexFunc(x.row, func(r int) bool { return r >= 0 }) }

func (x lot) overRows() bool { return x.first() >= 0 }

// together reports whether the dimensions of the rows follow one another, in order.
func (x lot) together() bool {
	last, at := -1, -1
	for d, r := range x.row {
		if r < 0 {
			continue
		}
		if r < last || at >= 0 && at != d-1 {
			return false
		}
		last, at = r, d
	}
	return true
}

// without is where dimension d, or that of the classes in its place, is in what is built.
func (x lot) without(d int) int {
	seen, gone := 0, 0
	for i := range d {
		if x.row[i] >= 0 {
			if seen++; seen > 1 {
				gone++
			}
		}
	}
	if x.row[d] >= 0 {
		return x.first()
	}
	return d - gone
}

// shape is that of what is built, for n classes.
func (x lot) shape(n int) graph.Shape { return x.kept(x.node.Shape, n) }

// kept is, of one number for each dimension of x, those of the dimensions of what is built; the classes' is class.
func (x lot) kept(list []int, class int) []int {
	var out []int
	for d, i := range list {
		switch {
		case x.row[d] < 0:
			out = append(out, i)
		case d == x.first():
			out = append(out, class)
		}
	}
	return out
}

// places are those of some dimensions of x in what is built: those of the rows have the one of the classes.
func (x lot) places(dims []int) []int {
	var out []int
	for _, d := range dims {
		if p := x.without(d); len(out) == 0 || out[len(out)-1] != p {
			out = append(out, p)
		}
	}
	return out
}

func (x lot) key() memoKey { return keyOf(placed{node: x.node, row: x.row}) }

// equals are the classes of rows that are alike.
type equals struct {
	g    *graph.Graph
	size graph.Shape // of the rows
	seen map[memoKey]bool
	of   []int32 // of each row: its class
	n    int     // how many there are
	most int     // so many are worth while
	// chosen are the rows that are built, in order.
	chosen []int
	built  map[memoKey]*graph.Node
	within map[memoKey]*equals // the classes of what is added up into rows
}

func newEquals(g *graph.Graph, rows graph.Shape) *equals {
	return &equals{g: g, size: rows, seen: map[memoKey]bool{}, of: make([]int32, rows.Size()), n: 1, most: rows.Size(),
		built: map[memoKey]*graph.Node{}, within: map[memoKey]*equals{}}
}

func (e *equals) rows() int { return len(e.of) }

// afford reports whether there are rows, and what a sum is of is not known.
func (e *equals) afford(x lot) bool { return x.overRows() && !x.node.IsConst() }

// read splits the classes by the data that x reads. It reports false where something else makes rows
// differ, or hardly any are alike.
func (e *equals) read(x lot) bool {
	if !x.overRows() {
		return true
	}
	key := x.key()
	if e.seen[key] {
		return true
	}
	e.seen[key] = true
	if !x.together() || x.node.Refilled() {
		return false
	}
	if x.node.IsConst() {
		return e.splitBy(x)
	}
	if s, ok := x.node.Op.(op.Scatter); ok {
		return e.readScatter(x, s)
	}
	if xs, ok := operands(x); ok {
		for _, y := range xs {
			if !e.read(y) {
				return false
			}
		}
		return true
	}
	if v, ok := x.node.Op.(op.View); ok {
		return e.readView(x, v)
	}
	return false
}

// operands are what an op is of that works on each row by itself.
func operands(x lot) ([]lot, bool) {
	in := x.node.In
	switch o := x.node.Op.(type) {
	case *op.Map:
		out := make([]lot, len(in))
		for k := range out {
			out[k] = x.of(in[k], o.Dims[k])
		}
		return out, true
	case graph.Broadcast:
		return []lot{x.of(in[0], o.Dims)}, true
	case graph.Sum:
		return []lot{x.of(in[0], before(len(o.From), o.Dims))}, true
	case op.Reduce:
		return []lot{x.of(in[0], before(len(o.From), o.Dims))}, true
	case op.Contract:
		return []lot{x.of(in[0], labelled(o.A, o.Out)), x.of(in[1], labelled(o.B, o.Out))}, true
	case op.ChainValue:
		u, w := graph.Iota(len(o.Batch)), slices.Clone(o.WBatch)
		return []lot{x.of(in[1], tail(u, len(in[1].Shape))), x.of(in[2], tail(w, len(in[2].Shape)))}, true
	case op.View:
		if m, ok := aligned(x, o); ok {
			return []lot{x.of(in[0], m.dims)}, true
		}
	}
	return nil, false
}

// before is, for each of so many dimensions of the operand of a reduction, which one of the result it is.
func before(rank int, reduced []int) []int {
	out, next := make([]int, rank), 0
	for d := range out {
		if out[d] = -1; !slices.Contains(reduced, d) {
			out[d] = next
			next++
		}
	}
	return out
}

func labelled(labels, out []int) []int {
	dims := make([]int, len(labels))
	for i, l := range labels {
		dims[i] = slices.Index(out, l)
	}
	return dims
}

func tail(dims []int, rank int) []int {
	for len(dims) < rank {
		dims = append(dims, -1)
	}
	return dims
}

// alignment says which dimension of a view each of its operand's is, where it starts in each, and which of the operand's
// each of the view's is, -1 where it repeats.
type alignment struct{ dims, starts, from []int }

// aligned finds, for a view that takes whole rows of its operand, perhaps in part, transposed or repeated, what is what.
func aligned(x lot, v op.View) (alignment, bool) {
	st := v.From.Strides()
	m := alignment{make([]int, len(v.From)), make([]int, len(v.From)), make([]int, len(v.Out))}
	if v.OffStrides != nil {
		return m, false
	}
	rest := v.Base
	for i := range v.From {
		m.dims[i] = -1
		m.starts[i] = rest / st[i]
		rest %= st[i]
	}
	for d, s := range v.Strides {
		m.from[d] = -1
		if v.Out[d] == 1 || s == 0 {
			if x.row[d] >= 0 {
				return m, false
			}
			continue
		}
		for i, n := range v.From {
			if m.dims[i] < 0 && st[i] == s && n > 1 && m.starts[i]+v.Out[d] <= n && (x.row[d] < 0 || n == v.Out[d]) {
				m.dims[i], m.from[d] = d, i
				break
			}
		}
		if m.from[d] < 0 {
			return m, false
		}
	}
	return m, true
}

// viewed is, for a view of something that is the same for all rows, where it reads in each.
func (e *equals) viewed(x lot, v op.View) ([]int, bool) {
	var off []float64
	if v.OffStrides != nil {
		if off = x.node.In[1].Const; off == nil || x.node.In[1].Refilled() {
			return nil, false
		}
	}
	step, offStep := make([]int, len(e.size)), make([]int, len(e.size))
	for d, r := range x.row {
		if r >= 0 {
			step[r] = v.Strides[d]
			if off != nil {
				offStep[r] = v.OffStrides[d]
			}
		} else if off != nil && v.OffStrides[d] != 0 && v.Out[d] > 1 {
			return nil, false // each row reads at several places
		}
	}
	out := make([]int, e.rows())
	graph.Walk(e.size, step, offStep, 0, func(i, p, q int) {
		if out[i] = p; off != nil {
			out[i] += int(off[q])
		}
	})
	return out, true
}

// splitBy makes classes of rows that had one class and have the same numbers in a known array.
func (e *equals) splitBy(x lot) bool {
	at, inner := e.rowsOf(x), x.inner()
	v := x.node.Const
	if len(inner) == 1 {
		return e.split(func(row int) uint64 { return math.Float64bits(v[at[row]]) })
	}
	seed := maphash.MakeSeed()
	var buffer [8]byte
	example := map[uint64]int{} // a row of each value
	same := true
	ok := e.split(func(row int) uint64 {
		var h maphash.Hash
		h.SetSeed(seed)
		for _, p := range inner {
			binary.LittleEndian.PutUint64(buffer[:], math.Float64bits(v[at[row]+p]))
			h.Write(buffer[:])
		}
		k := h.Sum64()
		if first, known := example[k]; known {
			for _, p := range inner {
				same = same && math.Float64bits(v[at[row]+p]) == math.Float64bits(v[at[first]+p])
			}
		} else {
			example[k] = row
		}
		return k
	})
	return ok && same
}

// rowsOf is where each row begins in an array, inner where its elements are from there.
func (e *equals) rowsOf(x lot) []int {
	step, st := make([]int, len(e.size)), x.node.Shape.Strides()
	for d, r := range x.row {
		if r >= 0 {
			step[r] = st[d]
		}
	}
	out := make([]int, e.rows())
	graph.Walk(e.size, step, nil, 0, func(i, p, _ int) { out[i] = p })
	return out
}

func (x lot) inner() []int {
	st := x.node.Shape.Strides()
	var size graph.Shape
	var step []int
	for d, r := range x.row {
		if r < 0 {
			size, step = append(size, x.node.Shape[d]), append(step, st[d])
		}
	}
	out := make([]int, size.Size())
	graph.Walk(size, step, nil, 0, func(i, p, _ int) { out[i] = p })
	return out
}

// split makes classes of rows that had one class and have one value.
func (e *equals) split(value func(row int) uint64) bool {
	type class struct {
		of    int32
		value uint64
	}
	classes := map[class]int32{}
	for row, k := range e.of {
		c := class{k, value(row)}
		next, ok := classes[c]
		if !ok {
			if next = int32(len(classes)); len(classes) == e.most {
				return false
			}
			classes[c] = next
		}
		e.of[row] = next
	}
	e.n = len(classes)
	return true
}

// build is x in the chosen rows, whose dimension is in the place of the first one of the rows. It reports false where
// that was not foreseen.
func (e *equals) build(x lot) (*graph.Node, bool) {
	if !x.overRows() {
		return x.node, true
	}
	key := x.key()
	if y, ok := e.built[key]; ok {
		return y, true
	}
	y, ok := e.make(x)
	ok = ok && y.Shape.Equal(x.shape(len(e.chosen)))
	if ok {
		e.built[key] = y
	}
	return y, ok
}

func (e *equals) make(x lot) (*graph.Node, bool) {
	shape := x.shape(len(e.chosen))
	if x.node.IsConst() {
		return e.take(x, shape), true
	}
	if s, ok := x.node.Op.(op.Scatter); ok {
		return e.makeScatter(x, s)
	}
	xs, ok := operands(x)
	if !ok {
		if in := e.within[x.key()]; in != nil {
			return e.makeGathered(x, in, shape)
		}
		return e.makeView(x, shape), true
	}
	in := make([]*graph.Node, len(xs))
	for k, y := range xs {
		if in[k], ok = e.build(y); !ok {
			return nil, false
		}
	}
	f := op.Frame{G: e.g, Shape: shape}
	switch o := x.node.Op.(type) {
	case *op.Map:
		ts := make([]graph.Term, len(in))
		for k := range in {
			ts[k] = graph.Term{Node: in[k], Dims: x.places(o.Dims[k])}
		}
		return f.Node(f.Apply(o.F, ts...)), true
	case graph.Broadcast:
		return e.g.Expand(shape, graph.Term{Node: in[0], Dims: x.places(o.Dims)}), true
	case graph.Sum:
		return e.g.ScaledSum(in[0], xs[0].places(o.Dims), o.Times), true
	case op.Reduce:
		return op.NewReduce(e.g, o.Kind, in[0], xs[0].places(o.Dims)), true
	case op.Contract:
		class := o.Out[x.first()]
		return op.NewContract(e.g, in[0], in[1], xs[0].kept(o.A, class), xs[1].kept(o.B, class), x.kept(o.Out, class)), true
	case op.ChainValue:
		c := o.ChainShape
		c.Batch, c.WBatch = shape, x.places(o.WBatch)
		return op.NewChain(e.g, c, in[0], in[1]), true
	case op.View:
		return e.realign(x, o, xs[0], in[0], shape), true
	}
	return nil, false
}

// take is a known array in the chosen rows.
func (e *equals) take(x lot, shape graph.Shape) *graph.Node {
	at := e.rowsOf(x)
	out := make([]float64, shape.Size())
	st := x.node.Shape.Strides()
	var step []int
	class := 0
	for d := range x.row {
		switch {
		case x.row[d] < 0:
			step = append(step, st[d])
		case d == x.first():
			class = len(step)
			step = append(step, 0)
		}
	}
	which := make([]int, len(shape))
	which[class] = 1
	graph.Walk(shape, step, which, 0, func(i, p, k int) { out[i] = x.node.Const[p+at[e.chosen[k]]] })
	return e.g.Constant(shape, out)
}

// realign is an aligned view of what was built of its operand.
func (e *equals) realign(x lot, v op.View, from lot, in *graph.Node, shape graph.Shape) *graph.Node {
	m, _ := aligned(x, v)
	st := in.Shape.Strides()
	out := op.View{Out: shape}
	for i, s := range m.starts {
		if from.row[i] < 0 {
			out.Base += s * st[from.without(i)]
		}
	}
	for d, i := range m.from {
		switch {
		case x.row[d] >= 0 && d != x.first():
		case i < 0:
			out.Strides = append(out.Strides, 0)
		default:
			out.Strides = append(out.Strides, st[from.without(i)])
		}
	}
	return op.NewView(e.g, in, out, nil)
}

// makeView reads where the chosen rows do.
func (e *equals) makeView(x lot, shape graph.Shape) *graph.Node {
	v := x.node.Op.(op.View)
	places, _ := e.viewed(x, v)
	off := make([]float64, len(e.chosen))
	for k, row := range e.chosen {
		off[k] = float64(places[row])
	}
	out := op.View{Out: shape, Base: v.Base, OffStrides: make([]int, len(shape))}
	out.OffStrides[x.first()] = 1
	for d, s := range v.Strides {
		switch {
		case x.row[d] < 0:
			out.Strides = append(out.Strides, s)
		case d == x.first():
			out.Strides = append(out.Strides, 0)
		}
	}
	return op.NewView(e.g, x.node.In[0], out, e.g.Constant(graph.Shape{len(off)}, off))
}

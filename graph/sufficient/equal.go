package sufficient

import (
	"math"

	"ppl/graph"
	"ppl/graph/op"
)

// mostEqual bounds the rows that equal ones are looked for among: of more that
// differ little is gained by any that do not, and the looking takes long.
const mostEqual = 1 << 16

// equal replaces times · Σ x over the rows, where rows differ in nothing but data
// and many of them are alike: by the sum over those that differ, each as often as
// there are rows like it. Counts, ages and labels repeat themselves.
func equal(f *space, x placed, times float64) (*graph.Node, bool) {
	e := &equals{f: f, seen: map[memoKey]bool{}, built: map[memoKey]graph.Term{}, of: make([]int32, f.n), n: 1}
	if !e.read(x) || e.n*gain > f.n {
		return nil, false
	}
	e.first, e.count = make([]int, e.n), make([]float64, e.n)
	for row := f.n - 1; row >= 0; row-- {
		k := e.of[row]
		e.first[k] = row
		e.count[k]++
	}
	fr := f.over(e.n)
	weights := graph.Term{Node: f.g.Constant(graph.Shape{e.n}, e.count), Dims: []int{f.last()}}
	sum := fr.Apply(op.MulZ, weights, e.build(x))
	last := len(sum.Dims) - 1
	s := graph.Term{Node: f.g.ScaledSum(sum.Node, []int{last}, times), Dims: sum.Dims[:last]}
	return op.Frame{G: f.g, Shape: f.kept}.Node(s), true
}

// equals are the classes of rows that are alike.
type equals struct {
	f     *space
	seen  map[memoKey]bool
	built map[memoKey]graph.Term
	of    []int32 // of each row: its class
	n     int     // how many there are
	first []int   // a row of each
	count []float64
}

// read splits the classes by the data that x reads. It reports false where something else makes rows
// differ, or hardly any are alike.
func (e *equals) read(x placed) bool {
	if !x.overRows() {
		return true
	}
	key := keyOf(x)
	if e.seen[key] {
		return true
	}
	e.seen[key] = true
	if x.node.IsConst() {
		if x.varies() {
			return false
		}
		at := e.f.offsets(x.row, x.node.Shape.Strides())
		return e.split(func(row int) uint64 { return math.Float64bits(x.node.Const[at.at(row)]) })
	}
	if xs, ok := operands(x); ok {
		for _, y := range xs {
			if !e.read(y) {
				return false
			}
		}
		return true
	}
	p, ok := newPicking(e.f, x)
	if !ok || !p.rowsOnly() || p.everyRow() {
		return false
	}
	places := p.places()
	return e.split(func(row int) uint64 { return uint64(places[row]) })
}

// operands are what an elementwise function, or a repetition, is of.
func operands(x placed) ([]placed, bool) {
	switch o := x.node.Op.(type) {
	case *op.Map:
		out := make([]placed, len(x.node.In))
		for k := range out {
			out[k] = x.operand(o, k)
		}
		return out, true
	case graph.Broadcast:
		return []placed{x.pick(x.node.In[0], o.Dims)}, true
	case op.View:
		if dims, ok := repeated(o); ok {
			return []placed{x.pick(x.node.In[0], dims)}, true
		}
	}
	return nil, false
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
			if next = int32(len(classes)); len(classes) == mostEqual || (len(classes)+1)*gain > e.f.n {
				return false
			}
			classes[c] = next
		}
		e.of[row] = next
	}
	e.n = len(classes)
	return true
}

// build is x at a row of each class, over the kept dimensions and the classes.
func (e *equals) build(x placed) graph.Term {
	if !x.overRows() {
		return e.f.latent(x)
	}
	key := keyOf(x)
	if t, ok := e.built[key]; ok {
		return t
	}
	t := e.make(x)
	e.built[key] = t
	return t
}

func (e *equals) make(x placed) graph.Term {
	f := e.f
	if x.node.IsConst() {
		at := f.offsets(x.row, x.node.Shape.Strides())
		v := make([]float64, e.n)
		for k, row := range e.first {
			v[k] = x.node.Const[at.at(row)]
		}
		return graph.Term{Node: f.g.Constant(graph.Shape{e.n}, v), Dims: []int{f.last()}}
	}
	if xs, ok := operands(x); ok {
		ts := make([]graph.Term, len(xs))
		for k, y := range xs {
			ts[k] = e.build(y)
		}
		if m, is := x.node.Op.(*op.Map); is {
			return f.over(e.n).Apply(m.F, ts...)
		}
		return ts[0]
	}
	p, _ := newPicking(f, x)
	places, starts := p.places(), make([]int, e.n)
	for k, row := range e.first {
		starts[k] = places[row]
	}
	return p.levels(starts, 0)
}

// Package scan is the op for recurrences that cannot be vectorised:
//
//	x_t = f(x_(t−1), s_t, p),  t = 1, ..., T
//
// where the carry x is an array, s are slices of arrays over the steps, and p
// is the same in all steps. The step f is a graph of its own, the Body, so
// that its size does not depend on T: ARMA errors, GARCH variances,
// populations, learning rules.
//
// The adjoint of a scan is a scan: it runs the other way, its carry is the
// adjoint of x, and its body is the vector-Jacobian product of f, made by
// package grad. So a scan may be differentiated as often as one likes (as in
// JAX: Bradbury et al. 2018, jax.lax.scan).
package scan

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"math"
	"slices"
	"sync"

	"ppl/graph"
	"ppl/graph/grad"
	"ppl/graph/op"
)

// Body is one step, as a graph of its own. It is built up and then not changed
// any more.
type Body struct {
	G *graph.Graph
	// Lead is the number of particles, the first dimension of the carry and of
	// the output; 0 if there is no such dimension.
	Lead int
	// Carry is the input that holds the state before the step, of shape
	// [Lead?, n].
	Carry *graph.Node
	// Slices and Fixed are inputs: what the step reads of arrays over the steps,
	// and of others. Those marked Batch have the particles as first dimension.
	Slices, Fixed []*graph.Node
	// Out is [Lead?, m], m ≥ n: the first n are the carry of the next step.
	Out *graph.Node

	key   string
	nodes []*graph.Node // that Out depends on, operands first
	pool  sync.Pool     // of *steps
}

// NewBody is a body with a carry of n numbers for each particle, and no output
// yet.
func NewBody(lead, n int) *Body {
	b := &Body{G: graph.New(), Lead: lead}
	b.Carry = b.input("carry", graph.Shape{n}, lead > 0)
	return b
}

func (b *Body) input(name string, tail graph.Shape, batch bool) *graph.Node {
	if !batch {
		return b.G.Input(name, tail)
	}
	return b.G.BatchInput(name, append(graph.Shape{b.Lead}, tail...))
}

// Slice is a new input for slices of the shape given, the particle's dimension
// apart; batch says that it has one.
func (b *Body) Slice(tail graph.Shape, batch bool) *graph.Node {
	n := b.input(fmt.Sprint("slice ", len(b.Slices)), tail, batch)
	b.Slices = append(b.Slices, n)
	return n
}

// Fix is a new input for something that is the same in all steps.
func (b *Body) Fix(tail graph.Shape, batch bool) *graph.Node {
	n := b.input(fmt.Sprint("fixed ", len(b.Fixed)), tail, batch)
	b.Fixed = append(b.Fixed, n)
	return n
}

// lead is the particle's dimension followed by more.
func (b *Body) lead(more ...int) graph.Shape {
	if b.Lead == 0 {
		return more
	}
	return append(graph.Shape{b.Lead}, more...)
}

// width is the number of elements for each particle of a node of the body.
func (b *Body) width(n *graph.Node) int {
	if b.Lead > 0 && b.varies(n) {
		return n.Shape[1:].Size()
	}
	return n.Shape.Size()
}

// varies reports whether a node of the body has the particle's dimension: it
// is an input that does, the carry or the output.
func (b *Body) varies(n *graph.Node) bool { return n.Batch || b.Lead > 0 && n == b.Out }

// Scan runs a body over T steps. Its operands are the carry before the first
// step, [Lead?, n]; the arrays over the steps, [Lead?, T, ...]; and what is
// fixed. It gives the outputs of all steps, [Lead?, T, m].
type Scan struct {
	*Body
	T int
	// Reverse runs from step T to step 1.
	Reverse bool
	// Idle are slices. A step in which all of them are zeros is not run: the carry
	// stays what it is, and the rest of the output is zero. It takes that the body
	// is then the identity in the carry, whatever its other inputs are, and that
	// the rest is indeed zero or nothing reads it. None: all steps are run.
	Idle []int
}

// Work is the number of elements that all steps work through.
func (s Scan) Work() float64 { return float64(s.T) * s.work() }

// work is that of one step.
func (b *Body) work() float64 {
	w := 0.0
	for _, n := range b.nodes {
		w += float64(n.Shape.Size())
	}
	return w
}

// New applies a scan of T ≥ 1 steps.
func New(g *graph.Graph, s Scan, operands ...*graph.Node) *graph.Node {
	s.freeze()
	return g.Apply(s, operands...)
}

// freeze lists the nodes of the body and makes its key: a hash of all that it
// computes. Bodies of equal content are one function.
func (b *Body) freeze() {
	if b.key != "" {
		return
	}
	needed := graph.Needed([]*graph.Node{b.Out})
	h := fnv.New128a()
	number := func(x uint64) { h.Write(binary.LittleEndian.AppendUint64(nil, x)) }
	for _, n := range b.G.Nodes() {
		if !needed[n.ID] && !b.isInput(n) {
			continue
		}
		fmt.Fprintf(h, "%d %v %q %t ", n.ID, n.Shape, n.Name, n.Batch)
		for _, x := range n.Const {
			number(math.Float64bits(x))
		}
		if n.Op != nil {
			h.Write([]byte(n.Op.Key()))
			for _, x := range n.In {
				number(uint64(x.ID))
			}
			if !n.IsConst() {
				b.nodes = append(b.nodes, n)
			}
		}
	}
	b.key = fmt.Sprintf("%x %d", h.Sum(nil), b.Out.ID)
}

func (b *Body) isInput(n *graph.Node) bool {
	return n == b.Carry || slices.Contains(b.Slices, n) || slices.Contains(b.Fixed, n)
}

// Key implements graph.Op.
func (s Scan) Key() string {
	return fmt.Sprintf("scan of %d steps, reverse %t, idle %v, body %s", s.T, s.Reverse, s.Idle, s.key)
}

// Infer implements graph.Op.
func (s Scan) Infer(in []graph.Shape) (graph.Shape, error) {
	if len(in) != 1+len(s.Slices)+len(s.Fixed) {
		return nil, fmt.Errorf("needs %d operands", 1+len(s.Slices)+len(s.Fixed))
	}
	for k := range in {
		if want := s.operandShape(k); !in[k].Equal(want) {
			return nil, fmt.Errorf("operand %d has shape %v where %v is expected", k, in[k], want)
		}
	}
	return s.lead(s.T, s.width(s.Out)), nil
}

// inputOf is the input of the body that operand k feeds.
func (s Scan) inputOf(k int) *graph.Node {
	switch {
	case k == 0:
		return s.Carry
	case k <= len(s.Slices):
		return s.Slices[k-1]
	}
	return s.Fixed[k-1-len(s.Slices)]
}

// Sliced reports whether operand k is an array over the steps.
func (s Scan) Sliced(k int) bool { return k >= 1 && k <= len(s.Slices) }

// Input is the input of the body that operand k feeds.
func (s Scan) Input(k int) *graph.Node { return s.inputOf(k) }

func (s Scan) operandShape(k int) graph.Shape {
	n := s.inputOf(k)
	if !s.Sliced(k) {
		return n.Shape
	}
	at := 0
	if s.varies(n) {
		at = 1
	}
	return slices.Insert(slices.Clone(n.Shape), at, s.T)
}

// Step is the index, from 0, of the i-th step that is run.
func (s Scan) Step(i int) int {
	if s.Reverse {
		return s.T - 1 - i
	}
	return i
}

// steps is the memory of an evaluation: the value of each node of the body.
type steps struct {
	value [][]float64 // by ID
	args  [][]float64
}

func (b *Body) newSteps() *steps {
	m := &steps{value: make([][]float64, len(b.G.Nodes()))}
	for _, n := range b.nodes {
		m.value[n.ID] = make([]float64, n.Shape.Size())
		for _, x := range n.In {
			if x.IsConst() {
				m.value[x.ID] = x.Const
			}
		}
	}
	for _, n := range append([]*graph.Node{b.Carry}, b.Slices...) {
		m.value[n.ID] = make([]float64, n.Shape.Size())
	}
	if b.Out.IsConst() {
		m.value[b.Out.ID] = b.Out.Const
	}
	return m
}

// Eval implements graph.Op, node by node of the body.
func (s Scan) Eval(out []float64, in [][]float64) {
	m, ok := s.pool.Get().(*steps)
	if !ok {
		m = s.newSteps()
	}
	defer s.pool.Put(m)
	carry := m.value[s.Carry.ID]
	copy(carry, in[0])
	for k := range s.Fixed {
		m.value[s.Fixed[k].ID] = in[1+len(s.Slices)+k]
	}
	particles, n, w := max(1, s.Lead), s.width(s.Carry), s.width(s.Out)
	for i := range s.T {
		t := s.Step(i)
		for k, x := range s.Slices {
			tail := s.width(x)
			to := m.value[x.ID]
			for p := range len(to) / tail {
				copy(to[p*tail:(p+1)*tail], in[1+k][(p*s.T+t)*tail:])
			}
		}
		if s.idle(m) {
			for p := range particles {
				to := out[(p*s.T+t)*w : (p*s.T+t+1)*w]
				clear(to[copy(to, carry[p*n:(p+1)*n]):])
			}
			continue
		}
		s.eval(m)
		result := m.value[s.Out.ID]
		for p := range particles {
			copy(out[(p*s.T+t)*w:(p*s.T+t+1)*w], result[p*w:])
			copy(carry[p*n:(p+1)*n], out[(p*s.T+t)*w:])
		}
	}
	for k := range s.Fixed {
		m.value[s.Fixed[k].ID] = nil
	}
}

// eval runs the body once.
func (b *Body) eval(m *steps) {
	for _, x := range b.nodes {
		m.args = m.args[:0]
		for _, a := range x.In {
			m.args = append(m.args, m.value[a.ID])
		}
		x.Op.Eval(m.value[x.ID], m.args)
	}
}

func (s Scan) idle(m *steps) bool {
	for _, k := range s.Idle {
		if !allZero(m.value[s.Slices[k].ID]) {
			return false
		}
	}
	return s.Idle != nil
}

func allZero(x []float64) bool {
	for _, v := range x {
		if v != 0 {
			return false
		}
	}
	return true
}

// Diff implements graph.Op: the scan of the adjoint.
func (s Scan) Diff(g *graph.Graph, in []*graph.Node, out *graph.Node, dout graph.Term, want []bool) []graph.Term {
	n, w := s.width(s.Carry), s.width(s.Out)
	b := NewBody(s.Lead, n)
	// The body again, with the state before each step among the slices.
	copies := map[*graph.Node]*graph.Node{s.Carry: b.Slice(graph.Shape{n}, s.Lead > 0)}
	operands := []*graph.Node{s.before(g, in[0], out)}
	for k, x := range s.Slices {
		copies[x] = b.Slice(b.tail(x), x.Batch)
		operands = append(operands, in[1+k])
	}
	adjoint := b.Slice(graph.Shape{w}, s.Lead > 0)
	operands = append(operands, g.Expand(out.Shape, dout))
	for k, x := range s.Fixed {
		copies[x] = b.Fix(b.tail(x), x.Batch)
		operands = append(operands, in[1+len(s.Slices)+k])
	}
	result := graph.Copy(b.G, []*graph.Node{s.Out}, copies)[0]
	total := op.Frame{G: b.G, Shape: adjoint.Shape}.Apply(op.Add, graph.Full(adjoint), graph.Full(b.widen(b.Carry, n, w)))
	wrt := []*graph.Node{copies[s.Carry]}
	var wanted []int
	for k := 1; k < len(in); k++ {
		if want[k] {
			wanted = append(wanted, k)
			wrt = append(wrt, copies[s.inputOf(k)])
		}
	}
	ds := grad.VJP(b.G, result, total.Node, wrt)
	// Adjoints of what particles share are spread evenly over them.
	for i, d := range ds {
		if s.Lead > 0 && !wrt[i].Batch {
			d = b.G.ScaledSum(d, nil, 1/float64(s.Lead))
			ds[i] = b.G.Expand(b.lead(d.Shape...), graph.Term{Node: d, Dims: shifted(len(d.Shape))})
		}
	}
	b.Out = Pack(b.G, b.Lead, ds...)
	back := Scan{Body: b, T: s.T, Reverse: !s.Reverse}
	for _, k := range s.Idle { // the adjoint of the output must be zero, too
		back.Idle = append(back.Idle, k+1)
	}
	if s.Idle != nil {
		back.Idle = append(back.Idle, 1+len(s.Slices))
	}
	r := New(g, back, append([]*graph.Node{g.Constant(b.Carry.Shape, make([]float64, b.Carry.Shape.Size()))}, operands...)...)

	terms := make([]graph.Term, len(in))
	if want[0] {
		terms[0] = graph.Full(view(g, back.part(g, r, back.Step(s.T-1), 1, 0, graph.Shape{n}), in[0].Shape))
	}
	at := n
	for _, k := range wanted {
		x := s.inputOf(k)
		tail := b.tail(x)
		terms[k] = s.adjointOf(g, back.part(g, r, 0, s.T, at, tail), k, len(tail))
		at += s.width(x)
	}
	return terms
}

// adjointOf takes what the steps give for operand k, [Lead?, T, tail...], to
// the operand's shape.
func (s Scan) adjointOf(g *graph.Graph, d *graph.Node, k, tail int) graph.Term {
	x := s.inputOf(k)
	first := len(d.Shape) - tail - 1 // the dimension of the steps
	var keep []int
	if s.Lead > 0 && x.Batch {
		keep = append(keep, 0)
	}
	if s.Sliced(k) {
		keep = append(keep, first)
	}
	for i := range tail {
		keep = append(keep, first+1+i)
	}
	return g.SumTo(d.Shape, graph.Full(d), keep)
}

// part views the outputs of some steps, from and to, of the tail that starts
// at column at: [Lead?, steps, tail...].
func (s Scan) part(g *graph.Graph, r *graph.Node, from, steps, at int, tail graph.Shape) *graph.Node {
	w := s.width(s.Out)
	v := op.View{Out: append(s.lead(steps), tail...), Base: from*w + at}
	if s.Lead > 0 {
		v.Strides = append(v.Strides, s.T*w)
	}
	v.Strides = append(append(v.Strides, w), tail.Strides()...)
	return op.NewView(g, r, v, nil)
}

// view gives a dense array another shape of the same size.
func view(g *graph.Graph, x *graph.Node, shape graph.Shape) *graph.Node {
	return op.NewView(g, x, op.View{Out: shape, Strides: shape.Strides()}, nil)
}

// before is the carry before each step, [Lead?, T, n].
func (s Scan) before(g *graph.Graph, init, out *graph.Node) *graph.Node {
	n := s.width(s.Carry)
	shape := s.lead(s.T, n)
	st := shape.Strides()
	if s.T == 1 {
		return view(g, init, shape)
	}
	first, rest, from := 0, n, 0 // where the first goes, and the others
	if s.Reverse {
		first, rest, from = (s.T-1)*n, 0, 1
	}
	others := s.part(g, out, from, s.T-1, 0, graph.Shape{n})
	start := view(g, init, s.lead(1, n))
	return op.NewScatter(g, shape, []op.Part{{Shape: start.Shape, Base: first, Strides: st}, {Shape: others.Shape, Base: rest, Strides: st}}, start, others)
}

// tail is the shape of an input for each particle.
func (b *Body) tail(n *graph.Node) graph.Shape {
	if n.Batch {
		return n.Shape[1:]
	}
	return n.Shape
}

// widen pads [Lead?, n] with zeros to [Lead?, w].
func (b *Body) widen(x *graph.Node, n, w int) *graph.Node {
	if n == w {
		return x
	}
	shape := b.lead(w)
	return op.NewScatter(b.G, shape, []op.Part{{Shape: x.Shape, Strides: shape.Strides()}}, x)
}

// Part views columns of the carry as an array: [Lead?, tail...].
func (b *Body) Part(from int, tail graph.Shape) *graph.Node {
	v := op.View{Out: append(b.lead(), tail...), Base: from}
	if b.Lead > 0 {
		v.Strides = append(v.Strides, b.width(b.Carry))
	}
	v.Strides = append(v.Strides, tail.Strides()...)
	return op.NewView(b.G, b.Carry, v, nil)
}

// Pack puts arrays side by side: [lead, total], or [total] if lead is 0, the
// number of particles, which are the first dimension of each array.
func Pack(g *graph.Graph, lead int, xs ...*graph.Node) *graph.Node {
	b := &Body{G: g, Lead: lead}
	w := 0
	size := func(x *graph.Node) int { return x.Shape.Size() / max(1, lead) }
	for _, x := range xs {
		w += size(x)
	}
	shape := b.lead(w)
	if len(xs) == 1 {
		return view(g, xs[0], shape)
	}
	var parts []op.Part
	var in []*graph.Node
	at := 0
	for _, x := range xs {
		flat := view(g, x, b.lead(size(x)))
		parts = append(parts, op.Part{Shape: flat.Shape, Base: at, Strides: shape.Strides()})
		in = append(in, flat)
		at += size(x)
	}
	return op.NewScatter(g, shape, parts, in...)
}

func shifted(n int) []int {
	d := graph.Iota(n)
	for i := range d {
		d[i]++
	}
	return d
}

var _ graph.Op = Scan{}

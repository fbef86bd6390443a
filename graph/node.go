// Package graph holds the differentiable graph of a model: nodes over
// Gorgonia's ExprGraph, made by one function (Apply), and the executors that
// evaluate it.
//
// A Node is either a constant (known when the graph is built: data and all
// that depends on data only, folded at once), an input, or an Op applied to
// other nodes. Every non-constant node is backed by a gorgonia.Node, in large
// graphs once that is asked for, in graphs that are only looked at when they are compiled; this
// package and its subpackages are the only ones that touch Gorgonia. All
// values are dense row-major float64 arrays; integers and booleans are exact
// floats, and an index array is an ordinary operand with no gradient.
package graph

import (
	"fmt"
	"math"
	"strconv"
	"sync"

	"gorgonia.org/gorgonia"
)

// Shape is the list of dimensions of an array, outermost first; empty for a scalar.
type Shape []int

// Size is the number of elements.
func (s Shape) Size() int {
	n := 1
	for _, d := range s {
		n *= d
	}
	return n
}

// Equal reports whether both have the same dimensions.
func (s Shape) Equal(t Shape) bool {
	if len(s) != len(t) {
		return false
	}
	for i := range s {
		if s[i] != t[i] {
			return false
		}
	}
	return true
}

// Strides are the row-major strides of a dense array.
func (s Shape) Strides() []int {
	st := make([]int, len(s))
	n := 1
	for i := len(s) - 1; i >= 0; i-- {
		st[i] = n
		n *= s[i]
	}
	return st
}

func (s Shape) String() string { return string(s.Append(make([]byte, 0, 16))) }

// Append appends the shape's text.
func (s Shape) Append(to []byte) []byte { return appendInts(to, s, ',') }

// AppendInts appends what fmt makes of a list of numbers.
func AppendInts(to []byte, x []int) []byte { return appendInts(to, x, ' ') }

func appendInts(to []byte, x []int, between byte) []byte {
	to = append(to, '[')
	for i, v := range x {
		if i > 0 {
			to = append(to, between)
		}
		to = strconv.AppendInt(to, int64(v), 10)
	}
	return append(to, ']')
}

// Op is an operation on arrays of fixed shapes. An Op is immutable: its
// parameters, shapes included, are set when it is made.
type Op interface {
	// Key names the operation with every parameter: two ops with the same key
	// compute the same function.
	Key() string
	// Infer checks the operands' shapes and gives the result's.
	Infer(in []Shape) (Shape, error)
	// Eval computes the result into out, which holds garbage.
	Eval(out []float64, in [][]float64)
	// Diff gives the adjoint of each operand k with want[k], as a Term over the
	// operand's dimensions; a zero Term stands for a zero gradient. dout is the
	// adjoint of the output, over the output's dimensions.
	Diff(g *Graph, in []*Node, out *Node, dout Term, want []bool) []Term
}

// PiecewiseConstant is an Op through which no derivative passes.
type PiecewiseConstant interface{ PiecewiseConstant() }

// Term is an array that is broadcast over some dimensions of a frame (a list
// of dimensions, such as an output's shape): Dims lists, in increasing order,
// which dimension of the frame each dimension of the node is. A Term with a
// nil Node stands for zero.
type Term struct {
	Node *Node
	Dims []int
}

// Full is the term that has all dimensions of the node's own shape.
func Full(n *Node) Term {
	return Term{n, Iota(len(n.Shape))}
}

// Zero reports whether t stands for zero.
func (t Term) Zero() bool { return t.Node == nil }

// Iota is [0, 1, ..., n-1].
func Iota(n int) []int {
	d := make([]int, n)
	for i := range d {
		d[i] = i
	}
	return d
}

// Node is a value of the graph.
type Node struct {
	ID    int
	Shape Shape
	Op    Op      // nil for inputs and constants
	In    []*Node // operands of Op
	Name  string  // of an input
	// Batch marks an input whose first dimension is the Monte-Carlo particle:
	// the plan evaluates all particles side by side.
	Batch bool
	// Const is the value of a constant, nil otherwise. Never written to.
	Const []float64

	key      string // of an op with its operands, of which
	named    int    // so much is the op's own
	regular  bool   // a constant without zeros, infinities and NaN
	refilled bool   // a constant that may have other numbers elsewhere: see Refillable

	g  *Graph
	gn *gorgonia.Node // made on demand for constants, and in large graphs (see backed)
	// foreign marks a node that Gorgonia made itself (gorgonia.Grad's sums).
	foreign bool
}

// IsConst reports whether the value is known when the graph is built.
func (n *Node) IsConst() bool { return n.Const != nil }

// Regular reports whether the node is a constant of finite numbers other than
// 0: a product with it is NaN or 0 only where the other factor is.
func (n *Node) Regular() bool { return n.regular }

func regular(x []float64) bool {
	for _, v := range x {
		if v-v != 0 || v == 0 {
			return false
		}
	}
	return true
}

// IsInput reports whether the node is an input of the graph.
func (n *Node) IsInput() bool { return n.Op == nil && n.Const == nil && !n.foreign }

// ConstScalar returns the value if n is a constant all of whose elements are
// the same number (a scalar, say), and are that in every graph of its structure.
func (n *Node) ConstScalar() (float64, bool) {
	if len(n.Const) == 0 || n.refilled {
		return 0, false
	}
	v := n.Const[0]
	for _, w := range n.Const[1:] {
		if w != v {
			return 0, false
		}
	}
	return v, true
}

// Graph builds and owns nodes. It is not safe for concurrent use; separate
// graphs are, although Gorgonia's own building is serialised by a global lock.
type Graph struct {
	// Limit, if it is not 0, is the largest number of elements of an array that
	// is made, particles apart: one for each particle is worked through in blocks.
	// All constants that are computed have at most three times as many together,
	// which are kept. What is larger panics with a TooLarge.
	Limit int
	lanes int // particles of batch inputs
	kept  float64
	// SumRule, where it is set, is asked before a sum is made.
	SumRule SumRule
	// Halt, if it is set, is asked now and then whether to stop: building then
	// panics with Halted, and so does compiling (Listen).
	Halt func() bool
	work int // since Halt was asked
	// Bare leaves out Gorgonia's nodes, which a graph that is only looked at does without.
	Bare bool

	eg      *gorgonia.ExprGraph // made when it is first needed
	nodes   []*Node
	byKey   map[string]*Node
	keying  []byte // room for a key
	scalars map[uint64]*Node
	arrays  map[arrayKey]*Node
	equal   map[contentKey][]*Node // constants by content
	names   map[string]bool
	byGorg  map[*gorgonia.Node]*Node
	hashes  map[uint32]*gorgonia.Node // by the hash that Gorgonia tells nodes apart by
}

// Halted is the panic of a Graph whose Halt says so.
type Halted struct{}

// Listen counts a piece of work, such as a node that is made or compiled, and
// panics with Halted if the work is to stop. Graphs of an ordinary size, which take
// a fraction of a second, are built to the end.
func (g *Graph) Listen() {
	const often, ordinary = 64, 1 << 14
	if g.work++; g.Halt != nil && g.work > ordinary && g.work%often == 0 && g.Halt() {
		panic(Halted{})
	}
}

// TooLarge is the panic of a Graph whose Limit is passed.
type TooLarge struct {
	Elements float64 // of each particle
	// Together says that they are those of all constants.
	Together bool
	// Nodes is the number of nodes, where these are too many.
	Nodes int
}

// Together is how many times the elements of the largest array all constants have
// that are computed.
const Together = 3

// MostNodes bounds the nodes of a graph with a Limit: each takes microseconds, and
// half a kilobyte, in every graph that is derived from it.
const MostNodes = 1 << 18

// afford panics with a TooLarge if an array of this shape would be. computed says
// that it is a constant, which is laid out in memory.
func (g *Graph) afford(shape Shape, computed bool) {
	if g.Limit == 0 {
		return
	}
	if len(g.nodes) >= MostNodes {
		panic(TooLarge{Nodes: len(g.nodes)})
	}
	n := 1.0
	for _, d := range shape {
		n *= float64(d)
	}
	if !computed {
		n /= float64(max(1, g.lanes))
	}
	if n > float64(g.Limit) {
		panic(TooLarge{Elements: n})
	}
	if !computed {
		return
	}
	if g.kept += n; g.kept > Together*float64(g.Limit) {
		panic(TooLarge{Elements: g.kept, Together: true})
	}
}

type arrayKey struct {
	p     *float64
	shape string
}

// contentKey is the shape and a hash of the elements.
type contentKey struct {
	shape string
	hash  uint64
}

// building serialises calls into Gorgonia's graph construction, which races
// (its type-inference pools are global).
var building sync.Mutex

// New returns an empty graph.
func New() *Graph {
	return &Graph{
		byKey:   map[string]*Node{},
		scalars: map[uint64]*Node{},
		arrays:  map[arrayKey]*Node{},
		equal:   map[contentKey][]*Node{},
		names:   map[string]bool{},
		byGorg:  map[*gorgonia.Node]*Node{},
		hashes:  map[uint32]*gorgonia.Node{},
	}
}

// Nodes returns all nodes in order of creation (operands before users).
func (g *Graph) Nodes() []*Node { return g.nodes }

func (g *Graph) add(n *Node) *Node {
	n.g = g
	n.ID = len(g.nodes)
	g.nodes = append(g.nodes, n)
	return n
}

// Scalar is the constant x.
func (g *Graph) Scalar(x float64) *Node {
	bits := math.Float64bits(x)
	if n, ok := g.scalars[bits]; ok {
		return n
	}
	n := g.add(&Node{Shape: Shape{}, Const: []float64{x}, regular: x-x == 0 && x != 0})
	g.scalars[bits] = n
	return n
}

// Constant is a constant array. data is kept, not copied, and must not change;
// its length must be the shape's size. Constants of equal content are one node,
// so that equal expressions of them are shared: the same gather written twice.
func (g *Graph) Constant(shape Shape, data []float64) *Node {
	if len(data) != shape.Size() {
		panic(fmt.Sprintf("graph: %d values for a constant of shape %v", len(data), shape))
	}
	if len(shape) == 0 {
		return g.Scalar(data[0])
	}
	if len(data) == 0 {
		return g.add(&Node{Shape: shape, Const: []float64{}, regular: true})
	}
	key := arrayKey{&data[0], shape.String()}
	if n, ok := g.arrays[key]; ok {
		return n
	}
	content := contentKey{key.shape, hashBits(data)}
	for _, n := range g.equal[content] {
		if sameBits(n.Const, data) { // data are not kept, so that their place may be used again
			return n
		}
	}
	n := g.add(&Node{Shape: shape, Const: data, regular: regular(data)})
	g.arrays[key] = n
	g.equal[content] = append(g.equal[content], n)
	return n
}

// hashBits is FNV-1a over the bits of the elements, a word at a time.
func hashBits(x []float64) uint64 {
	h := uint64(14695981039346656037)
	for _, v := range x {
		h = (h ^ math.Float64bits(v)) * 1099511628211
		h ^= h >> 29
	}
	return h
}

func sameBits(x, y []float64) bool {
	for i, v := range x {
		if math.Float64bits(v) != math.Float64bits(y[i]) {
			return false
		}
	}
	return len(x) == len(y)
}

// Input is a value supplied at each evaluation. The name must be new; the
// shape must not be empty of elements.
func (g *Graph) Input(name string, shape Shape) *Node {
	if g.names[name] {
		panic("graph: two inputs named " + name)
	}
	g.afford(shape, false)
	if shape.Size() == 0 {
		panic("graph: input " + name + " has no elements")
	}
	g.names[name] = true
	n := g.add(&Node{Shape: shape, Name: name})
	if !g.Bare {
		g.backLeaf(n, name)
	}
	return n
}

// BatchInput is an Input whose first dimension is the Monte-Carlo particle.
func (g *Graph) BatchInput(name string, shape Shape) *Node {
	if len(shape) > 0 {
		g.lanes = max(g.lanes, shape[0])
	}
	n := g.Input(name, shape)
	n.Batch = true
	return n
}

// Apply applies op. It is the one place where nodes are made: it folds
// constants, shares equal subexpressions, and keeps Gorgonia's hash-consing
// from merging different nodes. A shape mismatch panics: callers have checked
// what the user wrote, so it is a fault of ours.
func (g *Graph) Apply(op Op, in ...*Node) *Node {
	g.Listen()
	shapes := make([]Shape, len(in))
	folded, refilled := true, false
	for i, n := range in {
		shapes[i] = n.Shape
		folded = folded && n.IsConst()
		refilled = refilled || n.refilled
	}
	shape, err := op.Infer(shapes)
	if err != nil {
		panic(fmt.Sprintf("graph: %s on %v: %v", op.Key(), shapes, err))
	}
	if shape.Size() == 0 {
		return g.Constant(shape, []float64{})
	}
	named := 0
	g.keying, named = appendKey(g.keying[:0], op, in)
	if n, ok := g.byKey[string(g.keying)]; ok {
		return n
	}
	key := string(g.keying)
	g.afford(shape, folded)
	var n *Node
	if folded {
		out := make([]float64, shape.Size())
		op.Eval(out, constants(in))
		if refilled {
			n = g.Refillable(shape, out)
		} else {
			n = g.Constant(shape, out)
		}
	} else {
		n = g.add(&Node{Shape: shape, Op: op, In: in, key: key, named: named})
		if n.ID < backed && !g.Bare {
			g.back(n)
		}
	}
	g.byKey[key] = n
	return n
}

func constants(in []*Node) [][]float64 {
	v := make([][]float64, len(in))
	for i, n := range in {
		v[i] = n.Const
	}
	return v
}

// appendKey names an op, in so many letters, with its operands.
func appendKey(key []byte, op Op, in []*Node) (all []byte, named int) {
	key = append(key, op.Key()...)
	named = len(key)
	for _, n := range in {
		key = strconv.AppendInt(append(key, ' '), int64(n.ID), 10)
	}
	return key, named
}

// opKey is the Key of a node's op; "" without one.
func (n *Node) opKey() string { return n.key[:n.named] }

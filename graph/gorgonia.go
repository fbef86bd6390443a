package graph

import (
	"fmt"
	"hash"
	"hash/fnv"
	"io"

	"github.com/chewxy/hm"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// gorgOp presents an Op as a gorgonia.SDOp for fixed operand shapes.
//
// Measured traps that it avoids: DiffWRT must not return nil; scalars arrive
// in Do as *gorgonia.F64; a panic inside the TapeMachine cannot be recovered
// by the caller, so Do recovers by itself; a node's identity in Gorgonia is a
// 32-bit hash, by which its TapeMachine takes two nodes for one whatever their
// operands are, so gorgApply salts an op whose hash is taken.
type gorgOp struct {
	op   Op
	g    *Graph
	in   []Shape
	out  Shape
	salt int
}

func (o *gorgOp) Arity() int { return len(o.in) }

func (o *gorgOp) Type() hm.Type {
	ts := make([]hm.Type, 0, len(o.in)+1)
	for _, s := range o.in {
		ts = append(ts, gorgType(s))
	}
	return hm.NewFnType(append(ts, gorgType(o.out))...)
}

func gorgType(s Shape) hm.Type {
	if len(s) == 0 {
		return gorgonia.Float64
	}
	return gorgonia.TensorType{Dims: len(s), Of: gorgonia.Float64}
}

func (o *gorgOp) InferShape(...gorgonia.DimSizer) (tensor.Shape, error) {
	if len(o.out) == 0 {
		return tensor.ScalarShape(), nil
	}
	return tensor.Shape(append([]int(nil), o.out...)), nil
}

func (o *gorgOp) Do(in ...gorgonia.Value) (v gorgonia.Value, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%s: %v", o.op.Key(), r)
		}
	}()
	args := make([][]float64, len(in))
	for i, x := range in {
		args[i] = gorgData(x)
	}
	out := make([]float64, o.out.Size())
	o.op.Eval(out, args)
	return gorgValue(o.out, out), nil
}

func (o *gorgOp) ReturnsPtr() bool     { return true }
func (o *gorgOp) CallsExtern() bool    { return false }
func (o *gorgOp) OverwritesInput() int { return -1 }
func (o *gorgOp) String() string       { return o.op.Key() }
func (o *gorgOp) WriteHash(h hash.Hash) {
	io.WriteString(h, o.op.Key())
	fmt.Fprintf(h, "%v%v/%d", o.in, o.out, o.salt)
}

func (o *gorgOp) Hashcode() uint32 {
	h := fnv.New32a()
	o.WriteHash(h)
	return h.Sum32()
}

func (o *gorgOp) DiffWRT(n int) []bool {
	w := make([]bool, n)
	for i := range w {
		w[i] = true
	}
	return w
}

// SymDiff serves gorgonia.Grad, the oracle of our own reverse pass in tests.
// Adjoints are spread to the operands' full shapes; a zero gradient is a
// constant zero.
func (o *gorgOp) SymDiff(inputs gorgonia.Nodes, output, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	g := o.g
	in := make([]*Node, len(inputs))
	want := make([]bool, len(inputs))
	for i, x := range inputs {
		in[i] = g.wrap(x)
		want[i] = true
	}
	out := g.wrap(output)
	ds := o.op.Diff(g, in, out, Full(g.wrap(grad)), want)
	res := make(gorgonia.Nodes, len(ds))
	for i, d := range ds {
		if d.Zero() {
			d = Term{Node: g.Scalar(0)}
		}
		res[i] = g.gorg(g.Expand(in[i].Shape, d))
	}
	return res, nil
}

// wrap finds the Node of a gorgonia node; those that Gorgonia made itself
// (sums of gradients) become opaque nodes.
func (g *Graph) wrap(x *gorgonia.Node) *Node {
	if n, ok := g.byGorg[x]; ok {
		return n
	}
	var in []*Node
	for it := g.eg.From(x.ID()); it.Next(); {
		in = append(in, g.wrap(it.Node().(*gorgonia.Node)))
	}
	n := g.add(&Node{Shape: Shape(append([]int{}, x.Shape()...)), In: in, gn: x, foreign: true})
	g.byGorg[x] = n
	return n
}

// backed is the number of nodes of a graph that get a gorgonia node as they are
// made. Gorgonia looks each new node up by a search through all, so that building
// takes time by the square of their number: the nodes of larger graphs get theirs
// when an engine or a derivative of Gorgonia's asks for it.
const backed = 1 << 13

// gorg gives the gorgonia node of n, making it, and those of its operands, if it
// has none yet.
func (g *Graph) gorg(n *Node) *gorgonia.Node {
	switch {
	case n.gn != nil:
	case n.IsConst():
		g.backLeaf(n, fmt.Sprintf("const %d", n.ID))
	case n.IsInput():
		g.backLeaf(n, n.Name)
	default:
		needed := Needed([]*Node{n})
		for _, m := range g.nodes[:n.ID+1] {
			if needed[m.ID] && m.gn == nil && m.Op != nil {
				g.back(m)
			}
		}
	}
	return n.gn
}

// Back makes the gorgonia nodes of what outputs of a Bare graph compute, as they would have been made without Bare.
func (g *Graph) Back(outputs []*Node) {
	needed := Needed(outputs)
	for _, n := range g.nodes[:min(backed, len(g.nodes))] {
		switch {
		case !needed[n.ID] || n.gn != nil || n.IsConst():
		case n.Op == nil:
			g.gorg(n)
		default:
			g.back(n)
		}
	}
}

// backLeaf makes the gorgonia node of an input or a constant.
func (g *Graph) backLeaf(n *Node, name string) {
	building.Lock()
	n.gn = g.gorgInput(name, n.Shape)
	building.Unlock()
	g.byGorg[n.gn] = n
}

// back makes the gorgonia node of an op whose operands have theirs.
func (g *Graph) back(n *Node) {
	n.gn = g.gorgApply(n.Op, n.Shape, n.In)
	g.byGorg[n.gn] = n
}

// gorgInput makes a leaf; the caller holds building.
func (g *Graph) gorgInput(name string, shape Shape) *gorgonia.Node {
	if g.eg == nil {
		g.eg = gorgonia.NewGraph()
	}
	for salted := name; ; salted += "'" {
		var n *gorgonia.Node
		if len(shape) == 0 {
			n = gorgonia.NewScalar(g.eg, gorgonia.Float64, gorgonia.WithName(salted))
		} else {
			n = gorgonia.NewTensor(g.eg, gorgonia.Float64, len(shape), gorgonia.WithName(salted), gorgonia.WithShape(shape...))
		}
		if g.unique(n) {
			return n
		}
	}
}

// unique tells whether no other node of the graph has the hash of n, and takes it for n.
func (g *Graph) unique(n *gorgonia.Node) bool {
	h := n.Hashcode()
	if other, taken := g.hashes[h]; taken {
		return other == n
	}
	g.hashes[h] = n
	return true
}

func (g *Graph) gorgApply(op Op, shape Shape, in []*Node) *gorgonia.Node {
	children := make(gorgonia.Nodes, len(in))
	shapes := make([]Shape, len(in))
	for i, n := range in {
		children[i] = g.gorg(n)
		shapes[i] = n.Shape
	}
	building.Lock()
	defer building.Unlock()
	for salt := 0; ; salt++ {
		wrapped := &gorgOp{op, g, shapes, shape, salt}
		n, err := gorgonia.ApplyOp(wrapped, children...)
		if err != nil {
			panic(fmt.Sprintf("graph: gorgonia refused %s: %v", op.Key(), err))
		}
		// Apply shares equal nodes itself, so a node that is not freshly made
		// from this very op is a collision of hashes, too.
		if n.Op() == gorgonia.Op(wrapped) && g.unique(n) {
			return n
		}
	}
}

func gorgValue(shape Shape, data []float64) gorgonia.Value {
	if len(shape) == 0 {
		return gorgonia.NewF64(data[0])
	}
	return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(data))
}

func gorgData(v gorgonia.Value) []float64 {
	switch x := v.(type) {
	case *gorgonia.F64:
		return []float64{float64(*x)}
	case tensor.Tensor:
		switch d := x.Data().(type) {
		case []float64:
			return d
		case float64:
			return []float64{d}
		}
	}
	panic(fmt.Sprintf("graph: unexpected gorgonia value %T", v))
}

// GorgoniaGrad is the gradient by gorgonia.Grad: the oracle of package grad in
// tests. It may be asked once for a graph (a second call would reuse the first
// one's derivatives), and not while another goroutine builds a graph.
func (g *Graph) GorgoniaGrad(f *Node, wrt []*Node) ([]*Node, error) {
	ws := make(gorgonia.Nodes, len(wrt))
	for i, w := range wrt {
		ws[i] = g.gorg(w)
	}
	ds, err := gorgonia.Grad(g.gorg(f), ws...)
	if err != nil {
		return nil, err
	}
	out := make([]*Node, len(ds))
	for i, d := range ds {
		out[i] = g.wrap(d)
	}
	return out, nil
}

package sufficient

import (
	"fmt"
	"slices"

	"ppl/graph"
	"ppl/graph/op"
)

type memoKey struct {
	node  *graph.Node
	place string
}

func keyOf(x placed) memoKey { return memoKey{x.node, fmt.Sprint(x.row, x.kept)} }

type analysed struct {
	form form
	ok   bool
}

// affine reads a node as an affine form. It gives up where some term varies
// with the row in a way that data alone do not explain.
func (f *space) affine(x placed) (form, bool) {
	key := keyOf(x)
	if a, ok := f.memo[key]; ok {
		return a.form, a.ok
	}
	a := analysed{}
	a.form, a.ok = f.read(x)
	if len(a.form) > maxTerms {
		a = analysed{}
	}
	f.memo[key] = a
	return a.form, a.ok
}

func (f *space) read(x placed) (form, bool) {
	switch {
	case !x.overRows():
		return form{{coef: f.scalar(1), latent: f.latent(x)}}, true
	case x.node.IsConst():
		if x.varies() {
			return nil, false
		}
		return form{{coef: x, latent: graph.Term{Node: f.g.Scalar(1)}}}, true
	}
	switch o := x.node.Op.(type) {
	case *op.Map:
		if t, ok := f.function(x, o); ok {
			return t, true
		}
	case graph.Broadcast:
		return f.affine(x.pick(x.node.In[0], o.Dims))
	case op.Contract:
		return f.contract(x, o)
	case op.View:
		if dims, ok := repeated(o); ok {
			return f.affine(x.pick(x.node.In[0], dims))
		}
	}
	return f.picked(x, f.scalar(1), -1)
}

func (f *space) function(x placed, m *op.Map) (form, bool) {
	xs := make([]form, len(x.node.In))
	for k := range xs {
		t, ok := f.affine(x.operand(m, k))
		if !ok {
			return nil, false
		}
		xs[k] = t
	}
	switch m.F {
	case op.Add:
		return slices.Concat(xs[0], xs[1]), true
	case op.Sub:
		return slices.Concat(xs[0], f.negate(xs[1])), true
	case op.Neg:
		return f.negate(xs[0]), true
	case op.Mul, op.MulZ:
		return f.product(xs[0], xs[1])
	case op.Div:
		if d, ok := f.apply(op.Recip, xs[1]); ok {
			return f.product(xs[0], d)
		}
	case op.Recip, op.Square, op.Sqrt:
		return f.apply(m.F, xs[0])
	case op.Log:
		if t, ok := f.log(xs[0]); ok {
			return t, true
		}
	}
	return f.lift(m.F, xs)
}

// repeated finds, for a view that only adds dimensions along which it repeats
// its operand, the dimension of the result that each of the operand's is.
func repeated(v op.View) ([]int, bool) {
	if v.OffStrides != nil || v.Base != 0 {
		return nil, false
	}
	st := v.From.Strides()
	dims := make([]int, len(v.From))
	used := make([]bool, len(v.Out))
	for i, n := range v.From {
		dims[i] = -1
		for d, s := range v.Strides {
			if !used[d] && (s == st[i] || n == 1) && v.Out[d] == n {
				dims[i], used[d] = d, true
				break
			}
		}
		if dims[i] < 0 || i > 0 && dims[i] < dims[i-1] {
			return nil, false
		}
	}
	for d, yes := range used {
		if !yes && v.Strides[d] != 0 && v.Out[d] != 1 {
			return nil, false
		}
	}
	return dims, true
}

// contract reads Σ_j X[n, j] · b[j] for known X.
func (f *space) contract(x placed, c op.Contract) (form, bool) {
	la, lb, data, latent := c.A, c.B, x.node.In[0], x.node.In[1]
	if latent.IsConst() {
		la, lb, data, latent = lb, la, latent, data
	}
	if !data.IsConst() {
		return nil, false
	}
	place := func(n *graph.Node, labels []int) (p placed, column int) {
		dims := make([]int, len(labels))
		column = -1
		for i, l := range labels {
			if dims[i] = slices.Index(c.Out, l); dims[i] < 0 {
				column = i
			}
		}
		return x.pick(n, dims), column
	}
	m, column := place(data, la)
	b, j := place(latent, lb)
	if column < 0 {
		m = f.inOrder(m)
	}
	switch {
	case m.varies() || len(la)+len(lb)-len(c.Out) > 2 && batches(c) != len(la)+len(lb)-len(c.Out)-2:
		return nil, false // varies with a kept dimension, or sums over several
	case column < 0:
		t, ok := f.affine(b)
		if !ok {
			return nil, false
		}
		return f.product(form{{coef: m, latent: graph.Term{Node: f.g.Scalar(1)}}}, t)
	case b.overRows():
		return f.picked(b, m, j)
	}
	n := latent.Shape[j]
	b.kept[j] = f.last()
	return form{{coef: f.scalar(1), latent: f.ordered(b), matrix: m, columns: n}}, true
}

// batches counts the labels that both operands and the result have.
func batches(c op.Contract) int {
	n := 0
	for _, l := range c.A {
		if slices.Contains(c.B, l) && slices.Contains(c.Out, l) {
			n++
		}
	}
	return n
}

// ordered reads a node without rows as a term, its dimensions brought into order.
func (f *space) ordered(x placed) graph.Term {
	n, dims := f.transposed(x.node, x.kept)
	return graph.Term{Node: n, Dims: dims}
}

// inOrder brings the row dimensions of known data into order.
func (f *space) inOrder(x placed) placed {
	n, row := f.transposed(x.node, x.row)
	return placed{n, row, x.kept} // x.kept is -1 throughout
}

// transposed permutes the dimensions of a node so that their places increase.
func (f *space) transposed(n *graph.Node, place []int) (*graph.Node, []int) {
	order := graph.Iota(len(place))
	slices.SortFunc(order, func(a, b int) int { return place[a] - place[b] })
	st := n.Shape.Strides()
	v := op.View{Out: graph.Shape{}, Strides: []int{}}
	dims := []int{}
	for _, i := range order {
		v.Out = append(v.Out, n.Shape[i])
		v.Strides = append(v.Strides, st[i])
		dims = append(dims, place[i])
	}
	return op.NewView(f.g, n, v, nil), dims
}

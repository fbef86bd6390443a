package op

// Factors that sums and products of matrices take out of an elementwise
// expression.

// smallFactor gives u and v where x is u·v and v has fewer dimensions.
func (f Frame) smallFactor(x Term) (u, v Term, ok bool) {
	m, is := x.Node.Op.(*Map)
	if !is || m.F != Mul || len(m.Out) != len(x.Dims) {
		return Term{}, Term{}, false
	}
	for k, d := range m.Dims {
		if len(d) == len(m.Out) && len(m.Dims[1-k]) < len(d) {
			v = Term{Node: x.Node.In[1-k]}
			for _, i := range m.Dims[1-k] {
				v.Dims = append(v.Dims, x.Dims[i])
			}
			return Term{Node: x.Node.In[k], Dims: x.Dims}, v, true
		}
	}
	return Term{}, Term{}, false
}

// factorOut gives c and y where x is c·y element by element; otherwise 1 and x.
func factorOut(x *Node) (float64, *Node) {
	m, ok := x.Op.(*Map)
	if !ok {
		return 1, x
	}
	c, y, ok := m.Factor(x.In)
	if !ok || c == 0 || !y.Shape.Equal(x.Shape) {
		return 1, x
	}
	return c, y
}

// times is c·x.
func times(g *Graph, c float64, x *Node) *Node {
	f := Frame{g, x.Shape}
	return f.Node(f.Apply(Mul, f.Scalar(c), fullTerm(x)))
}

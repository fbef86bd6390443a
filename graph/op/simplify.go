package op

import (
	"math"
	"slices"
)

// Simplifications made as nodes are built, mostly of what the chain rule makes
// plenty of: multiplication by one, addition of zero, products and sums of
// several constants. They are exact up to rounding and never change where a
// result is finite.

// simplify returns a term equal to fn(xs) if there is one without a new node
// of fn.
func simplify(f Frame, fn *Func, xs []Term) (Term, bool) {
	switch fn {
	case Mul, MulZ:
		return f.product(fn, xs[0], xs[1])
	case Add:
		return f.addition(xs[0], xs[1])
	case Sub:
		switch {
		case f.isConst(xs[1], 0, xs[0]):
			return xs[0], true
		case f.isConst(xs[0], 0, xs[1]):
			return f.Apply(Neg, xs[1]), true
		}
		if y, ok := f.undo(Neg, xs[1]); ok {
			return f.Apply(Add, xs[0], y), true
		}
	case Div:
		if f.isConst(xs[1], 1, xs[0]) {
			return xs[0], true
		}
	case Log: // log of exp: exact, and finite where exp underflows
		if y, ok := f.undo(Exp, xs[0]); ok {
			return y, true
		}
	case Neg:
		if y, ok := f.undo(Neg, xs[0]); ok {
			return y, true
		}
		if c, y, ok := f.scaled(xs[0]); ok {
			return f.Apply(Mul, f.Scalar(-c), y), true
		}
	}
	return Term{}, false
}

// isConst reports whether x is the constant v and adds no dimension to other
// (one element may have dimensions, which a result must keep).
func (f Frame) isConst(x Term, v float64, other Term) bool {
	c, ok := x.Node.ConstScalar()
	return ok && c == v && len(x.Node.Const) == 1 && subset(x.Dims, other.Dims)
}

// number is the value of a constant without dimensions.
func number(x Term) (float64, bool) {
	if len(x.Dims) != 0 || !x.Node.IsConst() {
		return 0, false
	}
	return x.Node.Const[0], true
}

// undo gives y where x is fn(y).
func (f Frame) undo(fn *Func, x Term) (Term, bool) {
	m, ok := x.Node.Op.(*Map)
	if !ok || m.F != fn || len(m.Dims[0]) != len(x.Dims) {
		return Term{}, false
	}
	return Term{Node: x.Node.In[0], Dims: x.Dims}, true
}

// withNumber gives c and y where x is fn(c, y) for a number c.
func withNumber(fn *Func, x Term) (float64, Term, bool) {
	m, ok := x.Node.Op.(*Map)
	if !ok || m.F != fn || len(m.Dims[0]) != 0 || len(m.Dims[1]) != len(x.Dims) || !x.Node.In[0].IsConst() {
		return 0, Term{}, false
	}
	return x.Node.In[0].Const[0], Term{Node: x.Node.In[1], Dims: x.Dims}, true
}

// scaled gives c and y where x is c·y.
func (f Frame) scaled(x Term) (float64, Term, bool) { return withNumber(Mul, x) }

// product: a number comes first, absorbs the number of a product or a sign,
// and, being finite and not zero, needs no absorbing multiplication; nor is one
// needed by finite data.
func (f Frame) product(fn *Func, x, y Term) (Term, bool) {
	switch {
	case f.isConst(x, 1, y):
		return y, true
	case f.isConst(y, 1, x):
		return x, true
	case f.isConst(x, -1, y):
		return f.Apply(Neg, y), true
	case f.isConst(y, -1, x):
		return f.Apply(Neg, x), true
	}
	if fn == MulZ && y.Node.IsConst() && y.Node.Finite() {
		return f.Apply(Mul, x, y), true
	}
	c, first := number(x)
	d, second := number(y)
	if !first && second && (fn == Mul || finite(d)) {
		return f.Apply(Mul, y, x), true
	}
	if !first {
		return f.outward(fn, x, y)
	}
	if c == 0 || !finite(c) {
		return Term{}, false
	}
	if d, z, ok := f.scaled(y); ok && finite(c*d) && c*d != 0 {
		return f.Apply(Mul, f.Scalar(c*d), z), true
	}
	if z, ok := f.undo(Neg, y); ok {
		return f.Apply(Mul, f.Scalar(-c), z), true
	}
	if fn == MulZ {
		return f.Apply(Mul, x, y), true
	}
	return Term{}, false
}

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

// outward moves the constant of a factor, or its sign, out of the product,
// where it meets others and is at last taken out of a sum.
func (f Frame) outward(fn *Func, x, y Term) (Term, bool) {
	if c, z, ok := f.multiple(x); ok {
		return f.Apply(Mul, f.Scalar(c), f.Apply(fn, z, y)), true
	}
	if c, z, ok := f.multiple(y); ok {
		return f.Apply(Mul, f.Scalar(c), f.Apply(fn, x, z)), true
	}
	return Term{}, false
}

// multiple gives c and y where x is c·y or −y, for a finite c other than 0.
func (f Frame) multiple(x Term) (float64, Term, bool) {
	if y, ok := f.undo(Neg, x); ok {
		return -1, y, true
	}
	c, y, ok := f.scaled(x)
	return c, y, ok && finite(c) && c != 0
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

// addition: a number comes first and absorbs the number of a sum.
func (f Frame) addition(x, y Term) (Term, bool) {
	switch {
	case f.isConst(x, 0, y):
		return y, true
	case f.isConst(y, 0, x):
		return x, true
	}
	c, first := number(x)
	if _, second := number(y); second && !first {
		return f.Apply(Add, y, x), true
	}
	if first && finite(c) {
		if d, z, ok := withNumber(Add, y); ok && finite(d) {
			return f.Apply(Add, f.Scalar(c+d), z), true
		}
		if d, z, ok := withNumber(Sub, y); ok && finite(d) {
			return f.Apply(Sub, f.Scalar(c+d), z), true
		}
	}
	if t, ok := f.numberOut(x, y); ok {
		return t, true
	}
	if t, ok := f.numberOut(y, x); ok {
		return t, true
	}
	if t, ok := f.regroup(x, y); ok {
		return t, true
	}
	if t, ok := f.regroup(y, x); ok {
		return t, true
	}
	// A difference, unless the sign of a smaller array is cheaper to change.
	if z, ok := f.undo(Neg, y); ok && subset(x.Dims, z.Dims) {
		return f.Apply(Sub, x, z), true
	}
	if z, ok := f.undo(Neg, x); ok && subset(y.Dims, z.Dims) {
		return f.Apply(Sub, y, z), true
	}
	return Term{}, false
}

// numberOut makes c + (z + y) of (c + z) + y over the same dimensions: the
// constants of the terms of a log density meet at the end.
func (f Frame) numberOut(x, y Term) (Term, bool) {
	c, z, ok := withNumber(Add, x)
	if !ok || !finite(c) || !slices.Equal(x.Dims, y.Dims) {
		return Term{}, false
	}
	return f.Apply(Add, f.Scalar(c), f.Apply(Add, z, y)), true
}

// regroup makes u + (v + y) of (u + v) + y where v and y have fewer dimensions
// than u: what is constant over a dimension is added up apart from it.
func (f Frame) regroup(x, y Term) (Term, bool) {
	m, ok := x.Node.Op.(*Map)
	if !ok || m.F != Add || len(m.Out) != len(x.Dims) || len(y.Dims) >= len(x.Dims) || !subset(y.Dims, x.Dims) {
		return Term{}, false
	}
	part := func(k int) Term {
		t := Term{Node: x.Node.In[k]}
		for _, d := range m.Dims[k] {
			t.Dims = append(t.Dims, x.Dims[d])
		}
		return t
	}
	u, v := part(0), part(1)
	if len(u.Dims) < len(v.Dims) {
		u, v = v, u
	}
	if len(u.Dims) != len(x.Dims) || len(v.Dims) >= len(x.Dims) || !(subset(v.Dims, y.Dims) || subset(y.Dims, v.Dims)) {
		return Term{}, false
	}
	return f.Apply(Add, u, f.Apply(Add, v, y)), true
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

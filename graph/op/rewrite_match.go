package op

import "math"

// What rewrites look for.

// isConst reports whether x is the constant v and adds no dimension to other
// (one element may have dimensions, which a result must keep).
func (f Frame) isConst(x Term, v float64, other Term) bool {
	c, ok := x.Node.ConstScalar()
	return ok && c == v && len(x.Node.Const) == 1 && subset(x.Dims, other.Dims)
}

// number is the value of a constant without dimensions.
func number(x Term) (float64, bool) {
	if len(x.Dims) != 0 || !x.Node.IsConst() || x.Node.Refilled() {
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
	if !ok || m.F != fn || len(m.Dims[0]) != 0 || len(m.Dims[1]) != len(x.Dims) || !x.Node.In[0].IsConst() || x.Node.In[0].Refilled() {
		return 0, Term{}, false
	}
	return x.Node.In[0].Const[0], Term{Node: x.Node.In[1], Dims: x.Dims}, true
}

// scaled gives c and y where x is c·y.
func (f Frame) scaled(x Term) (float64, Term, bool) { return withNumber(Mul, x) }

// multiple gives c and y where x is c·y or −y, for a finite c other than 0.
func (f Frame) multiple(x Term) (float64, Term, bool) {
	if y, ok := f.undo(Neg, x); ok {
		return -1, y, true
	}
	c, y, ok := f.scaled(x)
	return c, y, ok && finite(c) && c != 0
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

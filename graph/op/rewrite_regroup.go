package op

// regroup: (u + v) + y is u + (v + y) where v and y have fewer dimensions than
// u: what is constant over a dimension is added up apart from it.
func regroup(f Frame, fn *Func, xs []Term) (Term, bool) {
	if fn != Add {
		return Term{}, false
	}
	if t, ok := f.regrouped(xs[0], xs[1]); ok {
		return t, true
	}
	return f.regrouped(xs[1], xs[0])
}

func (f Frame) regrouped(x, y Term) (Term, bool) {
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

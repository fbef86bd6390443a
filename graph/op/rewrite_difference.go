package op

// difference: x − (−y) is x + y, and x + (−y) is x − y, unless the sign of a
// smaller array is cheaper to change.
func difference(f Frame, fn *Func, xs []Term) (Term, bool) {
	switch fn {
	case Sub:
		if y, ok := f.undo(Neg, xs[1]); ok {
			return f.Apply(Add, xs[0], y), true
		}
	case Add:
		for k := range xs {
			x, y := xs[k], xs[1-k]
			if z, ok := f.undo(Neg, y); ok && subset(x.Dims, z.Dims) {
				return f.Apply(Sub, x, z), true
			}
		}
	}
	return Term{}, false
}

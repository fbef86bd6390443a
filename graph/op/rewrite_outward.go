package op

// numberOutOfProduct: (c·x)·y and x·(c·y) are c·(x·y); likewise for a sign. The
// constant meets others further out, and is at last taken out of a sum.
func numberOutOfProduct(f Frame, fn *Func, xs []Term) (Term, bool) {
	if fn != Mul && fn != MulZ {
		return Term{}, false
	}
	if _, isNumber := number(xs[0]); isNumber {
		return Term{}, false
	}
	if c, z, ok := f.multiple(xs[0]); ok {
		return f.Apply(Mul, f.Scalar(c), f.Apply(fn, z, xs[1])), true
	}
	if c, z, ok := f.multiple(xs[1]); ok {
		return f.Apply(Mul, f.Scalar(c), f.Apply(fn, xs[0], z)), true
	}
	return Term{}, false
}

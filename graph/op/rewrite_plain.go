package op

// plainProduct: a product that absorbs zeros need not, where one factor is data
// without zeros, infinities and NaN.
func plainProduct(f Frame, fn *Func, xs []Term) (Term, bool) {
	if fn != MulZ {
		return Term{}, false
	}
	if xs[0].Node.Regular() || xs[1].Node.Regular() {
		return f.Apply(Mul, xs...), true
	}
	return Term{}, false
}

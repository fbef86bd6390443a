package op

// plainProduct: a product that absorbs zeros need not, where the second factor
// is finite data or the first a finite number other than 0.
func plainProduct(f Frame, fn *Func, xs []Term) (Term, bool) {
	if fn != MulZ {
		return Term{}, false
	}
	c, isNumber := number(xs[0])
	if n := xs[1].Node; n.IsConst() && n.Finite() || isNumber && c != 0 && finite(c) {
		return f.Apply(Mul, xs...), true
	}
	return Term{}, false
}

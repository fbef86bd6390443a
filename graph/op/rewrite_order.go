package op

// numberFirst: a number is the first operand of a sum or a product, where the
// other rewrites look for it.
func numberFirst(f Frame, fn *Func, xs []Term) (Term, bool) {
	if fn != Mul && fn != Add {
		return Term{}, false
	}
	_, first := number(xs[0])
	if _, second := number(xs[1]); second && !first {
		return f.Apply(fn, xs[1], xs[0]), true
	}
	return Term{}, false
}

package op

// sign: x·(−1) and 0 − x are −x.
func sign(f Frame, fn *Func, xs []Term) (Term, bool) {
	switch fn {
	case Mul, MulZ:
		for k, x := range xs {
			if y := xs[1-k]; f.isConst(x, -1, y) {
				return f.Apply(Neg, y), true
			}
		}
	case Sub:
		if f.isConst(xs[0], 0, xs[1]) {
			return f.Apply(Neg, xs[1]), true
		}
	}
	return Term{}, false
}

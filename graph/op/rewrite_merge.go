package op

// mergeNumbers: c·(d·x) is (c·d)·x, c·(−x) and −(c·x) are (−c)·x; c + (d + x) is
// (c + d) + x, and c + (d − x) is (c + d) − x.
func mergeNumbers(f Frame, fn *Func, xs []Term) (Term, bool) {
	if fn == Neg {
		c, x, ok := f.scaled(xs[0])
		if !ok {
			return Term{}, false
		}
		return f.Apply(Mul, f.Scalar(-c), x), true
	}
	if fn != Mul && fn != Add {
		return Term{}, false
	}
	c, ok := number(xs[0])
	if !ok || !finite(c) {
		return Term{}, false
	}
	y := xs[1]
	if fn == Mul {
		if c == 0 {
			return Term{}, false
		}
		if d, x, ok := f.scaled(y); ok && finite(c*d) && c*d != 0 {
			return f.Apply(Mul, f.Scalar(c*d), x), true
		}
		if x, ok := f.undo(Neg, y); ok {
			return f.Apply(Mul, f.Scalar(-c), x), true
		}
		return Term{}, false
	}
	for _, of := range []*Func{Add, Sub} {
		if d, x, ok := withNumber(of, y); ok && finite(d) {
			return f.Apply(of, f.Scalar(c+d), x), true
		}
	}
	return Term{}, false
}

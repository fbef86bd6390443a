package op

// identity: x·1, x/1, x + 0 and x − 0 are x.
func identity(f Frame, fn *Func, xs []Term) (Term, bool) {
	var neutral float64
	switch fn {
	case Mul, MulZ, Div:
		neutral = 1
	case Add, Sub:
		neutral = 0
	default:
		return Term{}, false
	}
	switch x, y := xs[0], xs[1]; {
	case f.isConst(y, neutral, x):
		return x, true
	case fn != Div && fn != Sub && f.isConst(x, neutral, y):
		return y, true
	}
	return Term{}, false
}

package op

// inverses: log(exp(x)) and −(−x) are x. The former is exact, and finite where
// exp(x) underflows.
func inverses(f Frame, fn *Func, xs []Term) (Term, bool) {
	switch fn {
	case Log:
		return f.undo(Exp, xs[0])
	case Neg:
		return f.undo(Neg, xs[0])
	}
	return Term{}, false
}

package op

import "slices"

// numberOutOfSum: (c + x) + y and y + (c + x) are c + (x + y) for x and y over
// the same dimensions: the constants of the terms of a log density meet at the
// end.
func numberOutOfSum(f Frame, fn *Func, xs []Term) (Term, bool) {
	if fn != Add {
		return Term{}, false
	}
	for k, x := range xs {
		y := xs[1-k]
		if c, z, ok := withNumber(Add, x); ok && finite(c) && slices.Equal(x.Dims, y.Dims) {
			return f.Apply(Add, f.Scalar(c), f.Apply(Add, z, y)), true
		}
	}
	return Term{}, false
}

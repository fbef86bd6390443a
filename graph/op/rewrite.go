package op

// Simplification. A rewrite gives an equal expression for a function of some
// operands. They are tried in the order of the list when a node is about to be
// made, and what one makes is made by Apply again, so that every expression is
// a fixed point of all of them: its operands were before it was built, and they
// do not change. Doing this as nodes are built, not in a pass of its own, lets
// the reverse pass see the simple form, whose derivative is simple too, and no
// node is made that is thrown away later. Most of the work is what the chain rule
// makes plenty of: multiplication by one, addition of zero, constants in a row.
//
// A rewrite is exact up to rounding, gives no NaN where there was none, and
// keeps the values that are finite (as long as no product of its constants
// with an operand leaves the range of float64); log(exp(x)) is better than it was.
//
// Rewrites of sums are in package graph (ScaledSum), and of products of matrices
// in NewContract: what they ask of an elementwise function is in factor.go.
type rewrite struct {
	name string
	try  func(f Frame, fn *Func, xs []Term) (Term, bool)
}

var rewrites []rewrite

func init() { // they call Apply, which reads the list
	rewrites = []rewrite{
		{"identity", identity},
		{"sign", sign},
		{"inverses", inverses},
		{"plain product", plainProduct},
		{"number first", numberFirst},
		{"merge numbers", mergeNumbers},
		{"number out of product", numberOutOfProduct},
		{"number out of sum", numberOutOfSum},
		{"regroup", regroup},
		{"difference", difference},
	}
}

// simplify returns a term equal to fn(xs) if a rewrite has one.
func simplify(f Frame, fn *Func, xs []Term) (Term, bool) {
	for i := range rewrites {
		if t, ok := rewrites[i].try(f, fn, xs); ok {
			return t, true
		}
	}
	return Term{}, false
}

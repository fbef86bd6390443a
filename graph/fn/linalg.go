package fn

import (
	"fmt"

	"ppl/graph/named"
	"ppl/lang"
)

// linearAlgebra are functions of matrices. A matrix that a decomposition
// cannot handle gives NaN.
var linearAlgebra = []*Func{
	linear("cholesky", []string{"A"}, "The lower triangular L with L @ transpose(L) = A, for a symmetric positive definite A (only its lower triangle is read); NaN if it is not positive definite.", "cholesky(Sigma)", squareToSquare,
		func(b *named.Builder, args []named.Value) named.Value { return b.Cholesky(args[0]) }),
	linear("solve", []string{"A", "b"}, "The x with A @ x = b, for a square A and a vector or matrix b; NaN if A is singular.", "solve(A, b)", solveType,
		func(b *named.Builder, args []named.Value) named.Value { return b.Solve(args[0], args[1]) }),
	linear("solve_lower", []string{"L", "b"}, "The x with L @ x = b, for a lower triangular L (only its lower triangle is read) and a vector or matrix b.", "solve_lower(L, y - mu)", solveType,
		func(b *named.Builder, args []named.Value) named.Value { return b.SolveLower(args[0], args[1], false) }),
	linear("log_det", []string{"A"}, "log |det A| of a square matrix; -inf if it is singular.", "log_det(A)", squareToScalar(toReal),
		logDet),
	linear("inverse", []string{"A"}, "The inverse of a square matrix; NaN if it is singular. Prefer solve(A, b) to inverse(A) @ b.", "inverse(A)", squareToSquare,
		func(b *named.Builder, args []named.Value) named.Value {
			return b.Solve(args[0], b.Eye(args[0].Shape()[0]))
		}),
	linear("trace", []string{"A"}, "The sum of the diagonal of a square matrix; ints give an int.", "trace(A)", squareToScalar(toNumber),
		func(b *named.Builder, args []named.Value) named.Value { return b.SumAll(b.Diagonal(args[0])) }),
	linear("quad_form", []string{"A", "x"}, "transpose(x) @ A @ x for a square A: a scalar for a vector x, an m by m matrix for a matrix x with m columns.", "quad_form(A, x)", quadFormType, quadForm),
}

func linear(name string, params []string, doc, example string, r rule, f func(*named.Builder, []named.Value) named.Value) *Func {
	return &Func{
		FuncSig: lang.FuncSig{Name: name, Params: params, MinArgs: len(params), Group: "Linear algebra", Doc: doc, Example: example, Result: r},
		Lower: func(b *named.Builder, args []named.Value) (named.Value, error) {
			return f(b, args), nil
		},
	}
}

func squareToSquare(args []lang.Arg) (lang.Type, error) {
	return lang.Array(lang.Real, args[0].Type.Dims...), needSquare(args[0])
}

func squareToScalar(elem func(lang.Elem) lang.Elem) rule {
	return func(args []lang.Arg) (lang.Type, error) {
		return lang.Scalar(elem(args[0].Type.Elem)), needSquare(args[0])
	}
}

func solveType(args []lang.Arg) (lang.Type, error) {
	if err := needFit(args[0], args[1]); err != nil {
		return lang.Type{}, err
	}
	return lang.Array(lang.Real, args[1].Type.Dims...), nil
}

func quadFormType(args []lang.Arg) (lang.Type, error) {
	if err := needFit(args[0], args[1]); err != nil {
		return lang.Type{}, err
	}
	elem, x := toNumber(join(args)), args[1].Type
	if x.Rank() == 1 {
		return lang.Scalar(elem), nil
	}
	return lang.Array(elem, x.Dims[1], x.Dims[1]), nil
}

// needFit asks for a square matrix and a vector or matrix with as many rows.
func needFit(a, x lang.Arg) error {
	if err := needSquare(a); err != nil {
		return err
	}
	if r := x.Type.Rank(); r != 1 && r != 2 || a.Type.Dims[1].Equal(x.Type.Dims[0]) == lang.No {
		return fmt.Errorf("needs a square matrix and a vector or matrix with as many rows, found %s", list([]lang.Arg{a, x}))
	}
	return nil
}

func logDet(b *named.Builder, args []named.Value) named.Value {
	if args[0].Shape()[0] == 0 {
		return b.Scalar(0)
	}
	return b.LogDet(args[0])
}

// quadForm is x'(Ax).
func quadForm(b *named.Builder, args []named.Value) named.Value {
	a, x := args[0], args[1]
	ax := b.MatMul(a, x)
	if x.Rank() == 1 {
		return b.Dot(x, ax)
	}
	return b.MatMul(b.Transpose(x, 1, 0), ax)
}

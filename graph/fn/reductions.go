package fn

import (
	"errors"
	"fmt"
	"math"

	"ppl/graph"
	"ppl/graph/named"
	"ppl/graph/op"
	"ppl/lang"
)

// reductions take an array of any shape to a scalar; min, max and log_sum_exp
// of two arguments are elementwise.
var reductions = []*Func{
	reduction("sum", reduced(toNumber), "Sum of all elements, 0 of an empty array; ints give an int.", "sum(x)", sum),
	reduction("prod", reduced(toNumber), "Product of all elements, 1 of an empty array; ints give an int.", "prod(p)", prod),
	reduction("mean", reduced(toReal), "Mean of all elements; NaN of an empty array.", "mean(x)", mean),
	reduction("var", reduced(toReal), "Sample variance of all elements, Σ(x - mean)² / (n - 1); NaN of fewer than two elements.", "var(x)", variance),
	reduction("sd", reduced(toReal), "Sample standard deviation of all elements, sqrt(var(x)); NaN of fewer than two elements. Its derivative where all elements are equal is taken as 0.", "sd(x)",
		func(b *named.Builder, x named.Value) named.Value { return root(b, variance(b, x)) }),
	reductionOr("min", toNumber, op.Min, "The smallest element of an array (inf of an empty one), or the smaller of two arguments, elementwise; ints give an int. A derivative is shared by the elements of an array that tie.", "min(x, 1)",
		func(b *named.Builder, x named.Value) named.Value { return b.Reduce(op.MinOf, x, x.Rank()) }),
	reductionOr("max", toNumber, op.Max, "The largest element of an array (-inf of an empty one), or the larger of two arguments, elementwise; ints give an int. A derivative is shared by the elements of an array that tie.", "max(x, 0)",
		func(b *named.Builder, x named.Value) named.Value { return b.Reduce(op.MaxOf, x, x.Rank()) }),
	reductionOr("log_sum_exp", toReal, op.LogSumExp2, "log Σ exp(x) over all elements of an array, without overflow (-inf of an empty one), or log(exp(x) + exp(y)) of two arguments, elementwise.", "log_sum_exp(lp)",
		func(b *named.Builder, x named.Value) named.Value { return b.Reduce(op.LogSumExp, x, x.Rank()) }),
	reduction("any", reducedTruth, "true if some element is true (or not 0); false of an empty array.", "any(x > 0)",
		func(b *named.Builder, x named.Value) named.Value { return b.Reduce(op.AnyOf, x, x.Rank()) }),
	reduction("all", reducedTruth, "true if every element is true (or not 0), as of an empty array.", "all(x > 0)",
		func(b *named.Builder, x named.Value) named.Value { return b.Reduce(op.AllOf, x, x.Rank()) }),
	argmax,
	reduction("size", reduced(toInt), "The number of elements, an int: of a matrix, rows times columns.", "size(x)",
		func(b *named.Builder, x named.Value) named.Value { return b.Scalar(float64(x.Shape().Size())) }),
	reduction("norm", reduced(toReal), "Euclidean norm sqrt(Σx²) of all elements. Its derivative at 0 is taken as 0.", "norm(x)",
		func(b *named.Builder, x named.Value) named.Value { return root(b, b.SumAll(b.Square(x))) }),
	{
		FuncSig: lang.FuncSig{
			Name: "dot", Params: []string{"x", "y"}, MinArgs: 2, Group: "Reductions",
			Doc:     "Inner product Σ xᵢ yᵢ of two vectors of equal length, as x @ y; ints give an int.",
			Example: "dot(x, beta)",
			Result:  dotType,
		},
		Lower: func(b *named.Builder, args []named.Value) (named.Value, error) {
			return b.Dot(args[0], args[1]), nil
		},
	},
}

var argmax = &Func{
	FuncSig: lang.FuncSig{
		Name: "argmax", Params: []string{"x"}, MinArgs: 1, Group: "Reductions",
		Doc:     "The index, from 1, of the first largest element of a vector, an int; NaN elements count as smallest. The derivative is 0, and an empty vector is an error.",
		Example: "argmax(p)",
		Result: func(args []lang.Arg) (lang.Type, error) {
			return lang.Scalar(lang.Int), needVector(args[0])
		},
	},
	Lower: func(b *named.Builder, args []named.Value) (named.Value, error) {
		if args[0].Shape()[0] == 0 {
			return named.Value{}, errors.New("needs at least one element, found an empty vector")
		}
		return b.Reduce(op.ArgMaxOf, args[0], 1), nil
	},
}

// reduction declares a function of one array.
func reduction(name string, r rule, doc, example string, f func(*named.Builder, named.Value) named.Value) *Func {
	return &Func{
		FuncSig: lang.FuncSig{Name: name, Params: []string{"x"}, MinArgs: 1, Group: "Reductions", Doc: doc, Example: example, Result: r},
		Lower: func(b *named.Builder, args []named.Value) (named.Value, error) {
			return f(b, args[0]), nil
		},
	}
}

// reductionOr declares a reduction that is elementwise if there are two arguments.
func reductionOr(name string, elem func(lang.Elem) lang.Elem, two *op.Func, doc, example string, one func(*named.Builder, named.Value) named.Value) *Func {
	return &Func{
		FuncSig: lang.FuncSig{Name: name, Params: []string{"x", "y"}, MinArgs: 1, Group: "Reductions", Doc: doc, Example: example, Result: reducedOrMapped(elem)},
		Lower: func(b *named.Builder, args []named.Value) (named.Value, error) {
			if len(args) == 2 {
				return b.Apply(two, args...), nil
			}
			return one(b, args[0]), nil
		},
	}
}

func dotType(args []lang.Arg) (lang.Type, error) {
	x, y := args[0].Type, args[1].Type
	if x.Rank() != 1 || y.Rank() != 1 || lang.SameShape(x.Dims, y.Dims) == lang.No {
		return lang.Type{}, fmt.Errorf("needs two vectors of equal length, found %s", list(args))
	}
	return lang.Scalar(toNumber(join(args))), nil
}

func sum(b *named.Builder, x named.Value) named.Value { return b.SumAll(x) }

func prod(b *named.Builder, x named.Value) named.Value { return b.Product(flat(b, x)) }

func mean(b *named.Builder, x named.Value) named.Value {
	n := x.Shape().Size()
	if n == 0 {
		return b.Scalar(math.NaN())
	}
	return b.Div(sum(b, x), b.Scalar(float64(n)))
}

func variance(b *named.Builder, x named.Value) named.Value {
	n := x.Shape().Size()
	if n < 2 {
		return b.Scalar(math.NaN())
	}
	return b.Div(sum(b, b.Square(b.Sub(x, mean(b, x)))), b.Scalar(float64(n-1)))
}

func flat(b *named.Builder, x named.Value) named.Value {
	return b.Reshape(x, graph.Shape{x.Shape().Size()})
}

// root is √x for x ≥ 0 with derivatives of 0 at 0, where √ alone has an
// infinite one that would turn zeros behind it into NaN.
func root(b *named.Builder, x named.Value) named.Value {
	zero := b.Equal(x, b.Scalar(0))
	return b.Where(zero, b.Scalar(0), b.Sqrt(b.Where(zero, b.Scalar(1), x)))
}

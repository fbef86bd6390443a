package fn

import (
	"ppl/graph/named"
	"ppl/lang"
)

// vectors take a vector to a vector of the same length.
var vectors = []*Func{
	vector("softmax", toReal, "exp(xᵢ) / Σⱼ exp(xⱼ) for each element of a vector, without overflow: a simplex.", "softmax(eta)",
		func(b *named.Builder, x named.Value) named.Value { return b.Exp(logSoftmax(b, x)) }),
	vector("log_softmax", toReal, "xᵢ - log_sum_exp(x) for each element of a vector: the logarithm of softmax(x).", "log_softmax(eta)", logSoftmax),
	vector("cumsum", toNumber, "Running sums of a vector: element i is x₁ + ... + xᵢ; ints give ints.", "cumsum(step)",
		func(b *named.Builder, x named.Value) named.Value { return b.CumSum(x) }),
	vector("sort", toNumber, "The elements of a vector in increasing order; ints stay ints, NaN comes last.", "sort(x)",
		func(b *named.Builder, x named.Value) named.Value { return b.Sort(x) }),
}

func vector(name string, elem func(lang.Elem) lang.Elem, doc, example string, f func(*named.Builder, named.Value) named.Value) *Func {
	return &Func{
		FuncSig: lang.FuncSig{Name: name, Params: []string{"x"}, MinArgs: 1, Group: "Vectors", Doc: doc, Example: example, Result: vectorTo(elem)},
		Lower: func(b *named.Builder, args []named.Value) (named.Value, error) {
			return f(b, args[0]), nil
		},
	}
}

func logSoftmax(b *named.Builder, x named.Value) named.Value {
	return b.Sub(x, b.LogSumExp(x))
}

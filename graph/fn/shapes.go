package fn

import (
	"fmt"

	"ppl/graph"
	"ppl/graph/named"
	"ppl/lang"
)

// shapes make arrays and rearrange them. Sizes are integers known from data.
var shapes = []*Func{
	shape("zeros", []string{"n..."}, 1, "An array of zeros with the given sizes, real.", "zeros(K)", filledWith(lang.Real), filling(0)),
	shape("ones", []string{"n..."}, 1, "An array of ones with the given sizes, real.", "ones(K)", filledWith(lang.Real), filling(1)),
	shape("fill", []string{"value", "n..."}, 2, "An array with the given sizes, every element of it the scalar value (int if that is).", "fill(0.5, K, M)", fillType,
		func(b *named.Builder, args []named.Value) (named.Value, error) {
			return b.Spread(args[0], counts(args[1:])), nil
		}),
	shape("eye", []string{"n"}, 1, "The n by n identity matrix, real.", "eye(K)", eyeType,
		func(b *named.Builder, args []named.Value) (named.Value, error) { return b.Eye(counts(args)[0]), nil }),
	shape("linspace", []string{"from", "to", "n"}, 3, "A vector of n numbers at equal steps from the first scalar to the second, both included; n = 1 gives the first.", "linspace(0, 1, 11)", linspaceType, linspace),
	shape("one_hot", []string{"k", "n"}, 2, "A vector of n zeros with 1 in place k, real; an int array k gains a last dimension of n. k must be in 1..n.", "one_hot(z[i], K)", oneHotType, oneHot),
	shape("concat", []string{"x..."}, 1, "Joins arrays along their first dimension; they agree in the others. Among vectors a scalar counts as a vector of one element.", "concat(0, beta)", concatType,
		func(b *named.Builder, args []named.Value) (named.Value, error) { return concat(b, args), nil }),
	shape("stack", []string{"x..."}, 1, "Puts arrays of equal shape, or scalars, side by side along a new first dimension.", "stack(x, y)", stackType,
		func(b *named.Builder, args []named.Value) (named.Value, error) { return b.Stack(args...), nil }),
	shape("reshape", []string{"x", "n..."}, 2, "The elements of an array in row-major order, with the given sizes.", "reshape(x, 2, K)", reshapeType,
		func(b *named.Builder, args []named.Value) (named.Value, error) {
			return b.Reshape(args[0], counts(args[1:])), nil
		}),
	shape("transpose", []string{"A"}, 1, "The transpose of a matrix: element [i, j] is A[j, i].", "transpose(A)", transposeType,
		func(b *named.Builder, args []named.Value) (named.Value, error) {
			return b.Transpose(args[0], 1, 0), nil
		}),
	shape("diag", []string{"x"}, 1, "Of a vector, the matrix with it on the diagonal and zeros elsewhere; of a square matrix, its diagonal.", "diag(sigma)", diagType, diag),
	shape("outer", []string{"x", "y"}, 2, "The outer product of two vectors: element [i, j] is x[i] * y[j]; ints give ints.", "outer(x, y)", outerType,
		func(b *named.Builder, args []named.Value) (named.Value, error) { return b.Outer(args[0], args[1]), nil }),
}

func shape(name string, params []string, least int, doc, example string, r rule, lower func(*named.Builder, []named.Value) (named.Value, error)) *Func {
	return &Func{
		FuncSig: lang.FuncSig{Name: name, Params: params, MinArgs: least, Group: "Shape", Doc: doc, Example: example, Result: r},
		Lower:   lower,
	}
}

// ---- Types ----

func filledWith(e lang.Elem) rule {
	return func(args []lang.Arg) (lang.Type, error) {
		dims, err := sizes(args)
		return lang.Array(e, dims...), err
	}
}

func fillType(args []lang.Arg) (lang.Type, error) {
	if err := needScalar("value", args[0]); err != nil {
		return lang.Type{}, err
	}
	return filledWith(args[0].Type.Elem)(args[1:])
}

func eyeType(args []lang.Arg) (lang.Type, error) {
	return filledWith(lang.Real)([]lang.Arg{args[0], args[0]})
}

func linspaceType(args []lang.Arg) (lang.Type, error) {
	for _, end := range args[:2] {
		if err := needScalar("end", end); err != nil {
			return lang.Type{}, err
		}
	}
	return filledWith(lang.Real)(args[2:])
}

func oneHotType(args []lang.Arg) (lang.Type, error) {
	k := args[0].Type
	if k.Elem == lang.Real {
		return lang.Type{}, fmt.Errorf("needs an integer index, found %s", k)
	}
	n, err := sizes(args[1:])
	return lang.Array(lang.Real, append(k.Dims[:len(k.Dims):len(k.Dims)], n...)...), err
}

func concatType(args []lang.Arg) (lang.Type, error) {
	first := lang.Type{Dims: []lang.Dim{lang.DimInt(1)}}
	for _, a := range args {
		if !a.Type.IsScalar() {
			first = a.Type
			break
		}
	}
	var n lang.Dim
	for _, a := range args {
		switch t := a.Type; {
		case t.IsScalar() && first.Rank() == 1:
			n = n.AddInt(1)
		case t.Rank() == first.Rank() && lang.SameShape(t.Dims[1:], first.Dims[1:]) != lang.No:
			n = n.Add(t.Dims[0])
		default:
			return lang.Type{}, fmt.Errorf("needs arrays that differ in their first dimension only, found %s", list(args))
		}
	}
	return lang.Array(join(args), append([]lang.Dim{n}, first.Dims[1:]...)...), nil
}

func stackType(args []lang.Arg) (lang.Type, error) {
	for _, a := range args {
		if lang.SameShape(a.Type.Dims, args[0].Type.Dims) == lang.No {
			return lang.Type{}, fmt.Errorf("needs arguments of one shape, found %s", list(args))
		}
	}
	return lang.Array(join(args), append([]lang.Dim{lang.DimInt(len(args))}, args[0].Type.Dims...)...), nil
}

func reshapeType(args []lang.Arg) (lang.Type, error) {
	x := args[0].Type
	if x.IsScalar() {
		return lang.Type{}, fmt.Errorf("needs an array, found %s", x)
	}
	dims, err := sizes(args[1:])
	if err != nil {
		return lang.Type{}, err
	}
	out := lang.Array(x.Elem, dims...)
	have, ok1 := product(x.Dims)
	want, ok2 := product(dims)
	if ok1 && ok2 && have.Equal(want) == lang.No {
		return lang.Type{}, fmt.Errorf("cannot give the %s elements of %s the shape of %s", have, x, out)
	}
	return out, nil
}

// product multiplies dimensions, where the result is still affine.
func product(dims []lang.Dim) (lang.Dim, bool) {
	p, ok := lang.DimInt(1), true
	for _, d := range dims {
		if p, ok = p.Mul(d); !ok {
			return p, false
		}
	}
	return p, true
}

func transposeType(args []lang.Arg) (lang.Type, error) {
	x := args[0].Type
	if x.Rank() != 2 {
		return lang.Type{}, fmt.Errorf("needs a matrix, found %s", x)
	}
	return lang.Array(x.Elem, x.Dims[1], x.Dims[0]), nil
}

func diagType(args []lang.Arg) (lang.Type, error) {
	x := args[0].Type
	if x.Rank() == 1 {
		return lang.Array(x.Elem, x.Dims[0], x.Dims[0]), nil
	}
	if needSquare(args[0]) != nil {
		return lang.Type{}, fmt.Errorf("needs a vector or a square matrix, found %s", x)
	}
	return lang.Array(x.Elem, x.Dims[0]), nil
}

func outerType(args []lang.Arg) (lang.Type, error) {
	x, y := args[0].Type, args[1].Type
	if x.Rank() != 1 || y.Rank() != 1 {
		return lang.Type{}, fmt.Errorf("needs two vectors, found %s", list(args))
	}
	return lang.Array(toNumber(join(args)), x.Dims[0], y.Dims[0]), nil
}

// ---- Graphs ----

// counts reads the sizes, which the type rule has found to be known.
func counts(args []named.Value) graph.Shape {
	s := make(graph.Shape, len(args))
	for i, a := range args {
		n, ok := a.Float()
		if !ok {
			panic(fmt.Sprintf("fn: the size %v is not known", a))
		}
		s[i] = int(n)
	}
	return s
}

func filling(x float64) func(*named.Builder, []named.Value) (named.Value, error) {
	return func(b *named.Builder, args []named.Value) (named.Value, error) {
		return b.Spread(b.Scalar(x), counts(args)), nil
	}
}

// linspace steps from the first end, and ends on the second exactly.
func linspace(b *named.Builder, args []named.Value) (named.Value, error) {
	from, to, n := args[0], args[1], counts(args[2:])[0]
	if n < 2 {
		return b.Spread(from, graph.Shape{n}), nil
	}
	steps, last := make([]float64, n), make([]float64, n)
	for i := range steps {
		steps[i] = float64(i)
	}
	last[n-1] = 1
	step := b.Div(b.Sub(to, from), b.Scalar(float64(n-1)))
	inside := b.Add(from, b.Mul(b.Vector(steps...), step))
	return b.Where(b.Vector(last...), to, inside), nil
}

func oneHot(b *named.Builder, args []named.Value) (named.Value, error) {
	k, n := args[0], counts(args[1:])[0]
	for _, v := range k.Const() {
		if !(v >= 1 && v <= float64(n)) {
			return named.Value{}, fmt.Errorf("needs an index in 1..%d, found %g", n, v)
		}
	}
	rest := axes(k.Shape(), "element")
	place := &named.Axis{Name: "place", Size: n, Class: named.Comprehension, Depth: inner + len(rest)}
	hot := b.Equal(b.Open(k, rest...), b.Counter(place, 1))
	return b.Close(hot, append(rest, place)...), nil
}

// inner is a depth for the axes that a function opens for itself: deeper than
// any comprehension of the model.
const inner = 1 << 40

// axes makes an axis for each dimension of a shape, for the time of a function.
func axes(s graph.Shape, name string) []*named.Axis {
	out := make([]*named.Axis, len(s))
	for i, n := range s {
		out[i] = &named.Axis{Name: name, Size: n, Class: named.Comprehension, Depth: inner + i}
	}
	return out
}

func concat(b *named.Builder, args []named.Value) named.Value {
	parts := make([]named.Value, len(args))
	for i, a := range args {
		if a.Rank() == 0 {
			a = b.Reshape(a, graph.Shape{1})
		}
		parts[i] = a
	}
	return b.Concat(parts...)
}

func diag(b *named.Builder, args []named.Value) (named.Value, error) {
	if args[0].Rank() == 1 {
		return b.DiagonalMatrix(args[0]), nil
	}
	return b.Diagonal(args[0]), nil
}

package fn

import (
	"fmt"
	"math"
	"strings"

	"ppl/graph"
	"ppl/graph/named"
	"ppl/graph/op"
	"ppl/lang"
	"ppl/lang/ast"
)

// networks are what layers of neural networks need beyond `@` and elementwise functions. Images are
// [channels, height, width], kernels [out, in, height, width]; dimensions before these are a batch, and in
// a plate the plate is one.
//
// A convolution is one matrix product over the batch: the windows of all images, which are a view, are laid
// out as a matrix (im2col; Chellapilla, Puri and Simard 2006) and contracted with the kernels.
var networks = []*Func{
	{
		FuncSig: lang.FuncSig{
			Name: "layer_norm", Params: []string{"x", "epsilon"}, MinArgs: 1, Defaults: []string{"1e-5"}, Group: "Networks",
			Doc:     "(x - m) / sqrt(v + epsilon), where m and v are the mean and the variance, divided by n, of the n elements along the last dimension of x (Ba, Kiros and Hinton 2016). Scale and shift are the model's: `g * layer_norm(x) + b`.",
			Example: "layer_norm(W @ x + b)",
			Result:  layerNormType,
		},
		Lower: layerNorm,
	},
	{
		FuncSig: lang.FuncSig{
			Name: "conv2d", Params: []string{"x", "w", "stride", "padding"}, MinArgs: 2, Defaults: []string{"1", "0"}, Group: "Networks",
			Doc: "Convolution of images x, [channels, height, width], by kernels w, [out, channels, a, b], as networks have it (the kernel is not turned over): element [o, i, j] of the result is the sum over c, k, l of w[o, c, k, l] * x[c, (i - 1) * stride + k, (j - 1) * stride + l]," +
				" where x has `padding` rows and columns of zeros around it. The result is [out, (height + 2 * padding - a) / stride + 1, (width + 2 * padding - b) / stride + 1], rounded down. Dimensions of x before the last three are a batch, and stay; ints give ints.",
			Example: "conv2d(x[i], w, stride = 2, padding = 1)",
			Result:  convType,
		},
		Lower: conv2d,
	},
	{
		FuncSig: lang.FuncSig{
			Name: "max_pool2d", Params: []string{"x", "size", "stride"}, MinArgs: 2, Group: "Networks",
			Doc: "The largest element of each window of size by size in the last two dimensions of x, height and width; windows are `stride` apart, side by side if it is left out. Height becomes (height - size) / stride + 1, rounded down, and so does width;" +
				" the other dimensions stay, and ints stay ints. The derivative goes to the first of the elements that tie.",
			Example: "max_pool2d(relu(conv2d(x[i], w)), 2)",
			Result:  poolType,
		},
		Lower: maxPool2d,
	},
}

// ---- Types ----

func layerNormType(args []lang.Arg) (lang.Type, error) {
	x := args[0].Type
	if x.IsScalar() {
		return lang.Type{}, fmt.Errorf("needs an array, found %s", x)
	}
	if len(args) > 1 {
		if err := needScalar("epsilon", args[1]); err != nil {
			return lang.Type{}, err
		}
	}
	return lang.Array(lang.Real, x.Dims...), nil
}

func convType(args []lang.Arg) (lang.Type, error) {
	x, w := args[0].Type, args[1].Type
	images := x.Rank() - 3 // where the dimensions of one image begin
	if images < 0 || w.Rank() != 4 || x.Dims[images].Equal(w.Dims[1]) == lang.No {
		return lang.Type{}, fmt.Errorf("needs images [channels, height, width] and kernels [out, channels, height, width], found %s", list(args[:2]))
	}
	stride, padding := lang.DimInt(1), lang.DimInt(0)
	var err error
	if len(args) > 2 {
		if stride, err = wholeArg("stride", args[2], 1); err != nil {
			return lang.Type{}, err
		}
	}
	if len(args) > 3 {
		if padding, err = wholeArg("padding", args[3], 0); err != nil {
			return lang.Type{}, err
		}
	}
	dims := append(append([]lang.Dim{}, x.Dims[:images]...), w.Dims[0])
	for i := range 2 {
		padded := x.Dims[images+1+i].Add(padding.Scale(2))
		n, ok := windowsAlong(padded, w.Dims[2+i], stride)
		if !ok {
			return lang.Type{}, fmt.Errorf("needs kernels of at least 1 by 1 that are no larger than the images with their padding, found %s", list(args[:2]))
		}
		dims = append(dims, n)
	}
	return lang.Array(toNumber(join(args[:2])), dims...), nil
}

func poolType(args []lang.Arg) (lang.Type, error) {
	x := args[0].Type
	if x.Rank() < 2 {
		return lang.Type{}, fmt.Errorf("needs images [..., height, width], found %s", x)
	}
	size, err := wholeArg("size", args[1], 1)
	if err != nil {
		return lang.Type{}, err
	}
	stride := size
	if len(args) > 2 {
		if stride, err = wholeArg("stride", args[2], 1); err != nil {
			return lang.Type{}, err
		}
	}
	dims := append([]lang.Dim{}, x.Dims...)
	for i := len(dims) - 2; i < len(dims); i++ {
		n, ok := windowsAlong(dims[i], size, stride)
		if !ok {
			return lang.Type{}, fmt.Errorf("needs windows no larger than the images, found %s and a size of %s", x, size)
		}
		dims[i] = n
	}
	return lang.Array(toNumber(x.Elem), dims...), nil
}

// wholeArg is an argument that is an integer known from data, of at least so much.
func wholeArg(what string, a lang.Arg, least int) (lang.Dim, error) {
	switch {
	case !a.Type.IsScalar() || a.Type.Elem != lang.Int:
		return lang.Dim{}, fmt.Errorf("needs an integer as its %s, found %s", what, a.Type)
	case a.Size == nil:
		return lang.Dim{}, fmt.Errorf("needs a %s that is known from data and the same in every iteration", what)
	}
	if n, ok := a.Size.Int(); ok && n < least {
		return lang.Dim{}, fmt.Errorf("needs a %s of at least %d, found %d", what, least, n)
	}
	return *a.Size, nil
}

// windowsAlong is how many windows of size fit into n elements at steps of stride: (n - size) / stride + 1,
// rounded down. It reports false where none does.
func windowsAlong(n, size, stride lang.Dim) (lang.Dim, bool) {
	if k, ok := size.Int(); ok && k < 1 {
		return lang.Dim{}, false
	}
	room := n.Sub(size)
	if k, ok := room.Int(); ok && k < 0 {
		return lang.Dim{}, false
	}
	if s, ok := stride.Int(); ok {
		if q, ok := quotient(room, s); ok {
			return q.AddInt(1), true
		}
	}
	div := &ast.Call{Fn: ast.Ident{Name: "div"}, Args: []ast.Arg{{Value: room.Expr()}, {Value: stride.Expr()}}}
	return lang.DimOpaque("windows "+key(room)+" by "+key(stride), div).AddInt(1), true
}

// quotient is d / s rounded down, where s divides all coefficients of d.
func quotient(d lang.Dim, s int) (lang.Dim, bool) {
	out := lang.DimInt(int(math.Floor(float64(d.Const()) / float64(s))))
	for _, sym := range d.Symbols() {
		k := d.Coef(sym.Name)
		if k%s != 0 {
			return lang.Dim{}, false
		}
		out = out.Add(lang.DimSymbol(sym).Scale(k / s))
	}
	return out, true
}

// key tells dimensions apart; String does not where lengths are opaque.
func key(d lang.Dim) string {
	var b strings.Builder
	fmt.Fprint(&b, d.Const())
	for _, s := range d.Symbols() {
		fmt.Fprintf(&b, " %d*%s", d.Coef(s.Name), s.Name)
	}
	return b.String()
}

// ---- Graphs ----

func layerNorm(b *named.Builder, args []named.Value) (named.Value, error) {
	x, epsilon := args[0], b.Scalar(1e-5)
	if len(args) > 1 {
		epsilon = args[1]
	}
	for _, e := range epsilon.Const() {
		if !(e >= 0) {
			return named.Value{}, fmt.Errorf("needs an epsilon of at least 0, found %g", e)
		}
	}
	last := x.Rank() - 1
	n := x.Shape()[last]
	if x.Shape().Size() == 0 {
		return x, nil
	}
	rest := axes(x.Shape()[:last], "row")
	mean := func(y named.Value) named.Value { return b.Scale(1/float64(n), b.Sum(y, 1)) }
	d := b.Open(x, rest...)
	d = b.Sub(d, mean(d))
	spread := b.Sqrt(b.Add(mean(b.Square(d)), epsilon))
	return b.Close(b.Mul(d, b.Recip(spread)), rest...), nil
}

func conv2d(b *named.Builder, args []named.Value) (named.Value, error) {
	x, w := args[0], args[1]
	stride, padding := 1, 0
	if len(args) > 2 {
		stride = counts(args[2:3])[0]
	}
	if len(args) > 3 {
		padding = counts(args[3:4])[0]
	}
	batch := axes(x.Shape()[:x.Rank()-3], "image")
	x = b.Open(x, batch...)
	c, height, width := x.Shape()[0], x.Shape()[1], x.Shape()[2]
	if padding > 0 {
		x = b.Assemble(graph.Shape{c, height + 2*padding, width + 2*padding}, named.Block{Value: x, At: []int{0, padding, padding}})
	}
	k, l := w.Shape()[2], w.Shape()[3]
	windows := b.Windows(x, k, l, stride) // [c, k, l, i, j]
	y := b.Contract(w, windows, []int{0, 1, 2, 3}, []int{1, 2, 3, 4, 5}, []int{0, 4, 5})
	return b.Close(y, batch...), nil
}

// maxPool2d takes the largest of each window along the width, then along the height.
func maxPool2d(b *named.Builder, args []named.Value) (named.Value, error) {
	x, size := args[0], counts(args[1:2])[0]
	stride := size
	if len(args) > 2 {
		stride = counts(args[2:3])[0]
	}
	for _, dim := range []int{x.Rank() - 1, x.Rank() - 2} {
		n := (x.Shape()[dim]-size)/stride + 1
		y := b.Every(x, dim, 0, stride, n)
		for k := 1; k < size; k++ {
			y = b.Apply(op.Max, y, b.Every(x, dim, k, stride, n))
		}
		x = y
	}
	return x, nil
}

// gelu is x·Φ(x), where 0 absorbs an infinite x, as it does in the limit.
func gelu(b *named.Builder, args []named.Value) (named.Value, error) {
	return b.Apply(op.MulZ, args[0], b.Phi(args[0])), nil
}

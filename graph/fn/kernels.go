package fn

import (
	"fmt"
	"math"

	"ppl/graph/named"
	"ppl/graph/op"
	"ppl/lang"
)

// kernels are covariance functions of Gaussian processes: the matrix of
// k(xᵢ, xⱼ) for all pairs of points of x, or k(xᵢ, yⱼ) for points of x and of y.
// All are functions of the weighted squared distance u = Σ_d (gap_d / ρ_d)²,
// so that nothing is 0/0 where points coincide. Formulas as in Rasmussen and
// Williams (2006), Gaussian Processes for Machine Learning, ch. 4.
var kernels = []*Func{
	kernel("cov_exp_quad", "alpha^2 exp(-r^2 / 2)", func(b *named.Builder, u named.Value) named.Value {
		return b.Exp(b.Scale(-0.5, u))
	}),
	kernel("cov_matern32", "alpha^2 (1 + sqrt(3) r) exp(-sqrt(3) r)", func(b *named.Builder, u named.Value) named.Value {
		return b.Apply(op.Matern32, b.Scale(3, u))
	}),
	kernel("cov_matern52", "alpha^2 (1 + sqrt(5) r + 5/3 r^2) exp(-sqrt(5) r)", func(b *named.Builder, u named.Value) named.Value {
		return b.Apply(op.Matern52, b.Scale(5, u))
	}),
	{
		FuncSig: lang.FuncSig{
			Name: "cov_periodic", Params: []string{"x", "y", "alpha", "rho", "period"}, MinArgs: 4, Group: "Kernels",
			Doc: "Periodic covariance alpha^2 exp(-2 Σ sin(pi * gap / period)^2 / rho^2), where gap = x[i] - x[j]" +
				" and the sum is over the coordinates of a point." + pointsDoc,
			Example: "cov_periodic(t, alpha, rho, 12)",
			Result:  func(args []lang.Arg) (lang.Type, error) { return kernelType(args, 3) },
		},
		Lower: func(b *named.Builder, args []named.Value) (named.Value, error) {
			p := pairs(b, args[:len(args)-3])
			alpha, rho, period := last(args, 3), last(args, 2), last(args, 1)
			wave := b.Apply(op.Sin, b.Mul(b.Scale(math.Pi, b.Recip(period)), p.gap))
			return p.matrix(b, alpha, b.Exp(b.Scale(-2, weigh(b, b.Square(wave), rho)))), nil
		},
	},
}

const pointsDoc = " `(x, alpha, rho, ...)` compares the points of x with each other, `(x, y, alpha, rho, ...)` those of x with those of y." +
	" Points are numbers (real[N]) or rows (real[N, D]); rho is a scalar or, for rows, may have a length scale for each coordinate (real[D])." +
	" No jitter is added."

func kernel(name, formula string, f func(b *named.Builder, u named.Value) named.Value) *Func {
	return &Func{
		FuncSig: lang.FuncSig{
			Name: name, Params: []string{"x", "y", "alpha", "rho"}, MinArgs: 3, Group: "Kernels",
			Doc:     "Covariance " + formula + ", where r = |x[i] - x[j]| / rho." + pointsDoc,
			Example: name + "(x, alpha, rho)",
			Result:  func(args []lang.Arg) (lang.Type, error) { return kernelType(args, 2) },
		},
		Lower: func(b *named.Builder, args []named.Value) (named.Value, error) {
			p := pairs(b, args[:len(args)-2])
			u := weigh(b, b.Square(p.gap), last(args, 1))
			return p.matrix(b, last(args, 2), f(b, u)), nil
		},
	}
}

// kernelType takes one or two arrays of points, then n parameters of which the
// second is the length scale.
func kernelType(args []lang.Arg, n int) (lang.Type, error) {
	points, params := args[:len(args)-n], args[len(args)-n:]
	x, y := points[0].Type, points[len(points)-1].Type
	if x.Rank() < 1 || x.Rank() > 2 {
		return lang.Type{}, fmt.Errorf("needs points, real[N] or real[N, D], found %s", x)
	}
	if y.Rank() != x.Rank() || lang.SameShape(x.Dims[1:], y.Dims[1:]) == lang.No {
		return lang.Type{}, fmt.Errorf("needs points of one kind, found %s", list(points))
	}
	for i, p := range params {
		each := i == 1 && lang.SameShape(p.Type.Dims, x.Dims[1:]) != lang.No
		if !p.Type.IsScalar() && !each {
			return lang.Type{}, fmt.Errorf("needs scalar parameters after its points, found %s", list(args))
		}
	}
	return lang.Array(lang.Real, x.Dims[0], y.Dims[0]), nil
}

func last(args []named.Value, n int) named.Value { return args[len(args)-n] }

// paired has the gaps between all pairs of points, along two axes of its own;
// the event is a point.
type paired struct {
	gap      named.Value
	row, col *named.Axis
}

func pairs(b *named.Builder, points []named.Value) paired {
	x, y := points[0], points[len(points)-1]
	ax := axes([]int{x.Shape()[0], y.Shape()[0]}, "point")
	p := paired{row: ax[0], col: ax[1]}
	p.gap = b.Sub(b.Open(x, p.row), b.Open(y, p.col))
	return p
}

// weigh is Σ_d sq_d / ρ_d². What depends on data only stays apart from ρ.
func weigh(b *named.Builder, sq, rho named.Value) named.Value {
	w := b.Recip(b.Square(rho))
	if rho.Rank() == 1 {
		return b.Dot(sq, w)
	}
	return b.Mul(b.SumAll(sq), w)
}

func (p paired) matrix(b *named.Builder, alpha, correlation named.Value) named.Value {
	return b.Close(b.Mul(b.Square(alpha), correlation), p.row, p.col)
}

package guide

import (
	"fmt"
	"math"

	"ppl/graph"
	"ppl/graph/dist"
	"ppl/graph/named"
	"ppl/lang"
)

// Transform is a smooth bijection from unconstrained arrays to a support.
type Transform struct {
	Name string
	// Free gives the shape of the unconstrained array for a box whose last
	// EventRank dimensions are one object of the support.
	Free func(box graph.Shape) graph.Shape
	// Forward maps an unconstrained event to the box. logJac are terms, each an
	// array of any event shape, that sum to log |det ∂x/∂u|.
	Forward func(b *named.Builder, u named.Value, s dist.Support) (x named.Value, logJac []named.Value)
	// Inverse maps one object back; lower and upper are its bounds, if any.
	Inverse func(x []float64, lower, upper float64) []float64
	// One is the element of an object that has no free numbers: of a simplex of
	// one category, say.
	One float64
}

// registry is the one place that joins supports and transforms.
var registry = map[lang.SupportKind]*Transform{
	lang.SupportReal:            identity,
	lang.SupportPositive:        positive,
	lang.SupportLower:           lowerBounded,
	lang.SupportUpper:           upperBounded,
	lang.SupportUnit:            unitInterval,
	lang.SupportInterval:        interval,
	lang.SupportOrdered:         ordered,
	lang.SupportPositiveOrdered: positiveOrdered,
	lang.SupportOrderedInterval: orderedInterval,
	lang.SupportSimplex:         simplex,
	lang.SupportCholeskyCorr:    choleskyCorr,
	lang.SupportCorr:            corr,
	lang.SupportCov:             cov,
	lang.SupportUnitVector:      unitVector,
	lang.SupportSumToZero:       sumToZero,
	lang.SupportCircle:          circle,
}

// ForSupport finds the transform of a support.
func ForSupport(k lang.SupportKind) (*Transform, error) {
	t, ok := registry[k]
	if !ok {
		return nil, fmt.Errorf("latents with this support are not supported yet")
	}
	return t, nil
}

func same(box graph.Shape) graph.Shape { return box }

// identity: x = u.
var identity = &Transform{
	Name: "identity",
	Free: same,
	Forward: func(_ *named.Builder, u named.Value, _ dist.Support) (named.Value, []named.Value) {
		return u, nil
	},
	Inverse: func(x []float64, _, _ float64) []float64 { return append([]float64(nil), x...) },
}

// positive: x = e^u, log |dx/du| = u.
var positive = &Transform{
	Name: "exp",
	Free: same,
	Forward: func(b *named.Builder, u named.Value, _ dist.Support) (named.Value, []named.Value) {
		return b.Exp(u), []named.Value{u}
	},
	Inverse: func(x []float64, _, _ float64) []float64 { return each(x, math.Log) },
}

// lowerBounded: x = lower + e^u.
var lowerBounded = &Transform{
	Name: "lower + exp",
	Free: same,
	Forward: func(b *named.Builder, u named.Value, s dist.Support) (named.Value, []named.Value) {
		if s.Unbounded {
			return partlyBounded(b, u, s)
		}
		return b.Add(s.Lower, b.Exp(u)), []named.Value{u}
	},
	Inverse: func(x []float64, lower, _ float64) []float64 { return unbind(x, lower, math.Inf(1)) },
}

// upperBounded: x = upper − e^u.
var upperBounded = &Transform{
	Name: "upper - exp",
	Free: same,
	Forward: func(b *named.Builder, u named.Value, s dist.Support) (named.Value, []named.Value) {
		if s.Unbounded {
			return partlyBounded(b, u, s)
		}
		return b.Sub(s.Upper, b.Exp(u)), []named.Value{u}
	},
	Inverse: func(x []float64, _, upper float64) []float64 { return unbind(x, math.Inf(-1), upper) },
}

// logitJac is log of the derivative of inv_logit: u − 2·softplus(u).
func logitJac(b *named.Builder, u named.Value) named.Value {
	return b.Sub(u, b.Scale(2, b.Softplus(u)))
}

// unitInterval: x = 1/(1 + e^−u).
var unitInterval = &Transform{
	Name: "inv_logit",
	Free: same,
	Forward: func(b *named.Builder, u named.Value, _ dist.Support) (named.Value, []named.Value) {
		return b.InvLogit(u), []named.Value{logitJac(b, u)}
	},
	Inverse: func(x []float64, _, _ float64) []float64 {
		return each(x, func(x float64) float64 { return math.Log(x) - math.Log1p(-x) })
	},
}

// interval: x = lower + (upper − lower)/(1 + e^−u).
var interval = &Transform{
	Name: "scaled inv_logit",
	Free: same,
	Forward: func(b *named.Builder, u named.Value, s dist.Support) (named.Value, []named.Value) {
		if s.Unbounded {
			return partlyBounded(b, u, s)
		}
		width := b.Sub(s.Upper, s.Lower)
		x := b.Add(s.Lower, b.Mul(width, b.InvLogit(u)))
		// The width counts once for each element, so it is added to an array of u's shape.
		return x, []named.Value{b.Add(logitJac(b, u), b.Log(width))}
	},
	Inverse: unbind,
}

// partlyBounded takes each element by the bounds that it has: those of the
// interval, of one bound, or the identity. An infinite bound is replaced by a
// finite one where it is not asked for, so that no derivative is infinite.
func partlyBounded(b *named.Builder, u named.Value, s dist.Support) (named.Value, []named.Value) {
	yes, no := b.Scalar(1), b.Scalar(0)
	hasLower, hasUpper, lower, upper := no, no, no, no
	if s.Upper.Valid() {
		hasUpper = b.Less(s.Upper, b.Scalar(math.Inf(1)))
		upper = b.Where(hasUpper, s.Upper, no)
	}
	if s.Lower.Valid() {
		hasLower = b.Greater(s.Lower, b.Scalar(math.Inf(-1)))
		lower = b.Where(hasLower, s.Lower, b.AddScalar(upper, -1))
	}
	upper = b.Where(hasUpper, upper, b.AddScalar(lower, 1))
	both := b.And(hasLower, hasUpper)
	either := b.Where(hasLower, yes, hasUpper)

	side := b.Exp(b.Where(both, no, b.Where(either, u, no)))
	one := b.Where(hasLower, b.Add(lower, side), b.Where(hasUpper, b.Sub(upper, side), u))
	width := b.Sub(upper, lower)
	within := b.Where(both, u, no)
	x := b.Where(both, b.Add(lower, b.Mul(width, b.InvLogit(within))), one)
	jac := b.Where(both, b.Add(logitJac(b, within), b.Log(width)), b.Where(either, u, no))
	return x, []named.Value{jac}
}

// unbind maps numbers between two bounds, which may be infinite, to the line.
func unbind(x []float64, lower, upper float64) []float64 {
	return each(x, func(x float64) float64 {
		switch l, u := math.IsInf(lower, -1), math.IsInf(upper, 1); {
		case l && u:
			return x
		case l:
			return math.Log(upper - x)
		case u:
			return math.Log(x - lower)
		}
		return math.Log(x-lower) - math.Log(upper-x)
	})
}

// ordered: x₁ = u₁, x_k = x_{k−1} + e^{u_k}.
var ordered = &Transform{
	Name: "cumulative exp",
	Free: same,
	Forward: func(b *named.Builder, u named.Value, _ dist.Support) (named.Value, []named.Value) {
		if last(u) < 2 {
			return u, nil
		}
		first, rest := slice(b, u, 0, 1), slice(b, u, 1, last(u)-1)
		return b.CumSum(join(b, first, b.Exp(rest))), []named.Value{rest}
	},
	Inverse: func(x []float64, _, _ float64) []float64 {
		u := append([]float64(nil), x...)
		for k := 1; k < len(x); k++ {
			u[k] = math.Log(x[k] - x[k-1])
		}
		return u
	},
}

// positiveOrdered: x_k = x_{k−1} + e^{u_k}, x₀ = 0.
var positiveOrdered = &Transform{
	Name: "cumulative exp from 0",
	Free: same,
	Forward: func(b *named.Builder, u named.Value, _ dist.Support) (named.Value, []named.Value) {
		return b.CumSum(b.Exp(u)), []named.Value{u}
	},
	Inverse: func(x []float64, _, _ float64) []float64 {
		u := make([]float64, len(x))
		before := 0.0
		for k := range x {
			u[k] = math.Log(x[k] - before)
			before = x[k]
		}
		return u
	},
}

// simplex is the isometric log-ratio transform (Egozcue et al. 2003):
// x = softmax(V u) with the K×(K−1) orthonormal Helmert basis V of the vectors
// that sum to zero; log |det| = ½ log K + Σ log x_k. It treats the categories
// alike, so that a Gaussian on u is as good for the last as for the first.
var simplex = &Transform{
	Name: "isometric log-ratio",
	One:  1,
	Free: func(box graph.Shape) graph.Shape {
		free := append(graph.Shape{}, box...)
		free[len(free)-1]--
		return free
	},
	Forward: func(b *named.Builder, u named.Value, _ dist.Support) (named.Value, []named.Value) {
		k := last(u) + 1
		v := helmertTimes(b, u)
		norm := b.LogSumExp(v)
		logx := b.Sub(v, repeat(b, norm, k))
		objects := norm.Shape().Size()
		return b.Exp(logx), []named.Value{logx, b.Scalar(0.5 * math.Log(float64(k)) * float64(objects))}
	},
	Inverse: func(x []float64, _, _ float64) []float64 {
		return fromHelmert(each(x, math.Log))
	},
}

// orderedInterval: the gaps between lower, x₁, ..., x_K and upper are the parts of
// a simplex, times the width of the interval; log |det| is that of the simplex,
// of K + 1 parts, and K·log width.
var orderedInterval = &Transform{
	Name: "cumulative simplex",
	Free: same,
	Forward: func(b *named.Builder, u named.Value, s dist.Support) (named.Value, []named.Value) {
		k := last(u)
		free := s
		free.Kind = lang.SupportSimplex
		parts, jac := simplex.Forward(b, u, free)
		width := b.Sub(s.Upper, s.Lower)
		x := b.Add(s.Lower, b.Mul(width, slice(b, b.CumSum(parts), 0, k)))
		scale := b.Log(width) // once for each element
		if width.Rank() == 0 {
			scale = b.Scale(float64(u.Shape().Size()), scale)
		}
		return x, append(jac, scale)
	},
	Inverse: func(x []float64, lower, upper float64) []float64 {
		parts := make([]float64, len(x)+1)
		before := lower
		for i, v := range append(append([]float64(nil), x...), upper) {
			parts[i], before = (v-before)/(upper-lower), v
		}
		return simplex.Inverse(parts, 0, 0)
	},
}

func each(x []float64, f func(float64) float64) []float64 {
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = f(v)
	}
	return out
}

func last(v named.Value) int { return v.Shape()[v.Rank()-1] }

// slice is v[..., from : from+n] (from 0).
func slice(b *named.Builder, v named.Value, from, n int) named.Value {
	args := make([]named.IndexArg, v.Rank())
	for i := range args {
		args[i].All = true
	}
	args[len(args)-1] = named.IndexArg{Lo: from + 1, Hi: from + n}
	return b.Index(v, args...)
}

// join puts two arrays side by side along the last dimension.
func join(b *named.Builder, x, y named.Value) named.Value {
	shape := append(graph.Shape{}, x.Shape()...)
	shape[len(shape)-1] += last(y)
	at := make([]int, len(shape))
	at2 := make([]int, len(shape))
	at2[len(at2)-1] = last(x)
	return b.Assemble(shape, named.Block{Value: x, At: at}, named.Block{Value: y, At: at2})
}

// repeat adds a last dimension of n equal elements.
func repeat(b *named.Builder, v named.Value, n int) named.Value {
	one := b.Reshape(v, append(append(graph.Shape{}, v.Shape()...), 1))
	args := make([]named.IndexArg, one.Rank())
	for i := range args {
		args[i].All = true
	}
	first := make([]float64, n)
	for i := range first {
		first[i] = 1
	}
	args[len(args)-1] = named.IndexArg{Value: b.Vector(first...)}
	return b.Index(one, args...)
}

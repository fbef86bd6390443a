package dist

import (
	"math"

	"ppl/graph"
	"ppl/graph/named"
	"ppl/graph/op"
)

// Pieces that densities share.

// times is k·y with 0·y = 0 whatever y is: k times the log of a probability
// that may be 0.
func times(b *named.Builder, k, y named.Value) named.Value { return b.Apply(op.MulZ, k, y) }

func lbeta(b *named.Builder, x, y named.Value) named.Value   { return b.Apply(op.Lbeta, x, y) }
func lchoose(b *named.Builder, n, k named.Value) named.Value { return b.Apply(op.Lchoose, n, k) }

// lfactorial is log x!.
func lfactorial(b *named.Builder, x named.Value) named.Value { return b.Lgamma(b.AddScalar(x, 1)) }

// powerOr is value, an expression of x^k that has log x inside, and at x = 0, where
// that has no derivatives, atZero of x^k, which has. Known x need none.
func powerOr(b *named.Builder, x, k, value named.Value, atZero func(power named.Value) named.Value) named.Value {
	if x.IsConst() {
		return value
	}
	return b.Where(b.Equal(x, b.Scalar(0)), atZero(b.Pow(x, k)), value)
}

// logOf is log x; it undoes an exp instead of computing both, and so does not
// overflow where a rate is written as exp(...).
func logOf(b *named.Builder, x named.Value) named.Value {
	if y, ok := inner(b, x, op.Exp); ok {
		return y
	}
	return b.Log(x)
}

// logitOf finds the argument of a probability that is written as inv_logit(...).
func logitOf(b *named.Builder, p named.Value) (named.Value, bool) { return inner(b, p, op.InvLogit) }

func inner(b *named.Builder, x named.Value, f *op.Func) (named.Value, bool) {
	m, ok := x.N.Op.(*op.Map)
	if !ok || m.F != f {
		return named.Value{}, false
	}
	return b.Wrap(x.N.In[0], x.Axes()...), true
}

// positive is value where the parameter x is above 0, and NaN elsewhere; so
// nonNegative, with 0 allowed. They are needed where the formula would not notice, as with lgamma(−½).
func positive(b *named.Builder, x, value named.Value) named.Value {
	return b.Where(b.Greater(x, b.Scalar(0)), value, b.Scalar(math.NaN()))
}

func nonNegative(b *named.Builder, x, value named.Value) named.Value {
	return b.Where(b.GreaterEq(x, b.Scalar(0)), value, b.Scalar(math.NaN()))
}

// probability is p itself, NaN outside [0, 1].
func probability(b *named.Builder, p named.Value) named.Value {
	return b.Where(unitClosed(b, p)(), p, b.Scalar(math.NaN()))
}

// lgammaPos is log Γ(x), NaN for negative x.
func lgammaPos(b *named.Builder, x named.Value) named.Value { return nonNegative(b, x, b.Lgamma(x)) }

// Conditions on values, as guard wants them.

func atLeast(b *named.Builder, x, lo named.Value) func() named.Value {
	return func() named.Value { return b.GreaterEq(x, lo) }
}

// fromZero is x ≥ 0: densities on (0, ∞) take their limit at 0.
func fromZero(b *named.Builder, x named.Value) func() named.Value { return atLeast(b, x, b.Scalar(0)) }

func aboveZero(b *named.Builder, x named.Value) func() named.Value {
	return func() named.Value { return b.Greater(x, b.Scalar(0)) }
}

// unitClosed is 0 ≤ x ≤ 1: densities on (0, 1) take their limits at the ends.
func unitClosed(b *named.Builder, x named.Value) func() named.Value {
	return func() named.Value {
		return b.And(b.GreaterEq(x, b.Scalar(0)), b.LessEq(x, b.Scalar(1)))
	}
}

func whole(b *named.Builder, x named.Value) named.Value {
	return b.Equal(x, b.Apply(op.Floor, x))
}

// natural is x ∈ {0, 1, 2, ...}.
func natural(b *named.Builder, x named.Value) func() named.Value {
	return func() named.Value { return b.And(whole(b, x), b.GreaterEq(x, b.Scalar(0))) }
}

// integers is x ∈ {lo, ..., hi}.
func integers(b *named.Builder, x, lo, hi named.Value) func() named.Value {
	return func() named.Value {
		return b.And(whole(b, x), b.And(b.GreaterEq(x, lo), b.LessEq(x, hi)))
	}
}

// counts is a vector of naturals with the sum n.
func counts(b *named.Builder, x, n named.Value) func() named.Value {
	return func() named.Value {
		all := b.Reduce(op.AllOf, natural(b, x)(), 1)
		return b.And(all, b.Equal(b.Sum(x, 1), n))
	}
}

// standardised is (x − location)/scale. The reciprocal is shared.
func standardised(b *named.Builder, x, location, scale named.Value) named.Value {
	return b.Mul(b.Sub(x, location), b.Recip(scale))
}

// halfZ is x over the scale, 0 for negative x.
func halfZ(b *named.Builder, x named.Value, p Params, scale string) named.Value {
	return b.Mul(b.Max(x, b.Scalar(0)), b.Recip(p.get(scale)))
}

// lacks reports whether x has an axis that y lacks: y is then shared by
// several elements of x, and functions of it are better taken alone.
func lacks(y, x named.Value) bool {
	for _, a := range x.Axes() {
		if !y.Has(a) {
			return true
		}
	}
	return false
}

// choose is element x (a category from 1) of a vector event.
func choose(b *named.Builder, v, x named.Value) named.Value {
	k := v.Shape()[0]
	if x.IsConst() {
		return b.Pick(v, clamp(b, x, k))
	}
	codes := make([]float64, k)
	for i := range codes {
		codes[i] = float64(i + 1)
	}
	hit := b.Equal(b.Spread(x, graph.Shape{k}), b.Vector(codes...))
	return b.Sum(times(b, hit, v), 1)
}

// clamp moves constant categories into 1..k, so that they may index; the guard
// has refused those outside.
func clamp(b *named.Builder, x named.Value, k int) named.Value {
	c := make([]float64, len(x.Const()))
	for i, v := range x.Const() {
		c[i] = math.Min(float64(k), math.Max(1, math.Floor(v)))
		if math.IsNaN(v) {
			c[i] = 1
		}
	}
	return b.Wrap(b.G.ConstantOf(x.N, c), x.Axes()...)
}

// category is x ∈ {1, ..., k}.
func category(b *named.Builder, x named.Value, k int) func() named.Value {
	return integers(b, x, b.Scalar(1), b.Scalar(float64(k)))
}

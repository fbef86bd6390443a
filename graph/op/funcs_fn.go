package op

import (
	"math"

	"ppl/graph/kernel"
)

// Scalar functions behind built-in functions of the language.
var (
	// Relu is max(x, 0), with derivative 0 at 0.
	Relu *Func
	// Lbeta is log B(x, y), Lchoose log C(n, k).
	Lbeta, Lchoose *Func
	// DigammaRise is ψ(x + y) − ψ(x), without cancellation; x and x + y are positive.
	DigammaRise *Func
	// Matern12, Matern32 and Matern52 are Matérn correlations of half-integer
	// order at distance √u: e^−√u times 1, 1 + √u and 1 + √u + u/3. As
	// functions of the squared distance, those of order 3/2 and 5/2 are smooth
	// enough at 0 that a covariance matrix has no 0/0 on its diagonal. The
	// derivative of Matern12 at 0, which is infinite, is taken as 0.
	Matern12, Matern32, Matern52 *Func
)

func init() {
	Relu = unary("relu", func(x float64) float64 { return math.Max(x, 0) },
		func(e Frame, x, _ Term) Term { return e.Apply(Greater, x, e.Scalar(0)) })
	combinatorial()
	matern()
}

func combinatorial() {
	DigammaRise = binary("digamma_rise", digammaRise,
		func(e Frame, x, y, _ Term) Term {
			return e.Apply(Sub, e.Apply(Polygamma(1), e.Apply(Add, x, y)), e.Apply(Polygamma(1), x))
		},
		func(e Frame, x, y, _ Term) Term { return e.Apply(Polygamma(1), e.Apply(Add, x, y)) })
	Lbeta = binary("lbeta", kernel.Lbeta,
		func(e Frame, x, y, _ Term) Term { return e.Apply(Neg, e.Apply(DigammaRise, x, y)) },
		func(e Frame, x, y, _ Term) Term { return e.Apply(Neg, e.Apply(DigammaRise, y, x)) })
	// With m = n − k: ∂n = ψ(n+1) − ψ(m+1), ∂k = ψ(m+1) − ψ(k+1); 0 outside
	// 0 ≤ k ≤ n, where the value is constant.
	inside := func(e Frame, n, k, d Term) Term {
		in := e.Apply(And, e.Apply(GreaterEq, k, e.Scalar(0)), e.Apply(LessEq, k, n))
		return e.Apply(Where, in, d, e.Scalar(0))
	}
	Lchoose = binary("lchoose", kernel.Lchoose,
		func(e Frame, n, k, _ Term) Term {
			m1 := e.Apply(Add, e.Apply(Sub, n, k), e.Scalar(1))
			return inside(e, n, k, e.Apply(DigammaRise, m1, k))
		},
		func(e Frame, n, k, _ Term) Term {
			k1 := e.Apply(Add, k, e.Scalar(1))
			return inside(e, n, k, e.Apply(DigammaRise, k1, e.Apply(Sub, e.Apply(Sub, n, k), k)))
		})
}

// digammaRise carries x up to 10 by the recurrence, term by term, and there
// takes the difference of the asymptotic series
// ψ(x) = log x − 1/2x − Σ B₂ₖ/(2k x²ᵏ), each power by expm1.
func digammaRise(x, y float64) float64 {
	switch {
	case !(x > 0) || !(x+y > 0):
		return math.NaN()
	case y < 0:
		return -digammaRise(x+y, -y)
	case math.IsInf(x, 1):
		return 0
	case math.IsInf(y, 1):
		return y
	}
	sum := 0.0
	for ; x < 10; x++ {
		sum += y / x / (x + y)
	}
	l := math.Log1p(y / x)
	r := -1 / (x * x)
	sum += l - math.Expm1(-l)/(2*x)
	power := 1.0
	for k, c := range bernoulli {
		power *= r // (−1)ᵏ/x²ᵏ: the B₂ₖ alternate in sign
		sum += c * power * math.Expm1(-2*float64(k+1)*l)
	}
	return sum
}

// bernoulli is |B₂ₖ|/2k.
var bernoulli = [...]float64{1. / 12, 1. / 120, 1. / 252, 1. / 240, 1. / 132, 691. / 32760, 1. / 12, 3617. / 8160}

// In u = r²: d/du e^−r = −e^−r/2r, d/du Matern32 = −½ Matern12 and
// d/du Matern52 = −⅙ Matern32.
func matern() {
	Matern12 = unary("matern12", func(u float64) float64 { return math.Exp(-math.Sqrt(u)) },
		func(e Frame, u, y Term) Term {
			zero := e.Apply(LessEq, u, e.Scalar(0))
			r := e.Apply(Sqrt, e.Apply(Where, zero, e.Scalar(1), u))
			d := e.Apply(Mul, e.Apply(Mul, e.Scalar(-0.5), y), e.Apply(Recip, r))
			return e.Apply(Where, zero, e.Scalar(0), d)
		})
	Matern32 = unary("matern32", func(u float64) float64 {
		r := math.Sqrt(u)
		return decay(1+r, r)
	},
		func(e Frame, u, _ Term) Term { return e.Apply(Mul, e.Scalar(-0.5), e.Apply(Matern12, u)) })
	Matern52 = unary("matern52", func(u float64) float64 {
		r := math.Sqrt(u)
		return decay(1+r+u/3, r)
	},
		func(e Frame, u, _ Term) Term { return e.Apply(Mul, e.Scalar(-1./6), e.Apply(Matern32, u)) })
}

// decay is p·e^−r, with 0 for infinite r.
func decay(p, r float64) float64 {
	if math.IsInf(r, 1) {
		return 0
	}
	return p * math.Exp(-r)
}

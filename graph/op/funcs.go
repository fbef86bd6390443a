package op

import (
	"fmt"
	"math"
	"sync"

	"ppl/graph/kernel"
)

// The scalar functions. Each states its value and its partial derivatives;
// derivatives are expressions over the same functions, so that every order
// exists. Comparisons and roundings are piecewise constant and have none.

func unary(name string, f func(float64) float64, partial func(e Frame, x, y Term) Term) *Func {
	fn := &Func{Name: name, Arity: 1, F1: f}
	if partial != nil {
		fn.Partial = func(e Frame, x []Term, y Term, _ int) Term { return partial(e, x[0], y) }
	}
	return fn
}

func binary(name string, f func(x, y float64) float64, dx, dy func(e Frame, x, y, z Term) Term) *Func {
	fn := &Func{Name: name, Arity: 2, F2: f}
	fn.Partial = func(e Frame, x []Term, z Term, k int) Term {
		d := dx
		if k == 1 {
			d = dy
		}
		if d == nil {
			return Term{}
		}
		return d(e, x[0], x[1], z)
	}
	return fn
}

func compare(name string, holds func(x, y float64) bool) *Func {
	return &Func{Name: name, Arity: 2, F2: func(x, y float64) float64 { return indicator(holds(x, y)) }}
}

func indicator(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func constant(c float64) func(e Frame, x, y, z Term) Term {
	return func(e Frame, _, _, _ Term) Term { return e.Scalar(c) }
}

// Arithmetic.
var (
	Add, Sub, Mul, Div, Neg, Recip, Square *Func
	// MulZ is x·y with 0·y = x·0 = 0 whatever the other is, infinities and NaN
	// included; it is the product of the chain rule (Map.Diff).
	MulZ *Func
	// Pow is x^y.
	Pow *Func
	// IntDiv and Mod are floored.
	IntDiv, Mod *Func
	Min, Max    *Func
)

// Elementary functions.
var (
	Exp, Log, Log1p, Expm1, Sqrt, Abs, Sign, Floor, Ceil, Round *Func
	Sin, Cos, Tan, Asin, Acos, Atan, Sinh, Cosh, Tanh           *Func
)

// Special functions; see package kernel for definitions and accuracy.
var (
	InvLogit, Logit, Softplus, LogInvLogit, Log1mExp *Func
	Erf, Erfc, Phi, LogPhi, InvMills, invMillsDeriv  *Func
	Lgamma, Digamma                                  *Func
	// XLogY is x·log(y) with 0·log(y) = 0; XLog1PY is x·log(1+y), likewise.
	XLogY, XLog1PY *Func
	// ExpSub is exp(x - m), and 0 where x = m = -Inf: the weights of a log-sum-exp.
	ExpSub *Func
	// LogSumExp2 is log(e^x + e^y), LogDiffExp log(e^x - e^y).
	LogSumExp2, LogDiffExp *Func
)

// Comparisons and logic, with values 0 and 1.
var (
	Less, LessEq, Greater, GreaterEq, Equal, NotEqual, And, Or, Not *Func
	// Where is y where x is not 0, else z.
	Where *Func
)

func init() {
	arithmetic()
	elementary()
	special()
	logic()
}

func arithmetic() {
	Add = binary("add", func(x, y float64) float64 { return x + y }, constant(1), constant(1))
	Sub = binary("sub", func(x, y float64) float64 { return x - y }, constant(1), constant(-1))
	Mul = binary("mul", func(x, y float64) float64 { return x * y },
		func(_ Frame, _, y, _ Term) Term { return y },
		func(_ Frame, x, _, _ Term) Term { return x })
	MulZ = binary("mulz", func(x, y float64) float64 {
		if x == 0 || y == 0 {
			return 0
		}
		return x * y
	},
		func(_ Frame, _, y, _ Term) Term { return y },
		func(_ Frame, x, _, _ Term) Term { return x })
	Div = binary("div", func(x, y float64) float64 { return x / y },
		func(e Frame, _, y, _ Term) Term { return e.Apply(Recip, y) },
		func(e Frame, _, y, z Term) Term { return e.Apply(Neg, e.Apply(Mul, z, e.Apply(Recip, y))) })
	Neg = unary("neg", func(x float64) float64 { return -x }, func(e Frame, _, _ Term) Term { return e.Scalar(-1) })
	Recip = unary("recip", func(x float64) float64 { return 1 / x },
		func(e Frame, _, y Term) Term { return e.Apply(Neg, e.Apply(Square, y)) })
	Square = unary("square", func(x float64) float64 { return x * x },
		func(e Frame, x, _ Term) Term { return e.Apply(Mul, e.Scalar(2), x) })
	Pow = powDeriv(0, 0)
	IntDiv = &Func{Name: "intdiv", Arity: 2, F2: func(x, y float64) float64 { return math.Floor(x / y) }}
	Mod = binary("mod", func(x, y float64) float64 { return x - y*math.Floor(x/y) },
		constant(1),
		func(e Frame, x, y, _ Term) Term { return e.Apply(Neg, e.Apply(IntDiv, x, y)) })
	Min = binary("min", math.Min,
		func(e Frame, x, y, _ Term) Term { return e.Apply(LessEq, x, y) },
		func(e Frame, x, y, _ Term) Term { return e.Apply(Greater, x, y) })
	Max = binary("max", math.Max,
		func(e Frame, x, y, _ Term) Term { return e.Apply(GreaterEq, x, y) },
		func(e Frame, x, y, _ Term) Term { return e.Apply(Less, x, y) })
}

func elementary() {
	Exp = unary("exp", math.Exp, func(_ Frame, _, y Term) Term { return y })
	Log = unary("log", math.Log, func(e Frame, x, _ Term) Term { return e.Apply(Recip, x) })
	Log1p = unary("log1p", math.Log1p, func(e Frame, x, _ Term) Term {
		return e.Apply(Recip, e.Apply(Add, x, e.Scalar(1)))
	})
	Expm1 = unary("expm1", math.Expm1, func(e Frame, x, _ Term) Term { return e.Apply(Exp, x) })
	Sqrt = unary("sqrt", math.Sqrt, func(e Frame, _, y Term) Term {
		return e.Apply(Mul, e.Scalar(0.5), e.Apply(Recip, y))
	})
	Sign = &Func{Name: "sign", Arity: 1, F1: func(x float64) float64 {
		switch {
		case x > 0:
			return 1
		case x < 0:
			return -1
		}
		return x // 0 and NaN
	}}
	Abs = unary("abs", math.Abs, func(e Frame, x, _ Term) Term { return e.Apply(Sign, x) })
	Floor = unary("floor", math.Floor, nil)
	Ceil = unary("ceil", math.Ceil, nil)
	Round = unary("round", math.Round, nil)
	Sin = unary("sin", math.Sin, func(e Frame, x, _ Term) Term { return e.Apply(Cos, x) })
	Cos = unary("cos", math.Cos, func(e Frame, x, _ Term) Term { return e.Apply(Neg, e.Apply(Sin, x)) })
	Tan = unary("tan", math.Tan, func(e Frame, _, y Term) Term {
		return e.Apply(Add, e.Scalar(1), e.Apply(Square, y))
	})
	// 1/√(1−x²) as 1/√((1−x)(1+x)), which does not cancel near ±1.
	oneOverRoot := func(e Frame, x Term) Term {
		one := e.Scalar(1)
		return e.Apply(Recip, e.Apply(Sqrt, e.Apply(Mul, e.Apply(Sub, one, x), e.Apply(Add, one, x))))
	}
	Asin = unary("asin", math.Asin, func(e Frame, x, _ Term) Term { return oneOverRoot(e, x) })
	Acos = unary("acos", math.Acos, func(e Frame, x, _ Term) Term { return e.Apply(Neg, oneOverRoot(e, x)) })
	Atan = unary("atan", math.Atan, func(e Frame, x, _ Term) Term {
		return e.Apply(Recip, e.Apply(Add, e.Scalar(1), e.Apply(Square, x)))
	})
	Sinh = unary("sinh", math.Sinh, func(e Frame, x, _ Term) Term { return e.Apply(Cosh, x) })
	Cosh = unary("cosh", math.Cosh, func(e Frame, x, _ Term) Term { return e.Apply(Sinh, x) })
	// 1 − tanh² as 1/cosh², exact in the tails.
	Tanh = unary("tanh", math.Tanh, func(e Frame, x, _ Term) Term {
		return e.Apply(Square, e.Apply(Recip, e.Apply(Cosh, x)))
	})
}

func special() {
	InvLogit = unary("inv_logit", kernel.InvLogit, func(e Frame, x, y Term) Term {
		return e.Apply(Mul, y, e.Apply(InvLogit, e.Apply(Neg, x)))
	})
	Logit = unary("logit", kernel.Logit, func(e Frame, x, _ Term) Term {
		return e.Apply(Recip, e.Apply(Mul, x, e.Apply(Sub, e.Scalar(1), x)))
	})
	Softplus = unary("softplus", kernel.Softplus, func(e Frame, x, _ Term) Term { return e.Apply(InvLogit, x) })
	LogInvLogit = unary("log_inv_logit", kernel.LogInvLogit, func(e Frame, x, _ Term) Term {
		return e.Apply(InvLogit, e.Apply(Neg, x))
	})
	// d log(1−e^x) = −e^x/(1−e^x) = 1/(1 − e^−x) = −1/expm1(−x).
	Log1mExp = unary("log1m_exp", kernel.Log1mExp, func(e Frame, x, _ Term) Term {
		return e.Apply(Neg, e.Apply(Recip, e.Apply(Expm1, e.Apply(Neg, x))))
	})
	gauss := func(e Frame, x Term, c float64) Term {
		return e.Apply(Mul, e.Scalar(c), e.Apply(Exp, e.Apply(Neg, e.Apply(Square, x))))
	}
	Erf = unary("erf", math.Erf, func(e Frame, x, _ Term) Term { return gauss(e, x, 2/math.Sqrt(math.Pi)) })
	Erfc = unary("erfc", math.Erfc, func(e Frame, x, _ Term) Term { return gauss(e, x, -2/math.Sqrt(math.Pi)) })
	Phi = unary("Phi", kernel.Phi, func(e Frame, x, _ Term) Term {
		half := e.Apply(Mul, e.Scalar(-0.5), e.Apply(Square, x))
		return e.Apply(Mul, e.Scalar(1/math.Sqrt(2*math.Pi)), e.Apply(Exp, half))
	})
	LogPhi = unary("log_Phi", kernel.LogPhi, func(e Frame, x, _ Term) Term { return e.Apply(InvMills, x) })
	InvMills = unary("inv_mills", kernel.InvMills, func(e Frame, x, _ Term) Term { return e.Apply(invMillsDeriv, x) })
	// r = φ/Φ has r' = −r(x + r) and r'' = −r'(x + r) − r(1 + r'); the kernel
	// has r' because the formula cancels in the tail.
	invMillsDeriv = unary("inv_mills_deriv", kernel.InvMillsDeriv, func(e Frame, x, d Term) Term {
		r := e.Apply(InvMills, x)
		a := e.Apply(MulZ, d, e.Apply(Add, x, r)) // 0·∞ on the right
		b := e.Apply(Mul, r, e.Apply(Add, e.Scalar(1), d))
		return e.Apply(Neg, e.Apply(Add, a, b))
	})
	Lgamma = unary("lgamma", kernel.Lgamma, func(e Frame, x, _ Term) Term { return e.Apply(Digamma, x) })
	Digamma = unary("digamma", kernel.Digamma, func(e Frame, x, _ Term) Term { return e.Apply(Polygamma(1), x) })
	XLogY = binary("xlogy", kernel.XLogY,
		func(e Frame, _, y, _ Term) Term { return e.Apply(Log, y) },
		func(e Frame, x, y, _ Term) Term { return e.Apply(MulZ, x, e.Apply(Recip, y)) })
	XLog1PY = binary("xlog1py", kernel.XLog1PY,
		func(e Frame, _, y, _ Term) Term { return e.Apply(Log1p, y) },
		func(e Frame, x, y, _ Term) Term {
			return e.Apply(MulZ, x, e.Apply(Recip, e.Apply(Add, y, e.Scalar(1))))
		})
	ExpSub = binary("exp_sub", func(x, m float64) float64 {
		if math.IsInf(x, -1) || math.IsInf(m, 1) && x != m {
			return 0
		}
		if x == m {
			return 1
		}
		return math.Exp(x - m)
	},
		func(_ Frame, _, _, z Term) Term { return z },
		func(e Frame, _, _, z Term) Term { return e.Apply(Neg, z) })
	LogSumExp2 = binary("log_sum_exp2", kernel.LogSumExp2,
		func(e Frame, x, _, z Term) Term { return e.Apply(ExpSub, x, z) },
		func(e Frame, _, y, z Term) Term { return e.Apply(ExpSub, y, z) })
	// d log(e^x − e^y): 1/(1 − e^(y−x)) and −1/(e^(x−y) − 1).
	LogDiffExp = binary("log_diff_exp", kernel.LogDiffExp,
		func(e Frame, x, y, _ Term) Term {
			return e.Apply(Neg, e.Apply(Recip, e.Apply(Expm1, e.Apply(Sub, y, x))))
		},
		func(e Frame, x, y, _ Term) Term {
			return e.Apply(Neg, e.Apply(Recip, e.Apply(Expm1, e.Apply(Sub, x, y))))
		})
}

func logic() {
	Less = compare("lt", func(x, y float64) bool { return x < y })
	LessEq = compare("le", func(x, y float64) bool { return x <= y })
	Greater = compare("gt", func(x, y float64) bool { return x > y })
	GreaterEq = compare("ge", func(x, y float64) bool { return x >= y })
	Equal = compare("eq", func(x, y float64) bool { return x == y })
	NotEqual = compare("ne", func(x, y float64) bool { return x != y })
	And = compare("and", func(x, y float64) bool { return x != 0 && y != 0 })
	Or = compare("or", func(x, y float64) bool { return x != 0 || y != 0 })
	Not = &Func{Name: "not", Arity: 1, F1: func(x float64) float64 { return indicator(x == 0) }}
	Where = &Func{Name: "where", Arity: 3, F3: func(c, x, y float64) float64 {
		if c != 0 {
			return x
		}
		return y
	}}
	Where.Partial = func(e Frame, x []Term, _ Term, k int) Term {
		switch k {
		case 1:
			return e.Apply(NotEqual, x[0], e.Scalar(0))
		case 2:
			return e.Apply(Not, x[0])
		}
		return Term{}
	}
}

var powers sync.Map

// powDeriv is the derivative of x^y that is taken m times in x and n times in y.
func powDeriv(m, n int) *Func {
	key := [2]int{m, n}
	if f, ok := powers.Load(key); ok {
		return f.(*Func)
	}
	name := "pow"
	if m+n > 0 {
		name = fmt.Sprintf("pow_d%d_%d", m, n)
	}
	f := binary(name, func(x, y float64) float64 { return kernel.PowDeriv(m, n, x, y) },
		func(e Frame, x, y, _ Term) Term { return e.Apply(powDeriv(m+1, n), x, y) },
		func(e Frame, x, y, _ Term) Term { return e.Apply(powDeriv(m, n+1), x, y) })
	got, _ := powers.LoadOrStore(key, f)
	return got.(*Func)
}

var polygammas sync.Map

// Polygamma is ψ⁽ⁿ⁾, the n-th derivative of digamma; n ≥ 1.
func Polygamma(n int) *Func {
	if f, ok := polygammas.Load(n); ok {
		return f.(*Func)
	}
	f := unary(fmt.Sprintf("polygamma%d", n), func(x float64) float64 { return kernel.Polygamma(n, x) },
		func(e Frame, x, _ Term) Term { return e.Apply(Polygamma(n+1), x) })
	got, _ := polygammas.LoadOrStore(n, f)
	return got.(*Func)
}

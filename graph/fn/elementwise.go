package fn

import (
	"ppl/graph/named"
	"ppl/graph/op"
	"ppl/lang"
)

// elementwise are the functions of scalars, applied to each element. Their
// values and derivatives are op.Funcs.
var elementwise = []*Func{
	scalar("exp", op.Exp, toReal, "e raised to x.", "exp(mu)"),
	scalar("log", op.Log, toReal, "Natural logarithm of x > 0; -inf at 0, NaN below.", "log(rate)"),
	scalar("log1p", op.Log1p, toReal, "log(1 + x) for x > -1, accurate for small x.", "log1p(-p)"),
	scalar("expm1", op.Expm1, toReal, "exp(x) - 1, accurate for small x.", "expm1(-t)"),
	scalar("sqrt", op.Sqrt, toReal, "Square root of x >= 0.", "sqrt(1 - rho^2)"),
	scalar("square", op.Square, toNumber, "x * x; an int stays an int.", "square(y - mu)"),
	scalar("abs", op.Abs, toNumber, "Absolute value; an int stays an int. The derivative at 0 is taken as 0.", "abs(x)"),
	scalar("sign", op.Sign, toNumber, "-1, 0 or 1 by the sign of x; an int stays an int. The derivative is 0.", "sign(x)"),
	scalar("floor", op.Floor, toInt, "The largest integer <= x, an int. The derivative is 0.", "floor(age / 10)"),
	scalar("ceil", op.Ceil, toInt, "The smallest integer >= x, an int. The derivative is 0.", "ceil(x)"),
	scalar("round", op.Round, toInt, "The nearest integer, an int; halves go away from zero. The derivative is 0.", "round(x)"),
	scalar("inv_logit", op.InvLogit, toReal, "The logistic function 1 / (1 + exp(-x)).", "inv_logit(alpha + beta * x)"),
	scalar("logit", op.Logit, toReal, "log(p / (1 - p)) for p in [0, 1]; -inf at 0, inf at 1.", "logit(p)"),
	scalar("softplus", op.Softplus, toReal, "log(1 + exp(x)), without overflow.", "softplus(x)"),
	scalar("log_inv_logit", op.LogInvLogit, toReal, "log(inv_logit(x)) = -log(1 + exp(-x)), without overflow.", "log_inv_logit(eta)"),
	scalar("tanh", op.Tanh, toReal, "Hyperbolic tangent.", "tanh(W @ x + b)"),
	scalar("sin", op.Sin, toReal, "Sine of x in radians.", "sin(2 * pi * t / 12)"),
	scalar("cos", op.Cos, toReal, "Cosine of x in radians.", "cos(2 * pi * t / 12)"),
	scalar("tan", op.Tan, toReal, "Tangent of x in radians.", "tan(x)"),
	scalar("asin", op.Asin, toReal, "Inverse sine of x in [-1, 1], in [-pi/2, pi/2].", "asin(x)"),
	scalar("acos", op.Acos, toReal, "Inverse cosine of x in [-1, 1], in [0, pi].", "acos(x)"),
	scalar("atan", op.Atan, toReal, "Inverse tangent, in (-pi/2, pi/2).", "atan(y / x)"),
	scalar("sinh", op.Sinh, toReal, "Hyperbolic sine.", "sinh(x)"),
	scalar("cosh", op.Cosh, toReal, "Hyperbolic cosine.", "cosh(x)"),
	scalar("erf", op.Erf, toReal, "Error function 2/sqrt(pi) ∫₀ˣ exp(-t²) dt.", "erf(x)"),
	scalar("erfc", op.Erfc, toReal, "1 - erf(x), accurate in the upper tail.", "erfc(x)"),
	scalar("Phi", op.Phi, toReal, "Standard normal distribution function, P(Z <= x).", "Phi((x - mu) / sigma)"),
	scalar("log_Phi", op.LogPhi, toReal, "log(Phi(x)), accurate in the lower tail.", "log_Phi(x)"),
	scalar("lgamma", op.Lgamma, toReal, "log |Γ(x)|; inf at 0, -1, -2, ...", "lgamma(n + 1)"),
	scalar("digamma", op.Digamma, toReal, "Γ'(x) / Γ(x), the derivative of lgamma.", "digamma(alpha)"),
	scalar("relu", op.Relu, toNumber, "max(x, 0); an int stays an int. The derivative at 0 is taken as 0.", "relu(W @ x + b)"),
	{
		FuncSig: lang.FuncSig{
			Name: "gelu", Params: []string{"x"}, MinArgs: 1, Group: "Elementwise",
			Doc:     "x * Phi(x), the Gaussian error linear unit (Hendrycks and Gimpel 2016), exact: no formula with tanh. Of an array: of each element.",
			Example: "gelu(W @ x + b)",
			Result:  mapped(toReal),
		},
		Lower: gelu,
	},
	pair("lbeta", "a", "b", op.Lbeta, mapped(toReal), "log B(a, b) = lgamma(a) + lgamma(b) - lgamma(a + b) for a, b > 0, without cancellation.", "lbeta(a, b)"),
	pair("lchoose", "n", "k", op.Lchoose, mapped(toReal), "Log of the binomial coefficient, log(n! / (k! (n - k)!)), for real 0 <= k <= n; -inf for other k.", "lchoose(n, k)"),
	pair("div", "a", "b", op.IntDiv, mappedInts, "Integer division rounded down: floor(a / b), an int. `/` is real division. By 0 it gives inf, -inf or NaN.", "div(i - 1, 12) + 1"),
	pair("mod", "a", "b", op.Mod, mappedInts, "Remainder of the division rounded down: a - b * div(a, b), an int with the sign of b. By 0 it gives NaN.", "mod(i - 1, 12) + 1"),
}

// scalar declares a function of one argument.
func scalar(name string, f *op.Func, elem func(lang.Elem) lang.Elem, doc, example string) *Func {
	return &Func{
		FuncSig: lang.FuncSig{
			Name: name, Params: []string{"x"}, MinArgs: 1, Group: "Elementwise",
			Doc:     doc + " Of an array: of each element.",
			Example: example,
			Result:  mapped(elem),
		},
		Lower: applying(f),
	}
}

// pair declares a function of two arguments.
func pair(name, x, y string, f *op.Func, r rule, doc, example string) *Func {
	return &Func{
		FuncSig: lang.FuncSig{
			Name: name, Params: []string{x, y}, MinArgs: 2, Group: "Elementwise",
			Doc:     doc + " Elementwise, with equal shapes or a scalar with an array.",
			Example: example,
			Result:  r,
		},
		Lower: applying(f),
	}
}

func applying(f *op.Func) func(*named.Builder, []named.Value) (named.Value, error) {
	return func(b *named.Builder, args []named.Value) (named.Value, error) {
		return b.Apply(f, args...), nil
	}
}

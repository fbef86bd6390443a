package named

import "ppl/graph/op"

// Elementwise functions, by the names that densities are written in.

func (b *Builder) Add(x, y Value) Value { return b.Apply(op.Add, x, y) }
func (b *Builder) Sub(x, y Value) Value { return b.Apply(op.Sub, x, y) }
func (b *Builder) Mul(x, y Value) Value { return b.Apply(op.Mul, x, y) }
func (b *Builder) Div(x, y Value) Value { return b.Apply(op.Div, x, y) }
func (b *Builder) Pow(x, y Value) Value {
	if c, ok := y.Float(); ok {
		switch c {
		case 1:
			return x
		case 2:
			return b.Square(x)
		case 0.5:
			return b.Sqrt(x)
		case -1:
			return b.Recip(x)
		}
	}
	return b.Apply(op.Pow, x, y)
}
func (b *Builder) Min(x, y Value) Value { return b.Apply(op.Min, x, y) }
func (b *Builder) Max(x, y Value) Value { return b.Apply(op.Max, x, y) }

func (b *Builder) Neg(x Value) Value         { return b.Apply(op.Neg, x) }
func (b *Builder) Recip(x Value) Value       { return b.Apply(op.Recip, x) }
func (b *Builder) Square(x Value) Value      { return b.Apply(op.Square, x) }
func (b *Builder) Sqrt(x Value) Value        { return b.Apply(op.Sqrt, x) }
func (b *Builder) Abs(x Value) Value         { return b.Apply(op.Abs, x) }
func (b *Builder) Exp(x Value) Value         { return b.Apply(op.Exp, x) }
func (b *Builder) Log(x Value) Value         { return b.Apply(op.Log, x) }
func (b *Builder) Log1p(x Value) Value       { return b.Apply(op.Log1p, x) }
func (b *Builder) Expm1(x Value) Value       { return b.Apply(op.Expm1, x) }
func (b *Builder) InvLogit(x Value) Value    { return b.Apply(op.InvLogit, x) }
func (b *Builder) Logit(x Value) Value       { return b.Apply(op.Logit, x) }
func (b *Builder) Softplus(x Value) Value    { return b.Apply(op.Softplus, x) }
func (b *Builder) LogInvLogit(x Value) Value { return b.Apply(op.LogInvLogit, x) }

// Log1mExp is log(1 − e^x) for x < 0.
func (b *Builder) Log1mExp(x Value) Value { return b.Apply(op.Log1mExp, x) }
func (b *Builder) Lgamma(x Value) Value   { return b.Apply(op.Lgamma, x) }
func (b *Builder) Digamma(x Value) Value  { return b.Apply(op.Digamma, x) }
func (b *Builder) Phi(x Value) Value      { return b.Apply(op.Phi, x) }

// LogPhi is the log of the standard normal distribution function.
func (b *Builder) LogPhi(x Value) Value { return b.Apply(op.LogPhi, x) }

// XLogY is x·log y with 0·log 0 = 0; XLog1PY is x·log(1 + y) likewise.
func (b *Builder) XLogY(x, y Value) Value   { return b.Apply(op.XLogY, x, y) }
func (b *Builder) XLog1PY(x, y Value) Value { return b.Apply(op.XLog1PY, x, y) }

// LogSumExp2 is log(e^x + e^y), LogDiffExp log(e^x − e^y).
func (b *Builder) LogSumExp2(x, y Value) Value { return b.Apply(op.LogSumExp2, x, y) }
func (b *Builder) LogDiffExp(x, y Value) Value { return b.Apply(op.LogDiffExp, x, y) }

// Where is x where cond is not 0, else y. No gradient, and so no 0·∞, reaches
// the side that is not taken.
func (b *Builder) Where(cond, x, y Value) Value { return b.Apply(op.Where, cond, x, y) }

func (b *Builder) Less(x, y Value) Value      { return b.Apply(op.Less, x, y) }
func (b *Builder) LessEq(x, y Value) Value    { return b.Apply(op.LessEq, x, y) }
func (b *Builder) Greater(x, y Value) Value   { return b.Apply(op.Greater, x, y) }
func (b *Builder) GreaterEq(x, y Value) Value { return b.Apply(op.GreaterEq, x, y) }
func (b *Builder) Equal(x, y Value) Value     { return b.Apply(op.Equal, x, y) }
func (b *Builder) And(x, y Value) Value       { return b.Apply(op.And, x, y) }
func (b *Builder) Or(x, y Value) Value        { return b.Apply(op.Or, x, y) }
func (b *Builder) Not(x Value) Value          { return b.Apply(op.Not, x) }

// AddScalar and Scale combine with a constant.
func (b *Builder) AddScalar(x Value, c float64) Value { return b.Add(x, b.Scalar(c)) }
func (b *Builder) Scale(c float64, x Value) Value     { return b.Mul(b.Scalar(c), x) }

// OneMinus is 1 − x.
func (b *Builder) OneMinus(x Value) Value { return b.Sub(b.Scalar(1), x) }

// Total adds any number of values.
func (b *Builder) Total(x Value, more ...Value) Value {
	for _, y := range more {
		x = b.Add(x, y)
	}
	return x
}

package kernel

import "math"

// betaIncDa returns ∂I_x(a, b)/∂a, which is negative, from the differentiated continued
// fraction, series or integral (Boik and Robison-Cox, "Derivatives of the incomplete beta function",
// J. Stat. Software 3(1), 1998). The error is 1e-10 + 4ε·|log f| relative, in the gamma limit 1e-9. On the edges x = 0 and 1 it is 0.
func betaIncDa(a, b, x float64) float64 {
	if p, edge := betaEdge(a, b, x); edge {
		return betaDerivativeEdge(a, b, p)
	}
	t := betaTail(newBetaArgs(a, b, x), true)
	return t.derivative(t.da)
}

// betaIncDb returns ∂I_x(a, b)/∂b, which is positive, as betaIncDa does.
func betaIncDb(a, b, x float64) float64 {
	if p, edge := betaEdge(a, b, x); edge {
		return betaDerivativeEdge(a, b, p)
	}
	t := betaTail(newBetaArgs(a, b, x), true)
	return t.derivative(t.db)
}

// LogBetaIncDa returns ∂ log I_x(a, b)/∂a, also where I underflows, with the errors of betaIncDa. On
// the edge x = 1 it is 0, at x = 0 it is −Inf.
func LogBetaIncDa(a, b, x float64) float64 {
	a, b = offZero(a, b, x)
	if p, edge := betaEdge(a, b, x); edge {
		return betaLogDerivativeEdge(a, b, p, math.Inf(-1))
	}
	t := betaTail(newBetaArgs(a, b, x), true)
	return t.logDerivative(false, t.da)
}

// LogBetaIncDb returns ∂ log I_x(a, b)/∂b, as LogBetaIncDa does. On the edge x = 1 it is
// 0, at x = 0 the limit ψ(a+b) − ψ(b).
func LogBetaIncDb(a, b, x float64) float64 {
	a, b = offZero(a, b, x)
	if p, edge := betaEdge(a, b, x); edge {
		return betaLogDerivativeEdge(a, b, p, digammaShift(b, a))
	}
	t := betaTail(newBetaArgs(a, b, x), true)
	return t.logDerivative(false, t.db)
}

// LogBetaIncCDa returns ∂ log(1 − I_x(a, b))/∂a, as LogBetaIncDa does. On the edge x = 0 it is
// 0, at x = 1 the limit ψ(a+b) − ψ(a).
func LogBetaIncCDa(a, b, x float64) float64 {
	a, b = offZero(a, b, x)
	if p, edge := betaEdge(a, b, x); edge {
		return betaLogDerivativeEdge(a, b, 1-p, digammaShift(a, b))
	}
	t := betaTail(newBetaArgs(a, b, x), true)
	return t.logDerivative(true, t.da)
}

// LogBetaIncCDb returns ∂ log(1 − I_x(a, b))/∂b, as LogBetaIncDa does. On the edge x = 0 it is 0, at
// x = 1 it is −Inf.
func LogBetaIncCDb(a, b, x float64) float64 {
	a, b = offZero(a, b, x)
	if p, edge := betaEdge(a, b, x); edge {
		return betaLogDerivativeEdge(a, b, 1-p, math.Inf(-1))
	}
	t := betaTail(newBetaArgs(a, b, x), true)
	return t.logDerivative(true, t.db)
}

// offZero moves one parameter of 0 inside, where derivatives come close to their limits.
func offZero(a, b, x float64) (float64, float64) {
	switch {
	case !(x > 0 && x < 1):
	case a == 0 && b > 0:
		return nearZero, b
	case b == 0 && a > 0:
		return a, nearZero
	}
	return a, b
}

// betaLogDerivativeEdge is the derivative of the log of a probability v that is 0, where it has the
// limit given, or 1.
func betaLogDerivativeEdge(a, b, v, limit float64) float64 {
	switch {
	case math.IsNaN(v) || v == 0 && (a == 0 || b == 0 || math.IsInf(a, 1) || math.IsInf(b, 1)):
		return math.NaN()
	case v == 0:
		return limit
	}
	return 0
}

// betaDerivativeEdge is the derivative of the probability itself.
func betaDerivativeEdge(a, b, p float64) float64 {
	if a == 0 || b == 0 || math.IsNaN(p) {
		return math.NaN()
	}
	return 0
}

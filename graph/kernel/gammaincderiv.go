package kernel

import "math"

// gammaPDa returns ∂P(a, x)/∂a, which is negative; ∂Q/∂a is its opposite. Each method of
// gammaP is differentiated term by term. The error is 1e-12 + 4ε·|log f| relative. On the edges
// x = 0 and x = ∞ it is 0; at a = 0 it is the limit −E₁(x), which is not computed: NaN.
func gammaPDa(a, x float64) float64 {
	if p, edge := gammaEdge(a, x); edge {
		if a == 0 || math.IsNaN(p) {
			return math.NaN()
		}
		return 0
	}
	t := gammaTail(a, x, true)
	return t.derivative(t.da)
}

// LogGammaPDa returns ∂ log P(a, x)/∂a, also where P underflows, to 1e-12 relative. On the
// edge x = ∞ it is 0, at x = 0 it is −Inf.
func LogGammaPDa(a, x float64) float64 {
	if a == 0 && x > 0 {
		a = nearZero
	}
	if p, edge := gammaEdge(a, x); edge {
		return logDaEdge(a, p)
	}
	t := gammaTail(a, x, true)
	return t.logDerivative(false, t.da)
}

// LogGammaQDa returns ∂ log Q(a, x)/∂a, also where Q underflows, to 1e-12 relative. On the
// edge x = 0 it is 0, at x = ∞ it is +Inf.
func LogGammaQDa(a, x float64) float64 {
	if a == 0 && x > 0 {
		a = nearZero
	}
	if p, edge := gammaEdge(a, x); edge {
		return 0 - logDaEdge(a, 1-p)
	}
	t := gammaTail(a, x, true)
	return t.logDerivative(true, t.da)
}

// nearZero stands for a parameter of 0 in derivatives by it, which have limits there.
const nearZero = 1e-200

// logDaEdge is the derivative of a log probability v that is 0 or 1.
func logDaEdge(a, v float64) float64 {
	switch {
	case a == 0 || math.IsNaN(v):
		return math.NaN()
	case v == 0:
		return math.Inf(-1)
	}
	return 0
}

package kernel

import "math"

// tail is a probability exp(log)·mant with its derivative exp(log)·da in the first
// parameter (and db in a second one). It is the upper or the lower of two complementary
// probabilities, whichever is about a half or less.
type tail struct {
	log, mant, da, db float64
	lead              float64 // exp(log), more exact than from log where that is cheap
	upper             bool
}

// value is the probability on the wanted side.
func (t tail) value(upper bool) float64 {
	v := min(1, t.lead*t.mant)
	if t.upper == upper {
		return v
	}
	return 1 - v
}

// logValue is the logarithm of the probability on the wanted side.
func (t tail) logValue(upper bool) float64 {
	if t.upper == upper {
		return min(0, t.log+logOf(t.mant))
	}
	return math.Log1p(-min(1, t.lead*t.mant))
}

// derivative returns the derivative of the lower probability, out of the one given.
func (t tail) derivative(mantissa float64) float64 {
	if t.upper {
		return -t.lead * mantissa
	}
	return t.lead * mantissa
}

// logDerivative returns the derivative of logValue(upper), out of the one given.
func (t tail) logDerivative(upper bool, mantissa float64) float64 {
	if t.upper == upper {
		return mantissa / t.mant
	}
	return -t.lead * mantissa / (1 - t.lead*t.mant)
}

package kernel

import "math"

// tail is a probability exp(log)·mant with its derivative exp(log)·da in the first
// parameter (and db in a second one). It is the upper or the lower of two complementary
// probabilities, whichever is about a half or less.
type tail struct {
	log, mant, da, db float64
	step              float64 // exp(log)·step is P(a, x) − P(a+1, x), of a gamma tail
	lead              float64 // exp(log), more exact than from log where that is cheap
	upper             bool
}

// tinyParameter is where the incomplete functions are linear in a shape parameter beyond all rounding. A
// smaller one is scaled up to it, for the methods have no room to work with below.
const tinyParameter = 0x1p-900

// normalised moves the probability's whole size into log and lead.
func (t tail) normalised() tail {
	return tail{t.log + logOf(t.mant), 1, t.da / t.mant, t.db / t.mant, t.step / t.mant, t.lead * t.mant, t.upper}
}

// scaled returns exp(log)·mantissa, also where exp(log) alone underflows.
func (t tail) scaled(mantissa float64) float64 {
	if t.lead < smallest && mantissa != 0 {
		return math.Copysign(math.Exp(t.log+logOf(math.Abs(mantissa))), mantissa)
	}
	return t.lead * mantissa
}

// value is the probability on the wanted side.
func (t tail) value(upper bool) float64 {
	v := min(1, t.scaled(t.mant))
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
	return math.Log1p(-min(1, t.scaled(t.mant)))
}

// derivative returns the derivative of the lower probability, out of the one given.
func (t tail) derivative(mantissa float64) float64 {
	if t.upper {
		return -t.scaled(mantissa)
	}
	return t.scaled(mantissa)
}

// logDerivative returns the derivative of logValue(upper), out of the one given.
func (t tail) logDerivative(upper bool, mantissa float64) float64 {
	if t.upper == upper {
		return mantissa / t.mant
	}
	return -t.scaled(mantissa) / (1 - t.scaled(t.mant))
}

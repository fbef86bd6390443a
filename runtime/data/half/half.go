// Package half reads numbers of 16 bits (IEEE 754 binary16), which NumPy and Parquet may hold.
package half

import "math"

// Float is the number that 16 bits stand for: a sign, 5 bits of exponent, 10 of significand.
func Float(b uint16) float64 {
	sign, exponent, significand := 1.0, int(b>>10&0x1F), float64(b&0x3FF)
	if b>>15 == 1 {
		sign = -1
	}
	switch {
	case exponent == 0x1F && significand == 0:
		return sign * math.Inf(1)
	case exponent == 0x1F:
		return math.NaN()
	case exponent == 0:
		return sign * math.Ldexp(significand, -24)
	}
	return sign * math.Ldexp(significand+1024, exponent-25)
}

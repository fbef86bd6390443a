package vec

import "math"

// Loops of the portable exponential and of what is made from it, without a call, and without a branch
// on the sign of an argument, which is wrong half the time.

// expLow and expHigh are the bits of t in exp for which the result and all steps to it are normal.
const (
	expLow  = 0x4338000000000000 - 130743
	expHigh = 0x4338000000000000 + 130743
)

// expV computes dst = exp(x), as exp does.
func expV(dst, xs []float64) {
	xs = xs[:len(dst)]
	for i, x := range xs {
		t := float64(x*(128*log2e)) + rounder
		k := math.Float64bits(t)
		if k-expLow > expHigh-expLow { // also NaN
			dst[i] = exp(x)
			continue
		}
		n := t - rounder
		r := x - float64(n*0x1.62e42fefap-8) - float64(n*0x1.cf79abc9e3b3ap-47)
		p := r + r*r*(0.5+r*(1.0/6)+r*r*(1.0/24+r*(1.0/120)))
		s := expPower[k&127]
		s += s * (p + expPowerLow[k&127])
		dst[i] = math.Float64frombits(math.Float64bits(s) + k>>7<<52)
	}
}

// expNegAbs computes dst = exp(−|x|).
func expNegAbs(dst, xs []float64) {
	xs = xs[:len(dst)]
	for i, x := range xs {
		dst[i] = math.Float64frombits(math.Float64bits(x) | signBit)
	}
	expV(dst, dst)
}

const (
	signBit = 1 << 63
	oneBits = 1023 << 52
)

// negative is all ones for a negative number, else 0.
func negative(x float64) uint64 { return uint64(int64(math.Float64bits(x)) >> 63) }

// atLeast0 is max(x, 0).
func atLeast0(x float64) float64 { return math.Float64frombits(math.Float64bits(x) &^ negative(x)) }

// logitSide returns 1/(1+e⁻ˣ), given t = e^−|x|/(1+e^−|x|): that, or 1−t.
func logitSide(x, t float64) float64 {
	n := negative(x)
	return math.Float64frombits(oneBits&^n) + math.Float64frombits(math.Float64bits(t)^signBit&^n)
}

// stretch is the number of elements that loops with a buffer take at a time.
const stretch = 64

// stretches calls f with neighbouring parts of dst and x.
func stretches(dst, xs []float64, f func(dst, x []float64)) {
	for len(dst) > 0 {
		n := min(stretch, len(dst))
		f(dst[:n], xs[:n])
		dst, xs = dst[n:], xs[n:]
	}
}

// invLogitV computes 1/(1+e⁻ˣ) to 3 ulp.
func invLogitV(dst, xs []float64) { stretches(dst, xs, invLogits) }

func invLogits(dst, xs []float64) {
	var buffer [stretch]float64
	m := buffer[:len(xs)]
	expNegAbs(m, xs)
	dst = dst[:len(xs)]
	for i, x := range xs {
		dst[i] = logitSide(x, m[i]/(1+m[i]))
	}
}

// softplusV computes log(1+eˣ) to 2 ulp.
func softplusV(dst, xs []float64) { stretches(dst, xs, softpluses) }

func softpluses(dst, xs []float64) {
	var buffer [stretch]float64
	m := buffer[:len(xs)]
	expNegAbs(m, xs)
	log1pUnits(m)
	dst = dst[:len(xs)]
	for i, x := range xs {
		dst[i] = atLeast0(x) + m[i]
	}
}

// logInvLogitV computes −log(1+e⁻ˣ) to 2 ulp.
func logInvLogitV(dst, xs []float64) { stretches(dst, xs, logInvLogits) }

func logInvLogits(dst, xs []float64) {
	var buffer [stretch]float64
	m := buffer[:len(xs)]
	expNegAbs(m, xs)
	log1pUnits(m)
	dst = dst[:len(xs)]
	for i, x := range xs {
		dst[i] = -(atLeast0(-x) + m[i])
	}
}

// log1pUnits replaces 0 ≤ m ≤ 1 by log(1+m) with an error below 1.5 ulp, by the table of log.
func log1pUnits(ms []float64) {
	for i, m := range ms {
		b := math.Float64bits(1 + m)
		b -= b >> 62 // 1+m may be rounded to 2, whose exponent is the first with that bit
		j := b >> 45 & 127
		c := logScale[j]
		r := m*c + (c - 1)
		ms[i] = logScaleHigh[j] + (r + (logScaleLow[j] + r*r*logTail(r)))
	}
}

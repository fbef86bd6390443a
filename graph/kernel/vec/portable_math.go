package vec

import "math"

// The portable exp and log. Neither uses a fused multiply-add, which is slow where the machine has
// none, so products that must be exact have factors of few bits.

const (
	log2e    = math.Log2E
	ln2High  = 0x1.62e42fefa38p-1   // log 2 to 42 bits
	ln2Low   = 0x1.ef35793c7673p-45 // the rest
	rounder  = 0x1.8p52             // x+rounder−rounder rounds x to an integer
	smallest = 0x1p-1022
)

// exp returns eˣ with an error below 0.6 ulp: x = (128k+j)·ln 2/128 + r, and
// eˣ = 2ᵏ·2^(j/128)·eʳ with the second factor from a table (Tang, "Table-driven implementation of
// the exponential function", ACM TOMS 15, 1989).
func exp(x float64) float64 {
	if !(x > -708 && x < 709) {
		return expEdge(x)
	}
	t := x*(128*log2e) + rounder
	n := t - rounder
	k := math.Float64bits(t)
	// The parts of log 2/128 have 35 bits and the rest: n has 17.
	r := x - n*0x1.62e42fefap-8 - n*0x1.cf79abc9e3b3ap-47
	j := k & 127
	p := r + r*r*(0.5+r*(1.0/6)+r*r*(1.0/24+r*(1.0/120)))
	s := expPower[j]
	s += s * (p + expPowerLow[j])
	return math.Float64frombits(math.Float64bits(s) + k>>7<<52)
}

// expEdge is exp where eˣ or a step to it may leave the normal range.
func expEdge(x float64) float64 {
	switch {
	case x > 709.782712893384:
		return math.Inf(1)
	case x < -745.1332191019412:
		return 0
	case x >= 709:
		return expShifted(x-1024*ln2High, -1024*ln2Low) * 0x1p1023 * 2
	case x <= -708:
		return math.Ldexp(expShifted(x+64*ln2High, 64*ln2Low), -64)
	}
	return x // NaN
}

// expShifted is exp(x+low).
func expShifted(x, low float64) float64 {
	e := exp(x)
	return e + e*low
}

// log returns log x with an error below 0.7 ulp: x = 2ᵉ·m, and with c ≈ 1/m from a table
// log x = e·log 2 − log c + log(1+r), r = mc − 1 (Tang 1990, ACM TOMS 16). c is exactly 1 just
// above 1 and ½ just below 2, so that the first terms vanish around x = 1.
func log(x float64) float64 {
	b := math.Float64bits(x)
	shift := 1023.0
	if b-0x10000000000000 >= 0x7fe0000000000000 { // not positive, normal and finite
		if !(x > 0) || x > math.MaxFloat64 {
			return logEdge(x)
		}
		b = math.Float64bits(x * 0x1p54)
		shift += 54
	}
	j := b >> 45 & 127
	e := float64(int64(b>>52)) - shift
	b = b&(1<<52-1) | 0x3ff0000000000000
	high := math.Float64frombits(b &^ (1<<27 - 1)) // 25 bits: the product with c, of 9, is exact
	c := logScale[j]
	r := (high*c - 1) + (math.Float64frombits(b)-high)*c
	h := e*ln2High + logScaleHigh[j]
	return h + (r + (e*ln2Low + logScaleLow[j] + r*r*logTail(r)))
}

// logV is log over a slice, without a call for each element.
func logV(dst, xs []float64) {
	xs = xs[:len(dst)]
	for i, x := range xs {
		b := math.Float64bits(x)
		if b-0x10000000000000 >= 0x7fe0000000000000 {
			dst[i] = log(x)
			continue
		}
		j := b >> 45 & 127
		e := float64(int64(b>>52) - 1023)
		b = b&(1<<52-1) | oneBits
		high := math.Float64frombits(b &^ (1<<27 - 1))
		c := logScale[j]
		r := (high*c - 1) + (math.Float64frombits(b)-high)*c
		h := e*ln2High + logScaleHigh[j]
		dst[i] = h + (r + (e*ln2Low + logScaleLow[j] + r*r*logTail(r)))
	}
}

// logTail is (log(1+r)−r)/r² on the range of r.
func logTail(r float64) float64 {
	q := r * r
	return logSeries[0] + r*logSeries[1] + q*(logSeries[2]+r*logSeries[3]+q*(logSeries[4]+r*logSeries[5]))
}

// logEdge is log of what is not positive and finite.
func logEdge(x float64) float64 {
	switch {
	case x == 0:
		return math.Inf(-1)
	case x > 0:
		return x
	}
	return math.NaN()
}

// expm1 returns eˣ−1 to 1.5 ulp. math.Expm1 overflows early.
func expm1(x float64) float64 {
	if x > 100 {
		return exp(x)
	}
	return math.Expm1(x)
}

// sine returns sin(x + quarter·π/2) to 2 ulp: x = n·π/2 + r, the multiple subtracted in three parts, of
// which the first difference is exact when fused.
func sine(x float64, quarter uint64) float64 {
	if !(math.Abs(x) <= 1<<30) {
		if quarter == 1 {
			return math.Cos(x)
		}
		return math.Sin(x)
	}
	t := float64(x*(2/math.Pi)) + rounder
	q := math.Float64bits(t) + quarter
	n := t - rounder
	r := math.FMA(-n, piHalves[0], x)
	r = math.FMA(-n, piHalves[1], r)
	r = math.FMA(-n, piHalves[2], r)
	z := r * r
	y := x
	if q&1 == 1 {
		y = 1 + z*(-0.5+z*(cosPoly[0]+z*(cosPoly[1]+z*(cosPoly[2]+z*(cosPoly[3]+z*(cosPoly[4]+z*cosPoly[5]))))))
	} else if x != 0 {
		y = r + r*z*(sinPoly[0]+z*(sinPoly[1]+z*(sinPoly[2]+z*(sinPoly[3]+z*(sinPoly[4]+z*sinPoly[5])))))
	}
	if q&2 == 2 {
		return -y
	}
	return y
}

// tanh returns tanh x to 3 ulp, as −E/(2+E) with E = expm1(−2|x|).
func tanh(x float64) float64 {
	e := math.Expm1(-2 * math.Abs(x))
	return math.Copysign(e/(2+e), x)
}

// expSub returns exp(x−m), 0 where x = −Inf and 1 where x = m.
func expSub(x, m float64) float64 {
	switch {
	case x == math.Inf(-1):
		return 0
	case x == m:
		return 1
	}
	return exp(x - m)
}

func indicator(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// larger returns the larger of two numbers, NaN where either is, and of equal zeros the second.
func larger(x, y float64) float64 {
	if x > y || x != x {
		return x
	}
	return y
}

// smaller returns the smaller of two numbers, NaN where either is, and of equal zeros the second.
func smaller(x, y float64) float64 {
	if x < y || x != x {
		return x
	}
	return y
}

// mulz returns 0 where x or y is 0, else x·y.
func mulz(x, y float64) float64 {
	if x == 0 || y == 0 {
		return 0
	}
	return x * y
}

func where(c, x, y float64) float64 {
	if c != 0 {
		return x
	}
	return y
}

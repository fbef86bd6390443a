package kernel

import "math"

const (
	ln2        = math.Ln2
	smallest   = 0x1p-1022 // smallest normal float64
	eps        = 0x1p-52
	lnSqrt2Pi  = 0.918938533204672741780329736406
	eulerGamma = 0.577215664901532860606512090082
)

// logOf is log x for every float64. math.Log on amd64 reads the exponent bits of a
// subnormal as they are and returns −709.09 for 5e-324, where −744.44 is right.
func logOf(x float64) float64 {
	if x < smallest && x > 0 {
		return math.Log(x*0x1p54) - 54*ln2
	}
	return math.Log(x)
}

// log1pmx returns log(1+u) − u for u > −1, to 4ε relative, without the cancellation
// near zero. With r = u/(2+u), log(1+u) = 2·artanh r, which leaves
// r·(2r²(1/3 + r²/5 + r⁴/7 + …) − u).
func log1pmx(u float64) float64 {
	if !(u > -0.4 && u < 1) {
		return math.Log1p(u) - u
	}
	r := u / (2 + u)
	y := r * r
	s, p := 0.0, 1.0
	for k := 3.0; k < 50; k += 2 {
		t := p / k
		s += t
		if t < 1e-17*s {
			break
		}
		p *= y
	}
	return r * (2*y*s - u)
}

package kernel

import "math"

// trigamma returns ψ′(x), by recurrence to x ≥ 12 and the asymptotic series, to 4ε
// relative for x > 0; below zero by the reflection π²/sin²πx − ψ′(1−x), whose terms do not
// cancel much, to 20ε. It is +Inf at 0, −1, −2, … and NaN at −Inf.
func trigamma(x float64) float64 {
	if x <= 0 {
		if x == math.Trunc(x) && !math.IsInf(x, -1) {
			return math.Inf(1)
		}
		c := cotPi(x)
		return math.Pi*math.Pi*(1+c*c) - trigamma(1-x)
	}
	sum := 0.0
	for ; x < 12; x++ {
		sum += 1 / (x * x)
	}
	y := 1 / x
	z := y * y
	s := 1.0/6 - z*(1.0/30-z*(1.0/42-z*(1.0/30-z*(5.0/66-z*(691.0/2730-z*(7.0/6))))))
	return sum + (y + 0.5*z + y*z*s)
}

// Polygamma returns the nth derivative of Digamma, n ≥ 0. For x > 0 and n ≥ 1 it is
// (−1)ⁿ⁺¹·n!·ζ(n+1, x), the Hurwitz zeta function by the Euler–Maclaurin formula with
// terms of one sign (DLMF 25.11.5), to 8ε relative for n ≤ 20; beyond, n! and the power
// go through logarithms, with an error of ε times the size of those (1e-13 at n = 100).
// For x < 0 it is reflected with the nth derivative of π·cot πx for n ≤ 20 (larger n give NaN),
// to 1e-13 relative except next to zeros. At the poles 0, −1, −2, … it is NaN for even
// n and +Inf for odd n. Its derivative is Polygamma(n+1, x).
func Polygamma(n int, x float64) float64 {
	switch {
	case n < 0 || math.IsNaN(x):
		return math.NaN()
	case n == 0:
		return Digamma(x)
	case n == 1:
		return trigamma(x)
	case x <= 0:
		return polygammaReflected(n, x)
	case math.IsInf(x, 1):
		return math.Copysign(0, float64(n%2)-0.5)
	}
	if n%2 == 0 {
		return -zetaFactorial(n, x)
	}
	return zetaFactorial(n, x)
}

// zetaFactorial returns n!·ζ(n+1, x) for x > 0.
func zetaFactorial(n int, x float64) float64 {
	s := float64(n)
	if n > 20 {
		l := Lgamma(s+1) - (s+1)*logOf(x)
		return math.Exp(l + math.Log(zetaScaled(s, x)))
	}
	f := 1.0
	for k := 2.0; k <= s; k++ {
		f *= k
	}
	if x < 1 || x > 1e10 { // keep n!·x⁻ⁿ⁻¹ in range as long as the result is
		for range n + 1 {
			f /= x
		}
		return f * zetaScaled(s, x)
	}
	return f * (math.Pow(x, -s-1) * zetaScaled(s, x))
}

// zetaScaled returns xˢ⁺¹·ζ(s+1, x) = Σ (1+k/x)⁻ˢ⁻¹, which lies above 1, with as many
// terms as take x + k past 10 + s/2 and the Euler–Maclaurin formula for the rest.
func zetaScaled(s, x float64) float64 {
	sum := 0.0
	t := x
	for i := 0; i < 200 && t < 10+s/2; i++ {
		sum += powInt(x/t, s+1)
		t++
	}
	// t·(1/s + 1/2t + Σ B₂ₖ/(2k)!·(s+1)(s+2)…(s+2k−1)/t²ᵏ)
	z := 1 / (t * t)
	c := (s + 1) * z
	tail := 1/s + 0.5/t
	for k, b := range bernoulliOverFactorial {
		d := b * c
		tail += d
		if math.Abs(d) < 1e-17*tail {
			break
		}
		m := s + float64(2*k) + 2
		c *= m * (m + 1) * z
	}
	return sum + powInt(x/t, s+1)*t*tail
}

func powInt(x, n float64) float64 {
	switch n {
	case 3:
		return x * x * x
	case 4:
		x *= x
		return x * x
	}
	return math.Pow(x, n)
}

// bernoulliOverFactorial is B₂ₖ/(2k)! for k from 1.
var bernoulliOverFactorial = [...]float64{
	1.0 / 12, -1.0 / 720, 1.0 / 30240, -1.0 / 1209600, 1.0 / 47900160, -691.0 / 1307674368000, 1.0 / 74724249600,
	-3617.0 / 10670622842880000, 43867.0 / 5109094217170944000, -174611.0 / 802857662698291200000,
}

// polygammaReflected uses (−1)ⁿψ⁽ⁿ⁾(1−x) − ψ⁽ⁿ⁾(x) = π·dⁿ/dxⁿ cot πx (DLMF 5.15.6). The
// derivative is πⁿ·P(cot πx), with P′s coefficients from d cot = −(1+cot²).
func polygammaReflected(n int, x float64) float64 {
	if x == math.Trunc(x) {
		if n%2 == 1 && !math.IsInf(x, 0) {
			return math.Inf(1)
		}
		return math.NaN()
	}
	if n > 20 {
		return math.NaN()
	}
	p := [23]float64{1: 1}
	for d := 1; d <= n; d++ {
		var q [23]float64
		for i := 1; i <= d; i++ {
			q[i-1] -= float64(i) * p[i]
			q[i+1] -= float64(i) * p[i]
		}
		p = q
	}
	c, v := cotPi(x), 0.0
	for i := n + 1; i >= 0; i-- {
		v = v*c + p[i]
	}
	v *= math.Pow(math.Pi, float64(n+1))
	return math.Copysign(1, 0.5-float64(n%2))*Polygamma(n, 1-x) - v
}

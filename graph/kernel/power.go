package kernel

import "math"

// PowDeriv is ∂^(m+n) x^y / ∂x^m ∂y^n. With p(y) = y(y−1)···(y−m+1) it is
//
//	x^(y−m) Σ_k C(n, k) p⁽ᵏ⁾(y) (log x)^(n−k),
//
// and where that is 0·∞, at x = 0, x = ∞ and y = ±∞, its limit from inside the
// domain: derivatives of 0^y are 0 as long as y > m. For x < 0 and integer y it
// is the derivative in x alone (n = 0), else NaN.
func PowDeriv(m, n int, x, y float64) float64 {
	if m == 0 && n == 0 {
		return math.Pow(x, y)
	}
	if math.IsInf(y, 0) || math.IsInf(x, -1) {
		return powDerivAtInfinity(m, x, y)
	}
	if x != x || y != y || x < 0 && (n > 0 || y != math.Trunc(y)) {
		return math.NaN()
	}
	c := fallingSeries(m, n, y)
	if x == 0 || math.IsInf(x, 1) {
		return powDerivAtEnd(c, m, n, x, y)
	}
	l, sum := 0.0, 0.0
	if n > 0 {
		l = math.Log(x)
	}
	for k := 0; k <= n; k++ { // Horner in log x
		sum = sum*l + c[k]
	}
	if sum == 0 {
		return 0
	}
	return math.Pow(x, y-float64(m)) * sum
}

// powDerivAtInfinity is the limit for y → ±∞ or x → −∞: 0 where the power
// tends to 0 or stays 1.
func powDerivAtInfinity(m int, x, y float64) float64 {
	if p := math.Pow(math.Abs(x), y-float64(m)); p == 0 || p == 1 && m == 0 {
		return 0
	}
	return math.NaN()
}

// powDerivAtEnd is the limit for x → 0 or x → ∞: the power decides, then the
// highest power of log x that has a coefficient.
func powDerivAtEnd(c [maxPowDeriv + 1]float64, m, n int, x, y float64) float64 {
	rest := y - float64(m)
	if (x == 0) == (rest > 0) && rest != 0 {
		return 0
	}
	for k := 0; k <= n; k++ {
		if c[k] == 0 {
			continue
		}
		if rest == 0 && k == n {
			return c[k]
		}
		sign := c[k]
		if x == 0 && (n-k)%2 == 1 {
			sign = -sign
		}
		return math.Copysign(math.Inf(1), sign)
	}
	return 0
}

// maxPowDeriv is the highest order of a derivative in the exponent.
const maxPowDeriv = 7

// fallingSeries is C(n, k)·p⁽ᵏ⁾(y) for k = 0 to n, from the coefficients of tᵏ in
// (y+t)(y+t−1)···(y+t−m+1), which are p⁽ᵏ⁾(y)/k!.
func fallingSeries(m, n int, y float64) (c [maxPowDeriv + 1]float64) {
	if n > maxPowDeriv {
		panic("kernel: the order of a derivative of a power")
	}
	c[0] = 1
	for j := 0; j < m; j++ {
		for k := n; k > 0; k-- {
			c[k] = c[k]*(y-float64(j)) + c[k-1]
		}
		c[0] *= y - float64(j)
	}
	for k, falling := 1, 1.0; k <= n; k++ { // n!/(n−k)!
		falling *= float64(n - k + 1)
		c[k] *= falling
	}
	return c
}

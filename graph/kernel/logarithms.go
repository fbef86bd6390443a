package kernel

import "math"

// Log1mExp returns log(1−eˣ) for x ≤ 0, to 3ε relative, by log(−expm1(x)) above −log 2
// and log1p(−eˣ) below it (Mächler 2012, "Accurately computing log(1−exp(−|a|))"). It is
// −Inf at 0 and NaN above. Its derivative is −1/expm1(−x).
func Log1mExp(x float64) float64 {
	if x > -ln2 {
		return logOf(-math.Expm1(x))
	}
	return math.Log1p(-math.Exp(x))
}

// LogSumExp2 returns log(eᵃ+eᵇ), to 3ε relative to max(|a|, |b|, |f|). Infinities follow
// the limit: −Inf is the neutral element and +Inf absorbs.
func LogSumExp2(a, b float64) float64 {
	if a < b {
		a, b = b, a
	}
	if a == b { // infinities included
		return a + ln2
	}
	return a + math.Log1p(math.Exp(b-a))
}

// LogDiffExp returns log(eᵃ−eᵇ) for a ≥ b, to 3ε relative to max(|a|, |f|), taking a−b
// as rounded. It is −Inf at a = b, also where both are −Inf, and NaN for a < b or both +Inf.
func LogDiffExp(a, b float64) float64 {
	if a == b && !math.IsInf(a, 1) {
		return math.Inf(-1)
	}
	if math.IsInf(b, -1) {
		return a
	}
	return a + Log1mExp(b-a)
}

// XLogY returns x·log y, and 0 where x = 0 and y ≥ 0, so that 0·log 0 = 0; 2ε relative.
// It is NaN for y < 0. Its derivatives are log y and x/y.
func XLogY(x, y float64) float64 {
	if x == 0 && y >= 0 {
		return 0
	}
	return x * logOf(y)
}

// XLog1PY returns x·log(1+y), and 0 where x = 0 and y ≥ −1; 2ε relative. It is NaN for
// y < −1. Its derivatives are log1p y and x/(1+y).
func XLog1PY(x, y float64) float64 {
	if x == 0 && y >= -1 {
		return 0
	}
	return x * math.Log1p(y)
}

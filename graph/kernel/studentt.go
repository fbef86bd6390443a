package kernel

import "math"

// LogStudentTCdf returns the log of the cdf of Student's t with df > 0 degrees of freedom: log(½·I_x(df/2, ½)),
// x = df/(df+t²), for t < 0, and log1p of minus the same for t > 0 (DLMF 8.17.5 and
// Abramowitz and Stegun 26.7.1). x, 1−x and their logarithms are found from t/√df
// directly, so t² may overflow and x round to one. For df > 1e17 it is LogPhi. The error is
// 1e-14 + 4ε·|log|f|| relative. It is NaN for df ≤ 0. Its derivatives are
// exp(log density − f) in t and LogStudentTCdfDdf in df.
func LogStudentTCdf(df, t float64) float64 {
	switch {
	case !(df > 0) || math.IsNaN(t):
		return math.NaN()
	case df > 1e17:
		return LogPhi(t)
	case math.IsInf(t, -1):
		return t
	case t == 0:
		return -ln2
	}
	side := betaTail(studentArgs(df, math.Abs(t)), false)
	if t < 0 {
		return side.logValue(false) - ln2
	}
	return math.Log1p(-0.5 * side.value(false))
}

// LogStudentTCdfDdf returns ∂ LogStudentTCdf(df, t)/∂df: half the derivative of I in its first parameter
// and, through x, the beta density times xy/df. The two nearly cancel for large df, where the cdf
// becomes normal, so the error is 1e-12·(1+df) relative; for df > 1e17 it is 0. It is NaN for
// t = −Inf.
func LogStudentTCdfDdf(df, t float64) float64 {
	switch {
	case !(df > 0) || math.IsNaN(t) || math.IsInf(t, -1):
		return math.NaN()
	case t == 0 || df > 1e17 || math.IsInf(t, 1):
		return 0
	}
	v := studentArgs(df, math.Abs(t))
	side := betaTail(v, true)
	density := math.Exp(v.lead()-side.log) * 0.5 // of I, times xy/df, in the scale of side
	if side.upper {
		density = -density
	}
	side.da = 0.5*side.da + density
	if t < 0 {
		return side.logDerivative(false, side.da)
	}
	return -0.5 * side.derivative(side.da) / (1 - 0.5*side.value(false))
}

// studentArgs are those of I_x(df/2, ½), twice the probability beyond t > 0.
func studentArgs(df, t float64) betaArgs {
	r := t / math.Sqrt(df)
	v := betaArgs{a: max(df/2, math.SmallestNonzeroFloat64), b: 0.5}
	if r > 1 {
		s := 1 / r
		v.logY = -math.Log1p(s * s)
		v.logX = 2*(math.Log(math.Sqrt(df))-math.Log(t)) + v.logY
		v.x, v.y = s*s/(1+s*s), 1/(1+s*s)
		return v
	}
	v.logX = -math.Log1p(r * r)
	v.logY = 2*(logOf(t)-math.Log(math.Sqrt(df))) + v.logX
	v.x, v.y = 1/(1+r*r), r*r/(1+r*r)
	return v
}

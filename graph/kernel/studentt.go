package kernel

import "math"

// LogStudentTCdf returns the log of the cdf of Student's t with df > 0 degrees of freedom: log(½·I_x(df/2, ½)),
// x = df/(df+t²), for t < 0, and log1p of minus the same for t > 0 (DLMF 8.17.5 and
// Abramowitz and Stegun 26.7.1). x, 1−x and their logarithms are found from t/√df
// directly, so t² may overflow and x round to one. For df > 1e17 it is LogPhi. The error is that
// of LogBetaInc. It is NaN for df ≤ 0. Its derivative in t is exp(log density − f).
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
	tail := studentTail(df, math.Abs(t))
	if t < 0 {
		return tail.logValue(false) - ln2
	}
	return math.Log1p(-0.5 * tail.value(false))
}

// studentTail returns I_x(df/2, ½), twice the probability beyond t > 0.
func studentTail(df, t float64) tail {
	r := t / math.Sqrt(df)
	v := betaArgs{a: df / 2, b: 0.5}
	if r > 1 {
		s := 1 / r
		v.logY = -math.Log1p(s * s)
		v.logX = 2*(math.Log(math.Sqrt(df))-math.Log(t)) + v.logY
		v.x, v.y = s*s/(1+s*s), 1/(1+s*s)
	} else {
		v.logX = -math.Log1p(r * r)
		v.logY = 2*logOf(r) + v.logX
		v.x, v.y = 1/(1+r*r), r*r/(1+r*r)
	}
	if v.y == 0 {
		return tail{mant: 1, lead: 1}
	}
	return betaTail(v, false)
}

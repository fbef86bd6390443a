package kernel

import "math"

// Lgamma returns log|Γ(x)|. For x > 0 it is the rational approximation of FreeBSD's
// e_lgamma_r.c, which is factored around the zeros at 1 and 2 and so keeps 4ε relative
// through them; math.Lgamma has it, but is wrong for subnormals on amd64, see logOf. For
// x < 0 it is log(π/|x·sin πx|) − log Γ(−x), to 4ε relative to max(1, |f|): near its zeros
// on the negative axis the relative error grows. It is +Inf at 0, −1, −2, … and at ±Inf. Its
// derivative is Digamma.
func Lgamma(x float64) float64 {
	switch {
	case math.Abs(x) < 0x1p-70:
		return -logOf(math.Abs(x))
	case math.IsInf(x, 0):
		return math.Inf(1)
	}
	y, _ := math.Lgamma(x)
	return y
}

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

// lgamma1p returns log Γ(1+a) for a ≥ 0, relative also to a small a, by
// −log(1+a) + (1−γ)a + Σ (ζ(k)−1)(−a)ᵏ/k.
func lgamma1p(a float64) float64 {
	if a > 0.25 {
		return Lgamma(1 + a)
	}
	s := 0.0
	for k := len(zetaMinus1OverK) - 1; k >= 0; k-- {
		s = zetaMinus1OverK[k] - a*s
	}
	return -math.Log1p(a) + a*((1-eulerGamma)+a*s)
}

// zetaMinus1OverK is (ζ(k)−1)/k for k from 2.
var zetaMinus1OverK = [...]float64{
	0.32246703342411321824, 0.067352301053198095133, 0.020580808427784547879, 0.0073855510286739852663, 0.0028905103307415232858,
	0.0011927539117032609771, 0.00050966952474304242234, 0.00022315475845357937976, 0.000099457512781808533715, 0.0000449262367381331417,
	0.000020507212775670691553, 9.439488275268395904e-6, 4.3748667899074878042e-6, 2.0392157538013662368e-6, 9.5514121304074198329e-7,
	4.4924691987645660433e-7, 2.1207184805554665869e-7, 1.0043224823968099609e-7, 4.7698101693639805658e-8,
}

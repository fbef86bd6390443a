package lang

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"ppl/lang/diag"
)

// Tolerance of the properties of constrained kinds.
const Tolerance = 1e-8

// Violation says what keeps one vector, or k by k matrix, row-major, from being
// of a constrained kind, to within Tolerance; "" if nothing does.
func (kind Kind) Violation(x []float64, k int) string {
	switch kind {
	case Simplex:
		return notSimplex(x)
	case Ordered:
		return notOrdered(x)
	case PositiveOrdered:
		if len(x) > 0 && !(x[0] > 0) {
			return "element 1 is " + diag.Number(x[0])
		}
		return notOrdered(x)
	case UnitVector:
		if s := norm(x); !near(s, 1) {
			return "its length is " + diag.Number(s)
		}
	case SumToZero:
		if s := sum(x); !near(s, 0) && !(math.Abs(s) <= Tolerance*norm(x)) {
			return "the sum is " + diag.Number(s)
		}
	case CholeskyCorr:
		return notCholeskyCorr(x, k)
	case Corr:
		return notCorr(x, k)
	case Cov:
		return notCov(x, k)
	}
	return ""
}

// ViolationHint says how to mend a value that Violation finds fault with, or "".
func (kind Kind) ViolationHint(x []float64) string {
	s := sum(x)
	if kind == Simplex && !slices.ContainsFunc(x, func(v float64) bool { return !(v >= 0) }) && math.Abs(s-1) < 0.05 {
		return "shares that were rounded do not sum to 1: divide each by their sum"
	}
	if kind == Cov && strings.Contains(kind.Violation(x, int(math.Round(math.Sqrt(float64(len(x)))))), notDefinite) {
		return "rows that are equal, or nearly so, make a covariance singular: add a jitter to its diagonal, such as 1e-6"
	}
	return ""
}

func near(x, y float64) bool { return math.Abs(x-y) <= Tolerance }

func sum(x []float64) float64 {
	s := 0.0
	for _, v := range x {
		s += v
	}
	return s
}

func norm(x []float64) float64 {
	s := 0.0
	for _, v := range x {
		s = math.Hypot(s, v)
	}
	return s
}

func notSimplex(x []float64) string {
	for i, v := range x {
		if !(v >= 0) {
			return fmt.Sprintf("element %d is %s", i+1, diag.Number(v))
		}
	}
	if s := sum(x); !near(s, 1) {
		return "the sum is " + diag.Number(s)
	}
	return ""
}

func notOrdered(x []float64) string {
	for i := 1; i < len(x); i++ {
		if !(x[i] > x[i-1]) {
			return fmt.Sprintf("element %d is %s, after %s", i+1, diag.Number(x[i]), diag.Number(x[i-1]))
		}
	}
	return ""
}

func entry(i, j int, v float64) string {
	return fmt.Sprintf("entry [%d, %d] is %s", i+1, j+1, diag.Number(v))
}

func notCholeskyCorr(x []float64, k int) string {
	for i := range k {
		row := x[i*k : (i+1)*k]
		for j := i + 1; j < k; j++ {
			if row[j] != 0 {
				return entry(i, j, row[j]) + ", above the diagonal"
			}
		}
		if !(row[i] > 0) {
			return entry(i, i, row[i])
		}
		if s := norm(row); !near(s, 1) {
			return fmt.Sprintf("the length of row %d is %s, not 1", i+1, diag.Number(s))
		}
	}
	return ""
}

func notCorr(x []float64, k int) string {
	for i := range k {
		if v := x[i*k+i]; !near(v, 1) {
			return entry(i, i, v) + ", not 1"
		}
	}
	return notCov(x, k)
}

const notDefinite = "it is not positive definite"

// notCov checks symmetry, then positive definiteness by Cholesky's algorithm.
func notCov(x []float64, k int) string {
	for i := range k {
		for j := range i {
			u, v := x[i*k+j], x[j*k+i]
			if !(math.Abs(u-v) <= Tolerance*math.Max(1, math.Abs(u))) {
				return fmt.Sprintf("it is not symmetric: %s, but [%d, %d] is %s", entry(i, j, u), j+1, i+1, diag.Number(v))
			}
		}
	}
	l := make([]float64, len(x))
	for i := range k {
		for j := 0; j <= i; j++ {
			s := x[i*k+j]
			for m := range j {
				s -= l[i*k+m] * l[j*k+m]
			}
			switch {
			case i != j:
				l[i*k+j] = s / l[j*k+j]
			case !(s > 0) || math.IsInf(s, 0):
				return fmt.Sprintf(notDefinite+" (found at row %d)", i+1)
			default:
				l[i*k+i] = math.Sqrt(s)
			}
		}
	}
	return ""
}

// phrases say what a value of a kind is.
var phrases = map[Kind]string{
	Simplex: "a simplex", Ordered: "ordered", PositiveOrdered: "positive and ordered", UnitVector: "a unit vector",
	SumToZero: "a vector that sums to zero", CholeskyCorr: "the Cholesky factor of a correlation matrix",
	Corr: "a correlation matrix", Cov: "a covariance matrix",
}

// Phrase names a value of the kind: "a simplex", "ordered".
func (kind Kind) Phrase() string { return phrases[kind] }

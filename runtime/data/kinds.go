package data

import (
	"fmt"
	"math"

	"ppl/lang"
)

// tolerance of the properties of constrained kinds.
const tolerance = 1e-8

// checkKind checks each vector or matrix of a constrained kind.
func (b *binder) checkKind(it *item) {
	t, a := it.sym.Type, it.array
	rank := t.Kind.EventRank()
	if len(a.Shape) < rank {
		return
	}
	lead, event := a.Shape[:len(a.Shape)-rank], a.Shape[len(a.Shape)-rank:]
	if rank == 2 && event[0] != event[1] {
		b.fail(it, ShapeError, b.typeSpan(it), "`%s` is declared %s, but its matrices are %d by %d (%s)", it.sym.Name, t, event[0], event[1], it.value.describe())
		return
	}
	n := size(event)
	if n == 0 {
		return
	}
	wrong := 0
	for k := range size(lead) {
		why := violation(t.Kind, a.Data[k*n:(k+1)*n], event[0])
		if why == "" {
			continue
		}
		if wrong++; wrong > maxListed {
			continue
		}
		name := it.sym.Name
		if len(lead) > 0 {
			name += bracket(unravel(k, lead), 0)
		}
		b.fail(it, ConstraintFail, b.typeSpan(it), "`%s` is not %s: %s (%s)", name, kindText[t.Kind], why, it.value.describe())
	}
	if wrong > maxListed {
		b.diags[len(b.diags)-1].Found = fmt.Sprintf("and %d more", wrong-maxListed)
	}
}

var kindText = map[lang.Kind]string{
	lang.Simplex: "a simplex", lang.Ordered: "ordered", lang.PositiveOrdered: "positive and ordered", lang.UnitVector: "a unit vector",
	lang.SumToZero: "a vector that sums to zero", lang.CholeskyCorr: "the Cholesky factor of a correlation matrix",
	lang.Corr: "a correlation matrix", lang.Cov: "a covariance matrix",
}

// violation says what is wrong with one vector, or k by k matrix, or "".
func violation(kind lang.Kind, x []float64, k int) string {
	switch kind {
	case lang.Simplex:
		return notSimplex(x)
	case lang.Ordered:
		return notOrdered(x)
	case lang.PositiveOrdered:
		if len(x) > 0 && !(x[0] > 0) {
			return "element 1 is " + plain(x[0])
		}
		return notOrdered(x)
	case lang.UnitVector:
		if s := norm(x); !near(s, 1) {
			return "its length is " + plain(s)
		}
	case lang.SumToZero:
		if s := sum(x); !near(s, 0) && !(math.Abs(s) <= tolerance*norm(x)) {
			return "the sum is " + plain(s)
		}
	case lang.CholeskyCorr:
		return notCholeskyCorr(x, k)
	case lang.Corr:
		return notCorr(x, k)
	case lang.Cov:
		return notCov(x, k)
	}
	return ""
}

func near(x, y float64) bool { return math.Abs(x-y) <= tolerance }

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
			return fmt.Sprintf("element %d is %s", i+1, plain(v))
		}
	}
	if s := sum(x); !near(s, 1) {
		return "the sum is " + plain(s)
	}
	return ""
}

func notOrdered(x []float64) string {
	for i := 1; i < len(x); i++ {
		if !(x[i] > x[i-1]) {
			return fmt.Sprintf("element %d is %s, after %s", i+1, plain(x[i]), plain(x[i-1]))
		}
	}
	return ""
}

func entry(i, j int, v float64) string {
	return fmt.Sprintf("entry [%d, %d] is %s", i+1, j+1, plain(v))
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
			return fmt.Sprintf("the length of row %d is %s, not 1", i+1, plain(s))
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

// notCov checks symmetry, then positive definiteness by Cholesky's algorithm.
func notCov(x []float64, k int) string {
	for i := range k {
		for j := range i {
			u, v := x[i*k+j], x[j*k+i]
			if !(math.Abs(u-v) <= tolerance*math.Max(1, math.Abs(u))) {
				return fmt.Sprintf("it is not symmetric: %s, but [%d, %d] is %s", entry(i, j, u), j+1, i+1, plain(v))
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
				return fmt.Sprintf("it is not positive definite (found at row %d)", i+1)
			default:
				l[i*k+i] = math.Sqrt(s)
			}
		}
	}
	return ""
}

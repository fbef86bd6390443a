package inference

import (
	"math"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/lapack/lapack64"
)

// gaussian is a location and the lower Cholesky factor of a covariance, D×D,
// row-major, on the unconstrained scale.
type gaussian struct {
	d      int
	loc, l []float64
	logDet float64 // of l
}

// newGaussian factorises a covariance; nil if it is not positive definite. The
// factorisation works on the correlations, whatever the units.
func newGaussian(loc, cov []float64) *gaussian {
	d := len(loc)
	q := &gaussian{d: d, loc: loc, l: append([]float64(nil), cov...)}
	sd := make([]float64, d)
	for i := range sd {
		sd[i] = math.Sqrt(cov[i*d+i])
		if !(sd[i] > 0) || math.IsInf(sd[i], 1) {
			return nil
		}
	}
	for i := range sd {
		for j := range sd {
			q.l[i*d+j] /= sd[i] * sd[j]
		}
	}
	if d > 0 {
		if _, ok := lapack64.Potrf(blas64.Symmetric{N: d, Stride: d, Data: q.l, Uplo: blas.Lower}); !ok {
			return nil
		}
	}
	for i := range sd {
		for j := range sd {
			if j > i {
				q.l[i*d+j] = 0
			}
			q.l[i*d+j] *= sd[i]
		}
		q.logDet += math.Log(q.l[i*d+i])
	}
	return q
}

// diagonal is the Gaussian with independent coordinates.
func diagonal(loc, logsd []float64) *gaussian {
	d := len(loc)
	q := &gaussian{d: d, loc: loc, l: make([]float64, d*d)}
	for i, s := range logsd {
		q.l[i*d+i] = math.Exp(s)
		q.logDet += s
	}
	return q
}

// place fills u with loc + c·L z.
func (q *gaussian) place(z []float64, c float64, u []float64) {
	for i := range u {
		t := 0.0
		for j, l := range q.l[i*q.d : i*q.d+i+1] {
			t += l * z[j]
		}
		u[i] = q.loc[i] + c*t
	}
}

package dist

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// NotPositiveDefinite says that the conditional distribution of elements of a
// multivariate normal value cannot be found.
type NotPositiveDefinite struct {
	Element int  // row, from 0, at which the decomposition fails
	Known   bool // it is a known element; else one to be drawn
}

// Error says what of the matrix is not positive definite.
func (e NotPositiveDefinite) Error() string {
	if e.Known {
		return fmt.Sprintf("the covariance of the known elements is not positive definite at element %d", e.Element+1)
	}
	return fmt.Sprintf("the covariance of the elements that are drawn, given those that are known, is not positive definite at element %d", e.Element+1)
}

// ConditionalNormal draws the elements of x that are not known from the
// MvNormal distribution with parameters p (any of its forms), given those that are.
// The error is a NotPositiveDefinite; nothing is added to a diagonal.
//
// With the known elements first, the covariance is L·Lᵀ, and in blocks
//
//	x₂ = μ₂ + L₂₁·L₁₁⁻¹(x₁ − μ₁) + L₂₂·z
//
// where L₂₂ is the factor of the Schur complement, so that one decomposition gives
// the conditional distribution (Rasmussen & Williams 2006, Gaussian Processes for
// Machine Learning, eq. 2.19 and A.6). A factor given is turned by an orthogonal matrix
// into that of the new order, which does not square its condition as L·Lᵀ would. With a
// precision Q the conditional precision is Q₂₂, and the mean μ₂ − Q₂₂⁻¹Q₂₁(x₁ − μ₁).
func ConditionalNormal(r *rand.Rand, p Numbers, x []float64, known []bool) error {
	k, mean := len(x), p.V("mean")
	var order []int
	for _, first := range []bool{true, false} {
		for i := range x {
			if known[i] == first {
				order = append(order, i)
			}
		}
	}
	given := 0
	for given < k && known[order[given]] {
		given++
	}
	if p.has("precision") {
		return conditionalPrecision(r, p.V("precision"), mean, x, order, given)
	}
	var l []float64
	var bad int
	if p.has("chol") {
		l, bad = reordered(p.V("chol"), order)
	} else {
		l = make([]float64, k*k)
		for i, a := range order {
			for j, c := range order {
				l[i*k+j] = p.V("cov")[a*k+c]
			}
		}
		bad = factor(l, k)
	}
	if bad >= 0 {
		return NotPositiveDefinite{order[bad], bad < given}
	}
	z := make([]float64, k)
	for i, a := range order {
		t := 0.0
		for j := 0; j < i; j++ {
			t += l[i*k+j] * z[j]
		}
		if i < given {
			z[i] = (x[a] - mean[a] - t) / l[i*k+i]
			continue
		}
		z[i] = r.NormFloat64()
		x[a] = mean[a] + t + l[i*k+i]*z[i]
	}
	return nil
}

// conditionalPrecision draws the last elements of an order given the first.
func conditionalPrecision(r *rand.Rand, q, mean, x []float64, order []int, given int) error {
	k, free := len(x), order[given:]
	n := len(free)
	m, shift, z := make([]float64, n*n), make([]float64, n), make([]float64, n)
	for i, a := range free {
		for j, c := range free {
			m[i*n+j] = q[a*k+c]
		}
		for _, c := range order[:given] {
			shift[i] -= q[a*k+c] * (x[c] - mean[c])
		}
		z[i] = r.NormFloat64()
	}
	if bad := factor(m, n); bad >= 0 {
		return NotPositiveDefinite{free[bad], false}
	}
	for i := range shift { // M⁻¹, and then M⁻ᵀ of that and of the noise
		for j := 0; j < i; j++ {
			shift[i] -= m[i*n+j] * shift[j]
		}
		shift[i] /= m[i*n+i]
		z[i] += shift[i]
	}
	backSolve(m, z)
	for i, a := range free {
		x[a] = mean[a] + z[i]
	}
	return nil
}

// factor puts the lower Cholesky factor in the place of a; bad is the first row
// without a positive pivot, -1 if there is none.
func factor(a []float64, k int) (bad int) {
	copy(a, cholesky(a, k))
	return pivots(a, k)
}

func pivots(l []float64, k int) (bad int) {
	for i := range k {
		if d := l[i*k+i]; !(d > 0) || math.IsInf(d, 0) {
			return i
		}
	}
	return -1
}

// reordered is the lower factor of a covariance whose rows and columns are put in
// another order: the rows of l in that order, made lower triangular by
// Householder reflections of its columns (Golub & Van Loan 2013, Matrix Computations, 5.2).
// Rows that are in order at the start are left as they are.
func reordered(l []float64, order []int) (out []float64, bad int) {
	k := len(order)
	out = make([]float64, k*k)
	for i, a := range order {
		copy(out[i*k:i*k+a+1], l[a*k:a*k+a+1])
	}
	v := make([]float64, k)
	for i := range k {
		row, norm := out[i*k:(i+1)*k], 0.0
		for j := i + 1; j < k; j++ {
			norm = math.Hypot(norm, row[j])
		}
		if norm > 0 {
			norm = math.Hypot(norm, row[i])
			copy(v[i:], row[i:])
			v[i] += math.Copysign(norm, row[i])
			size := 0.0
			for _, c := range v[i:] {
				size += c * c
			}
			for m := i; m < k; m++ {
				t := 0.0
				for j := i; j < k; j++ {
					t += out[m*k+j] * v[j]
				}
				t *= 2 / size
				for j := i; j < k; j++ {
					out[m*k+j] -= t * v[j]
				}
			}
			for j := i + 1; j < k; j++ {
				row[j] = 0
			}
		}
		if row[i] < 0 { // the sign of a column is free
			for m := i; m < k; m++ {
				out[m*k+i] = -out[m*k+i]
			}
		}
	}
	return out, pivots(out, k)
}

// ContinueWalk draws the elements of a GaussianRandomWalk that are not known, given
// those that are: after the last known one the walk goes on; between two it is a
// bridge, whose next element lies, n steps before the known value b, at
// a + (b − a)/(n + 1) with variance sd²·n/(n + 1).
func ContinueWalk(r *rand.Rand, p Numbers, x []float64, known []bool) {
	at, sd := p.F("start"), p.F("sd")
	next := 0 // the next known element
	for i := range x {
		if next = max(next, i); !known[i] {
			for next < len(x) && !known[next] {
				next++
			}
			mean, scale := at, sd
			if next < len(x) {
				n := float64(next - i)
				mean, scale = at+(x[next]-at)/(n+1), sd*math.Sqrt(n/(n+1))
			}
			x[i] = mean + scale*r.NormFloat64()
		}
		at = x[i]
	}
}

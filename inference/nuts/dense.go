package nuts

import (
	"math"
	"math/rand/v2"
)

// dense is a full M⁻¹ = LLᵀ, the covariance of the posterior: a step then goes as
// easily along a ridge as across it. A velocity costs d² operations.
type dense struct {
	d      int
	inv, l []float64 // M⁻¹ and L, row by row
}

// newDense is nil if the matrix is not positive definite.
func newDense(inv []float64, d int) *dense {
	l := make([]float64, d*d)
	for i := range d {
		for j := range i + 1 {
			x := inv[i*d+j]
			for k := range j {
				x -= l[i*d+k] * l[j*d+k]
			}
			if i > j {
				l[i*d+j] = x / l[j*d+j]
				continue
			}
			if !(x > 0) || math.IsInf(x, 1) {
				return nil
			}
			l[i*d+i] = math.Sqrt(x)
		}
	}
	return &dense{d, inv, l}
}

// times sets v = M⁻¹p.
func (m *dense) times(p, v []float64) {
	for i := range v {
		row := m.inv[i*m.d : (i+1)*m.d]
		x := 0.0
		for j, a := range row {
			x += a * p[j]
		}
		v[i] = x
	}
}

// kick draws p ~ N(0, M): p = L⁻ᵀz for standard normal z.
func (m *dense) kick(p []float64, r *rand.Rand) {
	for i := range p {
		p[i] = r.NormFloat64()
	}
	for i := m.d - 1; i >= 0; i-- {
		p[i] /= m.l[i*m.d+i]
		for j := range i {
			p[j] -= m.l[i*m.d+j] * p[i]
		}
	}
}

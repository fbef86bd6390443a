package nuts

import (
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/mat"

	"ppl/graph/kernel/vec"
)

// lowRank is an M⁻¹ that is diagonal but for a few directions:
//
//	M⁻¹ = S (I + V (Λ − I) Vᵀ) S,
//
// with sds on the diagonal of S, and orthonormal columns of V, in which the posterior of the numbers in units of their sds is
// much wider or narrower than one. These are what trajectories are long for, and steps short. A velocity costs 2kd operations
// (Seyboldt, Carlson & Carpenter 2024, "Preconditioning Hamiltonian Monte Carlo by minimizing Fisher divergence", section 3.3,
// for the form; here it is that of the draws' correlations).
type lowRank struct {
	sd      []float64
	v       []float64 // k×d: the directions, row by row
	stretch []float64 // of each: λ − 1
	shrink  []float64 // λ^(−1/2) − 1
}

const (
	// mostPooled numbers have directions looked for: an eigendecomposition costs their cube.
	mostPooled = 1024
	// mostDirections of them are kept, whose variances differ from one by telling or more, beyond what
	// chance does to those of so few draws.
	mostDirections = 48
	telling        = 2
)

// newLowRank finds it for correlations r (d×d) that are estimated from n draws; nil where no direction tells.
func newLowRank(r, sd []float64, n float64) *lowRank {
	d := len(sd)
	var e mat.EigenSym
	if !e.Factorize(mat.NewSymDense(d, r), true) {
		return nil
	}
	values := e.Values(nil)
	var vectors mat.Dense
	e.VectorsTo(&vectors)
	// The variances of a sphere come out between the edges (Marchenko & Pastur 1967); draws of chains count half.
	edge := math.Sqrt(2 * float64(d) / n)
	low, high := math.Pow(math.Max(0, 1-edge), 2)/telling, math.Pow(1+edge, 2)*telling
	var tells []int
	for i, x := range values {
		if x > high || x < low && x > 0 {
			tells = append(tells, i)
		}
	}
	slices.SortStableFunc(tells, func(a, b int) int {
		x, y := math.Abs(math.Log(values[a])), math.Abs(math.Log(values[b]))
		switch {
		case x > y:
			return -1
		case x < y:
			return 1
		}
		return 0
	})
	if tells = tells[:min(len(tells), mostDirections)]; len(tells) == 0 {
		return nil
	}
	m := &lowRank{sd: sd}
	for _, k := range tells {
		for i := range d {
			m.v = append(m.v, vectors.At(i, k))
		}
		m.stretch = append(m.stretch, values[k]-1)
		m.shrink = append(m.shrink, 1/math.Sqrt(values[k])-1)
	}
	return m
}

// along adds V diag(c) Vᵀ x to x, in two products of a matrix and a vector.
func (m *lowRank) along(c, x []float64) {
	var in [mostDirections]float64
	y := in[:len(c)]
	vec.MatMul(y, m.v, x, len(c), len(x), 1, len(x), 1, false)
	for k, s := range c {
		y[k] *= s
	}
	vec.MatMul(x, m.v, y, len(x), len(c), 1, 1, len(x), true)
}

// times sets v = M⁻¹p.
func (m *lowRank) times(p, v []float64) {
	for i, s := range m.sd {
		v[i] = s * p[i]
	}
	m.along(m.stretch, v)
	for i, s := range m.sd {
		v[i] *= s
	}
}

// kick draws p ~ N(0, M): p = S⁻¹ (I + V (Λ^(−1/2) − I) Vᵀ) z for standard normal z.
func (m *lowRank) kick(p []float64, r *rand.Rand) {
	for i := range p {
		p[i] = r.NormFloat64()
	}
	m.along(m.shrink, p)
	for i, s := range m.sd {
		p[i] /= s
	}
}

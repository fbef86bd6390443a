package nuts

import (
	"math"
	"testing"

	"ppl/inference/random"
)

// factors fills u with n draws of d numbers with sds 10^(i mod 3), of which the first twenty, in units of their sds, share a
// factor, and the next two are all but equal: one wide direction, twenty narrow ones.
func factors(n, d int) []float64 {
	r := random.Stream(3, "factors", 0)
	u := make([]float64, n*d)
	for k := range n {
		x := u[k*d : (k+1)*d]
		common := r.NormFloat64()
		for i := range x {
			z := r.NormFloat64()
			switch {
			case i < 20:
				z = math.Sqrt(0.9)*common + math.Sqrt(0.1)*z
			case i == 21:
				z = x[20] + 0.02*z
			}
			x[i] = z
		}
		for i := range x {
			x[i] *= math.Pow(10, float64(i%3))
		}
	}
	return u
}

// TestLowRank: the directions of the draws are those of the posterior, wide and narrow; velocities times momenta have the
// covariance that M⁻¹ says, and momenta its inverse.
func TestLowRank(t *testing.T) {
	const n, d = 4000, 60
	pool := NewPool(d)
	u := factors(n, d)
	for at := 0; at < len(u); at += d {
		pool.Add(u[at : at+d])
	}
	ones := make([]float64, d)
	for i := range ones {
		ones[i] = 1
	}
	m := pool.Metric(ones)
	low, is := m.covariances.(*lowRank)
	if !is || len(low.stretch) > 22 {
		t.Fatalf("the metric is %T with %d directions", m.covariances, len(low.stretch))
	}
	// M⁻¹ by its columns.
	column := make([]float64, d)
	at := func(i, j int) float64 {
		e := make([]float64, d)
		e[j] = 1
		low.times(e, column)
		return column[i] / math.Sqrt(m.Diagonal[i]*m.Diagonal[j])
	}
	for _, c := range []struct {
		i, j       int
		want, most float64
	}{{0, 1, 0.9, 0.05}, {3, 19, 0.9, 0.05}, {0, 20, 0, 0.1}, {30, 30, 1, 0.1}, {30, 40, 0, 0.1}} {
		if got := at(c.i, c.j); math.Abs(got-c.want) > c.most {
			t.Errorf("the correlation of %d and %d is %.3f, want %.3f", c.i, c.j, got, c.want)
		}
	}
	// The narrow direction is narrow.
	e := make([]float64, d)
	e[20], e[21] = 1/math.Sqrt(m.Diagonal[20]), -1/math.Sqrt(m.Diagonal[21])
	low.times(e, column)
	if v := column[20]*e[20] + column[21]*e[21]; v > 0.01 {
		t.Errorf("the variance of the difference of two numbers that are all but equal is %g", v)
	}
	// p ~ N(0, M): M⁻¹p has the covariance M⁻¹.
	s := &system{invMetric: m.Diagonal, covariances: low}
	z, r := newPoint(d), random.Stream(2, "momenta", 0)
	const draws = 20000
	cov := 0.0
	for range draws {
		s.kick(&z, r)
		s.velocity(&z)
		cov += z.v[0] * z.v[19] / math.Sqrt(m.Diagonal[0]*m.Diagonal[19]) / draws
	}
	if want := at(0, 19); math.Abs(cov-want) > 0.03 {
		t.Errorf("the correlation of velocities is %.3f, want %.3f", cov, want)
	}
}

// TestLowRankOfNoise: draws that are independent have no directions.
func TestLowRankOfNoise(t *testing.T) {
	const n, d = 600, 200
	pool, r := NewPool(d), random.Stream(4, "noise", 0)
	x, ones := make([]float64, d), make([]float64, d)
	for range n {
		for i := range x {
			x[i] = r.NormFloat64()
		}
		pool.Add(x)
	}
	for i := range ones {
		ones[i] = 1
	}
	if m := pool.Metric(ones); m.Dense() {
		t.Errorf("of independent draws %d directions are kept", len(m.covariances.(*lowRank).stretch))
	}
}

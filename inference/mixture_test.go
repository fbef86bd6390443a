package inference

import (
	"math"
	"math/rand/v2"
	"testing"
)

// logDensity is the log density of a mixture at u, up to the constant, worked out anew; share receives the components' shares.
func logDensity(m *mixture, u []float64, z, share, distance []float64) float64 {
	top := math.Inf(-1)
	d := float64(len(u))
	for k, q := range m.part {
		r2 := q.distance(u, z)
		distance[k] = r2
		share[k] = math.Log(m.weight[k]) - q.logDet - 0.5*(m.df+d)*math.Log1p(r2/m.df)
		top = math.Max(top, share[k])
	}
	sum := 0.0
	for k := range share {
		share[k] = math.Exp(share[k] - top)
		sum += share[k]
	}
	for k := range share {
		share[k] /= sum
	}
	return top + math.Log(sum)
}

// TestMixtureDensity: what is known beforehand changes no bit of a mixture's density.
func TestMixtureDensity(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for _, parts := range []int{1, 2, 5} {
		m := &mixture{df: 5}
		const d = 3
		for range parts {
			loc, logsd := make([]float64, d), make([]float64, d)
			for j := range loc {
				loc[j], logsd[j] = 3*r.NormFloat64(), r.NormFloat64()
			}
			m.add(diagonal(loc, logsd), r.Float64())
		}
		e := m.density()
		share, distance, z := make([]float64, parts), make([]float64, parts), make([]float64, d)
		for k := range 200 {
			u := []float64{5 * r.NormFloat64(), r.NormFloat64(), 100 * r.NormFloat64()}
			switch k {
			case 0:
				u[1] = math.NaN()
			case 1:
				u[2] = math.Inf(1)
			case 2:
				copy(u, m.part[0].loc)
			}
			want := logDensity(m, u, z, share, distance)
			if got := e.at(u, z, share, distance); got != want && (got == got || want == want) {
				t.Fatalf("%d parts at %v: %v, want %v", parts, u, got, want)
			}
		}
	}
}

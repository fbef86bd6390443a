package runtime

import (
	"math"
	"testing"

	"ppl/inference/random"
)

// TestReferenceHessianProducts compares Hessian-vector products of each
// reference model with derivatives of its gradient along the vector.
func TestReferenceHessianProducts(t *testing.T) {
	for _, name := range continuous {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := bindReference(t, name)
			s, err := p.target.NewSurface()
			if err != nil {
				t.Fatal(err)
			}
			d := p.target.D
			r := random.Stream(1, "product test", 0)
			for point := 0; point < 3; point++ {
				u, v := make([]float64, d), make([]float64, d)
				for i := range u {
					u[i], v[i] = r.NormFloat64(), r.NormFloat64()
				}
				lp, g, hv := make([]float64, 1), make([]float64, d), make([]float64, d)
				if err := s.Product(u, v, lp, g, hv); err != nil {
					t.Fatal(err)
				}
				norm := 1.0
				for _, x := range hv {
					norm = math.Max(norm, math.Abs(x))
				}
				w := make([]float64, d)
				for i := range u {
					want := ridders(func(h float64) float64 {
						for j := range w {
							w[j] = u[j] + h*v[j]
						}
						if err := s.Gradient(w, lp, g); err != nil {
							t.Fatal(err)
						}
						return g[i]
					})
					if !(math.Abs(hv[i]-want) <= 1e-6*norm) {
						t.Errorf("element %d of %d: %g, by differences %g (largest %g)", i+1, d, hv[i], want, norm)
					}
				}
			}
		})
	}
}

package runtime

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"testing"

	"ppl/inference"
)

// withData are the names of the reference models and of the examples, with how
// each is bound.
func withData(t *testing.T) map[string]func(t *testing.T) *Problem {
	all := map[string]func(t *testing.T) *Problem{}
	for _, name := range continuous {
		all[name] = func(t *testing.T) *Problem { return bindReference(t, name) }
	}
	models, err := filepath.Glob("../examples/*/model.ppl")
	if err != nil || len(models) == 0 {
		t.Fatalf("no examples: %v", err)
	}
	for _, path := range models {
		folder := filepath.Dir(path)
		all["example "+filepath.Base(folder)] = func(t *testing.T) *Problem {
			m, err := CompileFile(path)
			if err != nil {
				t.Fatal(err)
			}
			data := filepath.Join(folder, "data.json")
			if _, err := os.Stat(data); err != nil {
				data = filepath.Join(folder, "data.csv")
			}
			p, err := m.Bind(Files(context.Background(), data))
			if err != nil {
				t.Fatal(err)
			}
			return p
		}
	}
	return all
}

// TestSufficientStatistics compares the log density, gradient and
// Hessian-vector products of every reference model and example with sufficient
// statistics and without. Some of the designs are of condition 1e5 and more.
func TestSufficientStatistics(t *testing.T) {
	for name, bind := range withData(t) {
		t.Run(name, func(t *testing.T) {
			p := bind(t)
			direct := *p.target
			direct.Direct = true
			a, err := p.target.NewSurface()
			if err != nil {
				t.Fatal(err)
			}
			b, err := direct.NewSurface()
			if err != nil {
				t.Fatal(err)
			}
			const points = 10
			d := p.target.D
			r := inference.Stream(3, "sufficient", 0)
			u, v := make([]float64, points*d), make([]float64, points*d)
			for i := range u {
				u[i], v[i] = r.NormFloat64(), r.NormFloat64()
			}
			got, want := products(t, a, u, v), products(t, b, u, v)
			for k := 0; k < points; k++ {
				for i, what := range []string{"log density", "gradient", "product"} {
					n := len(got[i]) / points
					sameTo(t, what, got[i][k*n:(k+1)*n], want[i][k*n:(k+1)*n], 1e-9)
				}
			}
		})
	}
}

func products(t *testing.T, s *inference.Surface, u, v []float64) [3][]float64 {
	t.Helper()
	lp, g, hv := make([]float64, len(u)/s.D), make([]float64, len(u)), make([]float64, len(u))
	if err := s.Product(u, v, lp, g, hv); err != nil {
		t.Fatal(err)
	}
	return [3][]float64{lp, g, hv}
}

// sameTo compares vectors relative to the largest element.
func sameTo(t *testing.T, what string, got, want []float64, tol float64) {
	t.Helper()
	size := 0.0
	for _, x := range want {
		size = math.Max(size, math.Abs(x))
	}
	for i, x := range want {
		if !(math.Abs(got[i]-x) <= tol*size || got[i] == x || math.IsNaN(x) && math.IsNaN(got[i])) {
			t.Errorf("%s: element %d is %.17g, directly %.17g", what, i, got[i], x)
			return
		}
	}
}

// TestSufficientStatisticsChangeNoAnswer fits with both forms.
func TestSufficientStatisticsChangeNoAnswer(t *testing.T) {
	for _, name := range []string{"kilpisjarvi", "earn_height", "logearn_logheight_male", "arK", "nes1972", "GLM_Poisson"} {
		t.Run(name, func(t *testing.T) {
			p := bindReference(t, name)
			direct, target := *p, *p.target
			target.Direct = true
			direct.target = &target
			a, err := p.Fit(context.Background(), Options{Seed: 1})
			if err != nil {
				t.Fatal(err)
			}
			b, err := direct.Fit(context.Background(), Options{Seed: 1})
			if err != nil {
				t.Fatal(err)
			}
			for i, q := range b.Quantities() {
				if e := math.Abs(a.Quantities()[i].Mean-q.Mean) / q.SD; !(e <= 1e-5) {
					t.Errorf("the mean of %s is off by %.2g sd", q.Name, e)
				}
			}
		})
	}
}

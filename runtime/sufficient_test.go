package runtime

import (
	"math"
	"testing"

	"ppl/inference"
)

// TestSufficientStatistics compares the log density of every reference model,
// and its gradient, with sufficient statistics and without.
func TestSufficientStatistics(t *testing.T) {
	for _, name := range continuous {
		t.Run(name, func(t *testing.T) {
			p := bindReference(t, name)
			for _, s := range []int{1, 8} {
				compareForms(t, p.target, s, 1e-9)
			}
		})
	}
}

// compareForms compares the two forms of a density at random points: values,
// and gradients relative to the largest component.
func compareForms(t *testing.T, target *inference.Target, s int, tol float64) {
	t.Helper()
	direct := *target
	direct.Direct = true
	a, err := target.NewDensity(s)
	if err != nil {
		t.Fatal(err)
	}
	b, err := direct.NewDensity(s)
	if err != nil {
		t.Fatal(err)
	}
	r := inference.Stream(3, "sufficient", s)
	for point := 0; point < 5; point++ {
		u := make([]float64, s*target.D)
		for i := range u {
			u[i] = r.NormFloat64()
		}
		v, g, err := a.Eval(u)
		if err != nil {
			t.Fatal(err)
		}
		w, h, err := b.Eval(u)
		if err != nil {
			t.Fatal(err)
		}
		for k := range v {
			if !close(v[k], w[k], tol*math.Abs(w[k])) {
				t.Errorf("particle %d of %d: log density %.17g, directly %.17g", k, s, v[k], w[k])
			}
			size := 0.0
			row := h[k*target.D : (k+1)*target.D]
			for _, x := range row {
				size = math.Max(size, math.Abs(x))
			}
			for i, x := range row {
				if y := g[k*target.D+i]; !close(y, x, tol*size) {
					t.Errorf("particle %d of %d: gradient %d is %.17g, directly %.17g", k, s, i, y, x)
					return
				}
			}
		}
	}
}

// close reports whether x is within tol of want, or both are the same infinity or NaN.
func close(x, want, tol float64) bool {
	return math.Abs(x-want) <= tol || x == want || math.IsNaN(x) && math.IsNaN(want)
}

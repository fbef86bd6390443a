package runtime

import (
	"context"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"testing"

	"ppl/inference/random"
	"ppl/inference/target"
)

// refs is the folder of reference models and posteriors; it is not part of the
// repository, and tests that need it skip where it is absent.
const refs = "../../shared/refs"

// continuous are the references whose latents are all continuous and that the
// present features cover.
var continuous = []string{
	"accel_gp", "arK", "blr", "earn_height", "log10earn_height", "logearn_height_male", "logearn_interaction",
	"logearn_interaction_z", "logearn_logheight_male", "eight_schools", "GLM_Binomial", "GLM_Poisson", "gp_pois_regr",
	"kidscore_interaction", "kidscore_momhs", "kidscore_momhsiq", "kidscore_momiq", "kilpisjarvi", "nes1972", "nes2000",
	"nes_logit", "Rate_1", "Rate_2",
}

type reference struct {
	Model, Data string
}

func loadReference(t *testing.T, name string) reference {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(refs, "posteriors", name+".json"))
	if err != nil {
		t.Skip("../shared/refs is absent")
	}
	var r reference
	if err := json.Unmarshal(raw, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

func bindReference(t *testing.T, name string) *Problem {
	t.Helper()
	r := loadReference(t, name)
	m, err := CompileFile(filepath.Join(refs, "models", r.Model))
	if err != nil {
		t.Fatal(err)
	}
	p, err := m.Bind(Files(context.Background(), filepath.Join(refs, "data", r.Data)))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestReferenceGradients compares the gradient of each reference model's log
// density at ten random unconstrained points with central differences.
func TestReferenceGradients(t *testing.T) {
	for _, name := range continuous {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := bindReference(t, name)
			d := p.target.D
			f, err := p.target.NewDensity(1)
			if err != nil {
				t.Fatal(err)
			}
			r := random.Stream(1, "gradient test", 0)
			for point := 0; point < 10; point++ {
				u := make([]float64, d)
				for i := range u {
					u[i] = r.NormFloat64()
				}
				checkGradient(t, f, u)
			}
		})
	}
}

func checkGradient(t *testing.T, f *target.Density, u []float64) {
	t.Helper()
	lp, g, err := f.Eval(u)
	if err != nil {
		t.Fatal(err)
	}
	value := lp[0]
	if math.IsNaN(value) || math.IsInf(value, 0) {
		t.Fatalf("log density %g at %v", value, u)
	}
	want := append([]float64(nil), g...)
	norm := 1.0
	for _, x := range want {
		norm = math.Max(norm, math.Abs(x))
	}
	worst := 0.0
	for i := range u {
		got := ridders(func(h float64) float64 {
			v := append([]float64(nil), u...)
			v[i] += h
			lp, _, err := f.Eval(v)
			if err != nil {
				t.Fatal(err)
			}
			return lp[0]
		})
		worst = math.Max(worst, math.Abs(got-want[i])/norm)
	}
	if worst > 1e-6 {
		t.Errorf("gradient off by %.2g of its size at a point with log density %.6g", worst, value)
	}
}

// ridders is the derivative at 0 by Ridders' method (1982; Press et al.,
// Numerical Recipes, dfridr): central differences with shrinking steps,
// extrapolated to all orders, of which the entry with the smallest estimated
// error is taken. Large first steps matter where the density is ill-conditioned
// (a covariance matrix with a jitter of 1e-10) and its values are noisy.
func ridders(f func(h float64) float64) float64 {
	const shrink, size = 1.4, 14
	var a [size][size]float64
	best, err := math.NaN(), math.Inf(1)
	for _, first := range []float64{0.3, 0.03, 1e-3} {
		h := first
		for i := 0; i < size; i++ {
			a[0][i] = (f(h) - f(-h)) / (2 * h)
			h /= shrink
			factor := shrink * shrink
			for j := 1; j <= i; j++ {
				a[j][i] = (a[j-1][i]*factor - a[j-1][i-1]) / (factor - 1)
				factor *= shrink * shrink
				if e := math.Max(math.Abs(a[j][i]-a[j-1][i]), math.Abs(a[j][i]-a[j-1][i-1])); e <= err {
					best, err = a[j][i], e
				}
			}
		}
	}
	return best
}

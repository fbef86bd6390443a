package runtime

import (
	"context"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"sort"
	"testing"

	"ppl/inference"
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
			r := inference.Stream(1, "gradient test", 0)
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

func checkGradient(t *testing.T, f *inference.Density, u []float64) {
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
		got := richardson(func(h float64) float64 {
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

// richardson is the derivative at 0 by central differences, extrapolated over
// several steps; of the estimates of successive steps it takes the pair that
// agrees best.
func richardson(f func(h float64) float64) float64 {
	type guess struct{ d, err float64 }
	var gs []guess
	prev := math.NaN()
	for h := 1e-2; h > 1e-6; h /= 4 {
		a := (f(h) - f(-h)) / (2 * h)
		b := (f(h/2) - f(-h/2)) / h
		c := (f(h/4) - f(-h/4)) / (h / 2)
		d := (16*(4*c-b)/3 - (4*b-a)/3) / 15
		if !math.IsNaN(prev) {
			gs = append(gs, guess{d, math.Abs(d - prev)})
		}
		prev = d
	}
	sort.Slice(gs, func(i, j int) bool { return gs[i].err < gs[j].err })
	return gs[0].d
}

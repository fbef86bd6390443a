package runtime

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"testing"

	"ppl/inference/random"
)

// Densities of three reference models on the unconstrained scale, written from
// their texts with nothing of ppl's: the parameters are in order of the model,
// positive ones as logs with their Jacobians.

func normalLog(x, mean, sd float64) float64 {
	z := (x - mean) / sd
	return -0.5*z*z - math.Log(sd) - 0.5*math.Log(2*math.Pi)
}

type numbers map[string]any

func (n numbers) vector(name string) []float64 {
	var out []float64
	for _, v := range n[name].([]any) {
		out = append(out, v.(float64))
	}
	return out
}

func (n numbers) scalar(name string) float64 { return n[name].(float64) }

// mu, log tau, theta: centred eight schools.
func schoolsDensity(u []float64, d numbers) float64 {
	mu, tau := u[0], math.Exp(u[1])
	y, sigma := d.vector("y"), d.vector("sigma")
	lp := normalLog(mu, 0, 5) + u[1]
	lp += math.Log(2 / (math.Pi * 5 * (1 + tau*tau/25))) // HalfCauchy(5)
	for j, theta := range u[2:] {
		lp += normalLog(theta, mu, tau) + normalLog(y[j], theta, sigma[j])
	}
	return lp
}

// alpha, beta, log sigma: kilpisjarvi.
func kilpisjarviDensity(u []float64, d numbers) float64 {
	alpha, beta, sigma := u[0], u[1], math.Exp(u[2])
	lp := normalLog(alpha, d.scalar("pmualpha"), d.scalar("psalpha")) + normalLog(beta, d.scalar("pmubeta"), d.scalar("psbeta")) + u[2]
	y := d.vector("y")
	for i, x := range d.vector("x") {
		lp += normalLog(y[i], alpha+beta*x, sigma)
	}
	return lp
}

// Poisson counts with a cubic in the year; uniform priors on bounded intervals.
func poissonDensity(u []float64, d numbers) float64 {
	var b [4]float64
	lp := 0.0
	for k, half := range []float64{20, 10, 10, 10} {
		p := 1 / (1 + math.Exp(-u[k]))
		b[k] = half * (2*p - 1)
		lp += math.Log(p * (1 - p)) // width of the interval and density of the prior cancel
	}
	count := d.vector("C")
	for i, t := range d.vector("year") {
		eta := b[0] + b[1]*t + b[2]*t*t + b[3]*t*t*t
		l, _ := math.Lgamma(count[i] + 1)
		lp += count[i]*eta - math.Exp(eta) - l
	}
	return lp
}

func TestReferenceDensities(t *testing.T) {
	for name, density := range map[string]func([]float64, numbers) float64{
		"eight_schools": schoolsDensity, "kilpisjarvi": kilpisjarviDensity, "GLM_Poisson": poissonDensity,
	} {
		t.Run(name, func(t *testing.T) {
			p := bindReference(t, name)
			raw, err := os.ReadFile(filepath.Join(refs, "data", loadReference(t, name).Data))
			if err != nil {
				t.Fatal(err)
			}
			var d numbers
			if err := json.Unmarshal(raw, &d); err != nil {
				t.Fatal(err)
			}
			f, err := p.target.NewDensity(1)
			if err != nil {
				t.Fatal(err)
			}
			r := random.Stream(2, "density test", 0)
			for point := 0; point < 10; point++ {
				u := make([]float64, p.target.D)
				for i := range u {
					u[i] = 0.7 * r.NormFloat64()
				}
				lp, _, err := f.Eval(u)
				if err != nil {
					t.Fatal(err)
				}
				if want := density(u, d); !(math.Abs(lp[0]-want) <= 1e-12*math.Max(1, math.Abs(want))) {
					t.Errorf("log density %.15g, by hand %.15g, at %v", lp[0], want, u)
				}
			}
		})
	}
}

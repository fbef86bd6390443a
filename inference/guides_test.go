package inference_test

import (
	"context"
	"errors"
	"math"
	"testing"

	"gonum.org/v1/gonum/mat"

	"ppl/inference"
	"ppl/inference/random"
	"ppl/inference/target"
)

// regression has a posterior that is Gaussian, with correlations: coefficients
// of three predictors of which two are nearly alike, and known noise.
const regression = `
data x : real[N]
data z : real[N]
data y : real[N]
a ~ Normal(0, 3)
b ~ Normal(0, 3)
c ~ Normal(0, 3)
y[i in 1..N] ~ Normal(a + b * x[i] + c * z[i], 0.5)
`

// exactRegression is data and the posterior's mean and covariance in closed form.
func exactRegression() (values, []float64, *mat.SymDense) {
	r := random.Stream(11, "regression", 0)
	const n = 25
	x, z, y := make([]float64, n), make([]float64, n), make([]float64, n)
	prec := mat.NewSymDense(3, []float64{1. / 9, 0, 0, 0, 1. / 9, 0, 0, 0, 1. / 9})
	rhs := mat.NewVecDense(3, nil)
	for i := range x {
		x[i] = r.NormFloat64()
		z[i] = x[i] + 0.2*r.NormFloat64()
		y[i] = 1 + x[i] - 2*z[i] + 0.5*r.NormFloat64()
		row := mat.NewVecDense(3, []float64{1, x[i], z[i]})
		prec.SymRankOne(prec, 4, row)
		rhs.AddScaledVec(rhs, 4*y[i], row)
	}
	var c mat.Cholesky
	c.Factorize(prec)
	var mean mat.VecDense
	_ = c.SolveVecTo(&mean, rhs)
	var cov mat.SymDense
	_ = c.InverseTo(&cov)
	return values{"N": n, "x": x, "y": y, "z": z}, mean.RawVector().Data, &cov
}

// TestGuidesOnAGaussian: each guide that can hold the covariance finds the
// posterior itself, before any correction.
func TestGuidesOnAGaussian(t *testing.T) {
	data, mean, cov := exactRegression()
	for _, c := range []struct {
		guide string
		tol   float64
	}{{"fullrank", 1e-3}, {"laplace", 1e-6}, {"lowrank", 0.05}} {
		tg := bound(t, regression, data, target.Plan)
		f, err := inference.Variational(context.Background(), tg, inference.Options{Seed: 1, Guide: c.guide, Correct: "none"})
		if err != nil {
			t.Fatal(err)
		}
		if !f.Converged || f.Applied != inference.NoCorrection {
			t.Errorf("%s: converged %t (%s), corrected by %s", c.guide, f.Converged, f.Ended, f.Applied)
		}
		for i := range mean {
			sd := math.Sqrt(cov.At(i, i))
			if math.Abs(f.Loc[i]-mean[i]) > c.tol*sd || math.Abs(f.LogSD[i]-math.Log(sd)) > c.tol {
				t.Errorf("%s: latent %d is %g ± %g, want %g ± %g", c.guide, i, f.Loc[i], math.Exp(f.LogSD[i]), mean[i], sd)
			}
			for j := range mean {
				got := covariance(f.Draws.U, len(mean), i, j) / (sd * math.Sqrt(cov.At(j, j)))
				want := cov.At(i, j) / (sd * math.Sqrt(cov.At(j, j)))
				if math.Abs(got-want) > c.tol+0.03 {
					t.Errorf("%s: correlation of %d and %d is %g, want %g", c.guide, i, j, got, want)
				}
			}
		}
		if !(f.KHatMeanField < 0.5) {
			t.Errorf("%s: k̂ = %g of a guide that is exact", c.guide, f.KHatMeanField)
		}
	}
}

func covariance(u []float64, d, i, j int) float64 {
	n := float64(len(u) / d)
	var mi, mj, c float64
	for k := 0; k < len(u); k += d {
		mi += u[k+i] / n
		mj += u[k+j] / n
	}
	for k := 0; k < len(u); k += d {
		c += (u[k+i] - mi) * (u[k+j] - mj) / n
	}
	return c
}

// TestMode: the mode is that of the density of the latents themselves, at
// (shape − 1)/rate for a gamma, not that of their logarithm, at shape/rate.
func TestMode(t *testing.T) {
	tg := bound(t, "data y : real\ns ~ Gamma(3, 2)\nmu ~ Normal(1, 2)\ny ~ Normal(mu, 1)", values{"y": 5.0}, target.Plan)
	f, err := inference.Variational(context.Background(), tg, inference.Options{Seed: 1, Guide: "map"})
	if err != nil {
		t.Fatal(err)
	}
	r, err := f.Target.NewReporter(1)
	if err != nil {
		t.Fatal(err)
	}
	got, err := r.Report(f.Loc)
	if err != nil {
		t.Fatal(err)
	}
	if !f.Converged || !f.Point || math.Abs(got[0][0]-1) > 1e-6 || math.Abs(got[1][0]-(1./4+5)/(1./4+1)) > 1e-6 {
		t.Errorf("mode %v, converged %t", got, f.Converged)
	}
}

// TestGuidesTooLarge: what cannot be held is refused.
func TestGuidesTooLarge(t *testing.T) {
	tg := bound(t, "x[i in 1..2000] ~ Normal(0, 1)", values{}, target.Plan)
	for _, g := range []string{"fullrank", "laplace"} {
		_, err := inference.Variational(context.Background(), tg, inference.Options{Seed: 1, Guide: g})
		var large *inference.ErrTooLarge
		if !errors.As(err, &large) || large.Latents != 2000 {
			t.Errorf("%s: got %v", g, err)
		}
	}
	if _, err := inference.Variational(context.Background(), tg, inference.Options{Guide: "best"}); err == nil {
		t.Error("an unknown guide is accepted")
	}
}

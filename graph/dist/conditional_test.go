package dist

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"
)

// TestConditionalNormalForms: covariance, factor and precision are one distribution,
// and one stream draws it from the same noise where the order of the elements is the same:
// the conditional mean and factor of each form agree.
func TestConditionalNormalForms(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	for range 200 {
		k := 1 + r.IntN(6)
		a := make([]float64, k*k)
		for i := range a {
			a[i] = r.NormFloat64()
		}
		cov := make([]float64, k*k)
		for i := range k {
			for j := range k {
				for m := range k {
					cov[i*k+j] += a[i*k+m] * a[j*k+m]
				}
			}
			cov[i*k+i] += 0.1
		}
		mean, x, known := make([]float64, k), make([]float64, k), make([]bool, k)
		for i := range x {
			mean[i], x[i], known[i] = r.NormFloat64(), r.NormFloat64(), r.IntN(2) == 0
		}
		chol := cholesky(cov, k)
		precision := make([]float64, k*k) // column by column
		for c := range k {
			e := make([]float64, k)
			e[c] = 1
			for i := range k {
				for j := range i {
					e[i] -= chol[i*k+j] * e[j]
				}
				e[i] /= chol[i*k+i]
			}
			backSolve(chol, e)
			for i := range k {
				precision[i*k+c] = e[i]
			}
		}
		draw := func(name string, m []float64, form int) []float64 {
			out := append([]float64(nil), x...)
			p := Numbers{Form: form, Values: map[string][]float64{"mean": mean, name: m}}
			if err := ConditionalNormal(rand.New(rand.NewPCG(1, 2)), p, out, known); err != nil {
				t.Fatal(err)
			}
			return out
		}
		byCov, byChol := draw("cov", cov, 0), draw("chol", chol, 1)
		byPrecision := draw("precision", precision, 2)
		free := 0
		for i := range x {
			if known[i] && (byCov[i] != x[i] || byChol[i] != x[i] || byPrecision[i] != x[i]) {
				t.Fatalf("element %d is known, and was drawn", i)
			}
			if math.Abs(byCov[i]-byChol[i]) > 1e-9*(1+math.Abs(byCov[i])) {
				t.Fatalf("by covariance %v, by factor %v, known %v", byCov, byChol, known)
			}
			if !known[i] {
				free++
			}
		}
		if free == 1 { // of more, the noise goes through another root of the same matrix
			for i := range x {
				if math.Abs(byCov[i]-byPrecision[i]) > 1e-8*(1+math.Abs(byCov[i])) {
					t.Fatalf("by covariance %v, by precision %v", byCov, byPrecision)
				}
			}
		}
	}
}

// TestConditionalNormalSingular: a factor keeps what its square would lose.
func TestConditionalNormalSingular(t *testing.T) {
	eps := 1e-9 // eps² is lost beside 1
	l := []float64{1, 0, 0, 1, eps, 0, 1, eps, eps}
	x := []float64{0, eps, 5}
	p := Numbers{Form: 1, Values: map[string][]float64{"mean": {0, 0, 0}, "chol": l}}
	r := rand.New(rand.NewPCG(1, 1))
	for range 100 {
		x[0], x[1] = 0, 0
		x[0] = math.NaN()
		if err := ConditionalNormal(r, p, x, []bool{false, true, true}); err != nil {
			t.Fatal(err)
		}
		if !(math.Abs(x[0]-x[1]) < 6*eps) {
			t.Fatalf("drew %g beside %g, which is %g sd away", x[0], x[1], math.Abs(x[0]-x[1])/eps)
		}
	}
	cov := []float64{1, 1, 1, 1, 1, 1, 1, 1, 1}
	err := ConditionalNormal(r, Numbers{Values: map[string][]float64{"mean": {0, 0, 0}, "cov": cov}}, x, []bool{false, true, true})
	var no NotPositiveDefinite
	if !errors.As(err, &no) || no.Element != 2 || !no.Known {
		t.Errorf("a singular covariance: %v", err)
	}
}

package inference

import (
	"context"
	"math"
	"reflect"
	"runtime"
	"strings"
	"testing"
)

// logistic has two crossed plates that few observations join, and scales above
// them.
const logistic = `
data I : int
data J : int
data p : int[N] in 1..I
data q : int[N] in 1..J
data y : int[N] in 0..1
mu ~ Normal(0, 2)
sa ~ HalfNormal(1)
sb ~ HalfNormal(1)
a[i in 1..I] ~ Normal(0, sa)
b[j in 1..J] ~ Normal(0, sb)
plate n in 1..N { y[n] ~ Bernoulli(inv_logit(mu + a[p[n]] - b[q[n]])) }
`

func logisticData(i, j, n int) data {
	a, b, noise := normals(1, "a", i), normals(2, "b", j), normals(3, "y", n)
	p, q, y := make([]float64, n), make([]float64, n), make([]float64, n)
	for k := range p {
		p[k], q[k] = float64(k%i+1), float64((k*7+k/i)%j+1)
		if 0.3+a[k%i]-b[(k*7+k/i)%j]+1.6*noise[k] > 0 {
			y[k] = 1
		}
	}
	return data{"I": float64(i), "J": float64(j), "N": n, "p": p, "q": q, "y": y}
}

func withDense(n int, f func()) {
	defer func(n int) { largestDense = n }(largestDense)
	largestDense = n
	f()
}

// drawn are the means and sds of a fit's draws.
func drawn(fit *Answer) (mean, sd []float64) {
	for i := range fit.Draws.D {
		m, s := moments(fit.Draws, i)
		mean, sd = append(mean, m), append(sd, s)
	}
	return mean, sd
}

// TestKrylov compares the answer without a matrix with that of the matrix, and
// of a Gaussian posterior with the truth.
func TestKrylov(t *testing.T) {
	fit := func(dense int, text string, with data) *Answer {
		var out *Answer
		withDense(dense, func() {
			f, err := Variational(context.Background(), build(t, text, with), Options{Seed: 1, Draws: 1024, Correct: "linear"})
			if err != nil {
				t.Fatal(err)
			}
			if !f.Converged || f.Applied != LinearResponse || f.NoResponse != "" {
				t.Fatalf("converged %t (%s), %s; %s", f.Converged, f.Ended, f.Applied, f.NoResponse)
			}
			out = f
		})
		return out
	}
	with := logisticData(60, 50, 1500)
	want, got := fit(1500, logistic, with), fit(40, logistic, with)
	if got.LocError > 0.2 || math.IsNaN(got.LocError) {
		t.Errorf("the error of the locations is %g sds", got.LocError)
	}
	wm, ws := drawn(want)
	gm, gs := drawn(got)
	for i := range wm {
		if math.Abs(gm[i]-wm[i]) > 0.15*ws[i] || math.Abs(gs[i]/ws[i]-1) > 0.1 {
			t.Errorf("coordinate %d is %.3f ± %.3f, with the matrix %.3f ± %.3f", i, gm[i], gs[i], wm[i], ws[i])
		}
	}
	// All latents touch: the inverse of 2 I + 2 1 1ᵀ has 1/2 − 1/(2 (n+1)) on its
	// diagonal, twice what the guide has.
	const n = 250
	_, gs = drawn(fit(150, pairs, data{"N": n, "y": make([]float64, n)}))
	sd := math.Sqrt(0.5 - 0.5/(n+1))
	for i, s := range gs {
		if math.Abs(s/sd-1) > 0.1 {
			t.Errorf("latent %d has sd %.3f, want %.3f", i, s, sd)
		}
	}
}

// TestKrylovCores: the bits do not depend on the number of cores.
func TestKrylovCores(t *testing.T) {
	run := func(cores int) []float64 {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(cores))
		var u []float64
		withDense(40, func() {
			f, err := Variational(context.Background(), build(t, logistic, logisticData(30, 25, 600)), Options{Seed: 1, Draws: 100})
			if err != nil {
				t.Fatal(err)
			}
			u = f.Draws.U
		})
		return u
	}
	if one, two := run(1), run(2); !reflect.DeepEqual(one, two) {
		t.Error("the draws differ")
	}
}

// TestKrylovFlat: without a proper posterior there is no answer, and no hang.
func TestKrylovFlat(t *testing.T) {
	withDense(40, func() {
		text := strings.Replace(pairs, "x[i in 1..N] ~ Normal(0, 1)", "x[i in 1..N] ~ Flat()", 1)
		text = strings.Replace(text, "y[i in 1..N] ~ Normal(x[i], 1)", "plate i in 2..N { y[i] ~ Normal(x[i] - x[i-1], 1) }", 1)
		text = strings.Replace(text, "factor -square(sum(x))", "", 1)
		f, err := Variational(context.Background(), build(t, text, data{"N": 100, "y": normals(1, "y", 100)}), Options{Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		if f.Converged && f.NoResponse == "" && f.Applied == LinearResponse {
			t.Errorf("a flat direction was not found: %+v", f.Ended)
		}
	})
}

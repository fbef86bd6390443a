package inference

import (
	"math"
	"testing"
)

// skewed has a skewed posterior whose coordinates correlate: a count whose log
// rate is their sum.
const skewed = `
data y : real
a ~ Normal(0, 1.5)
b ~ Normal(0, 1.5)
factor y * (a + b) - exp(a + b)
`

// skewedSum is the posterior mean and sd of a + b, by quadrature: its density is
// that of Normal(0, √4.5) times exp(yt − e^t).
func skewedSum(y float64) (mean, sd float64) {
	total := 0.0
	weight := func(t float64) float64 { return math.Exp(-t*t/9 + y*t - math.Exp(t)) }
	for t := -20.0; t < 8; t += 1e-3 {
		total += weight(t)
	}
	for t := -20.0; t < 8; t += 1e-3 {
		mean += t * weight(t) / total
	}
	for t := -20.0; t < 8; t += 1e-3 {
		sd += (t - mean) * (t - mean) * weight(t) / total
	}
	return mean, math.Sqrt(sd)
}

// TestRecentring: where the posterior is skewed and correlated the mean-field
// location is off whatever the particles, and the recentred one is nearer to
// the posterior mean.
func TestRecentring(t *testing.T) {
	tg := build(t, skewed, data{"y": 4.0})
	want, sd := skewedSum(4)
	fit := fitted(t, tg, Options{Seed: 1, Correct: "linear", Particles: 1024})
	if fit.Applied != LinearResponse || !fit.Converged {
		t.Fatalf("%s, %s", fit.Applied, fit.Ended)
	}
	a, _ := moments(fit.Draws, 0)
	b, _ := moments(fit.Draws, 1)
	before, after := math.Abs(fit.Loc[0]+fit.Loc[1]-want)/sd, math.Abs(a+b-want)/sd
	t.Logf("off by %.3f sd, recentred by %.3f", before, after)
	if before < 0.04 {
		t.Errorf("the mean-field location is off by %.3f sd only: the case shows nothing", before)
	}
	if after > 0.5*before {
		t.Errorf("recentred, the location is off by %.3f sd, %.3f before", after, before)
	}
	if !(fit.LocError < 0.05) {
		t.Errorf("Monte-Carlo error %.3f sd", fit.LocError)
	}
}

// TestRecentringOfAGaussian: there is nothing to gain, and nothing moves.
func TestRecentringOfAGaussian(t *testing.T) {
	y := normals(1, "y", 20)
	tg := build(t, "data y : real[N]\nm ~ Normal(0, 3)\nb ~ Normal(0, 3)\ny[i in 1..N] ~ Normal(m + b * i, 2)", data{"N": 20, "y": y})
	f := atWork(t, tg)
	o := newObjective(f.surf, 1, 64, nil)
	a, err := f.climbAndAscend(o, make([]float64, 2), nil)
	if err != nil || !a.converged {
		t.Fatal(a.why, err)
	}
	r, err := f.response(o)
	if err != nil {
		t.Fatal(err)
	}
	mu, worst, _, err := f.recentre(r, a.loc)
	if err != nil || worst > 1e-6 {
		t.Fatalf("Monte-Carlo error %g (%v)", worst, err)
	}
	v := r.variances()
	for i := range mu {
		if math.Abs(mu[i]-a.loc[i]) > 1e-3*math.Sqrt(v[i]) {
			t.Errorf("coordinate %d moved by %g sd", i, (mu[i]-a.loc[i])/math.Sqrt(v[i]))
		}
	}
}

// moments are the mean and sd of coordinate i.
func moments(w *Weighted, i int) (mean, sd float64) {
	n := w.N()
	weight := func(k int) float64 {
		if w.W == nil {
			return 1 / float64(n)
		}
		return w.W[k]
	}
	for k := 0; k < n; k++ {
		mean += weight(k) * w.U[k*w.D+i]
	}
	for k := 0; k < n; k++ {
		x := w.U[k*w.D+i] - mean
		sd += weight(k) * x * x
	}
	return mean, math.Sqrt(sd)
}

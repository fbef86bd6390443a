package temper

import (
	"math"
	"math/rand/v2"
	"runtime"
	"testing"
)

// broad is a reference: independent t distributions with five degrees of freedom and
// one scale for all coordinates of a draw.
type broad struct{ loc, sd []float64 }

func (b broad) Draw(r *rand.Rand, u []float64, n int) {
	d := len(b.loc)
	for i := range n {
		chi := 0.0
		for range 5 {
			z := r.NormFloat64()
			chi += z * z
		}
		for j := range d {
			u[i*d+j] = b.loc[j] + math.Sqrt(5/chi)*b.sd[j]*r.NormFloat64()
		}
	}
}

func (b broad) LogDensities(u, lp []float64) {
	d := len(b.loc)
	for i := range lp {
		lp[i] = b.logDensity(u[i*d : (i+1)*d])
	}
}

func (b broad) logDensity(u []float64) float64 {
	q, l := 0.0, 0.0
	for j, x := range u {
		z := (x - b.loc[j]) / b.sd[j]
		q += z * z
		l -= math.Log(b.sd[j])
	}
	d := float64(len(u))
	a, _ := math.Lgamma((5 + d) / 2)
	c, _ := math.Lgamma(2.5)
	return l + a - c - d/2*math.Log(5*math.Pi) - (5+d)/2*math.Log1p(q/5)
}

func around(d int, sd float64) broad {
	b := broad{make([]float64, d), make([]float64, d)}
	for j := range b.sd {
		b.sd[j] = sd
	}
	return b
}

func normal(x, mean, sd float64) float64 {
	z := (x - mean) / sd
	return -0.5*z*z - math.Log(sd) - 0.5*math.Log(2*math.Pi)
}

func logAdd(a, b float64) float64 {
	if a < b {
		a, b = b, a
	}
	return a + math.Log1p(math.Exp(b-a))
}

// density makes a Density of a function of one point.
func density(d int, f func(u []float64) float64) Density {
	return func(u, lp []float64) error {
		for i := range lp {
			lp[i] = f(u[i*d : (i+1)*d])
		}
		return nil
	}
}

func options(d int) Options {
	return Options{D: d, Runs: 8, Particles: 256, Moves: 10, Final: 40,
		Stream: func(i int) *rand.Rand { return rand.New(rand.NewPCG(7, uint64(i))) }}
}

func run(t *testing.T, d int, ref Reference, opt Options, f func(u []float64) float64) *Result {
	t.Helper()
	r, err := Run(density(d, f), ref, opt)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// moments are those of a coordinate, and of the means and sds of runs.
func (r *Result) moments(j int) (mean, sd, err float64) {
	n := r.Runs * r.Particles
	var means []float64
	for k := range r.Runs {
		m := 0.0
		for i := k * r.Particles; i < (k+1)*r.Particles; i++ {
			m += r.U[i*r.D+j] / float64(r.Particles)
		}
		means = append(means, m)
		mean += m / float64(r.Runs)
	}
	for i := range n {
		x := r.U[i*r.D+j] - mean
		sd += x * x / float64(n)
	}
	for _, m := range means {
		err += (m - mean) * (m - mean)
	}
	return mean, math.Sqrt(sd), math.Sqrt(err / float64(r.Runs-1) / float64(r.Runs))
}

// TestFarModes: a narrow mode of a fifth of the mass, far from a wide one, gets its
// share, and the evidence is right; a density that is not normalised has it as its
// integral.
func TestFarModes(t *testing.T) {
	const share, scale = 0.2, 3.7
	r := run(t, 1, around(1, 20), options(1), func(u []float64) float64 {
		return scale + logAdd(math.Log(1-share)+normal(u[0], 0, 2), math.Log(share)+normal(u[0], 40, 0.3))
	})
	mean, sd, mcse := r.moments(0)
	wantSD := math.Sqrt((1-share)*4 + share*(1-share)*1600)
	if !r.Complete || math.Abs(mean-share*40) > 4*mcse || mcse > 1 || math.Abs(sd/wantSD-1) > 0.1 {
		t.Errorf("mean %.3g ± %.2g and sd %.3g, want %g and %.3g; complete: %v", mean, mcse, sd, share*40, wantSD, r.Complete)
	}
	if z, e := r.Evidence(); math.Abs(z-scale) > 4*e+0.02 || e > 0.1 {
		t.Errorf("log evidence %.3f ± %.3f, want %g", z, e, scale)
	}
}

// TestNarrowGaussian: five coordinates that depend on one another, a thousand times
// narrower than the reference in some directions and off its centre.
func TestNarrowGaussian(t *testing.T) {
	const d, rho = 5, 0.95
	opt := options(d)
	opt.Moves = 20
	r := run(t, d, around(d, 30), opt, func(u []float64) float64 {
		lp := normal(u[0], 12, 1)
		for j := 1; j < d; j++ {
			lp += normal(u[j], rho*u[j-1], math.Sqrt(1-rho*rho))
		}
		return lp
	})
	at := 12.0
	for j := range d {
		mean, sd, mcse := r.moments(j)
		if math.Abs(mean-at) > 4*mcse+0.02 || mcse > 0.1 || math.Abs(sd-1) > 0.1 {
			t.Errorf("coordinate %d: mean %.3f ± %.3f, sd %.3f; want %.3f, 1", j, mean, mcse, sd, at)
		}
		at *= rho
	}
	if z, e := r.Evidence(); math.Abs(z) > 4*e+0.05 || e > 0.15 {
		t.Errorf("log evidence %.3f ± %.3f, want 0", z, e)
	}
}

// TestSupport: where the density is 0, or NaN, there are no particles, and the evidence
// counts what is left.
func TestSupport(t *testing.T) {
	r := run(t, 1, around(1, 3), options(1), func(u []float64) float64 {
		switch {
		case u[0] < -1:
			return math.NaN()
		case u[0] < 0:
			return math.Inf(-1)
		}
		return math.Log(2) - 2*u[0] // exponential
	})
	mean, sd, mcse := r.moments(0)
	if math.Abs(mean-0.5) > 4*mcse || math.Abs(sd-0.5) > 0.05 {
		t.Errorf("mean %.3f ± %.3f, sd %.3f", mean, mcse, sd)
	}
	for _, u := range r.U {
		if u < 0 {
			t.Fatalf("a particle at %g", u)
		}
	}
	if z, e := r.Evidence(); math.Abs(z) > 4*e+0.02 {
		t.Errorf("log evidence %.3f ± %.3f", z, e)
	}
}

// TestNowhere: a density that is 0 wherever particles start has no answer.
func TestNowhere(t *testing.T) {
	r := run(t, 1, around(1, 1), options(1), func([]float64) float64 { return math.Inf(-1) })
	if r.Complete {
		t.Error("complete")
	}
}

// TestBounds: runs end when they are told to, and when their evaluations are spent.
func TestBounds(t *testing.T) {
	f := func(u []float64) float64 { return normal(u[0], 1e4, 1e-4) }
	opt := options(1)
	opt.Halted = func() bool { return true }
	if r := run(t, 1, around(1, 1), opt, f); r.Complete || r.Evaluations > opt.Runs*opt.Particles {
		t.Errorf("halted: %d evaluations, complete: %v", r.Evaluations, r.Complete)
	}
	opt = options(1)
	opt.Most = 50_000
	if r := run(t, 1, around(1, 1), opt, f); r.Complete || r.Evaluations > opt.Most {
		t.Errorf("spent: %d evaluations, complete: %v", r.Evaluations, r.Complete)
	}
}

// TestSharedBits: the particles do not depend on the number of cores.
func TestSharedBits(t *testing.T) {
	f := func(u []float64) float64 { return normal(u[0], 1, 0.1) + normal(u[1], u[0], 2) }
	opt := options(2)
	opt.Particles = 64
	one := run(t, 2, around(2, 5), opt, f)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	two := run(t, 2, around(2, 5), opt, f)
	for i := range one.U {
		if one.U[i] != two.U[i] {
			t.Fatalf("number %d differs", i)
		}
	}
}

// TestEvidenceError: the stated error of the log evidence is the error.
func TestEvidenceError(t *testing.T) {
	sum := 0.0
	const repeats = 20
	for k := range repeats {
		opt := options(2)
		opt.Particles = 64
		opt.Stream = func(i int) *rand.Rand { return rand.New(rand.NewPCG(uint64(k), uint64(i))) }
		r := run(t, 2, around(2, 5), opt, func(u []float64) float64 { return normal(u[0], 1, 0.3) + normal(u[1], -2, 0.7) })
		z, e := r.Evidence()
		sum += z * z / (e * e)
	}
	// A mean of squares of t variates with 7 degrees of freedom, of variance 7/5.
	if got := sum / repeats; got < 0.4 || got > 3.5 {
		t.Errorf("squared errors are %.2f times what is stated", got)
	}
}

// TestKeep: states that are kept on the way of the final moves are of the density too, in
// order particle by particle; and joined runs stand beside one another.
func TestKeep(t *testing.T) {
	opt := options(2)
	opt.Keep = 4
	f := func(u []float64) float64 { return normal(u[0], 3, 1) + normal(u[1], -2, 0.5) }
	r := run(t, 2, around(2, 10), opt, f)
	once := run(t, 2, around(2, 10), options(2), f)
	if r.Keep != 4 || len(r.U) != 2*8*256*4 || r.Evaluations != once.Evaluations {
		t.Fatalf("kept %d of each, %d numbers, after %d evaluations and not %d", r.Keep, len(r.U), r.Evaluations, once.Evaluations)
	}
	for i := range r.LogDensity {
		if lp := f(r.U[2*i : 2*i+2]); lp != r.LogDensity[i] {
			t.Fatalf("state %d: log density %g, kept as %g", i, lp, r.LogDensity[i])
		}
		if i%4 == 3 && (r.U[2*i] != once.U[i/4*2] || r.U[2*i+1] != once.U[i/4*2+1]) {
			t.Fatalf("the last state of particle %d is not where it ends", i/4)
		}
	}
	// 8,192 states of which each particle's hang together: those of the ends alone are less exact.
	for j, want := range [2][2]float64{{3, 1}, {-2, 0.5}} {
		mean, square := 0.0, 0.0
		for i := j; i < len(r.U); i += 2 {
			mean += r.U[i] / float64(len(r.U)/2)
		}
		for i := j; i < len(r.U); i += 2 {
			square += (r.U[i] - mean) * (r.U[i] - mean) / float64(len(r.U)/2)
		}
		if math.Abs(mean-want[0]) > 0.05*want[1] || math.Abs(math.Sqrt(square)/want[1]-1) > 0.03 {
			t.Errorf("coordinate %d: %.3f ± %.3f, want %g ± %g", j, mean, math.Sqrt(square), want[0], want[1])
		}
	}
	j := r.Join(r)
	if j.Runs != 16 || len(j.U) != 2*len(r.U) || len(j.LogEvidence) != 16 || !j.Complete {
		t.Errorf("joined: %d runs, %d numbers", j.Runs, len(j.U))
	}
	if z, e := j.Evidence(); math.Abs(z) > 4*e+0.02 {
		t.Errorf("log evidence %.3f ± %.3f, want 0", z, e)
	}
}

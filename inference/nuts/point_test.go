package nuts

import (
	"math"
	"slices"
	"testing"

	"ppl/inference/random"
)

func moving(d int) (*system, *point) {
	s := &system{density: newFunction(d, quartic), invMetric: make([]float64, d)}
	z := newPoint(d)
	r := random.Stream(1, "leapfrog", 0)
	for i := range d {
		s.invMetric[i] = 0.2 + r.Float64()
		z.q[i] = r.NormFloat64()
	}
	s.evaluate(&z)
	s.kick(&z, r)
	return s, &z
}

// correlated gives a system a metric with covariances 0.9ⁱ⁻ʲ.
func correlated(s *system) {
	d := len(s.invMetric)
	cov := make([]float64, d*d)
	for i := range d {
		for j := range d {
			cov[i*d+j] = math.Pow(0.9, math.Abs(float64(i-j))) * math.Sqrt(s.invMetric[i]*s.invMetric[j])
		}
	}
	s.covariances = newDense(cov, d)
}

// TestReversible: with the momentum turned round, or with negative steps, the
// leapfrog retraces its way.
func TestReversible(t *testing.T) {
	reversible(t, func(*system) {})
	reversible(t, correlated)
}

func reversible(t *testing.T, metric func(s *system)) {
	const d, steps, h = 5, 200, 0.05
	s, z := moving(d)
	metric(s)
	start := newPoint(d)
	start.set(z)
	back := func() {
		for i := range z.q {
			if math.Abs(z.q[i]-start.q[i]) > 1e-10 || math.Abs(math.Abs(z.p[i])-math.Abs(start.p[i])) > 1e-10 {
				t.Errorf("coordinate %d came back to %g, %g from %g, %g", i, z.q[i], z.p[i], start.q[i], start.p[i])
			}
		}
	}
	move := func(h float64) {
		for range steps {
			s.leapfrog(z, h)
		}
	}
	move(h)
	if slices.Equal(z.q, start.q) {
		t.Fatal("the point did not move")
	}
	move(-h)
	back()
	move(h)
	for i := range z.p {
		z.p[i] = -z.p[i]
	}
	move(h)
	back()
}

// TestEnergy: over a fixed time the error of the energy falls with the square
// of the step.
func TestEnergy(t *testing.T) {
	for _, metric := range []func(*system){func(*system) {}, correlated} {
		quadratic(t, metric)
	}
}

func quadratic(t *testing.T, metric func(s *system)) {
	worst := func(h float64) float64 {
		s, z := moving(5)
		metric(s)
		h0, w := s.energy(z), 0.0
		for at := 0.0; at < 5; at += h {
			s.leapfrog(z, h)
			w = math.Max(w, math.Abs(s.energy(z)-h0))
		}
		return w
	}
	before := worst(0.04)
	for h := 0.02; h > 0.002; h /= 2 {
		now := worst(h)
		if ratio := before / now; ratio < 3.6 || ratio > 4.4 {
			t.Errorf("step %g: the error of the energy fell from %g to %g", h, before, now)
		}
		before = now
	}
	if before > 1e-3 {
		t.Errorf("the energy is off by %g", before)
	}
}

// TestVolume: the determinant of a step's Jacobian is one.
func TestVolume(t *testing.T) {
	s, z := moving(1)
	const e, h = 1e-5, 0.3
	var j [2][2]float64
	for k := range 2 {
		var ends [2]point
		for sign := range 2 {
			x := newPoint(1)
			x.set(z)
			d := e * float64(2*sign-1)
			if k == 0 {
				x.q[0] += d
			} else {
				x.p[0] += d
			}
			s.evaluate(&x)
			s.leapfrog(&x, h)
			ends[sign] = x
		}
		j[0][k] = (ends[1].q[0] - ends[0].q[0]) / (2 * e)
		j[1][k] = (ends[1].p[0] - ends[0].p[0]) / (2 * e)
	}
	if det := j[0][0]*j[1][1] - j[0][1]*j[1][0]; math.Abs(det-1) > 1e-8 {
		t.Errorf("the determinant is %g", det)
	}
}

func TestMomenta(t *testing.T) {
	s := &system{invMetric: []float64{0.25, 9}}
	z := newPoint(2)
	r := random.Stream(1, "momenta", 0)
	const n = 20000
	var sum [2]float64
	for range n {
		s.kick(&z, r)
		for i, p := range z.p {
			sum[i] += p * p * s.invMetric[i] / n
		}
	}
	for i, v := range sum {
		if math.Abs(v-1) > 0.05 {
			t.Errorf("momentum %d has variance %g times that of the metric", i, v)
		}
	}
}

// TestDenseMomenta: momenta of a metric with covariances have covariance M, so
// that velocities have M⁻¹.
func TestDenseMomenta(t *testing.T) {
	s := &system{invMetric: []float64{0.25, 9, 1}}
	correlated(s)
	z := newPoint(3)
	r := random.Stream(2, "momenta", 0)
	const n = 40000
	var got [9]float64
	for range n {
		s.kick(&z, r)
		s.velocity(&z)
		for i := range 3 {
			for j := range 3 {
				got[3*i+j] += z.v[i] * z.v[j] / n
			}
		}
	}
	for k, want := range s.covariances.(*dense).inv {
		scale := math.Sqrt(s.invMetric[k/3] * s.invMetric[k%3])
		if math.Abs(got[k]-want) > 0.03*scale {
			t.Errorf("the covariance of velocities %d and %d is %g, want %g", k/3, k%3, got[k], want)
		}
	}
	if newDense([]float64{1, 2, 2, 1}, 2) != nil {
		t.Error("a matrix that is not positive definite was taken")
	}
}

package nuts

import (
	"math"
	"testing"

	"ppl/inference/random"
)

// TestSampler: a chain taken step by step, with a density and a metric that change
// between transitions, draws from what both leave invariant. The scale k is 0 or 1 with
// equal probability, and given it two numbers of correlation 0.6 have the sds 1 and 10^k.
func TestSampler(t *testing.T) {
	const rho = 0.6
	wide := 1.0
	f := newFunction(2, func(q, g []float64) float64 {
		x, y := q[0], q[1]/wide
		c := 1 / (1 - rho*rho)
		g[0], g[1] = -c*(x-rho*y), -c*(y-rho*x)/wide
		return -0.5*c*(x*x-2*rho*x*y+y*y) - math.Log(wide)
	})
	r := random.Stream(1, "sampler test", 0)
	s, err := NewSampler(f, 2, r, Options{}, func() bool { return false })
	if err != nil {
		t.Fatal(err)
	}
	if !s.Place([]float64{0.3, -0.2}) {
		t.Fatal("no density at the start")
	}
	pool := NewPool(2)
	for range 5000 { // of the two in units of their sds
		x := r.NormFloat64()
		pool.Add([]float64{x, rho*x + math.Sqrt(1-rho*rho)*r.NormFloat64()})
	}
	m := pool.Metric([]float64{1, 1})
	if !m.Dense() || math.Abs(m.Diagonal[0]-1) > 0.1 {
		t.Fatalf("metric %+v", m)
	}
	s.SetMetric(m)
	n, narrow := 0.0, 0.0
	var sum [2][3]float64 // of x², xy, y², by scale
	var leaps [2]float64
	for i := range 21000 {
		// The scale given the numbers.
		lp := [2]float64{}
		for k, w := range []float64{1, 10} {
			wide = w
			l, _, _ := f.Eval(s.Position())
			lp[k] = l[0]
		}
		k := 0
		if wide = 1; r.Float64() < 1/(1+math.Exp(lp[0]-lp[1])) {
			k, wide = 1, 10
		}
		l, g, _ := f.Eval(s.Position())
		s.Renew(l[0], g)
		s.SetScale([]float64{1, wide})
		if i == 0 {
			if err := s.Tune(); err != nil {
				t.Fatal(err)
			}
		}
		if !s.Transition() {
			t.Fatal("a transition is incomplete")
		}
		if i < 1000 {
			if s.Adapt(); i == 999 {
				s.Settle()
			}
			continue
		}
		x, y := s.Position()[0], s.Position()[1]/wide
		n++
		sum[k][0] += x * x
		sum[k][1] += x * y
		sum[k][2] += y * y
		leaps[k] += float64(s.c.tree.leaps)
		if k == 0 {
			narrow++
		}
		if s.Divergent() || s.Saturated() || !(s.c.tree.acceptance() > 0) || s.LogDensity() > 0 {
			t.Fatalf("trajectory %d: divergent %v, saturated %v, acceptance %g", i, s.Divergent(), s.Saturated(), s.c.tree.acceptance())
		}
	}
	// Chains stay in a scale for a while: errors are some times those of independent draws.
	if p := narrow / n; math.Abs(p-0.5) > 0.06 {
		t.Errorf("the scale is 1 with frequency %.3f", p)
	}
	counts := [2]float64{narrow, n - narrow}
	for k, want := range []float64{1, rho, 1} {
		for scale := range sum {
			if got := sum[scale][k] / counts[scale]; math.Abs(got-want) > 0.06 {
				t.Errorf("scale %d: moment %d is %.3f, want %.3f", scale, k, got, want)
			}
		}
	}
	if a, b := leaps[0]/counts[0], leaps[1]/counts[1]; math.Abs(a-b) > 1 || s.Step() < 0.3 {
		t.Errorf("steps of %.2f: %.1f of them where the sd is 1, %.1f where it is 10", s.Step(), a, b)
	}
}

func TestMedian(t *testing.T) {
	if got := Median([]float64{8, 1, 2, 4}); math.Abs(got-math.Sqrt(8)) > 1e-12 {
		t.Errorf("%g", got)
	}
	if got := Median([]float64{8, 1, 2}); got != 2 {
		t.Errorf("%g", got)
	}
}

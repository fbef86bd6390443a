package inference

import (
	"context"
	"math"
	"testing"

	"ppl/graph/lower"
	"ppl/inference/random"
	"ppl/inference/target"
)

// A saturated two-level factorial experiment: as many coefficients as runs, so
// that the density of the coefficients rises without bound as sigma falls to 0,
// and plugging values between 0 and 1 in for `on` fits every run. Coordinate
// ascent finds the effects that there are, from whatever start.
const factorial = `
data X : real[16, 15]
data y : real[16]
sigma ~ HalfNormal(10)
on : int[15] ~ Bernoulli(0.2)
b : real[15] ~ Normal(0, 10)
y ~ Normal(20 + X @ (on * b), sigma)`

func factorialTarget(t *testing.T) (tg *target.Target, active map[int]float64) {
	t.Helper()
	const n = 16
	active = map[int]float64{0: 10, 3: -5, 8: 4}
	r := random.Stream(1, "factorial", 0)
	var x, y []float64
	for i := range n {
		v := 20 + r.NormFloat64()
		for mask := 1; mask < n; mask++ {
			sign := 1.0
			for f := range 4 {
				if mask>>f&1 == 1 && i>>f&1 == 0 {
					sign = -sign
				}
			}
			x, v = append(x, sign), v+sign*active[mask-1]
		}
		y = append(y, v)
	}
	return compiled(t, factorial, map[string]*lower.Array{"X": {Shape: []int{n, n - 1}, Data: x}, "y": vectorOf(y...)},
		map[string]string{"on": lower.Relax}), active
}

func TestCoordinateAscent(t *testing.T) {
	tg, active := factorialTarget(t)
	for seed := uint64(1); seed <= 5; seed++ {
		f := newFitter(context.Background(), tg, Options{Seed: seed, Particles: 64, Draws: 256})
		f.t = tg
		g, err := newGuided(tg, target.Lanes)
		if err != nil {
			t.Fatal(err)
		}
		if !f.sweepable(g) {
			t.Fatal("too large for sweeps")
		}
		st, err := f.guidedStarts(g)
		if err != nil || st == nil {
			t.Fatal(st, err)
		}
		x := g.sites[0]
		x.logits(st.phi)
		for e := range x.n {
			if p := x.q[2*e+1]; math.Abs(p-map[bool]float64{true: 1}[active[e] != 0]) > 0.1 {
				t.Errorf("seed %d: coefficient %d is %g, and in with probability %.3f", seed, e, active[e], p)
			}
			if b := st.loc[tg.D-x.n+e]; active[e] != 0 && math.Abs(b-active[e]) > 1 {
				t.Errorf("seed %d: coefficient %d is %.2f, want about %g", seed, e, b, active[e])
			}
		}
	}
}

// deal gives every value as often as its probability says, to within one.
func TestDeal(t *testing.T) {
	x := &guidedSite{n: 1, k: 3, q: []float64{0.5, 0.03, 0.47}, w: make([]float64, 64*3), pr: make([]float64, 64*3)}
	total := make([]float64, 3)
	for i := range 200 {
		x.deal(random.Stream(1, "deal", i), 0, 64)
		count := make([]float64, 3)
		for p := range 64 {
			count[target.MostProbable(x.w[3*p:3*p+3])]++
		}
		for k, c := range count {
			if math.Abs(c-64*x.q[k]) >= 1 {
				t.Fatalf("value %d comes %g times of 64, its probability is %g", k, c, x.q[k])
			}
			total[k] += c / 200 / 64
		}
	}
	for k, p := range total {
		if math.Abs(p-x.q[k]) > 0.004 {
			t.Errorf("value %d comes with frequency %.4f, want %.4f", k, p, x.q[k])
		}
	}
}

package inference

import (
	"math"
	"testing"

	"ppl/inference/random"
)

// proposal is a Gaussian by its location and covariance.
func proposal(loc []float64, cov ...float64) *gaussian { return newGaussian(loc, cov) }

// TestWeightsOfTheTarget: draws from the target itself have equal weights.
func TestWeightsOfTheTarget(t *testing.T) {
	f := atWork(t, build(t, "a ~ Normal(1, 2)\nb ~ Normal(a, 1)", nil))
	q := proposal([]float64{1, 1}, 4, 4, 4, 5)
	w, err := f.weigh(q, math.Inf(1), 1000, "test", 0)
	if err != nil {
		t.Fatal(err)
	}
	for i, x := range w.W {
		if math.Abs(x*1000-1) > 1e-9 {
			t.Fatalf("weight %d is %g of the mean", i, 1000*x)
		}
	}
	if math.Abs(w.ESS-1000) > 1e-3 {
		t.Errorf("%g effective draws of 1000", w.ESS)
	}
}

// TestKHat: for a normal target of sd 1 and a normal proposal of sd s the weights
// have a tail of shape k = 1 − s² (s < 1), and are bounded for s > 1; their
// effective sample size is n/E[w²] = n (2s² − 1)^½ / s² where that exists.
func TestKHat(t *testing.T) {
	f := atWork(t, build(t, "a ~ Normal(0, 1)", nil))
	const n = 20000
	for _, s := range []float64{0.5, 0.7, 0.9, 1.3, 2} {
		w, err := f.weigh(proposal([]float64{0}, s*s), math.Inf(1), n, "test", 0)
		if err != nil {
			t.Fatal(err)
		}
		k := 1 - s*s
		switch {
		case s < 1 && math.Abs(w.KHat-k) > 0.25:
			t.Errorf("proposal of sd %g: k̂ = %.2f, want about %.2f", s, w.KHat, k)
		case s > 1 && w.KHat > 0:
			t.Errorf("proposal of sd %g: k̂ = %.2f, of bounded weights", s, w.KHat)
		}
		if s > 0.8 {
			want := n * math.Sqrt(2*s*s-1) / (s * s)
			if math.Abs(w.ESS/want-1) > 0.1 {
				t.Errorf("proposal of sd %g: %.0f effective draws, want %.0f", s, w.ESS, want)
			}
		}
		if mean, sd := moments(w, 0); s > 0.8 && (math.Abs(mean) > 0.05 || math.Abs(sd-1) > 0.05) {
			t.Errorf("proposal of sd %g: %g ± %g", s, mean, sd)
		}
	}
}

// TestMixtureIntegratesToOne: with its constant, the density of a mixture of t
// distributions integrates to one.
func TestMixtureIntegratesToOne(t *testing.T) {
	m := &mixture{df: 7, weight: []float64{0.3, 0.7}, part: []*gaussian{proposal([]float64{-2}, 0.25), proposal([]float64{3}, 4)}}
	lg := func(x float64) float64 { y, _ := math.Lgamma(x); return y }
	constant := lg(0.5*(m.df+1)) - lg(0.5*m.df) - 0.5*math.Log(m.df*math.Pi)
	total := 0.0
	share, distance, z := make([]float64, 2), make([]float64, 2), make([]float64, 1)
	const h = 1e-3
	for x := -200.0; x < 200; x += h {
		l := logDensity(m, []float64{x}, z, share, distance)
		total += h * math.Exp(l+constant)
		if s := share[0] + share[1]; math.Abs(s-1) > 1e-12 {
			t.Fatalf("shares add up to %g", s)
		}
	}
	if math.Abs(total-1) > 1e-4 {
		t.Errorf("integral %g", total)
	}
}

// TestMixtureDrawsFollowIt: a mixture as proposal for itself, in the disguise
// of one part alone: the draws of all its parts together have its moments.
func TestMixtureDrawsFollowIt(t *testing.T) {
	f := atWork(t, build(t, "a ~ Normal(0, 1)", nil))
	m := &mixture{df: 50, weight: []float64{0.3, 0.7}, part: []*gaussian{proposal([]float64{-1}, 0.5), proposal([]float64{0.5}, 0.8)}}
	w, err := f.weighMixture(m, 8000, "test", 0)
	if err != nil {
		t.Fatal(err)
	}
	plain, _ := moments(&Weighted{D: 1, U: w.U}, 0)
	if want := 0.3*-1 + 0.7*0.5; math.Abs(plain-want) > 0.01 {
		t.Errorf("draws have mean %g, the mixture %g", plain, want)
	}
	if mean, sd := moments(w, 0); math.Abs(mean) > 0.03 || math.Abs(sd-1) > 0.03 {
		t.Errorf("weighted: %g ± %g, the target is standard normal", mean, sd)
	}
}

// TestMixtureFits: shapes that no single t follows get a much smaller k̂ from
// fitted mixtures, and the moments come out.
func TestMixtureFits(t *testing.T) {
	for _, c := range []struct {
		name, text string
		loc, cov   []float64
		mean, sd   float64 // of the second coordinate
	}{
		{"banana", "x ~ Normal(0, 1)\ny ~ Normal(x^2, 0.5)", []float64{0, 1}, []float64{1, 0, 0, 2.25}, 1, 1.5},
		{"two sizes", "x ~ Normal(0, 1)\nv ~ Normal(0, 1)\nfactor log_sum_exp([log_density(Normal(0, 0.2), v), log_density(Normal(0, 5), v)]) - log_density(Normal(0, 1), v)",
			[]float64{0, 0}, []float64{1, 0, 0, 0.1}, 0, math.Sqrt(0.5 * (0.04 + 25))},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := atWork(t, build(t, c.text, nil))
			q := proposal(c.loc, c.cov...)
			single, err := f.weigh(q, 7, 4096, "single", 0)
			if err != nil {
				t.Fatal(err)
			}
			best, err := f.correct(q, 4096, adaptations)
			if err != nil {
				t.Fatal(err)
			}
			if !(best.KHat < 0.5) || !(best.KHat < single.KHat-0.2) {
				t.Errorf("k̂ = %.2f by mixtures, %.2f by one t", best.KHat, single.KHat)
			}
			// Where the tails are missed the shape of the variances shows it.
			mean, sd := moments(best, 1)
			right := math.Abs(mean-c.mean) < 0.1*c.sd && math.Abs(math.Log(sd/c.sd)) < 0.1
			if !right && best.Spread.KHat < 0.7 {
				t.Errorf("%g ± %g, want %g ± %g; k̂ %.2f, of the variances %.2f", mean, sd, c.mean, c.sd, best.KHat, best.Spread.KHat)
			}
		})
	}
}

// TestSpread: a proposal that stops short of the tails has a low k̂, and is given
// away by its variances; one that covers them is not.
func TestSpread(t *testing.T) {
	const n = 4000
	r := random.Stream(1, "spread", 0)
	for _, c := range []struct {
		df    float64 // of the weights' coordinate
		heavy bool
	}{{math.Inf(1), false}, {1, true}} {
		w := &Weighted{D: 2, U: make([]float64, 2*n), W: make([]float64, n)}
		for i := 0; i < n; i++ {
			scale := 1.0
			if !math.IsInf(c.df, 1) { // a Cauchy variate: equal weights, no variance
				scale = 1 / math.Abs(r.NormFloat64())
			}
			w.U[2*i], w.U[2*i+1], w.W[i] = r.NormFloat64(), r.NormFloat64()*scale, 1.0/n
		}
		w.measureSpread()
		if c.heavy != (w.Spread.KHat > 1) || c.heavy && w.Spread.Coordinate != 1 {
			t.Errorf("heavy %t: k̂ of the variances is %.2f, of coordinate %d", c.heavy, w.Spread.KHat, w.Spread.Coordinate)
		}
	}
}

// TestDefended: the added component has its share, the others keep their
// proportions.
func TestDefended(t *testing.T) {
	q := proposal([]float64{0}, 1)
	m := (&mixture{df: 7, weight: []float64{0.25, 0.75}, part: []*gaussian{q, q}}).defended(proposal([]float64{9}, 1), 0.1)
	want := []float64{0.225, 0.675, 0.1}
	if len(m.part) != 3 || m.part[2].loc[0] != 9 {
		t.Fatalf("%d parts", len(m.part))
	}
	for i, x := range want {
		if math.Abs(m.weight[i]-x) > 1e-12 {
			t.Errorf("weight %d is %g, want %g", i, m.weight[i], x)
		}
	}
}

// TestResampling: resampled rows follow the weights.
func TestResampling(t *testing.T) {
	w := &Weighted{D: 1, U: []float64{1, 2, 3, 4}, W: []float64{0.1, 0.2, 0.3, 0.4}}
	count := make([]int, 4)
	for _, row := range w.Resample(1, 10000) {
		count[row]++
	}
	for i, c := range count {
		if math.Abs(float64(c)-10000*w.W[i]) > 2 { // systematic: no noise but rounding
			t.Errorf("row %d is drawn %d times of 10000, its weight is %g", i, c, w.W[i])
		}
	}
	if rows := (&Weighted{D: 1, U: []float64{1, 2}}).Resample(1, 5); len(rows) != 5 || rows[4] > 1 {
		t.Errorf("without weights: %v", rows)
	}
}

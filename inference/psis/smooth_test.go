package psis_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
	_ "ppl/bench/daily"

	"ppl/inference/psis"
)

// TestTailShape: with proposal Exp(1) and target Exp(λ) the ratio at x is
// λ·exp((1−λ)x), so that P(ratio > t) ∝ t^(−1/(1−λ)): its tail has shape k = 1 − λ
// exactly. λ > 1 bounds the ratios.
func TestTailShape(t *testing.T) {
	const s, runs = 20000, 20
	for _, k := range []float64{0.1, 0.3, 0.5, 0.7, 0.9, 1.2} {
		sum := 0.0
		for run := range runs {
			_, khat := psis.Smooth(exponentialRatios(s, k, run))
			if math.Abs(khat-k) > 0.3 {
				t.Errorf("k = %g: k̂ = %g in run %d", k, khat, run)
			}
			sum += khat
		}
		// The prior counts 10 against 425 tail draws; the rest is noise, of sd
		// (1 + k)/√425 a run.
		want := (425*k + 10*0.5) / 435
		if got := sum / runs; math.Abs(got-want) > 4*(1+k)/math.Sqrt(425*runs)+0.01 {
			t.Errorf("k = %g: mean k̂ = %g, want %g", k, got, want)
		}
	}
	if _, khat := psis.Smooth(exponentialRatios(s, -1, 0)); khat > 0 {
		t.Errorf("bounded ratios have k̂ = %g", khat)
	}
}

func exponentialRatios(s int, k float64, run int) []float64 {
	r := rand.New(rand.NewPCG(1, uint64(run)))
	lw := make([]float64, s)
	for i := range lw {
		lw[i] = math.Log(math.Abs(1-k)) + k*r.ExpFloat64()
	}
	return lw
}

// TestExactExpectations weights draws from N(0, 1) towards N(m, s²).
func TestExactExpectations(t *testing.T) {
	const n = 8000
	for _, c := range []struct{ m, s float64 }{{0, 1}, {0.5, 0.9}, {-1, 0.7}, {0.3, 1.1}} {
		t.Run(fmt.Sprint(c), func(t *testing.T) {
			r := rand.New(rand.NewPCG(2, 0))
			x, lr := make([]float64, n), make([]float64, n)
			for i := range x {
				x[i] = r.NormFloat64()
				z := (x[i] - c.m) / c.s
				lr[i] = (x[i]*x[i]-z*z)/2 + 1000 // any constant
			}
			lw, khat := psis.Smooth(lr)
			if khat > psis.Threshold(n) {
				t.Errorf("k̂ = %g", khat)
			}
			w := psis.Weights(lw)
			mean, e := psis.Mean(x, w, 1)
			within(t, "mean", mean, c.m, e)
			sd, e := psis.SD(x, w, 1)
			within(t, "sd", sd, c.s, e)
			ps := []float64{0.05, 0.5, 0.95}
			qs, es := psis.Quantiles(x, w, 1, ps)
			for i, z := range []float64{-1.6448536269514722, 0, 1.6448536269514722} {
				within(t, fmt.Sprintf("quantile %g", ps[i]), qs[i], c.m+c.s*z, es[i])
			}
			pick := psis.Resample(w, n, r)
			sum := 0.0
			for _, i := range pick {
				sum += x[i] / n
			}
			within(t, "resampled mean", sum, mean, 3*e)
		})
	}
}

func within(t *testing.T, what string, got, want, mcse float64) {
	t.Helper()
	if !(math.Abs(got-want) <= 4.5*mcse) || !(mcse > 0 && mcse < 0.2) {
		t.Errorf("%s %g ± %g, want %g", what, got, mcse, want)
	}
}

// TestStandardErrors: over many runs, errors over standard errors have mean
// square one.
func TestStandardErrors(t *testing.T) {
	const n, runs = 1000, 400
	sums := make([]float64, 3)
	for run := range runs {
		r := rand.New(rand.NewPCG(3, uint64(run)))
		x, lr := make([]float64, n), make([]float64, n)
		for i := range x {
			x[i] = r.NormFloat64()
			lr[i] = 0.5 * x[i] // towards N(½, 1)
		}
		lw, _ := psis.Smooth(lr)
		w := psis.Weights(lw)
		mean, e0 := psis.Mean(x, w, 1)
		sd, e1 := psis.SD(x, w, 1)
		q, e2 := psis.Quantiles(x, w, 1, []float64{0.5})
		for i, z := range []float64{(mean - 0.5) / e0, (sd - 1) / e1, (q[0] - 0.5) / e2[0]} {
			sums[i] += z * z / runs
		}
	}
	for i, what := range []string{"mean", "sd", "median"} {
		if math.Abs(sums[i]-1) > 0.3 {
			t.Errorf("%s: squared errors are %g of what they should be", what, sums[i])
		}
	}
}

func TestEdges(t *testing.T) {
	inf := math.Inf(1)
	ramp := func(n int) []float64 {
		lw := make([]float64, n)
		for i := range lw {
			lw[i] = float64(i%37) / 10
		}
		return lw
	}
	with := func(lw []float64, v ...float64) []float64 { copy(lw, v); return lw }
	for _, c := range []struct {
		name string
		lw   []float64
		khat float64 // NaN: any finite value
		ess  float64 // 0: any
	}{
		{"none", nil, inf, 0},
		{"one", []float64{3}, inf, 1},
		{"20 draws", make([]float64, 20), inf, 20},
		{"equal", make([]float64, 1000), 0, 1000},
		{"equal but for rounding", with(make([]float64, 1000), 1e-12, -1e-12), 0, 1000},
		{"huge", with(make([]float64, 1000), 1e300), math.NaN(), 0},
		{"all zero weights", []float64{-inf, math.NaN(), -inf}, inf, 0},
		{"NaN and -Inf", with(ramp(1000), math.NaN(), -inf), math.NaN(), 0},
		{"+Inf", with(ramp(1000), inf, 1, inf), inf, 2},
		{"mostly zero", append(ramp(400), slices.Repeat([]float64{-inf}, 5000)...), math.NaN(), 0},
		{"far apart", with(ramp(1000), 5000, 4000, 3000), math.NaN(), 1},
	} {
		lw, khat := psis.Smooth(c.lw)
		if math.IsNaN(khat) || (khat != c.khat && !math.IsNaN(c.khat)) {
			t.Errorf("%s: k̂ = %g, want %g", c.name, khat, c.khat)
		}
		w := psis.Weights(lw)
		if ess := psis.ESS(w, 1); math.IsNaN(ess) || c.ess > 0 && math.Abs(ess-c.ess) > 1e-6 {
			t.Errorf("%s: effective size %g, want %g", c.name, ess, c.ess)
		}
		for i, l := range c.lw {
			if !(l > math.Inf(-1)) && w[i] != 0 {
				t.Errorf("%s: draw %d has weight %g", c.name, i, w[i])
			}
		}
	}
}

// TestShortestTail: 21 draws have five in the tail, the lowest of which is its first
// quartile.
func TestShortestTail(t *testing.T) {
	lw := make([]float64, 21)
	for i := range lw {
		lw[i] = float64(i) / 10
	}
	if _, khat := psis.Smooth(lw); math.IsInf(khat, 0) {
		t.Error("21 draws have no k̂")
	}
	if _, khat := psis.Smooth(lw[1:]); !math.IsInf(khat, 1) {
		t.Errorf("20 draws have k̂ = %g", khat)
	}
}

func TestThreshold(t *testing.T) {
	for _, c := range []struct {
		s    int
		want float64
	}{{100, 0.5}, {1000, 2.0 / 3}, {2200, 0.7}, {1000000, 0.7}} {
		if got := psis.Threshold(c.s); math.Abs(got-c.want) > 1e-3 {
			t.Errorf("threshold of %d draws is %g, want %g", c.s, got, c.want)
		}
	}
	if got := psis.MinDraws(0.7); math.Abs(got-math.Pow(10, 1/0.3)) > 1e-9 {
		t.Errorf("k = 0.7 needs %g draws", got)
	}
	if !math.IsInf(psis.MinDraws(1), 1) || math.Abs(psis.MinDraws(-3)-10) > 1e-12 {
		t.Error("the ends of MinDraws are wrong")
	}
}

// ratios are log ratios of a wild variety of shapes.
func ratios(t *rapid.T) []float64 {
	scale := rapid.Float64Range(0.01, 20).Draw(t, "scale")
	power := rapid.IntRange(1, 2).Draw(t, "power")
	// Steps of a hundredth: adding a constant must not make or break ties.
	return rapid.SliceOfN(rapid.Map(rapid.IntRange(-100, 100), func(x int) float64 {
		return scale * math.Pow(float64(x)/100, float64(power))
	}), 1, 300).Draw(t, "logw")
}

// TestProperties: whatever the ratios, the weights are a distribution in the
// order of the raw ones, a constant does not matter, nor does the order.
func TestProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		raw := ratios(t)
		lw, khat := psis.Smooth(raw)
		sum := 0.0
		for _, v := range psis.Weights(lw) {
			sum += v
		}
		if math.Abs(sum-1) > 1e-12 || math.IsNaN(khat) {
			t.Fatalf("weights sum to %g, k̂ = %g", sum, khat)
		}
		for i := range raw {
			for j := range raw {
				if raw[i] < raw[j] && lw[i] > lw[j]+1e-12 {
					t.Fatalf("draws %d and %d changed their order", i, j)
				}
			}
		}
		c := rapid.Float64Range(-500, 500).Draw(t, "constant")
		moved := slices.Clone(raw)
		for i := range moved {
			moved[i] += c
		}
		perm := rapid.Permutation(indices(len(raw))).Draw(t, "permutation")
		mixed := make([]float64, len(raw))
		for i, p := range perm {
			mixed[i] = moved[p]
		}
		again, k2 := psis.Smooth(mixed)
		if math.Abs(k2-khat) > 1e-6 {
			t.Fatalf("k̂ = %g, moved and permuted %g", khat, k2)
		}
		slices.Sort(lw)
		slices.Sort(again)
		for i := range lw {
			if math.Abs(lw[i]-again[i]) > 1e-6 {
				t.Fatalf("weight %d: %g, moved and permuted %g", i, lw[i], again[i])
			}
		}
	})
}

func indices(n int) []int {
	x := make([]int, n)
	for i := range x {
		x[i] = i
	}
	return x
}

// TestResample: each draw comes as often as its weight says, up to one.
func TestResample(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := rapid.SliceOfN(rapid.Float64Range(0, 1), 1, 50).Draw(t, "w")
		n := rapid.IntRange(1, 200).Draw(t, "n")
		total := 0.0
		for _, v := range w {
			total += v
		}
		got := psis.Resample(w, n, rand.New(rand.NewPCG(4, uint64(n))))
		if total == 0 {
			if got != nil {
				t.Fatal("draws without weight were picked")
			}
			return
		}
		count := make([]int, len(w))
		for _, i := range got {
			count[i]++
		}
		for i, v := range w {
			if math.Abs(float64(count[i])-float64(n)*v/total) > 1+1e-9 || v == 0 && count[i] > 0 {
				t.Fatalf("draw %d of weight %g came %d times of %d", i, v/total, count[i], n)
			}
		}
		if len(got) != n || !slices.IsSorted(got) {
			t.Fatalf("%d draws: %v", n, got)
		}
	})
}

// TestEqualWeights: with equal weights the estimators are the plain ones.
func TestEqualWeights(t *testing.T) {
	x := []float64{4, 1, 3, 2, 10}
	w := []float64{0.2, 0.2, 0.2, 0.2, 0.2}
	mean, e := psis.Mean(x, w, 1)
	sd, _ := psis.SD(x, w, 1)
	if mean != 4 || math.Abs(sd-math.Sqrt(12.5)) > 1e-12 || math.Abs(e-math.Sqrt(10.0/5)) > 1e-12 {
		t.Errorf("mean %g ± %g, sd %g", mean, e, sd)
	}
	qs, _ := psis.Quantiles(x, w, 1, []float64{0, 0.1, 0.5, 0.6, 1})
	for i, want := range []float64{1, 1, 3, 3.5, 10} {
		if math.Abs(qs[i]-want) > 1e-12 {
			t.Errorf("quantiles %v", qs)
		}
	}
	if m, e := psis.Mean(x, make([]float64, 5), 1); !math.IsNaN(m) || !math.IsNaN(e) {
		t.Errorf("without weights the mean is %g ± %g", m, e)
	}
	if m, _ := psis.Mean([]float64{math.NaN(), 2}, []float64{0, 1}, 1); m != 2 {
		t.Errorf("a draw without weight counts: %g", m)
	}
}

func BenchmarkSmooth(b *testing.B) {
	lw := exponentialRatios(8000, 0.4, 0)
	for b.Loop() {
		psis.Smooth(lw)
	}
}

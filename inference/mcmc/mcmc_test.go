package mcmc_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
	_ "ppl/bench/daily"

	"ppl/inference/mcmc"
)

// ar1 makes stationary chains with autocorrelation phi^t and variance 1.
func ar1(m, n int, phi float64, index int) [][]float64 {
	r := rand.New(rand.NewPCG(1, uint64(index)))
	chains := make([][]float64, m)
	for i := range chains {
		x := r.NormFloat64()
		for range n {
			chains[i] = append(chains[i], x)
			x = phi*x + math.Sqrt(1-phi*phi)*r.NormFloat64()
		}
	}
	return chains
}

// TestAutoregression: the mean of an AR(1) chain is worth (1−φ)/(1+φ) of its
// draws, and Σ of squared steps is 2(1−φ) of Σ of squares.
func TestAutoregression(t *testing.T) {
	for _, phi := range []float64{0, 0.3, 0.9, -0.5} {
		sum, bulk, fraction := 0.0, 0.0, 0.0
		const m, n, runs = 4, 5000, 10
		for run := range runs {
			c := ar1(m, n, phi, run)
			sum += mcmc.ESSMean(c) / runs
			bulk += mcmc.ESSBulk(c) / runs
			fraction += mcmc.EBFMI(c)[1] / runs
			if r := mcmc.RHat(c); r > 1.01 {
				t.Errorf("φ = %g: R̂ = %g", phi, r)
			}
		}
		want := m * n * (1 - phi) / (1 + phi)
		if math.Abs(sum/want-1) > 0.07 || math.Abs(bulk/want-1) > 0.07 {
			t.Errorf("φ = %g: effective size %g, of the bulk %g, want %g", phi, sum, bulk, want)
		}
		if math.Abs(fraction/(2*(1-phi))-1) > 0.05 {
			t.Errorf("φ = %g: E-BFMI %g, want %g", phi, fraction, 2*(1-phi))
		}
	}
}

// TestStandardErrors: over many runs, errors over standard errors have mean
// square one.
func TestStandardErrors(t *testing.T) {
	const runs = 200
	var mean, sd, q10 float64
	for run := range runs {
		c := ar1(4, 500, 0.5, 100+run)
		all := slices.Concat(c...)
		m, v := 0.0, 0.0
		for _, x := range all {
			m += x / float64(len(all))
		}
		for _, x := range all {
			v += (x - m) * (x - m) / float64(len(all)-1)
		}
		slices.Sort(all)
		mean += math.Pow(m/mcmc.MCSEMean(c), 2) / runs
		sd += math.Pow((math.Sqrt(v)-1)/mcmc.MCSESD(c), 2) / runs
		q10 += math.Pow((all[len(all)/10]+1.2815515655446004)/mcmc.MCSEQuantile(c, 0.1), 2) / runs
	}
	for what, got := range map[string]float64{"mean": mean, "sd": sd, "10 % quantile": q10} {
		if math.Abs(got-1) > 0.4 {
			t.Errorf("%s: squared errors are %g of what they should be", what, got)
		}
	}
}

// TestDisagreement: chains that differ in location, in scale, or drift.
func TestDisagreement(t *testing.T) {
	change := func(f func(chain, draw int, x float64) float64) [][]float64 {
		c := ar1(4, 1000, 0, 50)
		for i := range c {
			for k := range c[i] {
				c[i][k] = f(i, k, c[i][k])
			}
		}
		return c
	}
	for what, c := range map[string][][]float64{
		"location": change(func(i, _ int, x float64) float64 { return x + 0.5*float64(i) }),
		"scale":    change(func(i, _ int, x float64) float64 { return x * math.Pow(3, float64(i)) }),
		"drift":    change(func(_, k int, x float64) float64 { return x + float64(k)/500 }),
	} {
		if r := mcmc.RHat(c); r < 1.05 {
			t.Errorf("%s: R̂ = %g", what, r)
		}
		if e := mcmc.ESSTail(c); e > 1000 {
			t.Errorf("%s: tail-ESS = %g of 4000", what, e)
		}
	}
}

// TestUndefined: figures that do not exist are NaN, and nothing crashes.
func TestUndefined(t *testing.T) {
	with := func(v float64) [][]float64 {
		c := ar1(2, 50, 0, 0)
		c[1][7] = v
		return c
	}
	for what, c := range map[string][][]float64{
		"no chains": nil,
		"no draws":  {{}, {}},
		"constant":  {{2, 2, 2, 2, 2, 2, 2, 2}, {2, 2, 2, 2, 2, 2, 2, 2}},
		"NaN":       with(math.NaN()),
		"infinite":  with(math.Inf(-1)),
		"ragged":    {{1, 2, 3}, {1, 2}},
		"one draw":  {{1}, {2}},
	} {
		for _, fig := range figures {
			if v := fig.f(c); !math.IsNaN(v) {
				t.Errorf("%s: %s = %g", what, fig.name, v)
			}
		}
		for _, v := range mcmc.EBFMI(c) {
			if what == "constant" && !math.IsNaN(v) {
				t.Errorf("%s: E-BFMI = %g", what, v)
			}
		}
	}
	// Each chain stuck at a value of its own has not converged at all.
	stuck := [][]float64{slices.Repeat([]float64{1}, 100), slices.Repeat([]float64{2}, 100)}
	if r := mcmc.RHat(stuck); !(r > 1e6) {
		t.Errorf("stuck chains have R̂ = %g", r)
	}
	coin := ar1(2, 200, 0, 3)
	for i := range coin {
		for k, x := range coin[i] {
			coin[i][k] = math.Copysign(1, x)
		}
	}
	if r := mcmc.RHat(coin); !(r < 1.05) {
		t.Errorf("coins have R̂ = %g", r)
	}
}

// TestInvariance: R̂ and bulk-ESS see ranks alone; the order of the chains does
// not matter; nothing exceeds S·log₁₀ S.
func TestInvariance(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, n := rapid.IntRange(1, 5).Draw(t, "chains"), rapid.IntRange(12, 60).Draw(t, "draws")
		value := rapid.Map(rapid.IntRange(-30, 30), func(i int) float64 { return float64(i) / 10 })
		c := make([][]float64, m)
		for i := range c {
			c[i] = rapid.SliceOfN(value, n, n).Draw(t, "chain")
		}
		curved := make([][]float64, m)
		for i := range c {
			for _, x := range c[m-1-i] {
				curved[i] = append(curved[i], math.Exp(x))
			}
		}
		a, b := mcmc.ESSBulk(c), mcmc.ESSBulk(curved)
		if math.IsNaN(a) != math.IsNaN(b) || math.Abs(a-b) > 1e-6*a {
			t.Fatalf("bulk-ESS %g, of the exponentials %g", a, b)
		}
		s := float64(m * n)
		if a > s*math.Log10(s)*(1+1e-9) || a <= 0 {
			t.Fatalf("bulk-ESS %g of %g draws", a, s)
		}
	})
}

// TestDiagnose: the figures together are the figures one by one.
func TestDiagnose(t *testing.T) {
	c := ar1(3, 301, 0.6, 9)
	want := mcmc.Diagnostics{RHat: mcmc.RHat(c), ESSBulk: mcmc.ESSBulk(c), ESSTail: mcmc.ESSTail(c), MCSEMean: mcmc.MCSEMean(c),
		MCSETail: math.Max(mcmc.MCSEQuantile(c, 0.05), mcmc.MCSEQuantile(c, 0.95))}
	if got := mcmc.Diagnose(c); got != want {
		t.Errorf("%+v, one by one %+v", got, want)
	}
	if got := mcmc.Diagnose(nil); !math.IsNaN(got.RHat) || !math.IsNaN(got.ESSTail) {
		t.Errorf("without chains %+v", got)
	}
	if got := mcmc.Diagnose(ar1(2, 10, 0.6, 9)); !math.IsNaN(got.ESSTail) || !math.IsNaN(got.MCSETail) {
		t.Errorf("of chains that are too short for an effective sample size %+v", got)
	}
}

func BenchmarkDiagnose(b *testing.B) {
	c := ar1(4, 1000, 0.5, 0)
	for b.Loop() {
		mcmc.Diagnose(c)
	}
}

// TestGroups: many short chains have a large R̂ one by one, since the mean of each varies;
// that of groups is small where they agree, and large where they do not.
func TestGroups(t *testing.T) {
	c := ar1(64, 64, 0.6, 70)
	one, nested := mcmc.Diagnose(c), mcmc.DiagnoseGroups(c, 8)
	if !(one.RHat > 1.03) || !(nested.RHat < 1.01) {
		t.Errorf("R̂ of chains %.3f, of groups %.3f", one.RHat, nested.RHat)
	}
	if one.ESSBulk != nested.ESSBulk || one.ESSTail != nested.ESSTail || one.MCSEMean != nested.MCSEMean {
		t.Errorf("effective draws differ: %+v, %+v", one, nested)
	}
	if same := mcmc.DiagnoseGroups(c, 64); same != one {
		t.Errorf("groups of one chain: %+v, want %+v", same, one)
	}
	for what, f := range map[string]func(chain int, x float64) float64{
		"location": func(i int, x float64) float64 { return x + 0.3*float64(i/8) },
		"scale":    func(i int, x float64) float64 { return x * math.Pow(1.5, float64(i/8)) },
	} {
		apart := ar1(64, 64, 0.6, 71)
		for i := range apart {
			for k := range apart[i] {
				apart[i][k] = f(i, apart[i][k])
			}
		}
		if r := mcmc.DiagnoseGroups(apart, 8).RHat; r < 1.05 {
			t.Errorf("groups that differ in %s: R̂ = %.3f", what, r)
		}
	}
}

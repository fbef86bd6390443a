package tails_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"ppl/inference/tails"
)

// law is a distribution with known tails: its index ξ, mean and sd (NaN where it has
// none), and a sampler.
type law struct {
	name       string
	index      float64
	mean, sd   float64
	draw       func(r *rand.Rand) float64
	denied     float64 // the largest share of samples of 4,096 and of 16,384 draws that
	deniedMany float64 // may be denied an sd; the least, of laws that have none
	noMean     bool
}

var nan = math.NaN()

func student(v float64) func(*rand.Rand) float64 {
	return func(r *rand.Rand) float64 { return r.NormFloat64() / math.Sqrt(2*gamma(r, v/2)/v) }
}

func pareto(a float64) func(*rand.Rand) float64 {
	return func(r *rand.Rand) float64 { return math.Exp(r.ExpFloat64() / a) }
}

// gamma draws from Gamma(a, 1), a ≥ 1/2, after Marsaglia & Tsang (2000).
func gamma(r *rand.Rand, a float64) float64 {
	if a < 1 {
		return gamma(r, a+1) * math.Pow(r.Float64(), 1/a)
	}
	d := a - 1.0/3
	for {
		z := r.NormFloat64()
		v := math.Pow(1+z/math.Sqrt(9*d), 3)
		if v > 0 && math.Log(r.Float64()) < z*z/2+d-d*v+d*math.Log(v) {
			return d * v
		}
	}
}

func laws() []law {
	normal := func(r *rand.Rand) float64 { return r.NormFloat64() }
	logNormal := func(s float64) func(*rand.Rand) float64 {
		return func(r *rand.Rand) float64 { return math.Exp(s * r.NormFloat64()) }
	}
	frechet := math.Gamma(1 - 1/2.3)
	return []law{
		{name: "Normal", sd: 1, draw: normal},
		{name: "Exponential", mean: 1, sd: 1, draw: func(r *rand.Rand) float64 { return r.ExpFloat64() }},
		{name: "LogNormal(0, 0.5)", mean: math.Exp(0.125), sd: math.Sqrt(math.Expm1(0.25) * math.Exp(0.25)), draw: logNormal(0.5)},
		{name: "t5", index: 0.2, sd: math.Sqrt(5.0 / 3), draw: student(5)},
		{name: "t3", index: 1.0 / 3, sd: math.Sqrt(3), draw: student(3), denied: 0.1, deniedMany: 0.03},
		{name: "Pareto(3)", index: 1.0 / 3, mean: 1.5, sd: math.Sqrt(0.75), draw: pareto(3), denied: 0.1, deniedMany: 0.03},
		{name: "t2.5", index: 0.4, sd: math.Sqrt(5), draw: student(2.5), denied: 0.25, deniedMany: 0.2},
		{name: "Frechet(2.3)", index: 1 / 2.3, mean: frechet, sd: math.Sqrt(math.Gamma(1-2/2.3) - frechet*frechet),
			draw: func(r *rand.Rand) float64 { return math.Pow(r.ExpFloat64(), -1/2.3) }, denied: 0.35, deniedMany: 0.3},
		{name: "Pareto(1.5)", index: 1 / 1.5, mean: 3, sd: nan, draw: pareto(1.5), denied: 0.85, deniedMany: 0.9},
		{name: "t1.5", index: 1 / 1.5, sd: nan, draw: student(1.5), denied: 0.85, deniedMany: 0.9},
		{name: "InvGamma(1.5, 1)", index: 1 / 1.5, mean: 2, sd: nan, draw: func(r *rand.Rand) float64 { return 1 / gamma(r, 1.5) }, denied: 0.8, deniedMany: 0.9},
		{name: "Pareto(0.9)", index: 1 / 0.9, mean: nan, sd: nan, draw: pareto(0.9), denied: 0.97, deniedMany: 0.97, noMean: true},
		{name: "HalfCauchy(1)", index: 1, mean: nan, sd: nan, draw: func(r *rand.Rand) float64 { return math.Abs(math.Tan(math.Pi * (r.Float64() - 0.5))) }, denied: 0.97, deniedMany: 0.97, noMean: true},
		// A coefficient that has its prior in one draw of 200, and is known in the others.
		{name: "a spike", sd: math.Sqrt(0.995 + 0.005*400), draw: func(r *rand.Rand) float64 {
			if r.Float64() < 0.005 {
				return 20 * r.NormFloat64()
			}
			return r.NormFloat64()
		}, denied: 1, deniedMany: 0.4},
		// All moments exist, and no sample of such a size could tell: sd 8,102, median 1.
		{name: "LogNormal(0, 3)", index: 1, mean: math.Exp(4.5), sd: nan, draw: logNormal(3), denied: 0.93, deniedMany: 0.93},
	}
}

func sample(l law, n int, r *rand.Rand) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = l.draw(r)
	}
	return x
}

// TestKnownTails: of samples from distributions with known tails, those without a
// variance are denied one, and few of those that have one. The table in the package's
// comment is what this test logs, with more samples.
func TestKnownTails(t *testing.T) {
	for _, size := range []struct{ n, samples int }{{4096, 150}, {16384, 40}} {
		for k, l := range laws() {
			r := rand.New(rand.NewPCG(uint64(size.n), uint64(k)))
			denied, none := 0.0, 0.0
			for range size.samples {
				m := tails.Weighted(sample(l, size.n, r), nil)
				if m.Which() != tails.Both {
					denied += 1 / float64(size.samples)
				}
				if m.Which() == tails.None {
					none += 1 / float64(size.samples)
				}
			}
			limit := l.denied
			if size.n > 4096 {
				limit = l.deniedMany
			}
			t.Logf("%6d draws of %-18s ξ = %.2f: no sd %.0f %%, no mean %.0f %%", size.n, l.name, l.index, 100*denied, 100*none)
			switch {
			case math.IsNaN(l.sd) && denied < limit-1e-9:
				t.Errorf("%s, %d draws: an sd in %.0f %% of the samples", l.name, size.n, 100*(1-denied))
			case !math.IsNaN(l.sd) && denied > limit+1e-9:
				t.Errorf("%s, %d draws: no sd in %.0f %% of the samples", l.name, size.n, 100*denied)
			case l.noMean && none < 0.8 || !l.noMean && l.index > 0 && l.index < 0.5 && none > 0.02:
				t.Errorf("%s, %d draws: no mean in %.0f %% of the samples", l.name, size.n, 100*none)
			}
		}
	}
}

// TestErrorsOfMoments: errors over standard errors have a mean square of about one where
// tails are light, and are not larger where they are heavy; an sd whose error is said to
// be under a tenth is hardly ever off by more than 15 %.
func TestErrorsOfMoments(t *testing.T) {
	const n = 16384
	for k, l := range laws() {
		if math.IsNaN(l.sd) {
			continue
		}
		r := rand.New(rand.NewPCG(7, uint64(k)))
		const samples = 60
		mean, sd, far, count := 0.0, 0.0, 0, 0.0
		for range samples {
			m := tails.Weighted(sample(l, n, r), nil)
			mean += math.Pow((m.Mean-l.mean)/m.MeanError, 2) / samples
			if m.Which() != tails.Both {
				continue
			}
			count++
			off := math.Log(m.SD / l.sd)
			sd += math.Pow(off/(m.SDError/m.SD), 2)
			if m.SDError < 0.1*m.SD && math.Abs(off) > 0.15 {
				far++
			}
		}
		sd /= count
		t.Logf("%-18s squared errors over what they should be: mean %.2f, sd %.2f; %d of %.0f off", l.name, mean, sd, far, count)
		light := l.name == "Normal" || l.name == "Exponential"
		if mean > 1.8 || sd > 2.5 && l.index < 0.35 || light && (mean < 0.5 || sd < 0.5) || far > samples/20 {
			t.Errorf("%s: squared errors are %.2f (mean) and %.2f (sd) of what they should be, %d sds are off unsaid", l.name, mean, sd, far)
		}
	}
}

// TestWeights: draws of a proposal with weights have the target's tails, not the
// proposal's: of a t distribution for a normal and the other way round.
func TestWeights(t *testing.T) {
	const n = 16384
	r := rand.New(rand.NewPCG(8, 8))
	logT := func(x, v float64) float64 { return -(v + 1) / 2 * math.Log1p(x*x/v) }
	weighted := func(x []float64, target, proposal func(float64) float64) tails.Moments {
		w, sum := make([]float64, len(x)), 0.0
		for i, v := range x {
			w[i] = math.Exp(target(v) - proposal(v))
			sum += w[i]
		}
		for i := range w {
			w[i] /= sum
		}
		return tails.Weighted(x, w)
	}
	x := sample(law{draw: student(2)}, n, r)
	m := weighted(x, func(x float64) float64 { return -x * x / 2 }, func(x float64) float64 { return logT(x, 2) })
	if m.Which() != tails.Both || m.Index > 0.2 || math.Abs(m.SD-1) > 4*m.SDError || m.SDError > 0.02 {
		t.Errorf("a normal from draws of a t: %+v", m)
	}
	// Tails heavier than the proposal's, which draws of its own would not have shown.
	denied := 0
	for range 20 {
		x = sample(law{draw: student(2.5)}, n, r)
		m = weighted(x, func(x float64) float64 { return logT(x, 1.3) }, func(x float64) float64 { return logT(x, 2.5) })
		if m.Which() != tails.Both {
			denied++
		}
	}
	if denied < 17 {
		t.Errorf("a t with 1.3 degrees from draws of one with 2.5: an sd in %d of 20 samples", 20-denied)
	}
}

// TestChains: errors allow for autocorrelation: an AR(1) chain with φ = 0.9 has the
// squared errors of (1 + φ²)/(1 − φ²) times fewer draws.
func TestChains(t *testing.T) {
	const phi, chains, n = 0.9, 16, 2000
	r := rand.New(rand.NewPCG(9, 9))
	x := make([][]float64, chains)
	for c := range x {
		last := r.NormFloat64()
		for range n {
			last = phi*last + math.Sqrt(1-phi*phi)*r.NormFloat64()
			x[c] = append(x[c], last)
		}
	}
	m := tails.Chains(x)
	mean := math.Sqrt((1 + phi) / (1 - phi) / (chains * n))
	sd := math.Sqrt((1 + phi*phi) / (1 - phi*phi) / (2 * chains * n))
	if math.Abs(m.MeanError/mean-1) > 0.2 || math.Abs(m.SDError/sd-1) > 0.2 {
		t.Errorf("errors %g and %g, want %g and %g", m.MeanError, m.SDError, mean, sd)
	}
}

// TestReferencePoint: what all draws have in common costs no digits.
func TestReferencePoint(t *testing.T) {
	r := rand.New(rand.NewPCG(10, 10))
	x := sample(law{draw: func(r *rand.Rand) float64 { return r.NormFloat64() }}, 4096, r)
	far := make([]float64, len(x))
	for i, v := range x {
		x[i] = math.Round(v*4096) / 4096 // so that adding 2⁴⁰ is exact
		far[i] = x[i] + 0x1p40
	}
	near, there := tails.Weighted(x, nil), tails.Weighted(far, nil)
	if math.Abs(there.SD-near.SD) > 1e-12 || math.Abs(there.Mean-0x1p40-near.Mean) > 0x1p-12 || math.Abs(there.SDError-near.SDError) > 1e-12 {
		t.Errorf("%+v, far from 0 %+v", near, there)
	}
}

// TestDegenerate: constants, few draws, indicators, draws that are not finite or that
// have no weight.
func TestDegenerate(t *testing.T) {
	inf := math.Inf(1)
	spike := make([]float64, 4096) // an effect that mostly is 0
	for i := range spike {
		if i%50 == 0 {
			spike[i] = math.Sin(float64(i))
		}
	}
	coin := make([]float64, 4096)
	for i := range coin {
		coin[i] = float64(i % 2)
	}
	for name, c := range map[string]struct {
		x, w  []float64
		mean  float64
		which tails.Which
	}{
		"one":        {x: []float64{3}, mean: 3, which: tails.Both},
		"constant":   {x: []float64{2, 2, 2}, mean: 2, which: tails.Both},
		"no weight":  {x: []float64{nan, 5, 5}, w: []float64{0, 0.5, 0.5}, mean: 5, which: tails.Both},
		"infinite":   {x: []float64{1, inf}, mean: nan},
		"NaN":        {x: []float64{1, nan}, mean: nan},
		"coin":       {x: coin, mean: 0.5, which: tails.Both},
		"mostly one": {x: spike, mean: tails.Weighted(spike, nil).Mean, which: tails.Both},
	} {
		m := tails.Weighted(c.x, c.w)
		if m.Mean != c.mean && !(math.IsNaN(m.Mean) && math.IsNaN(c.mean)) || !math.IsNaN(c.mean) && m.Which() != c.which || m.Index > tails.HeavySD {
			t.Errorf("%s: %+v, %s", name, m, m.Which())
		}
	}
}

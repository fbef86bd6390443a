package nuts_test

import (
	"context"
	"errors"
	"math"
	"reflect"
	"runtime"
	"slices"
	"testing"

	"gonum.org/v1/gonum/mathext"

	"ppl/graph/builtin"
	"ppl/graph/lower"
	"ppl/inference/mcmc"
	"ppl/inference/nuts"
	"ppl/inference/random"
	"ppl/inference/target"
	"ppl/lang/check"
	"ppl/parser"
)

type values map[string]any

// bound compiles a model with data: numbers and vectors by name, dimensions
// as integers.
func bound(t testing.TB, text string, data values) *target.Target {
	t.Helper()
	file, diags := parser.Parse("model.ppl", []byte(text))
	m, more := check.Check(file, builtin.Catalogue())
	if err := append(diags, more...).Err(); err != nil {
		t.Fatal(err)
	}
	d := &lower.Data{Values: map[string]*lower.Array{}, Dims: map[string]int{}}
	for name, v := range data {
		switch v := v.(type) {
		case int:
			d.Dims[name] = v
		case float64:
			d.Values[name] = &lower.Array{Data: []float64{v}}
		case []float64:
			d.Values[name] = &lower.Array{Shape: []int{len(v)}, Data: v}
		}
	}
	tg, diags := target.New(m, d, target.Plan)
	if err := diags.Err(); err != nil {
		t.Fatal(err)
	}
	return tg
}

func sample(t testing.TB, tg *target.Target, opt nuts.Options) *nuts.Result {
	t.Helper()
	r, err := nuts.Run(context.Background(), tg, opt)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// reported gives the draws of each element of the reported values, by the name
// of the value.
func reported(t testing.TB, tg *target.Target, r *nuts.Result) map[string][][][]float64 {
	t.Helper()
	rep, err := tg.NewReporter(64)
	if err != nil {
		t.Fatal(err)
	}
	vals, err := valuesOf(r, rep)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][][][]float64{}
	for k, s := range rep.Symbols {
		out[s.Name] = vals[k]
	}
	return out
}

// moments compares mean and sd with exact ones, to within 4.5 standard errors.
func moments(t *testing.T, what string, chains [][]float64, mean, sd float64) {
	t.Helper()
	m, s := meanSD(chains)
	em, es := mcmc.MCSEMean(chains), mcmc.MCSESD(chains)
	if !(math.Abs(m-mean) <= 4.5*em) || !(em < sd/10) {
		t.Errorf("%s: mean %g ± %g, want %g", what, m, em, mean)
	}
	if !(math.Abs(s-sd) <= 4.5*es) || !(es < sd/5) {
		t.Errorf("%s: sd %g ± %g, want %g", what, s, es, sd)
	}
	if r := mcmc.RHat(chains); !(r < 1.02) {
		t.Errorf("%s: R̂ = %g", what, r)
	}
}

func meanSD(chains [][]float64) (mean, sd float64) {
	all := slices.Concat(chains...)
	n := float64(len(all))
	for _, v := range all {
		mean += v / n
	}
	for _, v := range all {
		sd += (v - mean) * (v - mean) / (n - 1)
	}
	return mean, math.Sqrt(sd)
}

func TestNormal(t *testing.T) {
	tg := bound(t, "x ~ Normal(3, 2)", nil)
	r := sample(t, tg, nuts.Options{Seed: 1})
	moments(t, "x", parameter(r, 0), 3, 2)
	if r.Divergences != 0 || r.Saturated != 0 {
		t.Errorf("%d divergences, %d saturated", r.Divergences, r.Saturated)
	}
	for _, v := range mcmc.EBFMI(r.Energies()) {
		if v < 0.3 {
			t.Errorf("E-BFMI %g", v)
		}
	}
	if len(r.Chains) != 4 || len(r.Chains[3].Draws) != 1000 || r.Interrupted {
		t.Errorf("%d chains of %d", len(r.Chains), len(r.Chains[3].Draws))
	}
}

func TestCorrelated(t *testing.T) {
	tg := bound(t, "x ~ MvNormal([1, -2], cov = [[4, 5.7], [5.7, 9]])", nil)
	r := sample(t, tg, nuts.Options{Seed: 1})
	moments(t, "x[1]", parameter(r, 0), 1, 2)
	moments(t, "x[2]", parameter(r, 1), -2, 3)
	product := make([][]float64, len(r.Chains))
	for c := range product {
		for _, q := range r.Chains[c].Draws {
			product[c] = append(product[c], (q[0]-1)*(q[1]+2))
		}
	}
	m, _ := meanSD(product)
	if e := mcmc.MCSEMean(product); math.Abs(m-5.7) > 4.5*e {
		t.Errorf("covariance %g ± %g, want 5.7", m, e)
	}
}

// TestConstrained: a truncated normal and a simplex, on the model's own scale.
func TestConstrained(t *testing.T) {
	tg := bound(t, "x ~ Normal(0, 1) in (0.5, 2)\np ~ Dirichlet([2, 3, 5])\ns ~ Gamma(3, 2)", nil)
	r := sample(t, tg, nuts.Options{Seed: 4})
	got := reported(t, tg, r)
	phi := func(x float64) float64 { return math.Exp(-x*x/2) / math.Sqrt(2*math.Pi) }
	z := (math.Erf(2/math.Sqrt2) - math.Erf(0.5/math.Sqrt2)) / 2
	mean := (phi(0.5) - phi(2)) / z
	moments(t, "x", got["x"][0], mean, math.Sqrt(1+(0.5*phi(0.5)-2*phi(2))/z-mean*mean))
	for i, a := range []float64{2, 3, 5} {
		moments(t, "p", got["p"][i], a/10, math.Sqrt(a/10*(1-a/10)/11))
	}
	moments(t, "s", got["s"][0], 1.5, math.Sqrt(3)/2)
}

const schools = `
data y : real[J]
data sigma : real[J] > 0
mu ~ Normal(0, 5)
tau ~ HalfCauchy(5)
z[j in 1..J] ~ Normal(0, 1)
let theta = mu + tau * z
y ~ Normal(theta, sigma)
`

var (
	effects = []float64{28, 8, -3, 7, -1, 1, 18, 12}
	errs    = []float64{15, 10, 16, 11, 9, 11, 10, 18}
)

func schoolData() values { return values{"J": 8, "y": effects, "sigma": errs} }

// schoolMoments integrates the schools' posterior over tau; mu given tau is
// normal.
func schoolMoments() (mu, muSD, tau, tauSD float64) {
	var w, m1, m2, t1, t2 float64
	for v := -12.0; v < 8; v += 1e-3 { // log tau
		tau := math.Exp(v)
		prec, sum, lp := 1.0/25, 0.0, v-math.Log1p(tau*tau/25)
		for j, y := range effects {
			s := errs[j]*errs[j] + tau*tau
			prec += 1 / s
			sum += y / s
			lp -= 0.5*math.Log(s) + 0.5*y*y/s
		}
		mean := sum / prec
		p := math.Exp(lp + 0.5*mean*sum - 0.5*math.Log(prec))
		w += p
		m1 += p * mean
		m2 += p * (mean*mean + 1/prec)
		t1 += p * tau
		t2 += p * tau * tau
	}
	mu, tau = m1/w, t1/w
	return mu, math.Sqrt(m2/w - mu*mu), tau, math.Sqrt(t2/w - tau*tau)
}

func TestSchools(t *testing.T) {
	tg := bound(t, schools, schoolData())
	r := sample(t, tg, nuts.Options{Seed: 1, TargetAccept: 0.95})
	got := reported(t, tg, r)
	mu, muSD, tau, tauSD := schoolMoments()
	moments(t, "mu", got["mu"][0], mu, muSD)
	moments(t, "tau", got["tau"][0], tau, tauSD)
	if r.Divergences > 5 {
		t.Errorf("%d divergences", r.Divergences)
	}
}

// TestFunnel: a funnel cannot be sampled with a diagonal metric, and the sampler
// says so; with a variable for each direction that is independent it can.
func TestFunnel(t *testing.T) {
	r := sample(t, bound(t, "v ~ Normal(0, 3)\nx[i in 1..9] ~ Normal(0, exp(v / 2))", nil), nuts.Options{Seed: 1})
	if r.Divergences == 0 {
		t.Error("no divergence was counted")
	}
	flagged := 0
	for _, c := range r.Chains {
		for _, d := range c.Diverged {
			if d {
				flagged++
			}
		}
	}
	if flagged != r.Divergences {
		t.Errorf("%d draws are flagged, %d divergences counted", flagged, r.Divergences)
	}
	low := slices.Min(mcmc.EBFMI(r.Energies()))
	if low > 0.5 {
		t.Errorf("the lowest E-BFMI is %g", low)
	}
	r = sample(t, bound(t, "v ~ Normal(0, 3)\nz[i in 1..9] ~ Normal(0, 1)\nlet x = z * exp(v / 2)", nil), nuts.Options{Seed: 1})
	moments(t, "v", parameter(r, 0), 0, 3)
	if r.Divergences != 0 {
		t.Errorf("%d divergences without a funnel", r.Divergences)
	}
}

// TestSameBits: the draws depend on the seed alone, not on the number of cores.
func TestSameBits(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	tg := bound(t, schools, schoolData())
	opt := nuts.Options{Seed: 11, Warmup: 200, Draws: 200}
	var runs []*nuts.Result
	for _, cores := range []int{1, 2, 1, 2} {
		runtime.GOMAXPROCS(cores)
		runs = append(runs, sample(t, tg, opt))
	}
	for _, r := range runs[1:] {
		if !reflect.DeepEqual(r, runs[0]) {
			t.Error("the same seed gave different draws")
		}
	}
	opt.Seed = 12
	if other := sample(t, tg, opt); reflect.DeepEqual(other.Chains[0].Draws, runs[0].Chains[0].Draws) {
		t.Error("another seed gave the same draws")
	}
	if reflect.DeepEqual(runs[0].Chains[0].Draws, runs[0].Chains[1].Draws) {
		t.Error("two chains are the same")
	}
}

func TestCancelled(t *testing.T) {
	tg := bound(t, schools, schoolData())
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	r, err := nuts.Run(ctx, tg, nuts.Options{Seed: 1, Warmup: 100, Draws: 1e6, Progress: func(p nuts.Progress) {
		if !p.Warmup {
			cancel()
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	n := len(r.Chains[0].Draws)
	if !r.Interrupted || n >= 1e6 {
		t.Errorf("interrupted %t after %d draws", r.Interrupted, n)
	}
	for _, c := range r.Chains {
		if len(c.Draws) != n || len(c.Energy) != n || len(c.Diverged) != n || len(c.Leaps) != n {
			t.Error("the chains have different lengths")
		}
	}
	r, err = nuts.Run(ctx, tg, nuts.Options{Seed: 1})
	if err != nil || !r.Interrupted || len(r.Chains[0].Draws) != 0 {
		t.Errorf("cancelled before the start: %v, interrupted %t", err, r.Interrupted)
	}
}

func TestProgress(t *testing.T) {
	last, calls := 0, 0
	r := sample(t, bound(t, schools, schoolData()), nuts.Options{Seed: 1, Chains: 2, Draws: 20000, Progress: func(p nuts.Progress) {
		if calls++; p.Done < last || p.Done > p.Total || p.Total != 2*21000 {
			t.Errorf("%d of %d transitions after %d", p.Done, p.Total, last)
		}
		last = p.Done
	}})
	if calls == 0 || r.Interrupted {
		t.Errorf("%d calls, interrupted %t", calls, r.Interrupted)
	}
}

func TestNoStart(t *testing.T) {
	tg := bound(t, "data y : real\nmu ~ Normal(0, 1)\ny ~ Uniform(exp(mu), exp(mu) + 1)", values{"y": -3.0})
	_, err := nuts.Run(context.Background(), tg, nuts.Options{Seed: 1})
	var no *target.ErrNoStart
	if !errors.As(err, &no) || len(no.Sites) != 1 || no.Sites[0] != "y" {
		t.Errorf("got %v, want an error that names y", err)
	}
}

// TestGivenStart: given starting points and a metric are used.
func TestGivenStart(t *testing.T) {
	tg := bound(t, "x ~ Normal(1e6, 1e3)", nil)
	r := sample(t, tg, nuts.Options{Seed: 1, Chains: 2, Warmup: -1, Draws: 500, Init: [][]float64{{1e6}}, InvMetric: []float64{1e6}, StepSize: 0.9})
	moments(t, "x", parameter(r, 0), 1e6, 1e3)
	for _, c := range r.Chains {
		if c.StepSize != 0.9 || c.InvMetric[0] != 1e6 {
			t.Errorf("step %g, metric %g", c.StepSize, c.InvMetric[0])
		}
	}
}

// TestCalibration: where the parameter is drawn from the prior and the data
// given it, its rank among posterior draws is uniform (Talts et al. 2018).
func TestCalibration(t *testing.T) {
	const runs, ranks, thin = 300, 20, 8
	var counts [ranks]int
	for run := range runs {
		rng := random.Stream(9, "calibration", run)
		mu := 1 + 2*rng.NormFloat64()
		y := make([]float64, 3)
		for i := range y {
			y[i] = mu + 3*rng.NormFloat64()
		}
		tg := bound(t, "data y : real[N]\nmu ~ Normal(1, 2)\ny ~ Normal(mu, 3)", values{"N": 3, "y": y})
		r := sample(t, tg, nuts.Options{Seed: uint64(run), Chains: 1, Warmup: 150, Draws: thin * (ranks - 1)})
		below := 0
		for i := thin - 1; i < len(r.Chains[0].Draws); i += thin {
			if r.Chains[0].Draws[i][0] < mu {
				below++
			}
		}
		counts[below]++
	}
	x := 0.0
	for _, c := range counts {
		d := float64(c) - float64(runs)/ranks
		x += d * d / (float64(runs) / ranks)
	}
	if p := mathext.GammaIncRegComp(float64(ranks-1)/2, x/2); p < 1e-6 {
		t.Errorf("ranks %v, p = %g", counts, p)
	}
}

func BenchmarkSchools(b *testing.B) {
	tg := bound(b, schools, schoolData())
	gradients := 0
	for b.Loop() {
		gradients += sample(b, tg, nuts.Options{Seed: 1}).Evaluations
	}
	b.ReportMetric(float64(gradients)/b.Elapsed().Seconds(), "gradients/s")
}

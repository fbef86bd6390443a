package inference_test

import (
	"context"
	"errors"
	"math"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"ppl/graph/builtin"
	"ppl/graph/lower"
	"ppl/inference"
	"ppl/inference/random"
	"ppl/inference/target"
	"ppl/lang/check"
	"ppl/parser"
)

type values map[string]any

// bound compiles a model with data: numbers and vectors by name, dimensions
// as integers.
func bound(t *testing.T, text string, data values, engine target.Engine) *target.Target {
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
	tg, diags := target.New(m, d, engine)
	if err := diags.Err(); err != nil {
		t.Fatal(err)
	}
	return tg
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

func schoolData() values {
	return values{"J": 8, "y": []float64{28, 8, -3, 7, -1, 1, 18, 12}, "sigma": []float64{15, 10, 16, 11, 9, 11, 10, 18}}
}

// Conjugate: mu | y is normal, so the guide is exact and the ELBO at the
// optimum is the log evidence.
const conjugate = `
data y : real[N]
mu ~ Normal(1, 2)
y ~ Normal(mu, 3)
`

var conjugateY = []float64{1.5, -2, 4, 0.3, 7}

// evidence is log N(y | 1, 9 I + 4 · 11ᵀ), by the matrix determinant lemma and
// Sherman–Morrison, and the posterior's mean and sd.
func evidence() (logZ, mean, sd float64) {
	n, ss, s := float64(len(conjugateY)), 0.0, 0.0
	for _, v := range conjugateY {
		s += v - 1
		ss += (v - 1) * (v - 1)
	}
	det := n*math.Log(9) + math.Log(1+4*n/9)
	quad := ss/9 - (s*s/81)/(1.0/4+n/9)
	prec := 1.0/4 + n/9
	return -0.5 * (n*math.Log(2*math.Pi) + det + quad), 1 + (s/9)/prec, 1 / math.Sqrt(prec)
}

func TestExactPosterior(t *testing.T) {
	logZ, mean, sd := evidence()
	tg := bound(t, conjugate, values{"N": 5, "y": conjugateY}, target.Plan)
	f, err := inference.Variational(context.Background(), tg, inference.Options{Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	if !f.Converged {
		t.Errorf("did not converge: %s", f.Ended)
	}
	// Balanced noise makes the fixed-noise optimum exact for a normal posterior.
	if math.Abs(f.Loc[0]-mean) > 1e-5*sd || math.Abs(math.Exp(f.LogSD[0])/sd-1) > 1e-5 {
		t.Errorf("posterior %g ± %g, want %g ± %g", f.Loc[0], math.Exp(f.LogSD[0]), mean, sd)
	}
	if math.Abs(f.ELBO-logZ) > 1e-6+4*f.MCSE {
		t.Errorf("ELBO %g ± %g, log evidence %g", f.ELBO, f.MCSE, logZ)
	}
	if f.Applied != inference.Importance || f.Draws.KHat > 0.3 || f.KHatMeanField > 0.3 {
		t.Errorf("%s, k̂ = %g, of the guide %g", f.Applied, f.Draws.KHat, f.KHatMeanField)
	}
}

func TestELBOGradient(t *testing.T) {
	tg := bound(t, schools, schoolData(), target.Plan)
	const s = 6
	e, err := tg.NewELBO(s)
	if err != nil {
		t.Fatal(err)
	}
	r := random.Stream(1, "test", 0)
	d := tg.D
	eps, loc, logsd := make([]float64, s*d), make([]float64, d), make([]float64, d)
	for i := range eps {
		eps[i] = r.NormFloat64()
	}
	for i := range loc {
		loc[i], logsd[i] = r.NormFloat64(), -1+0.3*r.NormFloat64()
	}
	e.SetNoise(eps)
	_, gl, gs, err := e.Eval(loc, logsd)
	if err != nil {
		t.Fatal(err)
	}
	gl, gs = append([]float64(nil), gl...), append([]float64(nil), gs...)
	for k, x := range [][]float64{loc, logsd} {
		for i := range x {
			const h = 1e-4
			at := func(v float64) float64 {
				old := x[i]
				x[i] = v
				f, _, _, _ := e.Eval(loc, logsd)
				x[i] = old
				return f
			}
			want := (8*(at(x[i]+h)-at(x[i]-h)) - (at(x[i]+2*h) - at(x[i]-2*h))) / (12 * h)
			if got := [][]float64{gl, gs}[k][i]; math.Abs(got-want) > 1e-7*math.Max(1, math.Abs(want)) {
				t.Errorf("gradient %d of part %d: %g, by differences %g", i, k, got, want)
			}
		}
	}
}

func TestPartsAddUp(t *testing.T) {
	tg := bound(t, schools, schoolData(), target.Plan)
	const s = 8
	e, err := tg.NewELBO(s)
	if err != nil {
		t.Fatal(err)
	}
	d := tg.D
	eps, loc, logsd := make([]float64, s*d), make([]float64, d), make([]float64, d)
	r := random.Stream(2, "test", 0)
	for i := range eps {
		eps[i] = r.NormFloat64()
	}
	e.SetNoise(eps)
	elbo, _, _, err := e.Eval(loc, logsd)
	if err != nil {
		t.Fatal(err)
	}
	parts, err := tg.Parts(loc, logsd, eps, s)
	if err != nil {
		t.Fatal(err)
	}
	sum := 0.5 * float64(d) * (1 + math.Log(2*math.Pi)) // entropy at logsd = 0
	var sites []string
	for _, p := range parts {
		sum += p.Mean
		sites = append(sites, p.Factor.Site)
	}
	if math.Abs(sum-elbo) > 1e-9 {
		t.Errorf("parts add up to %g, the ELBO is %g", sum, elbo)
	}
	if got := strings.Join(sites, " "); got != "mu tau z y " {
		t.Errorf("parts of %q", got)
	}
}

func TestSameSeedSameBits(t *testing.T) {
	fit := func(seed uint64, cores int) *inference.Answer {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(cores))
		tg := bound(t, schools, schoolData(), target.Plan)
		f, err := inference.Variational(context.Background(), tg, inference.Options{Seed: seed})
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	a, b, c := fit(1, 1), fit(1, 2), fit(2, 2)
	if !reflect.DeepEqual(a.Loc, b.Loc) || !reflect.DeepEqual(a.LogSD, b.LogSD) || !reflect.DeepEqual(a.Draws, b.Draws) ||
		a.ELBO != b.ELBO || a.Evaluations != b.Evaluations {
		t.Error("runs of one seed on one core and on two differ")
	}
	if a.Loc[0] == c.Loc[0] {
		t.Error("two seeds give the same bits")
	}
}

func TestTapeAgreesWithPlan(t *testing.T) {
	a := bound(t, schools, schoolData(), target.Plan)
	b := bound(t, schools, schoolData(), target.Tape)
	const s = 5
	d := a.D
	eps, loc, logsd := make([]float64, s*d), make([]float64, d), make([]float64, d)
	r := random.Stream(7, "test", 0)
	for i := range eps {
		eps[i] = r.NormFloat64()
	}
	var got [2][]float64
	for k, tg := range []*target.Target{a, b} {
		e, err := tg.NewELBO(s)
		if err != nil {
			t.Fatal(err)
		}
		e.SetNoise(eps)
		v, gl, gs, err := e.Eval(loc, logsd)
		if err != nil {
			t.Fatal(err)
		}
		got[k] = append(append(append(got[k], v), gl...), gs...)
	}
	for i := range got[0] {
		if math.Abs(got[0][i]-got[1][i]) > 1e-10*math.Max(1, math.Abs(got[1][i])) {
			t.Errorf("number %d: plan %g, TapeMachine %g", i, got[0][i], got[1][i])
		}
	}
}

func TestStartMovesToWhereTheDensityIsFinite(t *testing.T) {
	// At sd 1 nearly every draw of mu leaves the window around the data.
	tg := bound(t, "data y : real\nmu ~ Normal(0, 1)\ny ~ Uniform(mu - 0.01, mu + 0.01)", values{"y": 0.0}, target.Plan)
	f, err := inference.Variational(context.Background(), tg, inference.Options{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	if !(math.Abs(f.Loc[0]) < 0.01) || !(math.Exp(f.LogSD[0]) < 0.01) {
		t.Errorf("mu = %g ± %g", f.Loc[0], math.Exp(f.LogSD[0]))
	}
}

func TestNoStart(t *testing.T) {
	tg := bound(t, "data y : real\nmu ~ Normal(0, 1)\ny ~ Uniform(exp(mu), exp(mu) + 1)", values{"y": -3.0}, target.Plan)
	_, err := inference.Variational(context.Background(), tg, inference.Options{Seed: 1})
	var no *target.ErrNoStart
	if !errors.As(err, &no) || len(no.Sites) != 1 || no.Sites[0] != "y" {
		t.Errorf("got %v, want an error that names y", err)
	}
}

func TestStops(t *testing.T) {
	tg := bound(t, schools, schoolData(), target.Plan)
	ctx, cancel := context.WithCancel(context.Background())
	f, err := inference.Variational(ctx, tg, inference.Options{Seed: 1, Progress: func(inference.Progress) { cancel() }})
	if err != nil {
		t.Fatal(err)
	}
	if !f.Interrupted || f.Converged {
		t.Errorf("a cancelled run says interrupted %t, converged %t", f.Interrupted, f.Converged)
	}
	f, err = inference.Variational(context.Background(), tg, inference.Options{Seed: 1, MaxTime: time.Nanosecond})
	if err != nil {
		t.Fatal(err)
	}
	if f.Converged || f.Interrupted || !f.TimedOut || !strings.Contains(f.Ended, "time limit") {
		t.Errorf("a run out of time says %q", f.Ended)
	}
}

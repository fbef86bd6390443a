package inference

import (
	"errors"
	"math"
	"strings"
	"testing"

	"ppl/graph/lower"
	"ppl/inference/random"
	"ppl/inference/target"
)

// constrained evaluates at points u: the values of the latents by name, and the log density
// on the unconstrained scale less the logarithm of the Jacobian.
func constrained(t testing.TB, tg *target.Target, u []float64, n int) (values map[string][]float64, lp []float64) {
	t.Helper()
	values = map[string][]float64{}
	if tg.D > 0 {
		r, err := tg.NewReporter(n)
		if err != nil {
			t.Fatal(err)
		}
		all, err := r.Eval(u)
		if err != nil {
			t.Fatal(err)
		}
		for k, s := range r.Symbols {
			values[s.Name] = append([]float64(nil), all[k]...)
		}
	}
	b := tg.Builder()
	ax, in, at := tg.Points(b, n)
	l, err := tg.LowerDensity(b, at)
	if err != nil {
		t.Fatal(err)
	}
	p, err := tg.Compile(b.G, b.With(l.LogDensity(), ax).N, b.With(l.Pack.LogJacobian(b), ax).N)
	if err != nil {
		t.Fatal(err)
	}
	if in != nil {
		p.Set(in, u)
	}
	if err := p.Run(); err != nil {
		t.Fatal(err)
	}
	for i, v := range p.Out(0) {
		lp = append(lp, v-p.Out(1)[i])
	}
	return values, lp
}

func somePoints(purpose string, n int) []float64 {
	r := random.Stream(11, purpose, 0)
	u := make([]float64, n)
	for i := range u {
		u[i] = 0.8 * r.NormFloat64()
	}
	return u
}

// densities evaluates a target at values of its latents.
func densities(t testing.TB, tg *target.Target, h target.Handling, values map[string][]float64, n int) []float64 {
	t.Helper()
	d, err := tg.NewLogDensity(h)
	if err != nil {
		t.Fatal(err)
	}
	lp, err := d.At(values, n)
	if err != nil {
		t.Fatal(err)
	}
	return lp
}

// TestLogDensitySummed compares the log density at values with that at the unconstrained
// point that they come from, with discrete latents summed out, on both engines.
func TestLogDensitySummed(t *testing.T) {
	models := append([]enumerable{}, enumerables...)
	for _, x := range constrainedKinds {
		models = append(models, enumerable{name: x.name, text: x.text, data: x.data})
	}
	for _, c := range models {
		t.Run(c.name, func(t *testing.T) {
			tg := compiled(t, c.text, c.data, nil)
			for _, n := range []int{1, 3, 130} {
				values, want := constrained(t, tg, somePoints(c.name, n*tg.D), n)
				for e, engine := range []target.Engine{target.Plan, target.Tape} {
					on := *tg
					on.Engine = engine
					for i, got := range densities(t, &on, target.Summed, values, n) {
						if !same(got, want[i], 1e-9) {
							t.Fatalf("engine %d, point %d of %d: %.12g, want %.12g", e, i, n, got, want[i])
						}
					}
				}
			}
		})
	}
}

// TestLogDensityGiven compares the log density at values of all latents with that of the
// model in which the discrete ones are data.
func TestLogDensityGiven(t *testing.T) {
	for _, c := range enumerables {
		t.Run(c.name, func(t *testing.T) {
			if c.fixed != nil {
				t.Skip("the oracle sums a latent out")
			}
			tg := compiled(t, c.text, c.data, nil)
			d, err := tg.NewLogDensity(target.Given)
			if err != nil {
				t.Fatal(err)
			}
			u := somePoints(c.name, tg.D)
			values, _ := constrained(t, tg, u, 1)
			want, _ := c.oracle(t, u)
			_, jacobian := jacobianAt(t, tg, u)
			i := 0
			c.combinations(func(z []int) {
				at := 0
				for _, s := range c.sites {
					x := make([]float64, sizeOf(s.shape))
					for e := range x {
						x[e] = float64(s.low + z[at])
						at++
					}
					values[s.name] = x
				}
				got, err := d.At(values, 1)
				if err != nil {
					t.Fatal(err)
				}
				if !same(got[0], want[i][0]-jacobian, 1e-9) {
					t.Errorf("at %v: %.12g, want %.12g", z, got[0], want[i][0]-jacobian)
				}
				i++
			})
			for _, bad := range []float64{float64(c.sites[0].low) - 1, float64(c.sites[0].low + c.sites[0].k), 0.5, math.NaN(), math.Inf(1)} {
				was := values[c.sites[0].name]
				values[c.sites[0].name] = append([]float64{bad}, was[1:]...)
				got, err := d.At(values, 1)
				if err != nil || !math.IsInf(got[0], -1) {
					t.Errorf("with %s = %g: %g, %v", c.sites[0].name, bad, got, err)
				}
				values[c.sites[0].name] = was
			}
		})
	}
}

// jacobianAt is the log density at one point, and the logarithm of the Jacobian.
func jacobianAt(t *testing.T, tg *target.Target, u []float64) (lp, jacobian float64) {
	t.Helper()
	_, less := constrained(t, tg, u, 1)
	b := tg.Builder()
	ax, in, at := tg.Points(b, 1)
	l, err := tg.LowerDensity(b, at)
	if err != nil {
		t.Fatal(err)
	}
	p, err := tg.Compile(b.G, b.With(l.LogDensity(), ax).N)
	if err != nil {
		t.Fatal(err)
	}
	if in != nil {
		p.Set(in, u)
	}
	if err := p.Run(); err != nil {
		t.Fatal(err)
	}
	return p.Out(0)[0], p.Out(0)[0] - less[0]
}

// constrainedKinds have a latent x, or several, with a support: values inside, on its edge,
// where the density must be a number or −Inf, and outside, where it must be −Inf. Latents
// that are not named have the values of inside.
var constrainedKinds = []struct {
	name, text string
	data       map[string]*lower.Array
	inside     map[string][]float64
	edge       []map[string][]float64
	outside    []map[string][]float64
}{
	{name: "positive", text: "data y : real\nx ~ HalfNormal(2)\ny ~ Normal(0, x)", data: map[string]*lower.Array{"y": numberOf(1)},
		inside: map[string][]float64{"x": {1.5}}, edge: []map[string][]float64{{"x": {0}}},
		outside: []map[string][]float64{{"x": {-1}}, {"x": {-1e-300}}, {"x": {math.NaN()}}, {"x": {math.Inf(1)}}}},
	{name: "unit", text: "data y : int\nx ~ Beta(1, 1)\ny ~ Bernoulli(x)", data: map[string]*lower.Array{"y": numberOf(1)},
		inside: map[string][]float64{"x": {0.25}}, edge: []map[string][]float64{{"x": {0}}, {"x": {1}}},
		outside: []map[string][]float64{{"x": {-0.1}}, {"x": {1.1}}}},
	{name: "bounds that are latents", text: "data y : real\na ~ Normal(0, 1)\nx[i in 1..2] ~ Uniform(a, a + i)\ny ~ Normal(x[1], x[2]^2 + 1)", data: map[string]*lower.Array{"y": numberOf(1)},
		inside:  map[string][]float64{"a": {1}, "x": {1.5, 2.9}},
		outside: []map[string][]float64{{"x": {2.5, 2.9}}, {"x": {0.5, 2.9}}, {"a": {-3}}, {"a": {1.6}}}},
	{name: "truncated", text: "data y : real\nx ~ Normal(0, 1) in (0.5, inf)\nz ~ Normal(0, 1) in (-inf, -1)\ny ~ Normal(x, 1)", data: map[string]*lower.Array{"y": numberOf(1)},
		inside: map[string][]float64{"x": {0.7}, "z": {-1.5}}, edge: []map[string][]float64{{"x": {0.5}}, {"z": {-1}}},
		outside: []map[string][]float64{{"x": {0.4}}, {"z": {-0.9}}}},
	{name: "simplex", text: "data y : int\nx ~ Dirichlet(ones(3))\ny ~ Categorical(x)", data: map[string]*lower.Array{"y": numberOf(2)},
		inside: map[string][]float64{"x": {0.2, 0.5, 0.3}}, edge: []map[string][]float64{{"x": {0, 0.5, 0.5}}},
		outside: []map[string][]float64{{"x": {0.2, 0.5, 0.2}}, {"x": {-0.2, 0.9, 0.3}}, {"x": {0.2, 0.5, 0.3001}}}},
	{name: "simplexes", text: "data y : int\nx : simplex[2, 2] ~ Dirichlet(ones(2))\ny ~ Categorical(x[2])", data: map[string]*lower.Array{"y": numberOf(2)},
		inside:  map[string][]float64{"x": {0.2, 0.8, 0.5, 0.5}},
		outside: []map[string][]float64{{"x": {0.2, 0.5, 0.5, 0.8}}}},
	{name: "ordered", text: "data y : real\nx : ordered[3] ~ Normal(0, 2)\ny ~ Normal(x[2], 1)", data: map[string]*lower.Array{"y": numberOf(2)},
		inside: map[string][]float64{"x": {-1, 0, 0.1}}, edge: []map[string][]float64{{"x": {-1, -1, 2}}},
		outside: []map[string][]float64{{"x": {0, -1, 2}}, {"x": {0, 1, 0.5}}}},
	{name: "positive ordered", text: "data y : real\nx : positive_ordered[2] ~ Exponential(1)\ny ~ Normal(x[2], 1)", data: map[string]*lower.Array{"y": numberOf(2)},
		inside:  map[string][]float64{"x": {1, 2}},
		outside: []map[string][]float64{{"x": {-1, 2}}, {"x": {2, 1}}}},
	{name: "ordered in an interval", text: "data y : real\nx : ordered[2] ~ Uniform(0, 10)\ny ~ Normal(x[2], 1)", data: map[string]*lower.Array{"y": numberOf(2)},
		inside:  map[string][]float64{"x": {1, 9}},
		outside: []map[string][]float64{{"x": {-1, 9}}, {"x": {1, 11}}, {"x": {9, 1}}}},
	{name: "correlations", text: "data y : real[2]\nx : corr[2] ~ LKJ(2)\ny ~ MvNormal([0, 0], cov = x)", data: map[string]*lower.Array{"y": vectorOf(2, 1)},
		inside:  map[string][]float64{"x": {1, 0.3, 0.3, 1}},
		outside: []map[string][]float64{{"x": {1, 1.3, 1.3, 1}}, {"x": {1, 0.3, 0.2, 1}}, {"x": {2, 0.3, 0.3, 1}}, {"x": {math.NaN(), 0.3, 0.3, 1}}}},
	{name: "Cholesky factors", text: "data y : real[2]\nx : cholesky_corr[2] ~ LKJCholesky(2)\ny ~ MvNormal([0, 0], chol = x)", data: map[string]*lower.Array{"y": vectorOf(2, 1)},
		inside:  map[string][]float64{"x": {1, 0, 0.6, 0.8}},
		outside: []map[string][]float64{{"x": {1, 0.1, 0.6, 0.8}}, {"x": {1, 0, 0.6, 0.7}}, {"x": {1, 0, 0.6, -0.8}}}},
	{name: "covariances", text: "data y : real[2]\nx : cov[2] ~ InvWishart(4, eye(2))\ny ~ MvNormal([0, 0], cov = x)", data: map[string]*lower.Array{"y": vectorOf(2, 1)},
		inside:  map[string][]float64{"x": {2, 0.3, 0.3, 1}},
		outside: []map[string][]float64{{"x": {2, 3, 3, 1}}, {"x": {-2, 0.3, 0.3, 1}}, {"x": {2, 0.3, 0, 1}}}},
	{name: "unit vectors", text: "data y : real\nx : unit_vector[2] ~ Flat()\ny ~ Normal(x[1], 1)", data: map[string]*lower.Array{"y": numberOf(1)},
		inside:  map[string][]float64{"x": {0.6, -0.8}},
		outside: []map[string][]float64{{"x": {0.6, 0.7}}}},
	{name: "sum to zero", text: "data y : real\nx : sum_to_zero[3] ~ Normal(0, 1)\ny ~ Normal(x[1], 1)", data: map[string]*lower.Array{"y": numberOf(1)},
		inside:  map[string][]float64{"x": {1, 2, -3}},
		outside: []map[string][]float64{{"x": {1, 2, -2}}}},
	{name: "angles", text: "data y : real\nx ~ VonMises(0, 2)\ny ~ VonMises(x, 1)", data: map[string]*lower.Array{"y": numberOf(1)},
		inside:  map[string][]float64{"x": {-3}},
		outside: []map[string][]float64{{"x": {4}}, {"x": {-4}}}},
	{name: "missing data", text: "data y : real?[4]\nx ~ Normal(0, 1)\ny[1] ~ Normal(x, 1)\nplate i in 2..4 { y[i] ~ Gamma(2, 1) }",
		data:    map[string]*lower.Array{"y": {Shape: []int{4}, Data: []float64{0, 1, 0, 0}, Missing: []bool{true, false, true, true}}},
		inside:  map[string][]float64{"x": {-3}, "y": {-1, 1, 2}},
		outside: []map[string][]float64{{"y": {-1, -1, 2}}, {"y": {-1, 1, -2}}}},
	{name: "pieces", text: "data y : real[2]\nx[1] ~ Exponential(1)\nplate i in 2..3 { x[i] ~ Normal(0, 1) in (-inf, 3) }\nplate i in 1..2 { y[i] ~ Normal(x[i], x[1] + 1) }", data: map[string]*lower.Array{"y": vectorOf(1, 2)},
		inside:  map[string][]float64{"x": {1, -1, 2}},
		outside: []map[string][]float64{{"x": {-1, -1, 2}}, {"x": {1, 4, 2}}, {"x": {1, 1, 4}}}},
	{name: "ragged", text: "data n : int[2]\ndata y : real[2]\nplate i in 1..2 { plate j in 1..n[i] { x[i, j] ~ Gamma(i + j, 1) }\n y[i] ~ Normal(x[i, 1], 1) }",
		data:    map[string]*lower.Array{"n": vectorOf(2, 2), "y": vectorOf(1, 2)},
		inside:  map[string][]float64{"x": {1, 2, 3, 4}},
		outside: []map[string][]float64{{"x": {1, 2, 3, -4}}}},
}

// TestLogDensitySupport looks at values inside of supports, on their ends and outside.
func TestLogDensitySupport(t *testing.T) {
	for _, c := range constrainedKinds {
		t.Run(c.name, func(t *testing.T) {
			tg := compiled(t, c.text, c.data, nil)
			at := func(change map[string][]float64) float64 {
				values := map[string][]float64{}
				for name, x := range c.inside {
					values[name] = x
				}
				for name, x := range change {
					values[name] = x
				}
				return densities(t, tg, target.Summed, values, 1)[0]
			}
			if x := at(nil); !(x-x == 0) {
				t.Errorf("inside: %g", x)
			}
			for _, e := range c.edge {
				if x := at(e); math.IsNaN(x) || math.IsInf(x, 1) {
					t.Errorf("at %v: %g", e, x)
				}
			}
			for _, o := range c.outside {
				if x := at(o); !math.IsInf(x, -1) {
					t.Errorf("at %v: %g, want -Inf", o, x)
				}
			}
		})
	}
}

// TestLogDensityByHand is a formula.
func TestLogDensityByHand(t *testing.T) {
	tg := build(t, "data y : real[N]\nm ~ Normal(0, 2)\ns ~ Exponential(0.5)\ny ~ Normal(m, s)", data{"N": 2, "y": []float64{1, 3}})
	m, s := []float64{0.5, -1}, []float64{2, 0.25}
	got := densities(t, tg, target.Summed, map[string][]float64{"m": m, "s": s}, 2)
	for i := range m {
		want := math.Log(0.5) - 0.5*s[i] + normal(m[i], 0, 2) + normal(1, m[i], s[i]) + normal(3, m[i], s[i])
		if !same(got[i], want, 1e-12) {
			t.Errorf("%g, want %g", got[i], want)
		}
	}
}

func normal(x, m, s float64) float64 {
	z := (x - m) / s
	return -0.5*z*z - math.Log(s) - 0.5*math.Log(2*math.Pi)
}

// TestLogDensityRefused gives values that do not fit, and asks for sums that are not possible.
func TestLogDensityRefused(t *testing.T) {
	tg := build(t, "data y : real[2]\nm ~ Normal(0, 2)\ny ~ Normal(m, 1)", data{"y": []float64{1, 3}})
	d, err := tg.NewLogDensity(target.Summed)
	if err != nil {
		t.Fatal(err)
	}
	var wrong *target.ErrValues
	if _, err := d.At(map[string][]float64{"m": {1, 2, 3}}, 2); !errors.As(err, &wrong) || wrong.Name != "m" || wrong.Have != 3 || wrong.Want != 2 {
		t.Errorf("%v", err)
	}
	if _, err := d.At(nil, 2); !errors.As(err, &wrong) || !strings.Contains(err.Error(), "no values of `m`") {
		t.Errorf("%v", err)
	}
	if lp, err := d.At(map[string][]float64{"m": nil}, 0); err != nil || len(lp) != 0 {
		t.Errorf("%v, %v", lp, err)
	}
	counts := compiled(t, "data y : real\nn ~ Poisson(3)\ny ~ Normal(n, 1)", map[string]*lower.Array{"y": numberOf(2)}, nil)
	var sum *target.ErrSummed
	if _, err := counts.NewLogDensity(target.Summed); !errors.As(err, &sum) || sum.Name != "n" {
		t.Errorf("%v", err)
	}
	got := densities(t, counts, target.Given, map[string][]float64{"n": {3, 4, -1, 2.5}}, 4)
	for i, n := range []float64{3, 4} {
		lg, _ := math.Lgamma(n + 1)
		if want := n*math.Log(3) - 3 - lg + normal(2, n, 1); !same(got[i], want, 1e-12) {
			t.Errorf("n = %g: %g, want %g", n, got[i], want)
		}
	}
	if !math.IsInf(got[2], -1) || !math.IsInf(got[3], -1) {
		t.Errorf("%v", got)
	}
}

// TestLogDensityRuledOut: where the prior of a latent has no density the whole is −Inf, though
// the rest is not a number there.
func TestLogDensityRuledOut(t *testing.T) {
	tg := compiled(t, "data n : int[2]\ndata y : real[2]\nplate i in 1..2 {\n z[i] ~ DiscreteUniform(1, n[i])\n y[i] ~ Normal(0, n[i] + 0.5 - z[i])\n}",
		map[string]*lower.Array{"n": vectorOf(2, 3), "y": vectorOf(1, 2)}, nil)
	got := densities(t, tg, target.Given, map[string][]float64{"z": {3, 3, 2, 3}}, 2)
	if want := -math.Log(6) + normal(1, 0, 0.5) + normal(2, 0, 0.5); !math.IsInf(got[0], -1) || !same(got[1], want, 1e-12) {
		t.Errorf("%v, want -Inf and %g", got, want)
	}
}

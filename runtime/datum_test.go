package runtime_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"ppl/graph/builtin"
	"ppl/lang"
	"ppl/runtime"
)

// outOfSupport has, for each distribution that does not have all numbers for data, calls
// whose parameters depend on a latent `a` in (0.5, 0.9) or do not, with a value
// that it can produce and others that it cannot, or at which its density is 0 or
// infinite.
var outOfSupport = []struct {
	call string
	typ  string // of one value
	good any
	bad  []any
}{
	{"Bernoulli(a)", "int", 1, []any{2, -1}},
	{"Beta(a, 2)", "real", 0.5, []any{0, 1, -0.1, 1.5}},
	{"Beta(2 + a, 2)", "real", 0.5, []any{0, 1}},
	{"BetaBinomial(4, a, 2)", "int", 2, []any{5, -1}},
	{"BetaMeanPrecision(a, 4)", "real", 0.5, []any{0, 1, 2}},
	{"Binomial(4, a)", "int", 2, []any{5, -1}},
	{"Categorical([a, 1 - a])", "int", 2, []any{3, 0}},
	{"ChiSquared(a)", "real", 0.5, []any{-1, 0}},
	{"Dirichlet([a, 2, 3])", "real[3]", []float64{0.2, 0.3, 0.5}, []any{[]float64{0.2, 0.3, 0.499}, []float64{-0.2, 0.7, 0.5}, []float64{0, 0.5, 0.5}}},
	{"DirichletMultinomial(4, [a, 2, 3])", "int[3]", []int{1, 1, 2}, []any{[]int{1, 1, 3}, []int{-1, 1, 4}}},
	{"DiscreteUniform(1, 3)", "int", 2, []any{0, 4}},
	{"Exponential(a)", "real", 0.5, []any{-1}},
	{"Frechet(a, 1)", "real", 0.5, []any{-1, 0}},
	{"Gamma(a, 2)", "real", 0.5, []any{-1, 0}},
	{"Gamma(2 + a, 2)", "real", 0.5, []any{-1, 0}},
	{"Geometric(a)", "int", 2, []any{-1}},
	{"HalfCauchy(a)", "real", 0.5, []any{-1}},
	{"HalfNormal(a)", "real", 0.5, []any{-1}},
	{"HalfStudentT(3, a)", "real", 0.5, []any{-1}},
	{"HyperGeometric(6, 4, 3)", "int", 2, []any{4, -1}},
	{"InvChiSquared(a)", "real", 0.5, []any{-1, 0}},
	{"InvGamma(a, 2)", "real", 0.5, []any{-1, 0}},
	{"InvWishart(2 + a, eye(2))", "real[2, 2]", [][]float64{{1, 0}, {0, 1}}, []any{[][]float64{{1, 2}, {2, 1}}, [][]float64{{1, 0.5}, {0.4, 1}}}},
	{"Kumaraswamy(a, 2)", "real", 0.5, []any{0, 1, -0.1, 1.5}},
	{"LKJ(1 + a)", "real[2, 2]", [][]float64{{1, 0}, {0, 1}}, []any{[][]float64{{1, 2}, {2, 1}}, [][]float64{{2, 0}, {0, 1}}}},
	{"LKJCholesky(1 + a)", "real[2, 2]", [][]float64{{1, 0}, {0, 1}}, []any{[][]float64{{1, 0}, {0.5, 0.5}}}},
	{"LogNormal(a, 1)", "real", 0.5, []any{-1, 0}},
	{"Multinomial(4, [a, 0.5 * (1 - a), 0.5 * (1 - a)])", "int[3]", []int{1, 1, 2}, []any{[]int{1, 1, 3}, []int{-1, 1, 4}}},
	{"NegBinomial(2, a)", "int", 2, []any{-1}},
	{"OrderedLogistic(a, [0, 1])", "int", 2, []any{4, 0}},
	{"Pareto(a, 2)", "real", 1.5, []any{0.1, -1}},
	{"Poisson(a)", "int", 2, []any{-1}},
	{"Rayleigh(a)", "real", 0.5, []any{-1, 0}},
	{"Uniform(0, 1 + a)", "real", 0.5, []any{-1, 3}},
	{"Uniform(0, 1)", "real", 0.5, []any{-1, 3}},
	{"Wald(a, 2)", "real", 0.5, []any{-1, 0}},
	{"Weibull(a, 2)", "real", 0.5, []any{-1, 0}},
	{"Wishart(2 + a, eye(2))", "real[2, 2]", [][]float64{{1, 0}, {0, 1}}, []any{[][]float64{{1, 2}, {2, 1}}}},
	{"Normal(a, 1) in (0, 1)", "real", 0.5, []any{-1, 0, 1}},
	{"Normal(0, a) in (a, 1)", "real", 0.95, []any{0.1, 2}},
	{"Poisson(a) in 1..3", "int", 2, []any{0, 4}},
}

// Every datum that its distribution cannot produce, or at which its density is 0
// or infinite whatever the latents are, is named with its value; where that is
// known from the data alone, before a fit.
func TestDatumOutsideSupport(t *testing.T) {
	rows := map[string]bool{}
	for _, c := range outOfSupport {
		name, _, _ := strings.Cut(c.call, "(")
		rows[name] = true
		typ, inner, array := strings.Cut(c.typ, "[")
		dims := "N"
		if array {
			dims = "N, " + strings.TrimSuffix(inner, "]")
		}
		text := fmt.Sprintf("data y : %s[%s]\na ~ Uniform(0.5, 0.9)\nfactor 0.001 * a\ny[i in 1..N] ~ %s\n", typ, dims, c.call)
		m, err := runtime.Compile("model.ppl", []byte(text))
		if err != nil {
			t.Fatalf("%s: %v", c.call, err)
		}
		for _, bad := range c.bad {
			t.Run(fmt.Sprintf("%s/%v", c.call, bad), func(t *testing.T) {
				p, err := m.Bind(runtime.Map(map[string]any{"y": []any{c.good, bad, c.good}}))
				if err == nil {
					_, err = p.Fit(context.Background(), runtime.Options{Draws: 1})
				}
				var wrong *runtime.DataError
				if !errors.As(err, &wrong) {
					t.Fatalf("got %v", err)
				}
				d := wrong.Diagnostics[0]
				if !strings.HasPrefix(d.Summary, "`y[2]` is ") || !strings.Contains(d.Summary, "(the value of \"y\")") || !strings.Contains(d.Summary, ", at i = 2") {
					t.Errorf("%s", d.Summary)
				}
				if _, event := bad.(int); (event || typ == "real" && !array) && !strings.Contains(d.Summary, fmt.Sprintf("is %v (", bad)) {
					t.Errorf("no value: %s", d.Summary)
				}
				if source := d.Source.Slice(d.Span); !strings.HasPrefix(source, "y[i in 1..N] ~") {
					t.Errorf("located at %q", source)
				}
			})
		}
		t.Run(c.call+"/good", func(t *testing.T) {
			if _, err := m.Bind(runtime.Map(map[string]any{"y": []any{c.good, c.good}})); err != nil {
				t.Error(err)
			}
		})
	}
	cat := builtin.Catalogue()
	for _, name := range cat.DistNames() {
		sig, _ := cat.Dist(name)
		if sig.NotYet == "" && sig.Support != lang.SupportReal && sig.Support != lang.SupportCircle && !rows[name] {
			t.Errorf("%s has no row", name)
		}
	}
}

// Elements are named as the data have them: of a matrix, of parts of an array, by
// an index, beside missing ones, under a mixture.
func TestDatumElements(t *testing.T) {
	for _, c := range []struct {
		name, text string
		data       map[string]any
		want       string
	}{
		{"an element of a matrix", "data y : real[N, M]\na ~ HalfNormal(1)\ny ~ Gamma(a, 1)", map[string]any{"y": [][]float64{{1, 2}, {3, 0}}}, "`y[2, 2]` is 0"},
		{"under two indices", "data y : real[N, M]\na ~ HalfNormal(1)\ny[i in 1..N, j in 1..M] ~ Gamma(a, 1)", map[string]any{"y": [][]float64{{1, 2}, {0, 3}}}, "`y[2, 1]` is 0"},
		{"a part of an array", "data y : real[N]\na ~ HalfNormal(1)\ny[1] ~ Normal(0, 1)\ny[2..N] ~ Gamma(a, 1)", map[string]any{"y": []float64{0, 2, 0}}, "`y[3]` is 0"},
		{"by an index", "data y : real[N]\ndata k : int[M]\na ~ HalfNormal(1)\nplate i in 1..M { y[k[i]] ~ Gamma(a, 1) }", map[string]any{"y": []float64{0, 2, 0, 1}, "k": []int{2, 3}}, "`y[3]` is 0"},
		{"a row of a matrix", "data y : real[N, 3]\na ~ HalfNormal(1)\ny ~ Dirichlet([a, a, a])", map[string]any{"y": [][]float64{{0.2, 0.3, 0.5}, {0.2, 0.3, 0.4}}}, "`y[2]` is not a simplex: the sum is 0.9"},
		{"all of a vector", "data y : real[3]\na ~ HalfNormal(1)\ny ~ Dirichlet([a, a, a])", map[string]any{"y": []float64{0.2, 0.3, 0.4}}, "`y` is not a simplex: the sum is 0.9"},
		{"a scalar", "data y : real\na ~ HalfNormal(1)\ny ~ Gamma(a, 1)", map[string]any{"y": 0}, "`y` is 0"},
		{"beside missing elements", "data y : real?[N]\na ~ HalfNormal(1)\ny[i in 1..N] ~ Gamma(a, 1)", map[string]any{"y": []any{nil, 2, nil, 0}}, "`y[4]` is 0"},
		{"under a discrete latent", "data y : real[N]\na ~ HalfNormal(1)\nz[i in 1..N] ~ Bernoulli(0.5)\ny[i in 1..N] ~ Gamma(a + z[i], 1)", map[string]any{"y": []float64{1, 0}}, "`y[2]` is 0"},
		{"under a ragged range", "data n : int[K]\ndata y : real[M, 2]\na ~ HalfNormal(1)\nplate k in 1..K { plate j in 1..n[k] { y[k, j] ~ Gamma(a, 1) } }", map[string]any{"n": []int{1, 2}, "y": [][]float64{{1, 0}, {1, 0}}}, "`y[2, 2]` is 0"},
		{"in the branch of an if", "data y : real[N]\na ~ HalfNormal(1)\nplate i in 1..N { y[i] ~ LogNormal(if i > 1 then a else log(a), 1) }", map[string]any{"y": []float64{1, 0}}, "`y[2]` is 0"},
		{"more than trials that are latent", "data y : int[N]\nn ~ DiscreteUniform(1, 3)\na ~ Beta(1, 1)\ny[i in 1..N] ~ Binomial(n, a)", map[string]any{"y": []int{1, 4}}, "`y[2]` is 4"},
		{"a negative count of trials without limit", "data y : int[N]\nn ~ Poisson(3)\ny[i in 1..N] ~ Binomial(n, 0.5)", map[string]any{"y": []int{1, -1}}, "`y[2]` is -1 (the value of \"y\"), which is impossible under `Binomial`"},
		{"density 0 under each value of a discrete latent", "data y : real[N]\nz[i in 1..N] ~ Bernoulli(0.5)\ny[i in 1..N] ~ Gamma(1.5 + z[i], 1)", map[string]any{"y": []float64{1, 0}}, "`y[2]` is 0 (the value of \"y\"), which is impossible under `Gamma`"},
		{"a covariance of equal points", "data x : real[N]\ndata y : real[N]\na ~ HalfNormal(1)\ny ~ MvNormal(zeros(N), cov = [[exp(-(x[i] - x[j])^2 / a) for j in 1..N] for i in 1..N])",
			map[string]any{"x": []float64{1, 2, 1}, "y": []float64{1, 2, 3}}, "the parameter `cov` of `MvNormal` is not positive definite"},
		{"a known covariance of equal points", "data S : real[N, N]\ndata y : real[N]\na ~ Normal(0, 1)\ny ~ MvNormal(fill(a, N), cov = S)",
			map[string]any{"S": [][]float64{{1, 1}, {1, 1}}, "y": []float64{1, 2}}, "the parameter `cov` of `MvNormal` is not positive definite"},
		{"the covariance of latents", "data S : real[N, N]\ndata y : real[N]\nf ~ MvNormal(zeros(N), cov = S)\ny ~ Normal(f, 1)",
			map[string]any{"S": [][]float64{{1, 1}, {1, 1}}, "y": []float64{1, 2}}, "the parameter `cov` of `MvNormal` is not positive definite"},
		{"a factor of a singular matrix", "data S : real[N, N]\ndata y : real[N]\na ~ Normal(0, 1)\nlet L = cholesky(S)\ny ~ MvNormal(fill(a, N), chol = L)",
			map[string]any{"S": [][]float64{{1, 1}, {1, 1}}, "y": []float64{1, 2}}, "the parameter `chol` of `MvNormal` is not the Cholesky factor"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, err := runtime.Compile("model.ppl", []byte(c.text+"\n"))
			if err != nil {
				t.Fatal(err)
			}
			p, err := m.Bind(runtime.Map(c.data))
			if err == nil {
				_, err = p.Fit(context.Background(), runtime.Options{Draws: 1})
			}
			var wrong *runtime.DataError
			if !errors.As(err, &wrong) || !strings.HasPrefix(wrong.Diagnostics[0].Summary, c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
			if strings.Contains(c.want, "MvNormal") && (wrong == nil || !strings.Contains(wrong.Diagnostics[0].Hint, "add a jitter to its diagonal")) {
				t.Errorf("no hint: %v", err)
			}
		})
	}
}

// Rows of data that no statement observes and nothing reads are told.
func TestRowsNotObserved(t *testing.T) {
	for _, c := range []struct {
		name, text string
		data       map[string]any
		want       string // the summary of the warning; "" for none
	}{
		{"a range that ends early", "data y : real[N]\na ~ Normal(0, 1)\ny[i in 1..2] ~ Normal(a, 1)", map[string]any{"y": []float64{1, 2, 3, 4}},
			"no `~` observes 2 of the 4 rows of `y`, and nothing reads them: the first is `y[3]` (the value of \"y\")"},
		{"a length of its own", "data n : int\ndata y : real[N]\na ~ Normal(0, 1)\nplate i in 1..n { y[i] ~ Normal(a, 1) }", map[string]any{"n": 3, "y": []float64{1, 2, 3, 4}},
			"no `~` observes 1 of the 4 rows of `y`, and nothing reads them: the first is `y[4]` (the value of \"y\")"},
		{"rows of a matrix", "data y : real[N, 2]\na ~ Normal(0, 1)\ny[2..N] ~ Normal(a, 1)", map[string]any{"y": [][]float64{{1, 2}, {3, 4}}},
			"no `~` observes 1 of the 2 rows of `y`, and nothing reads them: the first is `y[1]` (the value of \"y\")"},
		{"by an index", "data k : int[M]\ndata y : real[N]\na ~ Normal(0, 1)\nplate i in 1..M { y[k[i]] ~ Normal(a, 1) }", map[string]any{"k": []int{1, 3}, "y": []float64{1, 2, 3}},
			"no `~` observes 1 of the 3 rows of `y`, and nothing reads them: the first is `y[2]` (the value of \"y\")"},
		{"beside missing elements", "data y : real?[N]\na ~ Normal(0, 1)\ny[i in 1..2] ~ Normal(a, 1)", map[string]any{"y": []any{1, nil, nil, 4}},
			"no `~` observes 1 of the 4 rows of `y`, and nothing reads them: the first is `y[4]` (the value of \"y\")"},
		{"all", "data y : real[N]\na ~ Normal(0, 1)\ny[i in 1..N] ~ Normal(a, 1)", map[string]any{"y": []float64{1, 2}}, ""},
		{"in parts", "data y : real[N]\na ~ Normal(0, 1)\ny[1] ~ Normal(a, 1)\ny[2..N] ~ Normal(a, 2)", map[string]any{"y": []float64{1, 2, 3}}, ""},
		{"conditioned upon", "data y : real[N]\na ~ Normal(0, 1)\nfor t in 2..N { y[t] ~ Normal(a * y[t-1], 1) }", map[string]any{"y": []float64{1, 2, 3}}, ""},
		{"padded rows", "data n : int[K]\ndata y : real[K, 3]\na ~ Normal(0, 1)\nplate k in 1..K { plate j in 1..n[k] { y[k, j] ~ Normal(a, 1) } }", map[string]any{"n": []int{1, 2}, "y": [][]float64{{1, 0, 0}, {1, 2, 0}}}, ""},
		{"a predictor", "data x : real[N]\ndata y : real[M]\nb ~ Normal(0, 1)\ny[i in 1..M] ~ Normal(b * x[i], 1)", map[string]any{"x": []float64{1, 2, 3}, "y": []float64{1, 2}}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, err := runtime.Compile("model.ppl", []byte(c.text+"\n"))
			if err != nil {
				t.Fatal(err)
			}
			p, err := m.Bind(runtime.Map(c.data))
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			for _, d := range p.Warnings() {
				got += d.Summary
			}
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

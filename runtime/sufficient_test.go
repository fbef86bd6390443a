package runtime

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"testing"

	"ppl/graph"
	"ppl/inference/random"
	"ppl/inference/target"
)

// withData are the names of the reference models and of the examples, with how
// each is bound.
func withData(t *testing.T) map[string]func(t *testing.T) *Problem {
	all := map[string]func(t *testing.T) *Problem{}
	for _, name := range continuous {
		all[name] = func(t *testing.T) *Problem { return bindReference(t, name) }
	}
	models, err := filepath.Glob("../examples/*/model.ppl")
	if err != nil || len(models) == 0 {
		t.Fatalf("no examples: %v", err)
	}
	for _, path := range models {
		folder := filepath.Dir(path)
		all["example "+filepath.Base(folder)] = func(t *testing.T) *Problem {
			m, err := CompileFile(path)
			if err != nil {
				t.Fatal(err)
			}
			data := filepath.Join(folder, "data.json")
			if _, err := os.Stat(data); err != nil {
				data = filepath.Join(folder, "data.csv")
			}
			p, err := m.Bind(Files(context.Background(), data))
			if err != nil {
				t.Fatal(err)
			}
			return p
		}
	}
	return all
}

// TestSufficientStatistics compares the log density, gradient and
// Hessian-vector products of every reference model and example with sufficient
// statistics and without. Some of the designs are of condition 1e5 and more.
func TestSufficientStatistics(t *testing.T) {
	for name, bind := range withData(t) {
		t.Run(name, func(t *testing.T) {
			compareForms(t, bind(t))
		})
	}
}

// TestSufficientStatisticsOfModels reads each likelihood with 300 rows. The largest
// array of the log density is to have no more elements, for a particle, than
// stated: the rows themselves where the model is not of the kind.
func TestSufficientStatisticsOfModels(t *testing.T) {
	const n, groups, k = 300, 12, 3
	r := random.Stream(9, "sufficient models", 0)
	x, y, w, positive := make([][]float64, n), make([]float64, n), make([]float64, n), make([]float64, n)
	group, second, count := make([]int, n), make([]int, n), make([]int, n)
	for i := range y {
		x[i] = []float64{r.NormFloat64(), r.NormFloat64(), r.NormFloat64()}
		group[i], second[i], count[i] = 1+r.IntN(groups-1), 1+r.IntN(2), r.IntN(5) // the last group is empty
		y[i] = 1 + x[i][0] - x[i][1] + 0.3*float64(group[i]) + r.NormFloat64()
		w[i], positive[i] = 0.5+r.Float64(), math.Exp(y[i])
	}
	y[0] = 1
	header := `
data J : int
data X : real[N, K]
data y : real[N]
data w : real[N] > 0
data p : real[N] > 0
data g : int[N] in 1..J
data h : int[N] in 1..2
data c : int[N] >= 0
a ~ Normal(0, 1)
s ~ HalfNormal(1)
b[k in 1..K] ~ Normal(0, 1)
u[j in 1..J] ~ Normal(0, 1)
v[j in 1..J] ~ Normal(0, 1)
t[j in 1..J] ~ HalfNormal(1)
q[j in 1..2] ~ Normal(0, 1)
`
	data := map[string]any{"X": x, "y": y, "w": w, "p": positive, "g": group, "h": second, "c": count, "J": groups}
	const latents = 3*groups + k + 4 // and never as many as rows
	for _, m := range []struct {
		name, text string
		most       int
	}{
		{"regression", "y ~ Normal(a + X @ b, s)", latents},
		{"rows in a plate", "plate i in 1..N { y[i] ~ Normal(a + X[i] @ b, s) }", latents},
		{"log-normal", "p ~ LogNormal(a + X @ b, s)", latents},
		{"known errors", "y[i in 1..N] ~ Normal(a + b[1] * X[i, 1], w[i])", latents},
		{"known errors times a latent", "y[i in 1..N] ~ Normal(a + b[1] * X[i, 1], s * w[i])", latents},
		{"offset and two columns", "y[i in 1..N] ~ Normal(w[i] + a * X[i, 1] + b[2] * X[i, 2]^2, s)", latents},
		{"autoregression", "y[i in 2..N] ~ Normal(a + b[1] * y[i-1], s)", latents},
		{"groups", "y[i in 1..N] ~ Normal(a + s * u[g[i]] + b[1] * w[i], s)", latents},
		{"groups, intercepts and slopes", "y[i in 1..N] ~ Normal(u[g[i]] + v[g[i]] * w[i] + X[i] @ b, s)", latents},
		{"groups with scales", "y[i in 1..N] ~ Normal(u[g[i]] + b[1] * w[i], t[g[i]])", latents},
		{"two indices", "y[i in 1..N] ~ Normal(u[g[i]] + q[h[i]] + b[1] * w[i], s)", latents},
		{"a factor", "factor -0.5 * sum((y - X @ b)^2) / s^2 - N * log(s)", latents},
		{"a weighted factor", "factor -0.5 * sum([w[i] * (y[i] - a)^2 for i in 1..N])", latents},
		{"Poisson without a predictor", "c ~ Poisson(log_rate = a)", latents},
		{"Poisson by groups", "c[i in 1..N] ~ Poisson(log_rate = u[g[i]])", latents},
		{"counts with a spread of their own", "c ~ NegBinomial(mean = exp(a), dispersion = s)", latents},
		{"counts by groups, with a spread", "c[i in 1..N] ~ NegBinomial(mean = exp(u[g[i]]), dispersion = s)", 5 * groups},
		{"counts by two labels", "c[i in 1..N] ~ BetaBinomial(10, exp(u[g[i]]), exp(q[h[i]] + b[h[i]]))", 10 * groups},
		{"a logistic regression on labels", "let d = h - 1\nplate i in 1..N { d[i] ~ Bernoulli(logit = a + u[g[i]] + b[2] * c[i]) }", 10 * groups},
		{"heavy tails about few values", "let d = 0.5 * c\nd ~ StudentT(4, a, s)", latents},
		{"a curve over few values", "plate i in 1..N { c[i] ~ Poisson(exp(a) * h[i] / (s + h[i])) }", latents},
		{"Poisson regression", "c ~ Poisson(log_rate = a + X @ b)", n},
		{"Student", "y ~ StudentT(4, a + X @ b, s)", n},
		{"not linear", "y[i in 1..N] ~ Normal(exp(a * w[i]), s)", n},
	} {
		t.Run(m.name, func(t *testing.T) {
			model, err := Compile("m.ppl", []byte(header+m.text))
			if err != nil {
				t.Fatal(err)
			}
			p, err := model.Bind(Map(data))
			if err != nil {
				t.Fatal(err)
			}
			l, err := p.target.Listing()
			if err != nil {
				t.Fatal(err)
			}
			needed, largest := graph.Needed(l.Outputs), 0
			for _, node := range l.Graph.Nodes() {
				if needed[node.ID] && !node.IsConst() && len(node.Shape) > 0 && node.Shape[0] == target.Lanes {
					largest = max(largest, node.Shape.Size()/target.Lanes)
				}
			}
			if largest > m.most || m.most == n && largest < n {
				t.Errorf("the largest array has %d elements for a particle, want at most %d", largest, m.most)
			}
			compareForms(t, p)
		})
	}
}

// compareForms compares log density, gradient and Hessian-vector products with
// sufficient statistics and without at random points.
func compareForms(t *testing.T, p *Problem) {
	t.Helper()
	direct := *p.target
	direct.Direct = true
	a, err := p.target.NewSurface()
	if err != nil {
		t.Fatal(err)
	}
	b, err := direct.NewSurface()
	if err != nil {
		t.Fatal(err)
	}
	const points = 10
	d := p.target.D
	r := random.Stream(3, "sufficient", 0)
	u, v := make([]float64, points*d), make([]float64, points*d)
	for i := range u {
		u[i], v[i] = r.NormFloat64(), r.NormFloat64()
	}
	got, want := products(t, a, u, v), products(t, b, u, v)
	for k := 0; k < points; k++ {
		for i, what := range []string{"log density", "gradient", "product"} {
			n := len(got[i]) / points
			sameTo(t, what, got[i][k*n:(k+1)*n], want[i][k*n:(k+1)*n], 1e-9)
		}
	}
}

func products(t *testing.T, s *target.Surface, u, v []float64) [3][]float64 {
	t.Helper()
	lp, g, hv := make([]float64, len(u)/s.D), make([]float64, len(u)), make([]float64, len(u))
	if err := s.Product(u, v, lp, g, hv); err != nil {
		t.Fatal(err)
	}
	return [3][]float64{lp, g, hv}
}

// sameTo compares vectors relative to the largest element.
func sameTo(t *testing.T, what string, got, want []float64, tol float64) {
	t.Helper()
	size := 0.0
	for _, x := range want {
		size = math.Max(size, math.Abs(x))
	}
	for i, x := range want {
		if !(math.Abs(got[i]-x) <= tol*size || got[i] == x || math.IsNaN(x) && math.IsNaN(got[i])) {
			t.Errorf("%s: element %d is %.17g, directly %.17g", what, i, got[i], x)
			return
		}
	}
}

// TestSufficientStatisticsChangeNoAnswer fits with both forms.
func TestSufficientStatisticsChangeNoAnswer(t *testing.T) {
	for _, name := range []string{"kilpisjarvi", "earn_height", "logearn_logheight_male", "arK", "nes1972", "GLM_Poisson"} {
		t.Run(name, func(t *testing.T) {
			p := bindReference(t, name)
			direct, target := *p, *p.target
			target.Direct = true
			direct.target = &target
			a, err := p.Fit(context.Background(), Options{Seed: 1})
			if err != nil {
				t.Fatal(err)
			}
			b, err := direct.Fit(context.Background(), Options{Seed: 1})
			if err != nil {
				t.Fatal(err)
			}
			for i, q := range b.Quantities() {
				if e := math.Abs(a.Quantities()[i].Mean-q.Mean) / q.SD; !(e <= 1e-5) {
					t.Errorf("the mean of %s is off by %.2g sd", q.Name, e)
				}
			}
		})
	}
}

package lower_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"ppl/graph/lower"
	"ppl/lang"
)

var nan = math.NaN()

// knownOf are known values; elements that are NaN are to be drawn.
func knownOf(v values) map[string]*lower.Array {
	if v == nil {
		return nil
	}
	out := map[string]*lower.Array{}
	for name, x := range v {
		a := arrayOf(x)
		for i, v := range a.Data {
			if math.IsNaN(v) {
				if a.Missing == nil {
					a.Missing = make([]bool, len(a.Data))
				}
				a.Missing[i] = true
			}
		}
		out[name] = a
	}
	return out
}

// predicted reads a draw: the element of an array at an index from 1, row-major.
type predicted func(name string, i int) float64

func reading(s *lower.Simulated) predicted {
	return func(name string, i int) float64 {
		if a := s.Values[name]; a != nil {
			return a.Data[i-1]
		}
		for _, x := range s.Latents {
			if x.Symbol.Name == name {
				return x.Array.Data[i-1]
			}
		}
		panic("no " + name)
	}
}

// kriging is the conditional mean and variance of element `at` (from 0) of a normal
// vector given all others but those left out, by elimination on the covariance: the
// formula, with nothing of the program in it.
func kriging(cov [][]float64, mean, x []float64, at int) (m, v float64) {
	var given []int
	for i := range x {
		if !math.IsNaN(x[i]) {
			given = append(given, i)
		}
	}
	n := len(given)
	a := make([][]float64, n) // cov of the given | cov with at, deviations
	for i, gi := range given {
		a[i] = make([]float64, n+2)
		for j, gj := range given {
			a[i][j] = cov[gi][gj]
		}
		a[i][n], a[i][n+1] = cov[gi][at], x[gi]-mean[gi]
	}
	for c := range n {
		for i := c + 1; i < n; i++ {
			f := a[i][c] / a[c][c]
			for j := c; j < n+2; j++ {
				a[i][j] -= f * a[c][j]
			}
		}
	}
	w, d := make([]float64, n), make([]float64, n)
	for i := n - 1; i >= 0; i-- {
		w[i], d[i] = a[i][n], a[i][n+1]
		for j := i + 1; j < n; j++ {
			w[i] -= a[i][j] * w[j]
			d[i] -= a[i][j] * d[j]
		}
		w[i], d[i] = w[i]/a[i][i], d[i]/a[i][i]
	}
	m, v = mean[at], cov[at][at]
	for i, gi := range given {
		m += cov[gi][at] * d[i]
		v -= cov[gi][at] * w[i]
	}
	return m, v
}

// TestPredictModels compares means of functions of predictions with their
// expectations given what is known.
func TestPredictModels(t *testing.T) {
	x := []float64{0, 0.5, 1.5, 2, 3.5, 5}
	f := []float64{0.3, nan, -0.4, nan, 0.9, nan}
	cov, mean := make([][]float64, len(x)), make([]float64, len(x))
	for i := range x {
		cov[i] = make([]float64, len(x))
		for j := range x {
			cov[i][j] = 1.44 * math.Exp(-(x[i]-x[j])*(x[i]-x[j])/2)
			if i == j {
				cov[i][j] += 0.01
			}
		}
		mean[i] = 0.2 * x[i]
	}
	m2, v2 := kriging(cov, mean, f, 1)
	m6, v6 := kriging(cov, mean, f, 5)
	type stat struct {
		of   func(x predicted) float64
		want float64
	}
	el := func(name string, i int) func(x predicted) float64 {
		return func(x predicted) float64 { return x(name, i) }
	}
	square := func(name string, i int, around float64) func(x predicted) float64 {
		return func(x predicted) float64 { return (x(name, i) - around) * (x(name, i) - around) }
	}
	process := `
data x : real[N]
let K = [[1.44 * exp(-(x[i] - x[j])^2 / 2) + (if i == j then 0.01 else 0) for j in 1..N] for i in 1..N]
`
	rows := []struct {
		name, text  string
		data, known values
		want        []stat
	}{
		{"a new group", `
data g : int[N]
data y : real[N]
mu ~ Normal(0, 10)
tau ~ Exponential(1)
plate j in 1..4 { a[j] ~ Normal(mu, tau) }
let effect = [a[j] - mu for j in 1..4]
plate i in 1..N { y[i] ~ Normal(a[g[i]], 0.5) }`,
			values{"g": []int{1, 2, 4, 4}}, values{"mu": 3.0, "tau": 2.0, "a": []float64{1, -50, 2, nan}},
			[]stat{{el("y", 1), 1}, {square("y", 2, -50), 0.25}, {el("y", 3), 3}, {square("y", 3, 3), 4.25}, {el("effect", 4), 0}, {el("effect", 2), -53},
				{func(x predicted) float64 { return (x("y", 3) - 3) * (x("y", 4) - 3) }, 4}}},
		{"a new group of vectors", `
data y : real[2]
plate j in 1..3 { b[j] ~ MvNormal([1, 2], cov = [[2, 0.6], [0.6, 1]]) }
plate k in 1..2 { y[k] ~ Normal(b[3, k], 1) }`, nil,
			values{"b": [][]float64{{5, 5}, {6, 6}, {nan, nan}}},
			[]stat{{el("b", 1), 5}, {el("b", 4), 6}, {el("y", 1), 1}, {square("y", 2, 2), 2}, {func(x predicted) float64 { return (x("b", 5) - 1) * (x("b", 6) - 2) }, 0.6}}},
		{"new rows of simplexes", `
data c : int[2]
plate j in 1..2 { w[j] ~ Dirichlet([1, 2, 3]) }
plate j in 1..2 { c[j] ~ Categorical(w[j]) }`, nil,
			values{"w": [][]float64{{0.5, 0.5, 0}, {nan, nan, nan}}}, []stat{{el("c", 1), 1.5}, {el("c", 2), 2 + 1.0/3}}},
		{"an autoregression of latents goes on", `
data y : real[T]
h[1] ~ Normal(0, 1)
for t in 2..T { h[t] ~ Normal(0.8 * h[t-1], 0.5) }
y[t in 1..T] ~ Normal(h[t], 0.1)`, values{"T": 5}, values{"h": []float64{9, -4, 2, nan, nan}},
			[]stat{{el("h", 1), 9}, {el("h", 4), 1.6}, {el("y", 5), 1.28}, {square("h", 5, 1.28), 0.25 * 1.64}, {square("y", 2, -4), 0.01}}},
		{"an autoregression of data goes on", `
data y : real[T]
a ~ Normal(0, 1)
y[1] ~ Normal(0, 1)
for t in 2..T { y[t] ~ Normal(a * y[t-1], 0.5) }`, values{"T": 5}, values{"a": 0.8, "y": []float64{9, -4, 2, nan, nan}},
			[]stat{{el("y", 2), -4}, {el("y", 4), 1.6}, {square("y", 5, 1.28), 0.25 * 1.64}}},
		{"as a plate that reads itself", `
data y : real[T]
a ~ Normal(0, 1)
y[t in 3..T] ~ Normal(a * y[t-1] + y[t-2], 0.5)`, values{"y": []float64{9, -4, 0, 0, 0}}, values{"a": 0.5},
			[]stat{{el("y", 2), -4}, {el("y", 3), 7}, {el("y", 4), -0.5}}},
		{"a random walk goes on, and is bridged", "x : real[6] ~ GaussianRandomWalk(0.5, start = 1)\n", nil,
			values{"x": []float64{nan, nan, 4, nan, 8, nan}},
			[]stat{{el("x", 1), 2}, {square("x", 2, 3), 0.25 * 2 / 3}, {el("x", 4), 6}, {square("x", 4, 6), 0.125}, {square("x", 6, 8), 0.25}}},
		{"new points of a Gaussian process", process + "f ~ MvNormal([0.2 * x[i] for i in 1..N], cov = K)\n",
			values{"x": x}, values{"f": f}, []stat{{el("f", 2), m2}, {square("f", 2, m2), v2}, {el("f", 6), m6}, {square("f", 6, m6), v6}, {el("f", 5), 0.9}}},
		{"the same by the Cholesky factor", process + "f ~ MvNormal([0.2 * x[i] for i in 1..N], chol = cholesky(K))\n",
			values{"x": x}, values{"f": f}, []stat{{el("f", 2), m2}, {square("f", 2, m2), v2}, {el("f", 6), m6}, {square("f", 6, m6), v6}}},
		{"the same by the precision", process + "f ~ MvNormal([0.2 * x[i] for i in 1..N], precision = inverse(K))\n",
			values{"x": x}, values{"f": f}, []stat{{el("f", 2), m2}, {square("f", 2, m2), v2}, {el("f", 6), m6}, {square("f", 6, m6), v6}}},
		{"data that are one vector", process + "data y : real[N]\ny ~ MvNormal([0.2 * x[i] for i in 1..N], cov = K)\n",
			values{"x": x}, values{"y": f}, []stat{{el("y", 2), m2}, {square("y", 6, m6), v6}}},
		{"a mixture", `
data y : real[N]
w ~ Beta(1, 1)
m ~ Normal(0, 1)
plate i in 1..N { y[i] ~ Mixture([w, 1 - w], Normal(m, 1), Normal(4, 2)) }`, values{"N": 2}, values{"w": 0.25, "m": -2.0},
			[]stat{{el("y", 1), 2.5}, {square("y", 2, 2.5), 0.25*(1+4.5*4.5) + 0.75*(4+1.5*1.5)}}},
		{"a mixture by a discrete latent", `
data y : real[3]
z[i in 1..3] ~ Categorical([0.25, 0.75])
plate i in 1..3 { y[i] ~ Normal([-2, 4][z[i]], 1) }`, nil, values{"z": []float64{1, 2, nan}},
			[]stat{{el("y", 1), -2}, {el("y", 2), 4}, {el("y", 3), 2.5}}},
		{"a zero-inflated count", "data k : int[2]\nr ~ Exponential(1)\nk ~ ZeroInflated(Poisson(r), 0.25)\n", nil, values{"r": 3.0},
			[]stat{{el("k", 1), 2.25}, {func(x predicted) float64 { return map[bool]float64{true: 1}[x("k", 2) == 0] }, 0.25 + 0.75*math.Exp(-3)}}},
		{"a hidden Markov model goes on", `
data y : real[T]
mu : ordered[2] ~ Normal(0, 10)
z[1] ~ Categorical([0.5, 0.5])
for t in 2..T { z[t] ~ Categorical([[0.9, 0.1], [0.2, 0.8]][z[t-1]]) }
plate t in 1..T { y[t] ~ Normal(mu[z[t]], 0.1) }`, values{"T": 5}, values{"mu": []float64{5, 1}, "z": []float64{1, 2, 2, nan, nan}},
			[]stat{{el("y", 1), 5}, {el("y", 3), 1}, {el("z", 4), 1.8}, {el("z", 5), 1 + 0.2*0.1 + 0.8*0.8}, {el("y", 4), 1.8}}},
		{"beta-binomial", "data k : int[3]\np ~ Beta(2, 3)\nk[i in 1..3] ~ Binomial(10, p)\n", nil, nil,
			[]stat{{el("k", 1), 4}, {square("k", 2, 4), 10 * 0.24 * 15 / 6}}},
		{"a let of data that are not given", `
data earn : real[N]
data h : real[N]
let log_earn = log(earn)
b ~ Normal(0, 1)
log_earn[i in 1..N] ~ Normal(b * h[i], 0.5)`, values{"h": []float64{1, 2}}, values{"b": 3.0}, []stat{{el("log_earn", 2), 6}}},
		{"a prior by the data", `
data y : real[3]
let m = mean(y)
mu ~ Normal(m, 1)
y ~ Normal(mu + m, 1)`, values{"y": []float64{1, 2, 3}}, values{"mu": 7.0}, []stat{{el("y", 1), 9}}},
		{"bounds of what is known", "a ~ Flat()\nb ~ Flat() in (0, a)\nx[j in 1..2] ~ Flat() in (a, 6)\n", nil,
			values{"a": 4.0, "x": []float64{5.5, nan}}, []stat{{el("b", 1), 2}, {el("x", 2), 5}}},
		{"a factor of what is known", "data y : real\na ~ Flat()\nfactor -a^2\nlet b = 2 * a\nfactor b\ny ~ Normal(b, 1)\n", nil,
			values{"a": 4.0}, []stat{{el("y", 1), 8}}},
		{"an order of what is new", "data y : real\nm ~ Normal(0, 1)\nx : ordered[2] ~ Normal([m, 0], 1)\ny ~ Normal(x[2] - x[1], 1)\n", nil,
			values{"m": 1.0}, []stat{{el("y", 1), -1 + math.Sqrt2*math.Exp(-0.25)/math.Sqrt(2*math.Pi)/(0.5*math.Erfc(0.5))}, {el("m", 1), 1}}},
		{"ragged", `
data n : int[J]
plate j in 1..J { plate i in 1..n[j] { x[j, i] ~ Normal(10 * j, 1) } }
plate j in 1..J { plate i in n[j]+1..3 { x[j, i] ~ Normal(0, 1) } }`, values{"n": []int{1, 3}},
			values{"x": [][]float64{{nan, 7, 8}, {1, 2, nan}}}, []stat{{el("x", 1), 10}, {el("x", 2), 7}, {el("x", 5), 2}, {el("x", 6), 20}}},
		{"groups of which all or nothing is known", `
data g : int[3]
data y : real[3]
a[j in 1..2] ~ Normal(3, 1)
y[i in 1..3] ~ Normal(a[g[i]], 1)`, values{"g": []int{1, 2, 2}}, values{"a": []float64{1, nan}, "y": []float64{7, nan, nan}}, []stat{{el("y", 1), 7}, {el("y", 3), 3}, {square("y", 2, 3), 2}}},
		{"a latent that reads what is replicated", "data y : real[2]\nm ~ Normal(0, 1)\ny ~ Normal(m, 1)\nz ~ Normal(mean(y), 1)\n", values{"y": []float64{1, 2}}, values{"m": 5.0, "z": 9.0}, []stat{{el("y", 1), 5}, {el("z", 1), 9}}},
		{"walks of which more or less is known", `
plate j in 1..2 {
  h[j, 1] ~ Normal(0, 1)
  for t in 2..5 {
    let m = 0.5 * h[j, t-1]
    h[j, t] ~ Normal(m + j, 1)
  }
}`, nil, values{"h": [][]float64{{7, 8, nan, nan, nan}, {1, 2, 3, 4, nan}}},
			[]stat{{el("h", 2), 8}, {el("h", 3), 5}, {el("h", 5), 0.25*5 + 1.5}, {square("h", 5, 2.75), 1 + 0.25 + 0.0625}, {el("h", 9), 4}, {el("h", 10), 4}}},
		{"states and data that go on together", `
data y : real[T]
h[1] ~ Normal(0, 1)
y[1] ~ Normal(h[1], 1)
for t in 2..T {
  h[t] ~ Normal(0.5 * y[t-1], 1)
  y[t] ~ Normal(h[t] + y[t-1], 1)
}`, values{"T": 6}, values{"h": []float64{1, 2, 3, nan, nan, nan}, "y": []float64{1, 2, 4, nan, nan, nan}},
			[]stat{{el("h", 3), 3}, {el("h", 4), 2}, {el("y", 4), 6}, {el("h", 5), 3}, {el("y", 5), 9}, {square("y", 4, 6), 2}}},
		{"a variance that goes on by a let", `
data y : real[T]
let v[1] = 1
y[1] ~ Normal(0, 1)
for t in 2..T {
  let v[t] = 1 + 0.5 * y[t-1]^2
  y[t] ~ Normal(0, sqrt(v[t]))
}
z ~ Normal(v[T], 1)`, values{"T": 4}, values{"y": []float64{1, 2, nan, nan}}, []stat{{el("z", 1), 1 + 0.5*3}, {square("y", 4, 0), 2.5}}},
		{"two loops over one array", `
for t in 1..2 { h[t] ~ Normal(0, 1) }
for t in 3..8 { h[t] ~ Normal(h[t-1] + h[t-2], 1) }
let last = h[8]`, nil, values{"h": []float64{1, 2, 3, 4, 5, 6, nan, nan}}, []stat{{el("h", 7), 11}, {el("last", 1), 17}, {square("last", 1, 17), 2}}},
		{"a discrete latent in an array of the rest", "n ~ Poisson(3)\nx[i in 1..2] ~ Normal(n, 1)\n", nil, values{"x": []float64{1, nan}, "n": 6.0}, []stat{{el("x", 2), 6}}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			m := checkedWithout(t, row.text)
			p, known := lower.NewPrediction(m, partlyBound(m, row.data), lower.PredictOptions{}), knownOf(row.known)
			got := make([]moments, len(row.want))
			for k := range often(500) {
				s := draw(t, p, known, k)
				for i, w := range row.want {
					got[i].add(w.of(reading(s)) - w.want)
				}
				holds(t, s, known)
			}
			for i, w := range row.want {
				if z := got[i].z(); math.Abs(z) > 4.5 {
					t.Errorf("number %d has mean %.4f, want %.4f: %.1f standard errors", i+1, w.want+got[i].sum/got[i].n, w.want, z)
				}
			}
		})
	}
}

func draw(t *testing.T, p *lower.Prediction, known map[string]*lower.Array, seed int) *lower.Simulated {
	t.Helper()
	s, ds := p.Draw(known, rand.New(rand.NewPCG(uint64(seed), 11)))
	if ds.HasErrors() {
		t.Fatal(ds.Error())
	}
	return s
}

// holds checks that what is known has its values in a draw.
func holds(t *testing.T, s *lower.Simulated, known map[string]*lower.Array) {
	t.Helper()
	for name, a := range known {
		for i, v := range a.Data {
			if got := reading(s)(name, i+1); got != v && !math.IsNaN(v) {
				t.Fatalf("element %d of %s is %g, want %g", i+1, name, got, v)
			}
		}
	}
}

// TestPredictNothingKnown: a prediction of which nothing is known is a simulation, to
// the last bit of every number.
func TestPredictNothingKnown(t *testing.T) {
	for _, row := range simulatedModels {
		m := checkedWithout(t, row.text)
		data := partlyBound(m, row.data)
		p := lower.NewPrediction(m, data, lower.PredictOptions{})
		for seed := range 20 {
			want := simulate(t, m, row.data, seed)
			got := draw(t, p, nil, seed)
			if a, b := flat(want), flat(got); !slices.Equal(a, b) {
				t.Fatalf("%s: simulated\n%v, predicted\n%v", row.name, a, b)
			}
		}
	}
}

func flat(s *lower.Simulated) (out []string) {
	for name, a := range s.Values {
		out = append(out, fmt.Sprintf("%s %v %v %x", name, a.Shape, a.Missing, bits(a.Data)))
	}
	slices.Sort(out)
	for _, x := range s.Latents {
		out = append(out, fmt.Sprintf("%s %v %x", x.Symbol.Name, x.Array.Shape, bits(x.Array.Data)))
	}
	return out
}

func bits(x []float64) (out []uint64) {
	for _, v := range x {
		out = append(out, math.Float64bits(v))
	}
	return out
}

// TestPredictAllKnown: what is drawn and then held comes out as it went in, and
// draws no number.
func TestPredictAllKnown(t *testing.T) {
	for _, row := range simulatedModels {
		m := checkedWithout(t, row.text)
		s := simulate(t, m, row.data, 3)
		known := map[string]*lower.Array{}
		for name, a := range s.Values {
			known[name] = &lower.Array{Shape: a.Shape, Data: a.Data}
		}
		for _, x := range s.Latents {
			if x.Symbol.Kind == lang.SymLatent {
				known[x.Symbol.Name] = x.Array
			}
		}
		out, ds := lower.Predict(m, partlyBound(m, row.data), known, nil)
		if ds.HasErrors() {
			t.Fatalf("%s: %s", row.name, ds.Error())
		}
		if a, b := flat(s), flat(out); !slices.Equal(a, b) {
			t.Errorf("%s: drew\n%v, held\n%v", row.name, a, b)
		}
	}
}

func TestPredictRefuses(t *testing.T) {
	for _, c := range []struct {
		text        string
		data, known values
		at, want    string
	}{
		{"data g : int[N]\ndata y : real[N]\na[j in 1..3] ~ Flat()\ny[i in 1..N] ~ Normal(a[g[i]], 1)\n", values{"g": []int{1, 3}}, values{"a": []float64{1, 2, nan}},
			"Flat()", "`Flat` is no distribution that can be drawn from"},
		{"data y : real\na ~ Normal(0, 1)\nlet b = 2 * a\nfactor -b^2\ny ~ Normal(a, 1)\n", nil, nil, "factor -b^2", "this `factor` hangs on `a`"},
		{"data y : real\na ~ Normal(0, 1)\ny ~ Normal(a, 1)\nfactor -y^2\n", nil, values{"a": 1.0}, "factor -y^2", "this `factor` hangs on `y`"},
		{"a[j in 1..2] ~ Normal(0, 1)\nfactor -sum(a)\n", nil, values{"a": []float64{1, nan}}, "factor -sum(a)", "this `factor` hangs on `a`"},
		{"w ~ Dirichlet([1, 2, 3])\n", nil, values{"w": []float64{0.5, nan, nan}}, "w ~ Dirichlet([1, 2, 3])", "one of `Dirichlet` cannot be drawn in part"},
		{"w : ordered[3] ~ Normal(0, 1)\n", nil, values{"w": []float64{0.5, nan, nan}}, "w : ordered[3] ~ Normal(0, 1)", "one of a constrained kind cannot be drawn in part"},
		{"w : sum_to_zero[3] ~ Normal(0, 1)\n", nil, values{"w": []float64{0.5, nan, nan}}, "Normal(0, 1)", "never of kind `sum_to_zero`"},
		{"W ~ Wishart(5, eye(2))\n", nil, values{"W": [][]float64{{1, 0}, {0, nan}}}, "W ~ Wishart(5, eye(2))", "one of `Wishart` cannot be drawn in part"},
		{"x ~ CAR(zeros(2), [[0.0, 1], [1, 0]], 0.5, 2)\n", nil, values{"x": []float64{1, nan}}, "x ~ CAR(zeros(2), [[0.0, 1], [1, 0]], 0.5, 2)", "one of `CAR` cannot"},
		{"x ~ MvNormal(zeros(3), cov = [[1, 1, 0], [1, 1, 0], [0, 0, 1]])\n", nil, values{"x": []float64{1, 1, nan}},
			"MvNormal(zeros(3), cov = [[1, 1, 0], [1, 1, 0], [0, 0, 1]])", "the covariance of the known elements is not positive definite at element 2"},
		{"plate i in 1..2 { x[i] ~ MvNormal(zeros(3), cov = [[1, 0, 1], [0, 1, 0], [1, 0, 1]]) }\n", nil, values{"x": [][]float64{{1, 1, 1}, {1, 1, nan}}},
			"MvNormal(zeros(3), cov = [[1, 0, 1], [0, 1, 0], [1, 0, 1]])", "given those that are known, is not positive definite at element 3 of the vector, at i = 2"},
		{"param a : real\nx ~ Normal(a, 1)\n", nil, nil, "param a : real", "a `param` has no prior"},
		{"data x : real[2]\ndata y : real[2]\nb ~ Normal(0, 1)\ny[i in 1..2] ~ Normal(b * x[i], 1)\n", nil, nil, "y[i in 1..2] ~ Normal(b * x[i], 1)", "this reads `x`, which the data do not give"},
		{"a[j in 1..3] ~ Normal(0, 1)\n", nil, values{"a": []float64{1, 2}}, "a[j in 1..3] ~ Normal(0, 1)", "another shape"},
		{"a[j in 1..3] ~ Normal(0, 1)\n", nil, values{"a": []float64{1, 2, 3, 4}}, "a", "another shape"},
		{"a[j in 1..3] ~ Normal(0, 1)\n", nil, values{"a": []float64{1, 2, 3, nan}}, "a", "another shape"},
		{"a ~ Normal(0, 1)\n", nil, values{"a": []float64{1, 2}}, "a ~ Normal(0, 1)", "another shape"},
		{"data y : real[3]\ny ~ Normal(0, 1)\n", values{"y": []float64{1, 2, 3}}, values{"y": []float64{1, nan}}, "y", "another shape"},
		{"h[1] ~ Normal(0, 1)\nfor t in 2..4 { h[t] ~ Normal(h[t-1], 1) }\n", nil, values{"h": []float64{1, 2, nan, 3}},
			"h[t] ~ Normal(h[t-1], 1)", "what is known of `h` hangs on elements of `h` that are to be drawn, at t = 4"},
		{"data g : int[3]\ndata y : real[3]\na[j in 1..2] ~ Normal(0, 1)\ny[i in 1..3] ~ Normal(a[g[i]], 1)\n", values{"g": []int{1, 2, 2}}, values{"a": []float64{1, nan}, "y": []float64{1, nan, 2}},
			"y[i in 1..3] ~ Normal(a[g[i]], 1)", "what is known of `y` hangs on elements of `a` that are to be drawn, at i = 3"},
		{"data y : real\nz ~ Bernoulli(0.5)\ny ~ Normal(if z == 1 then 1 else 0, 1)\n", nil, values{"y": 2.0}, "y ~ Normal(if z == 1 then 1 else 0, 1)", "hangs on elements of `z`"},
		{"l ~ Exponential(1)\nlet K = [[l, 0], [0, l]]\nf ~ MvNormal(zeros(2), cov = K)\n", nil, values{"f": []float64{1, nan}}, "f ~ MvNormal(zeros(2), cov = K)", "what is known of `f` hangs on elements of `l`"},
		{"a ~ Normal(0, 1)\n", nil, values{"b": 1.0}, "a ~ Normal(0, 1)\n", "`b`, which is no latent"},
		{"s ~ Normal(-5, 0.1)\nx[i in 1..2] ~ Normal(0, s)\n", nil, values{"x": []float64{1, nan}}, "s", "the parameter `sd` of `Normal` is out of its range"},
		{"data y : real[3]\ny[2..3] ~ Normal(0, 1)\n", nil, nil, "y", "no `~` draws `y[1]`"},
	} {
		m := checkedWithout(t, c.text)
		_, ds := lower.Predict(m, partlyBound(m, c.data), knownOf(c.known), rand.New(rand.NewPCG(1, 1)))
		if !ds.HasErrors() || !strings.Contains(ds.Error(), c.want) {
			t.Errorf("%s: want %q, got\n%s", c.text, c.want, ds.Error())
			continue
		}
		if at := m.File.Source.Slice(ds[0].Span); at != c.at {
			t.Errorf("%s: underlines %q, want %q", c.text, at, c.at)
		}
		if ds[0].Code != "cannot-predict" && !strings.Contains(c.want, "out of its range") {
			t.Errorf("%s: code %s", c.text, ds[0].Code)
		}
	}
}

// TestPredictLarge: states and data of 20,000 steps that are known do not take a walk
// step by step, and a let of data alone is worked out once.
func TestPredictLarge(t *testing.T) {
	n := 20000
	m := checkedWithout(t, `
data T : int
data x : real[T]
data y : real[T]
let z = [x[i] * 2 for i in 1..T]
h[1] ~ Normal(0, 1)
for t in 2..T { h[t] ~ Normal(0.9 * h[t-1], 1) }
y[t in 1..T] ~ Normal(h[t] + z[t], 1)`)
	p := lower.NewPrediction(m, partlyBound(m, values{"T": n, "x": make([]float64, n)}), lower.PredictOptions{})
	known := knownOf(values{"h": make([]float64, n)})
	allocated := testing.AllocsPerRun(3, func() { draw(t, p, known, 1) })
	if allocated > 2000 {
		t.Errorf("%g allocations for a draw: they grow with the data", allocated)
	}
}

func BenchmarkPredict(b *testing.B) {
	m := checkedWithout(b, `
data g : int[N]
data x : real[N]
data y : real[N]
mu ~ Normal(0, 1)
tau ~ Exponential(1)
beta ~ Normal(0, 1)
a[j in 1..50] ~ Normal(mu, tau)
y[i in 1..N] ~ Normal(a[g[i]] + beta * x[i], 1)`)
	g := make([]int, 1000)
	for i := range g {
		g[i] = i%50 + 1
	}
	p := lower.NewPrediction(m, partlyBound(m, values{"g": g, "x": make([]float64, len(g))}), lower.PredictOptions{})
	known := knownOf(values{"mu": 1.0, "tau": 1.0, "beta": 2.0, "a": make([]float64, 50)})
	for b.Loop() {
		if _, ds := p.Draw(known, rand.New(rand.NewPCG(1, 2))); ds.HasErrors() {
			b.Fatal(ds.Error())
		}
	}
}

// TestGenerate evaluates what stands under `generate`, in plates and loops, given
// what is known.
func TestGenerate(t *testing.T) {
	m := checkedWithout(t, `
data y : real[N]
data x : real[N]
data xnew : real[M]
b ~ Normal(0, 1)
s ~ Exponential(1)
plate i in 1..N {
  let mu = b * x[i]
  y[i] ~ Normal(mu, s)
  generate rep[i] ~ Normal(mu, s)
  generate let off[i] = rep[i] - mu
}
generate ynew[j in 1..M] ~ Normal(b * xnew[j], s)
generate h[1] ~ Normal(b, 1)
for t in 2..4 { generate h[t] ~ Normal(0.5 * h[t-1], 0.1) }
generate k ~ Poisson(3)
generate let f[1] = 1
for t in 2..3 {
  generate let f[t] = f[t-1] + k
}
generate let best = max(ynew)
`)
	data := partlyBound(m, values{"y": []float64{5, 6, 7}, "x": []float64{1, 2, 3}, "xnew": []float64{10, 20}})
	known := knownOf(values{"b": 2.0, "s": 0.5})
	p := lower.NewPrediction(m, data, lower.PredictOptions{Generate: true})
	var mean [8]moments
	for seed := range 2000 {
		s := draw(t, p, known, seed)
		got := map[string][]float64{}
		order := ""
		for _, x := range s.Generated {
			got[x.Symbol.Name] = x.Array.Data
			order += x.Symbol.Name + " "
		}
		if order != "rep off ynew h k f best " {
			t.Fatalf("generated %s", order)
		}
		if got["off"][2] != got["rep"][2]-6 || got["best"][0] != max(got["ynew"][0], got["ynew"][1]) || got["f"][2] != 1+2*got["k"][0] {
			t.Fatalf("%v", got)
		}
		for i, v := range []float64{got["rep"][1] - 4, (got["rep"][2]-6)*(got["rep"][2]-6) - 0.25, got["ynew"][0] - 20, got["ynew"][1] - 40,
			got["h"][0] - 2, got["h"][3] - 0.25, got["k"][0] - 3, (got["rep"][0] - 2) * (s.Values["y"].Data[0] - 2)} {
			mean[i].add(v)
		}
	}
	for i := range mean {
		if z := mean[i].z(); math.Abs(z) > 4.5 {
			t.Errorf("number %d is %.1f standard errors from its expectation", i, z)
		}
	}
	if s := draw(t, lower.NewPrediction(m, data, lower.PredictOptions{}), known, 1); s.Generated != nil {
		t.Error("generated without being asked")
	}
	s, ds := lower.Simulate(m, data, rand.New(rand.NewPCG(1, 1)))
	if ds.HasErrors() || s.Generated != nil || len(s.Latents) != 2 {
		t.Errorf("a simulation draws %v %s", s, ds.Error())
	}
	for _, c := range []struct{ without, at, want string }{
		{"xnew", "generate ynew[j in 1..M] ~ Normal(b * xnew[j], s)", "no data give the length `M`"},
		{"", "generate ynew[j in 1..M] ~ Normal(b * xnew[j], s)", "this reads `xnew`, which the data do not give"},
	} {
		less := &lower.Data{Dims: map[string]int{"N": 3, "M": 2}, Values: map[string]*lower.Array{"y": data.Values["y"], "x": data.Values["x"]}}
		if c.without != "" {
			delete(less.Dims, "M")
		}
		_, ds := lower.NewPrediction(m, less, lower.PredictOptions{Generate: true}).Draw(known, rand.New(rand.NewPCG(1, 1)))
		if !ds.HasErrors() || ds[0].Code != "cannot-predict" || !strings.Contains(ds.Error(), c.want) || !strings.Contains(c.at, m.File.Source.Slice(ds[0].Span)) {
			t.Errorf("want %q at %q, got\n%s", c.want, c.at, ds.Error())
		}
		if _, ds := lower.Predict(m, less, known, rand.New(rand.NewPCG(1, 1))); ds.HasErrors() {
			t.Errorf("nobody asked for it:\n%s", ds.Error())
		}
	}
}

func BenchmarkPredictExtend(b *testing.B) {
	m := checkedWithout(b, `
data T : int
data y : real[T]
phi ~ Normal(0, 1)
h[1] ~ Normal(0, 1)
for t in 2..T { h[t] ~ Normal(phi * h[t-1], 1) }
y[t in 1..T] ~ Normal(h[t], 1)`)
	n := 1012
	h := make([]float64, n)
	for i := 1000; i < n; i++ {
		h[i] = nan
	}
	p := lower.NewPrediction(m, partlyBound(m, values{"T": n}), lower.PredictOptions{})
	known := knownOf(values{"phi": 0.5, "h": h})
	for b.Loop() {
		if _, ds := p.Draw(known, rand.New(rand.NewPCG(1, 2))); ds.HasErrors() {
			b.Fatal(ds.Error())
		}
	}
}

func TestMayBeLeftOut(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"data x : real[N]\ndata y : real[N]\nb ~ Normal(0, 1)\ny[i in 1..N] ~ Normal(b * x[i], 1)\n", "y"},
		{"data earn : real[N]\nlet y = log(earn)\nb ~ Normal(0, 1)\ny ~ Normal(b, 1)\n", "earn y"},
		{"data earn : real[N]\nlet y = log(earn)\nb ~ Normal(0, 1)\ny ~ Normal(b + mean(earn), 1)\n", "y"},
		{"data N : int\ndata w : real[N]\nlet y = [w[i] * N for i in 1..N]\nb ~ Normal(0, 1)\ny ~ Normal(b, 1)\n", "w y"},
	} {
		m := checkedWithout(t, c.text)
		var got []string
		for name := range lower.MayBeLeftOut(m) {
			got = append(got, name)
		}
		for name := range lower.SimulatedNames(m) {
			if !slices.Contains(got, name) {
				got = append(got, name)
			}
		}
		slices.Sort(got)
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s\ngot %v, want %s", c.text, got, c.want)
		}
	}
}

// TestPredictParallel: draws of one prediction may be made at once.
func TestPredictParallel(t *testing.T) {
	m := checkedWithout(t, "data x : real[N]\ndata y : real[N]\nlet z = x - mean(x)\nb ~ Normal(0, 1)\ny[i in 1..N] ~ Normal(b * z[i], 1)\nh[1] ~ Normal(0, 1)\nfor t in 2..3 { h[t] ~ Normal(h[t-1], 1) }\n")
	p := lower.NewPrediction(m, partlyBound(m, values{"x": []float64{1, 2, 3}}), lower.PredictOptions{Means: true})
	known := knownOf(values{"b": 2.0, "h": []float64{1, 2, nan}})
	want := flat(draw(t, p, known, 0))
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			s, ds := p.Draw(known, rand.New(rand.NewPCG(0, 11)))
			if ds.HasErrors() || !slices.Equal(flat(s), want) {
				t.Errorf("drew %v %s, want %v", s, ds.Error(), want)
			}
		})
	}
	group.Wait()
}

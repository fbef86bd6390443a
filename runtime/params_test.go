package runtime_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/optimize"
	"gonum.org/v1/gonum/stat/distuv"

	"ppl/runtime"
)

// learn fits a model and gives the values of its params, by name.
func learn(t *testing.T, text string, data map[string]any, opt runtime.Options) (map[string]float64, *runtime.Posterior) {
	t.Helper()
	m, err := runtime.Compile("model.ppl", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	p, err := m.Bind(runtime.Map(data))
	if err != nil {
		t.Fatal(err)
	}
	post, err := p.Fit(context.Background(), opt)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]float64{}
	for _, x := range post.Params() {
		for i, v := range x.Values {
			out[x.Name(i)] = v
		}
	}
	return out, post
}

// factorData are rows of a factor model with k factors.
func factorData(seed uint64, n, d, k int) (*mat.Dense, [][]float64) {
	r := rand.New(rand.NewPCG(seed, 1))
	w := mat.NewDense(d, k, nil)
	for i := range d {
		for j := range k {
			w.Set(i, j, r.NormFloat64())
		}
	}
	x, rows := mat.NewDense(n, d, nil), make([][]float64, n)
	for i := range n {
		z := make([]float64, k)
		for j := range z {
			z[j] = r.NormFloat64()
		}
		rows[i] = make([]float64, d)
		for c := range d {
			v := float64(c) + (0.3+0.1*float64(c))*r.NormFloat64()
			for j := range z {
				v += w.At(c, j) * z[j]
			}
			rows[i][c] = v
			x.Set(i, c, v)
		}
	}
	return x, rows
}

// covariance is that of rows, divided by their number.
func covariance(x *mat.Dense) *mat.SymDense {
	n, d := x.Dims()
	mean := make([]float64, d)
	for i := range n {
		for c := range d {
			mean[c] += x.At(i, c) / float64(n)
		}
	}
	s := mat.NewSymDense(d, nil)
	for a := range d {
		for b := a; b < d; b++ {
			t := 0.0
			for i := range n {
				t += (x.At(i, a) - mean[a]) * (x.At(i, b) - mean[b]) / float64(n)
			}
			s.SetSym(a, b, t)
		}
	}
	return s
}

const factorModel = `data x : real[N, D]
let K = 2
param W : real[D, K]
param mu : real[D]
param sigma : real%s > 0
plate i in 1..N {
  z[i] : real[K] ~ Normal(0, 1)
  x[i] ~ Normal(mu + W @ z[i], sigma)
}
let C = W @ transpose(W)
`

// TestProbabilisticPCA: σ² and W Wᵀ are those of Tipping & Bishop (1999, "Probabilistic principal
// component analysis", eqs. 7 and 8).
func TestProbabilisticPCA(t *testing.T) {
	const n, d, k = 60, 5, 2
	x, rows := factorData(1, n, d, k)
	var e mat.EigenSym
	if !e.Factorize(covariance(x), true) {
		t.Fatal("no eigenvectors")
	}
	var v mat.Dense
	e.VectorsTo(&v)
	values := e.Values(nil)
	s2 := 0.0
	for _, l := range values[:d-k] {
		s2 += l / float64(d-k)
	}
	got, post := learn(t, fmt.Sprintf(factorModel, ""), map[string]any{"x": rows}, runtime.Options{Seed: 1})
	within(t, "sigma²", got["sigma"]*got["sigma"], s2, 1e-4)
	for a := range d {
		for b := range d {
			want := 0.0
			for c := d - k; c < d; c++ {
				want += (values[c] - s2) * v.At(a, c) * v.At(b, c)
			}
			name := fmt.Sprintf("C[%d,%d]", a+1, b+1)
			within(t, name, got[name], want, 1e-4)
		}
	}
	if post.Verdict() == runtime.Poor {
		t.Errorf("the verdict is poor: %v", post.Reasons())
	}
}

// TestFactorAnalysis: variances and W Wᵀ are those of EM run to convergence (Rubin & Thayer 1982).
func TestFactorAnalysis(t *testing.T) {
	if !slow {
		t.Skip("PPL_SLOW=1 runs it; one variance for all: TestProbabilisticPCA")
	}
	const n, d, k = 80, 6, 2
	x, rows := factorData(2, n, d, k)
	s := covariance(x)
	w, psi := mat.NewDense(d, k, nil), make([]float64, d)
	for i := range d {
		psi[i] = s.At(i, i)
		for j := range k {
			w.Set(i, j, math.Sin(float64(3*i+2*j+1)))
		}
	}
	for range 50000 {
		m := mat.NewDense(d, d, nil)
		m.Mul(w, w.T())
		for i := range d {
			m.Set(i, i, m.At(i, i)+psi[i])
		}
		var solved, b, ezz, bw, sb, bsb, inv, next mat.Dense
		if err := solved.Solve(m, w); err != nil {
			t.Fatal(err)
		}
		b.CloneFrom(solved.T())
		sb.Mul(s, b.T())
		bsb.Mul(&b, &sb)
		bw.Mul(&b, w)
		ezz.Sub(&bsb, &bw)
		for j := range k {
			ezz.Set(j, j, ezz.At(j, j)+1)
		}
		if err := inv.Inverse(&ezz); err != nil {
			t.Fatal(err)
		}
		next.Mul(&sb, &inv)
		moved := 0.0
		for i := range d {
			psi[i] = s.At(i, i)
			for j := range k {
				psi[i] -= next.At(i, j) * sb.At(i, j)
				moved = math.Max(moved, math.Abs(next.At(i, j)-w.At(i, j)))
			}
		}
		w.Copy(&next)
		if moved < 1e-12 {
			break
		}
	}
	got, _ := learn(t, fmt.Sprintf(factorModel, "[D]"), map[string]any{"x": rows}, runtime.Options{Seed: 1})
	var c mat.Dense
	c.Mul(w, w.T())
	for a := range d {
		within(t, fmt.Sprintf("sigma[%d]", a+1), got[fmt.Sprintf("sigma[%d]", a+1)], math.Sqrt(psi[a]), 1e-4)
		for b := range d {
			name := fmt.Sprintf("C[%d,%d]", a+1, b+1)
			within(t, name, got[name], c.At(a, b), 1e-4)
		}
	}
}

// TestMaximumLikelihood: a regression of params alone has the estimates of least squares, and standard
// errors of the observed information: of s it is s/√(2N).
func TestMaximumLikelihood(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 1))
	x, y := make([]float64, 40), make([]float64, 40)
	sx, sy, sxx, sxy := 0.0, 0.0, 0.0, 0.0
	for i := range x {
		x[i] = r.NormFloat64()
		y[i] = 1e4 + 0.7*x[i] + 0.5*r.NormFloat64()
		sx, sy, sxx, sxy = sx+x[i], sy+y[i], sxx+x[i]*x[i], sxy+x[i]*y[i]
	}
	n := float64(len(x))
	b := (sxy - sx*sy/n) / (sxx - sx*sx/n)
	a := (sy - b*sx) / n
	ss := 0.0
	for i := range x {
		ss += (y[i] - a - b*x[i]) * (y[i] - a - b*x[i])
	}
	s := math.Sqrt(ss / n)
	got, post := learn(t, `data x : real[N]
data y : real[N]
param a : real
param b : real
param s : real > 0
y[i in 1..N] ~ Normal(a + b * x[i], s)
let twice = 2 * b
`, map[string]any{"x": x, "y": y}, runtime.Options{})
	within(t, "a", got["a"], a, 1e-6)
	within(t, "b", got["b"], b, 1e-6)
	within(t, "s", got["s"], s, 1e-6)
	within(t, "twice", got["twice"], 2*b, 1e-6)
	errors := map[string]float64{}
	for _, p := range post.Params() {
		errors[p.Symbol] = p.Errors[0]
	}
	within(t, "se of b", errors["b"], s/math.Sqrt(sxx-sx*sx/n), 1e-5)
	within(t, "se of twice", errors["twice"], 2*s/math.Sqrt(sxx-sx*sx/n), 1e-5)
	within(t, "se of s", errors["s"], s/math.Sqrt(2*n), 1e-5)
	if post.Verdict() != runtime.Good {
		t.Errorf("verdict %s: %v", post.Verdict(), post.Reasons())
	}
}

// TestPenalties: a `~` on a param is a term of the log density on the param's own scale, without a Jacobian.
func TestPenalties(t *testing.T) {
	y := []float64{0.3, -0.8, 1.9, 0.2, -1.1}
	ss := 0.0
	for _, v := range y {
		ss += v * v
	}
	// −n log s − ss/2s² − s²/2 has its maximum where s⁴ + n s² = ss.
	n := float64(len(y))
	s := math.Sqrt((-n + math.Sqrt(n*n+4*ss)) / 2)
	got, _ := learn(t, "data y : real[N]\nparam s : real > 0\ns ~ HalfNormal(1)\ny ~ Normal(0, s)\n", map[string]any{"y": y}, runtime.Options{})
	within(t, "s", got["s"], s, 1e-7)

	// The same as a factor.
	got, _ = learn(t, "data y : real[N]\nparam s : real > 0\nfactor log_density(HalfNormal(1), s)\ny ~ Normal(0, s)\n", map[string]any{"y": y}, runtime.Options{})
	within(t, "s by a factor", got["s"], s, 1e-7)

	// A ridge, element by element, and the mode of a Dirichlet.
	got, _ = learn(t, "data y : real[N]\nparam b : real[N]\nb[i in 1..N] ~ Normal(0, 2)\ny ~ Normal(b, 1)\n", map[string]any{"y": y}, runtime.Options{})
	for i, v := range y {
		name := fmt.Sprintf("b[%d]", i+1)
		within(t, name, got[name], v*4/5, 1e-7)
	}
	got, _ = learn(t, "data k : int[3]\nparam p : simplex[3]\np ~ Dirichlet([2, 3, 4])\nk ~ Multinomial(10, p)\n", map[string]any{"k": []int{5, 2, 3}}, runtime.Options{})
	for i, c := range []float64{5 + 1, 2 + 2, 3 + 3} {
		name := fmt.Sprintf("p[%d]", i+1)
		within(t, name, got[name], c/16, 1e-7)
	}
}

// TestLearnedThroughDraws: the variance component of a logistic model with four data in each group is that of the
// likelihood by quadrature, from which the maximum of the mean-field bound is away.
func TestLearnedThroughDraws(t *testing.T) {
	const groups, each = 50, 4
	r := rand.New(rand.NewPCG(4, 1))
	var g, y []int
	var x []float64
	for j := range groups {
		theta := 1.5 * r.NormFloat64()
		for range each {
			v := r.NormFloat64()
			g, x = append(g, j+1), append(x, v)
			hit := 0
			if r.Float64() < 1/(1+math.Exp(0.5-v-theta)) {
				hit = 1
			}
			y = append(y, hit)
		}
	}
	normal := distuv.UnitNormal
	minus := func(p []float64) float64 {
		tau, total := math.Exp(p[2]), 0.0
		for j := range groups {
			sum := 0.0
			for z := -7.0; z <= 7; z += 0.1 {
				l := normal.LogProb(z)
				for i := j * each; i < (j+1)*each; i++ {
					eta := p[0] + p[1]*x[i] + tau*z
					if y[i] == 0 {
						eta = -eta
					}
					l -= math.Log1p(math.Exp(-eta))
				}
				sum += 0.1 * math.Exp(l)
			}
			total -= math.Log(sum)
		}
		return total
	}
	best, err := optimize.Minimize(optimize.Problem{Func: minus}, []float64{0, 0, 0}, &optimize.Settings{FuncEvaluations: 600}, &optimize.NelderMead{})
	if err != nil && best == nil {
		t.Fatal(err)
	}
	got, post := learn(t, `data g : int[N]
data x : real[N]
data y : int[N]
data G : int
param a : real
param b : real
param tau : real > 0
theta[j in 1..G] ~ Normal(0, tau)
y[i in 1..N] ~ Bernoulli(logit = a + b * x[i] + theta[g[i]])
`, map[string]any{"g": g, "x": x, "y": y, "G": groups}, runtime.Options{Seed: 1})
	// Within a tenth of the standard errors, which are some 0.28, 0.23 and 0.35.
	within(t, "a", got["a"], best.X[0], 0.028)
	within(t, "b", got["b"], best.X[1], 0.023)
	within(t, "tau", got["tau"], math.Exp(best.X[2]), 0.035)
	if post.Verdict() != runtime.Good {
		t.Errorf("verdict %s: %v", post.Verdict(), post.Reasons())
	}
}

// TestParamsAndDiscrete: a mixture by maximum likelihood has its labels summed out, and the value that EM leads to.
func TestParamsAndDiscrete(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 1))
	y := make([]float64, 120)
	for i := range y {
		y[i] = -1 + 0.7*r.NormFloat64()
		if i%3 == 0 {
			y[i] += 3.5
		}
	}
	got, _ := learn(t, `data y : real[N]
param p : real in (0, 1)
param m : ordered[2]
param s : real > 0
plate i in 1..N {
  z[i] ~ Bernoulli(p)
  y[i] ~ Normal(if z[i] == 1 then m[2] else m[1], s)
}
`, map[string]any{"y": y}, runtime.Options{Seed: 1})
	p, m1, m2, s := 0.4, -1.0, 2.0, 1.0
	for range 5000 {
		n, a, b, ss := 0.0, 0.0, 0.0, 0.0
		w := make([]float64, len(y))
		for i, v := range y {
			f := func(m float64) float64 { return math.Exp(-(v - m) * (v - m) / (2 * s * s)) }
			w[i] = p * f(m2) / (p*f(m2) + (1-p)*f(m1))
			n, a, b = n+w[i], a+w[i]*v, b+(1-w[i])*v
		}
		m2, m1 = a/n, b/(float64(len(y))-n)
		for i, v := range y {
			ss += w[i]*(v-m2)*(v-m2) + (1-w[i])*(v-m1)*(v-m1)
		}
		s, p = math.Sqrt(ss/float64(len(y))), n/float64(len(y))
	}
	within(t, "p", got["p"], p, 1e-5)
	within(t, "m[1]", got["m[1]"], m1, 1e-5)
	within(t, "m[2]", got["m[2]"], m2, 1e-5)
	within(t, "s", got["s"], s, 1e-5)
}

// within demands a value.
func within(t *testing.T, name string, got, want, tol float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tol) {
		t.Errorf("%s is %.8g, not %.8g: off by %.2g", name, got, want, got-want)
	}
}

const interceptsModel = `data g : factor(G)[N]
data y : real[N]
param mu : real
param tau : real > 0
param s : real > 0
theta[j in 1..G] ~ Normal(mu, tau)
y[i in 1..N] ~ Normal(theta[g[i]], s)
let total = tau^2 + s^2
`

// interceptsData are balanced: eight groups of five.
func interceptsData() (data map[string]any, mu, tau, s float64) {
	const groups, each = 8, 5
	r := rand.New(rand.NewPCG(6, 1))
	var g []string
	var y, means []float64
	within, between := 0.0, 0.0
	for j := range groups {
		theta, sum := 2+r.NormFloat64(), 0.0
		for range each {
			v := theta + 0.8*r.NormFloat64()
			g, y, sum = append(g, fmt.Sprintf("g%d", j)), append(y, v), sum+v
		}
		means = append(means, sum/each)
		mu += sum / each / groups
	}
	for j, m := range means {
		between += each * (m - mu) * (m - mu)
		for _, v := range y[j*each : (j+1)*each] {
			within += (v - m) * (v - m)
		}
	}
	s2 := within / (groups * (each - 1))
	return map[string]any{"g": g, "y": y}, mu, math.Sqrt((between/groups - s2) / each), math.Sqrt(s2)
}

// TestRandomIntercepts: the estimates of a balanced one-way layout by maximum likelihood have a closed form (Searle,
// Casella & McCulloch 1992, sec. 3.8), and the rest is the posterior given them, whatever the method.
func TestRandomIntercepts(t *testing.T) {
	data, mu, tau, s := interceptsData()
	for _, opt := range []runtime.Options{{}, {Method: runtime.MethodNUTS}, {Quick: true}, {Guide: "fullrank"}, {Correct: "none"}} {
		got, post := learn(t, interceptsModel, data, opt)
		within(t, "mu", got["mu"], mu, 1e-6)
		within(t, "tau", got["tau"], tau, 1e-6)
		within(t, "s", got["s"], s, 1e-6)
		within(t, "total", got["total"], tau*tau+s*s, 1e-6)
		q, err := post.Quantity("theta[g3]")
		if err != nil {
			t.Fatal(err)
		}
		within(t, "sd of theta[g3]", q.SD, 1/math.Sqrt(1/(tau*tau)+5/(s*s)), 0.03)
		if _, err := post.Quantity("total"); err == nil {
			t.Error("a let of params is among the quantities")
		}
	}
}

// TestLearnedFitsAreSaved: a fit that is read back shows the same, and predicts the same.
func TestLearnedFitsAreSaved(t *testing.T) {
	data, _, _, _ := interceptsData()
	_, post := learn(t, interceptsModel, data, runtime.Options{})
	var b bytes.Buffer
	if err := post.Save(&b); err != nil {
		t.Fatal(err)
	}
	again, err := runtime.Load(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		t.Fatal(err)
	}
	var was, is bytes.Buffer
	for out, p := range map[*bytes.Buffer]*runtime.Posterior{&was: post, &is: again} {
		if err := p.WriteTable(out, runtime.TableOptions{}); err != nil {
			t.Fatal(err)
		}
		if err := p.WriteJSON(out); err != nil {
			t.Fatal(err)
		}
		y, err := p.Predict(context.Background(), runtime.Map(map[string]any{"g": []string{"g1", "new"}}), runtime.PredictOptions{Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		for _, q := range y.Quantities() {
			fmt.Fprintln(out, q.Name, q.Mean, q.SD)
		}
		l, err := p.LOO(context.Background(), runtime.LOOOptions{})
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(out, l.ELPD())
	}
	if was.String() != is.String() {
		t.Errorf("was\n%s\nis\n%s", was.String(), is.String())
	}
	if !strings.Contains(was.String(), `"tau": `) {
		t.Errorf("no params in\n%s", was.String())
	}
}

// TestPredictFromParams: a fit of params alone predicts by its estimates.
func TestPredictFromParams(t *testing.T) {
	y := []float64{1, 2, 4, 5}
	_, post := learn(t, "data y : real[N]\nparam m : real\nparam s : real > 0\ny ~ Normal(m, s)\ngenerate let twice = 2 * m\n", map[string]any{"y": y}, runtime.Options{})
	p, err := post.Predict(context.Background(), runtime.Map(map[string]any{"N": 2}), runtime.PredictOptions{Seed: 1, Draws: 20000})
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range p.Quantities() {
		if q.Symbol == "y" {
			within(t, q.Name, q.Mean, 3, 0.05)
			within(t, q.Name, q.SD, math.Sqrt(2.5), 0.05)
		} else {
			within(t, q.Name, q.Mean, 6, 1e-6)
		}
	}
	if err := post.WriteDraws(io.Discard, runtime.DrawsCSV); !errors.Is(err, runtime.ErrNoDraws) {
		t.Errorf("draws of nothing: %v", err)
	}
}

// TestParamsThatAreRefused: what has no prior cannot be drawn from it; a param has no element for what the fit has not seen;
// and where it starts lies inside of its range.
func TestParamsThatAreRefused(t *testing.T) {
	m, err := runtime.Compile("model.ppl", []byte(interceptsModel))
	if err != nil {
		t.Fatal(err)
	}
	data, _, _, _ := interceptsData()
	p, err := m.Bind(runtime.Map(data))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Fit(context.Background(), runtime.Options{Init: runtime.Map(map[string]any{"tau": -1.0})}); err == nil || !strings.Contains(err.Error(), "tau") {
		t.Errorf("a start below 0: %v", err)
	}
	if _, err := m.Simulator(runtime.Map(data)); err == nil {
		if s, _ := m.Simulator(runtime.Map(data)); s != nil {
			if _, err := s.Draw(1, 0); err == nil || !strings.Contains(err.Error(), "param") {
				t.Errorf("a simulation of params: %v", err)
			}
		}
	}
	_, post := learn(t, "data g : factor(G)[N]\ndata y : real[N]\nparam b : real[G]\nparam s : real > 0\ny[i in 1..N] ~ Normal(b[g[i]], s)\n", data, runtime.Options{})
	_, err = post.Predict(context.Background(), runtime.Map(map[string]any{"g": []string{"new"}}), runtime.PredictOptions{})
	if err == nil || !strings.Contains(err.Error(), "`b` was learned with the shape [8]") {
		t.Errorf("a label without a param: %v", err)
	}
	m, err = runtime.Compile("model.ppl", []byte("data y : real\nparam s : real > 0 = y\ny ~ Normal(0, s)\n"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Bind(runtime.Map(map[string]any{"y": -2.0})); err == nil || !strings.Contains(err.Error(), "initial value") {
		t.Errorf("an initial value outside: %v", err)
	}
}

// TestHyperparametersOfAProcess: the estimates are those of the process with its values integrated out by hand, though the
// bound of the mean-field guide has its maximum elsewhere, where the process is gone.
func TestHyperparametersOfAProcess(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 1))
	x, y := make([]float64, 20), make([]float64, 20)
	for i := range x {
		x[i] = float64(i) / 3
		y[i] = math.Sin(x[i]) + 0.3*r.NormFloat64()
	}
	data := map[string]any{"x": x, "y": y}
	const head = "data x : real[N]\ndata y : real[N]\nparam rho : real > 0\nparam alpha : real > 0\nparam s : real > 0\n"
	const kernel = "let K = [alpha^2 * exp(-(x[i] - x[j])^2 / (2 * rho^2)) + (if i == j then %s else 0) for i in 1..N, j in 1..N]\n"
	want, _ := learn(t, head+fmt.Sprintf(kernel, "s^2 + 1e-6")+"y ~ MvNormal(zeros(N), K)\n", data, runtime.Options{})
	got, post := learn(t, head+fmt.Sprintf(kernel, "1e-6")+"f ~ MvNormal(zeros(N), K)\ny ~ Normal(f, s)\n", data, runtime.Options{})
	for _, name := range []string{"rho", "alpha", "s"} {
		within(t, name, got[name], want[name], 1e-3)
	}
	if post.Verdict() != runtime.Good {
		t.Errorf("verdict %s: %v", post.Verdict(), post.Reasons())
	}
}

// TestStateSpaceByLikelihood: the estimates of an autoregression seen through noise are those of the Kalman filter, though
// the states tell most of what there is to know of them.
func TestStateSpaceByLikelihood(t *testing.T) {
	if !slow {
		t.Skip("PPL_SLOW=1: ten seconds")
	}
	r := rand.New(rand.NewPCG(9, 1))
	y, state := make([]float64, 150), 0.0
	for i := range y {
		state = 0.8*state + r.NormFloat64()
		y[i] = state + 0.7*r.NormFloat64()
	}
	minus := func(p []float64) float64 {
		phi, q, s := math.Tanh(p[0]), math.Exp(p[1]), math.Exp(p[2])
		m, v, total := 0.0, 25.0, 0.0
		for i, x := range y {
			if i > 0 {
				m, v = phi*m, phi*phi*v+q*q
			}
			f, e := v+s*s, x-m
			total += 0.5 * (math.Log(2*math.Pi*f) + e*e/f)
			m, v = m+v/f*e, v*(1-v/f)
		}
		return total
	}
	best, err := optimize.Minimize(optimize.Problem{Func: minus}, []float64{0.5, 0, 0}, &optimize.Settings{FuncEvaluations: 3000}, &optimize.NelderMead{})
	if best == nil {
		t.Fatal(err)
	}
	got, post := learn(t, `data y : real[T]
param phi : real in (-1, 1)
param q : real > 0
param r : real > 0
x[1] ~ Normal(0, 5)
for t in 2..T { x[t] ~ Normal(phi * x[t-1], q) }
y[t in 1..T] ~ Normal(x[t], r)
`, map[string]any{"y": y}, runtime.Options{Seed: 1})
	within(t, "phi", got["phi"], math.Tanh(best.X[0]), 1e-3)
	within(t, "q", got["q"], math.Exp(best.X[1]), 1e-3)
	within(t, "r", got["r"], math.Exp(best.X[2]), 1e-3)
	if post.Verdict() != runtime.Good {
		t.Errorf("verdict %s: %v", post.Verdict(), post.Reasons())
	}
}

// TestWhatTheDataDoNotTell: a param that nothing depends on, and a scale whose likelihood is highest at 0, are not called
// good.
func TestWhatTheDataDoNotTell(t *testing.T) {
	for text, name := range map[string]string{
		"data y : real[2]\nparam a : real[2]\nparam s : real > 0\ny ~ Normal(a, s)\n": "`s`",
		"data k : int\nparam p : real in (0, 1)\nk ~ Binomial(8, p)\n":                "`p`",
		"param k : real\nmu ~ Normal(k, 1)\n":                                         "`k`",
		"data y : real[N]\ndata sigma : real[N]\nparam mu : real\nparam tau : real > 0\ntheta[j in 1..N] ~ Normal(mu, tau)\ny[j in 1..N] ~ Normal(theta[j], sigma[j])\n": "`tau`",
		"data y : real[N]\nparam a : real\nparam b : real\ny ~ Normal(a + b, 1)\n":                                                                                       "`a`, `b`",
	} {
		data := map[string]any{}
		if strings.Contains(text, "y :") {
			data["y"] = []float64{28, 8, -3, 7, -1, 1, 18, 12}
		}
		if strings.Contains(text, "real[2]\n") {
			data["y"] = []float64{3, 5}
		}
		if strings.Contains(text, "k :") {
			data["k"] = 8
		}
		if strings.Contains(text, "sigma :") {
			data["sigma"] = []float64{15, 10, 16, 11, 9, 11, 10, 18}
		}
		got, post := learn(t, text, data, runtime.Options{})
		if post.Verdict() == runtime.Good || !strings.Contains(strings.Join(post.Reasons(), "\n"), name+":") {
			t.Errorf("%s\nverdict %s: %v", text, post.Verdict(), post.Reasons())
		}
		if mu, ok := got["mu"]; ok {
			within(t, "mu", mu, 7.6856, 1e-3)
		}
	}
}

package inference

import (
	"context"
	"math"
	"slices"
	"testing"

	"gonum.org/v1/gonum/mat"

	"ppl/graph/lower"
	"ppl/inference/random"
	"ppl/inference/target"
)

// blockModels are models with the sites of their blocks, and the pattern that is found.
var blockModels = []struct {
	name, text string
	given      data
	inside     []string
	chained    bool
}{
	{"groups, centred", `
data y : real[N]
data g : int[N]
mu ~ Normal(0, 10)
tau ~ HalfNormal(3)
s ~ HalfNormal(3)
theta[j in 1..4] ~ Normal(mu, tau)
y[i in 1..N] ~ Normal(theta[g[i]], s)`,
		data{"N": 7, "y": []float64{1, 2, 1.5, 3, 2.5, 4, 0.3}, "g": []float64{1, 1, 2, 2, 3, 4, 4}}, []string{"mu", "theta"}, false},
	{"groups, non-centred, weighted, censored elsewhere", `
data y : real[N]
data w : real[N]
data z : real[N]
mu ~ Normal(0, 10)
tau ~ HalfNormal(3)
rate ~ HalfNormal(1)
e[j in 1..N] ~ Normal(0, 1)
y[i in 1..N] ~ Normal(mu + tau * e[i], 2) weighted w[i]
z ~ Exponential(rate)`,
		data{"N": 3, "y": []float64{1, -2, 3}, "w": []float64{1, 2.5, 0.5}, "z": []float64{1, 2, 0.2}}, []string{"e", "mu"}, false},
	{"a regression, whose sums are sufficient statistics", `
data X : real[N, K]
data y : real[N]
a ~ Normal(0, 10)
b[k in 1..K] ~ Normal(0, 2)
s ~ HalfCauchy(2)
y ~ Normal(a + X @ b, s)`,
		data{"N": 5, "K": 2, "X": [][]float64{{1, 2}, {0.3, -1}, {2, 0.5}, {-1, 1}, {0.7, 0.1}}, "y": []float64{1, 2, 3, 0, 1}}, []string{"a", "b"}, false},
	{"slopes and intercepts with a correlation", `
data y : real[J, 3]
m[k in 1..2] ~ Normal(0, 5)
sd[k in 1..2] ~ HalfNormal(2)
L : cholesky_corr[2] ~ LKJCholesky(2.0)
s ~ HalfNormal(1)
plate j in 1..J {
  b[j] ~ MvNormal(m, chol = diag(sd) @ L)
  plate t in 1..3 { y[j, t] ~ Normal(b[j, 1] + b[j, 2] * t, s) }
}`,
		data{"J": 4, "y": [][]float64{{1, 2, 3}, {0, 0.5, 1.5}, {2, 1.5, 1}, {0.2, 0, -1}}}, []string{"b", "m"}, false},
	{"a local linear trend", `
data y : real[T]
sl ~ HalfNormal(1)
ss ~ HalfNormal(0.3)
se ~ HalfNormal(1)
level[1] ~ Normal(0, 5)
slope[1] ~ Normal(0, 1)
for t in 2..T {
  slope[t] ~ Normal(slope[t-1], ss)
  level[t] ~ Normal(level[t-1] + slope[t-1], sl)
}
y[t in 1..T] ~ Normal(level[t], se)`,
		data{"T": 40, "y": waves(40)}, []string{"level", "slope"}, true},
	{"a random walk", `
data y : real[T]
s ~ HalfNormal(1)
x : real[T] ~ GaussianRandomWalk(s)
y ~ Normal(x, 0.7)`,
		data{"T": 70, "y": waves(70)}, []string{"x"}, true},
	{"missing data of a regression", `
data x : real?[N]
data y : real[N]
m ~ Normal(0, 3)
sx ~ HalfNormal(2)
b ~ Normal(0, 2)
s ~ HalfNormal(1)
x[i in 1..N] ~ Normal(m, sx)
y[i in 1..N] ~ Normal(b * x[i], s)`,
		data{"N": 4, "x": &lower.Array{Shape: []int{4}, Data: []float64{1, 0, 0.5, 0}, Missing: []bool{false, true, false, true}}, "y": []float64{1, 2, 3, 4}}, []string{"m", "x"}, false},
}

func waves(n int) []float64 {
	y := make([]float64, n)
	for i := range y {
		y[i] = math.Sin(float64(i)/5) + 0.3*math.Cos(float64(7*i))
	}
	return y
}

func blockOf(t *testing.T, tg *target.Target) *target.Block {
	t.Helper()
	f := newFitter(context.Background(), tg, Options{Seed: 3})
	f.t = tg
	bl, err := f.block()
	if err != nil || bl == nil {
		t.Fatalf("no block: %v", err)
	}
	return bl
}

// TestMarginal: the density of a Marginal target is that of the dense formula, from the Hessian of the whole density, which does not move
// with the block; its gradients and Hessian products are differences of it; and draws of the block have the mean and the
// covariance that the formula gives.
func TestMarginal(t *testing.T) {
	for _, c := range blockModels {
		t.Run(c.name, func(t *testing.T) {
			tg := build(t, c.text, c.given)
			bl := blockOf(t, tg)
			var sites []string
			for i, s := range tg.Slots {
				if bl.Slots[i] && !slices.Contains(sites, s.Site.Name) {
					sites = append(sites, s.Site.Name)
				}
			}
			slices.Sort(sites)
			if !slices.Equal(sites, c.inside) || bl.Pattern.Chained != c.chained {
				t.Fatalf("%v are integrated out, in a chain: %v; want %v, %v", sites, bl.Pattern.Chained, c.inside, c.chained)
			}
			whole, err := tg.NewSurface()
			if err != nil {
				t.Fatal(err)
			}
			m := tg.Marginal(bl)
			surface, err := m.NewSurface()
			if err != nil {
				t.Fatal(err)
			}
			reporter, err := m.NewReporter(target.Lanes)
			if err != nil {
				t.Fatal(err)
			}
			r := random.Stream(1, "marginal", 0)
			h, n := len(bl.Outside), len(bl.Inside)
			for range 3 {
				at := make([]float64, h)
				for i := range at {
					at[i] = r.NormFloat64()
				}
				want, mean, chol := denseMarginal(t, whole, bl, at, r.NormFloat64)
				lp, g := make([]float64, 1), make([]float64, h)
				if err := surface.Gradient(at, lp, g); err != nil {
					t.Fatal(err)
				}
				if !(math.Abs(lp[0]-want) <= 1e-9*(1+math.Abs(want))) {
					t.Errorf("the density is %v, want %v", lp[0], want)
				}
				v, hv := make([]float64, h), make([]float64, h)
				for i := range v {
					v[i] = r.NormFloat64()
				}
				if err := surface.Product(at, v, lp, make([]float64, h), hv); err != nil {
					t.Fatal(err)
				}
				const step = 1e-5
				ends := [2]float64{}
				grads := [2][]float64{}
				for k, sign := range []float64{-1, 1} {
					x := slices.Clone(at)
					axpy(sign*step, v, x)
					grads[k] = make([]float64, h)
					if err := surface.Gradient(x, lp, grads[k]); err != nil {
						t.Fatal(err)
					}
					ends[k] = lp[0]
				}
				if got, want := dot(g, v), (ends[1]-ends[0])/(2*step); math.Abs(got-want) > 1e-5*(1+math.Abs(want)) {
					t.Errorf("a derivative is %v, differences give %v", got, want)
				}
				for i := range hv {
					if want := (grads[1][i] - grads[0][i]) / (2 * step); math.Abs(hv[i]-want) > 1e-5*(1+math.Abs(want)) {
						t.Errorf("a second derivative is %v, differences give %v", hv[i], want)
					}
				}
				drawsAre(t, tg, bl, reporter, at, mean, chol, n)
			}
		})
	}
}

// denseMarginal is the marginal density at h by the dense formula, with the mean and the precision's factor of the block; the Hessian is taken
// at a random place of the block.
func denseMarginal(t *testing.T, whole *target.Surface, bl *target.Block, h []float64, normal func() float64) (float64, []float64, *mat.Cholesky) {
	t.Helper()
	d, n := whole.D, len(bl.Inside)
	u := make([]float64, d)
	for i, c := range bl.Outside {
		u[c] = h[i]
	}
	for _, c := range bl.Inside {
		u[c] = normal()
	}
	hess := make([]float64, d*d)
	_, g, err := whole.Hessian(u, hess)
	if err != nil {
		t.Fatal(err)
	}
	a, side := mat.NewSymDense(n, nil), mat.NewVecDense(n, nil)
	for i, c := range bl.Inside {
		side.SetVec(i, g[c])
		for j, e := range bl.Inside[:i+1] {
			a.SetSym(i, j, -hess[c*d+e])
		}
	}
	var chol mat.Cholesky
	if !chol.Factorize(a) {
		t.Fatal("the precision is not positive definite")
	}
	step := mat.NewVecDense(n, nil)
	if err := chol.SolveVecTo(step, side); err != nil {
		t.Fatal(err)
	}
	mean := make([]float64, n)
	for i, c := range bl.Inside {
		u[c] += step.AtVec(i)
		mean[i] = u[c]
	}
	lp := make([]float64, 1)
	if err := whole.Value(u, lp); err != nil {
		t.Fatal(err)
	}
	return lp[0] + float64(n)/2*math.Log(2*math.Pi) - chol.LogDet()/2, mean, &chol
}

// drawsAre compares draws that a reporter makes at one point with a normal distribution: their mean, and that of the squares
// of what they are whitened to.
func drawsAre(t *testing.T, tg *target.Target, bl *target.Block, r *target.Reporter, h, mean []float64, chol *mat.Cholesky, n int) {
	t.Helper()
	const rows = 2048
	at := make([]float64, 0, rows*len(h))
	for range rows {
		at = append(at, h...)
	}
	values, err := r.Report(at)
	if err != nil {
		t.Fatal(err)
	}
	draws := make([][]float64, 0, n)
	for i, s := range tg.Slots {
		if !bl.Slots[i] {
			continue
		}
		k := slices.Index(r.Symbols, s.Site)
		base := 0
		for _, o := range tg.Slots[:i] { // a site in parts
			if o.Site == s.Site {
				base += o.Free.Size()
			}
		}
		for e := range s.Free.Size() {
			draws = append(draws, values[k][(base+e)*rows:(base+e+1)*rows])
		}
	}
	total := 0.0
	x, y := mat.NewVecDense(n, nil), mat.NewVecDense(n, nil)
	for row := range rows {
		for i := range draws {
			x.SetVec(i, draws[i][row]-mean[i])
		}
		y.MulVec(chol.RawU(), x)
		total += mat.Dot(y, y)
	}
	if want := float64(n); math.Abs(total/rows-want) > 5*math.Sqrt(2*want/rows) {
		t.Errorf("the squares of whitened draws have a mean of %.3f, not %d", total/rows, n)
	}
	var inverse mat.SymDense
	if err := chol.InverseTo(&inverse); err != nil {
		t.Fatal(err)
	}
	for i, d := range draws {
		m := 0.0
		for _, v := range d {
			m += v / rows
		}
		if z := (m - mean[i]) / math.Sqrt(inverse.At(i, i)/rows); math.Abs(z) > 5 {
			t.Errorf("the mean of draws of number %d is %.1f standard errors off", i, z)
		}
	}
}

// TestNoBlock: what is not Gaussian given the others stays.
func TestNoBlock(t *testing.T) {
	y := data{"N": 4, "y": []float64{1, 2, 3, 4}}
	for _, c := range []struct {
		name, text string
		given      data
		slots      bool // some are Gaussian, and are not integrated out all the same
	}{
		{"a Poisson likelihood", "data y : int[N]\nb ~ Normal(0, 1)\ny ~ Poisson(exp(b))", y, false},
		{"a Student likelihood", "data y : real[N]\nb ~ Normal(0, 1)\ns ~ HalfNormal(1)\ny ~ StudentT(4, b, s)", y, false},
		{"a scale that depends on it", "data y : real[N]\nb ~ Normal(0, 1)\ny ~ Normal(b, exp(b))", y, false},
		{"a truncated prior", "data y : real[N]\nb ~ Normal(0, 1) in (0, inf)\ns ~ HalfNormal(1)\ny ~ Normal(b, s)", y, false},
		{"nothing else", "data y : real[N]\nb ~ Normal(0, 1)\ny ~ Normal(b, 1)", y, true},
		{"counts of groups, whose means have a common one", "data y : int[N]\nm ~ Normal(0, 1)\ns ~ HalfNormal(1)\nb[i in 1..N] ~ Normal(m, s)\ny[i in 1..N] ~ Poisson(exp(b[i]))", y, true},
	} {
		tg := build(t, c.text, c.given)
		marked, err := tg.GaussianSlots(mostOutside)
		if err != nil {
			t.Fatal(err)
		}
		if slices.Contains(marked, true) != c.slots {
			t.Errorf("%s: marked are %v", c.name, marked)
		}
		f := newFitter(context.Background(), tg, Options{Seed: 1})
		f.t = tg
		if bl, err := f.block(); err != nil || bl != nil {
			t.Errorf("%s: integrated out is %+v, %v", c.name, bl, err)
		}
	}
	// Of two latents that multiply one another the larger goes in, and the other stays.
	tg := build(t, "data y : real[N]\na ~ Normal(0, 1)\nx[i in 1..N] ~ Normal(0, 1)\ny[i in 1..N] ~ Normal(a * x[i], 1)", y)
	marked, err := tg.GaussianSlots(mostOutside)
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range tg.Slots {
		if marked[i] != (s.Site.Name == "x") {
			t.Errorf("%s: marked %v", s.Site.Name, marked[i])
		}
	}
}

// TestIntegrated: means and sds of a fit are those of quadrature over what is left; two groups say so little of their spread that a fit of
// all latents calls an sd good that is a tenth off.
func TestIntegrated(t *testing.T) {
	tg := build(t, `
data y : real[J]
data se : real[J]
mu ~ Normal(0, 20)
tau ~ HalfCauchy(1)
theta[j in 1..J] ~ Normal(mu, tau)
y[j in 1..J] ~ Normal(theta[j], se[j])`, data{"J": 5, "y": []float64{3, -1, 2.5, 0.4, 7}, "se": []float64{1.2, 1.3, 0.8, 1, 2}})
	s, err := tg.Marginal(blockOf(t, tg)).NewSurface()
	if err != nil {
		t.Fatal(err)
	}
	var at []float64
	for x := -12.0; x < 14; x += 0.01 {
		at = append(at, x)
	}
	lp := make([]float64, len(at))
	if err := s.Value(at, lp); err != nil {
		t.Fatal(err)
	}
	total, mean, square := 0.0, 0.0, 0.0
	for i, x := range at {
		w, tau := math.Exp(lp[i]), math.Exp(x)
		total, mean, square = total+w, mean+w*tau, square+w*tau*tau
	}
	mean /= total
	sd := math.Sqrt(square/total - mean*mean)
	a, err := Infer(t.Context(), tg, Options{Seed: 1, Draws: 16384})
	if err != nil {
		t.Fatal(err)
	}
	if a.Target.Block == nil || a.Draws.KHat > SteadyKHat {
		t.Fatalf("a fit of %d latents, k̂ %v", a.Target.D, a.Draws.KHat)
	}
	r, err := a.Target.NewReporter(target.Lanes)
	if err != nil {
		t.Fatal(err)
	}
	values, err := r.Report(a.Draws.U)
	if err != nil {
		t.Fatal(err)
	}
	n := a.Draws.N()
	for k, symbol := range r.Symbols {
		if symbol.Name != "tau" {
			continue
		}
		got := describe(values[k][:n], a.Draws.W, 1)
		if math.Abs(got.mean-mean) > 0.03*sd || math.Abs(got.sd/sd-1) > 0.05 {
			t.Errorf("tau is %.3f ± %.3f, quadrature has %.3f ± %.3f", got.mean, got.sd, mean, sd)
		}
	}
}

package random

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// TestGaussianMarginal compares coefficients with a covariance, integrated out in closed form, with quadrature over them, and
// with the closed form for independent ones.
func TestGaussianMarginal(t *testing.T) {
	y, x := []float64{1.2, -0.4, 2.1}, [][]float64{{1, 0}, {1, 0.5}, {0.3, 2}}
	const s = 1.5
	at := func() gaussianModel {
		return gaussianModel{x: x, y: y, mean: []float64{0.5, -1}, cov: [][]float64{{4, 1.2 * s}, {1.2 * s, s * s}}, noise: []float64{0.5, 1, 0.8}}
	}
	closed, direct := blank(), blank()
	closed.add(coordinate{lo: 0, hi: 1, value: func(u float64, _ []float64, _ int) (float64, float64) { return u, 0 }})
	closed.gaussian([]string{"a", "b"}, func([]float64, int) (gaussianModel, float64) { return at(), 0 })
	direct.latent("a", normal(0.5, 2), Both)
	z := direct.add(normal(0, 1).coordinate())
	// The correlation is 1.2/2 = 0.6: b = −1 + s (0.6 (a − 0.5)/2 + 0.8 z).
	b := func(v []float64) float64 { return -1 + s*(0.6*(v[0]-0.5)/2+0.8*v[z]) }
	direct.report("b", Both, func(v []float64, _ int) float64 { return b(v) })
	direct.density = func(v []float64, _ int) float64 {
		var sum float64
		for i, row := range x {
			sum += logNormal(y[i], row[0]*v[0]+row[1]*b(v), []float64{0.5, 1, 0.8}[i])
		}
		return sum
	}
	same(t, solved(t, closed), direct)

	g := gaussianModel{x: x, y: y, mean: []float64{0.5, -1}, cov: diagonal(4, 0.09), noise: []float64{0.7, 0.7, 0.7}}
	l := linearModel{x: x, y: y, mean: []float64{0.5, -1}, sd: []float64{2, 0.3}}
	first, second := make([]Law, 2), make([]Law, 2)
	if a, b := g.given(first), l.given(0.7, second); math.Abs(a-b) > 1e-10 {
		t.Errorf("log marginals %g and %g", a, b)
	}
	for k := range first {
		if math.Abs(first[k].Mean-second[k].Mean) > 1e-10 || math.Abs(first[k].SD-second[k].SD) > 1e-10 {
			t.Errorf("laws %v and %v", first[k], second[k])
		}
	}

	// A walk that does not move is one number.
	still := gaussianModel{x: diagonal(1, 1), y: []float64{1, 3}, mean: []float64{0, 0}, cov: [][]float64{{25, 25}, {25, 25}}, noise: []float64{1, 1}}
	still.given(first)
	if want := 4.0 / (2 + 1.0/25); math.Abs(first[0].Mean-want) > 1e-9 || math.Abs(first[1].Mean-want) > 1e-9 || math.Abs(first[1].SD-1/math.Sqrt(2+1.0/25)) > 1e-9 {
		t.Errorf("laws %v", first)
	}
}

// TestNormalGroups compares groups on a line, integrated by a sum, with quadrature.
func TestNormalGroups(t *testing.T) {
	term := func(theta, shared float64) float64 { return 7*theta - 9*shared }
	g := normalGroups{J: 1, shared: softplus, term: func(_ int, theta, shared float64) float64 { return term(theta, shared) }}
	closed, direct := blank(), blank()
	tau := closed.latent("tau", halfNormal(3), Both)
	laws := make([]Law, 1)
	closed.density = func(x []float64, _ int) float64 { return g.given(-1, x[tau], laws) }
	closed.rough("theta[1]", func([]float64, int) Law { return laws[0] })
	direct.latent("tau", halfNormal(3), Both)
	z := direct.add(normal(0, 1).coordinate())
	theta := func(x []float64) float64 { return -1 + x[0]*x[z] }
	direct.report("theta[1]", Both, func(x []float64, _ int) float64 { return theta(x) })
	direct.density = func(x []float64, _ int) float64 { return term(theta(x), softplus(theta(x))) }
	a, b := solved(t, closed), solved(t, direct)
	a[0].close(t, b[0].Mean, b[0].SD, b[0].Q5, b[0].Q50, b[0].Q95)
	if math.Abs(a[1].Mean-b[1].Mean) > 0.01*b[1].SD || math.Abs(a[1].SD/b[1].SD-1) > 0.01 {
		t.Errorf("%v and %v", a[1], b[1])
	}
}

// TestMixtureOfCounts compares the share of a mixture, integrated out, with quadrature over it.
func TestMixtureOfCounts(t *testing.T) {
	y := []int{0, 1, 0, 4, 6}
	v, law := mixtureOfCounts(y, 0.8, 5, betaNodes(2, len(y)), make([]float64, 5), make([]float64, 5))
	direct := blank()
	w := direct.latent("w", beta(2, 2), Both)
	direct.density = func(x []float64, _ int) float64 {
		var sum float64
		for _, k := range y {
			sum += math.Log((1-x[w])*math.Exp(logPoisson(k, 0.8)) + x[w]*math.Exp(logPoisson(k, 5)))
		}
		return sum
	}
	q := solved(t, direct)[0]
	if math.Abs(law.Mean-q.Mean) > 1e-3*q.SD || math.Abs(law.SD/q.SD-1) > 1e-3 {
		t.Errorf("%v, by quadrature %v", law, q)
	}
	// The density itself, by a plain sum.
	var sum float64
	const n = 20000
	for i := range n {
		p := (float64(i) + 0.5) / n
		f := 6 * p * (1 - p) / n
		for _, k := range y {
			f *= (1-p)*math.Exp(logPoisson(k, 0.8)) + p*math.Exp(logPoisson(k, 5))
		}
		sum += f
	}
	if math.Abs(v-math.Log(sum)) > 1e-6 {
		t.Errorf("log density %g, by a sum %g", v, math.Log(sum))
	}
}

// TestLatentClass compares the sum over patterns of answers with a chain over the probabilities.
func TestLatentClass(t *testing.T) {
	var m *Model
	var strong, w float64
	// Of two items, and priors as the text has them.
	for seed := uint64(1); ; seed++ {
		m = New("latent_class", seed)
		if len(m.Data["y"].([][]int)[0]) == 2 {
			break
		}
	}
	if _, err := fmt.Sscanf(m.Text[strings.Index(m.Text, "w ~ Beta("):], "w ~ Beta(%g,", &w); err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Sscanf(m.Text[strings.Index(m.Text, "a[k"):], "a[k in 1..K] ~ Beta(1, %g)", &strong); err != nil {
		t.Fatal(err)
	}
	right := solved(t, m)
	y := m.Data["y"].([][]int)
	direct := blank()
	for _, p := range []prior{beta(w, w), beta(1, strong), beta(1, strong), beta(strong, 1), beta(strong, 1)} {
		k := direct.add(p.coordinate())
		direct.report("p", Both, func(x []float64, _ int) float64 { return x[k] })
	}
	direct.density = func(x []float64, _ int) float64 {
		var sum float64
		for _, row := range y {
			p := [2]float64{1 - x[0], x[0]}
			for k, v := range row {
				for c := range p {
					q := x[1+2*c+k]
					if v == 0 {
						q = 1 - q
					}
					p[c] *= q
				}
			}
			sum += math.Log(p[0] + p[1])
		}
		return sum
	}
	walk := metropolis(direct, 600000)
	for j, q := range right {
		if d := (walk[j].mean - q.Mean) / q.SD; math.Abs(d) > 0.06 || math.Abs(math.Log(walk[j].sd/q.SD)) > 0.06 {
			t.Errorf("%s: %g ± %g, by a chain %g ± %g", q.Name, q.Mean, q.SD, walk[j].mean, walk[j].sd)
		}
	}
}

// TestSpecialFunctions compares the log of I₀ and of the normal distribution function with tables
// (Abramowitz & Stegun 1964, 9.8 and 26.2).
func TestSpecialFunctions(t *testing.T) {
	for _, c := range []struct{ got, want float64 }{
		{logBessel0(1), math.Log(1.2660658777520084)},
		{logBessel0(5), math.Log(27.239871823604442)},
		{logBessel0(20), math.Log(4.355828255955353e7)},
		{logPhi(-5), math.Log(2.866515718791939e-7)},
		{logPhi(-19.999), -203.89715},
		{logPhi(-20.001), -203.93724},
	} {
		if math.Abs(c.got-c.want) > 1e-4 {
			t.Errorf("%g, right %g", c.got, c.want)
		}
	}
}

// TestNewFamilies draws a few models of each family: data and density are finite, and one seed
// gives one model.
func TestNewFamilies(t *testing.T) {
	for _, name := range Families() {
		for seed := range uint64(5) {
			m, again := New(name, seed), New(name, seed)
			if m.Text != again.Text || m.Text == "" {
				t.Fatalf("%s %d: two models of one seed", name, seed)
			}
			if m.grid != nil {
				continue
			}
			in, r, finite := m.integral(), rand.New(rand.NewPCG(1, seed)), 0
			u := make([]float64, len(in.lo))
			for range 200 {
				for i := range u {
					u[i] = in.lo[i] + r.Float64()*(in.hi[i]-in.lo[i])
				}
				v := in.log(u, r.IntN(in.branches))
				if math.IsNaN(v) || math.IsInf(v, 1) {
					continue
				}
				if !math.IsInf(v, -1) {
					finite++
				}
			}
			if finite < 20 {
				t.Errorf("%s %d: the density is finite at %d of 200 points", name, seed, finite)
			}
		}
	}
}

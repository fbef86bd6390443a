package random

import (
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
)

// close compares with a closed form: a hundredth of the sd.
func (q Quantity) close(t *testing.T, mean, sd, q5, q50, q95 float64) {
	t.Helper()
	if math.Abs(q.Mean-mean) > 0.01*sd || math.Abs(q.SD/sd-1) > 0.01 ||
		math.Abs(q.Q5-q5) > 0.01*sd || math.Abs(q.Q50-q50) > 0.01*sd || math.Abs(q.Q95-q95) > 0.01*sd {
		t.Errorf("%s: %v, right %g ± %g, %g, %g, %g", q.Name, q, mean, sd, q5, q50, q95)
	}
}

// blank is a model without a family.
func blank() *Model {
	return &Model{Family: "closed form", branches: 1, Rand: rand.New(rand.NewPCG(1, 1)), density: func([]float64, int) float64 { return 0 }}
}

func solved(t *testing.T, m *Model) []Quantity {
	t.Helper()
	out, err := m.Posterior()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestPosteriorClosedForm checks quadrature, in one to three dimensions and
// several branches, against posteriors that are known; three take PPL_SLOW=1, or those that are
// compared with a marginal.
func TestPosteriorClosedForm(t *testing.T) {
	const z95 = 1.6448536269514722
	most := 2
	if os.Getenv("PPL_SLOW") != "" {
		most = 3
	}
	for dims := 1; dims <= most; dims++ {
		// A narrow normal posterior far from the middle of a wide prior.
		m := blank()
		for k := range dims {
			m.latent(string(rune('a'+k)), normal(0, 10), Both)
		}
		m.density = func(x []float64, _ int) float64 {
			var sum float64
			for k, v := range x {
				sum += logNormal(12+float64(k), v, 0.1)
			}
			return sum
		}
		for k, q := range solved(t, m) {
			sd := 1 / math.Sqrt(1/0.01+1.0/100)
			mean := (12 + float64(k)) / 0.01 * sd * sd
			q.close(t, mean, sd, mean-z95*sd, mean, mean+z95*sd)
		}
	}

	m := blank()
	m.latent("p", beta(2, 2), Both)
	// Beta(2, 2): the distribution function is 3x² − 2x³.
	solved(t, m)[0].close(t, 0.5, math.Sqrt(0.05), 0.13535, 0.5, 1-0.13535)

	m = blank()
	m.latent("t", studentT(3, 1, 2), Both)
	solved(t, m)[0].close(t, 1, 2*math.Sqrt(3), 1-2*2.3533634, 1, 1+2*2.3533634)

	m = blank()
	m.latent("c", halfCauchy(2), None)
	quantile := func(p float64) float64 { return 2 * math.Tan(p*math.Pi/2) }
	q := solved(t, m)[0]
	for _, pair := range [][2]float64{{q.Q5, quantile(0.05)}, {q.Q50, quantile(0.5)}, {q.Q95, quantile(0.95)}} {
		if math.Abs(pair[0]/pair[1]-1) > 0.01 {
			t.Errorf("half Cauchy: %v", q)
		}
	}
	if q.Moments != None {
		t.Errorf("half Cauchy has %v", q.Moments)
	}

	m = blank()
	m.latent("e", exponential(2), Both)
	solved(t, m)[0].close(t, 0.5, 0.5, -math.Log(0.95)/2, math.Ln2/2, -math.Log(0.05)/2)

	// Two branches: 3 : 1, each normal.
	m = blank()
	m.branches = 2
	m.add(coordinate{lo: -10, hi: 20, value: func(u float64, _ []float64, _ int) (float64, float64) { return u, 0 }})
	m.report("x", Both, func(x []float64, _ int) float64 { return x[0] })
	m.density = func(x []float64, b int) float64 {
		return math.Log([]float64{0.75, 0.25}[b]) + logNormal(x[0], float64(10*b), 1)
	}
	sd := math.Sqrt(1 + 100*0.25*0.75)
	solved(t, m)[0].close(t, 2.5, sd, -1.5011, 0.43073, 10.8416)
}

// TestLinearMarginal compares coefficients integrated in closed form with
// quadrature over them.
func TestLinearMarginal(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	y, x := make([]float64, 8), make([]float64, 8)
	for i := range y {
		x[i] = r.NormFloat64()
		y[i] = 1 + 2*x[i] + r.NormFloat64()
	}
	closed, direct := blank(), blank()
	s := closed.latent("s", halfNormal(2), Both)
	closed.linear([]string{"a", "b"}, []float64{0, 1}, []float64{3, 2}, y, func(v []float64) float64 { return v[s] },
		func(_ []float64, _, i int) []float64 { return []float64{1, x[i]} })
	direct.latent("s", halfNormal(2), Both)
	direct.latent("a", normal(0, 3), Both)
	direct.latent("b", normal(1, 2), Both)
	direct.density = func(v []float64, _ int) float64 {
		var sum float64
		for i := range y {
			sum += logNormal(y[i], v[1]+v[2]*x[i], v[0])
		}
		return sum
	}
	same(t, solved(t, closed), direct)
}

// TestGroupsMarginal does so for a group and its mean.
func TestGroupsMarginal(t *testing.T) {
	g := groups{y: []float64{2.477}, se: []float64{0.9}, m: 0, s: 4}
	closed, direct := blank(), blank()
	tau := closed.latent("tau", halfNormal(1), Both)
	closed.reportGroups(1, func(x []float64) (float64, Law, []Law) { return g.given(x[tau]) })
	direct.latent("tau", halfNormal(1), Both)
	direct.latent("mu", normal(0, 4), Both)
	z := direct.add(normal(0, 1).coordinate())
	direct.report("theta[1]", Both, func(x []float64, _ int) float64 { return x[1] + x[0]*x[z] })
	direct.density = func(x []float64, _ int) float64 { return logNormal(g.y[0], x[1]+x[0]*x[z], g.se[0]) }
	same(t, solved(t, closed), direct)
}

// TestMixtureGrid compares the full grid of mixtures with a chain, and with data
// whose answer is symmetric.
func TestMixtureGrid(t *testing.T) {
	y := []float64{-0.5, 0.5, -0.5, 0.5, -0.5, 0.5, -0.5, 0.5, -0.5, 0.5, -0.5, 0.5, -0.5, 0.5, -0.5, 0.5, -0.5, 0.5, -0.5, 0.5}
	m := blank()
	p := beta(2, 2)
	m.mixtureGrid(y, axisOf(p, -9, 9, 0.3), m.means(y, 5), known(1), false)
	got := solved(t, m)
	if math.Abs(got[0].Mean-0.5) > 1e-3 || math.Abs(got[1].Mean+got[2].Mean) > 0.01 || math.Abs(got[1].Q5+got[2].Q95) > 0.01 {
		t.Errorf("not symmetric: %v", got)
	}

	y = []float64{-0.3, 0.4, 0.1, -1, 0.7, 3.1, 4.4, 3.6, 3.9}
	grid, direct := blank(), blank()
	grid.mixtureGrid(y, axisOf(p, -9, 9, 0.3), grid.means(y, 3), axisOf(halfNormal(2), -2.5, 2.5, 0.13), false)
	w := direct.latent("w", p, Both)
	low := direct.latent("mu[1]", normal(0, 3), Both)
	high := direct.add(coordinate{lo: -11, hi: 4, prior: normal(0, 3).log,
		value: func(u float64, x []float64, _ int) (float64, float64) { return x[low] + math.Exp(u), u }})
	direct.report("mu[2]", Both, func(x []float64, _ int) float64 { return x[high] })
	sigma := direct.latent("sigma", halfNormal(2), Both)
	direct.density = func(x []float64, _ int) float64 {
		var sum float64
		for _, v := range y {
			sum += logAdd(math.Log1p(-x[w])+logNormal(v, x[low], x[sigma]), math.Log(x[w])+logNormal(v, x[high], x[sigma]))
		}
		return sum
	}
	walk := metropolis(direct, 800000)
	for j, q := range solved(t, grid) {
		if d := (walk[j].mean - q.Mean) / q.SD; math.Abs(d) > 0.1 || math.Abs(walk[j].sd/q.SD-1) > 0.1 {
			t.Errorf("%s: %v, by a chain %v", q.Name, q, walk[j])
		}
	}
}

// same compares with the fine grid of another model.
func same(t *testing.T, a []Quantity, direct *Model) {
	t.Helper()
	b := direct.solve(true)
	if len(a) != len(b) {
		t.Fatalf("%d and %d quantities", len(a), len(b))
	}
	for _, q := range a {
		k := slices.IndexFunc(direct.quantities, func(o quantity) bool { return o.name == q.Name })
		q.close(t, b[k].mean, b[k].sd, b[k].q5, b[k].q50, b[k].q95)
	}
}

// TestMarkovChain compares families with a slow chain that knows nothing of
// cells: random-walk Metropolis on the same density. Without PPL_RANDOM a few
// do; mixtures have a test of their own.
func TestMarkovChain(t *testing.T) {
	names := []string{"hierarchy", "emax", "change_poisson", "robust_line"}
	if os.Getenv("PPL_RANDOM") != "" {
		names = Families()
	}
	for _, name := range names {
		m := New(name, 2)
		if m.grid != nil {
			continue
		}
		right, err := m.Posterior()
		if err != nil {
			t.Log(err)
			continue
		}
		got := metropolis(m, 200000)
		for j, q := range right {
			if q.Moments != Both || (q.Discrete && q.SD < 0.05) {
				continue
			}
			if d := (got[j].mean - q.Mean) / q.SD; math.Abs(d) > 0.1 {
				t.Errorf("%s: mean of %s %g, by a chain %g", name, q.Name, q.Mean, got[j].mean)
			}
			if r := got[j].sd / q.SD; !q.Discrete && math.Abs(math.Log(r)) > 0.1 {
				t.Errorf("%s: sd of %s %g, by a chain %g", name, q.Name, q.SD, got[j].sd)
			}
		}
	}
}

// metropolis walks over the coordinates and the branch.
func metropolis(m *Model, n int) []point {
	in, r := m.integral(), rand.New(rand.NewPCG(5, 5))
	u, b := make([]float64, len(in.lo)), 0
	g := &grid{integral: in}
	best := math.Inf(-1)
	for branch := range in.branches {
		for _, s := range g.seeds(branch) {
			if v := in.log(s, branch); v > best {
				best, u, b = v, slices.Clone(s), branch
			}
		}
	}
	now, step := best, slices.Repeat([]float64{1}, len(u))
	points := make([][]point, len(in.moments))
	buffer, laws := make([]Law, len(in.moments)), make([]Law, len(in.moments))
	in.log(u, b)
	in.laws(laws)
	for k := range n {
		i, to, branch := k%len(u), slices.Clone(u), b
		to[i] += step[i] * r.NormFloat64() * math.Exp(r.NormFloat64())
		if in.branches > 1 && r.IntN(2) == 0 {
			branch = r.IntN(in.branches)
		}
		accepted := false
		if to[i] > in.lo[i] && to[i] < in.hi[i] {
			if v := in.log(to, branch); math.Log(r.Float64()) < v-now {
				u, b, now, accepted = to, branch, v, true
				in.laws(buffer)
				copy(laws, buffer)
			}
		}
		if k < n/10 {
			step[i] *= map[bool]float64{true: 1.02, false: 0.99}[accepted]
			continue
		}
		for j, l := range laws {
			points[j] = append(points[j], point{1, l.Mean, l.SD})
		}
	}
	out := make([]point, len(points))
	for j := range points {
		out[j] = merge(points[j])
	}
	return out
}

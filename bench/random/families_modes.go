package random

import (
	"math"
	"slices"
)

// Families whose posteriors have, or may have, modes far apart.

// mixtureData are two clusters, or one, of 10 to 40 points.
func (m *Model) mixtureData(sd float64) []float64 {
	n, gap, share := 10+m.IntN(31), pick(m, 0.0, 1, 2, 3, 5), pick(m, 0.5, 0.3, 0.15)
	y := make([]float64, n)
	for i := range y {
		if m.Float64() < share {
			y[i] = gap
		}
		y[i] = places(y[i] + sd*m.NormFloat64())
	}
	m.Data["y"] = y
	return y
}

// weight writes the share of the second component, or takes it as known.
func (m *Model) weight() (text string, w axis) {
	if m.IntN(3) == 0 {
		w := pick(m, 0.5, 0.3, 0.2)
		return number(w), known(w)
	}
	a := pick(m, 1.0, 2, 5)
	p := beta(a, a)
	m.write("w ~ %s", p.text)
	return "w", axisOf(p, -16/a-1, 16/a+1, 0.3)
}

// means writes two ordered means, whose density is that of both on the ordered
// set, not renormalised. The axis is fine where the data are.
func (m *Model) means(y []float64, sd float64) axis {
	m.write("mu : ordered[2] ~ Normal(0, %s)", number(sd))
	p := normal(0, sd)
	p.scale, p.a = heavy, 0.5*(slices.Min(y)+slices.Max(y))
	p.b = 0.5 * (slices.Max(y) - slices.Min(y))
	end := math.Asinh((7*sd + math.Abs(p.a)) / p.b)
	return axisOf(p, -end, end, 0.12/p.b)
}

// twoNormals writes the likelihood of a mixture.
func (m *Model) twoNormals(weight, sd1, sd2 string) {
	switch m.IntN(3) {
	case 0:
		m.write("factor sum([log_sum_exp([log(1 - %[1]s) + log_density(Normal(mu[1], %[2]s), y[i]), log(%[1]s) + log_density(Normal(mu[2], %[3]s), y[i])]) for i in 1..N])", weight, sd1, sd2)
	case 1:
		m.write("plate i in 1..N {\n  z[i] ~ Bernoulli(%s)\n  y[i] ~ Normal(if z[i] == 1 then mu[2] else mu[1], if z[i] == 1 then %s else %s)\n}", weight, sd2, sd1)
	default:
		m.write("plate i in 1..N {\n  z[i] ~ Categorical([1 - %s, %s])\n  y[i] ~ Normal(mu[z[i]], [%s, %s][z[i]])\n}", weight, weight, sd1, sd2)
	}
}

func mixtureOrdered(m *Model) {
	m.write("data y : real[N]")
	y := m.mixtureData(1)
	text, w := m.weight()
	mu := m.means(y, pick(m, 3.0, 5, 10))
	m.twoNormals(text, "1", "1")
	m.mixtureGrid(y, w, mu, known(1), false)
}

func mixtureSigma(m *Model) {
	m.write("data y : real[N]")
	y := m.mixtureData(m.between(0.7, 1.5))
	text, w := m.weight()
	mu := m.means(y, pick(m, 3.0, 5))
	p := pick(m, gamma(4, 2), halfNormal(2), lognormal(0, 0.5), exponential(1))
	m.write("sigma ~ %s", p.text)
	m.twoNormals(text, "sigma", "sigma")
	m.mixtureGrid(y, w, mu, axisOf(p, -2.5, 2.5, 0.13), false)
}

func mixtureSigmas(m *Model) {
	m.write("data y : real[N]")
	y := m.mixtureData(m.between(0.7, 1.5))
	w := pick(m, 0.5, 0.4, 0.2)
	mu := m.means(y, pick(m, 3.0, 5))
	p := pick(m, gamma(4, 2), lognormal(0, 0.5)) // with mass at 0 each datum is a spike
	m.write("s : real[2] ~ %s", p.text)
	m.twoNormals(number(w), "s[1]", "s[2]")
	m.mixtureGrid(y, known(w), mu, axisOf(p, -3, 2.5, 0.16), true)
}

// clusters are data of one location with others elsewhere.
func (m *Model) clusters(sd float64) []float64 {
	n, far := 2+m.IntN(5), 1+m.IntN(5)
	at := pick(m, 1.0, 2, 3, 5)
	y := append(m.normals(n, 0, sd), m.normals(far, at, sd)...)
	if m.IntN(4) == 0 {
		y = append(y, places(m.between(-8, 8)))
	}
	m.Data["y"] = y
	return y
}

// contaminated: a location; each value may be an outlier.
func contaminated(m *Model) {
	m.write("data y : real[N]")
	narrow, wide, share := pick(m, 0.1, 0.2, 0.5), pick(m, 3.0, 10), pick(m, 0.05, 0.1, 0.2)
	y := m.clusters(narrow)
	mu := m.latent("mu", normal(0, pick(m, 3.0, 10)), Both)
	both := func(x []float64, v float64) (in, out float64) {
		return math.Log1p(-share) + logNormal(v, x[mu], narrow), math.Log(share) + logNormal(v, x[mu], wide)
	}
	if m.IntN(2) == 0 {
		m.write("factor sum([log_sum_exp([log(%s) + log_density(Normal(mu, %s), y[i]), log(%s) + log_density(Normal(mu, %s), y[i])]) for i in 1..N])",
			number(1-share), number(narrow), number(share), number(wide))
	} else {
		m.write("plate i in 1..N {\n  o[i] ~ Bernoulli(%s)\n  y[i] ~ Normal(mu, if o[i] == 1 then %s else %s)\n}", number(share), number(wide), number(narrow))
		m.discrete("o[1]", func(x []float64, _ int) (float64, float64) {
			in, out := both(x, y[0])
			p := logistic(out - in)
			return p, p * (1 - p)
		})
	}
	m.density = func(x []float64, _ int) float64 {
		var sum float64
		for _, v := range y {
			sum += logAdd(both(x, v))
		}
		return sum
	}
	for _, v := range y {
		m.starts = append(m.starts, []float64{v})
	}
}

// studentLocation: heavy-tailed data, scale known or not.
func studentLocation(m *Model) {
	m.write("data y : real[N]")
	s, df := pick(m, 0.1, 0.2, 0.5), pick(m, 1.0, 2, 3, 5)
	y := m.clusters(s)
	mu := m.latent("mu", normal(0, pick(m, 3.0, 10)), Both)
	text, value := number(s), func([]float64) float64 { return s }
	if m.IntN(2) == 0 {
		k := m.latent("s", pick(m, halfNormal(1), exponential(2), lognormal(-1, 1)), Both)
		text, value = "s", func(x []float64) float64 { return x[k] }
	}
	m.write("y[i in 1..N] ~ StudentT(%s, mu, %s)", number(df), text)
	m.density = func(x []float64, _ int) float64 {
		var sum float64
		for _, v := range y {
			sum += logStudent(v, df, x[mu], value(x))
		}
		return sum
	}
	if len(m.coordinates) == 1 {
		for _, v := range y {
			m.starts = append(m.starts, []float64{v})
		}
	}
}

// wideFactor: a density of one or two latents with a narrow and a wide part.
func wideFactor(m *Model) {
	share, narrow, wide, at := pick(m, 0.05, 0.1, 0.3), pick(m, 0.1, 0.3), pick(m, 3.0, 10), pick(m, 0.0, 0, 2, 5)
	mu := m.latent("mu", normal(0, 20), Both)
	m.write("factor log_sum_exp([log(%s) + log_density(Normal(0, %s), mu), log(%s) + log_density(Normal(%s, %s), mu)])",
		number(1-share), number(narrow), number(share), number(at), number(wide))
	m.density = func(x []float64, _ int) float64 {
		return logAdd(math.Log1p(-share)+logNormal(x[mu], 0, narrow), math.Log(share)+logNormal(x[mu], at, wide))
	}
	m.starts = [][]float64{{0}, {at}}
}

// branchOfPrior: a discrete latent names the prior of a continuous one, with few
// data or none.
func branchOfPrior(m *Model) {
	n, p := m.IntN(3), pick(m, 0.5, 0.5, 0.2, 0.8)
	near, far := pick(m, 0.0, -3), pick(m, 3.0, 5, 10)
	sd, wide := pick(m, 0.5, 1), pick(m, 0.5, 1, 3)
	noise := pick(m, 2.0, 5)
	y := m.normals(n, m.between(near, far), noise/2)
	if n > 0 {
		m.Data["y"] = y
		m.write("data y : real[N]")
	}
	m.write("z ~ Bernoulli(%s)", number(p))
	m.write("th ~ Normal(if z == 1 then %s else %s, if z == 1 then %s else %s)", number(far), number(near), number(wide), number(sd))
	if n > 0 {
		m.write("y[i in 1..N] ~ Normal(th, %s)", number(noise))
	}
	m.branches = 2
	mean, scale := []float64{near, far}, []float64{sd, wide}
	th := m.add(coordinate{lo: -8, hi: 8, value: func(u float64, _ []float64, b int) (float64, float64) {
		return mean[b] + scale[b]*u, math.Log(scale[b])
	}})
	m.report("th", Both, func(x []float64, _ int) float64 { return x[th] })
	m.density = func(x []float64, b int) float64 {
		sum := logNormal(x[th], mean[b], scale[b]) + math.Log([]float64{1 - p, p}[b])
		for _, v := range y {
			sum += logNormal(v, x[th], noise)
		}
		return sum
	}
	m.discrete("z", func(_ []float64, b int) (float64, float64) { return float64(b), 0 })
}

// branchOfRegression: a discrete latent says which of two means is that of the
// data: a constant, or a line.
func branchOfRegression(m *Model) {
	n, p := 3+m.IntN(6), pick(m, 0.5, 0.3)
	x, y := make([]float64, n), make([]float64, n)
	slope := pick(m, 0.0, 0.3, 0.6)
	for i := range x {
		x[i] = places(m.NormFloat64())
		y[i] = places(1 + slope*x[i] + m.NormFloat64())
	}
	m.Data["x"], m.Data["y"] = x, y
	s := pick(m, 2.0, 5)
	m.write("data x : real[N]\ndata y : real[N]\nz ~ Bernoulli(%s)", number(p))
	a, b := m.latent("a", normal(0, s), Both), m.latent("b", normal(0, s), Both)
	m.write("y[i in 1..N] ~ Normal(if z == 1 then a + b * x[i] else a, 1)")
	m.branches = 2
	m.density = func(v []float64, branch int) float64 {
		sum := math.Log([]float64{1 - p, p}[branch])
		for i := range y {
			sum += logNormal(y[i], v[a]+float64(branch)*v[b]*x[i], 1)
		}
		return sum
	}
	m.discrete("z", func(_ []float64, b int) (float64, float64) { return float64(b), 0 })
}

// series has a step after a random place, or none.
func (m *Model) series(n int, draw func(level float64) float64, levels ...float64) []float64 {
	y, at, before, after := make([]float64, n), 1+m.IntN(n), levels[m.IntN(len(levels))], levels[m.IntN(len(levels))]
	for i := range y {
		level := before
		if i >= at {
			level = after
		}
		y[i] = draw(level)
	}
	return y
}

// changeNormal: the place of a change of level is a discrete latent. Given it,
// and the noise, levels have normal laws.
func changeNormal(m *Model) {
	n := 8 + m.IntN(18)
	sd := pick(m, 0.5, 1)
	y := m.series(n, func(l float64) float64 { return places(l + sd*m.NormFloat64()) }, 0, 0, 1, 3)
	m.Data["y"] = y
	m.write("data y : real[N]\nc ~ DiscreteUniform(2, N)")
	s := pick(m, 3.0, 10)
	m.write("a ~ Normal(0, %[1]s)\nb ~ Normal(0, %[1]s)", number(s))
	e := m.noise(sd, n)
	m.write("y[i in 1..N] ~ Normal(if i < c then a else b, %s)", e.text)
	m.branches = n - 1
	if len(m.coordinates) == 0 {
		// Nothing is left to integrate over but a dummy.
		m.add(coordinate{lo: 0, hi: 1, value: func(u float64, _ []float64, _ int) (float64, float64) { return u, 0 }})
	}
	m.linear([]string{"a", "b"}, []float64{0, 0}, []float64{s, s}, y, e.value, func(_ []float64, b, i int) []float64 {
		if i+1 >= b+2 {
			return []float64{0, 1}
		}
		return []float64{1, 0}
	})
	m.discrete("c", func(_ []float64, b int) (float64, float64) { return float64(b + 2), 0 })
}

// changePoisson: counts whose rate changes at a discrete place.
func changePoisson(m *Model) {
	n := 8 + m.IntN(23)
	counts := m.series(n, func(l float64) float64 {
		// Knuth's product of uniforms.
		k, p := -1.0, 1.0
		for limit := math.Exp(-l); p > limit; k++ {
			p *= m.Float64()
		}
		return k
	}, 1, 2, 3, 5)
	total := make([]int, n+1)
	ints := make([]int, n)
	for i, v := range counts {
		ints[i] = int(v)
		total[i+1] = total[i] + ints[i]
	}
	m.Data["y"] = ints
	m.write("data y : int[N]\nc ~ DiscreteUniform(2, N)")
	p := pick(m, exponential(0.3), gamma(2, 1), lognormal(0.5, 1), halfNormal(5))
	a, b := m.latent("early", p, Both), m.latent("late", p, Both)
	m.write("y[i in 1..N] ~ Poisson(if i < c then early else late)")
	m.branches = n - 1
	m.density = func(x []float64, branch int) float64 {
		before := branch + 1
		first, rest := float64(total[before]), float64(total[n]-total[before])
		return first*math.Log(x[a]) - float64(before)*x[a] + rest*math.Log(x[b]) - float64(n-before)*x[b]
	}
	m.discrete("c", func(_ []float64, b int) (float64, float64) { return float64(b + 2), 0 })
}

// changeContinuous: the place of a step, or of a bend, is a real number. Between
// two times a step makes no difference where: each gap is a branch.
func changeContinuous(m *Model) {
	n := 8 + m.IntN(13)
	sd := pick(m, 0.3, 1)
	t := make([]float64, n)
	for i := range t {
		t[i] = places(m.between(0, 10))
	}
	slices.Sort(t)
	y := m.series(n, func(l float64) float64 { return places(l + sd*m.NormFloat64()) }, 0, 1, 3)
	m.Data["t"], m.Data["y"] = t, y
	m.write("data t : real[N]\ndata y : real[N]\nc ~ Uniform(0, 10)\na ~ Normal(0, 5)\nb ~ Normal(0, 5)")
	e := m.noise(sd, n)
	bend := m.IntN(2) == 0
	edges := slices.Concat([]float64{0}, t, []float64{10})
	m.branches = n + 1
	c := m.add(coordinate{lo: 0, hi: 1, value: func(u float64, _ []float64, b int) (float64, float64) {
		return edges[b] + u*(edges[b+1]-edges[b]), math.Log(math.Max(edges[b+1]-edges[b], 1e-300) / 10)
	}})
	m.report("c", Both, func(x []float64, _ int) float64 { return x[c] })
	if bend {
		m.write("y[i in 1..N] ~ Normal(a + b * relu(t[i] - c), %s)", e.text)
	} else {
		m.write("y[i in 1..N] ~ Normal(if t[i] < c then a else a + b, %s)", e.text)
	}
	m.linear([]string{"a", "b"}, []float64{0, 0}, []float64{5, 5}, y, e.value, func(x []float64, _, i int) []float64 {
		after := t[i] - x[c]
		switch {
		case after <= 0:
			return []float64{1, 0}
		case bend:
			return []float64{1, after}
		}
		return []float64{1, 1}
	})
}

// category: a discrete latent of three values names the mean of a continuous one.
func category(m *Model) {
	n := m.IntN(3)
	at := []float64{-pick(m, 3.0, 6), pick(m, 0.0, 1), pick(m, 3.0, 8)}
	p := pick(m, []float64{0.2, 0.5, 0.3}, []float64{0.1, 0.1, 0.8}, []float64{0.4, 0.3, 0.3})
	sd, noise := pick(m, 0.3, 1), pick(m, 1.0, 4)
	y := m.normals(n, m.between(-3, 5), noise)
	if n > 0 {
		m.Data["y"] = y
		m.write("data y : real[N]")
	}
	m.write("k ~ Categorical(%s)\nth ~ Normal(%s[k], %s)", list(p), list(at), number(sd))
	if n > 0 {
		m.write("y[i in 1..N] ~ Normal(th, %s)", number(noise))
	}
	m.branches = 3
	th := m.add(coordinate{lo: -8, hi: 8, value: func(u float64, _ []float64, b int) (float64, float64) { return at[b] + sd*u, math.Log(sd) }})
	m.report("th", Both, func(x []float64, _ int) float64 { return x[th] })
	m.density = func(x []float64, b int) float64 {
		sum := logNormal(x[th], at[b], sd) + math.Log(p[b])
		for _, v := range y {
			sum += logNormal(v, x[th], noise)
		}
		return sum
	}
	m.discrete("k", func(_ []float64, b int) (float64, float64) { return float64(b + 1), 0 })
}

// selection: each of three coefficients is near 0 or not, as a latent says.
func selection(m *Model) {
	n, apart := 4+m.IntN(12), pick(m, 1.0, 0.3)
	x, y := make([][]float64, n), make([]float64, n)
	for i := range y {
		common := m.NormFloat64()
		x[i] = []float64{places(common), places(common + apart*m.NormFloat64()), places(m.NormFloat64())}
		y[i] = places(x[i][0] + m.NormFloat64())
	}
	m.Data["x"], m.Data["y"] = x, y
	p, slab, spike := pick(m, 0.5, 0.2), pick(m, 2.0, 5), pick(m, 0.1, 0.3)
	m.write("data x : real[N, 3]\ndata y : real[N]\nplate k in 1..3 {\n  z[k] ~ Bernoulli(%s)\n  b[k] ~ Normal(0, if z[k] == 1 then %s else %s)\n}", number(p), number(slab), number(spike))
	e := m.noise(1, n)
	m.write("y[i in 1..N] ~ Normal(x[i] @ b, %s)", e.text)
	m.branches = 8
	if len(m.coordinates) == 0 {
		m.add(coordinate{lo: 0, hi: 1, value: func(u float64, _ []float64, _ int) (float64, float64) { return u, 0 }})
	}
	in := func(branch, k int) bool { return branch>>k&1 == 1 }
	laws := make([]Law, 3)
	l := linearModel{x: x, y: y, mean: make([]float64, 3), sd: make([]float64, 3)}
	m.density = func(v []float64, branch int) float64 {
		var sum float64
		for k := range 3 {
			l.sd[k] = spike
			sum += math.Log1p(-p)
			if in(branch, k) {
				l.sd[k] = slab
				sum += math.Log(p) - math.Log1p(-p)
			}
		}
		return sum + l.given(e.value(v), laws)
	}
	for k := range 3 {
		name := string(rune('1' + k))
		m.law("b["+name+"]", Both, func([]float64, int) Law { return laws[k] })
		m.discrete("z["+name+"]", func(_ []float64, b int) (float64, float64) {
			if in(b, k) {
				return 1, 0
			}
			return 0, 0
		})
	}
}

// robustLine: a line through data of two lines, with heavy-tailed errors.
func robustLine(m *Model) {
	n, share := 6+m.IntN(10), pick(m, 0.1, 0.3, 0.5)
	x, y := make([]float64, n), make([]float64, n)
	for i := range y {
		x[i] = places(m.NormFloat64())
		y[i] = 1 + x[i] + 0.2*m.NormFloat64()
		if m.Float64() < share {
			y[i] = 3 - 2*x[i] + 0.2*m.NormFloat64()
		}
		y[i] = places(y[i])
	}
	m.Data["x"], m.Data["y"] = x, y
	m.write("data x : real[N]\ndata y : real[N]")
	a, b := m.latent("a", normal(0, 5), Both), m.latent("b", normal(0, 5), Both)
	var term func(r float64) float64
	if m.IntN(2) == 0 {
		df, s := pick(m, 1.0, 2, 4), pick(m, 0.2, 0.4)
		m.write("y[i in 1..N] ~ StudentT(%s, a + b * x[i], %s)", number(df), number(s))
		term = func(r float64) float64 { return logStudent(r, df, 0, s) }
	} else {
		p, s, wide := pick(m, 0.1, 0.2), pick(m, 0.2, 0.4), pick(m, 3.0, 10)
		m.write("plate i in 1..N {\n  o[i] ~ Bernoulli(%s)\n  y[i] ~ Normal(a + b * x[i], if o[i] == 1 then %s else %s)\n}", number(p), number(wide), number(s))
		term = func(r float64) float64 {
			return logAdd(math.Log1p(-p)+logNormal(r, 0, s), math.Log(p)+logNormal(r, 0, wide))
		}
	}
	m.density = func(v []float64, _ int) float64 {
		var sum float64
		for i := range y {
			sum += term(y[i] - v[a] - v[b]*x[i])
		}
		return sum
	}
	// Lines through two points are where modes may be.
	for i := range 3 {
		for j := range i {
			if d := x[i] - x[j]; math.Abs(d) > 0.1 {
				slope := (y[i] - y[j]) / d
				m.starts = append(m.starts, []float64{y[i] - slope*x[i], slope})
			}
		}
	}
	m.starts = append(m.starts, []float64{1, 1}, []float64{3, -2})
}

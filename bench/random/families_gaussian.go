package random

import (
	"fmt"
	"math"
	"slices"
)

// Families whose coefficients are normal given one or two numbers, with a
// covariance of their own: time series, tables, Gaussian processes, missing values.

// step is a scale of about s under one of six priors with light tails.
func (m *Model) step(name string, s float64) func(x []float64) float64 {
	p := pick(m, halfNormal(s), exponential(round(1/s)), gamma(2, round(2/s)), lognormal(round(math.Log(s)), 1), halfStudentT(4, s), uniform(0, round(4*s)))
	moments := Both
	if p.tail < 4 {
		moments = ofTail(p.tail)
	}
	k := m.latent(name, p, moments)
	return func(x []float64) float64 { return x[k] }
}

// localLevel: a random walk under noise, 4 to 10 steps.
func localLevel(m *Model) {
	n := 4 + m.IntN(7)
	walk, noise := pick(m, 0.0, 0.3, 1), pick(m, 0.3, 1)
	y, level := make([]float64, n), 2*m.NormFloat64()
	for t := range y {
		level += walk * m.NormFloat64()
		y[t] = places(level + noise*m.NormFloat64())
	}
	m.Data["y"] = y
	m.write("data y : real[N]")
	q := m.step("q", pick(m, 0.5, 2))
	e := m.noise(noise, n)
	m.write("h[1] ~ Normal(0, 5)\nfor t in 2..N { h[t] ~ Normal(h[t-1], q) }\ny[t in 1..N] ~ Normal(h[t], %s)", e.text)
	names, x := make([]string, n), diagonal(slices.Repeat([]float64{1}, n)...)
	for t := range names {
		names[t] = fmt.Sprintf("h[%d]", t+1)
	}
	m.gaussian(names, func(v []float64, _ int) (gaussianModel, float64) {
		g := gaussianModel{x: x, y: y, mean: make([]float64, n), cov: make([][]float64, n), noise: slices.Repeat([]float64{e.value(v)}, n)}
		for s := range n {
			g.cov[s] = make([]float64, n)
			for t := range n {
				g.cov[s][t] = 25 + q(v)*q(v)*float64(min(s, t))
			}
		}
		return g, 0
	})
}

// autoregression: an AR(1) series with 4 to 12 values, about a level that is known or not.
func autoregression(m *Model) {
	n := 4 + m.IntN(9)
	rho, s, mean := m.between(-0.5, 1), pick(m, 0.5, 1), pick(m, 0.0, 3)
	y := make([]float64, n)
	for t := range y {
		before := mean
		if t > 0 {
			before = y[t-1]
		}
		y[t] = places(mean + rho*(before-mean) + s*m.NormFloat64())
	}
	m.Data["y"] = y
	m.write("data y : real[N]")
	phi := m.latent("rho", pick(m, uniform(-1, 1), normal(0, 0.5), normal(0, 2)), Both)
	e := m.noise(s, n-1)
	level := pick(m, 0.0, 2, 10)
	text := "0"
	if level > 0 {
		text = "mu"
		m.write("mu ~ Normal(0, %s)", number(level))
	}
	m.write("y[t in 2..N] ~ Normal(%[1]s + rho * (y[t-1] - %[1]s), %[2]s)", text, e.text)
	if level == 0 {
		m.density = func(v []float64, _ int) float64 {
			var sum float64
			for t := 1; t < n; t++ {
				sum += logNormal(y[t], v[phi]*y[t-1], e.value(v))
			}
			return sum
		}
		return
	}
	m.gaussian([]string{"mu"}, func(v []float64, _ int) (gaussianModel, float64) {
		g := gaussianModel{mean: []float64{0}, cov: diagonal(level * level)}
		for t := 1; t < n; t++ {
			g.x, g.y, g.noise = append(g.x, []float64{1 - v[phi]}), append(g.y, y[t]-v[phi]*y[t-1]), append(g.noise, e.value(v))
		}
		return g, 0
	})
}

// gaussianProcess: a smooth function at 4 to 7 points, amplitude and length unknown.
func gaussianProcess(m *Model) {
	n := 4 + m.IntN(4)
	x, y, noise := make([]float64, n), make([]float64, n), pick(m, 0.1, 0.3, 1)
	slope, wave := m.NormFloat64(), pick(m, 0.5, 1, 2)
	for i := range x {
		x[i] = places(m.between(0, 5))
		y[i] = places(slope + 2*math.Sin(wave*x[i]) + noise*m.NormFloat64())
	}
	m.Data["x"], m.Data["y"] = x, y
	m.write("data x : real[N]\ndata y : real[N]")
	a := m.step("amplitude", 2)
	l := m.latent("scale", pick(m, lognormal(0, 1), gamma(2, 1), halfNormal(3), lognormal(0.5, 0.5)), Both)
	m.write("f ~ MvNormal(fill(0, N), cov_exp_quad(x, amplitude, scale) + diag(fill(0.0001, N)))\ny[i in 1..N] ~ Normal(f[i], %s)", number(noise))
	names, rows := make([]string, n), diagonal(slices.Repeat([]float64{1}, n)...)
	for i := range names {
		names[i] = fmt.Sprintf("f[%d]", i+1)
	}
	m.gaussian(names, func(v []float64, _ int) (gaussianModel, float64) {
		g := gaussianModel{x: rows, y: y, mean: make([]float64, n), cov: make([][]float64, n), noise: slices.Repeat([]float64{noise}, n)}
		for i := range n {
			g.cov[i] = make([]float64, n)
			for j := range n {
				r := (x[i] - x[j]) / v[l]
				g.cov[i][j] = a(v) * a(v) * math.Exp(-r*r/2)
			}
			g.cov[i][i] += 0.0001
		}
		return g, 0
	})
}

// twoWay: a table of 2 to 4 rows and columns, with effects of both.
func twoWay(m *Model) {
	rows, cols := 2+m.IntN(3), 2+m.IntN(3)
	sr, sc, noise := pick(m, 0.0, 1, 3), pick(m, 0.0, 1, 3), pick(m, 0.5, 1)
	u, w := m.normals(rows, 0, sr), m.normals(cols, 0, sc)
	var y []float64
	var row, col []int
	for i := range rows {
		for j := range cols {
			if m.IntN(5) > 0 { // some cells are empty
				y, row, col = append(y, places(2+u[i]+w[j]+noise*m.NormFloat64())), append(row, i+1), append(col, j+1)
			}
		}
	}
	for i := range max(rows, cols) { // but no row or column
		y, row, col = append(y, places(2+u[i%rows]+w[i%cols]+noise*m.NormFloat64())), append(row, i%rows+1), append(col, i%cols+1)
	}
	m.Data["y"], m.Data["row"], m.Data["col"] = y, row, col
	m.write("data row : factor(R)[N]\ndata col : factor(C)[N]\ndata y : real[N]\nmu ~ Normal(0, 5)")
	s, t := m.step("s", 1.5), m.step("t", 1.5)
	m.write("u[j in 1..R] ~ Normal(0, s)\nw[j in 1..C] ~ Normal(0, t)\ny[i in 1..N] ~ Normal(mu + u[row[i]] + w[col[i]], %s)", number(noise))
	names, x := []string{"mu"}, make([][]float64, len(y))
	for i := range rows {
		names = append(names, fmt.Sprintf("u[%d]", i+1))
	}
	for j := range cols {
		names = append(names, fmt.Sprintf("w[%d]", j+1))
	}
	for i := range x {
		x[i] = make([]float64, len(names))
		x[i][0], x[i][row[i]], x[i][rows+col[i]] = 1, 1, 1
	}
	m.gaussian(names, func(v []float64, _ int) (gaussianModel, float64) {
		d := append([]float64{25}, slices.Repeat([]float64{s(v) * s(v)}, rows)...)
		d = append(d, slices.Repeat([]float64{t(v) * t(v)}, cols)...)
		return gaussianModel{x: x, y: y, mean: make([]float64, len(names)), cov: diagonal(d...), noise: slices.Repeat([]float64{noise}, len(y))}, 0
	})
}

// slopes: a line for each of 2 to 5 groups, whose slopes are alike.
func slopes(m *Model) {
	J, n := 2+m.IntN(4), 2+m.IntN(3)
	tau, noise := pick(m, 0.0, 0.5, 2), pick(m, 0.5, 1)
	var x, y []float64
	var group []int
	for j := range J {
		b := 1 + tau*m.NormFloat64()
		for range n {
			v := places(m.NormFloat64())
			x, y, group = append(x, v), append(y, places(1+b*v+noise*m.NormFloat64())), append(group, j+1)
		}
	}
	m.Data["x"], m.Data["y"], m.Data["group"] = x, y, group
	m.write("data group : factor(J)[N]\ndata x : real[N]\ndata y : real[N]\na ~ Normal(0, 5)\nmu ~ Normal(0, 3)")
	s := m.spreadPrior("tau", 1, J)
	e := m.noise(noise, J*n)
	if m.IntN(2) == 0 {
		m.write("z[j in 1..J] ~ Normal(0, 1)\nlet b[j in 1..J] = mu + tau * z[j]")
	} else {
		m.write("b[j in 1..J] ~ Normal(mu, tau)")
	}
	m.write("y[i in 1..N] ~ Normal(a + b[group[i]] * x[i], %s)", e.text)
	// Of a, mu and b: b = mu + deviations.
	names := []string{"a", "mu"}
	for j := range J {
		names = append(names, fmt.Sprintf("b[%d]", j+1))
	}
	rows := make([][]float64, len(y))
	for i := range rows {
		rows[i] = make([]float64, len(names))
		rows[i][0], rows[i][1+group[i]] = 1, x[i]
	}
	m.gaussian(names, func(v []float64, _ int) (gaussianModel, float64) {
		g := gaussianModel{x: rows, y: y, mean: make([]float64, len(names)), cov: diagonal(make([]float64, len(names))...), noise: slices.Repeat([]float64{e.value(v)}, len(y))}
		g.cov[0][0] = 25
		for k := 1; k < len(names); k++ {
			for l := 1; l < len(names); l++ {
				g.cov[k][l] = 9
			}
			if k > 1 {
				g.cov[k][k] += s.value(v) * s.value(v)
			}
		}
		return g, 0
	})
}

// errorsInVariables: a line through points both of whose coordinates have errors.
func errorsInVariables(m *Model) {
	n := 3 + m.IntN(8)
	se, wide, noise := pick(m, 0.3, 1), pick(m, 1.0, 3), pick(m, 0.3, 1)
	slope := pick(m, 0.0, 1, -2)
	seen, y := make([]float64, n), make([]float64, n)
	for i := range y {
		x := wide * m.NormFloat64()
		seen[i] = places(x + se*m.NormFloat64())
		y[i] = places(1 + slope*x + noise*m.NormFloat64())
	}
	m.Data["seen"], m.Data["y"] = seen, y
	m.write("data seen : real[N]\ndata y : real[N]\na ~ Normal(0, 5)")
	b := m.latent("b", normal(0, pick(m, 2.0, 10)), Both)
	e := m.noise(noise, n)
	m.write("x[i in 1..N] ~ Normal(0, %s)\nseen[i in 1..N] ~ Normal(x[i], %s)\ny[i in 1..N] ~ Normal(a + b * x[i], %s)", number(wide), number(se), e.text)
	// Given what was seen of it alone, x is normal.
	variance := 1 / (1/(wide*wide) + 1/(se*se))
	names, mean, cov := []string{"a"}, []float64{0}, []float64{25}
	for i := range n {
		names, mean, cov = append(names, fmt.Sprintf("x[%d]", i+1)), append(mean, variance*seen[i]/(se*se)), append(cov, variance)
	}
	m.gaussian(names, func(v []float64, _ int) (gaussianModel, float64) {
		g := gaussianModel{y: y, mean: mean, cov: diagonal(cov...), noise: slices.Repeat([]float64{e.value(v)}, n)}
		for i := range n {
			row := make([]float64, n+1)
			row[0], row[i+1] = 1, v[b]
			g.x = append(g.x, row)
		}
		return g, 0
	})
}

// missingValues: a line where some x are not seen.
func missingValues(m *Model) {
	n := 4 + m.IntN(8)
	slope, noise := pick(m, 0.0, 1, 3), pick(m, 0.3, 1)
	x, y, gone := make([]any, n), make([]float64, n), []int{}
	for i := range y {
		v := places(2 * m.NormFloat64())
		x[i], y[i] = v, places(1+slope*v+noise*m.NormFloat64())
		if m.IntN(3) == 0 {
			x[i] = nil
			gone = append(gone, i)
		}
	}
	m.Data["x"], m.Data["y"] = x, y
	m.write("data x : real?[N]\ndata y : real[N]\na ~ Normal(0, 5)")
	b := m.latent("b", normal(0, pick(m, 2.0, 10)), Both)
	e := m.noise(noise, n)
	m.write("x[i in 1..N] ~ Normal(0, 2)\ny[i in 1..N] ~ Normal(a + b * x[i], %s)", e.text)
	names, cov := []string{"a"}, []float64{25}
	for _, i := range gone {
		names, cov = append(names, fmt.Sprintf("x[%d]", i+1)), append(cov, 4)
	}
	m.gaussian(names, func(v []float64, _ int) (gaussianModel, float64) {
		g := gaussianModel{y: slices.Clone(y), mean: make([]float64, len(names)), cov: diagonal(cov...), noise: slices.Repeat([]float64{e.value(v)}, n)}
		for i := range n {
			row := make([]float64, len(names))
			row[0] = 1
			if seen, ok := x[i].(float64); ok {
				g.y[i] -= v[b] * seen
			} else {
				row[1+slices.Index(gone, i)] = v[b]
			}
			g.x = append(g.x, row)
		}
		return g, 0
	})
}

// frequency: a wave of unknown frequency; a few points fit several.
func frequency(m *Model) {
	n := 5 + m.IntN(10)
	w, noise := m.between(0.3, 3), pick(m, 0.3, 1)
	t, y := make([]float64, n), make([]float64, n)
	a, b := 2*m.NormFloat64(), 2*m.NormFloat64()
	for i := range t {
		t[i] = places(m.between(0, 10))
		y[i] = places(a*math.Cos(w*t[i]) + b*math.Sin(w*t[i]) + noise*m.NormFloat64())
	}
	m.Data["t"], m.Data["y"] = t, y
	m.write("data t : real[N]\ndata y : real[N]\na ~ Normal(0, 2)\nb ~ Normal(0, 2)")
	k := m.latent("w", pick(m, uniform(0, 4), gamma(2, 2), lognormal(0, 1)), Both)
	e := m.noise(noise, n)
	m.write("y[i in 1..N] ~ Normal(a * cos(w * t[i]) + b * sin(w * t[i]), %s)", e.text)
	m.linear([]string{"a", "b"}, []float64{0, 0}, []float64{2, 2}, y, e.value, func(v []float64, _, i int) []float64 {
		return []float64{math.Cos(v[k] * t[i]), math.Sin(v[k] * t[i])}
	})
}

// changeTwice: two discrete places, three levels.
func changeTwice(m *Model) {
	n := 6 + m.IntN(7)
	sd, s := pick(m, 0.3, 1), pick(m, 2.0, 5)
	y := make([]float64, n)
	first, second := 1+m.IntN(n), 1+m.IntN(n)
	levels := m.normals(3, 0, 2)
	for i := range y {
		k := 0
		if i >= min(first, second) {
			k++
		}
		if i >= max(first, second) {
			k++
		}
		y[i] = places(levels[k] + sd*m.NormFloat64())
	}
	m.Data["y"] = y
	m.write("data y : real[N]\nc ~ DiscreteUniform(2, N)\nd ~ DiscreteUniform(2, N)\na ~ Normal(0, %[1]s)\nb ~ Normal(0, %[1]s)\ng ~ Normal(0, %[1]s)", number(s))
	m.write("y[i in 1..N] ~ Normal(if i < c then a else (if i < d then b else g), %s)", number(sd))
	m.branches = (n - 1) * (n - 1)
	m.add(coordinate{lo: 0, hi: 1, value: func(u float64, _ []float64, _ int) (float64, float64) { return u, 0 }})
	at := func(branch int) (c, d int) { return 2 + branch/(n-1), 2 + branch%(n-1) }
	m.linear([]string{"a", "b", "g"}, make([]float64, 3), slices.Repeat([]float64{s}, 3), y, func([]float64) float64 { return sd }, func(_ []float64, branch, i int) []float64 {
		c, d := at(branch)
		switch {
		case i+1 < c:
			return []float64{1, 0, 0}
		case i+1 < d:
			return []float64{0, 1, 0}
		}
		return []float64{0, 0, 1}
	})
	m.discrete("c", func(_ []float64, b int) (float64, float64) { c, _ := at(b); return float64(c), 0 })
	m.discrete("d", func(_ []float64, b int) (float64, float64) { _, d := at(b); return float64(d), 0 })
}

// spikes: coefficients that are 0 or not, as a latent says, by a product.
func spikes(m *Model) {
	n := 3 + m.IntN(10)
	x, y := make([][]float64, n), make([]float64, n)
	apart := pick(m, 1.0, 0.3)
	for i := range y {
		common := m.NormFloat64()
		x[i] = []float64{places(common), places(common + apart*m.NormFloat64())}
		y[i] = places(x[i][0] + m.NormFloat64())
	}
	m.Data["x"], m.Data["y"] = x, y
	p, slab := pick(m, 0.5, 0.2), pick(m, 1.0, 3)
	m.write("data x : real[N, 2]\ndata y : real[N]\nplate k in 1..2 {\n  z[k] ~ Bernoulli(%s)\n  b[k] ~ Normal(0, %s)\n}", number(p), number(slab))
	e := m.noise(1, n)
	m.write("y[i in 1..N] ~ Normal(x[i, 1] * z[1] * b[1] + x[i, 2] * z[2] * b[2], %s)", e.text)
	m.branches = 4
	if len(m.coordinates) == 0 {
		m.add(coordinate{lo: 0, hi: 1, value: func(u float64, _ []float64, _ int) (float64, float64) { return u, 0 }})
	}
	in := func(branch, k int) float64 { return float64(branch >> k & 1) }
	m.linear([]string{"b[1]", "b[2]"}, make([]float64, 2), []float64{slab, slab}, y, e.value, func(_ []float64, branch, i int) []float64 {
		return []float64{in(branch, 0) * x[i][0], in(branch, 1) * x[i][1]}
	})
	marginal := m.density
	m.density = func(v []float64, branch int) float64 {
		sum := marginal(v, branch)
		for k := range 2 {
			sum += in(branch, k)*math.Log(p) + (1-in(branch, k))*math.Log1p(-p)
		}
		return sum
	}
	for k := range 2 {
		m.discrete(fmt.Sprintf("z[%d]", k+1), func(_ []float64, b int) (float64, float64) { return in(b, k), 0 })
	}
}

package random

import (
	"math"
)

// Families with heavy tails, posteriors next to a bound, and dependence.

// logisticFew: few events, or none that overlap.
func logisticFew(m *Model) {
	n := 6 + m.IntN(15)
	x, y := make([]float64, n), make([]int, n)
	slope, centre := pick(m, 0.0, 1, 3), pick(m, 0.0, -1, 2)
	for i := range x {
		x[i] = places(m.NormFloat64())
		if m.Float64() < logistic(slope*x[i]+centre) {
			y[i] = 1
		}
	}
	if m.IntN(3) == 0 { // separated
		for i := range y {
			y[i] = 0
			if x[i] > 0.3 {
				y[i] = 1
			}
		}
	}
	m.Data["x"], m.Data["y"] = x, y
	m.write("data x : real[N]\ndata y : int[N] in 0..1")
	p := pick(m, normal(0, 2.5), normal(0, 10), studentT(3, 0, 2.5), studentT(7, 0, 2.5), cauchy(0, 2.5))
	index := coneIndex(x, y, p.tail)
	a, b := m.latent("a", p, ofTail(index)), m.latent("b", p, ofTail(index))
	m.write("y[i in 1..N] ~ Bernoulli(logit = a + b * x[i])")
	m.density = func(v []float64, _ int) float64 {
		var sum float64
		for i := range y {
			sum += logBernoulli(y[i], v[a]+v[b]*x[i])
		}
		return sum
	}
	if math.IsInf(p.tail, 1) && m.IntN(2) == 0 {
		m.write("let odds_ratio = exp(b)")
		m.report("odds_ratio", Both, func(v []float64, _ int) float64 { return math.Exp(v[b]) })
	}
}

// coneIndex is the index of the tails of intercept and slope of a logistic
// regression whose priors have the given one: where a cone of directions separates
// the data, the likelihood is 1 far out in it. A cone that holds an axis lets one
// coefficient go alone; any other needs both.
func coneIndex(x []float64, y []int, tail float64) float64 {
	separates := func(a, b float64) bool {
		for i := range x {
			if eta := a + b*x[i]; eta == 0 || (eta > 0) != (y[i] == 1) {
				return false
			}
		}
		return true
	}
	for _, axis := range [][2]float64{{1, 0}, {-1, 0}, {0, 1}, {0, -1}} {
		if separates(axis[0], axis[1]) {
			return tail
		}
	}
	const steps = 20000
	for k := range steps {
		if separates(math.Sincos(2 * math.Pi * (float64(k) + 0.5) / steps)) {
			return 2 * tail
		}
	}
	return math.Inf(1)
}

// few are 1 to 6 values about a location that is known, or a latent.
func (m *Model) few(least int) (y []float64, known bool) {
	y = m.normals(least+m.IntN(6), 5, pick(m, 0.5, 1, 3))
	m.Data["y"] = y
	m.write("data y : real[N]")
	return y, m.IntN(2) == 0
}

// location writes the mean of y, integrated out where it is not known.
func (m *Model) location(y []float64, known bool, sd func(x []float64) float64) (text string) {
	if known {
		m.density = func(x []float64, _ int) float64 {
			var sum float64
			for _, v := range y {
				sum += logNormal(v, 5, sd(x))
			}
			return sum
		}
		return "5"
	}
	wide := pick(m, 10.0, 100)
	m.write("mu ~ Normal(0, %s)", number(wide))
	m.linear([]string{"mu"}, []float64{0}, []float64{wide}, y, sd, func([]float64, int, int) []float64 { return []float64{1} })
	return "mu"
}

// scaleFew: an sd or a variance under a vague prior, with few data.
func scaleFew(m *Model) {
	y, known := m.few(2)
	n := float64(len(y))
	if m.IntN(2) == 0 {
		p := pick(m, invGamma(0.1, 0.1), invGamma(0.01, 0.01), invGamma(0.5, 0.5), invGamma(1, 1), invGamma(3, 3))
		v := m.latent("v", p, ofTail(p.tail+n/2))
		mean := m.location(y, known, func(x []float64) float64 { return math.Sqrt(x[v]) })
		m.write("y[i in 1..N] ~ Normal(%s, sqrt(v))\nlet s = sqrt(v)", mean)
		m.report("s", ofTail(2*p.tail+n), func(x []float64, _ int) float64 { return math.Sqrt(x[v]) })
		return
	}
	p := pick(m, halfCauchy(1), halfCauchy(25), halfNormal(100), uniform(0, 100), lognormal(0, 2), halfStudentT(3, 10))
	s := m.latent("s", p, ofTail(p.tail+n))
	mean := m.location(y, known, func(x []float64) float64 { return x[s] })
	m.write("y[i in 1..N] ~ Normal(%s, s)", mean)
}

// precisionFew: a precision, and the sd that it stands for.
func precisionFew(m *Model) {
	y, known := m.few(1)
	n := float64(len(y))
	p := pick(m, gamma(0.1, 0.1), gamma(0.5, 0.5), gamma(1, 1), halfCauchy(1), exponential(1))
	// As the precision grows the likelihood falls exponentially, but where a mean
	// is free to be the one datum.
	above := math.Inf(1)
	if !known && len(y) == 1 {
		above = p.tail
	}
	m.write("tau ~ %s", p.text)
	tau := m.quiet("tau", p, ofTail(above))
	mean := m.location(y, known, func(x []float64) float64 { return 1 / math.Sqrt(x[tau]) })
	m.write("y[i in 1..N] ~ Normal(%s, 1 / sqrt(tau))\nlet s = 1 / sqrt(tau)", mean)
	// The density at 0 is that of the prior, τ^(a−1), times τ^(n/2).
	a := 1.0
	switch p.text {
	case "Gamma(0.1, 0.1)":
		a = 0.1
	case "Gamma(0.5, 0.5)":
		a = 0.5
	}
	m.report("s", ofTail(2*(a+n/2)), func(x []float64, _ int) float64 { return 1 / math.Sqrt(x[tau]) })
}

// heavyPrior: a distribution alone, or with one datum whose error is Student's.
func heavyPrior(m *Model) {
	p := pick(m, cauchy(0, 1), studentT(1.5, 0, 1), studentT(2.5, 0, 1), studentT(3, 1, 2), studentT(5, 0, 1), laplace(0, 1),
		halfCauchy(1), halfStudentT(2.5, 1), invGamma(1.5, 1), invGamma(3, 1), invGamma(5, 2), pareto(1, 0.9), pareto(1, 1.5), pareto(2, 3), pareto(1, 5),
		frechet(1, 1), frechet(2.3, 1), frechet(4, 2), lognormal(0, 0.5), lognormal(0, 1), lognormal(0, 2), lognormal(0, 3), weibull(0.5, 1), weibull(2, 1), gamma(0.3, 1))
	if m.IntN(3) > 0 {
		m.latent("x", p, ofTail(p.tail))
		return
	}
	df, y := pick(m, 1.0, 2, 4), places(m.between(0, 4))
	m.Data["y"] = y
	m.write("data y : real")
	x := m.latent("x", p, ofTail(p.tail+df+1))
	m.write("y ~ StudentT(%s, x, 5)", number(df))
	m.density = func(v []float64, _ int) float64 { return logStudent(y, df, v[x], 5) }
}

// product: only the product of two latents is seen, or its sign is known too.
func product(m *Model) {
	noise, s := pick(m, 0.3, 1), pick(m, 1.0, 2)
	y := m.normals(1+m.IntN(4), pick(m, 0.0, 1, 3), noise)
	m.Data["y"] = y
	m.write("data y : real[N]")
	p := pick(m, normal(0, s), halfNormal(s), lognormal(0, 1))
	a := m.latent("a", p, Both)
	m.write("b ~ Normal(0, %s)\nlet ab = a * b\ny[i in 1..N] ~ Normal(ab, %s)", number(s), number(noise))
	laws := m.linear([]string{"b"}, []float64{0}, []float64{s}, y, func([]float64) float64 { return noise },
		func(x []float64, _, _ int) []float64 { return []float64{x[a]} })
	m.law("ab", Both, func(x []float64, _ int) Law { return Law{x[a] * laws[0].Mean, math.Abs(x[a]) * laws[0].SD} })
}

// ratio: two means, and their ratio, which has no moments unless the second is
// far from 0.
func ratio(m *Model) {
	y1, y2 := places(m.between(-1, 4)), places(m.between(0.5, 6))
	m.Data["y1"], m.Data["y2"] = y1, y2
	m.write("data y1 : real\ndata y2 : real")
	a, b := m.latent("a", normal(0, 5), Both), m.latent("b", normal(0, 5), Both)
	e := pick(m, 0.2, 0.5, 1)
	m.write("y1 ~ Normal(a, %[1]s)\ny2 ~ Normal(b, %[1]s)\nlet r = a / b\nlet p = a * b", number(e))
	m.density = func(x []float64, _ int) float64 { return logNormal(y1, x[a], e) + logNormal(y2, x[b], e) }
	m.report("r", None, func(x []float64, _ int) float64 { return x[a] / x[b] })
	m.report("p", Both, func(x []float64, _ int) float64 { return x[a] * x[b] })
}

// collinear: two predictors that are nearly one, under wide priors.
func collinear(m *Model) {
	n, apart, wide := 5+m.IntN(11), pick(m, 0.3, 0.1, 0.01), pick(m, 5.0, 100)
	x1, x2, y := make([]float64, n), make([]float64, n), make([]float64, n)
	for i := range y {
		x1[i] = places(m.NormFloat64())
		x2[i] = places(x1[i] + apart*m.NormFloat64())
		y[i] = places(1 + x1[i] - x2[i] + 0.5*m.NormFloat64())
	}
	m.Data["x1"], m.Data["x2"], m.Data["y"] = x1, x2, y
	m.write("data x1 : real[N]\ndata x2 : real[N]\ndata y : real[N]\na ~ Normal(0, 10)\nb1 ~ Normal(0, %[1]s)\nb2 ~ Normal(0, %[1]s)", number(wide))
	sigma := m.spreadPrior("sigma", 1, n)
	m.write("y[i in 1..N] ~ Normal(a + b1 * x1[i] + b2 * x2[i], sigma)")
	m.linear([]string{"a", "b1", "b2"}, []float64{0, 0, 0}, []float64{10, wide, wide}, y, sigma.value,
		func(_ []float64, _, i int) []float64 { return []float64{1, x1[i], x2[i]} })
}

// curved: a parabola, a funnel, or a ridge.
func curved(m *Model) {
	switch m.IntN(3) {
	case 0:
		s, e := pick(m, 1.0, 2), pick(m, 0.2, 0.5, 1)
		a := m.latent("a", normal(0, s), Both)
		m.write("b ~ Normal(a^2, %s)", number(e))
		m.law("b", Both, func(x []float64, _ int) Law { return Law{x[a] * x[a], e} })
	case 1:
		s := pick(m, 0.5, 1, 1.5)
		a := m.latent("a", normal(0, s), Both)
		m.write("b ~ Normal(0, exp(a))")
		m.law("b", Both, func(x []float64, _ int) Law { return Law{0, math.Exp(x[a])} })
	default:
		s, e, y := pick(m, 3.0, 10), pick(m, 0.03, 0.1), places(m.between(-2, 2))
		m.Data["y"] = y
		m.write("data y : real")
		b := m.latent("b", pick(m, exponential(1), halfNormal(2), lognormal(0, 1)), Both)
		p := normal(0, s)
		m.write("a ~ %s\ny ~ Normal(a - b, %s)", p.text, number(e))
		a := m.add(coordinate{lo: y - 8*e, hi: y + 8*e, prior: p.log,
			value: func(u float64, x []float64, _ int) (float64, float64) { return x[b] + u, 0 }})
		m.report("a", Both, func(x []float64, _ int) float64 { return x[a] })
		m.density = func(x []float64, _ int) float64 { return logNormal(y, x[a]-x[b], e) }
	}
}

// proportion: a share next to 0 or 1, with few trials.
func proportion(m *Model) {
	shape := func() float64 { return pick(m, 0.1, 0.5, 1, 2, 20) }
	p := beta(shape(), shape())
	n := pick(m, 0, 1, 5, 20)
	k := pick(m, 0, 0, n/2, n)
	if n > 0 {
		m.Data["k"] = k
		m.write("data k : int")
	}
	m.write("p ~ %s", p.text)
	c := m.add(p.coordinate())
	m.report("p", Both, func(x []float64, _ int) float64 { return x[c] })
	if n > 0 {
		m.write("k ~ Binomial(%d, p)", n)
		m.density = func(x []float64, _ int) float64 {
			if k == n { // 0 times the log of 0 is 0
				return float64(k) * math.Log(x[c])
			}
			return float64(k)*math.Log(x[c]) + float64(n-k)*math.Log1p(-x[c])
		}
	}
}

// shares: a Dirichlet with small concentrations, by breaking a stick.
func shares(m *Model) {
	c := pick(m, 0.3, 0.5, 1, 3)
	y := []int{m.IntN(4), m.IntN(4), m.IntN(10)}
	m.Data["y"] = y
	m.write("data y : int[3]\np : simplex[3] ~ Dirichlet([%[1]s, %[1]s, %[1]s])\ny ~ Multinomial(%[2]d, p)", number(c), y[0]+y[1]+y[2])
	a, b, d := c+float64(y[0]), c+float64(y[1]), c+float64(y[2])
	first, second := m.add(beta(a, b+d).coordinate()), m.add(beta(b, d).coordinate())
	m.report("p[1]", Both, func(x []float64, _ int) float64 { return x[first] })
	m.report("p[2]", Both, func(x []float64, _ int) float64 { return (1 - x[first]) * x[second] })
	m.report("p[3]", Both, func(x []float64, _ int) float64 { return (1 - x[first]) * (1 - x[second]) })
}

// rate: a rate next to 0, with few counts.
func rate(m *Model) {
	y := make([]int, m.IntN(4))
	for i := range y {
		y[i] = pick(m, 0, 0, 0, 1, 2)
	}
	p := pick(m, gamma(0.1, 0.1), gamma(0.5, 0.1), gamma(1, 0.1), exponential(1), halfCauchy(1), lognormal(-1, 2))
	if len(y) > 0 {
		m.Data["y"] = y
		m.write("data y : int[N]")
	}
	moments := Both
	if len(y) == 0 {
		moments = ofTail(p.tail)
	}
	r := m.latent("r", p, moments)
	if len(y) > 0 {
		m.write("y[i in 1..N] ~ Poisson(r)")
	}
	m.density = func(x []float64, _ int) float64 {
		var sum float64
		for _, k := range y {
			sum += logPoisson(k, x[r])
		}
		return sum
	}
}

// counts: an overdispersed mean; a dispersion that data hardly bound above.
func counts(m *Model) {
	n, dispersion := 4+m.IntN(12), pick(m, 0.5, 2, 10)
	y := make([]int, n)
	mean := m.between(1, 8)
	for i := range y {
		// A Poisson count at a gamma rate, the sum of exponentials for want of more.
		var g float64
		for range max(1, int(dispersion)) {
			g -= math.Log(m.Float64()) / math.Max(1, dispersion)
		}
		for limit, p := math.Exp(-mean*g), m.Float64(); p > limit; p *= m.Float64() {
			y[i]++
		}
	}
	m.Data["y"] = y
	m.write("data y : int[N]")
	p := pick(m, gamma(2, 0.1), exponential(0.2), halfCauchy(5), lognormal(1, 1), halfNormal(10))
	a, phi := m.latent("a", normal(0, 3), Both), m.latent("phi", p, ofTail(p.tail))
	m.write("y[i in 1..N] ~ NegBinomial(mean = exp(a), dispersion = phi)")
	m.density = func(x []float64, _ int) float64 {
		if x[phi] > 1e9 { // Poisson: lgamma of such numbers cancels
			var sum float64
			for _, k := range y {
				sum += logPoisson(k, math.Exp(x[a]))
			}
			return sum
		}
		var sum float64
		for _, k := range y {
			sum += logNegBinomial(k, math.Exp(x[a]), x[phi])
		}
		return sum
	}
}

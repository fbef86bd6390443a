package random

import "math"

// Families of one or two latents whose posteriors are skewed, folded or ridges.

// square: only the square, or the size, of a latent is seen, and its prior prefers one sign.
func square(m *Model) {
	e, y := pick(m, 0.1, 0.5, 1), places(m.between(0, 5))
	m.Data["y"] = y
	m.write("data y : real")
	a := m.latent("a", normal(pick(m, 0.2, 0.5, 1), pick(m, 1.0, 2)), Both)
	f := func(x float64) float64 { return x * x }
	if m.IntN(2) == 0 {
		m.write("y ~ Normal(a^2, %s)", number(e))
	} else {
		m.write("y ~ Normal(abs(a), %s)", number(e))
		f = math.Abs
	}
	m.density = func(x []float64, _ int) float64 { return logNormal(y, f(x[a]), e) }
}

// sumOfTwo: only the sum of two positive latents is seen.
func sumOfTwo(m *Model) {
	e, y := pick(m, 0.05, 0.2, 1), places(m.between(0.5, 6))
	m.Data["y"] = y
	m.write("data y : real")
	a := m.latent("a", pick(m, exponential(1), halfNormal(3), gamma(2, 1), lognormal(0, 1)), Both)
	p := pick(m, exponential(0.5), halfNormal(2), gamma(0.5, 0.5), gamma(3, 1))
	b := m.latent("b", p, Both)
	m.write("y ~ Normal(a + b, %s)", number(e))
	m.density = func(x []float64, _ int) float64 { return logNormal(y, x[a]+x[b], e) }
}

// laplaceData: a location and a scale of data with cusps.
func laplaceData(m *Model) {
	s := pick(m, 0.5, 1, 3)
	y := m.normals(2+m.IntN(9), 2, s)
	m.Data["y"] = y
	m.write("data y : real[N]")
	mu := m.latent("mu", pick(m, normal(0, 5), laplace(0, 3), normal(0, 50)), Both)
	b := m.latent("b", lightScale(m, s), Both)
	m.write("y[i in 1..N] ~ Laplace(mu, b)")
	m.density = func(x []float64, _ int) float64 {
		var sum float64
		for _, v := range y {
			sum += logLaplace(v, x[mu], x[b])
		}
		return sum
	}
}

// gammaData: shape and rate of few positive values, which depend strongly.
func gammaData(m *Model) {
	n, k := 2+m.IntN(9), pick(m, 1, 3, 10)
	y := make([]float64, n)
	var sum, logs float64
	for i := range y {
		for range k {
			y[i] -= math.Log(1-m.Float64()) / float64(k)
		}
		y[i] = math.Max(places(2*y[i]), 0.001)
		sum, logs = sum+y[i], logs+math.Log(y[i])
	}
	m.Data["y"] = y
	m.write("data y : real[N]")
	a := m.latent("a", pick(m, gamma(2, 0.5), exponential(0.2), lognormal(1, 1), halfNormal(10)), Both)
	p := pick(m, gamma(2, 0.5), exponential(0.2), lognormal(0, 1), halfNormal(5))
	b := m.latent("b", p, Both)
	m.write("let mean_y = a / b\ny[i in 1..N] ~ Gamma(a, b)")
	// Next to b = 0 the likelihood is b^(n a), and next to a = 0 it is a^n. Where the prior of b is positive at 0 the quotient
	// has a mean, and no variance: the integral of b^(n a − 2) has none for a below 1/n.
	moments := Both
	if p.log(1e-12) > -10 {
		moments = MeanAlone
	}
	m.report("mean_y", moments, func(x []float64, _ int) float64 { return x[a] / x[b] })
	m.density = func(x []float64, _ int) float64 {
		return float64(n)*(x[a]*math.Log(x[b])-lgamma(x[a])) + (x[a]-1)*logs - x[b]*sum
	}
}

// correlation: that of a few pairs, with known or unknown sds.
func correlation(m *Model) {
	n, rho := 2+m.IntN(9), pick(m, 0.0, 0.5, 0.95)
	y := make([][]float64, n)
	var xx, xy, yy float64
	for i := range y {
		a, b := m.NormFloat64(), m.NormFloat64()
		y[i] = []float64{places(a), places(rho*a + math.Sqrt(1-rho*rho)*b)}
		xx, xy, yy = xx+y[i][0]*y[i][0], xy+y[i][0]*y[i][1], yy+y[i][1]*y[i][1]
	}
	m.Data["y"] = y
	m.write("data y : real[N, 2]")
	r := m.latent("rho", uniform(-1, 1), Both)
	s, text := func([]float64) float64 { return 1 }, "1"
	if m.IntN(2) == 0 {
		k := m.latent("s", lightScale(m, 1), Both)
		s, text = func(x []float64) float64 { return x[k] }, "s"
	}
	m.write("plate i in 1..N { y[i] ~ MvNormal([0, 0], [[%[1]s^2, rho * %[1]s], [rho * %[1]s, 1]]) }", text)
	m.density = func(x []float64, _ int) float64 {
		det := (1 - x[r]) * (1 + x[r])
		u := s(x)
		return -float64(n)*(math.Log(u)+0.5*math.Log(det)) - 0.5*(xx/(u*u)-2*x[r]*xy/u+yy)/det
	}
}

// direction: the mean of a few angles, and how much they agree.
func direction(m *Model) {
	n, at, spread := 1+m.IntN(6), m.between(-1.5, 1.5), pick(m, 0.3, 1, 3)
	y := m.normals(n, at, spread)
	m.Data["y"] = y
	m.write("data y : real[N]")
	// A normal prior keeps the mean away from the ends where one number stands for two.
	a := m.latent("a", normal(0, pick(m, 0.7, 1)), Both)
	k := m.latent("k", pick(m, exponential(0.5), gamma(2, 1), halfNormal(5), lognormal(0, 1)), Both)
	m.write("y[i in 1..N] ~ VonMises(a, k)")
	m.density = func(x []float64, _ int) float64 {
		sum := -float64(n) * logBessel0(x[k])
		for _, v := range y {
			sum += x[k] * math.Cos(v-x[a])
		}
		return sum
	}
}

// logBessel0 is log I₀(k), by the trapezoidal rule over (1/π) ∫₀^π exp(k cos t) dt, which
// converges faster than any power for a periodic function.
func logBessel0(k float64) float64 {
	const n = 64
	sum := 0.5 * (1 + math.Exp(-2*k))
	for i := 1; i < n; i++ {
		sum += math.Exp(k * (cosines[i] - 1))
	}
	return k + math.Log(sum/n)
}

var cosines = func() (c [64]float64) {
	for i := range c {
		c[i] = math.Cos(math.Pi * float64(i) / 64)
	}
	return c
}()

// poissonLine: a log-linear rate of few counts, small ones among them.
func poissonLine(m *Model) {
	n, a0, b0 := 3+m.IntN(10), pick(m, -1.0, 0, 1.5), pick(m, 0.0, 0.5, -1)
	x, y := make([]float64, n), make([]int, n)
	for i := range x {
		x[i] = places(m.NormFloat64())
		y[i] = m.poisson(math.Exp(a0 + b0*x[i]))
	}
	m.Data["x"], m.Data["y"] = x, y
	m.write("data x : real[N]\ndata y : int[N]")
	a, b := m.latent("a", normal(0, pick(m, 1.0, 5)), Both), m.latent("b", normal(0, pick(m, 1.0, 5)), Both)
	m.write("y[i in 1..N] ~ Poisson(exp(a + b * x[i]))")
	m.density = func(v []float64, _ int) float64 {
		var sum float64
		for i := range x {
			eta := v[a] + v[b]*x[i]
			sum += float64(y[i])*eta - math.Exp(eta)
		}
		return sum
	}
}

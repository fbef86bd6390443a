package random

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/integrate/quad"
)

// Families of counts, categories, censored and rounded data.

// binomial draws a count of successes.
func (m *Model) binomial(n int, p float64) (k int) {
	for range n {
		if m.Float64() < p {
			k++
		}
	}
	return k
}

// poisson draws a count, by Knuth's product of uniforms.
func (m *Model) poisson(rate float64) int {
	k, p := -1, 1.0
	for limit := math.Exp(-rate); p > limit; k++ {
		p *= m.Float64()
	}
	return k
}

// normalGroups are groups whose parameter on a line is Normal(mu, tau), integrated
// out by the trapezoidal rule over z, theta = mu + tau z. Term is log p(y[j] | theta) where shared is what
// groups have in common at theta.
type normalGroups struct {
	J      int
	shared func(theta float64) float64
	term   func(j int, theta, shared float64) float64
}

func (g normalGroups) given(mu, tau float64, laws []Law) (logMarginal float64) {
	const step, end = 0.2, 8.0
	n := int(2*end/step) + 1
	logs, top := make([]float64, g.J*n), slices.Repeat([]float64{math.Inf(-1)}, g.J)
	for k := range n {
		z := -end + step*float64(k)
		theta := mu + tau*z
		shared := g.shared(theta)
		for j := range g.J {
			v := g.term(j, theta, shared) - z*z/2
			logs[j*n+k] = v
			top[j] = math.Max(top[j], v)
		}
	}
	for j := range g.J {
		var sum, first, second float64
		for k, v := range logs[j*n : (j+1)*n] {
			w := math.Exp(v - top[j])
			theta := tau * (-end + step*float64(k))
			sum += w
			first += w * theta
			second += w * theta * theta
		}
		logMarginal += top[j] + math.Log(sum*step) - halfLog2Pi
		laws[j] = Law{mu + first/sum, math.Sqrt(math.Max(second/sum-first*first/(sum*sum), 0))}
	}
	return logMarginal
}

// lightScale is a prior of a scale of about s with a light tail: where all groups
// are at a bound the likelihood does not fall as the scale grows.
func lightScale(m *Model, s float64) prior {
	return pick(m, halfNormal(s), exponential(round(1/s)), gamma(2, round(2/s)), lognormal(round(math.Log(s)), 0.5), uniform(0, round(3*s)))
}

// groupsOnLine writes mu, tau and theta, and makes the marginal density the model's.
func (m *Model) groupsOnLine(J int, center, wide, s float64, likelihood string, g normalGroups) {
	g.J = J
	mu := m.latent("mu", normal(center, wide), Both)
	tau := m.latent("tau", lightScale(m, s), Both)
	if m.IntN(3) == 0 {
		m.write("z[j in 1..J] ~ Normal(0, 1)\nlet theta[j in 1..J] = mu + tau * z[j]")
	} else {
		m.write("theta[j in 1..J] ~ Normal(mu, tau)")
	}
	m.write("%s", likelihood)
	laws := make([]Law, J)
	m.density = func(x []float64, _ int) float64 { return g.given(x[mu], x[tau], laws) }
	for j := range J {
		m.rough(fmt.Sprintf("theta[%d]", j+1), func([]float64, int) Law { return laws[j] })
	}
}

// hierarchyBinomial: 2 to 6 groups of a few trials, on the logit scale.
func hierarchyBinomial(m *Model) {
	J, size := 2+m.IntN(5), pick(m, 1, 5, 20)
	n, k := make([]int, J), make([]int, J)
	centre, sd := pick(m, 0.0, -2, 1), pick(m, 0.0, 0.5, 1.5)
	for j := range n {
		n[j] = 1 + m.IntN(size) + size/2
		k[j] = m.binomial(n[j], logistic(centre+sd*m.NormFloat64()))
	}
	m.Data["n"], m.Data["k"] = n, k
	m.write("data n : int[J]\ndata k : int[J]")
	m.groupsOnLine(J, 0, pick(m, 1.5, 3), 1, "k[j in 1..J] ~ Binomial(n[j], logit = theta[j])", normalGroups{
		shared: softplus,
		term:   func(j int, theta, shared float64) float64 { return float64(k[j])*theta - float64(n[j])*shared },
	})
}

// hierarchyPoisson: 2 to 6 groups of one count each, with exposures, on the log scale.
func hierarchyPoisson(m *Model) {
	J := 2 + m.IntN(5)
	e, k := make([]float64, J), make([]int, J)
	centre, sd := pick(m, -1.0, 0.5, 2), pick(m, 0.0, 0.5, 1)
	for j := range e {
		e[j] = places(m.between(0.5, 3))
		k[j] = m.poisson(e[j] * math.Exp(centre+sd*m.NormFloat64()))
	}
	m.Data["e"], m.Data["k"] = e, k
	m.write("data e : real[J]\ndata k : int[J]")
	m.groupsOnLine(J, 0, 2, 1, "k[j in 1..J] ~ Poisson(e[j] * exp(theta[j]))", normalGroups{
		shared: math.Exp,
		term:   func(j int, theta, shared float64) float64 { return float64(k[j])*theta - e[j]*shared },
	})
}

// gammaPoisson: rates of 2 to 6 groups are Gamma(shape, rate), both unknown.
func gammaPoisson(m *Model) {
	J := 2 + m.IntN(5)
	t, k := make([]float64, J), make([]int, J)
	centre, sd := pick(m, 0.3, 2, 5), pick(m, 0.0, 0.5, 1)
	for j := range t {
		t[j] = places(m.between(0.5, 4))
		k[j] = m.poisson(t[j] * centre * math.Exp(sd*m.NormFloat64()))
	}
	m.Data["t"], m.Data["k"] = t, k
	m.write("data t : real[J]\ndata k : int[J]")
	a := m.latent("a", pick(m, exponential(1), gamma(2, 1), lognormal(0, 1)), Both)
	b := m.latent("b", pick(m, exponential(1), gamma(2, 1), halfNormal(2)), Both)
	m.write("r[j in 1..J] ~ Gamma(a, b)\nk[j in 1..J] ~ Poisson(t[j] * r[j])")
	m.density = func(x []float64, _ int) float64 {
		var sum float64
		for j := range k {
			n := float64(k[j])
			sum += x[a]*math.Log(x[b]) - lgamma(x[a]) + lgamma(x[a]+n) - (x[a]+n)*math.Log(x[b]+t[j])
		}
		return sum
	}
	for j := range J {
		m.rough(fmt.Sprintf("r[%d]", j+1), func(x []float64, _ int) Law {
			shape, rate := x[a]+float64(k[j]), x[b]+t[j]
			return Law{shape / rate, math.Sqrt(shape) / rate}
		})
	}
}

// betaLaw has the mean and the sd of a beta distribution.
func betaLaw(a, b float64) Law {
	return Law{a / (a + b), math.Sqrt(a*b/(a+b+1)) / (a + b)}
}

func logBeta(a, b float64) float64 { return lgamma(a) + lgamma(b) - lgamma(a+b) }

// betaBinomial: shares of 2 to 6 groups are Beta, by mean and concentration.
func betaBinomial(m *Model) {
	J, size := 2+m.IntN(5), pick(m, 3, 8, 20)
	n, k := make([]int, J), make([]int, J)
	centre, sd := pick(m, 0.0, -2, 1), pick(m, 0.0, 0.5, 1.5)
	for j := range n {
		n[j] = 1 + m.IntN(size)
		k[j] = m.binomial(n[j], logistic(centre+sd*m.NormFloat64()))
	}
	m.Data["n"], m.Data["k"] = n, k
	m.write("data n : int[J]\ndata k : int[J]")
	mean := m.latent("m", pick(m, beta(1, 1), beta(2, 2), beta(2, 5)), Both)
	c := m.latent("c", pick(m, exponential(0.1), gamma(2, 0.2), lognormal(2, 1), halfNormal(20)), Both)
	m.write("p[j in 1..J] ~ Beta(m * c, (1 - m) * c)\nk[j in 1..J] ~ Binomial(n[j], p[j])")
	m.density = func(x []float64, _ int) float64 {
		a, b := x[mean]*x[c], (1-x[mean])*x[c]
		if !(a > 0 && b > 0) {
			return math.Inf(-1)
		}
		var sum float64
		for j := range k {
			sum += logBeta(a+float64(k[j]), b+float64(n[j]-k[j])) - logBeta(a, b)
		}
		return sum
	}
	for j := range J {
		m.rough(fmt.Sprintf("p[%d]", j+1), func(x []float64, _ int) Law {
			return betaLaw(x[mean]*x[c]+float64(k[j]), (1-x[mean])*x[c]+float64(n[j]-k[j]))
		})
	}
}

// zeroInflated: counts, some of which are 0 for another reason.
func zeroInflated(m *Model) {
	n, share, rate := 3+m.IntN(15), pick(m, 0.0, 0.3, 0.7), pick(m, 0.3, 1, 4)
	y := make([]int, n)
	for i := range y {
		if m.Float64() >= share {
			y[i] = m.poisson(rate)
		}
	}
	m.Data["y"] = y
	m.write("data y : int[N]")
	psi := m.latent("psi", pick(m, beta(1, 1), beta(2, 2), beta(1, 4)), Both)
	lambda := m.latent("lambda", pick(m, gamma(2, 1), exponential(0.5), lognormal(0, 1), halfNormal(5)), Both)
	if m.IntN(2) == 0 {
		m.write("plate i in 1..N {\n  if_zero[i] ~ Bernoulli(psi)\n  y[i] ~ Poisson(lambda * (1 - if_zero[i]))\n}")
	} else {
		m.write("factor sum([if y[i] == 0 then log_sum_exp([log(psi), log1p(-psi) - lambda]) else log1p(-psi) + log_density(Poisson(lambda), y[i]) for i in 1..N])")
	}
	m.density = func(x []float64, _ int) float64 {
		var sum float64
		for _, k := range y {
			v := math.Log1p(-x[psi]) + logPoisson(k, x[lambda])
			if k == 0 {
				v = logAdd(math.Log(x[psi]), v)
			}
			sum += v
		}
		return sum
	}
}

// censored: times to failure, of which some are known to be late alone.
func censored(m *Model) {
	n, end := 3+m.IntN(10), pick(m, 0.5, 1, 3)
	shape := pick(m, 0.7, 1, 2)
	t, ends := make([]float64, n), make([]float64, n)
	for i := range t {
		t[i] = places(math.Pow(-math.Log(1-m.Float64()), 1/shape))
		ends[i] = places(end * m.between(0.5, 1.5))
		t[i] = math.Max(math.Min(t[i], ends[i]), 0.001)
	}
	m.Data["t"], m.Data["e"] = t, ends
	m.write("data t : real[N]\ndata e : real[N]")
	k := m.latent("k", pick(m, gamma(2, 1), gamma(4, 4), lognormal(0, 0.5), halfNormal(2)), Both)
	s := m.latent("s", pick(m, gamma(2, 1), exponential(0.5), lognormal(0, 1), halfNormal(3)), Both)
	m.write("t[i in 1..N] ~ Weibull(k, s) censored above e[i]\nlet late = exp(-(2 / s)^k)")
	late := func(x []float64, t float64) float64 { return -math.Pow(t/x[s], x[k]) }
	m.report("late", Both, func(x []float64, _ int) float64 { return math.Exp(late(x, 2)) })
	m.density = func(x []float64, _ int) float64 {
		var sum float64
		for i, v := range t {
			sum += late(x, v)
			if v < ends[i] {
				sum += math.Log(x[k]/x[s]) + (x[k]-1)*math.Log(v/x[s])
			}
		}
		return sum
	}
}

// truncated: values of which only positive ones are recorded.
func truncated(m *Model) {
	n, mean, sd := 3+m.IntN(12), pick(m, -1.0, 0.5, 2), pick(m, 0.5, 1, 2)
	y := make([]float64, n)
	for i := range y {
		for y[i] <= 0 {
			y[i] = places(mean + sd*m.NormFloat64())
		}
	}
	m.Data["y"] = y
	m.write("data y : real[N]")
	mu := m.latent("mu", normal(0, pick(m, 2.0, 5)), Both)
	s := m.latent("s", lightScale(m, 2), Both)
	m.write("y[i in 1..N] ~ Normal(mu, s) in (0, inf)")
	m.density = func(x []float64, _ int) float64 {
		sum := -float64(n) * logPhi(x[mu]/x[s])
		for _, v := range y {
			sum += logNormal(v, x[mu], x[s])
		}
		return sum
	}
}

// logPhi is the log of the normal distribution function, by its asymptotic series far below 0.
func logPhi(z float64) float64 {
	if z > -20 {
		return math.Log(0.5 * math.Erfc(-z/math.Sqrt2))
	}
	w := 1 / (z * z)
	return -z*z/2 - math.Log(-z) - halfLog2Pi + math.Log1p(-w*(1-w*(3-15*w)))
}

// rounded: values that were recorded as whole numbers.
func rounded(m *Model) {
	n, mean, sd := 2+m.IntN(10), m.between(0, 6), pick(m, 0.2, 0.6, 2)
	low, high := make([]float64, n), make([]float64, n)
	for i := range low {
		v := math.Round(mean + sd*m.NormFloat64())
		low[i], high[i] = v-0.5, v+0.5
	}
	m.Data["low"], m.Data["high"] = low, high
	m.write("data low : real[N]\ndata high : real[N]")
	mu := m.latent("mu", normal(0, pick(m, 5.0, 20)), Both)
	s := m.latent("s", lightScale(m, 1), Both)
	m.write("factor sum([log(Phi((high[i] - mu) / s) - Phi((low[i] - mu) / s)) for i in 1..N])")
	m.density = func(x []float64, _ int) float64 {
		var sum float64
		for i := range low {
			a, b := (low[i]-x[mu])/x[s], (high[i]-x[mu])/x[s]
			if a > 0 { // to differ in the lower tail, where digits are not lost
				a, b = -b, -a
			}
			sum += math.Log(0.5 * (math.Erfc(-b/math.Sqrt2) - math.Erfc(-a/math.Sqrt2)))
		}
		return sum
	}
}

// ordinal: three ordered categories, and a group that may differ.
func ordinal(m *Model) {
	n, b0 := 4+m.IntN(16), pick(m, 0.0, 1, 3)
	x, y := make([]int, n), make([]int, n)
	var counts [2][3]float64
	for i := range y {
		x[i] = m.IntN(2)
		u := m.Float64()
		u = math.Log(u/(1-u)) + b0*float64(x[i])
		y[i] = 1
		if u > -0.5 {
			y[i]++
		}
		if u > 1 {
			y[i]++
		}
		counts[x[i]][y[i]-1]++
	}
	m.Data["x"], m.Data["y"] = x, y
	wide := pick(m, 2.0, 5)
	m.write("data x : int[N]\ndata y : int[N] in 1..3\ncut : ordered[2] ~ Normal(0, %s)", number(wide))
	p := normal(0, wide)
	low := m.quiet("cut[1]", p, Both)
	high := m.add(coordinate{lo: -14, hi: math.Log(14 * wide), prior: p.log,
		value: func(u float64, v []float64, _ int) (float64, float64) { return v[low] + math.Exp(u), u }})
	m.report("cut[2]", Both, func(v []float64, _ int) float64 { return v[high] })
	var b int
	if m.IntN(2) == 0 {
		b = m.latent("b", normal(0, pick(m, 1.5, 5)), Both)
		m.write("y[i in 1..N] ~ OrderedLogistic(b * x[i], cut)")
	} else {
		m.write("y[i in 1..N] ~ OrderedLogistic(0, cut)")
	}
	m.density = func(v []float64, _ int) float64 {
		var sum float64
		for k, c := range counts {
			var eta float64
			if b > 0 {
				eta = float64(k) * v[b]
			}
			first, second := v[low]-eta, v[high]-eta
			// The middle: logistic(second) − logistic(first).
			middle := math.Log(-math.Expm1(first-second)) - softplus(-second) - softplus(first)
			for j, l := range []float64{-softplus(-first), middle, -softplus(second)} {
				if c[j] > 0 {
					sum += c[j] * l
				}
			}
		}
		return sum
	}
}

// softmax: log odds of two categories against a third, of few counts.
func softmaxOdds(m *Model) {
	y := []int{m.IntN(3), m.IntN(4), m.IntN(8)}
	if y[0]+y[1]+y[2] == 0 {
		y[2] = 1
	}
	m.Data["y"] = y
	m.write("data y : int[3]")
	p := pick(m, normal(0, 1.5), normal(0, 5), studentT(7, 0, 2.5))
	a, b := m.latent("a", p, Both), m.latent("b", p, Both)
	m.write("let p = softmax([a, b, 0])\ny ~ Multinomial(%d, p)", y[0]+y[1]+y[2])
	norm := func(x []float64) float64 { return logAdd(logAdd(x[a], x[b]), 0) }
	m.report("p[1]", Both, func(x []float64, _ int) float64 { return math.Exp(x[a] - norm(x)) })
	m.report("p[3]", Both, func(x []float64, _ int) float64 { return math.Exp(-norm(x)) })
	m.density = func(x []float64, _ int) float64 {
		return float64(y[0])*x[a] + float64(y[1])*x[b] - float64(y[0]+y[1]+y[2])*norm(x)
	}
}

// thinned: counts of what is there and is seen; only the product of rate and share is told.
func thinned(m *Model) {
	y := make([]int, 1+m.IntN(4))
	rate := pick(m, 1.0, 5, 20)
	total := 0
	for i := range y {
		y[i] = m.poisson(rate * 0.4)
		total += y[i]
	}
	m.Data["y"] = y
	m.write("data y : int[N]")
	l := m.latent("rate", pick(m, gamma(2, 0.2), exponential(0.1), halfNormal(20), lognormal(2, 1)), Both)
	p := m.latent("p", pick(m, beta(1, 1), beta(2, 2), beta(5, 2)), Both)
	m.write("let seen = rate * p\ny[i in 1..N] ~ Poisson(seen)")
	m.report("seen", Both, func(x []float64, _ int) float64 { return x[l] * x[p] })
	m.density = func(x []float64, _ int) float64 {
		v := x[l] * x[p]
		if total == 0 {
			return -float64(len(y)) * v
		}
		return float64(total)*math.Log(v) - float64(len(y))*v
	}
}

// capture: how many there are is a latent, seen on a few occasions with unknown probability.
func capture(m *Model) {
	mean, p0 := pick(m, 5.0, 15, 30), pick(m, 0.2, 0.5, 0.8)
	there := m.poisson(mean)
	y := make([]int, 2+m.IntN(4))
	most, total := 0, 0
	for i := range y {
		y[i] = m.binomial(there, p0)
		most, total = max(most, y[i]), total+y[i]
	}
	m.Data["y"] = y
	limit := int(3*mean) + 10
	a, b := pick(m, 1.0, 2), pick(m, 1.0, 2)
	text := fmt.Sprintf("Binomial(%d, 0.33)", limit)
	logPrior := func(n int) float64 {
		return lgamma(float64(limit+1)) - lgamma(float64(n+1)) - lgamma(float64(limit-n+1)) + float64(n)*math.Log(0.33) + float64(limit-n)*math.Log(0.67)
	}
	if m.IntN(2) == 0 {
		text, logPrior = fmt.Sprintf("DiscreteUniform(0, %d)", limit), func(int) float64 { return 0 }
	}
	m.write("data y : int[T]\np ~ Beta(%s, %s)\nn ~ %s\ny[t in 1..T] ~ Binomial(n, p)", number(a), number(b), text)
	m.branches = limit - most + 1
	prior := beta(a, b)
	c := m.add(prior.coordinate())
	m.report("p", Both, func(x []float64, _ int) float64 { return x[c] })
	m.density = func(x []float64, branch int) float64 {
		n := most + branch
		sum := logPrior(n)
		for _, k := range y {
			sum += lgamma(float64(n+1)) - lgamma(float64(n-k+1))
		}
		if total > 0 {
			sum += float64(total) * math.Log(x[c])
		}
		if left := n*len(y) - total; left > 0 {
			sum += float64(left) * math.Log1p(-x[c])
		}
		return sum
	}
	m.discrete("n", func(_ []float64, b int) (float64, float64) { return float64(most + b), 0 })
}

// dirichletGroups: shares of two or three groups, whose common concentration is unknown.
func dirichletGroups(m *Model) {
	G, size := 2+m.IntN(2), pick(m, 2, 6, 15)
	y := make([][]int, G)
	n := make([]int, G)
	for g := range y {
		y[g] = make([]int, 3)
		n[g] = 1 + m.IntN(size)
		share := m.Float64()
		for range n[g] {
			y[g][m.binomial(2, share)]++
		}
	}
	m.Data["y"], m.Data["n"] = y, n
	m.write("data n : int[G]\ndata y : int[G, 3]")
	c := m.latent("c", pick(m, exponential(0.5), gamma(2, 1), lognormal(0, 1), halfNormal(3)), Both)
	m.write("plate g in 1..G {\n  p[g] : simplex[3] ~ Dirichlet([c, c, c])\n  y[g] ~ Multinomial(n[g], p[g])\n}")
	m.density = func(x []float64, _ int) float64 {
		var sum float64
		for g := range y {
			sum += lgamma(3*x[c]) - lgamma(3*x[c]+float64(n[g])) - 3*lgamma(x[c])
			for _, k := range y[g] {
				sum += lgamma(x[c] + float64(k))
			}
		}
		return sum
	}
	for g := range y {
		for k := range 3 {
			m.rough(fmt.Sprintf("p[%d,%d]", g+1, k+1), func(x []float64, _ int) Law {
				a := x[c] + float64(y[g][k])
				return betaLaw(a, 3*x[c]+float64(n[g])-a)
			})
		}
	}
}

// markovStates: a hidden chain of two states, seen with errors that are known, whose moves are not.
func markovStates(m *Model) {
	n, sd := 4+m.IntN(9), pick(m, 0.5, 1)
	stay := []float64{pick(m, 0.5, 0.9), pick(m, 0.5, 0.9)}
	gap := pick(m, 1.0, 3)
	y, z := make([]float64, n), m.IntN(2)
	for t := range y {
		if t > 0 && m.Float64() > stay[z] {
			z = 1 - z
		}
		y[t] = places(gap*float64(z) + sd*m.NormFloat64())
	}
	m.Data["y"] = y
	m.write("data y : real[N]")
	prior := pick(m, beta(1, 1), beta(2, 2), beta(4, 1))
	a, b := m.latent("a", prior, Both), m.latent("b", prior, Both)
	m.write("z[1] ~ Bernoulli(0.5)\nfor t in 2..N { z[t] ~ Bernoulli(if z[t-1] == 1 then b else 1 - a) }\ny[t in 1..N] ~ Normal(%s * z[t], %s)", number(gap), number(sd))
	last := 0.0
	m.density = func(x []float64, _ int) float64 {
		p, sum := [2]float64{0.5, 0.5}, 0.0
		for t, v := range y {
			if t > 0 {
				p = [2]float64{p[0]*x[a] + p[1]*(1-x[b]), p[0]*(1-x[a]) + p[1]*x[b]}
			}
			p[0] *= math.Exp(logNormal(v, 0, sd))
			p[1] *= math.Exp(logNormal(v, gap, sd))
			total := p[0] + p[1]
			sum += math.Log(total)
			p[0], p[1] = p[0]/total, p[1]/total
		}
		last = p[1]
		return sum
	}
	m.discrete(fmt.Sprintf("z[%d]", n), func([]float64, int) (float64, float64) { return last, last * (1 - last) })
}

// mixturePoisson: counts of two rates, with priors of their own, and a share that is known or not.
func mixturePoisson(m *Model) {
	n, low, high := 4+m.IntN(14), pick(m, 0.5, 1, 3), pick(m, 3.0, 6, 10)
	share := pick(m, 0.5, 0.2)
	y := make([]int, n)
	for i := range y {
		y[i] = m.poisson(low)
		if m.Float64() < share {
			y[i] = m.poisson(high)
		}
	}
	m.Data["y"] = y
	m.write("data y : int[N]")
	a := m.latent("a", pick(m, gamma(2, 1), exponential(0.5), lognormal(0, 1)), Both)
	b := m.latent("b", pick(m, gamma(2, 0.4), exponential(0.2), lognormal(1.5, 0.7)), Both)
	text, weights := number(share), []point{{1, share, 0}}
	if m.IntN(2) == 0 {
		k := pick(m, 1.0, 2)
		text, weights = "w", betaNodes(k, n)
		m.write("w ~ Beta(%s, %s)", number(k), number(k))
	}
	if m.IntN(2) == 0 {
		m.write("plate i in 1..N {\n  z[i] ~ Bernoulli(%s)\n  y[i] ~ Poisson(if z[i] == 1 then b else a)\n}", text)
	} else {
		m.write("factor sum([log_sum_exp([log1p(-%[1]s) + log_density(Poisson(a), y[i]), log(%[1]s) + log_density(Poisson(b), y[i])]) for i in 1..N])", text)
	}
	var w Law
	first, second := make([]float64, n), make([]float64, n)
	m.density = func(x []float64, _ int) (v float64) {
		v, w = mixtureOfCounts(y, x[a], x[b], weights, first, second)
		return v
	}
	if text == "w" {
		m.rough("w", func([]float64, int) Law { return w })
	}
}

// betaNodes are nodes w of a Gauss-Legendre rule with weights times the density of Beta(k, k), k an integer, that
// integrate a polynomial of the degree n exactly.
func betaNodes(k float64, n int) []point {
	count := (n + 2*int(k) + 2) / 2 // of w² times all else too
	x, w := make([]float64, count), make([]float64, count)
	quad.Legendre{}.FixedLocations(x, w, 0, 1)
	out := make([]point, count)
	for i := range out {
		out[i] = point{w[i] * math.Exp((k-1)*(math.Log(x[i])+math.Log1p(-x[i]))-logBeta(k, k)), x[i], 0}
	}
	return out
}

// mixtureOfCounts is the log density of counts of two rates, a and b, with the
// share of b integrated out over its nodes: a polynomial in it of the degree len(y), but for moments. Its mean and sd are Law.
func mixtureOfCounts(y []int, a, b float64, share []point, first, second []float64) (float64, Law) {
	var scale float64
	for i, k := range y {
		p, q := logPoisson(k, a), logPoisson(k, b)
		top := math.Max(p, q)
		first[i], second[i] = math.Exp(p-top), math.Exp(q-top)
		scale += top
	}
	var sum, one, two float64
	for _, node := range share {
		p, w := node.weight, node.mean
		for i := range y {
			p *= (1-w)*first[i] + w*second[i]
		}
		sum, one, two = sum+p, one+p*w, two+p*w*w
	}
	return scale + math.Log(sum), Law{one / sum, math.Sqrt(math.Max(two/sum-one*one/(sum*sum), 0))}
}

// latentClass: people of two classes answer two or three questions, yes or no. The
// priors of the classes differ. How many people of each pattern of answers belong to the second
// class is summed over; given these numbers all probabilities are Beta.
func latentClass(m *Model) {
	n, items := 4+m.IntN(8), 2+m.IntN(2)
	y, patterns := make([][]int, n), map[int]int{}
	yes := [2]float64{pick(m, 0.2, 0.4), pick(m, 0.6, 0.9)}
	for i := range y {
		class, pattern := m.IntN(2), 0
		for j := range items {
			y[i] = append(y[i], m.binomial(1, yes[class]))
			pattern |= y[i][j] << j
		}
		patterns[pattern]++
	}
	m.Data["y"] = y
	strong, w := pick(m, 1.5, 3), pick(m, 1.0, 3)
	m.write("data y : int[N, K]\nw ~ Beta(%s, %s)", number(w), number(w))
	m.write("a[k in 1..K] ~ Beta(1, %s)\nb[k in 1..K] ~ Beta(%s, 1)", number(strong), number(strong))
	m.write("plate i in 1..N {\n  c[i] ~ Bernoulli(w)\n  plate k in 1..K { y[i, k] ~ Bernoulli(if c[i] == 1 then b[k] else a[k]) }\n}")
	names := []string{"w"}
	for k := range items {
		names = append(names, fmt.Sprintf("a[%d]", k+1))
	}
	for k := range items {
		names = append(names, fmt.Sprintf("b[%d]", k+1))
	}
	for _, name := range names {
		m.rough(name, nil)
	}
	m.grid = func(bool) []summary {
		points := make([]mixture, len(names))
		most := math.Inf(-1)
		var kinds []int
		for p := range patterns {
			kinds = append(kinds, p)
		}
		slices.Sort(kinds)
		var logs []float64
		second := make([]int, len(kinds))
		var walk func(k int, logWays float64)
		walk = func(k int, logWays float64) {
			if k < len(kinds) {
				all := float64(patterns[kinds[k]])
				for second[k] = range patterns[kinds[k]] + 1 {
					in := float64(second[k])
					walk(k+1, logWays+lgamma(all+1)-lgamma(in+1)-lgamma(all-in+1))
				}
				return
			}
			var size [2]float64
			counts := make([][2]float64, items)
			for i, p := range kinds {
				in := [2]float64{float64(patterns[p] - second[i]), float64(second[i])}
				for class, v := range in {
					size[class] += v
					for j := range items {
						counts[j][class] += v * float64(p>>j&1)
					}
				}
			}
			shapes := [][2]float64{{w + size[1], w + size[0]}}
			for j := range items {
				shapes = append(shapes, [2]float64{1 + counts[j][0], strong + size[0] - counts[j][0]})
			}
			for j := range items {
				shapes = append(shapes, [2]float64{strong + counts[j][1], 1 + size[1] - counts[j][1]})
			}
			v := logWays
			for i, s := range shapes {
				v += logBeta(s[0], s[1])
				l := betaLaw(s[0], s[1])
				points[i] = append(points[i], point{0, l.Mean, l.SD})
			}
			logs = append(logs, v)
			most = math.Max(most, v)
		}
		walk(0, 0)
		out := make([]summary, len(names))
		for i, mix := range points {
			for k := range mix {
				mix[k].weight = math.Exp(logs[k] - most)
			}
			all := merge(mix)
			out[i] = summary{mean: all.mean, sd: all.sd}
		}
		return out
	}
}

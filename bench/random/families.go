package random

import (
	"fmt"
	"maps"
	"math"
	"slices"
)

// families draw models: text, data, density.
var families = map[string]func(*Model){
	"hierarchy":         hierarchy,
	"hierarchy_noise":   hierarchyNoise,
	"mixture":           mixtureOrdered,
	"mixture_sigma":     mixtureSigma,
	"mixture_sigmas":    mixtureSigmas,
	"contaminated":      contaminated,
	"student":           studentLocation,
	"wide_factor":       wideFactor,
	"branch":            branchOfPrior,
	"branch_regression": branchOfRegression,
	"change_normal":     changeNormal,
	"change_poisson":    changePoisson,
	"change_continuous": changeContinuous,
	"emax":              emax,
	"decay":             decay,
	"logistic":          logisticFew,
	"scale":             scaleFew,
	"precision":         precisionFew,
	"heavy_prior":       heavyPrior,
	"product":           product,
	"ratio":             ratio,
	"collinear":         collinear,
	"curved":            curved,
	"proportion":        proportion,
	"shares":            shares,
	"rate":              rate,
	"counts":            counts,
	"category":          category,
	"selection":         selection,
	"robust_line":       robustLine,

	"local_level":         localLevel,
	"autoregression":      autoregression,
	"gaussian_process":    gaussianProcess,
	"two_way":             twoWay,
	"slopes":              slopes,
	"errors_in_variables": errorsInVariables,
	"missing_values":      missingValues,
	"frequency":           frequency,
	"change_twice":        changeTwice,
	"spikes":              spikes,

	"hierarchy_binomial": hierarchyBinomial,
	"hierarchy_poisson":  hierarchyPoisson,
	"gamma_poisson":      gammaPoisson,
	"beta_binomial":      betaBinomial,
	"zero_inflated":      zeroInflated,
	"censored":           censored,
	"truncated":          truncated,
	"rounded":            rounded,
	"ordinal":            ordinal,
	"softmax":            softmaxOdds,
	"thinned":            thinned,
	"capture":            capture,
	"dirichlet_groups":   dirichletGroups,
	"markov_states":      markovStates,
	"mixture_poisson":    mixturePoisson,
	"latent_class":       latentClass,

	"square":       square,
	"sum_of_two":   sumOfTwo,
	"laplace_data": laplaceData,
	"gamma_data":   gammaData,
	"correlation":  correlation,
	"direction":    direction,
	"poisson_line": poissonLine,
}

// Families are the names, sorted.
func Families() []string { return slices.Sorted(maps.Keys(families)) }

// A spread is a scale with one of several priors.
type spread struct {
	at    int
	value func(x []float64) float64
}

// spreadPrior writes a scale of about s under one of eight priors. Rows is the
// power with which the likelihood falls as the scale grows.
func (m *Model) spreadPrior(name string, s float64, rows int) spread {
	n := float64(rows)
	if m.IntN(8) == 0 {
		shape := pick(m, 0.1, 0.5, 1, 2)
		p := invGamma(shape, round(shape*s*s*m.between(0.2, 1)))
		k := m.latent(name+"_var", p, ofTail(shape+n/2))
		m.write("let %s = sqrt(%s_var)", name, name)
		value := func(x []float64) float64 { return math.Sqrt(x[k]) }
		m.report(name, ofTail(2*shape+n), func(x []float64, _ int) float64 { return value(x) })
		return spread{k, value}
	}
	s = round(s)
	p := pick(m, halfNormal(s), halfCauchy(s), exponential(round(1/s)), uniform(0, round(3*s)), gamma(2, round(1.5/s)), halfStudentT(3, s), lognormal(round(math.Log(s)), 1))
	k := m.latent(name, p, ofTail(p.tail+n))
	return spread{k, func(x []float64) float64 { return x[k] }}
}

// hierarchy: 2 to 8 groups with known errors.
func hierarchy(m *Model) {
	J := 2 + m.IntN(7)
	unit := pick(m, 1.0, 1.0, 10)
	tau0 := unit * pick(m, 0.0, 0.3, 1, 3)
	se, y := make([]float64, J), make([]float64, J)
	for j := range y {
		se[j] = places(unit * m.between(0.5, 1.5))
		y[j] = places(unit*3 + tau0*m.NormFloat64() + se[j]*m.NormFloat64())
	}
	m.Data["y"], m.Data["se"] = y, se
	g := groups{y: y, se: se, s: unit * pick(m, 5.0, 20)}
	m.write("data y : real[J]\ndata se : real[J]\nmu ~ Normal(0, %s)", number(g.s))
	tau := m.spreadPrior("tau", unit*pick(m, 1.0, 2.5), J)
	if m.IntN(3) == 0 {
		m.write("z[j in 1..J] ~ Normal(0, 1)\nlet theta[j in 1..J] = mu + tau * z[j]")
	} else {
		m.write("theta[j in 1..J] ~ Normal(mu, tau)")
	}
	m.write("y[j in 1..J] ~ Normal(theta[j], se[j])")
	m.reportGroups(J, func(x []float64) (float64, Law, []Law) { return g.given(tau.value(x)) })
}

// reportGroups makes the log marginal density the model's, and reports the laws.
func (m *Model) reportGroups(J int, given func(x []float64) (float64, Law, []Law)) {
	var mu Law
	var theta []Law
	m.density = func(x []float64, _ int) (v float64) {
		v, mu, theta = given(x)
		return v
	}
	m.law("mu", Both, func([]float64, int) Law { return mu })
	for j := range J {
		m.law(fmt.Sprintf("theta[%d]", j+1), Both, func([]float64, int) Law { return theta[j] })
	}
}

// hierarchyNoise: few groups with a few values each, error unknown.
func hierarchyNoise(m *Model) {
	J, n := 2+m.IntN(5), 2+m.IntN(4)
	tau0, sigma0 := pick(m, 0.0, 0.5, 1, 3), m.between(0.5, 1.5)
	means, y, group := make([]float64, J), make([]float64, J*n), make([]int, J*n)
	var squares float64
	for j := range J {
		theta := 2 + tau0*m.NormFloat64()
		for i := range n {
			y[j*n+i] = places(theta + sigma0*m.NormFloat64())
			group[j*n+i] = j + 1
			means[j] += y[j*n+i] / float64(n)
		}
		for i := range n {
			squares += math.Pow(y[j*n+i]-means[j], 2)
		}
	}
	m.Data["y"], m.Data["group"] = y, group
	s := pick(m, 5.0, 20)
	m.write("data group : factor(J)[N]\ndata y : real[N]\nmu ~ Normal(0, %s)", number(s))
	tau := m.spreadPrior("tau", pick(m, 1.0, 2.5), J)
	sigma := m.spreadPrior("sigma", 1, J*n)
	m.write("theta[j in 1..J] ~ Normal(mu, tau)\ny[i in 1..N] ~ Normal(theta[group[i]], sigma)")
	m.reportGroups(J, func(x []float64) (float64, Law, []Law) {
		e := sigma.value(x)
		g := groups{y: means, se: slices.Repeat([]float64{e / math.Sqrt(float64(n))}, J), s: s}
		v, mu, theta := g.given(tau.value(x))
		return v - squares/(2*e*e) - float64(J*(n-1))*math.Log(e), mu, theta
	})
}

// emax: a dose-response curve, linear in two of its coefficients.
func emax(m *Model) {
	n := 8 + m.IntN(10)
	top := pick(m, 2.0, 4, 10)
	e0, span, half, noise := m.between(0, 2), m.between(1, 6), m.between(0.3, 3), pick(m, 0.2, 0.3, 0.6)
	x, y := make([]float64, n), make([]float64, n)
	for i := range x {
		x[i] = places(m.between(0, top))
		y[i] = places(e0 + span*x[i]/(half+x[i]) + noise*m.NormFloat64())
	}
	m.Data["x"], m.Data["y"] = x, y
	m.write("data x : real[N]\ndata y : real[N]\ne0 ~ Normal(0, 5)\nemax ~ Normal(0, 10)")
	ec50 := m.latent("ec50", pick(m, lognormal(0, 1), gamma(2, 1), halfNormal(3)), Both)
	sigma := m.noise(noise, n)
	m.write("y[i in 1..N] ~ Normal(e0 + emax * x[i] / (ec50 + x[i]), %s)", sigma.text)
	m.linear([]string{"e0", "emax"}, []float64{0, 0}, []float64{5, 10}, y, sigma.value, func(v []float64, _, i int) []float64 {
		return []float64{1, x[i] / (v[ec50] + x[i])}
	})
}

// decay: an exponential that falls to a floor.
func decay(m *Model) {
	n := 6 + m.IntN(10)
	start, rate, floor, noise := m.between(2, 6), m.between(0.3, 1.5), m.between(0, 1), pick(m, 0.1, 0.3)
	t, y := make([]float64, n), make([]float64, n)
	for i := range t {
		t[i] = places(4 * (float64(i) + m.Float64()) / float64(n))
		y[i] = places(start*math.Exp(-rate*t[i]) + floor + noise*m.NormFloat64())
	}
	m.Data["t"], m.Data["y"] = t, y
	m.write("data t : real[N]\ndata y : real[N]\na ~ Normal(0, 10)\nb ~ Normal(0, 5)")
	k := m.latent("k", pick(m, lognormal(0, 1), halfNormal(1), exponential(1)), Both)
	sigma := m.noise(noise, n)
	m.write("y[i in 1..N] ~ Normal(a * exp(-k * t[i]) + b, %s)\nlet half_life = log(2) / k", sigma.text)
	m.linear([]string{"a", "b"}, []float64{0, 0}, []float64{10, 5}, y, sigma.value, func(v []float64, _, i int) []float64 {
		return []float64{math.Exp(-v[k] * t[i]), 1}
	})
	// 1/k has the tail of k's density at 0: HalfNormal and Exponential are positive there.
	moments := Both
	if m.coordinates[k].prior(1e-12) > -10 {
		moments = None
	}
	m.report("half_life", moments, func(x []float64, _ int) float64 { return math.Ln2 / x[k] })
}

// A noise is the sd of the data, known or a latent.
type noise struct {
	text  string
	value func(x []float64) float64
}

func (m *Model) noise(sd float64, rows int) noise {
	if m.IntN(2) == 0 {
		return noise{number(sd), func([]float64) float64 { return sd }}
	}
	s := m.spreadPrior("sigma", 2*sd, rows)
	return noise{"sigma", s.value}
}

// linear integrates coefficients out of normal data, and reports them. Their laws
// are those at the point where the density was taken last.
func (m *Model) linear(names []string, mean, sd, y []float64, noise func(x []float64) float64, row func(x []float64, branch, i int) []float64) (laws []Law) {
	l := linearModel{x: make([][]float64, len(y)), y: y, mean: mean, sd: sd}
	laws = make([]Law, len(mean))
	m.density = func(x []float64, branch int) float64 {
		for i := range y {
			l.x[i] = row(x, branch, i)
		}
		return l.given(noise(x), laws)
	}
	for k, name := range names {
		m.law(name, Both, func([]float64, int) Law { return laws[k] })
	}
	return laws
}

package dist

import "sort"

// all lists every distribution.
var all = []*Dist{
	normal,
	halfNormal,
	logNormal,
	studentT,
	halfStudentT,
	cauchy,
	halfCauchy,
	laplace,
	logistic,
	gumbel,
	exponential,
	gamma,
	invGamma,
	chiSquared,
	invChiSquared,
	weibull,
	pareto,
	frechet,
	rayleigh,
	beta,
	betaMeanPrecision,
	kumaraswamy,
	uniform,
	skewNormal,
	vonMises,
	wald,
	flat,
	bernoulli,
	binomial,
	betaBinomial,
	categorical,
	orderedLogistic,
	poisson,
	negBinomial,
	geometric,
	discreteUniform,
	hyperGeometric,
	mvNormal,
	mvStudentT,
	dirichlet,
	multinomial,
	dirichletMultinomial,
	lkjCholesky,
	lkj,
	wishart,
	invWishart,
	gaussianRandomWalk,
	car,
	mixture,
	zeroInflated,
}

var byName = func() map[string]*Dist {
	m := map[string]*Dist{}
	for _, d := range all {
		m[d.Name] = d
	}
	return m
}()

// Find returns the distribution of that name.
func Find(name string) (*Dist, bool) {
	d, ok := byName[name]
	return d, ok
}

// Names lists the distributions in alphabetical order.
func Names() []string {
	var names []string
	for n := range byName {
		names = append(names, n)
	}
	sort.Strings(names)
	return names
}

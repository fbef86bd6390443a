package random

import (
	"math"

	"gonum.org/v1/gonum/mat"
)

// A linearModel has a normal posterior: y = X b + noise, b independent normal
// beforehand.
type linearModel struct {
	x        [][]float64 // rows
	y        []float64
	mean, sd []float64 // of the prior of b
}

// given integrates b out where the noise has the given sd: the log marginal
// density of y, and the laws of b with their covariance.
func (l linearModel) given(noise float64) (logMarginal float64, mean []float64, cov *mat.SymDense) {
	p := len(l.mean)
	precision, shift := mat.NewSymDense(p, nil), mat.NewVecDense(p, nil)
	for k := range p {
		precision.SetSym(k, k, 1/(l.sd[k]*l.sd[k]))
	}
	// About the prior mean: residuals r = y − X m.
	for i, row := range l.x {
		r := l.y[i]
		for k, v := range row {
			r -= v * l.mean[k]
		}
		logMarginal += logNormal(r, 0, noise)
		for k, v := range row {
			shift.SetVec(k, shift.AtVec(k)+v*r/(noise*noise))
			for j := k; j < p; j++ {
				precision.SetSym(k, j, precision.At(k, j)+v*row[j]/(noise*noise))
			}
		}
	}
	var chol mat.Cholesky
	if !chol.Factorize(precision) {
		return math.NaN(), l.mean, mat.NewSymDense(p, nil)
	}
	var b mat.VecDense
	if chol.SolveVecTo(&b, shift) != nil {
		return math.NaN(), l.mean, mat.NewSymDense(p, nil)
	}
	logMarginal += 0.5*mat.Dot(&b, shift) - 0.5*chol.LogDet()
	cov = mat.NewSymDense(p, nil)
	if chol.InverseTo(cov) != nil {
		return math.NaN(), l.mean, cov
	}
	mean = make([]float64, p)
	for k := range p {
		logMarginal -= math.Log(l.sd[k])
		mean[k] = l.mean[k] + b.AtVec(k)
	}
	return logMarginal, mean, cov
}

// groups are normal means with known errors around a common one: y ~ Normal(theta,
// se), theta ~ Normal(mu, tau), mu ~ Normal(m, s).
type groups struct {
	y, se []float64
	m, s  float64
}

// given is the log marginal density for one tau, and the laws of mu and theta.
func (g groups) given(tau float64) (logMarginal float64, mu Law, theta []Law) {
	precision, sum := 1/(g.s*g.s), g.m/(g.s*g.s)
	for j, y := range g.y {
		v := g.se[j]*g.se[j] + tau*tau
		precision += 1 / v
		sum += y / v
	}
	mu = Law{sum / precision, 1 / math.Sqrt(precision)}
	logMarginal = logNormal(mu.Mean, g.m, g.s) - logNormal(mu.Mean, mu.Mean, mu.SD)
	theta = make([]Law, len(g.y))
	for j, y := range g.y {
		v := g.se[j]*g.se[j] + tau*tau
		logMarginal += logNormal(y, mu.Mean, math.Sqrt(v))
		pull := g.se[j] * g.se[j] / v
		theta[j] = Law{(1-pull)*y + pull*mu.Mean, math.Sqrt(pull*tau*tau + pull*pull*mu.SD*mu.SD)}
	}
	return logMarginal, mu, theta
}

package random

import "math"

// A linearModel has a normal posterior: y = X b + noise, b independent normal
// beforehand.
type linearModel struct {
	x        [][]float64 // rows
	y        []float64
	mean, sd []float64 // of the prior of b
}

// given integrates b out where the noise has the given sd: the log marginal
// density of y, and the laws of b. The precision is L Lᵀ.
func (l linearModel) given(noise float64, laws []Law) (logMarginal float64) {
	p := len(l.mean)
	var precision, lower, inverse [4][4]float64
	var shift, half [4]float64
	for k := range p {
		precision[k][k] = 1 / (l.sd[k] * l.sd[k])
		logMarginal -= math.Log(l.sd[k])
	}
	// About the prior mean: residuals r = y − X m.
	scale := 1 / (noise * noise)
	for i, row := range l.x {
		r := l.y[i]
		for k, v := range row {
			r -= v * l.mean[k]
		}
		logMarginal -= 0.5 * r * r * scale
		for k, v := range row {
			shift[k] += v * r * scale
			for j := range k + 1 {
				precision[k][j] += v * row[j] * scale
			}
		}
	}
	logMarginal -= float64(len(l.y)) * (math.Log(noise) + halfLog2Pi)
	for k := range p {
		for j := range k + 1 {
			s := precision[k][j]
			for i := range j {
				s -= lower[k][i] * lower[j][i]
			}
			if j == k {
				lower[k][k] = math.Sqrt(s)
			} else {
				lower[k][j] = s / lower[j][j]
			}
		}
		logMarginal -= math.Log(lower[k][k])
	}
	// L half = shift, and the inverse of L, whose columns give variances.
	for k := range p {
		s := shift[k]
		inverse[k][k] = 1 / lower[k][k]
		for j := range k {
			s -= lower[k][j] * half[j]
			var t float64
			for i := j; i < k; i++ {
				t -= lower[k][i] * inverse[i][j]
			}
			inverse[k][j] = t / lower[k][k]
		}
		half[k] = s / lower[k][k]
		logMarginal += 0.5 * half[k] * half[k]
	}
	for k := range p {
		b, v := l.mean[k], 0.0
		for i := k; i < p; i++ {
			b += inverse[i][k] * half[i]
			v += inverse[i][k] * inverse[i][k]
		}
		laws[k] = Law{b, math.Sqrt(v)}
	}
	return logMarginal
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

package random

import (
	"math"
	"slices"
)

// A gaussianModel is y = X b + noise, where b is normal with any covariance: time
// series, Gaussian processes, tables.
type gaussianModel struct {
	x     [][]float64 // rows
	y     []float64
	mean  []float64 // of b beforehand
	cov   [][]float64
	noise []float64 // the sd of each row
}

// given integrates b = m + L u out, u standard normal and S = L Lᵀ: the log
// marginal density of y, and the laws of b. With W = D^−½ X L and r = D^−½ (y − X m), u has the precision
// P = I + Wᵀ W and the mean P⁻¹ Wᵀ r; the determinant of the covariance of y is det D · det P.
func (g gaussianModel) given(laws []Law) (logMarginal float64) {
	p := len(g.mean)
	l := make([][]float64, p)
	for k := range l {
		l[k] = slices.Clone(g.cov[k])
	}
	lowerFactor(l)
	precision, h, w := diagonal(slices.Repeat([]float64{1}, p)...), make([]float64, p), make([]float64, p)
	for i, row := range g.x {
		r := g.y[i]
		clear(w)
		for j, v := range row {
			if v == 0 {
				continue
			}
			r -= v * g.mean[j]
			for k := range j + 1 {
				w[k] += v * l[j][k] / g.noise[i]
			}
		}
		r /= g.noise[i]
		logMarginal -= 0.5*r*r + math.Log(g.noise[i]) + halfLog2Pi
		for k, v := range w {
			h[k] += v * r
			for j := range k + 1 {
				precision[k][j] += v * w[j]
			}
		}
	}
	lowerFactor(precision)
	solveLower(precision, h)
	for k := range p {
		logMarginal += 0.5*h[k]*h[k] - math.Log(precision[k][k])
	}
	for k := range p {
		clear(w)
		copy(w, l[k][:k+1])
		solveLower(precision, w)
		mean, variance := g.mean[k], 0.0
		for j, v := range w {
			mean += v * h[j]
			variance += v * v
		}
		laws[k] = Law{mean, math.Sqrt(variance)}
	}
	return logMarginal
}

// lowerFactor overwrites the lower half of a matrix with its Cholesky factor; one that is singular has
// columns of zeros.
func lowerFactor(a [][]float64) {
	for i := range a {
		for j := range i + 1 {
			s := a[i][j]
			for k := range j {
				s -= a[i][k] * a[j][k]
			}
			switch {
			case i == j:
				a[i][i] = math.Sqrt(math.Max(s, 0))
			case a[j][j] > 0:
				a[i][j] = s / a[j][j]
			default:
				a[i][j] = 0
			}
		}
	}
}

// solveLower overwrites b with L⁻¹ b.
func solveLower(l [][]float64, b []float64) {
	for i := range b {
		for j := range i {
			b[i] -= l[i][j] * b[j]
		}
		b[i] /= l[i][i]
	}
}

// diagonal is a matrix with these on its diagonal.
func diagonal(d ...float64) [][]float64 {
	out := make([][]float64, len(d))
	for i, v := range d {
		out[i] = make([]float64, len(d))
		out[i][i] = v
	}
	return out
}

// gaussian makes the log marginal density of a Gaussian model at the coordinates
// the model's, and reports the coefficients that have names.
func (m *Model) gaussian(names []string, at func(x []float64, branch int) (g gaussianModel, logFactor float64)) {
	laws := make([]Law, len(names))
	m.density = func(x []float64, branch int) float64 {
		g, more := at(x, branch)
		if len(laws) != len(g.mean) {
			laws = make([]Law, len(g.mean))
		}
		return g.given(laws) + more
	}
	for k, name := range names {
		if name != "" {
			m.law(name, Both, func([]float64, int) Law { return laws[k] })
		}
	}
}

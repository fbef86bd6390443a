package kernel

import "math"

// LogVonMisesArc returns the log of ∫ₐᵇ e^(κ(cos t − 1)) dt over an arc from a to b that is
// at most a turn, κ ≥ 0. The arc is cut where the integrand turns, at multiples of π. On
// each piece the integrand falls from one end, and Gauss–Legendre quadrature covers it down
// to e⁻⁴⁵ of its largest value, so that a tail has the accuracy of the bulk: 1e-13 relative
// to max(1, |f|). Its derivatives are ±e^(κ(cos t − 1) − f) at the ends, and
// LogVonMisesArcDk in κ.
func LogVonMisesArc(kappa, a, b float64) float64 {
	l, _ := vonMisesArc(kappa, a, b)
	return l
}

// LogVonMisesArcDk returns the derivative of LogVonMisesArc in κ: the mean of cos t − 1 on
// the arc under the density proportional to the integrand.
func LogVonMisesArcDk(kappa, a, b float64) float64 {
	_, mean := vonMisesArc(kappa, a, b)
	return mean
}

func vonMisesArc(kappa, a, b float64) (logArc, mean float64) {
	switch {
	case !(kappa >= 0) || math.IsNaN(a+b) || math.IsInf(kappa, 0) || math.IsInf(a, 0) || math.IsInf(b, 0):
		return math.NaN(), math.NaN()
	case !(b > a):
		return math.Inf(-1), math.NaN()
	case b-a > 7: // more than a turn, and rounding
		return math.NaN(), math.NaN()
	}
	from := math.Remainder(a, 2*math.Pi) // in [−π, π]
	to := from + (b - a)
	largest, sum, moment := math.Inf(-1), 0.0, 0.0
	for from < to {
		next := math.Min(to, math.Pi*(math.Floor(from/math.Pi)+1))
		if !(next > from) { // rounding at a multiple of π
			next = math.Min(to, from+1e-9)
		}
		top, s, m := fallingArc(kappa, from, next)
		if top > largest {
			r := math.Exp(largest - top)
			largest, sum, moment = top, sum*r, moment*r
		}
		r := math.Exp(top - largest)
		sum, moment, from = sum+s*r, moment+m*r, next
	}
	return largest + math.Log(sum), moment / sum
}

// fallingArc integrates over an arc on which cos t is monotone: the integral, and that
// times cos t − 1, are sum and moment times e^top.
func fallingArc(kappa, from, to float64) (top, sum, moment float64) {
	high, direction := from, 1.0
	if math.Cos(to) > math.Cos(from) {
		high, direction = to, -1
	}
	y := math.Pow(math.Sin(0.5*high), 2) // (1 − cos t)/2
	length := to - from
	if fall := y + 22.5/kappa; fall < 1 {
		length = math.Min(length, 2*math.Asin(math.Sqrt(fall))-2*math.Asin(math.Sqrt(math.Min(y, 1))))
	}
	const panels = 4
	width := length / panels
	for p := range panels {
		for i, v := range legendreX {
			u := width * (float64(p) + v)
			half := 0.5 * direction * u
			drop := 2 * math.Sin(half) * math.Sin(high+half) // cos(high) − cos(high ± u)
			w := width * legendreW[i] * math.Exp(-kappa*drop)
			sum += w
			moment += w * (-2*y - drop)
		}
	}
	return -2 * kappa * y, sum, moment
}

// legendreX and legendreW are the nodes and weights of Gauss–Legendre quadrature on (0, 1).
var legendreX, legendreW = legendre(20)

// legendre finds the roots of the Legendre polynomial of order n by Newton's method.
func legendre(n int) (x, w []float64) {
	x, w = make([]float64, n), make([]float64, n)
	for i := range x {
		z, slope := math.Cos(math.Pi*(float64(i)+0.75)/(float64(n)+0.5)), 0.0
		for range 100 {
			p0, p1 := 1.0, z
			for k := 2; k <= n; k++ {
				p0, p1 = p1, (float64(2*k-1)*z*p1-float64(k-1)*p0)/float64(k)
			}
			slope = float64(n) * (p0 - z*p1) / (1 - z*z)
			step := p1 / slope
			if z -= step; math.Abs(step) < 1e-16 {
				break
			}
		}
		x[i], w[i] = 0.5*(1-z), 1/((1-z*z)*slope*slope)
	}
	return x, w
}

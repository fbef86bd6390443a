package kernel

import "math"

// Quantiles in normal scores: the x with F(x) = Φ(z), on a scale on which no tail of F cancels or underflows, the log or
// the logit of x. There the densities of gamma, beta and inverse Gaussian variables are log-concave, and so are F and
// 1 − F (Bagnoli and Bergstrom 2005, Economic Theory 26): Newton's iteration on the log of the smaller of the two
// converges from everywhere. Halley's correction makes it cubic.

// curve is a log-concave density on the line with its tails.
type curve interface {
	// at gives the log of the lower or the upper tail at u, the log density and the slope of that.
	at(u float64, upper bool) (tail, density, slope float64)
}

// quantileOf returns the u at which log F is lp and log(1 − F) is lq, by the smaller of the two. sd is about the
// standard deviation.
func quantileOf[C curve](c C, start, sd, lp, lq float64) float64 {
	return quantileIn(c, math.Inf(-1), math.Inf(1), start, sd, lp, lq)
}

// quantileIn is quantileOf in (low, high). Where the density is not log-concave the iteration may wander, and every other step
// is a bisection in the end.
func quantileIn[C curve](c C, low, high, start, sd, lp, lq float64) float64 {
	upper, level, sign := false, lp, 1.0
	if lq < lp {
		upper, level, sign = true, lq, -1
	}
	u := start
	for i := range 100 {
		tail, density, slope := c.at(u, upper)
		f := tail - level
		switch {
		case f == 0:
			return u
		case (f < 0) != upper:
			low = u
		default:
			high = u
		}
		h := math.Exp(density - tail)
		step := sign * f / h
		step /= within(1-0.5*step*(slope-sign*h), 0.3, 3)
		step = within(step, -10*sd, 10*sd) // from where the tail is flat
		next := u - step
		if !(math.Abs(step) > max(1e-7*min(1, sd), eps*math.Abs(u))) { // the next step would be its cube; or NaN
			return next
		}
		if next <= low || next >= high || i > 10 && i%2 == 1 && !math.IsInf(high-low, 1) {
			next = 0.5 * (low + high)
		}
		u = next
	}
	return u
}

func within(x, low, high float64) float64 { return max(low, min(high, x)) }

// scoreLevels are the logs of Φ(z) and Φ(−z).
func scoreLevels(z float64) (lp, lq float64) { return LogPhi(z), LogPhi(-z) }

// logNormalDensity is log φ(z).
func logNormalDensity(z float64) float64 { return -0.5*z*z - lnSqrt2Pi }

// CauchyQuantile returns the quantile of the standard Cauchy distribution at Φ(z), tan(π·(Φ(z) − ½)), to 8ε relative. Its
// derivative is π·φ(z)·(1 + f²).
func CauchyQuantile(z float64) float64 {
	if math.Abs(z) < 0.6 {
		return math.Tan(math.Pi * halfErf(z))
	}
	return math.Copysign(1/math.Tan(math.Pi*Phi(-math.Abs(z))), z)
}

// SkewNormalQuantile returns the t whose distribution function is Φ(z), for the skew normal of LogSkewNormalCdf. The
// error is 1e-11 standard deviations in the bulk, and that of LogSkewNormalCdf over the slope of its log in a tail.
// Its derivatives are φ(z)/(2φ(t)Φ(αt)) in z and InvMills(αt)/(1 + α²) in α, at its value t.
func SkewNormalQuantile(alpha, z float64) float64 {
	switch {
	case math.IsNaN(z) || math.IsNaN(alpha-alpha):
		return math.NaN()
	case math.IsInf(z, 0):
		return z
	case z > 0:
		return -SkewNormalQuantile(-alpha, -z)
	}
	lp, lq := scoreLevels(z)
	delta := alpha / math.Hypot(1, alpha)
	sd := math.Sqrt(1 - 2*delta*delta/math.Pi)
	start := delta*math.Sqrt(2/math.Pi) + sd*z
	if alpha > 0 {
		start = max(start, z/math.Hypot(1, alpha)) // the tail is that of a normal of this scale
	} else if z < -1 {
		start = phiInvLog(lp - ln2) // F is 2Φ but for a small part
	}
	return quantileOf(skewNormalCurve{alpha}, start, sd, lp, lq)
}

// skewNormalCurve is the skew normal distribution.
type skewNormalCurve struct{ alpha float64 }

func (c skewNormalCurve) at(t float64, upper bool) (tail, density, slope float64) {
	if upper {
		tail = LogSkewNormalCdf(-c.alpha, -t)
	} else {
		tail = LogSkewNormalCdf(c.alpha, t)
	}
	return tail, ln2 + logNormalDensity(t) + LogPhi(c.alpha*t), c.alpha*InvMills(c.alpha*t) - t
}

// WaldLogQuantile returns the log of the quantile at Φ(z) of the Wald (inverse Gaussian) distribution with mean 1 and the
// given shape, to 1e-11 standard deviations. Its derivatives are φ(z)/p in z and 1/s − 2R(c)·e^(f/2)/√s in the shape
// s, with the density p of the log, Mills' ratio R and c = 2√s·cosh(f/2).
func WaldLogQuantile(shape, z float64) float64 {
	switch {
	case !(shape > 0) || math.IsInf(shape, 1) || math.IsNaN(z):
		return math.NaN()
	case math.IsInf(z, 0):
		return z
	}
	lp, lq := scoreLevels(z)
	start := z / math.Sqrt(shape)
	if shape < 1 { // as if the mean were infinite, F is 2Φ(−√(shape/x))
		start = math.Log(shape) - 2*math.Log(max(0.1, -phiInvLog(lp-ln2)))
	}
	return quantileOf(waldCurve{shape, math.Sqrt(shape)}, start, min(3, 1/math.Sqrt(shape)), lp, lq)
}

// waldCurve is the distribution of u = log X for X from the Wald distribution with mean 1: with a = 2√s·sinh(u/2) and
// c = 2√s·cosh(u/2), F is Φ(a) + φ(a)·R(c) and 1 − F is φ(a)·(R(a) − R(c)) (Giner and Smyth 2016, The R Journal 8(1)).
type waldCurve struct{ shape, root float64 }

func (w waldCurve) at(u float64, upper bool) (tail, density, slope float64) {
	a, c := 2*w.root*math.Sinh(u/2), 2*w.root*math.Cosh(u/2)
	density = logNormalDensity(a) + math.Log(w.root) - u/2
	if upper && a > 0 {
		tail = logNormalDensity(a) + logMillsFall(a, 2*w.root*math.Exp(-u/2))
	} else {
		tail = LogSumExp2(LogPhi(a), logNormalDensity(a)+LogMills(c))
		if upper {
			tail = Log1mExp(min(tail, 0))
		}
	}
	return tail, density, -0.5 * (a*c + 1)
}

// logMillsFall is log(R(a) − R(a+d)) of Mills' ratio R. For a small d it is that of e^(L(a)) − e^(L(a+d)) by the expansion of
// L = log R around the middle.
func logMillsFall(a, d float64) float64 {
	if d > 2e-3 {
		return LogDiffExp(LogMills(a), LogMills(a+d))
	}
	m := a + d/2
	first, second := LogMillsDeriv(m), LogMillsCurve(m)
	third := first + second*(m-2*first)
	return LogMills(m) + d*d/8*second + math.Log(2*math.Sinh(-d/2*(first+d*d/24*third)))
}

// VonMisesQuantile returns the x in (−π, π) with F(x) = Φ(z), for the von Mises distribution on that interval with the given mean and
// κ ≥ 0, and F counted from −π: a smooth function of all three though the mean may go round. Its derivatives
// are φ(z)/p(x) in z, 1 − p(−π)/p(x) in the mean, and VonMisesQuantileDk in κ, with the density p.
func VonMisesQuantile(mean, kappa, z float64) float64 {
	c, ok := newVonMisesCurve(mean, kappa)
	if !ok || math.IsNaN(z) {
		return math.NaN()
	}
	lp, lq := scoreLevels(z)
	start := z * 1.6 // logit Φ(z)
	if kappa > 1 {
		x := within(math.Remainder(mean, 2*math.Pi)+z/math.Sqrt(kappa), -3.1, 3.1)
		start = math.Log((math.Pi + x) / (math.Pi - x))
	}
	const far = 40 // where x rounds to an end
	u := quantileIn(vonMisesLogit{c}, -far, far, within(start, -30, 30), min(1, 3/math.Sqrt(kappa)), lp, lq)
	edge := math.Nextafter(math.Pi, 0)
	return within(onCircle(u), -edge, edge)
}

// onCircle is π·tanh(u/2).
func onCircle(u float64) float64 {
	if u < 0 {
		return 2*math.Pi*InvLogit(u) - math.Pi
	}
	return math.Pi - 2*math.Pi*InvLogit(-u)
}

// vonMisesLogit is the distribution of the logit u of the share x/2π + ½, on whose scale the ends are far.
type vonMisesLogit struct{ vonMisesCurve }

func (c vonMisesLogit) at(u float64, upper bool) (tail, density, slope float64) {
	p, q := InvLogit(u), InvLogit(-u)
	tail, density, slope = c.vonMisesCurve.at(onCircle(u), upper)
	return tail, density + math.Log(2*math.Pi*p) + LogInvLogit(-u), 2*math.Pi*p*q*slope + q - p
}

// VonMisesQuantileDk returns −(∂F/∂κ)/p at x, for F and p of VonMisesQuantile. Its derivatives are −(∂ log p/∂κ) − f·(∂ log p/∂x) in x,
// and (∂ log p/∂κ)(x) − (∂ log p/∂κ)(−π)·p(−π)/p(x) + f·(∂ log p/∂x) in the mean, f its value.
func VonMisesQuantileDk(mean, kappa, x float64) float64 {
	if !(math.Abs(x) < math.Pi) || math.IsNaN(mean-mean) {
		return math.NaN()
	}
	whole, wholeMean := vonMisesArc(kappa, -math.Pi, math.Pi)
	sin := math.Sin(0.5 * (x - mean))
	density := -2*kappa*sin*sin - whole
	tail, tailMean := vonMisesArc(kappa, -math.Pi-mean, x-mean)
	sign := -1.0
	if tail-whole > -ln2 {
		sign = 1
		tail, tailMean = vonMisesArc(kappa, x-mean, math.Pi-mean)
	}
	return sign * math.Exp(tail-whole-density) * (tailMean - wholeMean)
}

// vonMisesCurve is the von Mises distribution on (−π, π); whole is the log of its normaliser.
type vonMisesCurve struct{ mean, kappa, whole float64 }

func newVonMisesCurve(mean, kappa float64) (c vonMisesCurve, ok bool) {
	c = vonMisesCurve{mean, kappa, LogVonMisesArc(kappa, -math.Pi, math.Pi)}
	return c, !math.IsNaN(c.whole + mean - mean)
}

func (c vonMisesCurve) at(x float64, upper bool) (tail, density, slope float64) {
	if upper {
		tail = LogVonMisesArc(c.kappa, x-c.mean, math.Pi-c.mean)
	} else {
		tail = LogVonMisesArc(c.kappa, -math.Pi-c.mean, x-c.mean)
	}
	s, cos := math.Sincos(0.5 * (x - c.mean))
	return tail - c.whole, -2*c.kappa*s*s - c.whole, -2 * c.kappa * s * cos
}

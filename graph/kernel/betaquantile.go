package kernel

import "math"

// BetaLogitQuantile returns the logit of the x with I_x(a, b) = Φ(z), for a, b > 0: a draw from Beta(a, b), on the logit
// scale, if z is standard normal. It starts from the power that a tail is where its parameter is small, or from
// the Cornish–Fisher expansion of Fisher's z (Abramowitz and Stegun 26.5.22). The error is 1e-12 standard
// deviations, and 4ε relative besides. It is ±Inf at z = ±Inf. Its derivatives are φ(z)/exp(BetaLogitDensity(a, b, u)) in z,
// BetaQuantileDa(a, b, u) in a and −BetaQuantileDa(b, a, −u) in b, at its value u.
func BetaLogitQuantile(a, b, z float64) float64 {
	switch {
	case !(a > 0 && b > 0) || math.IsInf(a+b, 1) || math.IsNaN(z):
		return math.NaN()
	case math.IsInf(z, 0):
		return z
	}
	lp, lq := scoreLevels(z)
	return betaLogit(a, b, betaStart(a, b, z, lp, lq), lp, lq)
}

func betaLogit(a, b, start, lp, lq float64) float64 {
	return quantileOf(betaCurve{a, b}, start, math.Sqrt((1+1/a)/a+(1+1/b)/b), lp, lq)
}

// betaStart is a first approximation of the quantile.
func betaStart(a, b, z, lp, lq float64) float64 {
	left := (lp + logAB(a, b)) / a // of log x
	if left < -1.5-math.Log1p(b) {
		return left - Log1mExp(left)
	}
	right := (lq + logAB(b, a)) / b // of log(1 − x)
	if right < -1.5-math.Log1p(a) {
		return Log1mExp(right) - right
	}
	if min(a, b) < 0.6 {
		return within(math.Log(a/b), left, -right)
	}
	r, s, t := (z*z-3)/6, 1/(2*a-1), 1/(2*b-1)
	h := 2 / (s + t)
	if h+r <= 0 {
		return math.Log(a / b)
	}
	w := -z*math.Sqrt(h+r)/h - (t-s)*(r+5.0/6-2/(3*h))
	return math.Log(a/b) - 2*w
}

// logitArgs are the arguments of an incomplete beta function at x = 1/(1 + e⁻ᵘ).
func logitArgs(a, b, u float64) betaArgs {
	return betaArgs{a, b, InvLogit(u), InvLogit(-u), LogInvLogit(u), LogInvLogit(-u)}
}

// betaCurve is the distribution of u = logit X for X from Beta(a, b).
type betaCurve struct{ a, b float64 }

func (c betaCurve) at(u float64, upper bool) (tail, density, slope float64) {
	v := logitArgs(c.a, c.b, u)
	return betaTail(v, false).logValue(upper), v.lead() + logOf(c.a), -v.fromMean()
}

// BetaLogitDensity returns a·log x + b·log(1 − x) − log B(a, b), the log density of logit X at u = logit x for X from
// Beta(a, b). Its derivatives are a·(1 − x) − b·x in u, log x + ψ(a+b) − ψ(a) in a and log(1 − x) + ψ(a+b) − ψ(b) in b.
func BetaLogitDensity(a, b, u float64) float64 {
	if !(a > 0 && b > 0) {
		return math.NaN()
	}
	return logitArgs(a, b, u).lead() + logOf(a)
}

// BetaQuantileDa returns −(∂I/∂a)/p at u = logit x, with p the density of logit X: the derivative of the quantile of
// logit X in a, to 1e-10 relative. Its derivative in u is −(∂ log p/∂a) − f·(∂ log p/∂u), f its value.
func BetaQuantileDa(a, b, u float64) float64 {
	if !(a > 0 && b > 0) || math.IsInf(a+b, 1) || math.IsNaN(u) || math.IsInf(u, 0) {
		return math.NaN()
	}
	v := logitArgs(a, b, u)
	t := betaTail(v, true)
	return t.quantileSlope(t.da, v.lead()+logOf(a))
}

// StudentTQuantile returns the t whose distribution function with df > 0 degrees of freedom is Φ(z): a draw if z is
// standard normal. As t²/df is the odds of a Beta(½, df/2) variable, log t is found from the quantile of that, with
// 1e-13 relative error also next to 0. It is kept within ±1e300. For df > 1e17 it is z. Its derivatives
// are φ(z)/p(t) in z, with the density p, and StudentTQuantileDdf(df, t) in df, at its value t.
func StudentTQuantile(df, z float64) float64 {
	switch {
	case !(df > 0) || math.IsNaN(z):
		return math.NaN()
	case z == 0 || df > 1e17:
		return z
	case math.IsInf(z, 0):
		return math.Copysign(largestT, z)
	}
	w := math.Abs(z)
	lp, lq := math.Log(math.Erf(w/math.Sqrt2)), ln2+LogPhi(-w)
	var start float64
	if df > max(2, w*w) {
		start = 2*logOf(studentSeries(df, w)) - math.Log(df)
	} else {
		start = betaStart(0.5, df/2, NormalScore(lp, lq), lp, lq)
	}
	u := betaLogit(0.5, df/2, start, lp, lq)
	return math.Copysign(min(largestT, math.Sqrt(df)*math.Exp(u/2)), z)
}

// largestT bounds quantiles whose derivatives are to be finite.
const largestT = 1e300

// studentSeries is t for a large df: z + Σ gₖ(z)/dfᵏ (Fisher and Cornish 1960, Technometrics 2; Abramowitz and Stegun 26.7.5).
func studentSeries(df, z float64) float64 {
	g := studentTerms(z)
	return z + (g[0]+(g[1]+(g[2]+g[3]/df)/df)/df)/df
}

func studentTerms(z float64) [4]float64 {
	s := z * z
	return [4]float64{
		z * (s + 1) / 4,
		z * ((5*s+16)*s + 3) / 96,
		z * (((3*s+19)*s+17)*s - 15) / 384,
		z * ((((79*s+776)*s+1482)*s-1920)*s - 945) / 92160,
	}
}

// StudentTQuantileDdf returns −(∂F/∂df)/p at t: the derivative of the quantile in df. From df = 10⁴ on it is the series of
// studentSeries, differentiated, since ∂F/∂df cancels. The error is 1e-8 relative. Its derivative in t is
// −(∂ log p/∂df) − f·(∂ log p/∂t), f its value.
func StudentTQuantileDdf(df, t float64) float64 {
	switch {
	case !(df > 0) || math.IsNaN(t) || math.IsInf(t, 0):
		return math.NaN()
	case t == 0 || df > 1e17:
		return 0
	}
	w := -math.Abs(t)
	logF := LogStudentTCdf(df, w)
	if df < 1e4 || t*t > 0.02*df {
		d := math.Exp(logF-StudentTLogDensity(df, w)) * LogStudentTCdfDdf(df, w)
		return math.Copysign(1, t) * d
	}
	g := studentTerms(-phiInvLog(logF))
	return math.Copysign(1, t) * -(g[0] + (2*g[1]+(3*g[2]+4*g[3]/df)/df)/df) / (df * df)
}

package nuts

import "math"

// averager is Nesterov's dual averaging of the logarithm of the step size, so
// that the acceptance probability approaches the target (Hoffman & Gelman 2014,
// algorithm 6), with their constants.
type averager struct {
	target float64
	mu     float64 // where log ε is drawn to
	n      float64
	excess float64 // average of target − acceptance
	mean   float64 // average of log ε, the later the more
}

// restart begins anew from a step size, drawn towards ten times its size: larger
// steps are cheaper to try.
func (a *averager) restart(step float64) {
	*a = averager{target: a.target, mu: math.Log(10 * step)}
}

// next takes the acceptance at the last step size and gives the next one.
func (a *averager) next(accept float64) float64 {
	const gamma, t0, kappa = 0.05, 10, 0.75
	a.n++
	eta := 1 / (a.n + t0)
	a.excess = (1-eta)*a.excess + eta*(a.target-math.Min(1, accept))
	x := a.mu - a.excess*math.Sqrt(a.n)/gamma
	weight := math.Pow(a.n, -kappa)
	a.mean = (1-weight)*a.mean + weight*x
	return math.Exp(x)
}

// final is the averaged step size.
func (a *averager) final() float64 { return math.Exp(a.mean) }

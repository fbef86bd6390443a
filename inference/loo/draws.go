package loo

import (
	"fmt"
	"iter"
	"math"

	"ppl/inference/mcmc"
	"ppl/inference/psis"
)

// Draws says what the rows of a column of log likelihoods are. It does not change:
// its methods may be called by several goroutines.
type Draws struct {
	n, chains  int
	logWeights []float64 // they sum to one; nil: all are equal
	weighted   int       // draws that have weight
}

// Independent are n draws that do not depend on each other.
func Independent(n int) (*Draws, error) { return newDraws(n, 0) }

// Chains are n draws of Markov chains of one length: n/chains of the first, then those
// of the second, and so on.
func Chains(n, chains int) (*Draws, error) {
	if chains < 1 || n%chains != 0 {
		return nil, fmt.Errorf("%d draws are not those of %d chains of one length", n, chains)
	}
	return newDraws(n, chains)
}

func newDraws(n, chains int) (*Draws, error) {
	if n < 1 {
		return nil, fmt.Errorf("there are %d draws", n)
	}
	return &Draws{n: n, chains: chains, weighted: n}, nil
}

// Weighted are the same draws with weights, whose logarithms need not be normalised:
// those of the posterior over the density that the draws come from. −Inf is a draw
// without weight.
func (d *Draws) Weighted(logWeights []float64) (*Draws, error) {
	if len(logWeights) != d.n {
		return nil, fmt.Errorf("%d log weights for %d draws", len(logWeights), d.n)
	}
	weighted := 0
	for s, l := range logWeights {
		if math.IsNaN(l) || math.IsInf(l, 1) {
			return nil, fmt.Errorf("the log weight of draw %d is %g", s+1, l)
		}
		if !math.IsInf(l, -1) {
			weighted++
		}
	}
	if weighted == 0 {
		return nil, fmt.Errorf("none of %d draws has weight", d.n)
	}
	total := logSum(d.n, func(s int) float64 { return logWeights[s] })
	normalised := make([]float64, d.n)
	for s, l := range logWeights {
		normalised[s] = l - total
	}
	return &Draws{n: d.n, chains: d.chains, logWeights: normalised, weighted: weighted}, nil
}

// LeaveOneOut walks the columns, one for each point, of which none is kept: the log
// likelihood of the point at each draw.
func (d *Draws) LeaveOneOut(columns iter.Seq[[]float64]) (Result, error) {
	r := Result{Draws: d.weighted}
	for c := range columns {
		p, err := d.Point(c)
		if err != nil {
			return Result{}, fmt.Errorf("point %d: %w", len(r.Points)+1, err)
		}
		r.Points = append(r.Points, p)
	}
	return r, nil
}

// Point leaves out the point with these log likelihoods. They may be anything but NaN
// and +Inf, and at draws without weight these too.
func (d *Draws) Point(loglik []float64) (Point, error) {
	if err := d.check(loglik); err != nil {
		return Point{}, err
	}
	ratios := make([]float64, d.n)
	unknown := false
	for s, l := range loglik {
		w := d.logWeight(s)
		if math.IsInf(w, -1) {
			ratios[s] = w
			unknown = unknown || !(l > math.Inf(-1))
			continue
		}
		ratios[s] = w - l
	}
	p := Point{REff: d.relativeEfficiency(loglik)}
	lw, khat := psis.SmoothDependent(ratios, p.REff)
	if p.KHat = khat; unknown {
		p.KHat = math.Inf(1)
	}
	p.LPD = d.logMean(loglik, d.logWeight)
	p.ELPD = d.logMean(loglik, func(s int) float64 { return lw[s] })
	p.MCSE = d.logMeanError(loglik, lw, p)
	p.ESS = psis.ESS(psis.Weights(lw), p.REff)
	return p, nil
}

// HeldOut scores a point that the draws know nothing of, from a fit without it: the
// logarithm of its mean likelihood.
func (d *Draws) HeldOut(loglik []float64) (Point, error) {
	if err := d.check(loglik); err != nil {
		return Point{}, err
	}
	lw := make([]float64, d.n)
	for s := range lw {
		lw[s] = d.logWeight(s)
	}
	p := Point{Exact: true, LPD: math.NaN(), KHat: math.NaN(), REff: d.relativeEfficiency(loglik)}
	p.ELPD = d.logMean(loglik, d.logWeight)
	p.MCSE = d.logMeanError(loglik, lw, p)
	p.ESS = psis.ESS(psis.Weights(lw), p.REff)
	return p, nil
}

func (d *Draws) check(loglik []float64) error {
	if len(loglik) != d.n {
		return fmt.Errorf("%d log likelihoods for %d draws", len(loglik), d.n)
	}
	for s, l := range loglik {
		if (math.IsNaN(l) || math.IsInf(l, 1)) && !math.IsInf(d.logWeight(s), -1) {
			return fmt.Errorf("the log likelihood at draw %d is %g", s+1, l)
		}
	}
	return nil
}

// logWeight is that of one draw; they sum to one.
func (d *Draws) logWeight(s int) float64 {
	if d.logWeights == nil {
		return -math.Log(float64(d.n))
	}
	return d.logWeights[s]
}

// logMean is log Σ w p of likelihoods under normalised weights. A draw without weight
// does not count, whatever its likelihood.
func (d *Draws) logMean(loglik []float64, logWeight func(s int) float64) float64 {
	return logSum(d.n, func(s int) float64 {
		if w := logWeight(s); !math.IsInf(w, -1) {
			return w + loglik[s]
		}
		return math.Inf(-1)
	})
}

// logMeanError is the Monte-Carlo standard error of elpd = log E with E = Σ w p: that
// of E is √(Σ w²(p − E)²/r_eff) (Vehtari et al. 2024, eq. 6), and a log-normal
// distribution of that mean and variance has the sd √log(1 + var/E²) on the log scale.
func (d *Draws) logMeanError(loglik, lw []float64, p Point) float64 {
	if math.IsInf(p.ELPD, -1) {
		return math.NaN()
	}
	sum := 0.0
	for s, w := range lw {
		if !math.IsInf(w, -1) {
			e := math.Exp(w+loglik[s]-p.ELPD) - math.Exp(w)
			sum += e * e
		}
	}
	return math.Sqrt(math.Log1p(sum / p.REff))
}

// relativeEfficiency is the effective size of the likelihood values as a sample over
// their number, 1 for independent draws and where it does not exist.
func (d *Draws) relativeEfficiency(loglik []float64) float64 {
	if d.chains == 0 {
		return 1
	}
	top := math.Inf(-1)
	for _, l := range loglik {
		top = math.Max(top, l)
	}
	length := d.n / d.chains
	chains := make([][]float64, d.chains)
	for c := range chains {
		chains[c] = make([]float64, length)
		for t, l := range loglik[c*length : (c+1)*length] {
			chains[c][t] = math.Exp(l - top) // a factor does not change the size
		}
	}
	if r := mcmc.ESSMean(chains) / float64(d.n); r > 0 {
		return r
	}
	return 1
}

// logSum is log Σ exp(x(i)) for i below n.
func logSum(n int, x func(i int) float64) float64 {
	top := math.Inf(-1)
	for i := range n {
		top = math.Max(top, x(i))
	}
	if math.IsInf(top, 0) {
		return top
	}
	sum := 0.0
	for i := range n {
		sum += math.Exp(x(i) - top)
	}
	return top + math.Log(sum)
}

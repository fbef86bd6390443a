package mcmc

import (
	"math"

	"gonum.org/v1/gonum/mathext"
)

// MCSEMean is the Monte-Carlo standard error of the mean, sd/√ESS.
func MCSEMean(chains [][]float64) float64 {
	if undefined(chains) {
		return math.NaN()
	}
	_, v := meanVar(pooled(chains))
	return math.Sqrt(v / ESSMean(chains))
}

// MCSESD is the Monte-Carlo standard error of the standard deviation, by the
// delta method from that of the variance; it does not take the draws to be
// normal.
func MCSESD(chains [][]float64) float64 {
	if undefined(chains) || len(chains[0]) < 2*fewest {
		return math.NaN()
	}
	mean, _ := meanVar(pooled(chains))
	square := each(chains, func(v float64) float64 { return (v - mean) * (v - mean) })
	second, fourth, n := 0.0, 0.0, 0.0
	for _, c := range square {
		for _, v := range c {
			second += v
			fourth += v * v
			n++
		}
	}
	second, fourth = second/n, fourth/n
	if fourth <= second*second { // a coin: all draws equally far from the mean
		return 0
	}
	return math.Sqrt((fourth - second*second) / ESSMean(square) / second / 4)
}

// MCSEQuantile is the Monte-Carlo standard error of the p-quantile: half the
// width of the central 68 % of what its order statistic may be, a Beta
// distribution by the effective sample size.
func MCSEQuantile(chains [][]float64, p float64) float64 {
	if undefined(chains) {
		return math.NaN()
	}
	sorted := pooled(chains)
	return errorOfQuantile(sorted, essQuantile(chains, sorted, p), p)
}

// errorOfQuantile is that of sorted draws of which n are effective for the p-quantile;
// NaN where it is not known how many.
func errorOfQuantile(all []float64, n, p float64) float64 {
	if math.IsNaN(n) {
		return math.NaN()
	}
	const below = 0.15865525393145705 // Φ(−1)
	s := float64(len(all))
	order := func(q float64) float64 { return s * mathext.InvRegIncBeta(n*p+1, n*(1-p)+1, q) }
	low := max(int(math.Floor(order(below))), 1)
	high := min(int(math.Ceil(order(1-below))), len(all))
	return (all[high-1] - all[low-1]) / 2
}

// Diagnostics are the convergence figures of one quantity.
type Diagnostics struct {
	RHat, ESSBulk, ESSTail, MCSEMean float64
	// MCSETail is the larger of the errors of the quantiles at 5 and 95 %.
	MCSETail float64
}

// DiagnosePlain gives R̂, nested where there are fewer groups than chains, and the
// effective sample size for the mean, of draws as they are: of discrete quantities, and
// where there are too many of them to rank each.
func DiagnosePlain(chains [][]float64, groups int) (rhat, ess float64) {
	if undefined(chains) {
		return math.NaN(), math.NaN()
	}
	halves := split(chains)
	return plainRHat(joined(halves, groups)), ESSMean(chains)
}

// Diagnose computes the figures that are reported for each quantity.
func Diagnose(chains [][]float64) Diagnostics { return DiagnoseGroups(chains, len(chains)) }

// DiagnoseGroups is Diagnose for many short chains that start in groups, as many of
// the first ones in the first as there are chains for each group: R̂ is nested, that
// of groups taken as one chain each.
func DiagnoseGroups(chains [][]float64, groups int) Diagnostics {
	if undefined(chains) {
		nan := math.NaN()
		return Diagnostics{nan, nan, nan, nan, nan}
	}
	scores, sorted := normalScores(split(chains)), pooled(chains)
	low, high := essQuantile(chains, sorted, 0.05), essQuantile(chains, sorted, 0.95)
	return Diagnostics{
		RHat:     rankRHat(chains, scores, sorted, groups),
		ESSBulk:  ess(scores),
		ESSTail:  math.Min(low, high),
		MCSEMean: MCSEMean(chains),
		MCSETail: math.Max(errorOfQuantile(sorted, low, 0.05), errorOfQuantile(sorted, high, 0.95)),
	}
}

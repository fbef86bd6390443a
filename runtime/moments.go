package runtime

import (
	"fmt"
	"math"
	"slices"

	"ppl/inference"
	"ppl/inference/mcmc"
	"ppl/inference/psis"
	"ppl/inference/tails"
)

// NoMoment says that a quantity has no mean or no standard deviation: its draws have a
// tail too heavy for one. Its quantiles exist.
type NoMoment struct {
	Quantity, Moment string
	// TailIndex is that of the heavier tail (see Quantity); NaN where some draws are
	// not finite.
	TailIndex float64
}

func (e *NoMoment) Error() string {
	if math.IsNaN(e.TailIndex) {
		return fmt.Sprintf("%s has no %s: some of its draws are not finite; its quantiles may exist", e.Quantity, e.Moment)
	}
	return fmt.Sprintf("%s has no %s that draws could tell: its tail index is %.2f; take its quantiles", e.Quantity, e.Moment, e.TailIndex)
}

// lacks is the error if the quantity does not have the moments that are asked for: its
// mean, or both.
func lacks(q *Quantity, asked tails.Which) error {
	index := q.TailIndex
	if q.NotFinite {
		index = math.NaN()
	}
	switch {
	case q.Moments == tails.None && asked == tails.Mean:
		return &NoMoment{q.Name, "mean", index}
	case q.Moments != tails.Both && asked == tails.Both:
		return &NoMoment{q.Name, "standard deviation", index}
	}
	return nil
}

var reportedQuantiles = []float64{0.05, 0.5, 0.95}

// summarise computes the summaries from draws with weights or, if w is nil, without;
// scratch is room for as many.
func (q *quantity) summarise(draws, w, scratch []float64) {
	q.leaveOut(draws, w)
	var qs []float64
	if w != nil {
		sorted := psis.Sorted(draws, w)
		defer sorted.Release()
		q.take(tails.WeightedSorted(draws, w, sorted))
		var errs []float64
		qs, errs = sorted.Quantiles(draws, w, 1, reportedQuantiles)
		if !fewValues(draws) {
			q.MCSETail = math.Max(errs[0], errs[2])
		}
	} else {
		q.take(tails.Weighted(draws, w))
		copy(scratch, draws)
		qs = quantiles(scratch, reportedQuantiles...)
	}
	q.Q5, q.Q50, q.Q95 = qs[0], qs[1], qs[2]
}

// summariseChains computes summaries and diagnostics from chains of draws that start in
// groups, or of particles that were kept some times each, one after another: what one far out
// says of the tail it says again and again, so the last of them have a say of their own.
func (q *quantity) summariseChains(chains [][]float64, groups, kept int) {
	all := make([]float64, 0, len(chains)*len(chains[0]))
	for _, c := range chains {
		all = append(all, c...)
	}
	if n := len(chains[0]); q.leaveOut(all, nil) {
		chains = slices.Clone(chains)
		for c := range chains {
			chains[c] = all[c*n : (c+1)*n]
		}
	}
	m := tails.Chains(chains)
	if kept > 1 {
		last := tails.Chains(every(chains, kept))
		m.Index, m.SDError, m.MeanError = math.Max(m.Index, last.Index), math.Max(m.SDError, last.SDError), math.Max(m.MeanError, last.MeanError)
		if m.Index > tails.HeavySD/2 && m.SDError > m.SD { // which tells none
			m.Index = math.Max(m.Index, tails.HeavySD)
		}
	}
	q.take(m)
	qs := quantiles(all, reportedQuantiles...)
	q.Q5, q.Q50, q.Q95 = qs[0], qs[1], qs[2]
	d := mcmc.DiagnoseGroups(chains, groups)
	q.RHat, q.ESSBulk, q.ESSTail = d.RHat, d.ESSBulk, d.ESSTail
	if !fewValues(all) {
		q.MCSETail = d.MCSETail
	}
	if !(q.MCSE > d.MCSEMean) && q.Moments != tails.None && q.SD != 0 {
		q.MCSE = d.MCSEMean
	}
}

// every n-th draw of chains, the last of each n.
func every(chains [][]float64, n int) [][]float64 {
	out := make([][]float64, len(chains))
	for c, draws := range chains {
		for i := n - 1; i < len(draws); i += n {
			out[c] = append(out[c], draws[i])
		}
	}
	return out
}

// fewValues reports whether draws are of something discrete: a count, a rank.
func fewValues(draws []float64) bool {
	const looked, few = 400, 100
	seen := make(map[float64]bool, few)
	for i := 0; i < len(draws); i += 1 + len(draws)/looked {
		if seen[draws[i]] = true; len(seen) > few {
			return false
		}
	}
	return true
}

// leftOut is the share of a let's draws that may be undefined without a word on its moments
// being lost: a period in an autoregression whose roots are real once in ten thousand draws.
const leftOut = 1e-3

// hardly is a share of which nothing need be said.
const hardly = 1e-6

// leaveOut puts the median in the place of draws that are not finite, if they are so few, and
// reports whether it did; w are weights, or nil.
func (q *quantity) leaveOut(draws, w []float64) bool {
	share, n := 0.0, 0
	for i, x := range draws {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			n++
			if w == nil {
				share += 1 / float64(len(draws))
			} else {
				share += w[i]
			}
		}
	}
	if q.leftOut = 0; n == 0 || share > leftOut {
		return false
	}
	q.leftOut = share
	var finite []float64
	for _, x := range draws {
		if !math.IsNaN(x) && !math.IsInf(x, 0) {
			finite = append(finite, x)
		}
	}
	median := quantiles(finite, 0.5)[0]
	for i, x := range draws {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			draws[i] = median
		}
	}
	return true
}

// take sets the moments, those that there are.
func (q *quantity) take(m tails.Moments) {
	q.Mean, q.SD, q.MCSE, q.MCSESD, q.TailIndex, q.Moments, q.squareIndex = m.Mean, m.SD, m.MeanError, m.SDError, m.Index, m.Which(), m.SquareIndex
	switch {
	case math.IsNaN(m.Mean):
		q.NotFinite, q.Moments = true, tails.None
	case q.SD <= constant*math.Abs(q.Mean):
		q.SD, q.MCSE, q.MCSESD, q.TailIndex, q.squareIndex, q.Moments = 0, 0, 0, 0, 0, tails.Both
	}
	q.without(q.Moments)
}

// without leaves no more moments than there are.
func (q *quantity) without(are tails.Which) {
	nan := math.NaN()
	if q.Moments = are; are != tails.Both {
		q.SD, q.MCSESD, q.MeanFieldSD = nan, nan, nan
	}
	if are == tails.None {
		q.Mean, q.MCSE = nan, nan
	}
}

// constant is the spread, relative to its mean, of a quantity that varies by rounding
// alone, as the diagonal of a correlation matrix does: 64 units in the last place.
const constant = 64 * 0x1p-52

// goodSDError is the Monte-Carlo error of an sd, as a share of it, up to which a fit is
// called good.
const goodSDError = 0.1

// fairSDError is that above which more draws are made: an estimate of the error of an sd under
// a heavy tail is itself uncertain.
const fairSDError = 0.07

// Errors of the quantiles at 5 and 95 %, in sds: up to which a fit is called good, above
// which chains draw more, and weighted draws, which cost little.
const (
	goodTailError  = 0.15
	fairTailError  = 0.07
	cheapTailError = 0.05
)

// hopelessError is the Monte-Carlo error, in sds, of a mean that is none.
const hopelessError = 1

// judgeMoments asks that the Monte-Carlo errors of all means and sds be small.
func (post *making) judgeMoments() {
	if q := post.uncertain(func(q *quantity) float64 { return q.MCSE / q.Spread() / goodMCSE }); q != nil {
		post.lower(rated(!(q.MCSE > hopelessError*q.Spread())), "the Monte-Carlo error of the mean of `%s` is %.2f of its %s", q.Name, q.MCSE/q.Spread(), q.scaleName())
	}
	if q := post.uncertain(func(q *quantity) float64 { return q.MCSESD / q.SD / goodSDError }); q != nil {
		post.lower(Caution, "the Monte-Carlo error of the sd of `%s` is %s: its tails are heavy; try more Options.Draws, or go by its median and interval", q.Name, share(q.MCSESD/q.SD))
	}
	if q := post.uncertain(func(q *quantity) float64 { return q.tailError() / goodTailError }); q != nil {
		post.lower(Caution, "the Monte-Carlo error of the interval of `%s` is %.2f of its %s; try more Options.Draws", q.Name, q.MCSETail/q.Spread(), q.scaleName())
	}
	post.judgeReach()
	post.judgePlace()
}

// judgePlace asks that the draws be where the density has its mass, as far as gradients tell.
func (post *making) judgePlace() {
	x := post.displaced
	if !x.Displaced() {
		return
	}
	if name := post.owner(post.fit, x.Coordinate); x.Neck {
		post.lower(Caution, "the draws stop short of the small values of `%s`: the density there is %.2f ± %.2f, in units of its sd, by its gradients; the neck of a funnel, as a rule: write what it scales as `%s` times standard normals, or give it a prior that is small at 0", name, x.Off, x.Error, name)
	} else {
		post.lower(Caution, "the gradients of the density average %.2f ± %.2f at the draws, in units of its own scale, and zero at a posterior's: in `%s`, and what depends on it, the draws miss a part; try other priors for scales", x.Off, x.Error, name)
	}
}

// shortTail is the shortfall of a second moment, less its error, from which on the sd is
// too small by a tenth at least.
const shortTail = 2 * goodSDError

// judgeReach asks that the draws reach into the tails of latents that have an sd, which
// only the density can tell.
func (post *making) judgeReach() {
	x := post.shortfall
	if !(x.Share-x.Error > shortTail) {
		return
	}
	name := post.owner(post.fit, x.Coordinate)
	for i := range post.quantities {
		if q := &post.quantities[i]; q.Symbol == name && q.Moments == tails.Both {
			post.lower(Caution, "the draws stop short of the tail of `%s`: its sd, and what depends on it, is too small by a tenth at least; go by its median and interval, or give it a prior with a lighter tail", name)
			return
		}
	}
}

// tailError is the Monte-Carlo error of the quantiles at 5 and 95 % in sds. Where there is no
// sd the spread, which the middle of the draws decides, is half the unit that it would be.
func (q *quantity) tailError() float64 {
	if q.Moments == tails.Both || q.Moments == "" {
		return q.MCSETail / q.Spread()
	}
	return q.MCSETail / q.Spread() / 2
}

func (q *quantity) scaleName() string {
	if q.Moments == tails.Both {
		return "sd"
	}
	return "spread"
}

// share is a ratio in per cent.
func share(x float64) string {
	if !(x < 10) {
		return "many times the sd itself"
	}
	return fmt.Sprintf("%.0f %% of it", 100*x)
}

// uncertain is the quantity with the largest error, if that is above 1. Errors are NaN
// where there is no such moment.
func (post *making) uncertain(size func(*quantity) float64) *quantity {
	var worst *quantity
	most := 1.0
	for i := range post.quantities {
		q := &post.quantities[i]
		if x := size(q); q.SD != 0 && x > most {
			worst, most = q, x
		}
	}
	return worst
}

// noteMoments says which quantities have no sd, or no mean, and why: it does not lower
// the verdict, as what is reported of them is right.
func (post *making) noteMoments() {
	told := map[string]bool{}
	for i := range post.quantities {
		q := &post.quantities[i]
		if q.leftOut > hardly && !told[q.Symbol] {
			told[q.Symbol] = true
			post.reasons = append(post.reasons, fmt.Sprintf("`%s` is undefined in %.2g of its draws, which its figures leave out", q.Name, q.leftOut))
		}
		if q.NotFinite || q.Moments == tails.Both || q.Moments == "" || told[q.Symbol] {
			continue
		}
		told[q.Symbol] = true
		if q.divisor != "" {
			post.reasons = append(post.reasons, fmt.Sprintf("`%s` has %s: it divides by `%s`, which may be 0; its median and interval stand", q.Name, map[bool]string{true: "neither mean nor sd", false: "no sd"}[q.Moments == tails.None], q.divisor))
			continue
		}
		what := "neither mean nor sd"
		if q.Moments == tails.Mean {
			what = "no sd"
		}
		post.reasons = append(post.reasons, fmt.Sprintf("`%s` has %s that draws could tell (tail index %.2f): its median and interval stand", q.Name, what, q.TailIndex))
	}
}

// goodRounding is the rounding error of the log density, in nats, up to which weights and
// acceptances are what they should be.
const goodRounding = 0.1

// judgeRounding asks that the log density be known to a fraction of a nat.
func (post *making) judgeRounding(f *inference.Answer) {
	if f.Rounding > goodRounding {
		post.lower(Caution, "the log density is rounded to about %.2g nats where the answer is: its terms are too large for 16 digits; subtract a constant from the data, or rescale them", f.Rounding)
	}
}

package chains

import (
	"math"
)

// measure gives the largest R̂ of groups of chains, and the smallest number of effective
// draws, over all numbers that the chains move in: both by the plain formulas, the
// latter from how the means of chains vary.
func (r *run) measure() (rhat, ess float64) {
	rhat, ess = 1, math.Inf(1)
	for i := range r.lanes[0].b.j.D {
		x, y := nested(r.series(func(l *lane, k int) float64 { return l.out.U[k*len(l.u)+i] }), r.opt.Groups)
		rhat, ess = math.Max(rhat, x), math.Min(ess, y)
	}
	for site, z := range r.lanes[0].z {
		for e := range z {
			x, y := nested(r.series(func(l *lane, k int) float64 { return float64(l.out.Z[site][k*len(z)+e]) }), r.opt.Groups)
			rhat, ess = math.Max(rhat, x), math.Min(ess, y)
		}
	}
	return rhat, ess
}

// series are the draws of a number by chain.
func (r *run) series(at func(l *lane, k int) float64) [][]float64 {
	n := r.kept()
	out := make([][]float64, len(r.lanes))
	for c, l := range r.lanes {
		out[c] = make([]float64, n)
		for k := range out[c] {
			out[c][k] = at(l, k)
		}
	}
	return out
}

// nested is the plain split-R̂ of groups of chains, and the effective number of draws by
// the variance of the chains' means.
func nested(chains [][]float64, groups int) (rhat, ess float64) {
	n := len(chains[0])
	var halves [][]float64
	for half := range 2 {
		for g := range groups {
			var x []float64
			for c, chain := range chains {
				if c*groups/len(chains) == g {
					x = append(x, chain[half*(n/2):(half+1)*(n/2)]...)
				}
			}
			halves = append(halves, x)
		}
	}
	var all, means []float64
	within := 0.0
	for _, x := range halves {
		m, v := meanVar(x)
		means = append(means, m)
		within += v / float64(len(halves))
	}
	_, between := meanVar(means)
	rhat, ess = 1, float64(n*len(chains))
	if between > 0 {
		rhat = math.Sqrt(1 + between/within)
	}
	means = means[:0]
	for _, x := range chains {
		m, _ := meanVar(x)
		means = append(means, m)
		all = append(all, x...)
	}
	_, total := meanVar(all)
	if _, v := meanVar(means); v > 0 {
		ess = float64(len(chains)) * total / v
	}
	return rhat, ess
}

func meanVar(x []float64) (mean, variance float64) {
	for _, v := range x {
		mean += v
	}
	mean /= float64(len(x))
	for _, v := range x {
		variance += (v - mean) * (v - mean)
	}
	return mean, variance / math.Max(1, float64(len(x)-1))
}

package random

import (
	"math"

	"gonum.org/v1/gonum/interp"
)

// An axis is equally spaced points of one latent on a scale where its density is
// smooth, so that sums are integrals to high order (the trapezoidal rule).
type axis struct {
	t, value, weight []float64 // the weight is prior times Jacobian times step
	p                prior
}

// known is an axis of one value.
func known(v float64) axis { return axis{t: []float64{0}, value: []float64{v}, weight: []float64{1}} }

func axisOf(p prior, lo, hi, step float64) axis {
	n := int(math.Ceil((hi - lo) / step))
	a := axis{p: p}
	c := p.coordinate()
	for k := range n + 1 {
		u := lo + (hi-lo)*float64(k)/float64(n)
		v, j := c.value(u, nil, 0)
		if c.prior != nil {
			j += c.prior(v)
		}
		a.t, a.value, a.weight = append(a.t, u), append(a.value, v), append(a.weight, math.Exp(j)*(hi-lo)/float64(n))
	}
	return a
}

// coarser has about two thirds of the points.
func (a axis) coarser() axis {
	if len(a.t) == 1 {
		return a
	}
	lo, hi := a.t[0], a.t[len(a.t)-1]
	return axisOf(a.p, lo, hi, 1.4*(hi-lo)/float64(len(a.t)-1))
}

// summary is that of the latent, whose mass at each point is given. Between
// points its log density is a cubic spline.
func (a axis) summary(mass []float64) summary {
	logs, top := make([]float64, len(mass)), math.Inf(-1)
	for k, p := range mass {
		logs[k] = math.Log(p)
		top = math.Max(top, logs[k])
	}
	for k := range logs {
		logs[k] = math.Max(logs[k], top-60)
	}
	var spline interp.NaturalCubic
	if err := spline.Fit(a.t, logs); err != nil {
		return summary{mean: math.NaN()}
	}
	const parts = 16
	c, n := a.p.coordinate(), parts*(len(a.t)-1)
	step := (a.t[len(a.t)-1] - a.t[0]) / float64(n)
	points := make([]point, n)
	for k := range points {
		u := a.t[0] + (float64(k)+0.5)*step
		v, _ := c.value(u, nil, 0)
		below, _ := c.value(u-step/2, nil, 0)
		above, _ := c.value(u+step/2, nil, 0)
		points[k] = point{math.Exp(spline.Predict(u) - top), v, (above - below) / math.Sqrt(12)}
	}
	all, m := merge(points), mixture(points)
	return summary{mean: all.mean, sd: all.sd, q5: m.quantile(0.05), q50: m.quantile(0.5), q95: m.quantile(0.95)}
}

// mixtureGrid integrates a mixture of two normals on a full grid: over its
// weight, its ordered means, and a common sd or one for each (separate).
func (m *Model) mixtureGrid(y []float64, w, mu, sd axis, separate bool) {
	names := []string{"w", "mu[1]", "mu[2]"}
	if separate {
		names = append(names, "s[1]", "s[2]")
	} else {
		names = append(names, "sigma")
	}
	var kept []int
	for k, name := range names {
		if len([]axis{w, mu, mu, sd, sd}[k].t) > 1 {
			kept = append(kept, k)
			m.report(name, Both, nil)
		}
	}
	m.grid = func(fine bool) []summary {
		g := mixtureSums{y: y, w: w, mu: mu, sd: sd, separate: separate}
		if !fine {
			g.w, g.mu, g.sd = w.coarser(), mu.coarser(), sd.coarser()
		}
		g.sum()
		axes := []axis{g.w, g.mu, g.mu, g.sd, g.sd}
		out := make([]summary, len(kept))
		for j, k := range kept {
			out[j] = axes[k].summary(g.mass[k])
		}
		return out
	}
}

type mixtureSums struct {
	y         []float64
	w, mu, sd axis
	separate  bool
	mass      [5][]float64  // marginal masses of w, mu[1], mu[2], and the sds
	density   [][][]float64 // of each datum under each mean and sd
}

// sum goes over all pairs of components.
func (g *mixtureSums) sum() {
	for k, a := range []axis{g.w, g.mu, g.mu, g.sd, g.sd} {
		g.mass[k] = make([]float64, len(a.t))
	}
	g.tabulate()
	for a := range g.sd.t {
		for b := range g.sd.t {
			if !g.separate && a != b {
				continue
			}
			prior := g.sd.weight[a]
			if g.separate {
				prior *= g.sd.weight[b]
			}
			for i := range g.mu.t {
				for j := i; j < len(g.mu.t); j++ {
					p := prior * g.mu.weight[i] * g.mu.weight[j]
					if i == j {
						p /= 2 // the edge of the ordered set
					}
					g.pair(p, a, b, i, j)
				}
			}
		}
	}
}

// tabulate computes each datum's density under each component, scaled so that the
// largest is 1: what is left of products is then within range.
func (g *mixtureSums) tabulate() {
	g.density = make([][][]float64, len(g.sd.t))
	most := make([]float64, len(g.y))
	for a, sd := range g.sd.value {
		g.density[a] = make([][]float64, len(g.mu.t))
		for i, mu := range g.mu.value {
			row := make([]float64, len(g.y))
			for n, v := range g.y {
				z := (v - mu) / sd
				row[n] = math.Exp(-0.5*z*z) / sd
				most[n] = math.Max(most[n], row[n])
			}
			g.density[a][i] = row
		}
	}
	for a := range g.density {
		for i := range g.density[a] {
			for n := range g.y {
				g.density[a][i][n] /= most[n]
			}
		}
	}
}

// pair adds the masses of two components for each weight.
func (g *mixtureSums) pair(prior float64, a, b, i, j int) {
	if prior < 1e-30 {
		return
	}
	first, second := g.density[a][i], g.density[b][j]
	var total float64
	for k, w := range g.w.value {
		p := prior * g.w.weight[k]
		for n, f := range first {
			p *= (1-w)*f + w*second[n]
		}
		g.mass[0][k] += p
		total += p
	}
	g.mass[1][i] += total
	g.mass[2][j] += total
	g.mass[3][a] += total
	g.mass[4][b] += total
}

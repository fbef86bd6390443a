package random

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
)

// A Law is that of a quantity given the coordinates: normal, or a point where SD
// is 0.
type Law struct{ Mean, SD float64 }

// An integral is a density on a box, in several branches that add up, and the
// laws of quantities given its point.
type integral struct {
	lo, hi   []float64
	branches int
	log      func(u []float64, branch int) float64
	laws     func(out []Law) // of the point where log was called last
	moments  []Moments       // of each quantity: what exists
	starts   [][]float64
}

// A cell is a box of one branch with what its nodes say.
type cell struct {
	lo, hi []float64
	branch int
	peak   float64   // the largest log density at a node
	mass   float64   // ∫ density, over e^peak
	bound  float64   // the volume
	first  []float64 // ∫ density · mean of each quantity, over e^peak
	second []float64 // ∫ density · mean square
	vary   []float64 // how much density and quantities vary along each side
	done   bool      // as small as cells get
}

// Nodes and weights of Gauss-Legendre rules on [0, 1].
var (
	nodes2 = []float64{0.21132486540518712, 0.78867513459481288}
	nodes3 = []float64{0.11270166537925831, 0.5, 0.88729833462074169}
	nodes5 = []float64{0.046910077030668, 0.230765344947158, 0.5, 0.769234655052842, 0.953089922969332}

	weights2 = []float64{0.5, 0.5}
	weights3 = []float64{5.0 / 18, 8.0 / 18, 5.0 / 18}
	weights5 = []float64{0.118463442528095, 0.239314335249683, 0.284444444444444, 0.239314335249683, 0.118463442528095}
)

// rule gives the points along one side, by dimension: products grow.
func rule(dims int) (nodes, weights []float64) {
	switch {
	case dims <= 2:
		return nodes5, weights5
	case dims == 3:
		return nodes3, weights3
	}
	return nodes2, weights2
}

// cellsFor is how many cells share the mass, by dimension, on the finer grid.
func cellsFor(dims, branches int) int {
	return []int{1, 1500, 2000, 6000, 20000, 40000}[dims] * (2 + branches) / 3
}

// samplesFor is how many points are drawn where product rules are too coarse.
const samplesFor = 200000

// A summary is what is known of one quantity.
type summary struct {
	mean, sd, q5, q50, q95 float64
	tame                   bool // has no moments by its tail, of which there is next to nothing
}

// grid is the state of the integration.
type grid struct {
	integral
	cells  []*cell
	mean   []float64
	sd     []float64
	buffer []Law

	logs, weights []float64 // of the nodes of a cell; kept to be used again
	points        []Law
}

// solve integrates with about `cells` cells.
func (in integral) solve(cells int) []summary {
	g := &grid{integral: in, buffer: make([]Law, len(in.moments))}
	g.begin()
	g.lookAround()
	r := rand.New(rand.NewPCG(3, uint64(cells)))
	limit := 2 / float64(cells)
	for range 5 {
		for len(g.cells) < 12*cells && g.refine(limit) {
		}
		if !g.probe(r, limit) {
			break
		}
	}
	if len(g.lo) > 2 {
		return g.sampled(samplesFor)
	}
	return g.summaries()
}

// begin cuts the box of each branch into equal cells.
func (g *grid) begin() {
	per := []int{1, 128, 16, 8, 6, 4}[len(g.lo)]
	for b := range g.branches {
		g.product(per, func(k []int) {
			lo, hi := make([]float64, len(k)), make([]float64, len(k))
			for i := range k {
				side := (g.hi[i] - g.lo[i]) / float64(per)
				lo[i] = g.lo[i] + side*float64(k[i])
				hi[i] = lo[i] + side
			}
			g.cells = append(g.cells, g.evaluate(lo, hi, b))
		})
	}
}

// product calls f with each multi-index below n.
func (g *grid) product(n int, f func(k []int)) {
	k := make([]int, len(g.lo))
	for {
		f(k)
		i := 0
		for ; i < len(k); i++ {
			if k[i]++; k[i] < n {
				break
			}
			k[i] = 0
		}
		if i == len(k) {
			return
		}
	}
}

// node puts the k-th node of a cell into u and gives its weight, the volume of
// the cell included.
func node(lo, hi []float64, k []int, u []float64) float64 {
	nodes, weights := rule(len(lo))
	w := 1.0
	for i, j := range k {
		u[i] = lo[i] + (hi[i]-lo[i])*nodes[j]
		w *= weights[j] * (hi[i] - lo[i])
	}
	return w
}

// evaluate integrates over one cell.
func (g *grid) evaluate(lo, hi []float64, branch int) *cell {
	dims, q := len(lo), len(g.moments)
	nodes, _ := rule(dims)
	count := 1
	for range dims {
		count *= len(nodes)
	}
	c := &cell{lo: lo, hi: hi, branch: branch, peak: math.Inf(-1), first: make([]float64, q), second: make([]float64, q), vary: make([]float64, dims)}
	logs, weights, laws := g.logs[:0], g.weights[:0], g.points[:0]
	u := make([]float64, dims)
	g.product(len(nodes), func(k []int) {
		weights = append(weights, node(lo, hi, k, u))
		v := g.log(u, branch)
		if math.IsNaN(v) || math.IsInf(v, 1) {
			v = math.Inf(-1)
		}
		logs = append(logs, v)
		c.peak = math.Max(c.peak, v)
		if v > math.Inf(-1) {
			g.laws(g.buffer)
		}
		laws = append(laws, g.buffer...)
	})
	g.logs, g.weights, g.points = logs, weights, laws
	if math.IsInf(c.peak, -1) {
		return c
	}
	c.bound = c.volume()
	density := make([]float64, count)
	for n, v := range logs {
		density[n] = math.Exp(v - c.peak)
		p := density[n] * weights[n]
		c.mass += p
		for j := range q {
			if l := laws[n*q+j]; g.moments[j] != None && p > 0 {
				c.first[j] += p * l.Mean
				c.second[j] += p * (l.Mean*l.Mean + l.SD*l.SD)
			}
		}
	}
	g.variation(c, density, laws)
	return c
}

// variation says along which sides density and quantities vary, from the
// differences between neighbours.
func (g *grid) variation(c *cell, density []float64, laws []Law) {
	nodes, _ := rule(len(c.lo))
	q := len(g.moments)
	var sum float64
	for _, p := range density {
		sum += p
	}
	stride := 1
	for i := range c.lo {
		byQuantity := make([]float64, q)
		for n := range density {
			if (n/stride)%len(nodes) == len(nodes)-1 {
				continue
			}
			m := n + stride
			c.vary[i] += math.Abs(density[m]-density[n]) / sum
			for j := range q {
				if g.sd != nil && g.sd[j] > 0 && g.moments[j] == Both {
					byQuantity[j] += (density[m] + density[n]) / sum * math.Abs(laws[m*q+j].Mean-laws[n*q+j].Mean) / g.sd[j]
				}
			}
		}
		if q > 0 {
			c.vary[i] += slices.Max(byQuantity)
		}
		stride *= len(nodes)
	}
}

// lookAround halves the cells around local maxima of each branch.
func (g *grid) lookAround() {
	for b := range g.branches {
		for _, u := range g.seeds(b) {
			g.lookAt(u, b)
		}
	}
}

// lookAt halves the cell around a point until a node sees its density.
func (g *grid) lookAt(u []float64, branch int) {
	level := g.log(u, branch)
	k := slices.IndexFunc(g.cells, func(c *cell) bool { return c.branch == branch && c.holds(u) })
	for range 40 * len(u) {
		if k < 0 || g.cells[k].peak > level-2 {
			return
		}
		g.halve(k, widest(g.cells[k], g.lo, g.hi))
		if !g.cells[k].holds(u) {
			k = len(g.cells) - 1
		}
	}
}

// probe looks at random points of every cell, and where one is so much denser
// than the nodes that the cell is above the limit after all, looks there. It says
// whether there was one.
func (g *grid) probe(r *rand.Rand, limit float64) bool {
	peak := math.Inf(-1)
	for _, c := range g.cells {
		peak = math.Max(peak, c.peak)
	}
	total := math.Log(g.moment(peak)) + peak
	type find struct {
		u      []float64
		branch int
	}
	var found []find
	u := make([]float64, len(g.lo))
	for _, c := range g.cells {
		for range 4 {
			for i := range u {
				u[i] = c.lo[i] + r.Float64()*(c.hi[i]-c.lo[i])
			}
			v := g.log(u, c.branch)
			if v > c.peak+1 && v+math.Log(c.volume()) > total+math.Log(limit) {
				found = append(found, find{slices.Clone(u), c.branch})
				break
			}
		}
	}
	for _, f := range found {
		g.lookAt(f.u, f.branch)
	}
	return len(found) > 0
}

func (c *cell) volume() float64 {
	v := 1.0
	for i := range c.lo {
		v *= c.hi[i] - c.lo[i]
	}
	return v
}

func (c *cell) holds(u []float64) bool {
	for i := range u {
		if u[i] < c.lo[i] || u[i] > c.hi[i] {
			return false
		}
	}
	return true
}

// widest is the longest side, in sides of the box.
func widest(c *cell, lo, hi []float64) int {
	best, at := 0.0, 0
	for i := range c.lo {
		if w := (c.hi[i] - c.lo[i]) / (hi[i] - lo[i]); w > best*1.0001 {
			best, at = w, i
		}
	}
	return at
}

// halve replaces a cell by its halves along one side.
func (g *grid) halve(k, side int) {
	c := g.cells[k]
	middle := 0.5 * (c.lo[side] + c.hi[side])
	hi, lo := slices.Clone(c.hi), slices.Clone(c.lo)
	hi[side], lo[side] = middle, middle
	g.cells[k] = g.evaluate(c.lo, hi, c.branch)
	g.cells = append(g.cells, g.evaluate(lo, c.hi, c.branch))
}

// refine halves each cell whose share of the mass, or of a second moment, is
// above the limit. It says whether there was one.
func (g *grid) refine(limit float64) bool {
	peak := math.Inf(-1)
	for _, c := range g.cells {
		peak = math.Max(peak, c.peak)
	}
	total := g.moment(peak)
	var any bool
	for k, n := 0, len(g.cells); k < n; k++ {
		c := g.cells[k]
		if c.done || g.share(c, math.Exp(c.peak-peak)/total) <= limit {
			continue
		}
		any = true
		side := widest(c, g.lo, g.hi)
		for i, v := range c.vary {
			if v > 1.01*c.vary[side] {
				side = i
			}
		}
		if c.hi[side]-c.lo[side] < 1e-12*(g.hi[side]-g.lo[side]) {
			c.done = true
			continue
		}
		g.halve(k, side)
	}
	return any
}

// share is a cell's share of the mass, as if the density were everywhere that of
// its highest node, or of a second moment where that is larger. Scale turns its own units into those of the whole.
func (g *grid) share(c *cell, scale float64) float64 {
	share := c.bound * scale
	for j, m := range g.moments {
		if m == Both && g.sd[j] > 0 {
			s := c.second[j] - 2*g.mean[j]*c.first[j] + g.mean[j]*g.mean[j]*c.mass
			share = math.Max(share, s*scale/(g.sd[j]*g.sd[j]))
		}
	}
	return share
}

// moment updates means and sds, and gives the mass over e^peak.
func (g *grid) moment(peak float64) float64 {
	q := len(g.moments)
	g.mean, g.sd = make([]float64, q), make([]float64, q)
	var total float64
	for _, c := range g.cells {
		s := math.Exp(c.peak - peak)
		total += s * c.mass
		for j := range q {
			g.mean[j] += s * c.first[j]
		}
	}
	for j := range q {
		g.mean[j] /= total
	}
	for _, c := range g.cells {
		s := math.Exp(c.peak-peak) / total
		for j := range q {
			g.sd[j] += s * (c.second[j] - 2*g.mean[j]*c.first[j] + g.mean[j]*g.mean[j]*c.mass)
		}
	}
	for j := range q {
		g.sd[j] = math.Sqrt(math.Max(g.sd[j], 0))
	}
	return total
}

// A point is a node with its share of the mass.
type point struct{ weight, mean, sd float64 }

// summaries reads the mixtures of all nodes. Each point is smeared over the
// distance to its neighbours in the cell, for the quantiles alone.
func (g *grid) summaries() []summary {
	peak := math.Inf(-1)
	for _, c := range g.cells {
		peak = math.Max(peak, c.peak)
	}
	total := g.moment(peak)
	q := len(g.moments)
	points := make([][]point, q)
	for _, c := range g.cells {
		share := math.Exp(c.peak-peak) * c.mass / total
		if share < 1e-12 {
			continue
		}
		g.collect(c, peak+math.Log(total), points)
	}
	out := make([]summary, q)
	for j := range q {
		out[j] = summary{mean: g.mean[j], sd: g.sd[j]}
		m := newMixture(points[j])
		if g.moments[j] != Both {
			out[j].mean, out[j].sd, out[j].tame = m.trimmed()
		}
		out[j].q5, out[j].q50, out[j].q95 = m.quantile(0.05), m.quantile(0.5), m.quantile(0.95)
	}
	return out
}

// collect adds a cell's nodes to the points of each quantity.
func (g *grid) collect(c *cell, logTotal float64, points [][]point) {
	nodes, _ := rule(len(c.lo))
	u := make([]float64, len(c.lo))
	from := len(points[0])
	g.product(len(nodes), func(k []int) {
		w := node(c.lo, c.hi, k, u) * math.Exp(g.log(u, c.branch)-logTotal)
		if !(w > 0) {
			return
		}
		g.laws(g.buffer)
		for j, l := range g.buffer {
			points[j] = append(points[j], point{w, l.Mean, l.SD})
		}
	})
	for j := range points {
		mine := points[j][from:]
		if len(mine) == 0 {
			continue
		}
		low := slices.MinFunc(mine, func(a, b point) int { return cmp.Compare(a.mean, b.mean) }).mean
		high := slices.MaxFunc(mine, func(a, b point) int { return cmp.Compare(a.mean, b.mean) }).mean
		smear := (high - low) / (float64(len(nodes)) * math.Sqrt(12))
		for k := range mine {
			mine[k].sd = math.Hypot(mine[k].sd, smear)
		}
	}
}

// sampled draws points in each cell, in proportion to its mass and to its share
// of second moments, and weighs them: product rules of few nodes are too coarse
// in many dimensions, but cells are a good proposal. Within a cell the points are
// a Kronecker sequence with a random shift.
func (g *grid) sampled(n int) []summary {
	peak := math.Inf(-1)
	for _, c := range g.cells {
		peak = math.Max(peak, c.peak)
	}
	total := g.moment(peak)
	r := rand.New(rand.NewPCG(2, uint64(n)))
	steps := kronecker(len(g.lo))
	points := make([][]point, len(g.moments))
	u := make([]float64, len(g.lo))
	for _, c := range g.cells {
		share := g.share(c, math.Exp(c.peak-peak)/total)
		if share < 1e-9 {
			continue
		}
		count := int(math.Ceil(share * float64(n)))
		volume := 1 / float64(count)
		shift := make([]float64, len(u))
		for i := range u {
			volume *= c.hi[i] - c.lo[i]
			shift[i] = r.Float64()
		}
		for k := range count {
			for i := range u {
				_, f := math.Modf(shift[i] + float64(k)*steps[i])
				u[i] = c.lo[i] + f*(c.hi[i]-c.lo[i])
			}
			w := volume * math.Exp(g.log(u, c.branch)-peak)
			if !(w > 0) {
				continue
			}
			g.laws(g.buffer)
			for j, l := range g.buffer {
				points[j] = append(points[j], point{w, l.Mean, l.SD})
			}
		}
	}
	out := make([]summary, len(points))
	for j, p := range points {
		all := merge(p)
		m := newMixture(p)
		out[j] = summary{mean: all.mean, sd: all.sd, q5: m.quantile(0.05), q50: m.quantile(0.5), q95: m.quantile(0.95)}
	}
	return out
}

// kronecker are the steps of a sequence of low discrepancy: powers of the root of
// x^(d+1) = x + 1 (Roberts, 2018).
func kronecker(dims int) []float64 {
	root := 2.0
	for range 60 {
		root = math.Pow(1+root, 1/float64(dims+1))
	}
	out := make([]float64, dims)
	for i := range out {
		out[i] = math.Pow(root, -float64(i+1))
	}
	return out
}

// A mixture is one of normal laws and points, in the order of its means. Of very
// many, neighbours are merged.
type mixture []point

func newMixture(points []point) mixture {
	slices.SortFunc(points, func(a, b point) int { return cmp.Compare(a.mean, b.mean) })
	const many = 30000
	if len(points) < many {
		return points
	}
	var sum float64
	for _, a := range points {
		sum += a.weight
	}
	var out mixture
	for from := 0; from < len(points); {
		to, w := from, 0.0
		for to < len(points) && (to == from || w+points[to].weight < sum/many) {
			w += points[to].weight
			to++
		}
		out = append(out, merge(points[from:to]))
		from = to
	}
	return out
}

// merge is the normal law with the moments of several.
func merge(points []point) point {
	var out point
	for _, a := range points {
		out.weight += a.weight
		out.mean += a.weight * a.mean
	}
	out.mean /= out.weight
	for _, a := range points {
		out.sd += a.weight / out.weight * (a.sd*a.sd + (a.mean-out.mean)*(a.mean-out.mean))
	}
	out.sd = math.Sqrt(out.sd)
	return out
}

// trimmed are moments without the outermost 10⁻⁹ on both sides, and whether they
// are those without 10⁻⁴: then the tail, which has no moments, has no say.
func (m mixture) trimmed() (mean, sd float64, tame bool) {
	inner, all := merge(m.without(1e-4)), merge(m.without(1e-9))
	return all.mean, all.sd, math.Abs(math.Log(all.sd/inner.sd)) < 0.005
}

func (m mixture) without(share float64) mixture {
	var sum float64
	for _, a := range m {
		sum += a.weight
	}
	from, to := 0, len(m)
	for cum := m[0].weight; from < to-1 && cum < share*sum; cum += m[from].weight {
		from++
	}
	for cum := m[to-1].weight; to > from+1 && cum < share*sum; cum += m[to-1].weight {
		to--
	}
	return m[from:to]
}

// below is the probability of less than x.
func (m mixture) below(x float64) float64 {
	var p float64
	for _, a := range m {
		switch {
		case a.sd > 0 && math.Abs(x-a.mean) < 9*a.sd:
			p += a.weight * 0.5 * math.Erfc((a.mean-x)/(a.sd*math.Sqrt2))
		case a.mean <= x:
			p += a.weight
		}
	}
	return p
}

// quantile solves for the p-quantile by bisection, between points of the
// mixture of no more than their own sd around it.
func (m mixture) quantile(p float64) float64 {
	var sum, sd float64
	for _, a := range m {
		sum += a.weight
		sd = math.Max(sd, a.sd)
	}
	if len(m) == 0 || !(sum > 0) {
		return math.NaN()
	}
	k, cum := 0, 0.0
	for cum = m[0].weight; k < len(m)-1 && cum < p*sum; cum += m[k].weight {
		k++
	}
	lo, hi := m[k].mean, m[k].mean
	for step := math.Max(m[k].sd, 1e-12*math.Abs(lo)) + 1e-300; m.below(lo) > p*sum; step *= 2 {
		lo -= step
	}
	for step := math.Max(m[k].sd, 1e-12*math.Abs(hi)) + 1e-300; m.below(hi) < p*sum*(1-1e-12) && hi < math.MaxFloat64/4; step *= 2 {
		hi += step
	}
	for range 40 {
		x := 0.5 * (lo + hi)
		if m.below(x) < p*sum {
			lo = x
		} else {
			hi = x
		}
		if hi-lo < 1e-5*(math.Abs(hi)+math.Abs(lo))*0.5 && hi-lo < 1e-4*sd {
			break
		}
	}
	return 0.5 * (lo + hi)
}

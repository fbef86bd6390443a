package random

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
)

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

// cellsFor is how many cells share the mass on the finer grid, by dimension; three
// are the most.
func cellsFor(dims, branches int) int {
	return []int{1, 1500, 4000, 30000}[dims] * (4 + branches) / 5
}

// grid is the state of the integration.
type grid struct {
	integral
	per    int       // roots along a side of the box
	roots  [][]*cell // of each branch
	cells  []*cell   // all, halved ones included
	mean   []float64
	sd     []float64
	buffer []Law

	logs, weights []float64 // of the nodes of a cell; kept to be used again
	points        []Law
}

// solve integrates on the fine or the coarse grid.
func (in integral) solve(fine bool) []summary {
	cells := cellsFor(len(in.lo), in.branches)
	if !fine {
		cells /= 3
	}
	g := &grid{integral: in, buffer: make([]Law, len(in.moments))}
	g.begin(fine)
	g.lookAround()
	r := rand.New(rand.NewPCG(3, uint64(cells)))
	limit := 2 / float64(cells)
	for again := true; again && len(g.cells) < 30*cells; again = g.probe(r, limit) {
		for len(g.cells) < 30*cells && g.refine(limit) {
		}
	}
	return g.summaries()
}

// begin cuts the box of each branch into equal cells.
func (g *grid) begin(fine bool) {
	g.per = []int{1, 128, 16, 8}[len(g.lo)]
	if !fine {
		g.per = g.per * 3 / 4 // no cell is one of the finer grid
	}
	g.roots = make([][]*cell, g.branches)
	for b := range g.branches {
		g.product(g.per, func(k []int) {
			lo, hi := make([]float64, len(k)), make([]float64, len(k))
			for i := range k {
				side := (g.hi[i] - g.lo[i]) / float64(g.per)
				lo[i] = g.lo[i] + side*float64(k[i])
				hi[i] = lo[i] + side
			}
			g.roots[b] = append(g.roots[b], g.evaluate(lo, hi, b))
		})
		g.cells = append(g.cells, g.roots[b]...)
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
	for range 40 * len(u) {
		c := g.leaf(u, branch)
		if c.peak > level-2 {
			return
		}
		g.halve(c, widest(c, g.lo, g.hi))
	}
}

// probe looks around every cell that counts, at points up to its own size away,
// and halves what is there where a node should have seen more: a ridge is followed
// into cells whose nodes miss it. It says whether there was one.
func (g *grid) probe(r *rand.Rand, limit float64) bool {
	peak := g.peak()
	total := math.Log(g.moment(peak)) + peak
	type find struct {
		u      []float64
		branch int
	}
	var found []find
	u := make([]float64, len(g.lo))
	for c := range g.leaves() {
		if c.probed || c.mass == 0 {
			continue
		}
		// What a point with that density would make of a cell of this size.
		scale := math.Exp(c.peak-peak) / math.Exp(total-peak)
		volume := math.Log(c.volume()) + math.Log(g.share(c, scale)/(c.bound*scale))
		if c.peak+volume < total+math.Log(limit/20) {
			continue
		}
		c.probed = true
		for range 6 * len(u) {
			for i := range u {
				u[i] = 0.5*(c.lo[i]+c.hi[i]) + 3*(r.Float64()-0.5)*(c.hi[i]-c.lo[i])
				u[i] = min(max(u[i], g.lo[i]), g.hi[i])
			}
			v := g.log(u, c.branch)
			if v+volume > total+math.Log(limit/20) && v > g.leaf(u, c.branch).peak+1 {
				found = append(found, find{slices.Clone(u), c.branch})
			}
		}
	}
	for _, f := range found {
		g.lookAt(f.u, f.branch)
	}
	return len(found) > 0
}

// refine halves each cell whose share of the mass, or of a second moment, is
// above the limit. It says whether there was one.
func (g *grid) refine(limit float64) bool {
	peak := g.peak()
	total := g.moment(peak)
	var any bool
	for _, c := range slices.Collect(g.leaves()) {
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
		g.halve(c, side)
	}
	return any
}

// moment updates means and sds, and gives the mass over e^peak.
func (g *grid) moment(peak float64) float64 {
	q := len(g.moments)
	g.mean, g.sd = make([]float64, q), make([]float64, q)
	var total float64
	for c := range g.leaves() {
		s := math.Exp(c.peak - peak)
		total += s * c.mass
		for j := range q {
			g.mean[j] += s * c.first[j]
		}
	}
	for j := range q {
		g.mean[j] /= total
	}
	for c := range g.leaves() {
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

// summaries reads the mixtures of all nodes. Each point is smeared over the
// distance to its neighbours in the cell, for the quantiles alone.
func (g *grid) summaries() []summary {
	peak := g.peak()
	total := g.moment(peak)
	q := len(g.moments)
	points := make([][]point, q)
	for c := range g.leaves() {
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
		out[j].q5, out[j].q50, out[j].q95 = m.quantile(0.05), m.quantile(0.5), m.quantile(0.95)
		if g.moments[j] != Both {
			out[j].mean, out[j].sd, out[j].tame = m.trimmed(out[j].q5, out[j].q95)
		}
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

package random

import (
	"cmp"
	"iter"
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
	error  float64   // by how much mass changed when it was cut out, over e^peak
	first  []float64 // ∫ density · mean of each quantity, over e^peak
	second []float64 // ∫ density · mean square
	vary   []float64 // how much density and quantities vary along each side
	done   bool      // as small as cells get
	probed bool      // its surroundings were looked at

	side   int      // along which it was halved
	halves [2]*cell // nil in a leaf
}

// Nodes and weights of Gauss-Legendre rules on [0, 1].
var (
	nodes3 = []float64{0.11270166537925831, 0.5, 0.88729833462074169}
	nodes5 = []float64{0.046910077030668, 0.230765344947158, 0.5, 0.769234655052842, 0.953089922969332}

	weights3 = []float64{5.0 / 18, 8.0 / 18, 5.0 / 18}
	weights5 = []float64{0.118463442528095, 0.239314335249683, 0.284444444444444, 0.239314335249683, 0.118463442528095}
)

// rule gives the points along one side, by dimension: products grow.
func rule(dims int) (nodes, weights []float64) {
	if dims == 1 {
		return nodes5, weights5
	}
	return nodes3, weights3
}

// cellsFor is how many cells share the mass on the finer grid, by dimension; three
// are the most.
func cellsFor(dims, branches int) int {
	return []int{1, 1500, 4000, 30000}[dims] * (4 + branches) / 5
}

// A summary is what is known of one quantity.
type summary struct {
	mean, sd, q5, q50, q95 float64
	tame                   bool // has no moments by its tail, of which there is next to nothing
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

// leaf is the cell around a point.
func (g *grid) leaf(u []float64, branch int) *cell {
	root := 0
	for i := len(u) - 1; i >= 0; i-- {
		k := int((u[i] - g.lo[i]) / (g.hi[i] - g.lo[i]) * float64(g.per))
		root = root*g.per + min(max(k, 0), g.per-1)
	}
	c := g.roots[branch][root]
	for c.halves[0] != nil {
		half := 0
		if u[c.side] > c.halves[1].lo[c.side] {
			half = 1
		}
		c = c.halves[half]
	}
	return c
}

// leaves are the cells that are not halved.
func (g *grid) leaves() iter.Seq[*cell] {
	return func(yield func(*cell) bool) {
		for _, c := range g.cells {
			if c.halves[0] == nil && !yield(c) {
				return
			}
		}
	}
}

// peak is the largest log density that a node has seen.
func (g *grid) peak() float64 {
	peak := math.Inf(-1)
	for c := range g.leaves() {
		peak = math.Max(peak, c.peak)
	}
	return peak
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

func (c *cell) volume() float64 {
	v := 1.0
	for i := range c.lo {
		v *= c.hi[i] - c.lo[i]
	}
	return v
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

// halve cuts a cell in two along one side.
func (g *grid) halve(c *cell, side int) {
	middle := 0.5 * (c.lo[side] + c.hi[side])
	hi, lo := slices.Clone(c.hi), slices.Clone(c.lo)
	hi[side], lo[side] = middle, middle
	low, high := g.evaluate(c.lo, hi, c.branch), g.evaluate(lo, c.hi, c.branch)
	peak := max(c.peak, low.peak, high.peak)
	change := math.Abs(c.mass*math.Exp(c.peak-peak) - low.mass*math.Exp(low.peak-peak) - high.mass*math.Exp(high.peak-peak))
	for _, half := range []*cell{low, high} {
		if half.mass > 0 {
			half.error = math.Min(change*math.Exp(peak-half.peak), half.bound)
		}
	}
	c.side, c.halves = side, [2]*cell{low, high}
	g.cells = append(g.cells, low, high)
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

// share is a cell's share of the mass, as if the density were everywhere that of
// its highest node, or of a second moment where that is larger, or fifty times
// that of its error. Scale turns its own units into those of the whole.
func (g *grid) share(c *cell, scale float64) float64 {
	share := math.Max(c.bound, 50*c.error) * scale
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

// A point is a node with its share of the mass.
type point struct{ weight, mean, sd float64 }

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

// A mixture is one of normal laws and points, in the order of its means. Of very
// many, those alike are merged.
type mixture []point

func newMixture(points []point) mixture {
	const many = 5000
	byMean := func(a, b point) int { return cmp.Compare(a.mean, b.mean) }
	if len(points) < many {
		slices.SortFunc(points, byMean)
		return points
	}
	alike := map[likeness]mixture{}
	for _, a := range points {
		k := likenessOf(a)
		alike[k] = append(alike[k], a)
	}
	out := make(mixture, 0, len(alike))
	for _, group := range alike {
		out = append(out, merge(group))
	}
	slices.SortFunc(out, func(a, b point) int { return cmp.Or(byMean(a, b), cmp.Compare(a.sd, b.sd)) })
	return out
}

// likeness is shared by points whose sds are within a twentieth, and means within
// a tenth of an sd.
type likeness struct{ mean, sd float64 }

func likenessOf(a point) likeness {
	if a.sd == 0 {
		return likeness{mean: a.mean}
	}
	k := math.Floor(20 * math.Log(a.sd))
	return likeness{math.Floor(a.mean / (0.1 * math.Exp(k/20))), k}
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

// farShare is the share of the mass further from the middle of a quantity than
// twenty times the distance of its outer quantiles, below which its tail has no
// say in moments as draws show them.
const farShare = 1e-6

// trimmed are moments without the outermost 10⁻⁹ on both sides, for a quantity
// that has none by its tail, and whether there is next to nothing of that tail.
func (m mixture) trimmed(q5, q95 float64) (mean, sd float64, tame bool) {
	all := merge(m.without(1e-9))
	var far, sum float64
	for _, a := range m {
		sum += a.weight
		if a.mean < q5-20*(q95-q5) || a.mean > q95+20*(q95-q5) {
			far += a.weight
		}
	}
	return all.mean, all.sd, far < farShare*sum
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

package random

import (
	"iter"
	"math"
	"slices"
)

// A cell is a box of one branch with what its nodes say.
type cell struct {
	lo, hi []float64
	branch int
	peak   float64   // the largest log density at a node
	mass   float64   // ∫ density, over e^peak
	bound  float64   // the volume
	change float64   // by how much mass changed when it was cut out, over e^peak
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
			half.change = math.Min(change*math.Exp(peak-half.peak), half.bound)
		}
	}
	c.side, c.halves = side, [2]*cell{low, high}
	g.cells = append(g.cells, low, high)
}

// share is a cell's share of the mass, as if the density were everywhere that of
// its highest node, or of a second moment where that is larger, or fifty times
// that of its error. Scale turns its own units into those of the whole.
func (g *grid) share(c *cell, scale float64) float64 {
	share := math.Max(c.bound, 50*c.change) * scale
	for j, m := range g.moments {
		if m == Both && g.sd[j] > 0 {
			s := c.second[j] - 2*g.mean[j]*c.first[j] + g.mean[j]*g.mean[j]*c.mass
			share = math.Max(share, s*scale/(g.sd[j]*g.sd[j]))
		}
	}
	return share
}

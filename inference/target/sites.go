package target

import (
	"fmt"
	"math"
	"math/rand/v2"

	"ppl/graph"
	"ppl/graph/lower"
	"ppl/graph/named"
)

// Sites evaluates the conditional distribution of the discrete latents given
// the others, at S points at once.
//
// A log weight for each value of each element is added to the density. It is
// zero, and the derivative of the log density by it is the probability of that
// value: the derivative of a log-sum-exp is a softmax. So the marginals are
// exact whatever the elimination was. Weights of −Inf for all other values fix
// an element: one element after another, in an order in which what is left is
// independent (lower.Draw), that gives exact joint draws, and with a maximum in
// place of the sum the most likely values of all.
type Sites struct {
	S        int
	Discrete []lower.Discrete

	d       int
	order   []lower.Draw
	p       *Program
	u       *graph.Node
	weights []*graph.Node
	zeros   [][]float64
	guides  *Inputs // the assignments of latents that have a guide; nil if none has
}

// NewSites compiles the marginals for s points; mostLikely asks for the values
// that are the most likely together in place of probabilities.
func (t *Target) NewSites(s int, mostLikely bool) (*Sites, error) {
	b := t.Builder()
	ax, at, u := t.Points(b, s)
	c := &Sites{S: s, d: t.D, u: at, weights: make([]*graph.Node, len(t.Discrete))}
	opt := t.Options
	opt.MostLikely = mostLikely
	opt.Weights = func(b *named.Builder, i int, shape graph.Shape) named.Value {
		c.weights[i] = b.G.BatchInput(fmt.Sprintf("weights.%d", i), append(graph.Shape{s}, shape...))
		return b.Wrap(c.weights[i], ax)
	}
	if t.Guided() {
		c.guides = NewInputs(s, ax)
		opt.Assigner = c.guides
	}
	l, err := t.LowerWith(b, u, opt)
	if err != nil {
		return nil, err
	}
	c.Discrete, c.order = l.Joint.Discrete, l.Joint.Order
	lp := b.With(l.LogDensity(), ax).N
	var in []*graph.Node
	for _, w := range c.weights {
		if w != nil {
			in = append(in, w)
		}
	}
	outs := append([]*graph.Node{lp}, Derivatives(b, lp, s, in...)...)
	c.p, err = t.Compile(b.G, outs...)
	c.zeros = c.newWeights()
	return c, err
}

// Assign sets the values of latents with a guide, at each of the points: row[s] of
// the guides' draws at point s, or, where row is nil, their most likely values.
func (c *Sites) Assign(guides []*SiteGuide, row []int) {
	for i, g := range guides {
		if g == nil || c.Discrete[i].Written {
			continue
		}
		n := c.Discrete[i].Shape.Size()
		k := len(g.P) / n
		infinite := len(g.Values) > 0
		weights, drawn := make([]float64, c.S*n*k), make([]float64, c.S*n)
		for s := range c.S {
			for e := range n {
				at := (s*n + e) * k
				z := MostProbable(g.P[e*k : (e+1)*k])
				if row != nil {
					z = g.Draws[row[s]*n+e]
				}
				weights[at+z] = 1
				if infinite {
					drawn[s*n+e] = g.Values[z]
				}
			}
		}
		if infinite {
			weights = weights[:c.S*n]
			for k := range weights {
				weights[k] = 1
			}
		}
		for n, x := range map[*graph.Node][]float64{c.guides.AssignmentOf[i]: weights, c.guides.PriorOf[i]: weights, c.guides.DrawnOf[i]: drawn} {
			if n != nil {
				c.p.Set(n, x)
			}
		}
	}
}

// size is the number of elements of a site, and values of all of them.
func (c *Sites) size(i int) (elements, values int) {
	n := c.Discrete[i].Shape.Size()
	return n, n * len(c.Discrete[i].Values)
}

func (c *Sites) newWeights() [][]float64 {
	w := make([][]float64, len(c.Discrete))
	for i := range w {
		_, n := c.size(i)
		w[i] = make([]float64, c.S*n)
	}
	return w
}

// eval runs at points u (S×D) with log weights. It gives the log densities and
// the derivatives by the weights, S × elements × values for each site, all
// valid until the next call.
func (c *Sites) eval(u []float64, weights [][]float64) (lp []float64, d [][]float64, err error) {
	if c.u != nil {
		c.p.Set(c.u, u)
	}
	for i, w := range c.weights {
		if w != nil {
			c.p.Set(w, weights[i])
		}
	}
	if err := c.p.Run(); err != nil {
		return nil, nil, err
	}
	d = make([][]float64, len(c.weights))
	k := 1
	for i, w := range c.weights {
		if w != nil {
			d[i] = c.p.Out(k)
			k++
		}
	}
	return c.p.Out(0), d, nil
}

// Marginals gives the log densities at points u (S×D), and for each site S ×
// elements × values probabilities, valid until the next call.
func (c *Sites) Marginals(u []float64) (lp []float64, p [][]float64, err error) {
	return c.eval(u, c.zeros)
}

// fix goes through the elements in order and fixes each to the value that
// choose picks from its probabilities: an index from 0 into the site's values.
// The result has S × elements numbers for each site.
func (c *Sites) fix(u []float64, choose func(s int, p []float64) int) ([][]int, error) {
	w := c.newWeights()
	out := make([][]int, len(c.Discrete))
	for i := range out {
		n, _ := c.size(i)
		out[i] = make([]int, c.S*n)
	}
	for _, o := range c.order {
		_, p, err := c.eval(u, w)
		if err != nil {
			return nil, err
		}
		n, _ := c.size(o.Site)
		k := len(c.Discrete[o.Site].Values)
		for s := range c.S {
			for _, e := range o.Elements {
				at := s*n + e
				z := choose(s, p[o.Site][at*k:(at+1)*k])
				out[o.Site][at] = z
				for v := range k {
					if v != z {
						w[o.Site][at*k+v] = math.Inf(-1)
					}
				}
			}
		}
	}
	return out, nil
}

// Draw draws all sites jointly given each of the points, r[s] for point s. The
// result has S × elements indices into the site's values, from 0.
func (c *Sites) Draw(u []float64, r []*rand.Rand) ([][]int, error) {
	return c.fix(u, func(s int, p []float64) int {
		x, last := r[s].Float64(), 0
		for k, q := range p {
			if q > 0 {
				last = k
			}
			if x < q {
				return k
			}
			x -= q
		}
		return last
	})
}

// MostLikely gives the values that are the most likely together at each of the
// points, as Draw does; the Sites must have been made for it.
func (c *Sites) MostLikely(u []float64) ([][]int, error) {
	return c.fix(u, func(_ int, p []float64) int { return MostProbable(p) })
}

// MostProbable is the position of the largest of probabilities, the first of equals.
func MostProbable(p []float64) int {
	best := 0
	for k, v := range p {
		if v > p[best] {
			best = k
		}
	}
	return best
}

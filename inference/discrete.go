package inference

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"ppl/graph"
	"ppl/graph/grad"
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
	p       *program
	u       *graph.Node
	weights []*graph.Node
	zeros   [][]float64
	guides  *inputs // the assignments of latents that have a guide; nil if none has
}

// NewSites compiles the marginals for s points; mostLikely asks for the values
// that are the most likely together in place of probabilities.
func (t *Target) NewSites(s int, mostLikely bool) (*Sites, error) {
	b := t.builder()
	ax := &named.Axis{Name: "particle", Size: s, Class: named.Particle}
	c := &Sites{S: s, d: t.D, weights: make([]*graph.Node, len(t.Discrete))}
	var u named.Value
	if t.D > 0 {
		c.u = b.G.BatchInput("u", graph.Shape{s, t.D})
		u = b.Wrap(c.u, ax)
	}
	opt := t.Options
	opt.MostLikely = mostLikely
	opt.Weights = func(b *named.Builder, i int, shape graph.Shape) named.Value {
		c.weights[i] = b.G.BatchInput(fmt.Sprintf("weights.%d", i), append(graph.Shape{s}, shape...))
		return b.Wrap(c.weights[i], ax)
	}
	if t.Guided() {
		c.guides = newInputs(s, ax)
		opt.Assigner = c.guides
	}
	l, err := t.lowerWith(b, u, opt)
	if err != nil {
		return nil, err
	}
	c.Discrete, c.order = l.joint.Discrete, l.joint.Order
	lp := b.With(l.logDensity(), ax).N
	ones := make([]float64, s)
	for i := range ones {
		ones[i] = 1
	}
	var in []*graph.Node
	for _, w := range c.weights {
		if w != nil {
			in = append(in, w)
		}
	}
	outs := append([]*graph.Node{lp}, grad.VJP(b.G, lp, b.G.Constant(graph.Shape{s}, ones), in)...)
	c.p, err = t.compile(b.G, outs...)
	c.zeros = c.newWeights()
	return c, err
}

// Assign sets the values of latents with a guide, at each of the points: row[s] of
// the guides' draws at point s, or, where row is nil, their most likely values.
func (c *Sites) Assign(guides []*SiteGuide, row []int) {
	for i, g := range guides {
		if g == nil {
			continue
		}
		n := c.Discrete[i].Shape.Size()
		k := len(g.P) / n
		infinite := len(g.Values) > 0
		weights, drawn := make([]float64, c.S*n*k), make([]float64, c.S*n)
		for s := range c.S {
			for e := range n {
				at := (s*n + e) * k
				z := argmax(g.P[e*k : (e+1)*k])
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
		for n, x := range map[*graph.Node][]float64{c.guides.weights[i]: weights, c.guides.prior[i]: weights, c.guides.drawn[i]: drawn} {
			if n != nil {
				c.p.set(n, x)
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
		c.p.set(c.u, u)
	}
	for i, w := range c.weights {
		if w != nil {
			c.p.set(w, weights[i])
		}
	}
	if err := c.p.state.Run(); err != nil {
		return nil, nil, err
	}
	d = make([][]float64, len(c.weights))
	k := 1
	for i, w := range c.weights {
		if w != nil {
			d[i] = c.p.state.Output(k)
			k++
		}
	}
	return c.p.state.Output(0), d, nil
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
	return c.fix(u, func(_ int, p []float64) int {
		best := 0
		for k, q := range p {
			if q > p[best] {
				best = k
			}
		}
		return best
	})
}

// ExactSum is the Correction of a fit of discrete latents alone: all of them
// were summed out.
const ExactSum Correction = "exact"

// Infer is Variational, or the exact answer where all latents are discrete.
func Infer(ctx context.Context, t *Target, opt Options) (*Fit, error) {
	if t.D == 0 && !t.Guided() {
		return t.exact()
	}
	return Variational(ctx, t, opt)
}

// exact is the answer for a model all of whose latents were summed out: its
// log density is the log evidence.
func (t *Target) exact() (*Fit, error) {
	c, err := t.NewSites(1, false)
	if err != nil {
		return nil, err
	}
	lp, _, err := c.Marginals(nil)
	if err != nil {
		return nil, err
	}
	if !finite(lp[0]) {
		e := &ErrNoStart{}
		for _, d := range t.Discrete {
			e.Sites = append(e.Sites, d.Symbol.Name)
		}
		return nil, e
	}
	return &Fit{Target: t, ELBO: lp[0], Converged: true, Ended: "all latents were summed out", Evaluations: 1,
		Draws: &Weighted{KHat: math.NaN(), ESS: math.Inf(1)}, Applied: ExactSum, KHatMeanField: math.NaN(), LocError: math.NaN(), Starts: 1,
		Modes: []Mode{{ELBO: lp[0]}}}, nil
}

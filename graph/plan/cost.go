package plan

import (
	"fmt"

	"ppl/graph/op"
	"ppl/graph/scan"
)

// The cost of each step, as the dump shows it: the bytes of the arrays that it
// reads and writes, and an estimate of its time by the model
//
//	calls · 5 ns + elements · (ns of the function) + multiply-adds / 40 a ns
//
// on one core with AVX-512, everything in the first-level cache: 0.05 ns for
// an addition or product of one element, 0.3 for an exponential, 0.5 for a
// logarithm, a division or a square root, 1 for other vector functions, 10 for
// functions that are called element by element; 4 ns for an operation on a single number.
// It is for comparing steps with one another; it does not know of caches.
type cost struct{ bytes, ns float64 }

func (c cost) String() string {
	return fmt.Sprintf("[%s, about %s]", quantity(c.bytes, "B", "KB", "MB", "GB"), quantity(c.ns, "ns", "µs", "ms", "s"))
}

// quantity gives x in the unit, of a thousand of the one before, that suits it.
func quantity(x float64, units ...string) string {
	for x >= 999.5 && len(units) > 1 {
		x, units = x/1000, units[1:]
	}
	return fmt.Sprintf("%.3g %s", x, units[0])
}

// costs of steps of a program with rows of p numbers.

func (v *value) bytes(p int) float64 {
	n := 8 * v.rows.Size()
	if v.batch {
		n *= p
	}
	return float64(n)
}

func (c *clear1) cost(p int) cost { return cost{c.v.bytes(p), 5 + c.v.bytes(p)/8*0.02} }
func (c *scale) cost(p int) cost  { return cost{2 * c.v.bytes(p), 5 + c.v.bytes(p)/8*0.05} }

// cost of an op of its own counts one operation for each number that it reads
// or writes: what a decomposition does beyond that it does not say. Of a scan the
// steps count, as if none were idle.
func (g *generic) cost(p int) cost {
	var c cost
	writes, reads := g.touches()
	for _, v := range append(writes, reads...) {
		c.bytes += v.bytes(p)
	}
	c.ns = 20 + c.bytes/8
	runs := 0.0
	switch s := g.n.Op.(type) {
	case scan.Scan:
		runs = float64(s.T)
	case scan.Steps:
		runs = float64(s.T * s.M)
	case op.Contract:
		work := 1.0 / 40
		for _, n := range s.Sizes {
			work *= float64(n)
		}
		c.ns += work
	}
	if g.body != nil {
		for _, x := range g.body.steps {
			c.ns += runs * x.cost(g.body.p).ns
		}
	}
	return c
}

func (cl *cluster) cost(p int) cost {
	var c cost
	seen := map[*value]bool{}
	writes, reads := cl.touches()
	for _, v := range append(writes, reads...) {
		if !seen[v] {
			seen[v] = true
			c.bytes += v.bytes(p)
		}
	}
	lp, width := cl.loop, 1
	if cl.batch {
		width = p
	}
	last := lp.dims[len(lp.dims)-1]
	blocks := float64(lp.dims.Size()/last) * float64((last+lp.block-1)/lp.block)
	elements := float64(lp.dims.Size() * width)
	add := func(perElement float64) {
		if elements == 1 {
			c.ns += max(4, perElement*10)
		} else {
			c.ns += blocks*5 + elements*perElement
		}
	}
	for _, in := range cl.instrs {
		switch {
		case in.skip || !in.makes():
		case in.mat != nil:
			add(float64(in.mat.k) / 40)
		case in.lse != nil:
			add(0.6 + 0.35*float64(len(in.lse)))
		case in.fn != nil:
			add(in.perElement())
		default:
			add(0.03)
		}
	}
	for _, a := range cl.accums {
		switch {
		case a.paired || a.settled:
		case a.mat != nil:
			add(float64(a.mat.k) / 40)
		default:
			add(0.05)
		}
	}
	return c
}

// perElement is the time of one element in a vector, in ns.
func (in *instr) perElement() float64 {
	switch in.fn {
	case op.Exp, op.ExpSub:
		return 0.3
	case op.Log, op.Div, op.Recip, op.Sqrt, op.Log1p:
		return 0.5
	case op.Lgamma, op.Digamma, op.LogPhi, op.InvMills:
		return 10
	}
	_, several := composites[in.fn]
	switch {
	case several:
		return 1.5
	case !in.kern.has:
		return 10
	case len(in.args) == 1 && in.fn != op.Neg && in.fn != op.Abs && in.fn != op.Square && in.fn != op.Not:
		return 1
	}
	return 0.05
}

package chains

import (
	"fmt"
	"math"
	"ppl/graph"

	"ppl/inference"
	"ppl/inference/random"
	"ppl/inference/target"
)

// mostElements bounds the elements between which factors are looked for: pairs of
// them are marked.
const mostElements = 16384

// bases is the number of points at which elements are tried, each at another value.
const bases = 3

// ErrRefused is returned where chains would take too long, or find no place to start.
type ErrRefused struct{ Why string }

func (e *ErrRefused) Error() string { return "no Markov chains: " + e.Why }

// findGroups finds which elements share a factor: those whose conditional
// distribution changes with the value of the other. Each row of an evaluation
// tries one element at another value. What no trial shows does not make draws
// wrong: see drawGroup and moveGroup.
func findGroups(b *batch, fit *inference.Answer, seed uint64) (*groups, error) {
	j, list := b.j, listed(b.j)
	g := &groups{single: list.single}
	for i, s := range j.Sites {
		g.scale = append(g.scale, nil)
		if s.Values == 0 {
			g.scale[i] = spreads(fit.Guides[s.Index], s.Elements)
		}
	}
	all := append(append([]element(nil), list.finite...), list.infinite...)
	if len(all) > mostElements {
		return nil, &ErrRefused{fmt.Sprintf("%d discrete elements may depend on one another, more than %d", len(all), mostElements)}
	}
	c := &colouring{batch: b, all: all, linked: newPairs(len(all))}
	r := random.Stream(seed, "chains groups", 0)
	for found, try := 0, 0; found < bases && try < 20 && !b.halted(); try++ {
		u, z := fit.Disperse(r, try, 1)
		for row := range j.S {
			copy(b.u[row*j.D:], u)
			for i, s := range j.Sites {
				for e, v := range z[s.Index] {
					j.Set(row, i, e, v)
				}
			}
		}
		ok, err := c.look(func(n int) int { return r.IntN(n) }, z)
		if err != nil {
			return nil, err
		}
		if ok {
			found++
		}
	}
	g.finite = c.colour(0, len(list.finite))
	if g.infinite = c.colour(len(list.finite), len(all)); !j.Exact {
		g.infinite = apart(g.infinite) // what is given of them is an average
	}
	return g, nil
}

// list are the elements by the way in which they are drawn.
type list struct{ finite, infinite, single []element }

func listed(j *inference.Joint) (l list) {
	for i, s := range j.Sites {
		for e := range s.Elements {
			switch x := (element{i, e}); {
			case s.Values == 0:
				l.infinite = append(l.infinite, x)
			case s.Values == 1: // it has the value that it has
			case s.Tabulated:
				l.finite = append(l.finite, x)
			default:
				l.single = append(l.single, x)
			}
		}
	}
	return l
}

type colouring struct {
	*batch
	all    []element
	linked pairs
	base   [][]float64
	now    []float64
}

// look marks the pairs that depend on one another at the point to which all rows
// are set; it reports whether the density is finite there.
func (c *colouring) look(choose func(int) int, z [][]int) (bool, error) {
	j := c.j
	if err := c.eval(); err != nil {
		return false, err
	}
	if !graph.Finite(j.LogDensity(0)) {
		return false, nil
	}
	c.base = nil
	for i, s := range j.Sites {
		c.base = append(c.base, make([]float64, s.Elements*max(1, s.Values)))
		j.Given(0, i, c.base[i])
	}
	n := len(c.all)
	for from := 0; from < n && !c.halted(); from += j.S {
		rows := min(j.S, n-from)
		for row := range rows {
			x := c.all[from+row]
			j.Set(row, x.site, x.e, c.other(x, z[j.Sites[x.site].Index][x.e], choose))
		}
		if err := c.eval(); err != nil {
			return false, err
		}
		for row := range rows {
			c.compare(row, from+row, z)
		}
		for row := range rows {
			x := c.all[from+row]
			j.Set(row, x.site, x.e, z[j.Sites[x.site].Index][x.e])
		}
	}
	return true, nil
}

func (c *colouring) eval() error {
	c.work += c.j.Work() * float64(c.j.S)
	return c.j.Eval(c.u, true)
}

// other is a value of an element that it does not have, a possible one if there is.
func (c *colouring) other(x element, now int, choose func(int) int) int {
	s := c.j.Sites[x.site]
	if s.Values == 0 {
		if now-1 >= int(s.Low) && choose(2) == 0 {
			return now - 1
		}
		return now + 1
	}
	z := (now + 1 + choose(s.Values-1)) % s.Values
	for range s.Values {
		if z != now && !math.IsInf(c.base[x.site][x.e*s.Values+z], -1) {
			return z
		}
		z = (z + 1) % s.Values
	}
	return z
}

// compare marks the elements whose conditional distributions have changed in a row
// with element number a.
func (c *colouring) compare(row, a int, z [][]int) {
	j := c.j
	site := -1
	for i, x := range c.all {
		if x.site != site {
			site = x.site
			c.now = append(c.now[:0], c.base[site]...)
			j.Given(row, site, c.now)
		}
		if i == a {
			continue
		}
		k, at := 0, 0
		if s := j.Sites[site]; s.Values > 0 {
			k, at = s.Values, z[s.Index][x.e]
		}
		if k == 0 {
			if differ(c.base[site][x.e], c.now[x.e]) {
				c.linked.mark(a, i)
			}
			continue
		}
		before, after := c.base[site][x.e*k:(x.e+1)*k], c.now[x.e*k:(x.e+1)*k]
		for v := range before {
			if differ(before[v]-before[at], after[v]-after[at]) {
				c.linked.mark(a, i)
				break
			}
		}
	}
}

// pairs are marks of pairs of numbers below n, in either order.
type pairs struct {
	n    int
	bits []uint64
}

func newPairs(n int) pairs { return pairs{n, make([]uint64, (n*n+63)/64)} }

func (p pairs) mark(i, k int) {
	for _, at := range [...]int{i*p.n + k, k*p.n + i} {
		p.bits[at/64] |= 1 << (at % 64)
	}
}

func (p pairs) are(i, k int) bool {
	at := i*p.n + k
	return p.bits[at/64]>>(at%64)&1 == 1
}

// differ is more than rounding.
func differ(x, y float64) bool {
	if x == y || math.IsNaN(x) && math.IsNaN(y) {
		return false
	}
	return !(math.Abs(x-y) <= 1e-9*(1+math.Abs(x)+math.Abs(y)))
}

// colour puts the elements from one number to another into groups without links
// inside, each into the first that will have it.
func (c *colouring) colour(from, to int) [][]element {
	var members [][]int
next:
	for i := from; i < to; i++ {
	group:
		for g, m := range members {
			for _, k := range m {
				if c.linked.are(i, k) {
					continue group
				}
			}
			members[g] = append(m, i)
			continue next
		}
		members = append(members, []int{i})
	}
	var out [][]element
	for _, m := range members {
		var group []element
		for _, i := range m {
			group = append(group, c.all[i])
		}
		out = append(out, group)
	}
	return out
}

// apart puts each element into a group of its own.
func apart(groups [][]element) (out [][]element) {
	for _, g := range groups {
		for _, x := range g {
			out = append(out, []element{x})
		}
	}
	return out
}

// spreads are the sds of the guide of each element, at least one.
func spreads(g *target.SiteGuide, n int) []float64 {
	out, k := make([]float64, n), len(g.Values)
	for e := range out {
		mean, square := 0.0, 0.0
		for i, p := range g.P[e*k : (e+1)*k] {
			mean += p * g.Values[i]
			square += p * g.Values[i] * g.Values[i]
		}
		out[e] = math.Max(1, math.Sqrt(math.Max(0, square-mean*mean)))
	}
	return out
}

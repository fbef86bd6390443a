package enum

import (
	"fmt"
	"math"

	"ppl/graph"
	"ppl/graph/named"
)

// Sites whose elements refer to those before along a dimension are removed
// together by the forward recursion, over their joint value. The other
// dimensions, and other sites that the tables depend on, are chains apart.
//
// Where references reach further back than one element, a state is made of as
// many elements: (z[t], z[t-1]) from (z[t-1], z[t-2]), and steps between states
// that do not agree on z[t-1] are impossible.

// chain is a group of sites of one shape, and the dimension that it runs along.
type chain struct {
	sites []*Site
	along int
	tabs  []link
	m     *merged
	axes  []*named.Axis // plates of each chain: those of the site but one
	t     *named.Axis   // states
	step  *named.Axis   // steps into states 2, 3, ...
	order int           // how far back references reach
	k     int           // joint values
	parts map[part]*named.Axis
}

// furthest is how far back references of a chain may reach.
const furthest = 3

// link is a table with its place in a chain.
type link struct {
	t        *Table
	pair     bool
	cells    cells
	from, to []*named.Axis
}

// chains finds the cheapest chain: of one site, or of several that refer to
// one another.
func (e *elim) chains() *choice {
	var best *choice
	for _, group := range e.groups() {
		for d := range group[0].Shape {
			if c := e.chain(group, d); c != nil && (best == nil || c.cost < best.cost) {
				best = c
			}
		}
	}
	return best
}

// groups are the single sites, and the sets of sites of one shape that tables
// connect.
func (e *elim) groups() [][]*Site {
	var out [][]*Site
	for _, s := range e.sites {
		if len(s.Shape) == 0 {
			continue
		}
		out = append(out, []*Site{s})
		group := []*Site{s}
		for i := 0; i < len(group); i++ {
			for _, t := range e.mentioning(group[i]) {
				for _, r := range t.Refs {
					if r.Site.Shape.Equal(s.Shape) && !contains(group, r.Site) {
						group = append(group, r.Site)
					}
				}
			}
		}
		if len(group) > 1 {
			out = append(out, group)
		}
	}
	return out
}

// chain finds out whether the sites are a chain along dimension d.
func (e *elim) chain(sites []*Site, d int) *choice {
	shape := sites[0].Shape
	if shape[d] < 2 {
		return nil
	}
	c := &chain{sites: sites, along: d, m: &merged{axis: e.axis}, k: 1, parts: map[part]*named.Axis{}}
	for i, a := range sites[0].Axes {
		if i != d {
			c.axes = append(c.axes, a)
		}
	}
	for _, t := range e.mentioning(sites...) {
		reach, ok := c.reach(t, shape)
		if !ok {
			return nil
		}
		c.order = max(c.order, reach)
	}
	if c.order == 0 {
		return nil
	}
	for _, s := range sites {
		for range c.order {
			c.k *= s.K
		}
	}
	c.t = e.axis(sites[0].Axes[d].Name, shape[d], named.Plate)
	c.step = e.axis(sites[0].Axes[d].Name, shape[d]-1, named.Plate)
	varies := false
	for _, t := range e.mentioning(sites...) {
		l, ok := c.link(t, shape)
		if !ok {
			return nil
		}
		if l.pair {
			varies = varies || !steady(t, l)
		}
		c.tabs = append(c.tabs, l)
	}
	n := float64(shape.Size()*c.k) * c.m.states()
	steps := float64(c.k*c.k) * c.m.states()
	if varies {
		steps *= float64(shape.Size())
	}
	return &choice{n + steps, func() { e.forward(c, shape, int(max(n, steps))) }}
}

// steady reports whether a table of steps is the same in all of them.
func steady(t *Table, l link) bool {
	if _, same := l.cells.identity(); !same {
		return false
	}
	for _, x := range t.Terms {
		for _, a := range l.cells.over {
			if x.Has(a) {
				return false
			}
		}
	}
	return true
}

// placed says where the references of a table to the sites of a chain are.
type placed struct {
	refs   []*Ref
	over   []*named.Axis
	latest []int // element, in each iteration of over
	behind []int // of each reference: how many elements before the latest
}

// place finds the latest element that a table refers to in each iteration, and
// how far before it the other references are: the same in each.
func (c *chain) place(t *Table, shape graph.Shape) (placed, bool) {
	p := placed{refs: t.to(c.sites...)}
	for _, r := range p.refs {
		p.over = union(p.over, r.Over)
	}
	p.latest = make([]int, sizes(p.over).Size())
	at := make([][]int, len(p.refs))
	for i, r := range p.refs {
		at[i] = r.at(p.over)
		for j, k := range at[i] {
			p.latest[j] = max(p.latest[j], k)
		}
	}
	stride, n := shape.Strides()[c.along], shape[c.along]
	for i := range p.refs {
		behind := (p.latest[0] - at[i][0]) / stride
		for j, k := range at[i] {
			if p.latest[j]-k != behind*stride || p.latest[j]/stride%n < behind {
				return p, false
			}
		}
		p.behind = append(p.behind, behind)
	}
	return p, true
}

// reach is how far back a table refers.
func (c *chain) reach(t *Table, shape graph.Shape) (int, bool) {
	p, ok := c.place(t, shape)
	most := 0
	for _, b := range p.behind {
		most = max(most, b)
	}
	return most, ok && most <= furthest && most < shape[c.along]
}

// link places a table: each reference is of the latest element that the table
// refers to in an iteration, or of one of those before it.
func (c *chain) link(t *Table, shape graph.Shape) (link, bool) {
	p, _ := c.place(t, shape)
	refs, over, latest := p.refs, p.over, p.latest
	l := link{t: t}
	for i, r := range refs {
		l.pair = l.pair || p.behind[i] != 0
		l.from = append(l.from, r.Axis)
		if p.behind[i] == 0 {
			l.to = append(l.to, c.latest(r.Site, 0))
		} else {
			l.to = append(l.to, c.earlier(r.Site, p.behind[i]-1))
		}
	}
	l.cells = cells{over: over, index: latest, axes: append(append([]*named.Axis(nil), c.axes...), c.t)}
	l.cells.index = c.moved(latest, shape, 0)
	apart := cells{over: over, index: make([]int, len(latest)), axes: c.axes}
	for j, k := range l.cells.index {
		apart.index[j] = k / shape[c.along]
	}
	if l.pair {
		l.cells.axes[len(c.axes)] = c.step
		l.cells.index = c.moved(latest, shape, 1)
	}
	for _, o := range t.Refs {
		if contains(refs, o) {
			continue
		}
		x, ok := o.follow(apart)
		if !ok {
			return l, false
		}
		l.from, l.to = append(l.from, o.Axis), append(l.to, c.m.join(x).Axis)
	}
	return l, !clash(l.to)
}

// moved turns row-major elements into those with the chain's dimension last,
// from which skip are left out at its start.
func (c *chain) moved(at []int, shape graph.Shape, skip int) []int {
	st := shape.Strides()
	out := make([]int, len(at))
	for j, k := range at {
		rest := 0
		for i, n := range shape {
			if i != c.along {
				rest = rest*n + k/st[i]%n
			}
		}
		out[j] = rest*(shape[c.along]-skip) + k/st[c.along]%shape[c.along] - skip
	}
	return out
}

// now and before are the axes of an element and of the one before it. They get
// their rank when the site is removed.
func (s *Site) now() *named.Axis {
	if s.e == nil {
		s.e = &named.Axis{Name: s.Name, Size: s.K, Class: named.Enumerated}
	}
	return s.e
}

func (s *Site) before() *named.Axis {
	if s.prev == nil {
		s.prev = &named.Axis{Name: s.Name, Size: s.K, Class: named.Enumerated}
	}
	return s.prev
}

// part is an element of a state, or of the state before: the one that is back
// elements before its latest.
type part struct {
	site   *Site
	before bool
	back   int
}

// latest and earlier are the axes of element t−i of a state and of element
// t−1−i of the state before.
func (c *chain) latest(s *Site, i int) *named.Axis  { return c.axis(part{s, false, i}) }
func (c *chain) earlier(s *Site, i int) *named.Axis { return c.axis(part{s, true, i}) }

func (c *chain) axis(p part) *named.Axis {
	switch {
	case p.back > 0:
		if c.parts[p] == nil {
			c.parts[p] = &named.Axis{Name: p.site.Name, Size: p.site.K, Class: named.Enumerated}
		}
		return c.parts[p]
	case p.before:
		return p.site.before()
	}
	return p.site.now()
}

// overlap forbids steps between states that do not agree on the elements that
// they share, and, in the first state, all but one value of elements that are
// not there.
func (e *elim) overlap(c *chain, u, w named.Value) (_, _ named.Value) {
	never := e.b.Scalar(math.Inf(-1))
	zero := e.b.Scalar(0)
	first := e.b.Equal(e.b.Counter(c.t, 0), zero)
	for _, s := range c.sites {
		for i := 1; i < c.order; i++ {
			now, before := e.b.Counter(c.latest(s, i), 0), e.b.Counter(c.earlier(s, i-1), 0)
			w = e.b.Add(w, e.b.Where(e.b.Equal(now, before), zero, never))
			u = e.b.Add(u, e.b.Where(e.b.And(first, now), never, zero))
		}
	}
	return u, w
}

// forward runs the recursion.
func (e *elim) forward(c *chain, shape graph.Shape, size int) {
	e.take(c.sites...)
	var now, before []*named.Axis
	for _, s := range c.sites {
		for i := range c.order {
			before = append(before, c.earlier(s, i))
			now = append(now, c.latest(s, i))
		}
	}
	for _, a := range append(append([]*named.Axis(nil), before...), now...) {
		e.depth++
		a.Depth = e.depth
	}
	u, w := e.b.Scalar(0), e.b.Scalar(0)
	for _, l := range c.tabs {
		for _, x := range e.carry(l.t, l.cells) {
			x = e.rename(x, l.from, l.to)
			if l.pair {
				w = e.b.Add(w, x)
			} else {
				u = e.b.Add(u, x)
			}
		}
	}
	u, w = e.overlap(c, u, w)
	value := e.b.Chain(u, w, named.ChainAxes{T: c.t, Step: c.step, Now: now, Before: before, Max: e.max})
	e.add(&Table{Terms: []named.Value{value}, Plates: c.axes, Refs: c.m.finish()})
	how := fmt.Sprintf("forward recursion over %d steps", shape[c.along])
	if c.k > c.sites[0].K {
		how += fmt.Sprintf(" of %d joint values", c.k)
	}
	e.steps = append(e.steps, Step{How: how, Sites: c.sites, Size: size, along: c.along, order: c.order})
}

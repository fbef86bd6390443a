package enum

import (
	"fmt"

	"ppl/graph"
	"ppl/graph/named"
)

// Sites whose elements refer to those one before along a dimension are removed
// together by the forward recursion, over their joint value. The other
// dimensions, and other sites that the tables depend on, are chains apart.

// chain is a group of sites of one shape, and the dimension that it runs along.
type chain struct {
	sites []*Site
	along int
	tabs  []link
	m     *merged
	axes  []*named.Axis // plates of each chain: those of the site but one
	t     *named.Axis   // states
	step  *named.Axis   // steps into states 2, 3, ...
	k     int           // joint values
}

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
	c := &chain{sites: sites, along: d, m: &merged{axis: e.axis}, k: 1}
	for i, a := range sites[0].Axes {
		if i != d {
			c.axes = append(c.axes, a)
		}
	}
	for _, s := range sites {
		c.k *= s.K
	}
	c.t = e.axis(sites[0].Axes[d].Name, shape[d], named.Plate)
	c.step = e.axis(sites[0].Axes[d].Name, shape[d]-1, named.Plate)
	pairs, varies := false, false
	for _, t := range e.mentioning(sites...) {
		l, ok := c.link(t, shape)
		if !ok {
			return nil
		}
		pairs = pairs || l.pair
		if l.pair {
			varies = varies || !steady(t, l)
		}
		c.tabs = append(c.tabs, l)
	}
	if !pairs {
		return nil
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

// link places a table: each reference is of the latest element that the table
// refers to in an iteration, or of the one before it.
func (c *chain) link(t *Table, shape graph.Shape) (link, bool) {
	refs := t.to(c.sites...)
	var over []*named.Axis
	for _, r := range refs {
		over = union(over, r.Over)
	}
	latest := make([]int, sizes(over).Size())
	at := make([][]int, len(refs))
	for i, r := range refs {
		at[i] = r.at(over)
		for j, k := range at[i] {
			latest[j] = max(latest[j], k)
		}
	}
	stride := shape.Strides()[c.along]
	l := link{t: t}
	for i, r := range refs {
		behind := latest[0] - at[i][0]
		for j, k := range at[i] {
			if latest[j]-k != behind || behind != 0 && (behind != stride || latest[j]/stride%shape[c.along] == 0) {
				return l, false
			}
		}
		l.pair = l.pair || behind != 0
		l.from = append(l.from, r.Axis)
		if behind == 0 {
			l.to = append(l.to, r.Site.now())
		} else {
			l.to = append(l.to, r.Site.before())
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

// forward runs the recursion.
func (e *elim) forward(c *chain, shape graph.Shape, size int) {
	e.take(c.sites...)
	var now, before []*named.Axis
	for _, s := range c.sites {
		before = append(before, s.before())
		now = append(now, s.now())
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
	value := e.b.Chain(u, w, named.ChainAxes{T: c.t, Step: c.step, Now: now, Before: before, Max: e.max})
	e.add(&Table{Terms: []named.Value{value}, Plates: c.axes, Refs: c.m.finish()})
	how := fmt.Sprintf("forward recursion over %d steps", shape[c.along])
	if c.k > c.sites[0].K {
		how += fmt.Sprintf(" of %d joint values", c.k)
	}
	e.steps = append(e.steps, Step{How: how, Sites: c.sites, Size: size, along: c.along})
}
